"""Deterministic users: alice and bob first, then a crowd."""

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from service_kit import Document

COUNT = 1_200
GIVEN = ("Mina", "Jonas", "Sofia", "Liam", "Ana", "Noah", "Elif", "Marco", "Yuki", "Chloe", "Ravi", "Ingrid")
FAMILY = (
    "Rossi",
    "Kim",
    "Novak",
    "Silva",
    "Andersson",
    "Dubois",
    "Haddad",
    "Weber",
    "Sato",
    "Garcia",
    "Lind",
)
CITIES = [("Lyon", "FR", "Europe/Paris", "fr-FR"), ("Porto", "PT", "Europe/Lisbon", "pt-PT")]
CITIES += [("Graz", "AT", "Europe/Vienna", "de-AT"), ("Aarhus", "DK", "Europe/Copenhagen", "da-DK")]
CITIES += [("Seoul", "KR", "Asia/Seoul", "ko-KR"), ("Utrecht", "NL", "Europe/Amsterdam", "nl-NL")]
STREETS = ["Linden Avenue", "Rue des Fleurs", "Harbour Road", "Mill Lane", "Station Street", "Garden Walk"]
INTERESTS = ("audio", "cycling", "kitchen", "lighting", "outdoor", "photo", "reading", "smart-home", "travel")
TIERS = ("bronze", "silver", "gold", "platinum")


def users() -> Iterator[Document]:
    """Yield every seeded user."""
    chance = random.Random("users")  # noqa: S311 - the same users every time
    yield _document(chance, "alice", "Alice", "Moreau", "alice@example.com")
    yield _document(chance, "bob", "Bob", "Tanaka", "bob@example.com")
    for number in range(3, COUNT + 1):
        given, family = chance.choice(GIVEN), chance.choice(FAMILY)
        email = f"{given}.{family}.{number}@example.com".lower()
        yield _document(chance, f"u-{number:04}", given, family, email)


def _document(chance: random.Random, user_id: str, given: str, family: str, email: str) -> Document:
    city = chance.choice(CITIES)
    user = {
        "id": user_id,
        "name": f"{given} {family}",
        "given_name": given,
        "family_name": family,
        "email": email,
        "phone": _phone(chance),
        "avatar": {"url": f"https://cdn.example.com/avatars/{user_id}/512.webp", "width": 512, "height": 512},
        "locale": city[3],
        "timezone": city[2],
        "addresses": [_address(chance, kind, city) for kind in ("home", "work")],
        "loyalty": _loyalty(chance),
        "preferences": _preferences(chance, city[3]),
        "created_at": f"202{chance.randint(1, 4)}-{_day(chance)}T09:30:00Z",
        "updated_at": f"2025-{_day(chance)}T17:45:00Z",
    }
    return Document(user_id, "", msgspec.json.encode(user))


def _day(chance: random.Random) -> str:
    return f"{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"


def _phone(chance: random.Random) -> str:
    return " ".join(["+33 6", *(f"{chance.randint(0, 99):02}" for _ in range(4))])


def _address(chance: random.Random, kind: str, city: tuple[str, str, str, str]) -> dict[str, Any]:
    return {
        "kind": kind,
        "street": f"{chance.randint(1, 240)} {chance.choice(STREETS)}",
        "postal_code": f"{chance.randint(10_000, 99_999)}",
        "city": city[0],
        "country": city[1],
        "phone": _phone(chance),
        "instructions": "Ring twice, then leave the parcel with the neighbour on the second floor.",
    }


def _loyalty(chance: random.Random) -> dict[str, Any]:
    return {
        "tier": chance.choice(TIERS),
        "points": chance.randint(0, 24_000),
        "member_since": f"202{chance.randint(1, 4)}-05-01",
    }


def _preferences(chance: random.Random, locale: str) -> dict[str, Any]:
    channels = ("email", "push", "sms", "order_updates", "price_alerts", "newsletter")
    return {
        "newsletter": chance.random() < 0.4,
        "language": locale[:2],
        "currency": "EUR",
        "theme": chance.choice(("light", "dark", "system")),
        "notifications": {channel: chance.random() < 0.5 for channel in channels},
        "interests": chance.sample(INTERESTS, 4),
    }
