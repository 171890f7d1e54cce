"""Gets development tokens: a user logs in as with an app (RFC 6749, 7636, 8252), a program needs nobody."""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from colonnade.errors import UserError, WorkError
from colonnade.local.layout import Layout, make_secret
from colonnade.local.state import require_running

TIMEOUT_S = 10.0
SESSION_COOKIES = ("colonnade", "__Host-colonnade")


def log_in(layout: Layout, client_id: str, user: str, scopes: Sequence[str]) -> dict[str, Any]:
    """Return the token answer for `user` at the client `client_id` of the running stack.

    A program's is for the program itself (client credentials), whoever the user. Raises `UserError` where the
    client, user or a scope is not known.
    """
    issuer = require_running(layout).identity
    client = _client(layout, client_id)
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as http:
            if "client_credentials" in client["grant_types"]:
                return _as_itself(http, issuer, client, make_secret(layout.machine_secret_file), scopes)
            return _Login(http, issuer, client).run(user, list(scopes) or client["scopes"])
    except httpx.HTTPError as error:
        raise WorkError(f"the identity provider does not answer: {error}", "see bff logs identity") from error


def browser_session(layout: Layout, user: str) -> str:
    """Log `user` in at the running edge as a browser would; return the session cookie, `name=value`.

    Raises `UserError` where the user is not known.
    """
    edge = require_running(layout).edge
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as http:
            page = http.get(f"{edge}/auth/login", params={"return_to": "/"}, follow_redirects=True)
            back = _fill_in(http, page.raise_for_status(), user)
            if not back.is_redirect:
                raise UserError(f"{user!r} cannot log in", "development users are alice and bob")
            answer = http.get(back.headers["location"])
    except httpx.HTTPError as error:
        raise WorkError(f"the login failed: {error}", "see bff logs policy and bff logs identity") from error
    session = {name: value for name, value in answer.cookies.items() if name in SESSION_COOKIES}
    if not session:
        raise WorkError(f"the edge gave no session: {answer.status_code} {answer.text[:200]}")
    return "; ".join(f"{name}={value}" for name, value in session.items())


def _as_itself(
    http: httpx.Client, issuer: str, client: dict[str, Any], secret: str, scopes: Sequence[str]
) -> dict[str, Any]:
    metadata = http.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
    form = {"grant_type": "client_credentials", "scope": " ".join(scopes or client["scopes"])}
    answer = http.post(metadata["token_endpoint"], data=form, auth=(client["client_id"], secret))
    if answer.is_error:
        raise UserError(f"the identity provider gave no token: {answer.text}")
    tokens: dict[str, Any] = answer.json()
    return tokens


def _fill_in(http: httpx.Client, page: httpx.Response, user: str) -> httpx.Response:
    """Send the login form on `page`; the password of a development user is the name."""
    form = _Form(page.text)
    return http.post(page.url.join(form.action), data={**form.fields, "username": user, "password": user})


def _client(layout: Layout, client_id: str) -> dict[str, Any]:
    if not layout.clients_file.exists():
        raise UserError(
            "bff token needs the development identity provider", "this platform has another issuer"
        )
    clients = json.loads(layout.clients_file.read_text(encoding="utf-8"))["clients"]
    # Not the edge's own login: its secret is not for the command line.
    public = {
        client["client_id"]: client
        for client in clients
        if "client_secret_env" not in client or "client_credentials" in client["grant_types"]
    }
    if client_id not in public:
        known = ", ".join(sorted(public)) or "none; a BFF with auth jwt has one"
        raise UserError(f"there is no app called {client_id!r}", f"valid here: {known}")
    found: dict[str, Any] = public[client_id]
    return found


class _Login:
    def __init__(self, http: httpx.Client, issuer: str, client: dict[str, Any]) -> None:
        self._http = http
        self._issuer = issuer
        self._client_id = client["client_id"]
        self._redirect_uri = client["redirect_uris"][0]
        self._verifier = secrets.token_urlsafe(48)
        self._state = secrets.token_urlsafe(16)

    def run(self, user: str, scopes: Sequence[str]) -> dict[str, Any]:
        metadata = (
            self._http.get(f"{self._issuer}/.well-known/openid-configuration").raise_for_status().json()
        )
        code = self._authorize(metadata["authorization_endpoint"], user, scopes)
        answer = self._http.post(
            metadata["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "client_id": self._client_id,
                "redirect_uri": self._redirect_uri,
                "code": code,
                "code_verifier": self._verifier,
            },
        )
        if answer.is_error:
            raise WorkError(f"the identity provider gave no token: {answer.text}")
        tokens: dict[str, Any] = answer.json()
        return tokens

    def _authorize(self, endpoint: str, user: str, scopes: Sequence[str]) -> str:
        """Return the code that the login page's redirect carries."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).rstrip(b"=")
        request = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(scopes),
            "state": self._state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        page = self._http.get(endpoint, params=request)
        answer = page if page.is_redirect else _fill_in(self._http, page, user)
        return self._code(answer, user)

    def _code(self, answer: httpx.Response, user: str) -> str:
        told = parse_qs(urlsplit(answer.headers.get("location", "")).query)
        if "error" in told:
            raise UserError(
                " ".join(
                    ["the identity provider refuses:", *told["error"], *told.get("error_description", [])]
                )
            )
        if "code" not in told:
            raise UserError(f"{user!r} cannot log in", "development users are alice and bob")
        if told.get("state") != [self._state]:
            raise WorkError("the identity provider's answer belongs to another login")
        code: str = told["code"][0]
        return code


class _Form(HTMLParser):
    """The first form of a page: where it is sent, and its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        elif tag == "input" and "name" in found:
            self.fields[found["name"]] = found.get("value", "")
