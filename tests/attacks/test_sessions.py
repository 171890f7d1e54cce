"""Session cookies that were thrown in, guessed, or used by pages of other origins."""

import secrets
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.attacks.tokens import Forger
from tests.attacks.visitor import SESSION, ask, session_of, visitor
from tests.platform_folder import Stack

EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def cookie(stack: Stack) -> str:
    """A session of alice."""
    with visitor(stack) as (browser, callback):
        browser.get(callback)
        return session_of(browser)


@pytest.fixture
def page(stack: Stack, cookie: str) -> Iterator[httpx.Client]:
    """What alice's browser sends, made to by some page."""
    with stack.client(headers={"Cookie": f"{SESSION}={cookie}"}) as client:
        yield client


def test_the_honest_cookie_passes(stack: Stack, cookie: str) -> None:
    assert ask(stack, f"{SESSION}={cookie}").status_code == 200
    assert ask(stack, f"other=1; {SESSION}={cookie}; last=2").status_code == 200


def test_a_cookie_tossed_in_beside_the_session(stack: Stack, cookie: str) -> None:
    """A page of another subdomain can set one of the same name; which of the two is ours cannot be told."""
    tossed = secrets.token_urlsafe(32)
    with visitor(stack, "bob") as (attacker, callback):
        attacker.get(callback)
        theirs = session_of(attacker)
    for other in (tossed, theirs, ""):
        assert ask(stack, f"{SESSION}={other}; {SESSION}={cookie}").status_code == 401
        assert ask(stack, f"{SESSION}={cookie}; {SESSION}={other}").status_code == 401


def test_two_cookie_headers_are_held_together(stack: Stack, cookie: str) -> None:
    """HTTP/2 lets a browser send one header for each."""
    headers = [("Cookie", f"{SESSION}={cookie}"), ("Cookie", f"{SESSION}={secrets.token_urlsafe(32)}")]

    assert httpx.get(f"{stack.edge}/api/echo/session/x", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "name", ["__host-colonnade", "__Secure-colonnade", "Colonnade", "colonnade ", "colonnade\xa0"]
)
def test_a_cookie_that_is_only_named_like_the_session(stack: Stack, cookie: str, name: str) -> None:
    answer = httpx.get(
        f"{stack.edge}/api/echo/session/x", headers=[(b"cookie", f"{name}={cookie}".encode("latin-1"))]
    )

    assert answer.status_code in {400, 401}


def test_a_host_cookie_is_not_overruled_by_a_plain_one(stack: Stack, cookie: str) -> None:
    """Only the site itself can set a `__Host-` cookie; any subdomain can set the other."""
    host = f"__Host-{SESSION}={secrets.token_urlsafe(32)}"

    assert ask(stack, f"{SESSION}={cookie}; {host}").status_code == 401


def test_a_plain_cookie_tossed_beside_the_host_cookie_changes_nothing(stack: Stack, cookie: str) -> None:
    for tossed in (secrets.token_urlsafe(32), "x", ""):
        answer = ask(stack, f"{SESSION}={tossed}; __Host-{SESSION}={cookie}")

        assert ["x-user-id", "alice"] in answer.json()["headers"]


def test_what_the_store_knows_of_a_session_is_not_the_session(stack: Stack, cookie: str) -> None:
    digest = sha256(cookie.encode()).hexdigest()
    for guess in (
        digest,
        digest[:43],
        cookie[:-1],
        f"{cookie}x",
        cookie.swapcase(),
        "*" * 43,
        "a" * 43,
        "\x7f",
    ):
        assert ask(stack, f"{SESSION}={guess}").status_code in {400, 401}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL, "X-CSRF": "1"},
        {"Origin": "null", "X-CSRF": "1"},
        {"Sec-Fetch-Site": "cross-site", "X-CSRF": "1"},
        {"Sec-Fetch-Site": "cross-site", "Origin": EVIL, "X-CSRF": "1"},
        {"Origin": EVIL},
        {"X-CSRF": "0"},
        {"X-CSRF": "1, 0"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_that_another_origins_page_asked_for(
    page: httpx.Client, method: str, headers: dict[str, str]
) -> None:
    assert page.request(method, "/api/echo/session/x", headers=headers).status_code == 403


def test_a_form_of_another_origin(page: httpx.Client) -> None:
    """What an HTML form can send needs no preflight: it lacks the header."""
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        answer = page.post(
            "/api/echo/session/x", content=b"a=b", headers={"Content-Type": kind, "Origin": EVIL}
        )
        assert answer.status_code == 403


def test_a_safe_method_is_not_turned_into_another(stack: Stack, page: httpx.Client) -> None:
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = page.get("/api/echo/session/x", headers={header: "DELETE", "Origin": EVIL})
        assert answer.json()["method"] == "GET"


def test_logging_somebody_else_out(stack: Stack, page: httpx.Client, cookie: str) -> None:
    for headers in ({"Origin": EVIL}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}):
        assert page.post("/auth/logout", headers=headers).status_code == 403
    assert page.get("/auth/logout").status_code == 200
    assert ask(stack, f"{SESSION}={cookie}").status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "mobile"},
        {"iss": EVIL},
        {"events": {}},
        {"nonce": "n"},
        {"iat": 1},
        {"sid": None, "sub": None},
    ],
    ids=str,
)
def test_a_forged_notice_that_somebody_logged_out(
    stack: Stack, forger: Forger, cookie: str, changed: dict[str, Any]
) -> None:
    event: dict[str, object] = {"http://schemas.openid.net/event/backchannel-logout": {}}
    honest: dict[str, Any] = {"aud": "web", "events": event, "jti": secrets.token_urlsafe(8), "sub": "alice"}
    token = forger.token({"typ": "logout+jwt"}, **(honest | changed))
    unsigned = forger.unsigned({"alg": "none", "typ": "logout+jwt"}, **honest)

    for forged in (token, unsigned, "", "x.y.z"):
        answer = httpx.post(f"{stack.edge}/auth/backchannel-logout", data={"logout_token": forged})
        assert answer.status_code == 400
    assert ask(stack, f"{SESSION}={cookie}").status_code == 200
