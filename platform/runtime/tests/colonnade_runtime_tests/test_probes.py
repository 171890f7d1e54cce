"""What those who run the process are told: alive, ready, and what was counted."""

import asyncio

import msgspec
import pytest
from colonnade_runtime import App, FanOut, Request, declared, get
from colonnade_runtime.errors import UpstreamTimeout
from colonnade_runtime.handler import Handler
from colonnade_runtime.metrics import Series, red
from colonnade_runtime.testing import AppClient, FakeUpstreams


class Thing(msgspec.Struct, frozen=True):
    id: str


@get("shop", "/things/{thing_id}")
async def thing(thing_id: str) -> Thing:
    declared()


async def one(request: Request) -> Thing:
    async with FanOut(request) as fan:
        found = fan.optional("thing", thing(request, request.parameters["id"]), Thing("none"))
    return found.result()


@pytest.fixture
def client() -> AppClient:
    app = App("shop", services=["shop"], caller="user")
    app.get("/things/{id}")(one)
    answers = {f"shop GET /things/{status}": status for status in (404, 503)}
    upstreams = FakeUpstreams({"shop GET /things/1": {"id": "1"}, "shop GET /things/2": {"id": 2}, **answers})
    upstreams.answers["shop GET /things/late"] = UpstreamTimeout("shop", "late")
    return AppClient(app, upstreams, {"x-user-id": "alice"})


def told(client: AppClient) -> dict[str, str]:
    """The metrics by name and labels."""
    text = client.metrics
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


async def test_views_and_calls_are_counted_by_what_became_of_them(client: AppClient) -> None:
    for identifier in ("1", "1", "2", "late", "404"):
        await client.get(f"/things/{identifier}")
    await client.get("/things/1", x_user_id="")
    await client.get("/nowhere/at/all")

    metrics = told(client)

    view, call = 'method="GET",view="/things/{id}"', 'service="shop",call="GET /things/{thing_id}"'
    assert "5" == metrics[f'colonnade_requests_total{{{view},status="200"}}']
    assert "1" == metrics[f'colonnade_requests_total{{{view},status="401"}}']
    assert "1" == metrics['colonnade_requests_total{method="",view="",status="404"}']
    assert "3" == metrics[f'colonnade_requests_degraded_total{{{view},part="thing"}}']
    assert ["2", "1", "1", "1"] == [
        metrics[f'colonnade_calls_total{{{call},outcome="{outcome}"}}']
        for outcome in ("ok", "malformed", "timeout", "status")
    ]
    assert "5" == metrics[f'colonnade_calls_duration_seconds_bucket{{{call},le="+Inf"}}']


async def test_breakers_and_repetitions_show(client: AppClient) -> None:
    for _ in range(4):
        await client.get("/things/503")

    metrics = told(client)

    for state, value in (("closed", "0.0"), ("open", "1.0"), ("half_open", "0.0")):
        assert value == metrics[f'colonnade_breaker_state{{service="shop",state="{state}"}}']
    assert "1" == metrics['colonnade_breaker_opened_total{service="shop"}']
    assert "3" == metrics['colonnade_call_repetitions_total{service="shop"}']
    assert "0" == metrics['colonnade_calls_in_flight{service="shop"}']


async def test_no_label_is_what_a_client_sent(client: AppClient) -> None:
    await client.get("/things/secret-1?q=secret-2", x_request_id="secret-3", x_user_id="secret-4")
    await client.get("/secret-5")

    assert "secret" not in client.metrics


async def test_metrics_are_not_where_the_views_are(client: AppClient) -> None:
    assert 404 == (await client.get("/metrics")).status


@pytest.mark.parametrize("path", ["/healthz", "/livez"])
def test_the_paths_of_probes_are_taken(path: str) -> None:
    with pytest.raises(ValueError, match=path):
        App("shop", services=[]).get(path)(one)


async def test_failing_services_make_nobody_unready(client: AppClient) -> None:
    for _ in range(4):
        await client.get("/things/503")

    assert [200, 200] == [(await client.get(path)).status for path in ("/livez", "/healthz")]


async def test_who_stops_is_alive_and_not_ready(client: AppClient) -> None:
    handler: Handler = client._handler
    handler.probes.stopping = True

    assert (200, 503) == ((await client.get("/livez")).status, (await client.get("/healthz")).status)
    assert 200 == (await client.get("/things/1")).status


def test_a_histogram_is_cumulative() -> None:
    series = Series()
    for seconds in (0.001, 0.005, 0.3, 60.0):
        series.observe("ok", seconds)

    lines = red("calls", "outcome", [({"call": 'a "b"'}, series)])

    assert 'calls_total{call="a \\"b\\"",outcome="ok"} 4' in lines
    counts = [line.rsplit(" ", 1)[1] for line in lines if "_bucket" in line]
    assert ["2", "2", "2", "2", "2", "2", "3", "3", "3", "3", "4"] == counts
    assert any(line.startswith("calls_duration_seconds_sum") and line.endswith(" 60.306") for line in lines)


async def test_a_request_that_is_ended_from_outside_is_not_answered() -> None:
    app = App("shop", services=[])

    async def wait(_request: Request) -> None:
        await asyncio.Event().wait()

    app.get("/")(wait)
    asking = asyncio.create_task(AppClient(app).get("/"))
    await asyncio.sleep(0)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


@get("shop", "/things/{thing_id}")
async def name_of(thing_id: str) -> msgspec.Raw:
    """Another call of the same method and path."""
    declared()


async def test_no_metric_is_told_twice() -> None:
    async def both(request: Request) -> list[object]:
        return [await thing(request, "1"), await name_of(request, "1")]

    app = App("shop", services=["shop"])
    app.get("/both")(both)
    client = AppClient(app, FakeUpstreams({"shop GET /things/1": {"id": "1"}}))
    await client.get("/both")

    lines = [line.rsplit(" ", 1)[0] for line in client.metrics.splitlines() if not line.startswith("#")]
    assert sorted(set(lines)) == sorted(lines)
    call = 'service="shop",call="GET /things/{thing_id}"'
    assert "2" == told(client)[f'colonnade_calls_total{{{call},outcome="ok"}}']
