"""What runs here: told by a file, true only while the runner holds its lock."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from colonnade.errors import WorkError
from colonnade.local.layout import Layout, make_secret
from colonnade.local.state import (
    AlreadyRunningError,
    Process,
    Runner,
    StackState,
    is_running,
    only_one,
    read_state,
    require_running,
    running_state,
    runs,
    started,
    write_text,
)

STATE = StackState(
    runner=Runner(1, 2.0),
    ready=True,
    edge="http://127.0.0.1:8080",
    edges=("http://127.0.0.1:8080",),
    console="http://127.0.0.1:9000",
    identity="http://127.0.0.1:8100",
    services={"order": "http://127.0.0.1:8103"},
    bffs={},
    processes={"order": Process(None, "http://127.0.0.1:8103", "waiting", 2, None, "order.log")},
    problems=("bad",),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


def test_a_state_is_read_as_it_was_written(layout: Layout) -> None:
    write_text(layout.state_file, STATE.to_json())

    assert STATE == read_state(layout)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"runner": 1}'])
def test_a_state_that_makes_no_sense_is_none(layout: Layout, text: str) -> None:
    layout.state_file.write_text(text)

    assert read_state(layout) is None


def test_a_second_runner_is_refused_with_the_address_of_the_first(layout: Layout) -> None:
    with only_one(layout):
        write_text(layout.state_file, STATE.to_json())

        with (
            pytest.raises(AlreadyRunningError, match=r"http://127\.0\.0\.1:8080") as raised,
            only_one(layout),
        ):
            pass

    assert raised.value.exit_code == 2


def test_the_state_of_a_runner_that_is_gone_is_not_believed(layout: Layout) -> None:
    write_text(layout.state_file, STATE.to_json())

    assert not is_running(layout)
    assert running_state(layout) is None
    with pytest.raises(WorkError, match="does not run"):
        require_running(layout)


def test_a_stack_that_is_still_starting_is_not_used(layout: Layout) -> None:
    with only_one(layout):
        write_text(layout.state_file, replace(STATE, ready=False).to_json())

        with pytest.raises(WorkError, match="still starting"):
            require_running(layout)


def test_the_next_runner_ends_what_a_killed_one_left(layout: Layout) -> None:
    left = subprocess.Popen(["sleep", "600"], start_new_session=True)
    _write_state_of(layout, left.pid, started(left.pid))

    with only_one(layout):
        assert read_state(layout) is None

    assert left.wait(timeout=10) == -9


def test_a_process_that_only_has_the_same_pid_is_left_alone(layout: Layout) -> None:
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    began = started(other.pid)
    assert began is not None
    _write_state_of(layout, other.pid, began - 1000)

    with only_one(layout):
        pass

    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_process_is_known_by_its_start() -> None:
    assert runs(os.getpid(), started(os.getpid()))
    assert not runs(os.getpid(), 0.0)
    assert not runs(None, None)


def test_a_secret_is_made_once_and_readable_by_its_owner_only(layout: Layout) -> None:
    first = make_secret(layout.admin_token_file)

    assert first == make_secret(layout.admin_token_file)
    assert len(first) >= 43
    assert layout.admin_token_file.stat().st_mode & 0o777 == 0o600
    assert layout.folder.stat().st_mode & 0o777 == 0o700


def _write_state_of(layout: Layout, pid: int, since: float | None) -> None:
    process = Process(pid, "http://127.0.0.1:1", "healthy", 0, since, "left.log")
    write_text(layout.state_file, replace(STATE, processes={"left": process}).to_json())
