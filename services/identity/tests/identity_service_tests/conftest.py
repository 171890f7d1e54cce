"""A real provider in a process of its own, and a client that logs in as a browser does."""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet

from service_kit.testing import Process, process

CALLBACK = "http://127.0.0.1:7777/auth/callback"
SCOPES = ["openid", "profile", "email", "offline_access"]
CLIENTS: dict[str, list[dict[str, Any]]] = {
    "clients": [
        {
            "client_id": "web",
            "client_secret_env": "WEB_SECRET",
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": ["http://127.0.0.1:7777/"],
            "scopes": SCOPES,
            "grant_types": ["authorization_code", "refresh_token"],
        },
        {
            "client_id": "mobile",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "scopes": SCOPES,
            "grant_types": ["authorization_code", "refresh_token"],
        },
        {
            "client_id": "machine",
            "client_secret_env": "WEB_SECRET",
            "scopes": ["orders:read"],
            "grant_types": ["client_credentials"],
        },
        {
            "client_id": "legacy",
            "client_secret_env": "WEB_SECRET",
            "scopes": ["openid", "orders:read"],
            "grant_types": ["password", "client_credentials"],
            "opaque_access_tokens": True,
        },
    ]
}


def start(folder: Path) -> AbstractContextManager[Process]:
    """Run the provider over `folder`; call it again on the same folder for a restart."""
    clients = folder / "clients.json"
    if not clients.exists():
        clients.write_text(json.dumps(CLIENTS), encoding="utf-8")
    return process(
        "identity_service",
        folder / "data",
        CLIENTS_FILE=str(clients),
        WEB_SECRET="s3cret",
        COLONNADE_ENV="development",
        ISSUER="http://issuer.test",
    )


@dataclass
class App:
    """A client application, and the browser of the person who uses it."""

    url: str
    client_id: str = "mobile"
    redirect_uri: str = "http://127.0.0.1:51234/callback"
    secret: str | None = None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    http: httpx.Client = field(default_factory=httpx.Client)

    @property
    def challenge(self) -> str:
        """The challenge that `redeem` will answer."""
        return str(create_s256_code_challenge(self.verifier))

    def authorize(self, **changed: str | None) -> httpx.Response:
        """Open the authorization page."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": "xyz",
            "nonce": "n-1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        } | changed
        return self.http.get(
            f"{self.url}/authorize", params={k: v for k, v in asked.items() if v is not None}
        )

    def submit(self, page: httpx.Response, user: str = "alice", **changed: str) -> httpx.Response:
        """Fill in the login form and send it."""
        fields = {"username": user, "password": user, "csrf": field_of(page, "csrf")} | changed
        return self.http.post(f"{self.url}{attribute(page, 'form', 'action')}", data=fields)

    def code(self, user: str = "alice") -> str:
        """Log in and return the code that comes back."""
        return code_of(self.submit(self.authorize(), user))

    def token(self, **asked: str) -> httpx.Response:
        """Ask the token endpoint."""
        form = {"client_id": self.client_id} | ({"client_secret": self.secret} if self.secret else {})
        return self.http.post(f"{self.url}/token", data=form | asked)

    def redeem(self, code: str, **changed: str) -> httpx.Response:
        """Exchange a code."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        return self.token(**(asked | {"code_verifier": self.verifier} | changed))

    def refresh(self, token: str) -> httpx.Response:
        """Exchange a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=token)


def claims(provider_url: str, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and claims of a token, verified with the published keys."""
    keys = KeySet.import_key_set(httpx.get(f"{provider_url}/.well-known/jwks.json").json())
    decoded = jwt.decode(token, keys, ["RS256"])
    return dict(decoded.header), dict(decoded.claims)


def field_of(page: httpx.Response, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert match, page.text
    return unescape(match[1])


def attribute(page: httpx.Response, tag: str, name: str) -> str:
    match = re.search(rf'<{tag}\b[^>]*\b{name}="([^"]*)"', page.text)
    assert match, page.text
    return unescape(match[1])


def code_of(answer: httpx.Response) -> str:
    """The code in a redirect back to the application."""
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["xyz"]
    return query["code"][0]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with start(tmp_path_factory.mktemp("identity")) as running:
        yield running


@pytest.fixture
def mobile(provider: Process) -> Iterator[App]:
    app = App(provider.url)
    yield app
    app.http.close()


@pytest.fixture
def web(provider: Process) -> Iterator[App]:
    app = App(provider.url, "web", CALLBACK, "s3cret")
    yield app
    app.http.close()
