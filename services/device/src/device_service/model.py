"""What a device is, and how it is configured."""

from pydantic import BaseModel


class Firmware(BaseModel):
    """The firmware a device runs or should run."""

    version: str
    url: str
    sha256: str


class Location(BaseModel):
    """Where a device stands; degrees of WGS 84."""

    latitude: float
    longitude: float
    label: str


class Hardware(BaseModel):
    """What a device is made of."""

    manufacturer: str
    board: str
    revision: str
    serial: str


class Device(BaseModel):
    """A device in the field; times are RFC 3339 in UTC."""

    id: str
    owner_id: str
    model: str
    name: str
    status: str
    battery_percent: int
    firmware: Firmware
    hardware: Hardware
    location: Location
    metrics: list[str]
    tags: list[str]
    installed_at: str
    last_seen_at: str


class Threshold(BaseModel):
    """Readings outside the bounds are worth an alarm."""

    low: float
    high: float


class DeviceConfig(BaseModel):
    """What a device should do; `version` rises with every change."""

    device_id: str
    version: int
    reporting_interval_s: int
    metrics: list[str]
    thresholds: dict[str, Threshold]
    firmware: Firmware
