"""Whoever reads the store, or its files, learns no token; what was moved or altered there opens nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from colonnade_edge.authn.session import digest_of
from colonnade_edge.sessions import tokens_key
from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.auth.sessions import make_due, record
from colonnade_edge_tests.documents import new_session_key
from colonnade_edge_tests.processes import Served, Valkey, serving, valkey, wait_until


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    file = tmp_path / "session-keys"
    file.write_text(new_session_key())
    return file


@pytest.fixture
def own(environment: dict[str, str], tmp_path: Path, keys_file: Path) -> Iterator[tuple[Served, Valkey]]:
    """An edge and a store of this test's own, which writes to its disk."""
    (tmp_path / "valkey").mkdir()
    with valkey(tmp_path / "valkey", kept=True) as store:
        private = {"STORE_URL": store.url, "SESSION_KEYS_FILE": str(keys_file)}
        with serving("colonnade_edge", tmp_path, {**environment, **private}) as edge:
            yield edge, store


@pytest.fixture
def person(own: tuple[Served, Valkey], browser: Browser) -> Iterator[Browser]:
    person = Browser(own[0].url, browser.provider)
    with person.client:
        yield person


def everything(store: Valkey) -> bytes:
    """All that the store has in memory and on its disk."""
    with store.client() as client:
        memory = [b"%s %s" % (key, _value(client, key)) for key in client.scan_iter()]
    files = [file.read_bytes() for file in store.folder.rglob("*") if file.is_file()]
    return b"\n".join([*memory, *files])


def test_the_store_learns_no_token_and_no_verifier(person: Browser, own: tuple[Served, Valkey]) -> None:
    edge, store = own
    person.log_in()
    make_due(store, person)
    wait_until(lambda: person.ask().is_success and not _due(store, person), "the refresh")
    pending = person.begin()
    answer = person.provider.authorize(pending.headers["location"])
    wait_until(lambda: digest_of(answer["state"]).encode() in everything(store), "the pending login on disk")
    found = everything(store)

    assert person.come_back(pending).status_code == 302
    secrets = [*person.provider.told, person.session]
    assert len(secrets) > 12
    assert [secret for secret in secrets if secret.encode() in found + everything(store)] == []
    assert b"alice" in found, "the search finds what is there"
    assert [secret for secret in secrets if secret in edge.logged()] == []


def _value(client: Redis, key: bytes) -> bytes:
    match client.type(key):
        case b"string":
            return cast("bytes", client.get(key) or b"")
        case b"zset":
            return b" ".join(cast("list[bytes]", client.zrange(key, 0, -1)))
    return b" ".join(cast("set[bytes]", client.smembers(key)))


def _due(store: Valkey, person: Browser) -> bool:
    return (record(store, person).refresh_at or 0) < 2


def test_tokens_of_another_session_do_not_open(
    person: Browser, browser: Browser, own: tuple[Served, Valkey]
) -> None:
    """Whoever can write to the store cannot give a session the tokens of another."""
    edge, store = own
    other = Browser(edge.url, browser.provider)
    with other.client, store.client() as client:
        person.log_in()
        other.log_in()
        stolen = client.get(tokens_key(digest_of(other.session))) or b""
        client.set(tokens_key(digest_of(person.session)), stolen)
        make_due(store, person)
        wait_until(lambda: person.ask().status_code == 401, "the end of the session")

        assert other.ask().status_code == 200
        assert person.provider.refreshes == 0
        assert "tokens-cannot-be-read" in edge.logged()


def test_a_key_that_is_rotated_ends_no_session(
    person: Browser, keys_file: Path, own: tuple[Served, Valkey]
) -> None:
    _, store = own
    person.log_in()
    new = new_session_key()
    keys_file.write_text(new + keys_file.read_text())
    make_due(store, person)
    wait_until(lambda: person.ask().is_success and not _due(store, person), "the refresh with both keys")
    keys_file.write_text(new)
    make_due(store, person)
    wait_until(
        lambda: person.ask().is_success and not _due(store, person), "the refresh with the new key alone"
    )

    assert person.provider.refreshes == 2


def test_a_key_that_is_lost_ends_sessions_and_logins_without_an_error(
    person: Browser, keys_file: Path, own: tuple[Served, Valkey]
) -> None:
    edge, store = own
    person.log_in()
    pending = person.begin()
    keys_file.write_text(new_session_key())
    make_due(store, person)
    wait_until(lambda: person.ask().status_code == 401, "the end of the session")

    assert person.come_back(pending).status_code == 400
    assert "a request could not be answered" not in edge.logged()
    assert person.log_in().status_code == 302


def test_logout_goes_on_where_the_tokens_do_not_open(person: Browser, keys_file: Path) -> None:
    person.log_in()
    keys_file.write_text(new_session_key())

    done = person.client.post("/auth/logout", headers={"x-csrf": "1"})

    assert done.json()["logged_out"] is True
    assert person.ask().status_code == 401


def test_without_keys_nobody_can_log_in(
    browser: Browser, environment: dict[str, str], tmp_path: Path
) -> None:
    with serving("colonnade_edge", tmp_path, {**environment, "SESSION_KEYS_FILE": ""}) as edge:
        person = Browser(edge.url, browser.provider)
        with person.client:
            assert person.begin().status_code == 503


def test_wrong_keys_are_told_at_the_start(environment: dict[str, str], tmp_path: Path) -> None:
    wrong = {**environment, "SESSION_KEYS_FILE": "", "SESSION_KEYS": "not-a-key"}
    with serving("colonnade_edge", tmp_path, wrong, ready=False) as edge:
        assert edge.process.wait(20) == 2
        assert "the session keys cannot be read: SESSION_KEYS: line 1" in edge.logged()
        assert "not-a-key" not in edge.logged()
