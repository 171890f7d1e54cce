"""A policy service whose identity provider is scripted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.auth.provider import SECRET, ScriptedProvider, scripted_provider
from colonnade_edge_tests.documents import document, publish
from colonnade_edge_tests.processes import Served, Valkey, serving


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with scripted_provider() as running:
        yield running


@pytest.fixture
def edge(provider: ScriptedProvider, store: Valkey, tmp_path: Path) -> Iterator[Served]:
    with store.client() as client:
        client.flushdb()
    publish(tmp_path / "policy.json", document(provider.issuer))
    environment = {
        "POLICY_FILE": str(tmp_path / "policy.json"),
        "STORE_URL": store.url,
        "SESSION_CLIENT_SECRET": SECRET,
    }
    with serving("colonnade_edge", tmp_path, environment) as service:
        yield service


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
