"""`GET /commands` as a WebSocket: commands to the device, and what became of them.

A command is sent again with every connection until the device has acknowledged it, and the device is told
when that is noted. So it is delivered at least once, and nothing that was acknowledged is ever lost.
"""

from collections.abc import AsyncGenerator
from typing import Literal

import msgspec
from colonnade_runtime import Changes, Request, Watch, WebSocket, declared, get, put

Outcome = Literal["done", "failed"]


class Given(msgspec.Struct, frozen=True):
    """A command, as the service has it."""

    id: int
    name: str
    arguments: dict[str, str]


class Waiting(msgspec.Struct, frozen=True):
    """Commands that are not acknowledged, the oldest first."""

    items: list[Given]


class Told(msgspec.Struct, frozen=True):
    """What became of a command."""

    outcome: Outcome


class Noted(msgspec.Struct, frozen=True):
    """The command of which that was noted."""

    id: int


class Command(msgspec.Struct, frozen=True, tag="command"):
    """What the device is to do. It may come twice, with the same id."""

    id: int
    name: str
    arguments: dict[str, str]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """What became of a command, in the device's words."""

    id: int
    outcome: Outcome


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged"):
    """The service has noted it: the command will not come again."""

    id: int


@get("device", "/devices/{device_id}/commands")
async def commands_for(device_id: str, after: int = 0) -> Waiting:
    """Commands behind the id `after`."""
    declared()


@put("device", "/devices/{device_id}/commands/{command_id}/outcome", pass_on=(404,))
async def note(device_id: str, command_id: int, body: Told) -> Noted:
    """Note what became of a command; it is on disk when this returns."""
    declared()


@get("device", "/command-changes", shared=True)
async def command_changes(after: int | None = None, wait: float = 1.0) -> Changes:
    """The devices that have new commands, as soon as there are any."""
    declared()


changed = Watch(command_changes)


async def commands(request: Request, socket: WebSocket[Ack, Command | Acknowledged]) -> None:
    """Send the device its commands, and note what it says of them."""
    async with socket.sending(_commands(request)):
        async for ack in socket:
            noted = await note(request, request.device_id, ack.id, Told(ack.outcome))
            await socket.send(Acknowledged(noted.id))


async def _commands(request: Request) -> AsyncGenerator[Command, None]:
    sent = 0
    async with changed.of(request, request.device_id) as bell:
        while True:
            while waiting := (await commands_for(request, request.device_id, sent)).items:
                for one in waiting:
                    yield Command(one.id, one.name, one.arguments)
                sent = waiting[-1].id
            await bell.rung()
