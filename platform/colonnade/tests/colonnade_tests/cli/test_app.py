"""The command line as a whole: help, version, exit codes, and no traceback."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from colonnade.cli import exits
from colonnade.errors import UserError, WorkError
from colonnade_tests.cli.command import Bff

COMMANDS = [
    ["up"], ["down"], ["ps"], ["logs"], ["check"], ["routes"], ["token"], ["test"], ["bench"], ["schema"],
    ["new"], ["remove"], ["init"], ["key", "create"], ["key", "list"], ["key", "revoke"], ["key", "rotate"],
    ["restart"], ["budget"], ["impact"], ["session"], ["revoke"], ["session-keys", "rotate"],
    ["config", "history"], ["config", "diff"], ["config", "rollback"], ["config", "publish"],
    ["limits", "explain"], ["limits", "top"], ["limits", "replay"],
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(bff: Bff, command: list[str]) -> None:
    done = bff(*command, "--help")

    assert done.code == 0
    assert (
        f"Example: {'curl' if command in (['token'], ['session']) else 'bff ' + ' '.join(command)}"
        in done.out
    )


def test_the_version_is_told(bff: Bff) -> None:
    done = bff("--version")

    assert (0, True) == (done.code, done.out.startswith("bff "))


def test_shell_completion_can_be_installed(bff: Bff) -> None:
    assert "--install-completion" in bff("--help").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["up", "--nope"],
        ["up", "--port", "70000"],
        ["key", "create"],
        ["logs", "nope"],
        ["budget", "nope"],
        ["limits", "explain", "--path", "/api/mobile", "--client", "alice"],
        ["limits", "explain", "--path", "/api/mobile", "--ip", "somewhere"],
        ["limits", "replay", "--access-log", "colonnade.yaml", "--with", "bffs/mobile/bff.yaml"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_code_2(bff: Bff, arguments: list[str]) -> None:
    done = bff(*arguments)

    assert done.code == 2
    assert done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", [["token"], ["key", "list"], ["budget"]], ids=" ".join)
def test_what_needs_a_running_stack_says_so(bff: Bff, arguments: list[str]) -> None:
    done = bff(*arguments)

    assert done.code == 1
    assert "this platform does not run" in done.err
    assert "bff up" in done.err


def test_outside_of_a_platform_the_person_is_told_what_to_do(
    bff: Bff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLONNADE_ROOT")
    monkeypatch.chdir("/")

    done = bff("ps")

    assert done.code == 2
    assert "bff init" in done.err


def test_a_command_finds_the_platform_from_a_folder_below(bff: Bff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLONNADE_ROOT")
    monkeypatch.chdir(bff.root / "bffs" / "mobile")

    assert bff("routes").code == 0


def test_errors_become_exit_codes_and_words_at_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(error: BaseException) -> int:
        def command() -> None:
            raise error

        return exits.run(command)

    assert fail(UserError("wrong\nvery", "do this")) == 2
    assert fail(WorkError("failed")) == 1
    assert fail(KeyboardInterrupt()) == 130
    assert fail(ValueError("odd")) == 1
    assert capsys.readouterr().err == (
        "bff: wrong\n     very\n     do this\nbff: failed\n"
        "bff: unexpected ValueError: odd\n     COLONNADE_TRACE=1 shows where\n"
    )


def test_what_the_system_lacks_is_told_with_its_place_and_what_helps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(number: int, file: str | None) -> int:
        def command() -> None:
            raise OSError(number, os.strerror(number), file)

        return exits.run(command)

    assert fail(errno.EROFS, "/shop/.colonnade/runner.lock") == 1
    assert fail(errno.ENOSPC, None) == 1
    assert capsys.readouterr().err == (
        "bff: /shop/.colonnade/runner.lock: Read-only file system\n"
        "     make it writable for the user who runs this, or work in another folder\n"
        "bff: No space left on device\n     make room on that disk\n"
    )


def test_ctrl_c_while_the_command_line_is_still_read_shows_no_traceback(tmp_path: Path) -> None:
    # It is sent by the very import that would be interrupted; a job in the background would ignore it.
    run = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "runpy.run_module('colonnade', run_name='__main__')"
    )
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")

    done = subprocess.run(
        [sys.executable, "-P", "-c", run, "ps"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
    )

    assert (-signal.SIGINT, "") == (done.returncode, done.stderr)


def test_help_imports_nothing_that_is_slow() -> None:
    code = "import sys; from colonnade.cli import app; print(*(n for n in sys.argv[1:] if n in sys.modules))"
    slow = [
        "pydantic",
        "httpx",
        "jinja2",
        "asyncio",
        "watchfiles",
        "psutil",
        "yaml",
        "rich.console",
        "msgspec",
    ]

    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *slow],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert done.stdout.strip() == ""


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, bff: Bff) -> None:
    arguments = f"{sys.executable} -P -m colonnade routes --json | true; echo ${{PIPESTATUS[0]}}"

    done = subprocess.run(
        ["bash", "-c", arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"COLONNADE_ROOT": str(bff.root), "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert (done.stdout.strip() in {"0", "1"}, done.stderr) == (True, "")
