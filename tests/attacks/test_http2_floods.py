"""Clients that keep an HTTP/2 edge busy at no cost of their own lose their connection; the edge serves on."""

from collections.abc import Callable

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.attacks.echo import seen
from tests.attacks.frames import Connection, Outcome, request
from tests.platform_folder import Stack

CANCEL = 8
ENOUGH = 20_000
"""Frames, many times what the edge bears with; a client that is still heard after them has won."""


def flood(stack: Stack, make: Callable[[Connection, int], list[Frame]]) -> Outcome:
    """Send what `make` makes, again and again, until the edge hangs up; read nothing meanwhile."""
    with Connection(stack) as client:
        for number in range(ENOUGH):
            try:
                client.send(*make(client, number))
            except OSError:
                break
        return client.outcome(lambda outcome: outcome.closed)


def test_streams_opened_and_reset_at_once(stack: Stack) -> None:
    """CVE-2023-44487, "rapid reset"."""
    before = len(seen(stack))

    def frames(client: Connection, number: int) -> list[Frame]:
        stream = 2 * number + 1
        return [client.headers(stream, request("/api/echo/open/reset")), RstStreamFrame(stream, CANCEL)]

    outcome = flood(stack, frames)

    assert outcome.closed
    assert len(seen(stack)) - before < 1000


def test_headers_that_never_end(stack: Stack) -> None:
    """CVE-2024-30255: CONTINUATION frames without end."""

    def frames(client: Connection, number: int) -> list[Frame]:
        if number == 0:
            return [client.headers(1, request(), "END_STREAM")]
        return [ContinuationFrame(1, client.block([(f"x-{number}", "y" * 100)]))]

    assert flood(stack, frames).closed


def test_empty_continuations(stack: Stack) -> None:
    def frames(client: Connection, number: int) -> list[Frame]:
        return [client.headers(1, request(), "END_STREAM") if number == 0 else ContinuationFrame(1, b"")]

    assert flood(stack, frames).closed


@pytest.mark.parametrize(
    "frame",
    [
        PingFrame(0, b"12345678"),
        SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65535}),
        PriorityFrame(1, depends_on=0, stream_weight=1),
        WindowUpdateFrame(0, window_increment=1),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_frames_that_ask_for_answers_or_work(stack: Stack, frame: Frame) -> None:
    assert flood(stack, lambda _client, _number: [frame] * 1000).closed


def test_empty_data(stack: Stack) -> None:
    def frames(client: Connection, number: int) -> list[Frame]:
        if number == 0:
            return [client.headers(1, request(method="POST"), "END_HEADERS")]
        return [DataFrame(1, b"")]

    assert flood(stack, frames).closed


def test_a_small_block_that_unpacks_to_a_large_one(stack: Stack) -> None:
    """The same 4,000 bytes, named ten thousand times by one byte each (an HPACK bomb)."""
    before = seen(stack)
    with Connection(stack) as client:
        stored = client.block([*request(), ("x-bomb", "b" * 4000)])
        # 0xBE: the entry that was added last (RFC 7541 §6.1).
        client.send(HeadersFrame(1, stored + b"\xbe" * 10_000, flags=["END_HEADERS", "END_STREAM"]))
        outcome = client.outcome()

    assert outcome.refused() or outcome.statuses == {1: 431}
    assert before == seen(stack)


def test_more_headers_than_the_edge_takes(stack: Stack) -> None:
    before = seen(stack)
    with Connection(stack) as client:
        outcome = client.ask([*request(), *((f"x-{number}", "1") for number in range(500))])

    assert outcome.refused()
    assert before == seen(stack)


def test_more_streams_at_once_than_the_edge_takes(stack: Stack) -> None:
    with Connection(stack) as client:
        for stream in range(1, 401, 2):
            client.send(client.headers(stream, request("/api/echo/open/many", "POST"), "END_HEADERS"))
        outcome = client.outcome(lambda outcome: len(outcome.resets) >= 100)

    assert len(outcome.resets) >= 100 or outcome.closed
