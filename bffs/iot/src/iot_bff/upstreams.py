"""What is sent to and read of the services."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from colonnade_runtime import declared, post

MAX_READINGS = 1_000
MAX_SEQ = 2**63 - 1


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measurement; `seq` counts a device's readings, so that one sent twice is known."""

    seq: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    value: float


Sent: Any = Reading | Annotated[list[Reading], msgspec.Meta(min_length=1, max_length=MAX_READINGS)]
"""What a device may send. `Any`, because to a type checker a union is no type."""


class Batch(msgspec.Struct, frozen=True):
    """Readings of one device."""

    device_id: str
    readings: list[Reading]


class Receipt(msgspec.Struct, frozen=True):
    """How many readings were new, and how many the service knew already."""

    accepted: int
    duplicates: int


@post("telemetry", "/readings", pass_on=(422,))
async def store(body: Batch) -> Receipt:
    """Store readings; they are on disk when this returns."""
    declared()
