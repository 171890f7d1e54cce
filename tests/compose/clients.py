"""Clients of the stack in containers: a token by the real flow, and steady traffic."""

import base64
import hashlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.platform_folder import fill_login_form

ISSUER = "http://127.0.0.1:8100"
CALLBACK = "http://127.0.0.1/callback"


def access_token(user: str) -> str:
    """Return a token of the mobile client, by authorization code and PKCE (RFC 7636)."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    question = {
        "response_type": "code",
        "client_id": "mobile",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email",
        "state": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with httpx.Client(timeout=20) as client:
        endpoints = client.get(f"{ISSUER}/.well-known/openid-configuration").json()
        page = client.get(endpoints["authorization_endpoint"], params=question, follow_redirects=True)
        answer = fill_login_form(client, page, user)
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        form |= {"client_id": "mobile", "code_verifier": verifier}
        told = client.post(endpoints["token_endpoint"], data=form).json()
    return str(told["access_token"])


@dataclass
class Traffic:
    """What clients that never stop asking have seen; each has one request on its way at a time."""

    clients: int
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, failure: str | None) -> None:
        """Count one answer, or one failure."""
        with self.lock:
            if failure is None:
                self.answered += 1
            else:
                self.failed.append(failure)


@dataclass(frozen=True)
class Edge:
    """The edge as its clients see it."""

    url: str

    @contextmanager
    def under_traffic(self, path: str, headers: dict[str, str], clients: int = 4) -> Iterator[Traffic]:
        """Keep `clients` asking for `path` while the block runs."""
        traffic = Traffic(clients)
        threads = [threading.Thread(target=self._ask, args=(path, headers, traffic)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield traffic
        finally:
            traffic.stop.set()
            for thread in threads:
                thread.join()

    def _ask(self, path: str, headers: dict[str, str], traffic: Traffic) -> None:
        with httpx.Client(base_url=self.url, headers=headers, timeout=15) as client:
            while not traffic.stop.wait(0.02):
                try:
                    status = client.get(path).status_code
                    # 429 is an answer too: the edge has asked the store.
                    traffic.note(None if status in {200, 429} else f"status {status}")
                except httpx.TransportError as error:
                    traffic.note(repr(error))
