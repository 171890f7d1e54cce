"""The clients of the stack that .ci/compose-test has started."""

import os
import subprocess
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.compose.clients import Edge, Traffic, access_token
from tests.platform_folder import eventually, log_in

EDGE = "http://127.0.0.1:8080"
CONSOLE = "http://127.0.0.1:9000"
SEEN_AFTERWARDS = 100


def compose(*arguments: str) -> str:
    """Run docker compose on the stack; return what it prints."""
    done = subprocess.run(["docker", "compose", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def see_more(traffic: Traffic) -> None:
    """Wait until the clients have seen so many more answers."""
    enough = traffic.answered + SEEN_AFTERWARDS
    eventually(lambda: traffic.answered >= enough, within=60)


@pytest.fixture(scope="session", autouse=True)
def _stack() -> None:
    if os.environ.get("COMPOSE_STACK") != "up":
        pytest.skip("needs the stack that .ci/compose-test starts")


@pytest.fixture
def edges() -> Edge:
    """The balancer in front of all edges."""
    return Edge(EDGE)


@pytest.fixture
def web() -> Iterator[httpx.Client]:
    """A browser-like client, logged in as alice."""
    with httpx.Client(base_url=EDGE, timeout=20, headers={"X-CSRF": "1"}) as client:
        client.get(log_in(client).headers["location"], follow_redirects=False)
        yield client


@pytest.fixture(scope="session")
def token() -> str:
    """An access token of alice, for the mobile client."""
    return access_token("alice")


@pytest.fixture
def mobile(token: str) -> Iterator[httpx.Client]:
    """An application's client."""
    with httpx.Client(base_url=EDGE, timeout=20, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def iot() -> Iterator[httpx.Client]:
    """A device with a key of its own."""
    admin = compose("exec", "-T", "console", "cat", "/run/colonnade/admin-token/value")
    made = httpx.post(
        f"{CONSOLE}/admin/keys",
        headers={"Authorization": f"Bearer {admin}"},
        json={"name": f"test {uuid.uuid4()}", "device_id": "sensor-1"},
    )
    assert made.status_code == 201, made.text
    with httpx.Client(base_url=EDGE, timeout=20, headers={"X-API-Key": made.json()["key"]}) as client:
        yield client
