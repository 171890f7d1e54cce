"""What processes say reaches their log files and the console, and log files stay small."""

import io
from pathlib import Path

import pytest

from colonnade.errors import UserError
from colonnade.local.layout import Layout
from colonnade.local.logs import Tail, last_lines, log_names
from colonnade.local.output import LogFile, Output, Prefixed


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


def test_a_log_file_that_grows_too_large_is_set_aside(layout: Layout) -> None:
    file = LogFile(layout, "web", most=20)
    for number in range(5):
        file.write(f"line {number}\n".encode())
    file.close()

    assert layout.log("web").read_text() == "line 4\n"
    assert layout.log("web").with_suffix(".log.1").read_text() == "line 2\nline 3\n"


def test_a_log_goes_on_where_the_last_run_ended(layout: Layout) -> None:
    for text in (b"first\n", b"second\n"):
        output = Output(layout)
        output.write("web", text)
        output.close()

    assert layout.log("web").read_text() == "first\nsecond\n"


def test_the_console_shows_names_in_front(layout: Layout) -> None:
    stream = io.BytesIO()
    output = Output(layout, Prefixed(6, colour=False, stream=stream))
    output.write("web", b"one\ntwo\n")
    output.say("ready")
    output.close()

    assert stream.getvalue().decode() == "web    │ one\nweb    │ two\ncolonnade │ ready\n"


def test_each_process_has_a_colour_of_its_own() -> None:
    stream = io.BytesIO()
    show = Prefixed(3, colour=True, stream=stream)
    for name in ("one", "two", "one"):
        show(name, b"x\n")

    first, second, again = stream.getvalue().splitlines()
    assert first == again
    assert first.split(b"m")[0] != second.split(b"m")[0]


def test_a_console_that_went_away_does_not_matter(layout: Layout) -> None:
    def broken(_name: str, _lines: bytes) -> None:
        raise BrokenPipeError

    output = Output(layout, broken)
    output.write("web", b"kept\n")
    output.close()

    assert layout.log("web").read_text() == "kept\n"


def test_the_last_lines_are_found(layout: Layout) -> None:
    layout.log("web").write_text("".join(f"{number}\n" for number in range(100)))

    assert last_lines(layout, "web", 2) == b"98\n99\n"
    assert last_lines(layout, "web", 0) == b""


def test_an_unknown_log_is_refused_with_those_there_are(layout: Layout) -> None:
    layout.log("web").touch()

    with pytest.raises(UserError) as raised:
        log_names(layout, "wbe")
    assert "web" in raised.value.hint


def test_a_log_is_followed_by_whole_lines_and_across_rotation(layout: Layout) -> None:
    path = layout.log("web")
    path.write_text("old\n")
    tail = Tail(path)

    with path.open("a") as file:
        file.write("new\nhal")
    assert tail.read() == b"new\n"
    with path.open("a") as file:
        file.write("f\n")
    assert tail.read() == b"half\n"
    path.rename(path.with_suffix(".log.1"))
    path.write_text("rotated\n")
    assert tail.read() == b"rotated\n"
