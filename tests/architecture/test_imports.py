"""Imports point one way, so that each part can be read, tested and deployed without the others."""

from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
EMITTERS = {"envoy", "compose", "policy", "observability"}

COLONNADE = {
    "errors": set(),
    "ir": set(),
    "manifest": {"errors"},
    "resolve": {"errors", "manifest", "ir"},
    "envoy": {"errors", "ir"},
    "policy": {"errors", "ir"},
    "observability": {"errors", "ir"},
    "compose": {"errors", "ir", "envoy", "policy"},
    "scaffold": {"errors", "manifest", "resolve", "ir", *EMITTERS},
    "tls": {"errors", "ir"},
    "local": {"errors", "manifest", "resolve", "ir", "tls", *EMITTERS},
    "limits": {"errors", "ir"},
    "contracts": {"errors", "ir"},
    "budgets": {"contracts", "ir"},
    "cli": {
        "errors",
        "manifest",
        "resolve",
        "ir",
        "scaffold",
        "local",
        "limits",
        "contracts",
        "budgets",
        "tls",
        *EMITTERS,
    },
}
"""For each part of `colonnade`, the parts that it may import."""

ALLOWED = {
    "colonnade": {"colonnade_policy"},
    "colonnade_edge": {"colonnade_policy"},
    "colonnade_policy": set(),
    "colonnade_runtime": set(),
}
"""For each platform package, the packages of ours that it may import."""


def packages(folder: str) -> list[str]:
    return sorted(file.parent.name for file in ROOT.glob(f"{folder}/*/src/*/__init__.py"))


OURS = [*packages("platform"), *packages("bffs"), *packages("services")]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*OURS)


def imported(importer: str) -> set[str]:
    """The packages of ours, other than itself, that `importer` imports anywhere."""
    modules = {importer} | graph().find_descendants(importer)
    found = {name for module in modules for name in graph().find_modules_directly_imported_by(module)}
    return {name.partition(".")[0] for name in found} - {importer}


@pytest.mark.parametrize("package", packages("platform"))
def test_a_platform_package_imports_only_what_it_may(package: str) -> None:
    assert imported(package) <= ALLOWED[package]


@pytest.mark.parametrize("package", packages("bffs"))
def test_a_bff_imports_the_runtime_and_nothing_else_of_ours(package: str) -> None:
    assert imported(package) <= {"colonnade_runtime"}


@pytest.mark.parametrize("package", packages("services"))
def test_a_service_imports_nothing_of_the_platform(package: str) -> None:
    assert imported(package) <= {"service_kit"}


@pytest.mark.parametrize("part", sorted(COLONNADE))
def test_the_compiler_points_one_way(part: str) -> None:
    module = f"colonnade.{part}"
    modules = {module} | graph().find_descendants(module)
    found = {name for one in modules for name in graph().find_modules_directly_imported_by(one)}
    parts = {name.split(".")[1] for name in found if name.startswith("colonnade.")} - {part}

    assert parts <= COLONNADE[part]
