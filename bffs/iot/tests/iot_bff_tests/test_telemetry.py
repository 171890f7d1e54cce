from typing import Any

import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

from iot_bff.app import app

RECEIPT = {"accepted": 1, "duplicates": 0}


def device(answer: Any = RECEIPT) -> AppClient:  # noqa: ANN401 - whatever the service answers
    return AppClient(app, FakeUpstreams({"telemetry POST /readings": answer}), {"x-device-id": "sensor-1"})


def reading(**changed: object) -> dict[str, object]:
    return {"seq": 1, "at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1.5, **changed}


@pytest.mark.parametrize("body", [reading(), [reading()]])
async def test_one_reading_or_a_list_is_stored_for_the_device_that_asks(body: object) -> None:
    client = device()

    answer = await client.post("/telemetry", body)

    assert (202, RECEIPT) == (answer.status, answer.json())
    assert b'"device_id":"sensor-1"' in (client.upstreams.calls[0].body or b"")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (reading(value="warm"), "value"),
        (reading(seq=-1), "seq"),
        (reading(seq=2**63), "<= 9223372036854775807"),
        (reading(at="yesterday"), "at"),
        (reading(more=1), "more"),
        ([], "length"),
        ([reading()] * 1_001, "length"),
    ],
)
async def test_what_is_wrong_is_named(body: object, named: str) -> None:
    answer = await device().post("/telemetry", body)

    assert answer.status == 422
    assert named in answer.json()["detail"]


async def test_a_device_that_the_edge_did_not_name_is_refused() -> None:
    answer = await AppClient(app).post("/telemetry", reading())

    assert answer.status == 401


async def test_what_the_service_refuses_is_not_sent_again() -> None:
    assert 422 == (await device(422).post("/telemetry", reading(at="0001-01-01T00:00:00+14:00"))).status


async def test_a_failing_service_is_told_so_that_the_device_sends_again() -> None:
    answer = await device(503).post("/telemetry", reading())

    assert answer.status == 502


async def test_readings_are_stored_or_refused_whatever_fails() -> None:
    assert 4 == await check_degradation(device(), "/telemetry", method="POST", json=reading())
