"""`bff token` and `bff key`: against the real identity provider, and a console that refuses."""

import base64
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from colonnade.errors import UserError, WorkError
from colonnade.local.admin import call
from colonnade.local.layout import Layout, make_secret
from colonnade.local.login import log_in
from colonnade.local.ports import ANY, allot
from colonnade.local.state import only_one, write_text
from colonnade.policy import identity_clients
from colonnade_tests.local.fakes import eventually
from colonnade_tests.local.platforms import small_platform
from colonnade_tests.local.test_state import STATE


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """A stack that consists of the identity provider."""
    root = tmp_path_factory.mktemp("shop")
    layout = Layout(root)
    platform = small_platform(root)
    layout.make()
    port = allot({"identity": ANY})["identity"]
    issuer = f"http://127.0.0.1:{port}"
    write_text(layout.clients_file, json.dumps(identity_clients(platform, ["http://127.0.0.1:8080"])))
    env = {
        "PORT": str(port),
        "COLONNADE_ENV": "development",
        "ISSUER": issuer,
        "CLIENTS_FILE": str(layout.clients_file),
        "DATA_DIR": str(layout.data("identity")),
        "SESSION_CLIENT_SECRET": "a-secret-of-the-edge",
        "MACHINE_CLIENT_SECRET": make_secret(layout.machine_secret_file),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-P", "-m", "identity_service"]
    with subprocess.Popen(command, env=os.environ | env) as process, only_one(layout):
        try:
            eventually(lambda: _is_up(issuer))
            write_text(layout.state_file, replace(STATE, identity=issuer).to_json())
            yield layout
        finally:
            process.terminate()


def _is_up(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_alice_gets_a_token_of_the_mobile_app(layout: Layout) -> None:
    answer = log_in(layout, "mobile", "alice", [])

    assert answer["token_type"] == "Bearer"
    assert answer["access_token"].count(".") == 2
    assert "openid" in answer["scope"].split()


def test_a_scope_can_be_asked_for(layout: Layout) -> None:
    assert log_in(layout, "mobile", "bob", ["openid"])["scope"] == "openid"


def test_a_program_gets_a_token_for_itself(layout: Layout) -> None:
    answer = log_in(layout, "machine", "alice", [])

    payload = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["sub"], claims["client_id"]) == ("machine", "machine")
    assert "refresh_token" not in answer


def test_a_scope_that_the_program_may_not_have_is_refused(layout: Layout) -> None:
    with pytest.raises(UserError, match="invalid_scope"):
        log_in(layout, "machine", "alice", ["everything"])


def test_an_unknown_user_is_refused_with_those_there_are(layout: Layout) -> None:
    with pytest.raises(UserError, match="'eve' cannot log in") as raised:
        log_in(layout, "mobile", "eve", [])

    assert "alice and bob" in raised.value.hint


def test_an_unknown_app_is_refused_with_those_there_are(layout: Layout) -> None:
    with pytest.raises(UserError, match="no app called 'web'") as raised:
        log_in(layout, "web", "alice", [])

    assert raised.value.hint == "valid here: machine, mobile"


def test_a_scope_that_the_app_may_not_have_is_refused(layout: Layout) -> None:
    with pytest.raises(UserError, match="invalid_scope"):
        log_in(layout, "mobile", "alice", ["everything"])


@pytest.fixture
def console(tmp_path: Path) -> Iterator[tuple[Layout, dict[str, Any]]]:
    """A stack whose console answers what the test says, and remembers the token that it was sent."""
    told: dict[str, Any] = {"status": 200, "body": b'{"items": []}'}

    class Console(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told["token"] = self.headers["authorization"]
            self.send_response(told["status"])
            self.send_header("content-length", str(len(told["body"])))
            self.end_headers()
            self.wfile.write(told["body"])

        def log_message(self, *_: object) -> None:
            pass

    layout = Layout(tmp_path)
    layout.make()
    make_secret(layout.admin_token_file)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Console) as server, only_one(layout):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        write_text(layout.state_file, replace(STATE, console=url).to_json())
        yield layout, told
        server.shutdown()
        thread.join()


def test_the_console_is_called_with_the_admin_token(console: tuple[Layout, dict[str, Any]]) -> None:
    layout, told = console

    assert call(layout, "GET", "/admin/keys") == {"items": []}
    assert told["token"] == f"Bearer {layout.admin_token_file.read_text().strip()}"


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, b'{"title": "Not Found", "detail": "there is no key x"}', UserError, "there is no key x"),
        (401, b"{}", WorkError, "HTTP 401"),
        (503, b'{"title": "Service Unavailable"}', WorkError, "Service Unavailable"),
        (500, b"<html>", WorkError, "HTTP 500"),
    ],
)
def test_a_refusal_is_told_with_its_reason(
    console: tuple[Layout, dict[str, Any]], status: int, body: bytes, kind: type[Exception], reason: str
) -> None:
    layout, told = console
    told |= {"status": status, "body": body}

    with pytest.raises(kind, match=reason):
        call(layout, "GET", "/admin/keys")


def test_a_console_that_does_not_answer_is_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.make()
    make_secret(layout.admin_token_file)
    port = allot({"console": ANY})["console"]
    with only_one(layout):
        write_text(layout.state_file, replace(STATE, console=f"http://127.0.0.1:{port}").to_json())

        with pytest.raises(WorkError, match="does not answer"):
            call(layout, "GET", "/admin/keys")
