"""CODEOWNERS follows the manifests, and keeps what a person wrote."""

from colonnade.ir.platform import Bff
from colonnade.scaffold.owners import BEGIN, END, with_owners


def bff(name: str) -> Bff:
    return Bff(name, "mobile", f"@{name}-team", 3000, f"/api/{name}", (), "jwt")


def test_the_section_is_added_at_the_end() -> None:
    text = with_owners("* @platform\n", [bff("mobile")])

    assert text == f"* @platform\n\n{BEGIN}\n/bffs/mobile/ @mobile-team\n{END}\n"


def test_only_the_section_changes() -> None:
    before = with_owners("* @platform\n", [bff("mobile"), bff("tv")]) + "\n/docs/ @writers\n"

    after = with_owners(before, [bff("mobile")])

    assert after == before.replace("/bffs/tv/ @tv-team\n", "")
    assert after == with_owners(after, [bff("mobile")])


def test_an_empty_file_gets_only_the_section() -> None:
    assert with_owners("", []) == f"{BEGIN}\n{END}\n"
