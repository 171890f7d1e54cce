"""A stack of a real Envoy, a real Valkey and stand-ins for the rest, while its manifests change."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from colonnade.errors import ColonnadeError, ManifestError, UserError, WorkError
from colonnade.ir.target import CERTIFICATE, KEY
from colonnade.local import certificates
from colonnade.local.configuration import Configuration, on_disk
from colonnade.local.guarding import Guard
from colonnade.local.layout import Layout
from colonnade.local.logs import last_lines, log_names
from colonnade.local.machine import find_machine
from colonnade.local.output import Output
from colonnade.local.ports import allot, default_ports, free_ports
from colonnade.local.publishing import Publisher
from colonnade.local.restart import restart
from colonnade.local.stack import Stack
from colonnade.local.state import read_state
from colonnade.local.supervisor import Supervisor
from colonnade.local.versions.store import Versions
from colonnade.tls import Sources, publish_certificates
from colonnade_tests.local.fakes import SERVER
from colonnade_tests.local.platforms import platform_in, write_bff, write_platform

STAND_IN = f"#!{sys.executable}\nimport sys\nif 'broken_bff' in sys.argv: sys.exit('it is broken')\n{SERVER}"
"""Instead of Python, so that `python -m anything` answers 200 to everything."""


def open_bff(root: Path, name: str, port: int, prefix: str = "", services: str = "order") -> Path:
    """Write a BFF that anyone may call, which Envoy decides alone."""
    file = write_bff(root, name, port, services)
    text = file.read_text().replace("auth: {type: jwt}", "auth: {type: none}")
    text = text.replace("rate: 100/minute", "rate: 500/second, key: ip, policy: local")
    file.write_text(text.replace(f"prefix: /api/{name}", f"prefix: {prefix or f'/api/{name}'}"))
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_platform(tmp_path / "shop")
    with (root / "colonnade.yaml").open("a") as file:
        file.write("guardrails: {auth: [none]}\n")
    open_bff(root, "mobile", 3001)
    return root


@pytest.fixture
async def stack(root: Path, tmp_path: Path) -> AsyncIterator[Stack]:
    async with running(root, tmp_path) as stack:
        yield stack


@asynccontextmanager
async def running(root: Path, tmp_path: Path) -> AsyncIterator[Stack]:
    """Start the platform in `root`, and stop it again."""
    layout = Layout(root)
    layout.make()
    stand_in = tmp_path / "python"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    platform = platform_in(root)
    machine = replace(find_machine(platform, layout, os.environ), python=stand_in)
    guard, output = Guard(), Output(layout)
    await guard.open()
    stack = Stack(
        platform,
        allot(free_ports(default_ports(platform))),
        machine,
        Supervisor(guard, output),
        Publisher(layout),
        output,
        ephemeral=True,
        progress=lambda _done: None,
    )
    await stack.start()
    yield stack
    await stack.supervisor.stop()
    await guard.close()
    output.close()


@pytest.fixture
def configuration(stack: Stack, root: Path) -> Configuration:
    """What the stack was started with is its first version."""
    configuration = Configuration(stack, Versions(stack.machine.layout.versions))
    configuration.begin(on_disk(root))
    return configuration


async def status(stack: Stack, path: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{stack.snapshot().edge}{path}")).status_code


async def reaches(stack: Stack, path: str, expected: int) -> None:
    async with asyncio.timeout(20):
        while await status(stack, path) != expected:  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.02)


def pids(stack: Stack) -> dict[str, int | None]:
    return {name: process.pid for name, process in stack.snapshot().processes.items()}


async def test_a_started_stack_routes_and_tells_where_everything_is(stack: Stack) -> None:
    told = read_state(stack.machine.layout)

    assert told is not None
    assert (told.ready, told.edges, told.problems) == (True, (told.edge,), ())
    assert {process.state for process in told.processes.values()} == {"healthy"}
    assert await status(stack, "/api/mobile/home") == 200


async def test_a_process_that_has_written_nothing_has_an_empty_log(stack: Stack) -> None:
    layout = stack.machine.layout
    layout.log("mobile").unlink(missing_ok=True)

    assert log_names(layout, "mobile") == ["mobile"]
    assert last_lines(layout, "mobile", 10) == b""


async def test_a_new_bff_is_started_and_routed_and_nothing_else_is_touched(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    before = pids(stack)
    open_bff(root, "tv", 3003)

    await configuration.apply()
    await reaches(stack, "/api/tv/home", 200)

    assert before.items() <= pids(stack).items()


async def test_a_bff_that_is_gone_is_unrouted_and_stopped(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    shutil.rmtree(root / "bffs/mobile")

    await configuration.apply()

    assert await status(stack, "/api/mobile/home") == 404
    assert "mobile" not in pids(stack)


async def test_a_bad_edit_is_refused_and_told_until_it_is_mended(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    file = open_bff(root, "mobile", 3001, services="nope")
    await configuration.apply()

    told = read_state(stack.machine.layout)
    assert told is not None
    assert "'nope' is not a service" in told.problems[0]
    assert await status(stack, "/api/mobile/home") == 200
    open_bff(root, file.parent.name, 3001)
    await configuration.apply()
    assert stack.problems == ()


async def test_what_envoy_refuses_is_refused(stack: Stack, configuration: Configuration, root: Path) -> None:
    file = root / "bffs/mobile/bff.yaml"
    bad = 'prefix: /api/mobile, rewrite: {regex: "(", substitution: "/"}'
    file.write_text(file.read_text().replace("prefix: /api/mobile", bad))

    await configuration.apply()

    assert "envoy refuses" in stack.problems[0]
    assert await status(stack, "/api/mobile/home") == 200


async def test_a_bff_that_cannot_start_is_not_routed(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    open_bff(root, "broken", 3003)

    await configuration.apply()

    assert "it is broken" in stack.problems[0]
    assert await status(stack, "/api/broken/home") == 404
    assert "broken" not in pids(stack)


async def test_no_request_is_lost_while_routes_and_processes_change(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    answers: list[int] = []
    old = pids(stack)["mobile"]

    async def traffic() -> None:
        async with httpx.AsyncClient(trust_env=False, base_url=stack.snapshot().edge) as client:
            while True:
                answers.append((await client.get("/api/mobile/home")).status_code)
                await asyncio.sleep(0.01)

    calling = asyncio.create_task(traffic())
    open_bff(root, "mobile", 3001, services="order, telemetry")
    await configuration.apply()
    open_bff(root, "tv", 3003)
    await configuration.apply()
    calling.cancel()

    assert len(answers) > 20
    assert {200} == set(answers)
    assert pids(stack)["mobile"] != old


async def test_every_publish_is_a_version_and_the_same_content_none(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    file = open_bff(root, "tv", 3003)
    await configuration.apply()
    file.touch()
    await configuration.apply()

    assert [(one.number, one.cause) for one in configuration.versions.history()] == [
        (2, "edited bffs/tv/bff.yaml"),
        (1, "bff up"),
    ]
    assert '"tv"' in configuration.versions.compiled(2)["edge/cds.json"]
    assert stack.snapshot().version == 2


async def test_a_rollback_holds_until_the_next_edit(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    edited = open_bff(root, "mobile", 3001, prefix="/api/pocket")
    await configuration.apply()
    assert await status(stack, "/api/pocket/home") == 200

    await configuration.rollback(None, "alice")

    assert await status(stack, "/api/mobile/home") == 200
    assert await status(stack, "/api/pocket/home") == 404
    assert "/api/pocket" in edited.read_text()
    assert "version 3 is in effect, not the manifests on disk" in stack.problems[0]
    newest = configuration.versions.history()[0]
    assert (newest.author, newest.cause) == ("alice", "rollback to 1")
    open_bff(root, "mobile", 3001, prefix="/api/phone")
    await configuration.apply()
    assert await status(stack, "/api/phone/home") == 200
    assert stack.problems == ()


async def test_a_certificate_that_cannot_be_used_stops_no_rollback_and_no_restart(
    root: Path, tmp_path: Path
) -> None:
    given = own_certificate(root, tmp_path)
    async with running(root, tmp_path) as stack:
        configuration = Configuration(stack, Versions(stack.machine.layout.versions))
        configuration.begin(on_disk(root))
        open_bff(root, "mobile", 3001, prefix="/api/pocket")
        await configuration.apply()
        given.write_text("half of it")
        with pytest.raises(UserError):
            certificates.publish(stack.machine.layout, stack.platform)

        await configuration.rollback(None, "alice")
        restarted = await restart(stack, ["mobile"])

        assert restarted == ["mobile"]
        assert await status(stack, "/api/mobile/home") == 200


def own_certificate(root: Path, folder: Path) -> Path:
    """Have the edge show a certificate of the platform team's own, and return its file."""
    publish_certificates(Sources(None, None, folder / "ca.pem"), folder / "made", datetime.now(UTC))
    for name in (CERTIFICATE, KEY):
        shutil.copy(folder / "made/current" / name, root / name)
    file = root / "colonnade.yaml"
    tls = f'tls: {{certificate: "file:{CERTIFICATE}", key: "file:{KEY}"}}'
    file.write_text(file.read_text().replace("edge: {", f"edge: {{{tls}, "))
    return root / CERTIFICATE


async def test_a_renamed_bff_takes_over_while_the_old_one_still_has_its_port(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    stack.ephemeral = False
    (root / "bffs/mobile").rename(root / "bffs/phone")
    open_bff(root, "phone", stack.ports["mobile"])

    await configuration.apply()

    assert stack.problems == ()
    assert await status(stack, "/api/phone/home") == 200


async def test_a_rollback_to_what_cannot_run_any_more_changes_nothing(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    shutil.rmtree(root / "bffs/mobile")
    open_bff(root, "tv", 3003)
    await configuration.apply()

    with pytest.raises(ManifestError, match=r"bff\.yaml:2:1: name: there is no folder bffs/mobile any more"):
        await configuration.rollback(1, "alice")

    (root / "bffs/mobile").mkdir()
    (root / "bffs/broken").mkdir()
    manifest = configuration.versions.manifests_folder(1) / "bffs/mobile/bff.yaml"
    manifest.write_text(manifest.read_text().replace("name: mobile", "name: broken"))
    manifest.parent.rename(manifest.parents[1] / "broken")

    with pytest.raises(ColonnadeError, match="it is broken"):
        await configuration.rollback(1, "alice")

    assert await status(stack, "/api/tv/home") == 200
    assert configuration.versions.history()[0].number == 2


@pytest.mark.parametrize("name", ["envoy", "order"])
async def test_a_restart_loses_no_request(stack: Stack, name: str) -> None:
    before, answers = pids(stack), list[int]()

    async def traffic() -> None:
        async with httpx.AsyncClient(trust_env=False, base_url=stack.snapshot().edge) as client:
            while True:
                answers.append((await client.get("/api/mobile/home")).status_code)
                await asyncio.sleep(0.005)

    calling = asyncio.create_task(traffic())
    restarted = await restart(stack, [name])
    calling.cancel()

    after = pids(stack)
    assert {pid for pid, old in before.items() if after[pid] != old} == set(restarted)
    assert restarted == (["order", "mobile"] if name == "order" else [name])
    assert {200} == set(answers)


async def test_a_stack_is_stopped_while_an_envoy_still_follows_another(stack: Stack) -> None:
    await restart(stack, ["envoy"])

    await stack.supervisor.stop()

    told = stack.machine.layout.log("colonnade")
    assert not told.exists() or "is killed" not in told.read_text()


async def test_one_edge_has_no_other_to_be_compared_with(configuration: Configuration) -> None:
    with pytest.raises(UserError, match="only one edge"):
        await configuration.publish("alice", canary=True)


async def test_who_is_not_there_cannot_be_restarted(stack: Stack) -> None:
    with pytest.raises(UserError, match="there is no process nobody"):
        await restart(stack, ["nobody"])


async def test_an_envoy_that_cannot_start_leaves_the_old_one(stack: Stack) -> None:
    old, file = pids(stack)["envoy"], stack.machine.layout.edge(1) / "envoy.json"
    file.write_text("{")

    with pytest.raises(WorkError, match="the old one stays"):
        await restart(stack, ["envoy"])

    assert pids(stack)["envoy"] == old
    assert await status(stack, "/api/mobile/home") == 200


async def test_a_stop_lets_a_request_under_way_finish(stack: Stack) -> None:
    slow = asyncio.create_task(status(stack, "/api/mobile/slow"))
    log = stack.machine.layout.log("mobile")
    async with asyncio.timeout(20):
        while b"GET /slow" not in log.read_bytes():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)

    await stack.supervisor.stop()

    assert await slow == 200


async def test_an_edge_that_should_move_waits_and_says_so(
    stack: Stack, configuration: Configuration, root: Path
) -> None:
    file = root / "colonnade.yaml"
    file.write_text(file.read_text().replace("port: 8080", "port: 8081"))

    await configuration.apply()

    assert stack.problems == (
        "takes effect after bff down and bff up: edge: replicas, ports, TLS, max_connections or max_memory",
    )
