"""A service that answers with the bytes it is told to, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SILENCE = b""


@dataclass
class Service:
    """Answers each request with the next of `answers`; `None` closes the connection instead.

    With `closing`, a connection is closed after its first answer.
    """

    answers: list[bytes | None]
    closing: bool = False
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; `left` is set when the other side closes one, `asked` by a request."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head + await reader.readexactly(_length(head)))
                self.asked.set()
                answer = self.answers.pop(0)
                if answer is None:
                    return
                writer.write(answer)
                if self.closing:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()


@asynccontextmanager
async def service(
    *answers: bytes | None, closing: bool = False, tls: SSLContext | None = None
) -> AsyncIterator[Service]:
    """Serve until the context ends."""
    one = Service([*answers], closing)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0, ssl=tls)
    one.url = f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield one


def _length(head: bytes) -> int:
    _, _, after = head.partition(b"content-length: ")
    return int(after.partition(b"\r\n")[0] or 0)
