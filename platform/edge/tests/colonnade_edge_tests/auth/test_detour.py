"""Among containers the provider is reached at another address than its issuer's."""

import asyncio

import httpx2

from colonnade_edge.oidc.detour import mounts

ISSUER = "http://127.0.0.1:9"
"""Nothing can be reached there: port 9 is `discard`."""


async def answer_with_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(head), head))
    await writer.drain()
    writer.close()


async def test_requests_for_the_issuer_go_elsewhere_and_keep_their_host() -> None:
    server = await asyncio.start_server(answer_with_the_head, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with (
        server,
        httpx2.AsyncClient(mounts=mounts(f"{ISSUER}/realm", f"http://127.0.0.1:{port}")) as client,
    ):
        seen = (await client.get(f"{ISSUER}/realm/token")).text

    assert seen.startswith("GET /realm/token HTTP/1.1\r\n")
    assert "host: 127.0.0.1:9\r\n" in seen.lower()


def test_without_another_address_nothing_is_changed() -> None:
    assert mounts(ISSUER, "") == {}
