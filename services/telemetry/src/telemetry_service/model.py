"""What a reading is, and what ingesting takes and answers."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

MAX_BATCH = 1_000
MAX_SEQ = 2**63 - 1


class Reading(BaseModel):
    """One measurement: `seq` counts a device's readings, `at` is RFC 3339."""

    model_config = ConfigDict(extra="forbid")

    seq: Annotated[int, Field(ge=0, le=MAX_SEQ)]
    at: AwareDatetime
    metric: Annotated[str, Field(min_length=1, max_length=64)]
    value: Annotated[float, Field(allow_inf_nan=False)]


class Batch(BaseModel):
    """Readings of one device."""

    model_config = ConfigDict(extra="forbid")

    device_id: Annotated[str, Field(min_length=1, max_length=64)]
    readings: Annotated[list[Reading], Field(min_length=1, max_length=MAX_BATCH)]


class Receipt(BaseModel):
    """How many readings were new, and how many were known already."""

    accepted: int
    duplicates: int
