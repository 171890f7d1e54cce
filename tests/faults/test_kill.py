"""Whatever dies is back within seconds, and what can go on without it goes on."""

import os
import signal

import httpx
import pytest

from tests.platform_folder import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

PROCESSES = (
    "valkey", "user", "product", "order", "device", "telemetry", "identity", "console",
    "policy", "policy-2", "web", "mobile", "iot", "envoy", "envoy-2", "balancer",
)  # fmt: skip


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_is_followed_by_recovery(
    stack: Stack, name: str, mobile_token: str, device_key: str
) -> None:
    killed = stack.pid(name)

    os.kill(killed, signal.SIGKILL)

    eventually(lambda: stack.processes()[name]["pid"] not in {killed, None})
    eventually(lambda: _serves(stack, mobile_token, device_key), within=20)


def _serves(stack: Stack, token: str, key: str) -> bool:
    """Whether a mobile user and a device both get an answer that needs every process behind it."""
    with httpx.Client(base_url=stack.edge, timeout=5) as client:
        home = client.get("/api/mobile/home", headers={"Authorization": f"Bearer {token}"})
        config = client.get("/api/iot/config", headers={"X-API-Key": key})
    allowed = {200, 429}  # the limit is no fault
    return home.status_code in allowed and config.status_code in allowed and not _degraded(home)


def _degraded(home: httpx.Response) -> bool:
    return home.status_code == 200 and bool(home.json().get("degraded"))
