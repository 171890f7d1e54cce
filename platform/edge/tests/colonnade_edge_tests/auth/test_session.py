"""What a session opens, and how long it lives."""

import time

import pytest

from colonnade_edge.authn.session import digest_of, session_key
from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.auth.sessions import change
from colonnade_edge_tests.processes import Valkey, wait_until


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
    now = time.time()
    assert now + 28700 < somebody.json()["expires_at"] < now + 28810
    assert now + 1700 < somebody.json()["idle_expires_at"] < now + 1810
    expected = {"sub": "alice", "name": "Alice Moreau", "email": "alice@example.com", "roles": ["user"]}
    assert expected.items() <= somebody.json().items()


def test_each_request_prolongs_the_idle_time(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    key = session_key(digest_of(browser.session))
    with store.client() as client:
        client.expire(key, 60)
        browser.ask()

        assert int(client.ttl(key)) > 1700


def test_to_ask_who_is_logged_in_prolongs_nothing(browser: Browser, store: Valkey) -> None:
    """So that a page can count down to the end without putting it off."""
    browser.log_in()
    key = session_key(digest_of(browser.session))
    with store.client() as client:
        client.expire(key, 60)
        told = browser.client.get("/auth/session").json()["idle_expires_at"]

        assert int(client.ttl(key)) <= 60
    assert told <= time.time() + 61


def test_no_request_prolongs_the_absolute_time(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    assert browser.ask().status_code == 200
    change(store, browser, expires=time.time() - 1)

    assert browser.ask().status_code == 401
    assert browser.client.get("/auth/session").status_code == 401


def test_a_known_session_that_expires_is_refused(browser: Browser, store: Valkey) -> None:
    """The record stays as it was; only time passes."""
    for life_s in (1, 4, 16):
        browser.log_in()
        end = time.time() + life_s
        change(store, browser, expires=end)
        known = browser.ask().status_code
        if time.time() < end:
            break  # the machine was not too busy to ask in time
    assert known == 200

    wait_until(lambda: time.time() > end, "the end")

    assert browser.ask().status_code == 401


def test_a_session_is_limited_as_its_user(browser: Browser, stranger: Browser) -> None:
    browser.log_in()
    stranger.log_in()

    remaining = [
        int(one.ask().headers["x-ratelimit-remaining"]) for one in (browser, browser, stranger, browser)
    ]

    assert remaining == [49, 48, 47, 46]
