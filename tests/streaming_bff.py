"""Stands in for a BFF: server-sent events, a WebSocket that sends back what it gets, and plain answers.

The test's platform runs it as the mobile BFF. Frames of the WebSocket are not looked into: bytes are enough.
"""

import asyncio
import contextlib
import os

EVENT = b"data: tick\n\n"
EVERY_S = 0.1


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection's requests."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            path = head.split()[1]
            if path == "/ws":
                await _echo(reader, writer)
            elif path == "/events":
                await _tell_events(writer)
            else:
                _answer(writer, head)
                await writer.drain()
    writer.close()


def _answer(writer: asyncio.StreamWriter, head: str) -> None:
    names = [line.partition(":")[0].lower() for line in head.splitlines()[1:] if line]
    body = "\n".join(names).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body)


async def _tell_events(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"%x\r\n%b\r\n" % (len(EVENT), EVENT))
        await writer.drain()
        await asyncio.sleep(EVERY_S)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()
    raise ConnectionError


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, os.environ["HOST"], int(os.environ["PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
