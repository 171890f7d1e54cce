"""What happens reaches those who look on through the edge: order status a browser, commands a device."""

import json
import os
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.platform_folder import Stack, bff, eventually
from tests.websocket import Client, Refused, connected

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

ORDER, BOBS = "o-00300", "o-05450"
"""One so old that no list of another test shows it."""
EVENTS = f"/api/web/orders/{ORDER}/events"
DONE = {"type": "ack", "outcome": "done"}


def events(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """The events of a stream, as they come."""
    event: dict[str, str] = {}
    for line in answer.iter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
        elif not line:
            if "data" in event:
                yield event
            event = {}


def move(stack: Stack, status: str) -> None:
    answer = httpx.put(f"{stack.url('order')}/orders/{ORDER}/status", json={"status": status})
    assert answer.is_success


def test_an_order_is_followed_live_and_again_after_a_break(stack: Stack, web: httpx.Client) -> None:
    with web.stream("GET", EVENTS) as answer:
        assert (200, "text/event-stream") == (answer.status_code, answer.headers["content-type"])
        live = events(answer)
        assert ("1", "status", '"pending"') == step(next(live))
        move(stack, "paid")
        assert ("2", "status", '"paid"') == step(next(live))
    move(stack, "shipped")
    with web.stream("GET", EVENTS, headers={"Last-Event-ID": "2"}) as answer:
        live = events(answer)
        assert ("3", "status", '"shipped"') == step(next(live))
        move(stack, "delivered")
        assert [("4", "status", '"delivered"')] == [step(one) for one in live]

    assert 204 == web.get(EVENTS, headers={"Last-Event-ID": "4"}).status_code


def step(event: dict[str, str]) -> tuple[str, str, str]:
    return event["id"], event["event"], event["data"].partition(":")[2].partition(",")[0]


def test_only_who_placed_an_order_may_follow_it(web: httpx.Client, anonymous: httpx.Client) -> None:
    assert 404 == web.get(f"/api/web/orders/{BOBS}/events").status_code
    assert 401 == anonymous.get(EVENTS).status_code


def give(stack: Stack) -> int:
    url = f"{stack.url('device')}/devices/sensor-1/commands"
    return int(httpx.post(url, json={"name": "restart", "arguments": {"delay": "5s"}}).json()["id"])


def waiting(stack: Stack) -> list[int]:
    items = httpx.get(f"{stack.url('device')}/devices/sensor-1/commands").json()["items"]
    return [one["id"] for one in items]


async def told(socket: Client) -> int:
    """The id of the command that comes next."""
    message = await socket.receive()
    assert ("command", "restart", {"delay": "5s"}) == (message["type"], message["name"], message["arguments"])
    return int(message["id"])


async def test_a_command_reaches_its_device_and_is_sent_until_acknowledged(
    stack: Stack, device_key: str
) -> None:
    urls = [f"{edge}/api/iot/commands" for edge in stack.told["edges"]]
    key = {"X-API-Key": device_key}
    first = give(stack)
    async with connected(urls[0], key) as socket:
        assert first == await told(socket)
        second = give(stack)
        assert second == await told(socket)
        await socket.send(DONE | {"id": first})
        assert {"type": "acknowledged", "id": first} == await socket.receive()
        assert [second] == waiting(stack)
        socket.drop()
    third = give(stack)
    async with connected(urls[1], key) as socket:
        assert [second, third] == [await told(socket), await told(socket)]
        os.kill(stack.pid("iot"), signal.SIGKILL)
        await socket.ended()
    # The edge has to see that it is well again.
    eventually(lambda: httpx.get(urls[0].replace("commands", "config"), headers=key).is_success)
    async with connected(urls[0], key) as socket:
        assert [second, third] == [await told(socket), await told(socket)]
        for one in (second, third):
            await socket.send(DONE | {"id": one})
            assert {"type": "acknowledged", "id": one} == await socket.receive()

    assert [] == waiting(stack)


async def test_who_is_no_device_gets_no_commands(stack: Stack) -> None:
    for headers in ({}, {"X-Device-ID": "sensor-1"}, {"X-API-Key": "wrong"}):
        with pytest.raises(Refused) as refused:
            async with connected(f"{stack.edge}/api/iot/commands", headers):
                pass
        assert 401 == refused.value.status


async def test_a_revoked_key_ends_the_channel(stack: Stack) -> None:
    told = json.loads(bff(stack.folder, "key", "create", "--device", "sensor-2", "--json").stdout)
    async with connected(f"{stack.edge}/api/iot/commands", {"X-API-Key": told["key"]}) as socket:
        await socket.send({"type": "ping"})
        assert {"type": "pong"} == await socket.receive()
        bff(stack.folder, "key", "revoke", told["id"])

        assert await socket.ended() is None
