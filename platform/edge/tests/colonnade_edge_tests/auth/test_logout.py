"""Logout here, at the provider, and from afar."""

import time

import httpx
import pytest
from joserfc.jwk import ECKey

from colonnade_edge_tests.auth.browser import Browser, query
from colonnade_edge_tests.auth.provider import EVENT
from colonnade_edge_tests.processes import Valkey


def test_a_script_logs_out_and_learns_where_to_go_on(browser: Browser, store: Valkey) -> None:
    browser.log_in()
    cookie = browser.session
    done = browser.client.post("/auth/logout", headers={"x-csrf": "1"})
    with store.client() as client:
        left = client.keys("colonnade:[st][eoiu]*")
    browser.client.cookies.set("colonnade", cookie)

    assert done.status_code == 200
    elsewhere = query(done.json()["provider_logout"])
    assert elsewhere["client_id"] == "web"
    assert elsewhere["id_token_hint"].count(".") == 2
    assert left == []
    assert browser.ask().status_code == 401


@pytest.mark.parametrize("proof", [{"sec-fetch-site": "same-origin"}, {"origin": "own"}])
def test_a_form_logs_out_and_is_led_to_the_provider(browser: Browser, proof: dict[str, str]) -> None:
    browser.log_in()
    own = str(browser.client.base_url).rstrip("/")
    headers = {name: own if value == "own" else value for name, value in proof.items()}

    done = browser.client.post("/auth/logout", headers=headers)

    assert done.status_code == 303
    assert done.headers["location"].startswith(f"{browser.provider.issuer}/logout?")
    assert query(done.headers["location"])["post_logout_redirect_uri"] == f"{own}/"
    assert not browser.session


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_sites_cannot_log_anybody_out(browser: Browser, headers: dict[str, str]) -> None:
    browser.log_in()

    assert browser.client.post("/auth/logout", headers=headers).status_code == 403
    assert browser.ask().status_code == 200


def test_a_link_to_logout_only_shows_a_button(browser: Browser) -> None:
    browser.log_in()
    page = browser.client.get("/auth/logout")

    assert '<form method="post" action="/auth/logout">' in page.text
    assert f"form-action 'self' {browser.provider.issuer}" in page.headers["content-security-policy"]
    assert browser.ask().status_code == 200


def test_logging_out_twice_is_no_error(browser: Browser) -> None:
    done = browser.client.post("/auth/logout", headers={"x-csrf": "1"})

    assert done.json() == {"logged_out": True, "provider_logout": None}


def notify(browser: Browser, token: str) -> httpx.Response:
    with httpx.Client(base_url=browser.client.base_url) as provider:
        return provider.post("/auth/backchannel-logout", data={"logout_token": token})


def test_the_provider_ends_the_sessions_of_one_login(browser: Browser, stranger: Browser) -> None:
    browser.log_in()
    browser.provider.claims = {"sid": "s-2"}
    stranger.log_in()

    told = notify(browser, browser.provider.logout_token(sid="s-1", sub="alice"))

    assert told.json() == {"ended": 1}
    assert (browser.ask().status_code, stranger.ask().status_code) == (401, 200)


def test_the_provider_ends_all_sessions_of_a_user(browser: Browser, stranger: Browser) -> None:
    browser.log_in()
    browser.provider.claims = {"sid": "s-2"}
    stranger.log_in()

    told = notify(browser, browser.provider.logout_token(sid=None, sub="alice"))

    assert told.json() == {"ended": 2}
    assert (browser.ask().status_code, stranger.ask().status_code) == (401, 401)


def test_sessions_that_began_without_a_sid_are_found_by_user(browser: Browser, stranger: Browser) -> None:
    """Auth0 and others put `sid` into id tokens only where back-channel logout was set up before it."""
    browser.provider.claims = {"sid": ""}
    browser.log_in()
    browser.provider.claims = {"sid": "s-2"}
    stranger.log_in()

    told = notify(browser, browser.provider.logout_token(sid="s-unknown", sub="alice"))

    assert told.json() == {"ended": 1}
    assert (browser.ask().status_code, stranger.ask().status_code) == (401, 200)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None, "sid": "s-1"},
        {"sub": "alice", "sid": None},
        {"sub": "alice", "sid": "s-1", "exp": None, "typ": "Logout", "aud": ["web", "other"]},
        {"sub": "alice", "sid": "s-1", "trace_id": "t", "events": {EVENT: {}, "urn:other": {}}},
    ],
)
def test_logout_tokens_of_several_makers_are_understood(browser: Browser, claims: dict[str, object]) -> None:
    """By session, by user, or both; Keycloak's without an end; with claims that we do not know."""
    browser.log_in()

    assert notify(browser, browser.provider.logout_token(**claims)).json() == {"ended": 1}
    assert browser.ask().status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://other"},
        {"aud": "mobile"},
        {"nonce": "n"},
        {"events": {}},
        {"events": None},
        {"jti": None},
        {"iat": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"exp": 1},
        {"sid": None},
    ],
)
def test_a_token_that_is_no_logout_token_ends_nothing(browser: Browser, claims: dict[str, object]) -> None:
    browser.log_in()

    assert notify(browser, browser.provider.logout_token(**claims)).status_code == 400
    assert browser.ask().status_code == 200


def test_a_forged_logout_token_ends_nothing(browser: Browser) -> None:
    browser.log_in()
    other = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"})
    honest = browser.provider.key
    browser.provider.key = other
    forged = browser.provider.logout_token()
    browser.provider.key = honest

    assert [notify(browser, token).status_code for token in (forged, "", "a.b.c", "e30.e30.")] == [400] * 4
    assert browser.ask().status_code == 200


def test_a_logout_token_works_once(browser: Browser) -> None:
    token = browser.provider.logout_token()

    assert [notify(browser, token).status_code for _ in range(2)] == [200, 400]
