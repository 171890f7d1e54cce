"""A platform made by `bff init` runs with its own `./bff`, its own name and its own BFFs."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.platform_folder import ROOT, Stack, bff, log_in

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack of a platform that was just made."""
    folder = tmp_path_factory.mktemp("init") / "shop"
    bff(ROOT, "init", str(folder))
    stack = Stack(folder).up()
    yield stack
    stack.down()


def test_it_serves_each_kind_of_client(made: Stack) -> None:
    with made.client(headers={"X-CSRF": "1"}) as web:
        web.get(log_in(web).headers["location"], follow_redirects=False)
        me = web.post("/api/web/graphql", json={"query": "{ me { id } }"}).json()
    headers = {"Authorization": f"Bearer {made.token()}"}
    home = httpx.get(f"{made.edge}/api/mobile/home", headers=headers, timeout=20)
    config = httpx.get(f"{made.edge}/api/iot/config", headers={"X-API-Key": made.key()}, timeout=20)

    assert httpx.get(f"{made.edge}/healthz").status_code == 200
    assert me["data"]["me"]["id"] == "alice"
    assert (home.status_code, config.status_code) == (200, 200)


def test_its_manifests_and_generated_files_are_in_order(made: Stack) -> None:
    assert bff(made.folder, "check").returncode == 0


def test_its_bffs_pass_their_tests(made: Stack) -> None:
    done = bff(made.folder, "test", "bffs", timeout=200)

    assert " passed" in done.stdout


def test_nothing_of_this_checkout_but_sources_came_along(made: Stack) -> None:
    names = {file.name for file in made.folder.rglob("*")}

    assert {".git", ".venv", ".colonnade.lock"}.isdisjoint(names)
    assert (made.folder / "bffs" / "web" / "bff.yaml").exists()
    assert not list(Path(made.folder / "platform").glob("*/tests"))


def test_its_pages_lead_to_files_that_came_along(made: Stack) -> None:
    pages = [page for page in made.folder.rglob("*.md") if ".venv" not in page.parts]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in link
    ]

    assert made.folder / "docs/bff.md" in pages
    assert [(page, link) for page, link in links if not (page.parent / link).exists()] == []
