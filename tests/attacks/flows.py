"""Every way to show a secret to a running stack, rightly and wrongly; what is shown is remembered."""

import json
import secrets
from base64 import b64encode
from dataclasses import dataclass, field

import httpx

from tests.attacks.echo import PARTNER_SECRET
from tests.attacks.tokens import bearer
from tests.attacks.visitor import SESSION, parameter, session_of, visitor
from tests.attacks.wire import head, send
from tests.platform_folder import Stack, bff


@dataclass
class Flows:
    """What was shown, by name, all that was answered, and the identifier of the last request."""

    stack: Stack
    shown: dict[str, str] = field(default_factory=dict)
    answers: list[httpx.Response] = field(default_factory=list)
    last: str = ""

    def run(self) -> "Flows":
        """Go through all of them."""
        self._tokens()
        self._keys()
        self._passwords()
        self._login()
        self._refresh_token()
        self._broken()
        self._files()
        self.last = self._ask("/nowhere").headers["x-request-id"]
        return self

    def _secret(self, name: str, value: str = "") -> str:
        """Remember a secret; without a value, make one that is good for nothing."""
        self.shown[name] = value or f"shown-{secrets.token_urlsafe(24)}"
        return self.shown[name]

    def _ask(self, path: str, method: str = "GET", **options: object) -> httpx.Response:
        with self.stack.client() as client:
            answer = client.request(method, path, **options)  # type: ignore[arg-type]
        self.answers.append(answer)
        return answer

    def _tokens(self) -> None:
        opaque = bff(self.stack.folder, "token", "--client", "machine-opaque").stdout.strip()
        self._ask("/api/echo/x", headers=bearer(self._secret("opaque token", opaque)))
        token = self._secret("access token", self.stack.token())
        self._secret("its signature", token.rpartition(".")[2])
        for shown in (
            token,
            self._secret("no token"),
            f"{token}x",
            self._secret("half a token", f"{token[:-9]}zz"),
        ):
            for path in (
                "/api/echo/x",
                "/api/echo/alone",
                "/api/echo/scoped",
                "/api/echo/link/x",
                "/api/echo/session/x",
                "/nowhere",
            ):
                self._ask(path, headers=bearer(shown))
                self._ask(path, params={"access_token": shown})
                self._ask(path, headers={"Cookie": f"access={shown}; token={shown}"})
            self._ask("/auth/login", params={"return_to": f"//{shown}"})
            self._ask("/auth/revoke", "POST", data={"token": shown})

    def _keys(self) -> None:
        created = json.loads(bff(self.stack.folder, "key", "create", "--device", "sensor-2", "--json").stdout)
        key = self._secret("API key", created["key"])
        for shown in (key, self._secret("no key"), self._secret("wrong key", f"ck_{'a' * 8}_{'b' * 43}")):
            self._ask("/api/echo/key/x", headers={"X-API-Key": shown})
            self._ask("/api/echo/x", headers={"X-API-Key": shown})
            self._ask("/api/echo/key/x", params={"api_key": shown})
        bff(self.stack.folder, "key", "revoke", created["id"])
        self._ask("/api/echo/key/x", headers={"X-API-Key": key})

    def _passwords(self) -> None:
        for path in ("/api/echo/x", "/api/echo/alone", "/auth/revoke", "/auth/session"):
            password = self._secret(f"password at {path}")
            both = self._secret(
                f"and its Basic form at {path}", b64encode(f"alice:{password}".encode()).decode()
            )
            self._ask(path, "POST", headers={"Authorization": f"Basic {both}"})

    def _login(self) -> None:
        with visitor(self.stack) as (browser, callback):
            for name in ("code", "state"):
                self._secret(name, parameter(callback, name))
            browser.get(callback)
            cookie = self._secret("session cookie", session_of(browser))
            self.answers += [
                browser.get(callback),
                browser.post("/api/echo/session/x"),
                browser.post("/auth/logout"),
            ]
        for shown in (cookie, self._secret("no session")):
            self._ask("/api/echo/session/x", headers={"Cookie": f"{SESSION}={shown}"})
            self._ask("/auth/session", headers={"Cookie": f"{SESSION}={shown}"})
        self._ask(
            "/auth/callback", params={"code": self._secret("no code"), "state": self._secret("no state")}
        )
        notice = {"logout_token": self._secret("no logout token")}
        self._ask("/auth/backchannel-logout", "POST", data=notice)

    def _refresh_token(self) -> None:
        given = bff(self.stack.folder, "token", "--client", "mobile", "--user", "bob", "--json").stdout
        token = self._secret("refresh token", json.loads(given)["refresh_token"])
        self._ask("/auth/revoke", "POST", data={"token": token, "token_type_hint": "refresh_token"})
        self._ask("/api/echo/x", headers=bearer(token))

    def _broken(self) -> None:
        """What Envoy refuses before it is a request, and so might log whole."""
        secret = self._secret("token of a broken request")
        for line in (
            f"Authorization: Bearer {secret}\x00",
            f"Authorization : {secret}",
            f"Cookie\x00: {secret}",
        ):
            send(self.stack, head("GET", f"/api/echo/x?access_token={secret}", line))
        send(self.stack, head("GET", "/api/echo/x", f"Authorization: Bearer {secret}{'x' * 70_000}"))

    def _files(self) -> None:
        """What the platform made for itself, and what it was given to keep."""
        self._secret("a consumer's secret", PARTNER_SECRET)
        for file in (self.stack.folder / ".colonnade/secrets").iterdir():
            if file.is_file():
                for number, line in enumerate(file.read_text(encoding="latin-1").splitlines()):
                    self._secret(f"{file.name}:{number + 1}", line)
