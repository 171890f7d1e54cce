"""A device through the edge: API key, batches, idempotence."""

import itertools
import json
import time
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
import pytest

from telemetry_service.proto import telemetry_pb2 as pb
from telemetry_service.proto.telemetry_pb2_grpc import TelemetryStub
from tests.platform_folder import Stack, bff, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

_sequence = itertools.count(time.time_ns() // 1000)


def reading(**changed: object) -> dict[str, Any]:
    return {
        "seq": next(_sequence),
        "at": "2026-01-01T00:00:00Z",
        "metric": "temperature",
        "value": 21.5,
    } | changed


def test_one_reading_is_accepted(iot: httpx.Client) -> None:
    answer = iot.post("/api/iot/telemetry", json=reading())

    assert (202, {"accepted": 1, "duplicates": 0}) == (answer.status_code, answer.json())


def test_a_batch_sent_twice_is_stored_once(iot: httpx.Client) -> None:
    batch = [reading() for _ in range(1000)]

    first, second = (iot.post("/api/iot/telemetry", json=batch).json() for _ in range(2))

    assert ({"accepted": 1000, "duplicates": 0}, {"accepted": 0, "duplicates": 1000}) == (first, second)


def test_more_than_a_thousand_readings_are_refused(iot: httpx.Client) -> None:
    answer = iot.post("/api/iot/telemetry", json=[reading() for _ in range(1001)])

    assert answer.status_code in {413, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_device_reads_its_configuration(iot: httpx.Client) -> None:
    assert iot.get("/api/iot/config").status_code == 200


def test_a_device_needs_no_bff_for_its_own_readings(iot: httpx.Client, stack: Stack) -> None:
    """By REST, which the proto file of the service describes, and by gRPC, for the key's device only."""
    own, other = (f"/api/telemetry/v1/devices/{name}/readings" for name in ("sensor-1", "sensor-2"))
    sent = reading()
    with grpc.insecure_channel(urlsplit(stack.edge).netloc) as channel:
        asked = pb.ListReadingsRequest(device_id="sensor-1", limit=100)
        key = (("x-api-key", iot.headers["x-api-key"]),)
        stored = iot.post(own, json={"readings": [sent]})
        listed = TelemetryStub(channel).ListReadings(asked, metadata=key)  # type: ignore[no-untyped-call]

    assert (200, {"accepted": 1, "duplicates": 0}) == (stored.status_code, stored.json())
    assert sent["seq"] in [one.seq for one in listed.readings]
    refused = iot.get(other)
    assert (403, "application/problem+json") == (refused.status_code, refused.headers["content-type"])


@pytest.mark.parametrize("key", [None, "", "ck_nope", "ck_00000000_" + "A" * 43, "x" * 5000])
def test_a_wrong_key_is_401(anonymous: httpx.Client, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key}

    answer = anonymous.get("/api/iot/config", headers=headers)

    assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_a_revoked_key_is_refused(stack: Stack) -> None:
    key = stack.key("sensor-2")
    headers = {"X-API-Key": key}
    with stack.client() as client:
        assert client.get("/api/iot/config", headers=headers).status_code == 200

        bff(stack.folder, "key", "revoke", key.split("_")[1])

        assert client.get("/api/iot/config", headers=headers).status_code == 401


def test_a_rotated_key_and_its_successor_are_both_good(stack: Stack) -> None:
    old = stack.key("sensor-4")
    old_id = old.split("_")[1]

    new = bff(stack.folder, "key", "rotate", old_id, "--grace", "1h").stdout.strip()

    with stack.client() as client:
        statuses = [
            client.get("/api/iot/config", headers={"X-API-Key": key}).status_code for key in (old, new)
        ]
    assert statuses == [200, 200]
    assert f"replaced by {new.split('_')[1]}" in bff(stack.folder, "key", "list").stdout


def test_when_a_key_was_last_used_is_shown(stack: Stack) -> None:
    key = stack.key("sensor-5")
    with stack.client() as client:
        client.get("/api/iot/config", headers={"X-API-Key": key})

    def shown() -> bool:
        keys = json.loads(bff(stack.folder, "key", "list", "--json").stdout)["items"]
        return any(one["id"] == key.split("_")[1] and one["last_used_at"] for one in keys)

    assert eventually(shown)


def test_malformed_json_is_told(iot: httpx.Client) -> None:
    answer = iot.post(
        "/api/iot/telemetry", content=b'{"seq": 1,', headers={"content-type": "application/json"}
    )

    assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_a_wrong_type_names_its_field(iot: httpx.Client) -> None:
    answer = iot.post("/api/iot/telemetry", json=reading(value="warm"))

    assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "value" in answer.text
