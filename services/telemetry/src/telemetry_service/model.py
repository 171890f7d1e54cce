"""What a reading is, and what ingesting takes and answers."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

MAX_BATCH = 1_000
MAX_SEQ = 2**63 - 1

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)


def _rfc_3339(value: object) -> object:
    """Refuse what pydantic would take besides: seconds of the epoch, as number or as text."""
    if isinstance(value, datetime) or (isinstance(value, str) and RFC_3339.match(value)):
        return value
    raise ValueError("give a time such as 2026-01-31T12:00:00Z")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("give a time of the years 1 to 9999 in UTC") from error


Timestamp = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(_in_utc)]
DeviceId = Annotated[str, Field(min_length=1, max_length=64)]


class Reading(BaseModel):
    """One measurement: `seq` counts a device's readings, `at` is RFC 3339 and answered in UTC."""

    model_config = ConfigDict(extra="forbid")

    seq: Annotated[int, Field(strict=True, ge=0, le=MAX_SEQ)]
    at: Timestamp
    metric: Annotated[str, Field(min_length=1, max_length=64)]
    value: Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Batch(BaseModel):
    """Readings of one device."""

    model_config = ConfigDict(extra="forbid")

    device_id: DeviceId
    readings: Annotated[list[Reading], Field(min_length=1, max_length=MAX_BATCH)]


class Receipt(BaseModel):
    """How many readings were new, and how many were known already."""

    accepted: int
    duplicates: int
