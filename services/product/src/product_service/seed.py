"""Deterministic products of a shop for things around the house."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from service_kit import Document, money, price_of

COUNT = 600
CATALOGUE = {
    "audio": ["Speaker", "Headphones", "Soundbar", "Turntable", "Radio"],
    "kitchen": ["Kettle", "Grinder", "Blender", "Toaster", "Scale"],
    "lighting": ["Desk Lamp", "Floor Lamp", "Light Strip", "Lantern", "Pendant"],
    "outdoor": ["Backpack", "Tent", "Flask", "Headlamp", "Hammock"],
    "smart-home": ["Thermostat", "Door Sensor", "Camera", "Plug", "Hub"],
}
BRANDS = ("Norrvik", "Calder", "Aurelio", "Tamaki", "Brightwood", "Fjell")
LINES = ("Solo", "Duo", "Atlas", "Nova", "Pure", "Terra", "Halo", "Mono", "Vista", "Echo")
COLOURS = ("graphite", "sand", "forest", "ivory", "copper", "midnight")
MATERIALS = ("recycled aluminium", "oak", "borosilicate glass", "organic cotton", "stainless steel")
WAREHOUSES = ("lyon-1", "rotterdam-2", "porto-1", "vienna-3")
STORY = (
    "The {name} by {brand} is made of {material} and finished in {colour}. It was designed to be used "
    "every day, taken apart with one screwdriver and repaired rather than replaced: every part can be "
    "ordered for ten years. Two years of warranty, thirty days to change your mind, and packaging "
    "without plastic."
)


def products() -> Iterator[Document]:
    """Yield every seeded product."""
    chance = random.Random("products")  # noqa: S311 - the same products every time
    for number in range(1, COUNT + 1):
        product = _product(chance, number)
        yield Document(product["id"], product["category"], msgspec.json.encode(product))


def _product(chance: random.Random, number: int) -> dict[str, Any]:
    category = chance.choice(sorted(CATALOGUE))
    brand, colour, material = chance.choice(BRANDS), chance.choice(COLOURS), chance.choice(MATERIALS)
    name = f"{chance.choice(LINES)} {chance.choice(CATALOGUE[category])} {number}"
    return {
        "id": f"p-{number:04}",
        "sku": f"{brand[:3].upper()}-{category[:3].upper()}-{number:05}",
        "name": name,
        "description": STORY.format(name=name, brand=brand, material=material, colour=colour),
        "category": category,
        "brand": brand,
        "price": money(price_of(number)),
        "images": [_image(number, view, name) for view in ("front", "side", "detail", "in-use", "packaging")],
        "attributes": _attributes(chance, colour, material),
        "stock": _stock(chance),
        "rating": {"average": chance.randint(25, 50) / 10, "count": chance.randint(3, 1_800)},
        "tags": [category, brand.lower(), colour, "repairable", "two-year-warranty"],
        "created_at": f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T08:00:00Z",
        "updated_at": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T12:15:00Z",
    }


def _image(number: int, view: str, name: str) -> dict[str, Any]:
    url = f"https://cdn.example.com/products/p-{number:04}/{view}/1600.webp"
    return {"url": url, "width": 1600, "height": 1200, "alt": f"{name}, {view.replace('-', ' ')}"}


def _attributes(chance: random.Random, colour: str, material: str) -> dict[str, str]:
    return {
        "colour": colour,
        "material": material,
        "weight": f"{chance.randint(80, 4_800)} g",
        "width": f"{chance.randint(40, 600)} mm",
        "height": f"{chance.randint(40, 600)} mm",
        "depth": f"{chance.randint(20, 400)} mm",
        "origin": chance.choice(("Portugal", "Sweden", "Japan", "Italy")),
        "power": chance.choice(("none", "USB-C", "230 V", "2 x AA")),
        "energy_class": chance.choice("ABCD"),
        "care": "wipe with a damp cloth",
    }


def _stock(chance: random.Random) -> dict[str, Any]:
    held = {name: (chance.randint(0, 120), chance.randint(0, 9)) for name in WAREHOUSES}
    return {
        "available": sum(available for available, _ in held.values()),
        "reserved": sum(reserved for _, reserved in held.values()),
        "warehouses": [
            {"warehouse": name, "available": available, "reserved": reserved}
            for name, (available, reserved) in held.items()
        ],
    }
