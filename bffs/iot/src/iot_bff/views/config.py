"""`GET /config`: what the device should do, in as few bytes as will say it."""

import msgspec
from colonnade_runtime import Request, path


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


async def config(request: Request) -> Config:
    """Return the configuration of the calling device."""
    target = path("/devices/{}/config", request.device_id)
    return await request.get("device", target, Config, pass_on={404})
