"""Pushed authorization requests: the browser carries a reference, and the client has proved who it is."""

from urllib.parse import urlencode

import httpx
import pytest

from identity_service_tests.conftest import CALLBACK, App, claims, code_of
from service_kit.testing import Process


def push(app: App, **changed: str) -> httpx.Response:
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": app.redirect_uri,
        "scope": "openid profile",
        "state": "xyz",
        "nonce": "n-1",
        "code_challenge": app.challenge,
        "code_challenge_method": "S256",
        **({"client_secret": app.secret} if app.secret else {}),
    }
    return app.http.post(f"{app.url}/par", data=asked | changed)


def open_page(app: App, request_uri: str, client_id: str = "web") -> httpx.Response:
    query = urlencode({"client_id": client_id, "request_uri": request_uri})
    return app.http.get(f"{app.url}/authorize?{query}")


def test_a_pushed_request_is_logged_in_to_by_its_reference(provider: Process, web: App) -> None:
    pushed = push(web)
    assert pushed.status_code == 201
    assert pushed.headers["cache-control"] == "no-store"

    page = open_page(web, pushed.json()["request_uri"])
    tokens = web.redeem(code_of(web.submit(page))).json()

    assert claims(provider.url, tokens["id_token"])[1]["nonce"] == "n-1"
    assert f"form-action 'self' {CALLBACK.rsplit('/', 2)[0]}" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"redirect_uri": "http://evil.example/"}, 400, "invalid_request"),
        ({"code_challenge_method": "plain"}, 400, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, 400, "invalid_request"),
    ],
)
def test_a_request_that_a_browser_could_not_make_is_not_taken(
    web: App, changed: dict[str, str], status: int, error: str
) -> None:
    refused = push(web, **changed)

    assert (refused.status_code, refused.json()["error"]) == (status, error)


def test_a_reference_is_good_for_its_own_client_only(web: App) -> None:
    uri = push(web).json()["request_uri"]

    assert open_page(web, uri, "mobile").status_code == 400
    assert open_page(web, uri + "x").status_code == 400
