"""The provider is away: whoever has a token is served, by a policy service that starts meanwhile too."""

import time
from pathlib import Path

import httpx

from colonnade_edge_tests.auth.provider import scripted_provider
from colonnade_edge_tests.documents import document, publish, question
from colonnade_edge_tests.processes import Valkey, serving
from colonnade_policy import Identity


def ask(url: str, token: str) -> httpx.Response:
    return httpx.get(
        f"{url}/check/", headers=question("grouped", authorization=f"Bearer {token}"), timeout=10
    )


def test_neither_an_outage_nor_a_restart_during_one_refuses_anybody(store: Valkey, tmp_path: Path) -> None:
    environment = {"POLICY_FILE": str(tmp_path / "policy.json"), "STORE_URL": store.url}
    with scripted_provider() as provider:
        publish(tmp_path / "policy.json", document(identity=Identity(provider.issuer, "colonnade")))
        token = provider.sign(
            {
                "iss": provider.issuer,
                "aud": "colonnade",
                "sub": "alice",
                "roles": ["admin"],
                "exp": time.time() + 60,
            }
        )
        with serving("colonnade_edge", tmp_path, environment) as running:
            assert ask(running.url, token).status_code == 200

    with serving("colonnade_edge", tmp_path, environment) as restarted:
        answer = ask(restarted.url, token)
        keys = httpx.get(f"{restarted.url}/jwks", timeout=10)

        assert (answer.status_code, answer.headers["x-user-id"]) == (200, "alice")
        assert [key["kid"] for key in keys.json()["keys"]] == ["one"]
