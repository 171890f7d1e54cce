"""The provider as a process: starts, refusals, restarts, crashes, and what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from identity_service_tests.conftest import CLIENTS, App, claims, start
from service_kit.testing import free_port


def test_a_new_client_works_without_a_restart(tmp_path: Path) -> None:
    with start(tmp_path) as running:
        app = App(running.url, "tv")
        assert app.authorize().status_code == 400

        changed = {"clients": [*CLIENTS["clients"], CLIENTS["clients"][1] | {"client_id": "tv"}]}
        (tmp_path / "new.json").write_text(json.dumps(changed), encoding="utf-8")
        (tmp_path / "new.json").replace(tmp_path / "clients.json")

        assert app.redeem(app.code()).status_code == 200
        app.http.close()


def test_tokens_and_sessions_survive_a_crash(tmp_path: Path) -> None:
    with start(tmp_path) as first:
        app = App(first.url)
        token = app.redeem(app.code()).json()
        first.kill()
    with start(tmp_path) as second:
        app.url = second.url

        claims(second.url, token["access_token"])
        assert app.refresh(token["refresh_token"]).status_code == 200
        assert app.authorize().status_code == 302
    app.http.close()


def test_the_signing_key_is_for_the_owner_only(tmp_path: Path) -> None:
    with start(tmp_path):
        assert (tmp_path / "data" / "signing-key.json").stat().st_mode & 0o777 == 0o600


def test_what_a_crash_leaves_is_as_strict_as_before(tmp_path: Path) -> None:
    with start(tmp_path) as first:
        app = App(first.url)
        code = app.code()
        used = app.redeem(code).json()["refresh_token"]
        alive = app.refresh(used).json()["refresh_token"]
        first.kill()
    with start(tmp_path) as second:
        app.url = second.url

        assert app.redeem(code).json()["error"] == "invalid_grant"
        assert app.refresh(alive).json()["error"] == "invalid_grant", "the replay ended the grant"
    app.http.close()


def test_a_broken_clients_file_leaves_the_known_clients(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with start(tmp_path) as running:
        (tmp_path / "clients.json").write_text('{"clients": [', encoding="utf-8")
        app = App(running.url)

        assert app.redeem(app.code()).status_code == 200
        app.http.close()

    assert 1 == capfd.readouterr().err.count("the clients known so far stay")


def test_nothing_secret_is_logged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with start(tmp_path) as running:
        app = App(running.url)
        code = app.code("bob")
        token = app.redeem(code).json()
        app.refresh(token["refresh_token"])
        app.redeem(code)
        session = app.http.cookies["identity_session"]
        app.http.close()
    said = "".join(capfd.readouterr())

    secrets = [code, app.verifier, session, "s3cret", *(token[k] for k in ("access_token", "refresh_token"))]
    assert [] == [secret for secret in secrets if secret in said]


def refusal(tmp_path: Path, **changed: str | None) -> str:
    """Start the provider, which must refuse to; return what it says."""
    (tmp_path / "clients.json").write_text(json.dumps(CLIENTS), encoding="utf-8")
    settings: dict[str, str | None] = {
        "COLONNADE_ENV": "development",
        "CLIENTS_FILE": str(tmp_path / "clients.json"),
        "DATA_DIR": str(tmp_path / "data"),
        "PORT": str(free_port()),
    }
    environment = {k: v for k, v in (os.environ | settings | changed).items() if v is not None}
    command = [sys.executable, "-m", "identity_service"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2, done.stderr
    assert 1 == len(done.stderr.splitlines()), done.stderr
    return done.stderr


@pytest.mark.parametrize("mode", ["production", None])
def test_outside_development_it_refuses_to_start(tmp_path: Path, mode: str | None) -> None:
    assert "Set COLONNADE_ENV=development" in refusal(tmp_path, COLONNADE_ENV=mode)
    assert not (tmp_path / "data").exists(), "it made no key"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COLONNADE_ENV", "staging"),
        ("CLIENTS_FILE", ""),
        ("CLIENTS_FILE", "/nowhere.json"),
        ("DATA_DIR", "/dev/null"),
        ("ISSUER", "nonsense"),
        ("ACCESS_LIFE", "301"),
        ("ACCESS_LIFE", "soon"),
        ("ISSUER", "http://127.0.0.1:8100/path"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, variable: str, value: str) -> None:
    assert variable in refusal(tmp_path, **{variable: value})


def test_a_broken_key_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "signing-key.json").write_text("{", encoding="utf-8")

    assert "signing-key.json holds no key" in refusal(tmp_path)
