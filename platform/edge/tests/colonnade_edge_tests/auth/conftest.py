"""A policy service whose identity provider is scripted; both begin each test afresh."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.auth.provider import SECRET, ScriptedProvider, scripted_provider
from colonnade_edge_tests.documents import document, new_session_key, publish
from colonnade_edge_tests.processes import Served, Valkey, serving, valkey


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A store that these tests may empty."""
    with valkey(tmp_path_factory.mktemp("auth-valkey")) as running:
        yield running


@pytest.fixture(scope="session")
def running_provider() -> Iterator[ScriptedProvider]:
    with scripted_provider() as running:
        yield running


@pytest.fixture(scope="session")
def environment(
    running_provider: ScriptedProvider, store: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("auth")
    path, keys = folder / "policy.json", folder / "session-keys"
    publish(path, document(running_provider.issuer))
    keys.write_text(new_session_key())
    return {
        "POLICY_FILE": str(path),
        "STORE_URL": store.url,
        "SESSION_CLIENT_SECRET": SECRET,
        "SESSION_KEYS_FILE": str(keys),
    }


@pytest.fixture(scope="session")
def edge(environment: dict[str, str]) -> Iterator[Served]:
    with serving("colonnade_edge", Path(environment["POLICY_FILE"]).parent, environment) as service:
        yield service


@pytest.fixture
def provider(running_provider: ScriptedProvider, store: Valkey) -> ScriptedProvider:
    running_provider.reset()
    with store.client() as client:
        client.flushdb()
    return running_provider


@pytest.fixture
def browser(edge: Served, provider: ScriptedProvider) -> Iterator[Browser]:
    browser = Browser(edge.url, provider)
    with browser.client:
        yield browser


@pytest.fixture
def stranger(edge: Served, provider: ScriptedProvider) -> Iterator[Browser]:
    browser = Browser(edge.url, provider)
    with browser.client:
        yield browser
