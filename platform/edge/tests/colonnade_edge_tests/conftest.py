"""One Valkey and one policy service for the tests that leave them as they were."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.documents import document, publish
from colonnade_edge_tests.processes import Served, Valkey, serving, valkey


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(scope="session")
def policy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "policy.json"
    publish(path, document())
    return path


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory, store: Valkey, policy_file: Path) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("service")
    with serving(
        "colonnade_edge", folder, {"POLICY_FILE": str(policy_file), "STORE_URL": store.url}
    ) as service:
        yield service


@pytest.fixture
async def envoy(policy: Served) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the policy service as Envoy does."""
    async with httpx.AsyncClient(base_url=policy.url, http1=False, http2=True, timeout=10) as client:
        yield client
