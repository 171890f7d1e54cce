"""Stops the run early where a loose test file would shadow the standard library's `platform`."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent


def pytest_configure() -> None:
    """Name test files under a member that stand outside a package: they break every other import."""
    members = ("platform", "bffs", "services", "benchmarks")
    files = [file for member in members for file in (ROOT / member).rglob("*.py")]
    loose = [
        file.relative_to(ROOT)
        for file in files
        if (file.name == "conftest.py" or file.name.startswith("test_"))
        and not (file.parent / "__init__.py").exists()
    ]
    if loose:
        names = ", ".join(str(file) for file in loose)
        raise pytest.UsageError(f"test files outside a package (add __init__.py): {names}")
