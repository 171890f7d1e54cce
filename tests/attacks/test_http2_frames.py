"""Frames that break the protocol (RFC 9113 §4 to §6): stream or connection ends, nothing reaches a BFF."""

import struct
from contextlib import ExitStack, suppress

from tests.attacks.frames import Connection, request
from tests.platform_folder import Stack

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, PRIORITISED, ACK = 0x1, 0x4, 0x8, 0x20, 0x1
MOST = 0x7FFF_FFFF
"""The largest window (§6.9.1)."""
FRAME_BYTES = 16_384
"""The largest frame, unless a SETTINGS frame of the edge allows more (§4.2)."""


def raw(kind: int, payload: bytes = b"", *, stream: int = 0, flags: int = 0) -> bytes:
    """A frame as it is written, whatever it means."""
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def setting(name: int, value: int) -> bytes:
    return raw(SETTINGS, struct.pack(">HI", name, value))


def window(stream: int, increment: int) -> bytes:
    return raw(WINDOW, struct.pack(">I", increment), stream=stream)


def broken(client: Connection) -> dict[str, bytes]:
    """Everything that ends a connection, by what is wrong with it; each is sent to a fresh one."""
    block = client.block(request("/api/echo/open/smuggled"))
    ask = raw(HEADERS, block, stream=1, flags=END_HEADERS | END_STREAM)
    part = raw(HEADERS, block[:5], stream=1, flags=END_STREAM)
    begun = raw(HEADERS, block, stream=1, flags=END_HEADERS)
    return {
        "a window beyond the largest": window(0, MOST) + window(0, MOST),
        "an increment of nothing": window(0, 0),
        "an increment of the wrong length": raw(WINDOW, b"\0\0\1"),
        "an initial window beyond the largest": setting(4, MOST + 1),
        "frames smaller than the smallest": setting(5, FRAME_BYTES - 1),
        "a push that is neither on nor off": setting(2, 2),
        "settings of a stream": raw(SETTINGS, b"\0\4\0\0\xff\xff", stream=1),
        "settings of five bytes": raw(SETTINGS, b"\0\4\0\0\xff"),
        "an acknowledgement that says something": raw(SETTINGS, b"\0\4\0\0\xff\xff", flags=ACK),
        "a ping of a stream": raw(PING, b"12345678", stream=1),
        "a ping of seven bytes": raw(PING, b"1234567"),
        "a promise": raw(PUSH, struct.pack(">I", 2) + block, stream=1, flags=END_HEADERS),
        "data of no stream": raw(DATA, b"x"),
        "data of a stream that nobody opened": raw(DATA, b"x", stream=1),
        "headers of no stream": raw(HEADERS, block, flags=END_HEADERS | END_STREAM),
        "headers of the edge's stream": raw(HEADERS, block, stream=2, flags=END_HEADERS | END_STREAM),
        "a reset of a stream that nobody opened": raw(RST, struct.pack(">I", 8), stream=1),
        "a reset of no stream": raw(RST, struct.pack(">I", 8)),
        "a continuation of nothing": raw(CONTINUATION, block, stream=1, flags=END_HEADERS),
        "headers with another frame between": part + raw(PING, b"12345678"),
        "headers continued on another stream": part
        + raw(CONTINUATION, block[5:], stream=3, flags=END_HEADERS),
        "more padding than frame": raw(HEADERS, b"\xff" + block, stream=1, flags=END_HEADERS | PADDED),
        "a stream that waits for itself": raw(
            HEADERS, struct.pack(">IB", 1, 0) + block, stream=1, flags=END_HEADERS | END_STREAM | PRIORITISED
        ),
        "a frame beyond the largest": raw(HEADERS, b"\0" * (FRAME_BYTES + 1), stream=1, flags=END_HEADERS),
        "an index of nothing": raw(HEADERS, b"\x80", stream=1, flags=END_HEADERS | END_STREAM),
        "an index of what is not in the table": raw(
            HEADERS, b"\xff\x80\x01", stream=1, flags=END_HEADERS | END_STREAM
        ),
        "a table beyond the largest": raw(
            HEADERS, b"\x3f\xff\xff\xff\x0f" + block, stream=1, flags=END_HEADERS | END_STREAM
        ),
        "a string that ends too soon": raw(
            HEADERS, block + b"\x40\x0axy", stream=1, flags=END_HEADERS | END_STREAM
        ),
        "more data than the window": begun
        + b"".join(raw(DATA, b"x" * FRAME_BYTES, stream=1) for _ in range(40)),
        "headers again": ask.replace(b"smuggled", b"first---") + ask,
        "a length that wraps": b"\xff\xff\xff" + ask[3:],
    }


def test_a_frame_that_breaks_the_protocol(stack: Stack) -> None:
    with ExitStack() as held:
        sent = {}
        for wrong in broken(held.enter_context(Connection(stack))):
            client = sent[wrong] = held.enter_context(Connection(stack))
            with suppress(OSError):
                client.send(broken(client)[wrong])
        outcomes = {wrong: client.outcome() for wrong, client in sent.items()}

    assert [] == [wrong for wrong, outcome in outcomes.items() if not outcome.refused()], outcomes


def test_a_frame_that_nobody_knows_is_passed_over(stack: Stack) -> None:
    """RFC 9113 §4.1: or no extension would ever be possible."""
    with Connection(stack) as client:
        client.send(raw(0x42, b"whatever", stream=1, flags=0xFF), setting(0x4242, 1))

        assert client.ask(request()).statuses == {1: 200}
