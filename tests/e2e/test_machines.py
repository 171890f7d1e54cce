"""Programs, opaque tokens, legacy consumers and passwords, through the running edge."""

import os
import signal
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.attacks.echo import PARTNER_SECRET, add_echo
from tests.platform_folder import Stack, bff, eventually, keep, make_platform

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("machines")]

ROUTES = """\
  - {name: machines, path: /machines, auth: {type: client_credentials}}
  - {name: ingest, path: /ingest, auth: {type: client_credentials, scopes: ["partner:read"]}}
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = make_platform(tmp_path_factory.mktemp("machines") / "shop")
    keep(folder)
    add_echo(folder)
    _edit(folder / "colonnade.yaml", "identity:\n", "identity:\n  legacy_password: true\n")
    _edit(folder / "bffs/echo/bff.yaml", "routes:\n", f"routes:\n{ROUTES}")
    stack = Stack(folder).up()
    yield stack
    stack.down()


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def edge(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def signed(**claims: object) -> str:
    usual = {"iss": "https://partner.example", "aud": "colonnade", "exp": int(time.time()) + 60}
    return jwt.encode({"alg": "HS256"}, usual | claims, OctKey.import_key(PARTNER_SECRET))


def ask(edge: httpx.Client, path: str, authorization: str) -> httpx.Response:
    headers = {"Authorization": authorization, "X-Client-ID": "forged", "X-User-ID": "forged"}
    return edge.get(f"/api/echo{path}", headers=headers)


def told(answer: httpx.Response) -> dict[str, Any]:
    """What the BFF was told of the sender, and whether a credential went with it."""
    assert answer.status_code == 200, answer.text
    names = ("x-client-id", "x-user-id", "authorization", "x-colonnade-jwt")
    return {name: value for name, value in answer.json()["headers"] if name in names}


def test_programs_come_in_by_each_kind_of_token(stack: Stack, edge: httpx.Client) -> None:
    for client in ("machine", "machine-opaque"):
        token = stack.token(client)
        assert told(ask(edge, "/machines", f"Bearer {token}")) == {"x-client-id": client}
        assert told(ask(edge, "/ingest", f"Bearer {token}")) == {"x-client-id": client}
        assert told(ask(edge, "/any", f"Bearer {token}")) == {"x-client-id": client}
    consumer = signed(sub="alice", client_id="machine")
    assert told(ask(edge, "/ingest", f"Bearer {consumer}")) == {"x-client-id": "partner"}


def test_a_route_that_envoy_decides_alone_takes_them_too(stack: Stack, edge: httpx.Client) -> None:
    opaque = stack.token("machine-opaque")

    assert told(ask(edge, "/alone", f"Bearer {opaque}")) == {"x-client-id": "machine-opaque"}
    assert told(ask(edge, "/alone", f"Bearer {signed()}")) == {"x-client-id": "partner"}
    assert ask(edge, "/alone", f"Bearer {signed(aud='shop')}").status_code == 401


def test_a_person_does_not_come_in_where_programs_do(stack: Stack, edge: httpx.Client) -> None:
    token = stack.token("echo", "alice")

    assert told(ask(edge, "/any", f"Bearer {token}")) == {"x-client-id": "echo", "x-user-id": "alice"}
    answer = ask(edge, "/machines", f"Bearer {token}")
    assert (answer.status_code, answer.json()["title"]) == (403, "Programs only")


def test_what_no_judge_takes_is_refused(edge: httpx.Client) -> None:
    for token in (signed(exp=int(time.time()) - 1), signed(aud="shop"), signed(iss="https://else.example")):
        answer = ask(edge, "/machines", f"Bearer {token}")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith(
            'Bearer realm="colonnade", error="invalid_token"'
        )
    assert ask(edge, "/machines", "Bearer invented").status_code == 401
    assert ask(edge, "/machines", "").headers["www-authenticate"] == 'Bearer realm="colonnade"'


def test_a_password_does_in_place_of_a_token(edge: httpx.Client) -> None:
    def basic(password: str) -> str:
        return f"Basic {b64encode(f'alice:{password}'.encode()).decode()}"

    assert told(ask(edge, "/any", basic("alice"))) == {"x-client-id": "web", "x-user-id": "alice"}
    refused = ask(edge, "/any", basic("wrong"))
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert ask(edge, "/machines", basic("alice")).status_code == 401


def test_an_opaque_token_is_revoked_within_a_second(stack: Stack, edge: httpx.Client) -> None:
    token = stack.token("machine-opaque")
    assert ask(edge, "/machines", f"Bearer {token}").status_code == 200
    file = stack.folder / "token"
    file.write_text(token, encoding="utf-8")
    bff(stack.folder, "revoke", "--token", f"@{file}")
    ordered = time.monotonic()

    eventually(lambda: ask(edge, "/machines", f"Bearer {token}").status_code == 401)

    assert time.monotonic() - ordered < 5


def test_a_provider_that_hangs_costs_only_those_whom_the_edge_does_not_know(
    stack: Stack, edge: httpx.Client
) -> None:
    known, unknown = stack.token("machine-opaque"), stack.token("machine-opaque")
    assert ask(edge, "/machines", f"Bearer {known}").status_code == 200
    os.kill(stack.pid("identity"), signal.SIGSTOP)
    try:
        refused = ask(edge, "/machines", f"Bearer {unknown}")
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert ask(edge, "/machines", f"Bearer {known}").status_code == 200
        assert ask(edge, "/machines", f"Bearer {signed()}").status_code == 200
    finally:
        os.kill(stack.pid("identity"), signal.SIGCONT)

    eventually(lambda: ask(edge, "/machines", f"Bearer {unknown}").status_code == 200)


def test_the_shared_secret_is_nowhere_but_in_its_file_and_one_environment(stack: Stack) -> None:
    for file in (stack.folder / ".colonnade").rglob("*"):
        if file.is_file() and not file.is_socket():
            assert PARTNER_SECRET.encode() not in file.read_bytes(), file
    for process in stack.processes().values():
        folder = Path(f"/proc/{process['pid']}")
        assert PARTNER_SECRET.encode() not in (folder / "cmdline").read_bytes()
    knowing = {
        name
        for name, process in stack.processes().items()
        if PARTNER_SECRET.encode() in Path(f"/proc/{process['pid']}/environ").read_bytes()
    }
    assert knowing == {"policy"}
