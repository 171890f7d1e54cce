"""A name that would not work is refused, with what to do."""

from pathlib import Path

import pytest

from colonnade.errors import UserError
from colonnade.manifest.load import load
from colonnade.scaffold.names import check_kind, check_name, check_owner
from colonnade_tests.scaffold.small_platform import small_platform


@pytest.mark.parametrize("name", ["tv", "smart-tv", "tv2", "a"])
def test_good_names_pass(tmp_path: Path, name: str) -> None:
    check_name(name, load(small_platform(tmp_path)))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("TV", "not a name in lower case"),
        ("smart_tv", "not a name in lower case"),
        ("2tv", "not a name in lower case"),
        ("tv-", "not a name in lower case"),
        ("../tv", "not a name in lower case"),
        ("", "not a name in lower case"),
        ("tv\n", "not a name in lower case"),
        ("t" * 41, "longer than 40"),
        ("class", "Python's own"),
        ("match", "Python's own"),
        ("platform", "Python's own"),
        ("json", "Python's own"),
        ("mobile", "already: bffs/mobile"),
        ("order", "another process"),
        ("envoy", "another process"),
        ("identity", "another process"),
        ("auth", "another process"),
        ("mobile-2", "copy of 'mobile'"),
        ("policy-2", "copy of 'policy'"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        check_name(name, load(small_platform(tmp_path)))

    assert raised.value.hint


@pytest.mark.parametrize(("name", "hint"), [("Smart TV", "try smart-tv"), ("smart_tv", "try smart-tv")])
def test_the_likely_name_is_offered(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(UserError) as raised:
        check_name(name, load(small_platform(tmp_path)))

    assert raised.value.hint == hint


@pytest.mark.parametrize("owner", ["@team-tv", "@company/team-tv"])
def test_teams_own(owner: str) -> None:
    check_owner(owner)


@pytest.mark.parametrize("owner", ["team-tv", "@", "@a b", "@tv\n* @evil"])
def test_what_codeowners_would_misread_is_refused(owner: str) -> None:
    with pytest.raises(UserError, match="is not a team"):
        check_owner(owner)


def test_a_misspelled_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError) as raised:
        check_kind("mobil")

    assert raised.value.hint == "did you mean 'mobile'?"
