"""Placing an order: for who asks, and once for each key."""

import json

import pytest
from colonnade_runtime.errors import UpstreamUnreachable
from colonnade_runtime.testing import AppClient, FakeUpstreams

WISH = {"items": [{"product_id": "p-0001", "quantity": 2}]}


async def test_an_order_is_placed_for_the_user_who_asks(client: AppClient, upstreams: FakeUpstreams) -> None:
    answer = await client.post("/orders", {**WISH, "user_id": "bob"}, idempotency_key="k-1")

    (call,) = upstreams.calls
    assert (201, "o-3", 3) == (answer.status, answer.json()["id"], answer.json()["items"])
    assert {"user_id": "alice", **WISH} == json.loads(call.body or b"")
    assert "alice:k-1" == call.headers["idempotency-key"]


@pytest.mark.parametrize(("headers", "calls"), [({"idempotency_key": "k-1"}, 2), ({}, 1)])
async def test_an_order_without_an_answer_is_placed_again_with_its_key_only(
    client: AppClient, upstreams: FakeUpstreams, headers: dict[str, str], calls: int
) -> None:
    upstreams.answers["order POST /orders"] = UpstreamUnreachable("order", "reset")

    assert 503 == (await client.post("/orders", WISH, **headers)).status
    assert calls == len(upstreams.calls)


@pytest.mark.parametrize("status", [409, 422])
async def test_what_the_service_refuses_is_the_clients_doing(
    client: AppClient, upstreams: FakeUpstreams, status: int
) -> None:
    upstreams.answers["order POST /orders"] = status

    assert status == (await client.post("/orders", WISH, idempotency_key="k-1")).status
