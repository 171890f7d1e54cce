"""What the provider does for clients that keep to the rules."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from identity_service_tests.conftest import CLIENTS, App, start
from service_kit.testing import Process


def claims(provider_url: str, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    keys = KeySet.import_key_set(httpx.get(f"{provider_url}/.well-known/jwks.json").json())
    decoded = jwt.decode(token, keys, ["RS256"])
    return dict(decoded.header), dict(decoded.claims)


def test_discovery_names_the_endpoints(provider: Process) -> None:
    for path in ("openid-configuration", "oauth-authorization-server"):
        document = httpx.get(f"{provider.url}/.well-known/{path}").json()

        assert document["issuer"] == "http://issuer.test"
        assert document["code_challenge_methods_supported"] == ["S256"]


def test_a_public_client_logs_a_user_in(provider: Process, mobile: App) -> None:
    answer = mobile.redeem(mobile.code())

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    header, access = claims(provider.url, answer.json()["access_token"])
    _, identity = claims(provider.url, answer.json()["id_token"])
    assert header["typ"] == "at+jwt"
    assert ("alice", "colonnade", "mobile", ["user"]) == tuple(
        access[k] for k in ("sub", "aud", "client_id", "roles")
    )
    assert ("alice", ["mobile"], "n-1") == tuple(identity[k] for k in ("sub", "aud", "nonce"))
    assert access["exp"] - access["iat"] == 300


def test_userinfo_answers_to_the_access_token(mobile: App) -> None:
    token = mobile.redeem(mobile.code("bob")).json()["access_token"]

    answer = mobile.http.get(f"{mobile.url}/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert answer.json()["email"] == "bob@example.com"
    assert mobile.http.get(f"{mobile.url}/userinfo").status_code == 401


def test_a_refresh_token_gives_a_new_pair(mobile: App) -> None:
    first = mobile.redeem(mobile.code()).json()

    second = mobile.refresh(first["refresh_token"])

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


def test_a_machine_gets_a_token_of_its_own(provider: Process) -> None:
    answer = httpx.post(
        f"{provider.url}/token", data={"grant_type": "client_credentials"}, auth=("machine", "s3cret")
    )

    _, access = claims(provider.url, answer.json()["access_token"])
    assert ("machine", "orders:read") == (access["sub"], access["scope"])
    assert "refresh_token" not in answer.json()


def test_introspection_follows_revocation(provider: Process, web: App) -> None:
    token = web.redeem(web.code()).json()
    auth = ("web", "s3cret")

    def active(text: str) -> bool:
        answer = httpx.post(f"{provider.url}/introspect", data={"token": text}, auth=auth)
        return bool(answer.json()["active"])

    assert active(token["access_token"])
    assert active(token["refresh_token"])
    assert httpx.post(f"{provider.url}/revoke", data={"token": token["refresh_token"]}, auth=auth).is_success
    assert not active(token["access_token"])
    assert not active(token["refresh_token"])
    assert not active("nonsense")


def test_a_second_login_is_silent_unless_asked_for(mobile: App) -> None:
    mobile.code()

    assert mobile.authorize().status_code == 302
    assert mobile.authorize(prompt="login").status_code == 200


def test_prompt_none_without_a_login_goes_back_with_an_error(mobile: App) -> None:
    answer = mobile.authorize(prompt="none")

    assert answer.status_code == 302
    assert "error=login_required" in answer.headers["location"]
    assert "state=xyz" in answer.headers["location"]


def test_logging_out_ends_the_session_and_its_grants(web: App) -> None:
    token = web.redeem(web.code()).json()

    answer = web.http.get(
        f"{web.url}/end_session",
        params={"id_token_hint": token["id_token"], "post_logout_redirect_uri": "http://127.0.0.1:7777/"},
    )

    assert (303, "http://127.0.0.1:7777/") == (answer.status_code, answer.headers["location"])
    assert web.authorize().status_code == 200
    assert web.refresh(token["refresh_token"]).status_code == 400


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


@pytest.mark.parametrize("mode", ["production", ""])
def test_outside_development_it_refuses_to_start(tmp_path: Path, mode: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "identity_service"],
        env={"COLONNADE_ENV": mode, "PORT": "1", "DATA_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
