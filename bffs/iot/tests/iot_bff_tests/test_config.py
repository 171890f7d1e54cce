from typing import Any

from colonnade_runtime.testing import AppClient, FakeUpstreams, check_degradation

from iot_bff.app import app

FULL: dict[str, Any] = {
    "device_id": "sensor-1",
    "version": 3,
    "reporting_interval_s": 30,
    "metrics": ["co2"],
    "thresholds": {"co2": {"low": 5.0, "high": 60.0}},
    "firmware": {"version": "2.0.0", "url": "https://example.com", "sha256": "0" * 64},
}


async def test_a_device_gets_its_configuration_and_nothing_else() -> None:
    upstreams = FakeUpstreams({"device GET /devices/sensor-1/config": FULL})

    answer = await AppClient(app, upstreams).get("/config", x_device_id="sensor-1")

    assert answer.status == 200
    assert answer.json() == {name: FULL[name] for name in FULL if name not in {"device_id", "firmware"}}


async def test_a_device_that_nobody_knows_is_told() -> None:
    answer = await AppClient(app).get("/config", x_device_id="sensor-0")

    assert answer.status == 404


async def test_a_configuration_is_there_or_a_problem() -> None:
    upstreams = FakeUpstreams({"device GET /devices/sensor-1/config": FULL})

    assert 4 == await check_degradation(AppClient(app, upstreams, {"x-device-id": "sensor-1"}), "/config")
