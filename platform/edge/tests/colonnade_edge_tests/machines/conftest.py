"""A policy service that takes opaque tokens and those of legacy consumers."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest
from joserfc.jwk import ECKey

from colonnade_edge_tests.documents import document, publish
from colonnade_edge_tests.machines.provider import CLIENT, SECRET, Introspected, introspected
from colonnade_edge_tests.processes import Served, Valkey, serving
from colonnade_policy import Consumer, Identity, Introspection

PARTNER, LONG = "p" * 32, "l" * 64
PREVIOUS, SHOP = "the-secret-before-the-present-one", "the-secret-of-another-consumer---"
PEM = ECKey.generate_key("P-256").as_pem(private=False).decode()
SECRETS = {
    "CONSUMER_SECRET_PUBLIC": PEM,
    "INTROSPECTION_CLIENT_SECRET": SECRET,
    "CONSUMER_SECRET_PARTNER": PARTNER,
    "CONSUMER_PREVIOUS_SECRET_PARTNER": PREVIOUS,
    "CONSUMER_SECRET_LONG": LONG,
    "CONSUMER_SECRET_SHOP": SHOP,
    "CONSUMER_SECRET_SHORT": "s" * 31,
}
CONSUMERS = (
    Consumer(
        "partner",
        "https://partner.example",
        ("CONSUMER_SECRET_PARTNER", "CONSUMER_PREVIOUS_SECRET_PARTNER"),
        ("read", "write"),
        ("partners",),
    ),
    Consumer("long", "https://long.example", ("CONSUMER_SECRET_LONG",)),
    Consumer("shop", "https://shop.example", ("CONSUMER_SECRET_SHOP",)),
    Consumer("public", "https://public.example", ("CONSUMER_SECRET_PUBLIC",)),
    Consumer("short", "https://short.example", ("CONSUMER_SECRET_SHORT",)),
)


@dataclass(frozen=True)
class Machines:
    provider: Introspected
    edge: Served


@pytest.fixture(scope="module")
def machines(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    with introspected() as provider:
        identity = Identity(
            provider.issuer,
            "colonnade",
            introspection=Introspection(CLIENT, 30.0),
            consumers=CONSUMERS,
        )
        publish(folder / "policy.json", document(identity=identity))
        environment = {"POLICY_FILE": str(folder / "policy.json"), "STORE_URL": store.url, **SECRETS}
        with serving("colonnade_edge", folder, environment) as edge:
            yield Machines(provider, edge)


@pytest.fixture
def provider(machines: Machines) -> Iterator[Introspected]:
    """The provider, answering again when the test is over."""
    yield machines.provider
    machines.provider.down = False
    machines.provider.gate.set()


@pytest.fixture
async def envoy(machines: Machines) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the policy service as Envoy does."""
    limits = httpx.Limits(max_connections=4)
    async with httpx.AsyncClient(
        base_url=machines.edge.url, http1=False, http2=True, timeout=10, limits=limits
    ) as client:
        yield client
