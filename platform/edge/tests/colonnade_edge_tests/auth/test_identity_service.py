"""The whole way with the development identity provider: login, renewal, logout and its echo."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx
import msgspec
import pytest

from colonnade_edge.authn.session import SessionRecord, digest_of, session_key
from colonnade_edge_tests.documents import document, new_session_key, publish, question
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until


@dataclass(frozen=True)
class Stack:
    edge: Served
    identity: Served


def register(path: Path, edge_url: str) -> None:
    client = {
        "client_id": "web",
        "client_secret_env": "SESSION_CLIENT_SECRET",
        "redirect_uris": ["http://127.0.0.1/auth/callback"],
        "post_logout_redirect_uris": [f"{edge_url}/"],
        "scopes": ["openid", "profile", "email", "offline_access"],
        "grant_types": ["authorization_code", "refresh_token"],
        "backchannel_logout_uri": f"{edge_url}/auth/backchannel-logout",
    }
    path.write_text(json.dumps({"clients": [client]}))


@pytest.fixture(scope="module")
def stack(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    register(folder / "clients.json", "http://127.0.0.1")
    secret = {"SESSION_CLIENT_SECRET": "a-secret-of-both", "COLONNADE_ENV": "development"}
    identity = {**secret, "CLIENTS_FILE": str(folder / "clients.json"), "DATA_DIR": str(folder / "data")}
    with serving("identity_service", folder, identity) as provider:
        publish(folder / "policy.json", document(provider.url))
        keys = {"SESSION_KEYS": new_session_key()}
        edge = {**secret, **keys, "POLICY_FILE": str(folder / "policy.json"), "STORE_URL": store.url}
        with serving("colonnade_edge", folder, edge) as service:
            register(folder / "clients.json", service.url)
            yield Stack(service, provider)


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.edge.url, timeout=10) as browser:
        yield browser


def log_in(browser: httpx.Client, name: str) -> httpx.Response:
    """Type name and password, and follow the redirect back."""
    begun = browser.get("/auth/login", params={"return_to": "/home"})
    form = browser.get(begun.headers["location"])
    action = unescape(re.search(r'action="([^"]+)"', form.text)[1])  # type: ignore[index]
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form.text))
    typed = {**hidden, "username": name, "password": name}
    back = browser.post(urljoin(str(form.url), action), data=typed)
    return browser.get(back.headers["location"])


def ask(browser: httpx.Client) -> httpx.Response:
    return browser.get("/check/", headers=question("web"))


def test_bob_logs_in(client: httpx.Client) -> None:
    done = log_in(client, "bob")

    assert (done.status_code, done.headers["location"]) == (302, "/home")
    assert ask(client).headers["x-user-id"] == "bob"
    assert ask(client).headers["x-user-email"] == "bob@example.com"
    assert ask(client).headers["x-user-roles"] == "user,admin"
    assert client.get("/auth/session").json()["name"] == "Bob Tanaka"


def test_tokens_are_renewed(client: httpx.Client, store: Valkey) -> None:
    log_in(client, "alice")
    key = session_key(digest_of(client.cookies["colonnade"]))

    def kept() -> SessionRecord:
        with store.client() as valkey:
            return msgspec.json.decode(valkey.get(key) or b"null", type=SessionRecord)

    with store.client() as valkey:
        due = msgspec.structs.replace(kept(), refresh_at=time.time())
        valkey.set(key, msgspec.json.encode(due), keepttl=True)

    wait_until(
        lambda: ask(client).status_code == 200 and (kept().refresh_at or 0) > time.time() + 60, "renewal"
    )


def test_a_logout_here_goes_on_at_the_provider_and_comes_back(client: httpx.Client, stack: Stack) -> None:
    log_in(client, "alice")
    done = client.post("/auth/logout", headers={"sec-fetch-site": "same-origin"})

    end = client.get(done.headers["location"])

    assert end.headers["location"].rstrip("/") == stack.edge.url
    assert ask(client).status_code == 401


def test_a_logout_at_the_provider_is_heard_here(client: httpx.Client, stack: Stack) -> None:
    log_in(client, "alice")
    assert ask(client).status_code == 200

    client.get(f"{stack.identity.url}/end_session")

    wait_until(lambda: ask(client).status_code == 401, "the end")
