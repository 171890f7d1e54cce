"""The identity provider away, the store restarted: who is logged in stays logged in."""

import os
import signal

import httpx
import pytest

from tests.platform_folder import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_a_provider_that_is_away_stops_new_logins_only(stack: Stack, web: httpx.Client) -> None:
    provider = stack.pid("identity")
    os.kill(provider, signal.SIGSTOP)
    try:
        refused = httpx.get(f"{stack.edge}/auth/login", timeout=20)

        assert web.get("/api/web/home").status_code == 200
        assert web.get("/auth/session").status_code == 200
        assert refused.status_code == 502
        assert refused.json()["type"] == "urn:colonnade:problem:identity-provider-failed"
        assert web.post("/auth/logout").json()["logged_out"] is True
    finally:
        os.kill(provider, signal.SIGCONT)
    eventually(lambda: httpx.get(f"{stack.edge}/auth/login", timeout=20).status_code == 302)


def test_a_store_that_is_killed_forgets_no_session(stack: Stack, web: httpx.Client) -> None:
    before = web.get("/auth/session").json()
    killed = stack.pid("valkey")
    os.kill(killed, signal.SIGKILL)

    eventually(lambda: stack.processes()["valkey"]["pid"] not in {killed, None})
    eventually(lambda: web.get("/auth/session").status_code == 200, within=20)
    eventually(lambda: web.get("/api/web/home").status_code == 200, within=20)

    assert web.get("/auth/session").json()["authenticated_at"] == before["authenticated_at"]
