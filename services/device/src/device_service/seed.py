"""Deterministic devices and their configurations."""

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import msgspec

from service_kit import Document

COUNT = 240
METRICS = ("temperature", "humidity", "pressure", "battery", "co2", "light")
MODELS = ("climate-2", "climate-3", "outdoor-1", "meter-4")


def devices() -> Iterator[Document]:
    """Yield every seeded device; sensor-1 is alice's."""
    chance = random.Random("devices")  # noqa: S311 - the same devices every time
    for number in range(1, COUNT + 1):
        owner = {1: "alice", 2: "bob"}.get(number) or f"u-{chance.randint(3, 1_200):04}"
        device = _device(chance, number, owner)
        yield Document(device["id"], owner, msgspec.json.encode(device))


def configs() -> Iterator[Document]:
    """Yield the configuration of every seeded device."""
    chance = random.Random("configs")  # noqa: S311 - as above
    for number in range(1, COUNT + 1):
        config = _config(chance, number)
        yield Document(config["device_id"], "", msgspec.json.encode(config))


def _device(chance: random.Random, number: int, owner: str) -> dict[str, Any]:
    return {
        "id": f"sensor-{number}",
        "owner_id": owner,
        "model": chance.choice(MODELS),
        "name": f"Sensor {number}",
        "status": chance.choice(("online", "online", "online", "offline")),
        "battery_percent": chance.randint(8, 100),
        "firmware": _firmware(chance),
        "hardware": {
            "manufacturer": "Fjell Instruments",
            "board": f"fi-{chance.randint(20, 40)}",
            "revision": chance.choice("BCD"),
            "serial": f"FI{number * 7919 % 10**8:08}",
        },
        "location": {
            "latitude": round(45 + chance.random(), 5),
            "longitude": round(4 + chance.random(), 5),
            "label": chance.choice(("cellar", "attic", "greenhouse", "office", "garage")),
        },
        "metrics": chance.sample(METRICS, 4),
        "tags": ["pilot" if number % 10 == 0 else "fleet", f"batch-{number // 20}"],
        "installed_at": f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T10:00:00Z",
        "last_seen_at": f"2025-12-{chance.randint(1, 28):02}T10:00:00Z",
    }


def _firmware(chance: random.Random) -> dict[str, str]:
    version = f"2.{chance.randint(0, 6)}.{chance.randint(0, 9)}"
    url = f"https://firmware.example.com/climate/{version}.bin"
    return {"version": version, "url": url, "sha256": hashlib.sha256(url.encode()).hexdigest()}


def _config(chance: random.Random, number: int) -> dict[str, Any]:
    metrics = chance.sample(METRICS, 4)
    return {
        "device_id": f"sensor-{number}",
        "version": chance.randint(1, 30),
        "reporting_interval_s": chance.choice((10, 30, 60, 300)),
        "metrics": metrics,
        "thresholds": {metric: {"low": 5.0, "high": float(chance.randint(30, 90))} for metric in metrics},
        "firmware": _firmware(chance),
    }
