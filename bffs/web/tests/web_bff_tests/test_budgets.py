"""What each view costs with the seeded services, whose answers are recorded."""

from pathlib import Path

from colonnade_runtime.testing import AppClient, Recorded, check_budgets

from web_bff.app import app

HERE = Path(__file__).parent
BFF_YAML = HERE.parents[1] / "bff.yaml"
QUERY = """{ me { orders(first: 5) { id status items { quantity product { name } } } }
  products(first: 5) { edges { cursor node { name } } } }"""


async def test_every_view_keeps_its_budget() -> None:
    client = AppClient(app, Recorded(HERE / "recorded.json"), {"x-user-id": "alice"})

    await check_budgets(
        client,
        BFF_YAML,
        {"GET /home": None, "GET /orders/o-04900/events": None, "POST /graphql": {"query": QUERY}},
    )
