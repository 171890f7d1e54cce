"""HTTP/2 frame by frame, so that each can be wrong."""

import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)

from tests.platform_folder import Stack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
FRAME_HEADER = 9
PATIENCE_S = 5.0
"""Longer than the edge takes for any answer."""

Fields = list[tuple[str | bytes, str | bytes]]


@dataclass
class Outcome:
    """What the edge said of each stream, and whether it gave the connection up."""

    statuses: dict[int, int] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    resets: dict[int, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    goaway: int | None = None
    closed: bool = False

    def refused(self, stream: int = 1) -> bool:
        """Whether the request on `stream` was turned away, in whichever way."""
        status = self.statuses.get(stream, 0)
        return status in range(400, 500) or stream in self.resets or bool(self.goaway) or self.closed


def _answered(outcome: Outcome) -> bool:
    """The request, or the whole connection: after its last word the edge waits a little before it closes."""
    return 1 in outcome.ended or bool(outcome.goaway)


def request(
    path: str | bytes = "/api/echo/open/h2", method: str | bytes = "GET", **other: str | bytes
) -> Fields:
    """The pseudo-headers of a plain request."""
    pseudo = {"method": method, "scheme": "http", "authority": "shop", "path": path} | other
    return [(f":{name}", value) for name, value in pseudo.items()]


class Connection:
    """A client that has sent its preface and reads only when it is told to."""

    def __init__(self, stack: Stack) -> None:
        url = urlsplit(stack.edge)
        self._socket = socket.socket()
        # What is not read soon fills up at the edge, not here.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect((url.hostname, url.port))
        self._encoder, self._decoder = Encoder(), Decoder()
        self.send(PREFACE, SettingsFrame(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, *parts: bytes | Frame) -> None:
        """Send bytes and frames as they are; raises `OSError` once the edge has hung up."""
        self._socket.sendall(
            b"".join(part if isinstance(part, bytes) else part.serialize() for part in parts)
        )

    def block(self, fields: Fields) -> bytes:
        """Compress fields without looking at them."""
        return bytes(self._encoder.encode(fields, huffman=False))

    def headers(self, stream: int, fields: Fields, *flags: str) -> HeadersFrame:
        """A HEADERS frame; it ends headers and stream unless `flags` are given."""
        return HeadersFrame(stream, self.block(fields), flags=list(flags or ("END_HEADERS", "END_STREAM")))

    def ask(self, fields: Fields, body: bytes | None = None) -> Outcome:
        """Send one request and return what became of it."""
        self.submit(fields, body)
        return self.outcome()

    def submit(self, fields: Fields, body: bytes | None = None) -> None:
        """Send one request, or what the edge takes of it."""
        flags = ("END_HEADERS",) if body is not None else ("END_HEADERS", "END_STREAM")
        with suppress(OSError):
            self.send(self.headers(1, fields, *flags))
            if body is not None:
                self.send(DataFrame(1, body, flags=["END_STREAM"]))

    def outcome(self, done: Callable[[Outcome], bool] = _answered) -> Outcome:
        """Read until `done`, or until the edge has closed the connection, for `PATIENCE_S` at most."""
        outcome, data = Outcome(), b""
        deadline = time.monotonic() + PATIENCE_S
        with suppress(TimeoutError):
            while not (done(outcome) or outcome.closed):
                self._socket.settimeout(max(0.01, deadline - time.monotonic()))
                part = self._receive()
                outcome.closed = not part
                data = self._read(data + part, outcome)
        return outcome

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except ConnectionError:
            return b""

    def _read(self, data: bytes, outcome: Outcome) -> bytes:
        while len(data) >= FRAME_HEADER:
            length = struct.unpack(">I", b"\0" + data[:3])[0]
            if len(data) < FRAME_HEADER + length:
                break
            frame, _ = Frame.parse_frame_header(memoryview(data[:FRAME_HEADER]))
            frame.parse_body(memoryview(data[FRAME_HEADER : FRAME_HEADER + length]))
            data = data[FRAME_HEADER + length :]
            self._note(frame, outcome)
        return data

    def _note(self, frame: Frame, outcome: Outcome) -> None:
        if "END_STREAM" in frame.flags or isinstance(frame, RstStreamFrame):
            outcome.ended.add(frame.stream_id)
        match frame:
            case HeadersFrame():
                fields = {str(name): str(value) for name, value in self._decoder.decode(frame.data)}
                if ":status" in fields:
                    outcome.statuses[frame.stream_id] = int(fields[":status"])
            case DataFrame():
                outcome.bodies[frame.stream_id] = outcome.bodies.get(frame.stream_id, b"") + frame.data
            case RstStreamFrame():
                outcome.resets[frame.stream_id] = frame.error_code
            case GoAwayFrame():
                outcome.goaway = frame.error_code
            case _:
                pass
