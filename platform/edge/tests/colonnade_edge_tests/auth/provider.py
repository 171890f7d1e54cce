"""A scripted identity provider: honest unless a test tells it to lie."""

import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SECRET = "the-web-client-secret"


@dataclass
class ScriptedProvider:
    """What it knows. `claims` are added to each id token; while `down`, tokens are not to be had.

    It answers a refresh once `gate` is set, and `told` holds every secret that it gave or was given.
    """

    issuer: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    refreshes: int = 0
    claims: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    refused_as: str = "invalid_grant"
    gate: threading.Event = field(default_factory=threading.Event)
    told: list[str] = field(default_factory=list)
    revoked: list[dict[str, str]] = field(default_factory=list)
    authenticated: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Forget what the last test did."""
        self.codes.clear()
        self.refresh_tokens.clear()
        self.told.clear()
        self.revoked.clear()
        self.authenticated.clear()
        self.refreshes, self.claims, self.down = 0, {}, False
        self.refused_as = "invalid_grant"
        self.gate.set()

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/logout",
            "revocation_endpoint": f"{self.issuer}/revoke",
        }

    def authorize(self, url: str) -> dict[str, str]:
        """Log alice in at once; return the parameters of the redirect back."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.told += [code, asked["nonce"], asked["state"]]
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {}
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form["refresh_token"])
        self.told.append(form["code_verifier"])
        asked = self.codes.pop(form["code"], None)
        challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if not asked or (asked["code_challenge"], asked["redirect_uri"]) != (challenge, form["redirect_uri"]):
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens({"nonce": asked["nonce"]})

    def revoke(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {}
        self.revoked.append(form)
        if authorization.startswith("Basic "):
            client, _, _ = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            self.authenticated.append(client)
        return 200, {}

    def _refreshed(self, refresh_token: str) -> tuple[int, dict[str, Any]]:
        self.refreshes += 1
        self.gate.wait(10)
        if refresh_token not in self.refresh_tokens:
            return 400, {"error": self.refused_as}
        self.refresh_tokens.discard(refresh_token)
        return 200, self._tokens({})

    def _tokens(self, claims: dict[str, Any]) -> dict[str, Any]:
        refresh_token = secrets.token_urlsafe(16)
        self.refresh_tokens.add(refresh_token)
        access_token, id_token = secrets.token_urlsafe(16), self.id_token(**claims)
        self.told += [access_token, refresh_token, id_token]
        return {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "id_token": id_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "openid profile email offline_access",
        }

    def id_token(self, **claims: Any) -> str:  # noqa: ANN401 - claims are JSON
        standard = {
            "iss": self.issuer,
            "aud": "web",
            "sub": "alice",
            "email": "alice@example.com",
            "name": "Alice Moreau",
            "roles": ["user"],
            "sid": "s-1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
        }
        return self.sign({**standard, **claims, **self.claims})

    def logout_token(self, **claims: Any) -> str:  # noqa: ANN401 - claims are JSON
        standard = {
            "iss": self.issuer,
            "aud": "web",
            "sid": "s-1",
            "iat": int(time.time()),
            "exp": int(time.time()) + 120,
            "jti": secrets.token_urlsafe(8),
            "events": {EVENT: {}},
        }
        return self.sign({name: value for name, value in {**standard, **claims}.items() if value is not None})

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid or ""}, claims, self.key, algorithms=["ES256"])

    def jwks(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))


def _handler(provider: ScriptedProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/.well-known/openid-configuration":
                    self._answer(200, provider.discovery())
                case "/jwks":
                    self._answer(200, provider.jwks())
                case _:
                    self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path == "/revoke":
                self._answer(*provider.revoke(form, self.headers.get("authorization", "")))
            else:
                self._answer(*provider.token(form))

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler


@contextmanager
def scripted_provider() -> Iterator[ScriptedProvider]:
    provider = ScriptedProvider()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider)) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
