"""Opaque tokens and passwords, with the development identity provider."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from colonnade_edge_tests.documents import document, publish, question
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until
from colonnade_policy import Identity, Introspection, Session

KEEP_S = 1.0
SECRET = "a-secret-of-both-processes"
BASE = {"client_secret_env": "INTROSPECTION_CLIENT_SECRET", "scopes": ["read", "write"]}
CLIENTS = [
    BASE | {"client_id": "edge", "grant_types": []},
    BASE | {"client_id": "billing", "grant_types": ["client_credentials"], "opaque_access_tokens": True},
    BASE | {"client_id": "web", "grant_types": ["password"], "opaque_access_tokens": True},
]


@dataclass(frozen=True)
class Stack:
    edge: Served
    identity: Served

    def ask(self, authorization: str, route: str = "scoped", address: str = "10.0.0.9") -> httpx.Response:
        headers = question(route, authorization=authorization, x_colonnade_ip=address)
        return httpx.get(f"{self.edge.url}/check/", headers=headers)

    def token(self) -> str:
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(f"{self.identity.url}/token", data=form, auth=("billing", SECRET))
        token: str = answer.raise_for_status().json()["access_token"]
        return token


@pytest.fixture(scope="module")
def stack(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "clients.json").write_text(json.dumps({"clients": CLIENTS}))
    secrets = {"INTROSPECTION_CLIENT_SECRET": SECRET, "SESSION_CLIENT_SECRET": SECRET}
    identity = {
        **secrets,
        "COLONNADE_ENV": "development",
        "CLIENTS_FILE": str(folder / "clients.json"),
        "DATA_DIR": str(folder / "data"),
    }
    with serving("identity_service", folder, identity) as provider:
        trusted = Identity(
            provider.url, "colonnade", introspection=Introspection("edge", KEEP_S), legacy_password=True
        )
        session = Session("web", ("openid",), 1800.0, 28800.0)
        publish(folder / "policy.json", document(identity=trusted, session=session))
        edge = {**secrets, "POLICY_FILE": str(folder / "policy.json"), "STORE_URL": store.url}
        with serving("colonnade_edge", folder, edge) as service:
            yield Stack(service, provider)


def basic(username: str, password: str) -> str:
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def test_a_program_passes_with_an_opaque_token(stack: Stack) -> None:
    token = stack.token()

    assert stack.ask(f"Bearer {token}", "machines").headers["x-client-id"] == "billing"
    assert stack.ask(f"bearer {token}").status_code == 200


def test_what_the_provider_revoked_is_refused_when_its_verdict_is_over(stack: Stack) -> None:
    token = stack.token()
    assert stack.ask(f"Bearer {token}").status_code == 200
    httpx.post(f"{stack.identity.url}/revoke", data={"token": token}, auth=("billing", SECRET))
    revoked = time.monotonic()

    wait_until(lambda: stack.ask(f"Bearer {token}").status_code == 401, "the refusal")

    assert time.monotonic() - revoked < 30


def test_a_password_is_taken_in_place_of_a_token(stack: Stack) -> None:
    answer = stack.ask(basic("alice", "alice"))

    assert answer.status_code == 200
    assert answer.headers["x-user-id"] == "alice"
    assert answer.headers["x-user-roles"] == "user"
    assert stack.ask(basic("alice", "alice"), "machines").status_code == 401
    login = next(line for line in stack.edge.logged().splitlines() if '"event":"login"' in line)
    assert '"consumer":"user:alice"' in login
    assert '"address":"10.0.0.9"' in login


@pytest.mark.parametrize("wrong", ["Basic", "Basic !", "Basic YWxpY2U=", "Basic Og==", "Basic //79"])
def test_a_malformed_password_is_refused(stack: Stack, wrong: str) -> None:
    answer = stack.ask(wrong)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="colonnade", charset="UTF-8"'


def test_wrong_passwords_are_bounded_and_lock_nobody_out_who_is_in(stack: Stack) -> None:
    assert stack.ask(basic("bob", "bob")).status_code == 200
    answers = [stack.ask(basic("bob", f"guess-{number}"), address=f"10.9.0.{number}") for number in range(11)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert answers[0].headers["www-authenticate"].startswith("Basic ")
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert stack.ask(basic("bob", "bob")).status_code == 200
    assert stack.ask(basic("alice", "alice")).status_code == 200


def test_neither_passwords_nor_tokens_are_logged(stack: Stack) -> None:
    token = stack.token()
    for authorization in (f"Bearer {token}", basic("alice", "not-her-password")):
        stack.ask(authorization)

    log = stack.edge.logged() + stack.identity.logged()
    for secret in (token, "not-her-password", basic("alice", "not-her-password").split()[1], SECRET):
        assert secret not in log
