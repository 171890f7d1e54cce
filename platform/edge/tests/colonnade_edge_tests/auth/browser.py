"""A browser before the edge: keeps cookies, follows what it is told, and reaches /check as Envoy would."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from colonnade_edge_tests.auth.provider import ScriptedProvider
from colonnade_edge_tests.documents import question


class Browser:
    """One cookie jar."""

    def __init__(self, url: str, provider: ScriptedProvider) -> None:
        self.client = httpx.Client(base_url=url, timeout=10)
        self.provider = provider

    def begin(self, return_to: str = "/home") -> httpx.Response:
        return self.client.get("/auth/login", params={"return_to": return_to})

    def come_back(self, begun: httpx.Response, **changes: str) -> httpx.Response:
        """Log in at the provider and follow its redirect, with some parameters changed."""
        answer = {**self.provider.authorize(begun.headers["location"]), **changes}
        return self.client.get(f"/auth/callback?{urlencode(answer)}")

    def log_in(self, return_to: str = "/home") -> httpx.Response:
        return self.come_back(self.begin(return_to))

    def ask(self, method: str = "GET", **headers: str) -> httpx.Response:
        return self.client.request(method, "/check/orders", headers=question("web", **headers))

    @property
    def session(self) -> str:
        return self.client.cookies.get("colonnade") or ""


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
