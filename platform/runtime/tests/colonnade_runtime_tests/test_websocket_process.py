"""WebSockets of the real process, over real connections."""

import asyncio
import signal
import subprocess
from collections.abc import Iterator

import pytest

from colonnade_runtime_tests.test_process import free_port, metrics_of, running
from tests.websocket import BINARY, CLOSE, PING, TEXT, Client, Refused, connected

ORDER = {"id": "1"}
Running = tuple["subprocess.Popen[str]", str, int]


@pytest.fixture(scope="module")
def shared_process() -> Iterator[Running]:
    """One for all tests that leave it as it is; with it comes the port of its metrics."""
    port = free_port()
    with running("http://127.0.0.1:9", METRICS_PORT=str(port)) as (process, url):
        yield process, url, port


async def ended(process: "subprocess.Popen[str]") -> None:
    """Wait until a view has ended."""
    assert process.stderr is not None
    while "ended" not in await asyncio.to_thread(process.stderr.readline):
        pass


async def test_messages_go_both_ways_in_pieces_too(shared_process: Running) -> None:
    process, url, _ = shared_process
    async with connected(f"{url}/talk") as socket:
        await socket.send(ORDER)
        assert ORDER == await socket.receive()
        await socket.frame(TEXT, b'{"id": ', last=False)
        await socket.frame(PING, b"in between")
        await socket.frame(0, b'"2"}')
        assert {"id": "2"} == await socket.receive()
        await socket.frame(BINARY, b"\x81\xa2id\xa13")
        assert {"id": "3"} == await socket.receive()
        await socket.frame(CLOSE, b"\x03\xe8")
        assert await socket.ended() is None
    await ended(process)


async def test_a_path_without_a_view_is_refused(shared_process: Running) -> None:
    with pytest.raises(Refused) as refused:
        async with connected(f"{shared_process[1]}/nowhere"):
            pass

    assert 404 == refused.value.status


async def test_a_connection_that_breaks_ends_the_view(shared_process: Running) -> None:
    process, url, _ = shared_process
    async with connected(f"{url}/talk") as socket:
        await socket.send(ORDER)
        await socket.receive()
        socket.drop()
        await ended(process)


async def test_a_message_that_is_too_large_ends_it(shared_process: Running) -> None:
    process, url, _ = shared_process
    async with connected(f"{url}/talk") as socket:
        await socket.send({"id": "1" * 65536})
        told = await socket.ended()
    await ended(process)

    assert told == {"type": "close", "code": 1009, "reason": "A message has more than 65536 bytes."}


async def test_a_client_that_takes_nothing_is_waited_for_then_dropped(shared_process: Running) -> None:
    process, url, port = shared_process
    async with connected(f"{url}/talk") as socket:
        flood = asyncio.create_task(flooding(socket))
        await ended(process)
        flood.cancel()

    counted = 'colonnade_websockets_ended_total{view="/talk",code="1008"} 1'
    async with asyncio.timeout(10):
        while counted not in await asyncio.to_thread(metrics_of, port):
            pass


async def flooding(socket: Client) -> None:
    """Send for ever, and read nothing."""
    while True:
        await socket.send({"id": "1" * 60_000})


async def test_a_process_that_stops_tells_its_clients() -> None:
    with running("http://127.0.0.1:9") as (process, url):
        async with connected(f"{url}/talk") as socket:
            await socket.send(ORDER)
            await socket.receive()
            process.send_signal(signal.SIGTERM)
            told = await socket.ended()

        assert told == {"type": "close", "code": 1012, "reason": "The service restarts."}
        assert 0 == await asyncio.to_thread(process.wait, 10)
