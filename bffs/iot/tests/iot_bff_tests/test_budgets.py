"""What each view costs with the seeded services, whose answers are recorded."""

from pathlib import Path

from colonnade_runtime.testing import AppClient, Recorded, check_budgets

from iot_bff.app import app

HERE = Path(__file__).parent
BFF_YAML = HERE.parents[1] / "bff.yaml"
READINGS = [{"seq": seq, "at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1.5} for seq in range(1_000)]


async def test_every_view_keeps_its_budget() -> None:
    client = AppClient(app, Recorded(HERE / "recorded.json"), {"x-device-id": "sensor-1"})

    await check_budgets(client, BFF_YAML, {"GET /config": None, "POST /telemetry": READINGS})
