"""Real processes under supervision: started in order, kept alive, stopped without a trace."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from colonnade.local.child import Child, StartError, State, Timing
from colonnade.local.guarding import Guard
from colonnade.local.layout import Layout
from colonnade.local.output import Output
from colonnade.local.ports import ANY, allot, is_free
from colonnade.local.spec import ProcessSpec
from colonnade.local.state import started
from colonnade.local.supervisor import Supervisor
from colonnade_tests.local.fakes import fake, server

IMPATIENT = Timing(start_s=20, every_s=0.1, answer_s=1.0, misses=3, stop_s=1.0)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


@pytest.fixture
async def supervisor(layout: Layout) -> AsyncIterator[Supervisor]:
    guard, output = Guard(), Output(layout)
    await guard.open()
    supervisor = Supervisor(guard, output, IMPATIENT)
    yield supervisor
    await supervisor.stop()
    await guard.close()
    output.close()


@pytest.fixture
def port() -> int:
    return allot({"any": ANY})["any"]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.02)


def pid_of(child: Child) -> int:
    assert child.pid is not None
    return child.pid


async def recovered(child: Child, old: int) -> None:
    await until(lambda: child.pid not in {None, old} and child.state is State.HEALTHY)


async def test_a_process_is_ready_when_it_answers(supervisor: Supervisor, layout: Layout, port: int) -> None:
    await supervisor.start([server("web", port)])

    child = supervisor.children["web"]
    assert (child.state, child.restarts) == (State.HEALTHY, 0)
    assert layout.log("web").read_text() == "hello\nxxxxxxxxxx\n"


async def test_processes_start_after_what_they_need(supervisor: Supervisor) -> None:
    ports = allot({"first": ANY, "second": ANY})
    states: list[dict[str, State]] = []
    supervisor.on_change = lambda: states.append({n: c.state for n, c in supervisor.children.items()})

    await supervisor.start(
        [server("second", ports["second"], after=("first",)), server("first", ports["first"])]
    )

    assert all(state["first"] is State.HEALTHY for state in states if "second" in state)


async def test_a_killed_process_is_started_again(supervisor: Supervisor, port: int) -> None:
    await supervisor.start([server("web", port)])
    child = supervisor.children["web"]
    old = pid_of(child)

    os.kill(old, signal.SIGKILL)
    await recovered(child, old)

    assert child.restarts == 1


async def test_a_process_that_hangs_is_started_again(
    supervisor: Supervisor, layout: Layout, port: int
) -> None:
    await supervisor.start([server("web", port)])
    child = supervisor.children["web"]
    old = pid_of(child)

    os.kill(old, signal.SIGSTOP)
    await recovered(child, old)

    assert "unanswered" in layout.log("colonnade").read_text()


async def test_what_a_killed_process_had_started_goes_with_it(
    supervisor: Supervisor, tmp_path: Path, port: int
) -> None:
    await supervisor.start([server("web", port, CHILD=str(tmp_path / "pid"))])
    grandchild = int((tmp_path / "pid").read_text())
    child = supervisor.children["web"]
    old = pid_of(child)

    os.kill(old, signal.SIGKILL)
    await recovered(child, old)

    await until(lambda: not _alive(grandchild))


async def test_a_stop_leaves_nothing_and_frees_the_port(
    supervisor: Supervisor, tmp_path: Path, port: int
) -> None:
    await supervisor.start([server("web", port, CHILD=str(tmp_path / "pid"))])
    pid = pid_of(supervisor.children["web"])

    await supervisor.stop()

    assert supervisor.children == {}
    assert not _alive(pid)
    await until(lambda: not _alive(int((tmp_path / "pid").read_text())))
    assert is_free(port)


async def test_a_process_that_ignores_the_request_to_stop_is_killed(
    supervisor: Supervisor, port: int
) -> None:
    await supervisor.start([server("web", port, STUBBORN="yes")])
    pid = pid_of(supervisor.children["web"])

    await supervisor.stop()

    assert not _alive(pid)


async def test_a_process_that_ends_before_it_is_healthy_fails_the_start_with_its_last_words(
    supervisor: Supervisor, port: int
) -> None:
    broken = fake("web", port, "import sys; sys.exit('no database')")

    with pytest.raises(StartError) as raised:
        await supervisor.start([broken])

    assert raised.value.message == "web ended with exit code 1\n    no database"
    assert "bff logs web" in raised.value.hint


async def test_what_the_system_lacks_is_told_instead_of_a_backtrace(
    supervisor: Supervisor, port: int
) -> None:
    words = "assert failure: inotify_fd_ >= 0. Details: Consider increasing fs.inotify.max_user_instances"
    broken = fake("envoy", port, f"print({words!r}, 999 * 'backtrace\\n', flush=True); import os; os.abort()")

    with pytest.raises(StartError) as raised:
        await supervisor.start([broken])

    assert "envoy was ended by SIGABRT: the system has no inotify instance left" in raised.value.message
    assert "backtrace" not in raised.value.message
    assert raised.value.hint == "sudo sysctl fs.inotify.max_user_instances=1024"


async def test_a_program_that_does_not_exist_fails_the_start(supervisor: Supervisor, port: int) -> None:
    missing = ProcessSpec(
        "web", ("/nowhere/program",), {}, Path("/"), server("web", port).health, "http://127.0.0.1"
    )

    with pytest.raises(StartError, match="/nowhere/program"):
        await supervisor.start([missing])


async def test_one_failure_ends_the_whole_start(supervisor: Supervisor) -> None:
    ports = allot({"good": ANY, "bad": ANY})
    specs = [server("good", ports["good"], after=("bad",)), fake("bad", ports["bad"], "raise SystemExit(2)")]

    with pytest.raises(StartError, match="bad ended with exit code 2"):
        await supervisor.start(specs)

    assert "good" not in supervisor.children


async def test_a_bad_answer_is_not_healthy_and_not_a_hang(supervisor: Supervisor, port: int) -> None:
    starting = asyncio.create_task(supervisor.start([server("web", port, STATUS="503")]))
    await until(lambda: "web" in supervisor.children and supervisor.children["web"].pid is not None)

    assert supervisor.children["web"].state is State.STARTING
    starting.cancel()


async def test_a_replacement_runs_before_the_old_one_stops(supervisor: Supervisor) -> None:
    ports = allot({"old": ANY, "new": ANY})
    await supervisor.start([server("web", ports["old"])])

    fresh = await supervisor.start_beside(server("web", ports["new"]))
    old = supervisor.adopt(fresh)

    assert old is not None
    assert (old.state, fresh.state) == (State.HEALTHY, State.HEALTHY)
    await old.stop()
    assert (is_free(ports["old"]), is_free(ports["new"])) == (True, False)


async def test_a_replacement_that_fails_leaves_nothing_behind(supervisor: Supervisor, port: int) -> None:
    with pytest.raises(StartError):
        await supervisor.start_beside(fake("web", port, "raise SystemExit(1)"))

    assert supervisor.children == {}


def _alive(pid: int) -> bool:
    return started(pid) is not None
