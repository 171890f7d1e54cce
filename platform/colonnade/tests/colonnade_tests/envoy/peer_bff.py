"""A BFF with one view over the telemetry service: `python peer_bff.py`."""

import sys

import msgspec
from colonnade_runtime import App, Request, declared, get, serve


class Reading(msgspec.Struct, frozen=True):
    """What is shown of a reading."""

    seq: int


class Page(msgspec.Struct, frozen=True):
    """A page of readings."""

    items: list[Reading]


@get("telemetry", "/readings")
async def readings_of(device_id: str) -> Page:
    """The readings of a device."""
    declared()


async def readings(request: Request) -> Page:
    """Return the readings of one device."""
    return await readings_of(request, "sensor-1")


app = App("tv", services=["telemetry"])
app.get("/readings")(readings)

if __name__ == "__main__":
    sys.exit(serve(app, port=3003))
