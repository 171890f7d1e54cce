"""The questions that BFFs are measured by: what is asked, by whom, and what the services answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from colonnade_bench.bffs.answers import USER, Answers, Shop, of_home, of_ingest, of_orders
from colonnade_bench.errors import BenchError

READINGS = 100
ORDERS = 10
FIELDS = "id status total { amount currency } items { quantity product { id name } }"
QUERY = f"query Orders {{ me {{ id name email orders(first: {ORDERS}) {{ {FIELDS} }} }} }}"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program of `benchmarks/peers/<package>`."""

    name: str
    package: str
    script: str


@dataclass(frozen=True, slots=True)
class Ours:
    """A Python module that serves the same."""

    name: str
    module: str


@dataclass(frozen=True, slots=True)
class Case:
    """One question. With a `body` it is a POST; `header` says who asks. The first subject is the measure."""

    title: str
    path: str
    header: tuple[str, str]
    answers: Answers
    subjects: Sequence[Peer | Ours]
    body: bytes | None = None


NAMES = ("home", "ingest", "graphql")


def case_of(name: str, shop: Shop) -> Case:
    """Return the case of that name. Raises `BenchError` where there is none."""
    match name:
        case "home":
            return _home(shop)
        case "ingest":
            return _ingest()
        case "graphql":
            return _graphql(shop)
    raise BenchError(f"no case {name!r}; valid: {', '.join(NAMES)}")


def _home(shop: Shop) -> Case:
    return Case(
        title="Mobile, GET /home: four upstream calls",
        path="/home",
        header=("X-User-ID", USER),
        answers=of_home(shop),
        subjects=(
            Peer("Fastify + undici", "fastify", "home.mjs"),
            Ours("by hand: Granian, pyreqwest, msgspec", "colonnade_bench.bffs.by_hand"),
            Ours("by hand: Granian, our connections, msgspec", "colonnade_bench.bffs.by_hand_connections"),
            Ours("Colonnade mobile BFF", "mobile_bff"),
        ),
    )


def _ingest() -> Case:
    readings = [
        {"seq": number, "at": "2026-01-01T00:00:00Z", "metric": "temperature", "value": 20.5 + number / 10}
        for number in range(READINGS)
    ]
    return Case(
        title=f"IoT, POST /telemetry: {READINGS} readings, checked and stored by one upstream call",
        path="/telemetry",
        header=("X-Device-ID", "sensor-1"),
        answers=of_ingest(READINGS),
        subjects=(
            Peer("Fastify + undici", "fastify", "telemetry.mjs"),
            Ours("Colonnade IoT BFF", "iot_bff"),
        ),
        body=json.dumps(readings).encode(),
    )


def _graphql(shop: Shop) -> Case:
    return Case(
        title=f"Web, POST /graphql: a user, {ORDERS} orders and their products by three upstream calls",
        path="/graphql",
        header=("X-User-ID", USER),
        answers=of_orders(shop, ORDERS),
        subjects=(
            Peer("Mercurius + JIT", "graphql", "mercurius.mjs"),
            Peer("GraphQL Yoga", "graphql", "yoga.mjs"),
            Ours("Colonnade web BFF", "web_bff"),
        ),
        body=json.dumps({"query": QUERY, "operationName": "Orders"}).encode(),
    )
