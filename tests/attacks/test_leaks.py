"""No secret that was ever shown to the stack stands anywhere but where it belongs."""

import re

import pytest

from tests.attacks.flows import Flows
from tests.attacks.places import places
from tests.platform_folder import Stack, eventually

SHORTEST = 16
"""Shorter lines of a secret's file, such as the marks around a PEM, are no secrets."""


@pytest.fixture(scope="module")
def flows(stack: Stack) -> Flows:
    """Everything was shown once."""
    return Flows(stack).run()


@pytest.fixture(scope="module")
def searched(stack: Stack, flows: Flows) -> list[tuple[str, str]]:
    """Name and text of each place, after that."""
    assert eventually(lambda: flows.last in stack.logs("envoy"))
    return list(places(stack))


def test_no_log_file_argument_or_metric_has_a_secret(searched: list[tuple[str, str]], flows: Flows) -> None:
    found = [
        (place, name)
        for place, text in searched
        for name, secret in flows.shown.items()
        if len(secret) >= SHORTEST and "-----" not in secret and secret in text
    ]

    assert found == []


def test_the_store_holds_no_token_that_can_be_read(searched: list[tuple[str, str]]) -> None:
    """A JWT begins with `{"` in base64."""
    tokens = [place for place, text in searched if re.search(r"eyJ[\w-]+\.eyJ[\w-]+\.", text)]

    assert tokens == []


def test_no_refusal_repeats_what_was_shown(flows: Flows) -> None:
    refusals = [answer for answer in flows.answers if answer.status_code >= 400]
    found = [
        (answer.request.url.path, name)
        for answer in refusals
        for name, secret in flows.shown.items()
        if secret in answer.text or secret in str(answer.headers)
    ]

    assert len(refusals) > 50
    assert found == []


def test_what_the_platform_made_for_itself_is_for_its_owner_only(stack: Stack) -> None:
    state = stack.folder / ".colonnade"
    files = [file for file in (state / "secrets").rglob("*") if file.is_file()]

    assert state.stat().st_mode & 0o077 == 0
    assert files
    assert [] == [file.name for file in files if file.stat().st_mode & 0o077]
