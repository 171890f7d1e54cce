"""The console as a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.processes import Valkey, serving

TOKEN = "a-long-enough-admin-token"


@pytest.fixture(scope="module")
def console(
    store: Valkey, policy_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("console")
    (folder / "token").write_text(f"{TOKEN}\n")
    environment = {
        "POLICY_FILE": str(policy_file),
        "STORE_URL": store.url,
        "ADMIN_TOKEN_FILE": str(folder / "token"),
    }
    with (
        serving("colonnade_edge.console", folder, environment) as service,
        httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {TOKEN}"}) as client,
    ):
        yield client
