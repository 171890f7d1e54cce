"""`GET /config`: what the device should do, in as few bytes as will say it."""

import msgspec
from colonnade_runtime import Request, declared, get


class Threshold(msgspec.Struct, frozen=True):
    """Readings outside the bounds are worth an alarm."""

    low: float
    high: float


class Config(msgspec.Struct, frozen=True):
    """The device's configuration; `version` rises with every change."""

    version: int
    reporting_interval_s: int
    metrics: list[str]
    thresholds: dict[str, Threshold]


@get("device", "/devices/{device_id}/config", pass_on=(404,))
async def config_of(device_id: str) -> Config:
    """A device's configuration."""
    declared()


async def config(request: Request) -> Config:
    """Return the configuration of the calling device."""
    return await config_of(request, request.device_id)
