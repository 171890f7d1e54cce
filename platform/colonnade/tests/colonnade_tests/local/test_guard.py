"""Nothing outlives a runner, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from colonnade.local import guard
from colonnade.local.guarding import Guard
from colonnade.local.state import started
from colonnade_tests.local.fakes import eventually

RUNNER = """
import asyncio, sys
from pathlib import Path
from colonnade.local.child import Timing
from colonnade.local.guarding import Guard
from colonnade.local.layout import Layout
from colonnade.local.output import Output
from colonnade.local.ports import ANY, allot
from colonnade.local.supervisor import Supervisor
from colonnade_tests.local.fakes import server

async def main(folder):
    layout = Layout(folder)
    layout.make()
    guard = Guard()
    await guard.open()
    supervisor = Supervisor(guard, Output(layout))
    specs = [server(name, port, CHILD=str(folder / name), STUBBORN="yes")
             for name, port in allot({"one": ANY, "two": ANY}).items()]
    await supervisor.start(specs)
    print(*(child.pid for child in supervisor.children.values()), flush=True)
    await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""


def test_kill_9_of_the_runner_leaves_no_process(tmp_path: Path) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with runner:
        assert runner.stdout is not None
        pids = [int(pid) for pid in runner.stdout.readline().split()]
        pids += [int((tmp_path / name).read_text()) for name in ("one", "two")]
        assert len(pids) == 4

        runner.kill()

    eventually(lambda: all(started(pid) is None for pid in pids))


async def test_a_guard_that_is_killed_is_replaced_and_knows_what_runs() -> None:
    keeper = Guard()
    await keeper.open()
    sleeper = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    keeper.watch(sleeper.pid)
    first = keeper._process
    assert first is not None

    os.kill(first.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while keeper._process is first:  # noqa: ASYNC110 - another task replaces it
            await asyncio.sleep(0.01)
    await keeper.close()

    assert await sleeper.wait() == -signal.SIGTERM


def test_a_group_that_ended_is_left_alone() -> None:
    assert {20} == guard.follow(["+10\n", "+20\n", "-10\n", "-30\n"])


def test_a_signal_to_a_group_that_is_gone_is_no_error() -> None:
    process = subprocess.Popen(["true"], start_new_session=True)
    process.wait()

    assert not guard.signal_group(process.pid, signal.SIGKILL)
