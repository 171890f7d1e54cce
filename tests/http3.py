"""A client for HTTP/3, of another library than the edge's; it may break the rules."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset

HOST = "127.0.0.1"
PATIENCE_S = 20.0

Fields = Iterable[tuple[str, str]]


@dataclass
class Answer:
    """What came back over HTTP/3."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.headers[":status"])


class Ended(Exception):  # noqa: N818 - what became of a request, not a mistake
    """The stream was reset, or the whole connection closed, with this code (RFC 9114 §8.1)."""

    def __init__(self, code: int, *, whole: bool) -> None:
        super().__init__(f"{'connection' if whole else 'stream'} ended with {code:#x}")
        self.code = code
        self.whole = whole


class Client(QuicConnectionProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(*args, **options)
        self._http = H3Connection(self._quic)
        self._answers: dict[int, tuple[Answer, asyncio.Future[Answer]]] = {}

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask; raises `Ended`."""
        return await self.asked([*request(path), *((name.lower(), value) for name, value in headers.items())])

    async def asked(self, fields: Fields, body: bytes | None = None) -> Answer:
        """Send the fields as they are, and a body; raises `Ended`."""
        stream, whole = self._stream()
        encoded = [(name.encode(), value.encode()) for name, value in fields]
        self._http.send_headers(stream, encoded, end_stream=body is None)
        if body is not None:
            self._http.send_data(stream, body, end_stream=True)
        return await self._sent(whole)

    async def raw(self, data: bytes) -> Answer:
        """Send bytes in place of a request; raises `Ended`."""
        stream, whole = self._stream()
        self._quic.send_stream_data(stream, data, end_stream=True)
        return await self._sent(whole)

    def given_up(self, path: str, code: int = 0x10C) -> None:
        """Ask, and take it back at once (H3_REQUEST_CANCELLED)."""
        stream = self._quic.get_next_available_stream_id()
        encoded = [(name.encode(), value.encode()) for name, value in request(path)]
        self._http.send_headers(stream, encoded, end_stream=False)
        self.transmit()
        self._quic.reset_stream(stream, code)
        self.transmit()

    def _stream(self) -> tuple[int, "asyncio.Future[Answer]"]:
        stream = self._quic.get_next_available_stream_id()
        whole: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[stream] = (Answer(), whole)
        return stream, whole

    async def _sent(self, whole: "asyncio.Future[Answer]") -> Answer:
        self.transmit()
        return await asyncio.wait_for(whole, PATIENCE_S)

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, StreamReset) and event.stream_id in self._answers:
            self._end(self._answers[event.stream_id][1], Ended(event.error_code, whole=False))
        if isinstance(event, ConnectionTerminated):
            for _, whole in self._answers.values():
                self._end(whole, Ended(event.error_code, whole=True))
        for one in self._http.handle_event(event):
            self._heard(one)

    @staticmethod
    def _end(whole: "asyncio.Future[Answer]", ended: Ended) -> None:
        if not whole.done():
            whole.set_exception(ended)

    def _heard(self, event: H3Event) -> None:
        if not isinstance(event, HeadersReceived | DataReceived):
            return
        answer, whole = self._answers[event.stream_id]
        if isinstance(event, HeadersReceived):
            answer.headers |= {name.decode(): value.decode() for name, value in event.headers}
        else:
            answer.body += event.data
        if event.stream_ended and not whole.done():
            whole.set_result(answer)


def request(path: str, method: str = "GET") -> list[tuple[str, str]]:
    """The fields that begin a request."""
    return [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]


@asynccontextmanager
async def connected(port: int, authority: bytes) -> AsyncIterator[Client]:
    """A connection to this machine; `authority` is the certificate of the CA that is trusted."""
    trusting = QuicConfiguration(alpn_protocols=H3_ALPN, server_name="localhost")
    trusting.load_verify_locations(cadata=authority)
    async with connect(HOST, port, configuration=trusting, create_protocol=Client) as client:
        assert isinstance(client, Client)
        yield client
    await asyncio.sleep(0)  # its socket is closed by the loop


async def ask(port: int, authority: bytes, *requests: tuple[str, Mapping[str, str]]) -> list[Answer]:
    """The answers to requests over one connection; raises `Ended`."""
    async with connected(port, authority) as client:
        return [await client.get(path, headers) for path, headers in requests]
