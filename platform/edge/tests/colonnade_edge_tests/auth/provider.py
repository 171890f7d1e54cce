"""A scripted identity provider: honest unless a test tells it to lie."""

import json
import secrets
import threading
import time
import warnings
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey

from colonnade_edge_tests.auth.shapes import Shape

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SECRET = "the-web-client-secret"


@dataclass
class ScriptedProvider:
    """What it knows. `claims` are added to each id token; while `down`, tokens are not to be had.

    It answers a refresh once `gate` is set, and `told` holds every secret that it gave or was given.
    """

    base: str = ""
    shape: Shape = field(default_factory=Shape)
    key: ECKey | OKPKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"})
    )
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    pushed: dict[str, dict[str, str]] = field(default_factory=dict)
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
        self.shape = Shape()
        self.gate.set()

    @property
    def issuer(self) -> str:
        return self.base + self.shape.path

    def discovery(self) -> dict[str, Any]:
        usual = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/jwks",
            "end_session_endpoint": f"{self.base}/logout",
            "revocation_endpoint": f"{self.base}/revoke",
            "userinfo_endpoint": f"{self.base}/userinfo" if self.shape.userinfo else None,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        own = {
            name: f"{self.base}{value}" if name.endswith("_endpoint") and value else value
            for name, value in self.shape.metadata.items()
        }
        return usual | own

    def push(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if not self.shape.takes_pushed:
            return 400, {"error": "unauthorized_client"}
        uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(16)}"
        self.pushed[uri] = form
        return 201, {"request_uri": uri, "expires_in": 60}

    def userinfo(self) -> tuple[int, dict[str, Any]]:
        told = self.shape.userinfo or {}
        return (401 if "error" in told else 200), told

    def authorize(self, url: str) -> dict[str, str]:
        """Log alice in at once; return the parameters of the redirect back."""
        asked = dict(parse_qsl(urlsplit(url).query))
        if "request_uri" in asked:
            assert set(asked) == {"client_id", "request_uri"}
            asked = self.pushed.pop(asked["request_uri"])
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.told += [code, asked["nonce"], asked["state"]]
        says_issuer = self.discovery().get("authorization_response_iss_parameter_supported")
        return {"code": code, "state": asked["state"], **({"iss": self.issuer} if says_issuer else {})}

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
        usual = {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "id_token": id_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "openid profile email offline_access",
        }
        return _over(usual, self.shape.response)

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
        return self.sign({**_over(standard | claims, self.shape.claims), **self.claims})

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
        algorithm = self.shape.algorithm
        header = {"alg": algorithm, "kid": self.key.kid or ""}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # EdDSA has a new name; providers use the old
            return jwt.encode(header, claims, self.key, algorithms=[algorithm])

    def jwks(self) -> dict[str, Any]:
        own = KeySet([self.key]).as_dict(private=False)["keys"]
        return {"keys": [*self.shape.keys, *own]}

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        if path == f"{self.shape.path.rstrip('/')}/.well-known/openid-configuration":
            return 200, self.discovery()
        if path == "/userinfo":
            return self.userinfo()
        return (200, self.jwks()) if path == "/jwks" else (404, {})

    def post(self, path: str, form: dict[str, str], headers: Message) -> tuple[int, dict[str, Any]]:
        if path == "/revoke":
            return self.revoke(form, headers.get("authorization", ""))
        if not self.knows(headers, form):
            return 401, {"error": "invalid_client"}
        return self.push(form) if path == "/par" else self.token(form)

    def knows(self, headers: Message, form: dict[str, str]) -> bool:
        """Whether the client proved itself in the way that is taken."""
        if self.shape.secret_by == "client_secret_post":
            return form.get("client_secret") == SECRET and "authorization" not in headers
        basic = b64encode(f"web:{SECRET}".encode()).decode()
        return headers.get("authorization") == f"Basic {basic}" and "client_secret" not in form


def _over(usual: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (usual | own).items() if value is not None}


def _handler(provider: ScriptedProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*provider.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            fields = parse_qsl(body)
            if len(fields) > len(dict(fields)):  # RFC 6749 §3.2: no parameter twice
                self._answer(400, {"error": "invalid_request"})
                return
            self._answer(*provider.post(self.path, dict(fields), self.headers))

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
        provider.base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
