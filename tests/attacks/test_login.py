"""The login turned against who logs in, or against the provider."""

import secrets
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.attacks.visitor import SESSION, ask, parameter, session_of, visitor
from tests.platform_folder import Stack, bff, log_in

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "https:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\r\nLocation: https://evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "javascript:alert(1)",
    "@evil.example",
    ".evil.example",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE, ids=repr)
def test_the_login_leads_to_no_other_site(stack: Stack, target: str) -> None:
    with stack.client() as browser:
        begun = browser.get("/auth/login", params={"return_to": target})
        if begun.status_code == 400:
            return
        back = browser.get(log_in(browser, return_to=target).headers["location"])

    assert back.status_code == 302
    assert (
        urlsplit(urljoin(f"{stack.edge}/auth/callback", back.headers["location"])).netloc
        == urlsplit(stack.edge).netloc
    )
    assert "evil" not in str(back.headers.multi_items()).replace(back.headers["location"], "")


def test_a_code_is_worth_one_session(stack: Stack) -> None:
    with visitor(stack) as (browser, callback):
        assert browser.get(callback).status_code == 302
        again = browser.get(callback)

        assert again.status_code == 400
        assert "set-cookie" not in again.headers


def test_a_stolen_callback_is_worth_nothing_in_another_browser(stack: Stack) -> None:
    """Nor does it log the victim in as the attacker, which would be the same trick the other way round."""
    with visitor(stack) as (browser, callback), stack.client() as other:
        stolen = other.get(callback)
        late = browser.get(callback)

    assert (400, "application/problem+json") == (stolen.status_code, stolen.headers["content-type"])
    assert SESSION not in other.cookies
    assert late.status_code == 400, "a login that was tried to be stolen is over"


@pytest.mark.parametrize("state", ["", "x", "Zm9yZ2Vk" * 5 + "Zm8", "*", "\x00", "a" * 4000])
def test_a_state_that_nobody_began_with(stack: Stack, state: str) -> None:
    with visitor(stack) as (browser, callback):
        answer = browser.get(httpx.URL(callback).copy_merge_params({"state": state}))

    assert answer.status_code == 400
    assert SESSION not in browser.cookies


def test_states_of_two_logins_mixed_up(stack: Stack) -> None:
    """The code belongs to the other login's verifier, so the provider refuses it."""
    with visitor(stack) as (browser, first):
        begun = browser.get("/auth/login")
        second = browser.get(begun.headers["location"]).headers["location"]
        mixed = httpx.URL(first).copy_merge_params({"code": parameter(second, "code")})
        answer = browser.get(mixed)

    assert answer.status_code in {400, 502}
    assert SESSION not in browser.cookies


def test_a_code_given_to_another_application(stack: Stack) -> None:
    """The provider gives it to the mobile application, and the edge may not spend it."""
    with visitor(stack) as (browser, callback), httpx.Client() as app:
        asked = {
            "response_type": "code",
            "client_id": "mobile",
            "redirect_uri": "http://127.0.0.1/callback",
            "scope": "openid",
            "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        app.cookies.update(browser.cookies)
        given = app.get(f"{stack.told['identity']}/authorize", params=asked)
        code = parameter(given.headers["location"], "code")
        answer = browser.get(httpx.URL(callback).copy_merge_params({"code": code}))

    assert answer.status_code in {400, 502}
    assert SESSION not in browser.cookies


def test_an_answer_of_another_provider(stack: Stack) -> None:
    """RFC 9207: the answer names who gives it."""
    with visitor(stack) as (browser, callback):
        answer = browser.get(httpx.URL(callback).copy_merge_params({"iss": "https://evil.example"}))

    assert answer.status_code == 400
    assert SESSION not in browser.cookies


def test_what_the_provider_says_of_an_error_is_no_page(stack: Stack) -> None:
    with visitor(stack) as (browser, callback):
        marked = {"error": "<script>alert(1)</script>", "error_description": "<img src=x onerror=alert(1)>"}
        answer = browser.get(httpx.URL(callback).copy_merge_params(marked).copy_remove_param("code"))

    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_session_that_was_fixed_before_the_login(stack: Stack) -> None:
    """Who logs in gets a session of a new name, and the one that was planted is worth nothing."""
    with visitor(stack, "bob") as (attacker, callback):
        attacker.get(callback)
        planted = [session_of(attacker), secrets.token_urlsafe(32)]
    for fixed in planted:
        with stack.client(cookies={SESSION: fixed}) as victim:
            back = victim.get(log_in(victim).headers["location"])
            given = back.headers["set-cookie"]

            assert fixed not in given
            assert ask(stack, f"{SESSION}={fixed}").status_code == 401


def test_a_refresh_token_is_used_once(stack: Stack) -> None:
    """A second use means that two have it: the provider ends the whole grant (RFC 9700 §4.14.2)."""
    issuer = stack.told["identity"]
    given = bff(stack.folder, "token", "--client", "mobile", "--user", "alice", "--json")
    first = httpx.Response(200, text=given.stdout).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": "mobile", "refresh_token": first}

    honest = httpx.post(f"{issuer}/token", data=form)
    replayed = httpx.post(f"{issuer}/token", data=form)
    after = httpx.post(f"{issuer}/token", data=form | {"refresh_token": honest.json()["refresh_token"]})

    assert [200, 400, 400] == [answer.status_code for answer in (honest, replayed, after)]
    assert replayed.json()["error"] == "invalid_grant"
