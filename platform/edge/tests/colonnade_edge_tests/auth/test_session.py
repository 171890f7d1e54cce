"""What a session opens, how long it lives, and how its tokens are renewed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from colonnade_edge.authn.session import SessionRecord, digest_of, session_key
from colonnade_edge.sessions import tokens_key
from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until


def record(store: Valkey, browser: Browser) -> SessionRecord:
    with store.client() as client:
        return msgspec.json.decode(
            client.get(session_key(digest_of(browser.session))) or b"null", type=SessionRecord
        )


def change(store: Valkey, browser: Browser, **changes: object) -> None:
    kept = msgspec.structs.replace(record(store, browser), **changes)
    with store.client() as client:
        client.set(session_key(digest_of(browser.session)), msgspec.json.encode(kept), keepttl=True)


def test_without_a_session_there_is_a_problem(browser: Browser) -> None:
    refused = browser.ask()

    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Session")
    assert refused.json()["detail"] == "log in first: /auth/login"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_need_the_csrf_header(browser: Browser, method: str) -> None:
    browser.log_in()

    assert browser.ask(method).status_code == 403
    assert browser.ask(method, x_csrf="0").status_code == 403
    assert browser.ask(method, x_csrf="1").status_code == 200


def test_who_am_i(browser: Browser) -> None:
    nobody = browser.client.get("/auth/session")
    browser.log_in()
    somebody = browser.client.get("/auth/session")

    assert nobody.status_code == 401
    assert nobody.headers["content-type"] == "application/problem+json"
    assert somebody.headers["cache-control"] == "no-store"
    expected = {"sub": "alice", "name": "Alice Moreau", "email": "alice@example.com", "roles": ["user"]}
    assert expected.items() <= somebody.json().items()


def test_each_request_prolongs_the_idle_time(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    key = session_key(digest_of(browser.session))
    with store.client() as client:
        client.expire(key, 60)
        browser.ask()

        assert int(client.ttl(key)) > 1700


def test_no_request_prolongs_the_absolute_time(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    assert browser.ask().status_code == 200
    change(store, browser, expires=time.time() - 1)

    assert browser.ask().status_code == 401
    assert browser.client.get("/auth/session").status_code == 401


def test_a_known_session_that_expires_is_refused(browser: Browser, store: Valkey) -> None:
    """The record stays as it was; only time passes."""
    browser.log_in()
    end = time.time() + 1
    change(store, browser, expires=end)
    assert browser.ask().status_code == 200

    wait_until(lambda: time.time() > end, "the end")

    assert browser.ask().status_code == 401


def test_a_session_is_limited_as_its_user(browser: Browser, stranger: Browser) -> None:
    browser.log_in()
    stranger.log_in()

    remaining = [
        int(one.ask().headers["x-ratelimit-remaining"]) for one in (browser, browser, stranger, browser)
    ]

    assert remaining == [49, 48, 47, 46]


def soon(browser: Browser, condition: Callable[[], bool], what: str) -> None:
    def asked() -> bool:
        browser.ask()
        return condition()

    wait_until(asked, what)


def test_tokens_are_renewed_before_they_expire(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    key = tokens_key(digest_of(browser.session))
    with store.client() as client:
        before = client.get(key)
        browser.provider.claims = {"roles": ["user", "admin"]}
        change(store, browser, refresh_at=time.time())
        soon(browser, lambda: browser.provider.refreshes == 1, "the refresh")
        soon(browser, lambda: client.get(key) != before, "the new tokens")

    soon(browser, lambda: browser.ask().headers.get("x-user-roles") == "user,admin", "the new roles")
    assert browser.provider.refreshes == 1
    assert (record(store, browser).refresh_at or 0) > time.time() + 200


def test_two_instances_renew_once(
    browser: Browser, store: Valkey, environment: dict[str, str], tmp_path: Path
) -> None:
    browser.log_in()
    with serving("colonnade_edge", tmp_path, environment) as second:
        other = Browser(second.url, browser.provider)
        other.client.cookies.set("colonnade", browser.session)
        change(store, browser, refresh_at=time.time())
        with ThreadPoolExecutor(8) as pool, other.client:
            answers = list(pool.map(lambda one: one.ask().status_code, [browser, other] * 20))
        soon(browser, lambda: (record(store, browser).refresh_at or 0) > time.time() + 60, "the refresh")

    assert set(answers) == {200}
    assert browser.provider.refreshes == 1


def test_a_login_that_the_provider_ended_ends_here(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    browser.provider.refresh_tokens.clear()
    change(store, browser, refresh_at=time.time())

    wait_until(lambda: browser.ask().status_code == 401, "the end of the session")


def test_a_provider_that_is_away_ends_nothing(browser: Browser, store: Valkey, edge: Served) -> None:
    browser.log_in()
    browser.provider.down = True
    change(store, browser, refresh_at=time.time())

    soon(browser, lambda: "not renewed" in edge.logged(), "the attempt")

    assert browser.ask().status_code == 200
