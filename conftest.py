"""What holds for all tests: a loose file would shadow `platform`, and a file's tests stay together."""

import gc
from collections.abc import Generator
from functools import cache
from pathlib import Path

import httpx._transports.default as transports
import pytest

ROOT = Path(__file__).parent


# Each client would read all certificate authorities, which takes longer than most of what it then asks for.
transports.create_ssl_context = cache(transports.create_ssl_context)  # type: ignore[attr-defined]  # httpx's own


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


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file to one worker, so that the processes which they share are started once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.relative_to(ROOT).as_posix()))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, object, object]:
    """Collect no garbage while a failure is written down.

    Pytest parses the sources for it. A finalizer that runs then and warns parses some for its own traceback,
    and CPython 3.11 takes that for "AST constructor recursion depth mismatch", which ends the worker.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
