"""The command channel."""

from typing import Any

import msgspec
import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams, Refused
from colonnade_runtime.upstream import Call

from iot_bff.app import app


class Service:
    """The device service: commands that wait, and what has become of others."""

    def __init__(self, *waiting: int) -> None:
        self.waiting = [*waiting]
        self.outcomes: dict[int, str] = {}
        self.position = 0
        self.upstreams = FakeUpstreams(
            {
                "device GET /devices/sensor-1/commands": self.list_waiting,
                "device GET /command-changes": self.changes,
            }
        )
        for number in waiting:
            self._take(number)

    @property
    def device(self) -> AppClient:
        return AppClient(app, self.upstreams, {"x-device-id": "sensor-1"})

    def give(self, number: int) -> None:
        self._take(number)
        self.waiting.append(number)
        self.position += 1

    def _take(self, number: int) -> None:
        key = f"device PUT /devices/sensor-1/commands/{number}/outcome"
        self.upstreams.answers[key] = lambda call: self.note(number, call)

    def list_waiting(self, call: Call) -> dict[str, Any]:
        after = int(call.target.partition("after=")[2])
        return {"items": [command(one) for one in self.waiting if one > after]}

    def changes(self, call: Call) -> dict[str, Any]:
        told = call.target.partition("after=")[2].split("&")[0]
        after = int(told) if told else self.position
        return {"ids": ["sensor-1"] if self.position > after else [], "next": self.position}

    def note(self, number: int, call: Call) -> dict[str, Any]:
        self.outcomes[number] = msgspec.json.decode(call.body or b"")["outcome"]
        self.waiting = [one for one in self.waiting if one != number]
        return {"id": number}


def command(number: int) -> dict[str, Any]:
    return {"id": number, "name": "restart", "arguments": {"delay": "5s"}}


def told(number: int) -> dict[str, Any]:
    return {"type": "command"} | command(number)


async def test_a_device_is_told_what_waits_and_what_comes() -> None:
    service = Service(1, 2)
    async with service.device.websocket("/commands") as socket:
        assert [told(1), told(2)] == [await socket.receive() for _ in range(2)]
        service.give(3)
        assert told(3) == await socket.receive()


async def test_what_a_device_acknowledges_is_noted_before_it_is_told_so() -> None:
    service = Service(1)
    async with service.device.websocket("/commands") as socket:
        await socket.receive()
        await socket.send({"type": "ack", "id": 1, "outcome": "failed"})
        assert {"type": "acknowledged", "id": 1} == await socket.receive()
        assert {1: "failed"} == service.outcomes


async def test_what_was_not_acknowledged_is_sent_again() -> None:
    service = Service(1, 2)
    async with service.device.websocket("/commands") as socket:
        await socket.send({"type": "ack", "id": 2, "outcome": "done"})
        while await socket.receive() != {"type": "acknowledged", "id": 2}:
            pass

    async with service.device.websocket("/commands") as socket:
        assert told(1) == await socket.receive()
        service.give(3)
        assert told(3) == await socket.receive()


async def test_an_acknowledgement_that_cannot_be_noted_is_not_confirmed() -> None:
    service = Service(1)
    service.upstreams.answers["device PUT /devices/sensor-1/commands/1/outcome"] = 500
    async with service.device.websocket("/commands") as socket:
        await socket.receive()
        await socket.send({"type": "ack", "id": 1, "outcome": "done"})
        with pytest.raises(EOFError):
            await socket.receive()

    assert socket.closing is not None
    assert 1013 == socket.closing["code"]
    async with service.device.websocket("/commands") as socket:
        assert told(1) == await socket.receive()


async def test_a_wrong_acknowledgement_is_named() -> None:
    async with Service(1).device.websocket("/commands") as socket:
        await socket.send({"type": "ack", "id": 1, "outcome": "perhaps"})
        assert told(1) == await socket.receive()
        with pytest.raises(EOFError):
            await socket.receive()

    assert socket.closing is not None
    assert (1007, True) == (socket.closing["code"], "outcome" in socket.closing["reason"])


async def test_who_is_no_device_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        async with AppClient(app).websocket("/commands"):
            pass

    assert 401 == refused.value.status
