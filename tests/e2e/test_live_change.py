"""Saving a manifest while the stack runs: validated, published, and no request lost."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from colonnade.local.layout import Layout
from tests.platform_folder import Stack, bff, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.fixture
def manifest(stack: Stack) -> Iterator[tuple[str, "Stack"]]:
    file = stack.folder / "bffs/mobile/bff.yaml"
    text = file.read_text(encoding="utf-8")
    yield text, stack
    file.write_text(text, encoding="utf-8")
    edges = stack.told["edges"]
    eventually(lambda: {httpx.get(f"{edge}/api/mobile/home").status_code for edge in edges} == {401})


def _status(stack: Stack, path: str, headers: dict[str, str] | None = None) -> int:
    return httpx.get(f"{stack.edge}{path}", headers=headers, timeout=5).status_code


def test_a_saved_route_takes_effect_and_no_request_is_lost(manifest: tuple[str, Stack]) -> None:
    text, stack = manifest
    stop, answers = threading.Event(), []

    def traffic() -> None:
        with stack.client() as client:
            while not stop.is_set():
                answers.append(client.get("/api/web/home").status_code)

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        assert _status(stack, "/api/pocket/home") == 404
        changed = text.replace("prefix: /api/mobile", "prefix: /api/pocket")
        (stack.folder / "bffs/mobile/bff.yaml").write_text(changed, encoding="utf-8")
        eventually(
            lambda: _status(stack, "/api/pocket/home") == 401 and _status(stack, "/api/mobile/home") == 404
        )
    finally:
        stop.set()
        thread.join()

    assert answers
    assert {401} == set(answers)


def test_a_bad_edit_is_refused_and_the_old_configuration_stays(manifest: tuple[str, Stack]) -> None:
    text, stack = manifest
    bad = text.replace("prefix: /api/mobile", "prefix: /api/web")

    (stack.folder / "bffs/mobile/bff.yaml").write_text(bad, encoding="utf-8")

    eventually(lambda: any("/api/web" in problem for problem in stack.state["problems"]))
    assert "/api/web" in bff(stack.folder, "ps").stdout
    assert _status(stack, "/api/mobile/home") == 401
    assert bff(stack.folder, "check", check=False).returncode == 2


def test_a_new_bff_is_routed_without_a_restart_and_removed_again(stack: Stack) -> None:
    before = {name: process["pid"] for name, process in stack.processes().items()}

    bff(stack.folder, "new", "tv", "--kind", "mobile", "--owner", "@team-tv")
    clients = Layout(stack.folder).clients_file
    eventually(lambda: '"tv"' in clients.read_text(encoding="utf-8"), within=20)
    token = stack.token(client="tv")
    answers = [404]

    def routed() -> bool:
        answers.append(_status(stack, "/api/tv/home", {"Authorization": f"Bearer {token}"}))
        return answers[-1] != 404

    eventually(routed, within=20, every=0.001)
    after = {name: process["pid"] for name, process in stack.processes().items()}

    assert answers[-1] == 200
    assert before == {name: pid for name, pid in after.items() if name != "tv"}

    bff(stack.folder, "remove", "tv", "--yes")
    eventually(lambda: _status(stack, "/api/tv/home") == 404, within=20)
    eventually(lambda: "tv" not in stack.processes(), within=20)
    assert not (stack.folder / "bffs/tv").exists()
