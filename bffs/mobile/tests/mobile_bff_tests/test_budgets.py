"""What each view costs with the seeded services, whose answers are recorded."""

from pathlib import Path

from colonnade_runtime.testing import AppClient, Recorded, check_budgets

from mobile_bff.app import app

HERE = Path(__file__).parent
BFF_YAML = HERE.parents[1] / "bff.yaml"


async def test_every_view_keeps_its_budget() -> None:
    client = AppClient(app, Recorded(HERE / "recorded.json"), {"x-user-id": "alice"})

    await check_budgets(
        client,
        BFF_YAML,
        {
            "GET /home": None,
            "GET /products?limit=20": None,
            "GET /products/p-0001": None,
            "GET /orders?limit=20": None,
            "POST /orders": {"items": [{"product_id": "p-0001", "quantity": 2}]},
        },
    )
