"""`bff ps`, `down`, `logs` and `up` where nothing runs, or something else does."""

import json

from colonnade.local.layout import Layout
from colonnade.local.state import only_one, write_text
from colonnade_tests.cli.command import Bff
from colonnade_tests.local.platforms import write_bff
from colonnade_tests.local.test_state import STATE


def test_where_nothing_runs_ps_says_so(bff: Bff) -> None:
    assert "nothing runs here" in bff("ps").out
    assert json.loads(bff("ps", "--json").out) == {"processes": {}}


def test_down_is_done_where_nothing_runs(bff: Bff) -> None:
    assert (0, "nothing runs here\n") == (bff("down").code, bff("down").out)


def test_ps_shows_processes_and_why_an_edit_was_refused(bff: Bff) -> None:
    layout = Layout(bff.root)
    layout.make()
    with only_one(layout):
        write_text(layout.state_file, STATE.to_json())
        shown, data = bff("ps"), json.loads(bff("ps", "--json").out)

    assert "order  waiting       2" in shown.out
    assert shown.out.endswith("order.log\n\nbad\n")
    assert data["problems"] == ["bad"]
    assert data["processes"]["order"]["url"] == "http://127.0.0.1:8103"


def test_up_where_it_runs_already_says_where(bff: Bff) -> None:
    layout = Layout(bff.root)
    layout.make()
    with only_one(layout):
        write_text(layout.state_file, STATE.to_json())
        done = bff("up", "--detach")

    assert done.code == 2
    assert "runs already at http://127.0.0.1:8080" in done.err


def test_up_with_a_bad_manifest_starts_nothing(bff: Bff) -> None:
    write_bff(bff.root, "mobile", 3001, services="nope")

    done = bff("up", "--detach", "--json")

    assert (done.code, done.out) == (2, "")
    assert "bffs/mobile/bff.yaml" in done.err
    assert not Layout(bff.root).state_file.exists()


def test_up_that_cannot_start_a_process_says_which_and_leaves_nothing(bff: Bff) -> None:
    done = bff("up", "--detach", "--ephemeral")

    # There is no services/ folder in this platform, so nothing can be imported from it.
    assert done.code == 1
    assert "bff logs" in done.err
    assert "nothing runs here" in bff("ps").out


def test_logs_are_shown_with_names_in_front(bff: Bff) -> None:
    layout = Layout(bff.root)
    layout.make()
    layout.log("web").write_text("one\ntwo\n")
    layout.log("iot").write_text("three\n")

    assert bff("logs", "-n", "1").out == "iot │ three\nweb │ two\n"
    assert bff("logs", "web").out == "one\ntwo\n"
