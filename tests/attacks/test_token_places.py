"""Tokens in a cookie or a query, where a route takes them: they open it, and go no further."""

import httpx
import pytest

from tests.attacks.tokens import Forger, bearer
from tests.attacks.wire import head, send
from tests.platform_folder import Stack

LINK = "/api/echo/link/x"


@pytest.mark.parametrize(
    "query",
    [
        "access_token={}",
        "a=1&access_token={}&b=2",
        "access_token={}&access_token={}",
        "access%5Ftoken={}",
        "%61ccess_token={}",
        "access_token={}&access%5Ftoken={}",
    ],
)
def test_a_token_in_the_query_is_not_told_to_the_bff(stack: Stack, forger: Forger, query: str) -> None:
    """However its name is written: where the token opens the route, the BFF sees nothing of it."""
    token = forger.token()
    answer = send(stack, head("GET", f"{LINK}?{query.replace('{}', token)}"))

    assert answer.statuses in ([200], [401])
    if answer.statuses == [200]:
        assert ["alice"] == answer.got("x-user-id")
        assert token not in str(answer.echo)


def test_a_token_in_a_cookie_is_not_told_to_the_bff(stack: Stack, forger: Forger) -> None:
    token = forger.token()
    answer = send(stack, head("GET", LINK, f"Cookie: a=1; access={token}; b=2"))

    assert ["alice"] == answer.got("x-user-id")
    assert token not in str(answer.echo)


@pytest.mark.parametrize(
    "path", ["/api/echo/x", "/api/echo/alone/x", "/api/echo/session/x", "/api/echo/key/x"]
)
def test_a_route_that_takes_none_there_is_not_opened(anyone: httpx.Client, forger: Forger, path: str) -> None:
    token = forger.token()
    for name in ("access_token", "token", "jwt", "authorization"):
        assert anyone.get(path, params={name: token}).status_code == 401
        assert anyone.get(path, headers={"Cookie": f"{name}={token}"}).status_code == 401


def test_a_forged_token_opens_nothing_from_there_either(anyone: httpx.Client, forger: Forger) -> None:
    for forged in (forger.token(exp=1), forger.token(aud="other"), forger.unsigned({"alg": "none"}), "x.y.z"):
        assert anyone.get(LINK, params={"access_token": forged}).status_code == 401
        assert anyone.get(LINK, headers={"Cookie": f"access={forged}"}).status_code == 401


def test_of_tokens_in_several_places_one_judges_alone(anyone: httpx.Client, forger: Forger) -> None:
    """Never is one verified and another believed."""
    alice, bob = forger.token(), forger.token(sub="bob", jti="of-bob")
    forged = forger.unsigned({"alg": "none"}, sub="mallory")
    for header, query, cookie in ((alice, bob, forged), (alice, forged, bob), (forged, alice, bob)):
        headers = bearer(header) | {"Cookie": f"access={cookie}"}
        answer = anyone.get(LINK, params={"access_token": query}, headers=headers)

        told = answer.json().get("headers", [])
        assert answer.status_code == 401 or [["x-user-id", "alice"]] == [
            one for one in told if one[0] == "x-user-id"
        ]


def test_another_origin_changes_nothing_with_a_cookies_token(anyone: httpx.Client, forger: Forger) -> None:
    """The browser sends it by itself, as it does a session's."""
    cookie = {"Cookie": f"access={forger.token()}"}
    for headers in ({}, {"Origin": "https://evil.example", "X-CSRF": "1"}, {"Sec-Fetch-Site": "cross-site"}):
        assert anyone.post(LINK, headers=cookie | headers).status_code == 403
