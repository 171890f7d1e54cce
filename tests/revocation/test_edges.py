"""A revoked credential is refused by all of three edges within a second, used before or not."""

import json
import time
from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.platform_folder import Stack, bff

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("revocation")]

PATHS = {"Authorization": "live", "Cookie": "page", "X-API-Key": "thing"}


@pytest.fixture
def clients(stack: Stack) -> Iterator[list[httpx.Client]]:
    """One of each edge."""
    clients = [httpx.Client(base_url=edge, timeout=10) for edge in stack.told["edges"]]
    assert len(clients) == 3
    yield clients
    for client in clients:
        client.close()


def ask(clients: list[httpx.Client], credential: Mapping[str, str]) -> set[int]:
    (name,) = credential
    return {client.get(f"/api/mobile/{PATHS[name]}/", headers=credential).status_code for client in clients}


def revoke(stack: Stack, *what: str, stdin: str | None = None) -> float:
    """Return when the order was carried out."""
    done = bff(stack.folder, "revoke", *what, "--json", stdin=stdin)
    assert json.loads(done.stdout)["kind"]
    return time.monotonic()


def refused_within_a_second(clients: list[httpx.Client], since: float, credential: Mapping[str, str]) -> None:
    while ask(clients, credential) != {401}:
        assert time.monotonic() - since < 1.0


def bearer(stack: Stack, user: str, client: str = "mobile") -> dict[str, str]:
    return {"Authorization": f"Bearer {stack.token(client, user)}"}


def session(stack: Stack, user: str) -> dict[str, str]:
    return {"Cookie": bff(stack.folder, "session", "--user", user).stdout.strip()}


@pytest.mark.parametrize("used_before", [True, False], ids=["cached", "not cached"])
def test_a_user_is_refused_everywhere(
    stack: Stack, clients: list[httpx.Client], *, used_before: bool
) -> None:
    token, cookie, other = bearer(stack, "alice"), session(stack, "alice"), bearer(stack, "bob")
    if used_before:
        assert {200} == ask(clients, token) == ask(clients, cookie)

    at = revoke(stack, "--user", "alice")

    refused_within_a_second(clients, at, token)
    refused_within_a_second(clients, at, cookie)
    assert {200} == ask(clients, other)


def test_a_token_is_refused_everywhere(stack: Stack, clients: list[httpx.Client]) -> None:
    token, other = bearer(stack, "bob"), bearer(stack, "bob")
    assert {200} == ask(clients, token)

    at = revoke(stack, "--token", "-", stdin=token["Authorization"].removeprefix("Bearer "))

    refused_within_a_second(clients, at, token)
    assert {200} == ask(clients, other)


def test_a_token_is_refused_everywhere_once_its_holder_says_so(
    stack: Stack, clients: list[httpx.Client]
) -> None:
    token = bearer(stack, "bob")
    assert {200} == ask(clients, token)
    text = token["Authorization"].removeprefix("Bearer ")

    assert clients[0].post("/auth/revoke", data={"token": text, "client_id": "mobile"}).status_code == 200

    refused_within_a_second(clients, time.monotonic(), token)


def test_a_session_is_refused_everywhere(stack: Stack, clients: list[httpx.Client]) -> None:
    cookie, other = session(stack, "bob"), session(stack, "bob")
    assert {200} == ask(clients, cookie)

    at = revoke(stack, "--session", "-", stdin=cookie["Cookie"])

    refused_within_a_second(clients, at, cookie)
    assert {200} == ask(clients, other)


@pytest.mark.parametrize("by", ["key", "device"])
def test_an_api_key_is_refused_everywhere(stack: Stack, clients: list[httpx.Client], by: str) -> None:
    device = f"sensor-{by}"
    key = stack.key(device)
    assert {200} == ask(clients, {"X-API-Key": key})

    at = revoke(stack, f"--{by}", key.split("_")[1] if by == "key" else device)

    refused_within_a_second(clients, at, {"X-API-Key": key})


def test_a_client_is_refused_everywhere(stack: Stack, clients: list[httpx.Client]) -> None:
    """The last of these tests: what the client is given in the same second is refused, too."""
    token = bearer(stack, "bob")
    assert {200} == ask(clients, token)

    at = revoke(stack, "--client", "mobile")

    refused_within_a_second(clients, at, token)


def test_a_token_does_not_belong_in_a_command_line(stack: Stack) -> None:
    done = bff(stack.folder, "revoke", "--token", "a.b.c", check=False)

    assert done.returncode == 2
    assert "--token -" in done.stderr


@pytest.mark.parametrize("options", [[], ["--user", "a", "--client", "b"]])
def test_one_thing_is_revoked_at_a_time(stack: Stack, options: list[str]) -> None:
    done = bff(stack.folder, "revoke", *options, check=False)

    assert done.returncode == 2
    assert "--user" in done.stderr
