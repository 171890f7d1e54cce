"""A login that was begun is finished once, whatever happens to the connection meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade_edge.keyring import Keyring
from colonnade_edge.oidc.pending import PendingLogin, PendingLogins
from colonnade_edge.store.connect import connect
from colonnade_edge_tests.documents import new_session_key
from colonnade_edge_tests.processes import Valkey

PENDING = PendingLogin("browser", "verifier", "nonce", "https://shop.example/auth/callback", "/home")
COMMANDS_UNTIL_TAKEN = 3


@asynccontextmanager
async def breaking(store: Valkey, number: int) -> AsyncIterator[str]:
    """Yield the URL of a way to the store that breaks once: when command `number` was carried out."""
    asked = 0

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        to_store, from_store = await _opened(store)
        while command := await reader.read(65536):
            from_store.write(command)
            answer = await to_store.read(65536)
            asked += command.count(b"colonnade:login:") > 0
            if asked == number:
                asked += 1
                break
            writer.write(answer)
        from_store.close()
        writer.close()

    async with await asyncio.start_server(through, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


async def _opened(store: Valkey) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", store.port)


async def test_a_login_is_given_to_the_first_who_asks_and_to_nobody_else(store: Valkey) -> None:
    redis = connect(store.url)
    logins = PendingLogins(redis, Keyring(new_session_key()))
    await logins.keep("one", PENDING)

    taken = await asyncio.gather(*(logins.take("one") for _ in range(5)), logins.take("another"))
    await redis.aclose()

    assert sorted(map(bool, taken)) == [False] * 5 + [True]
    assert PENDING in taken


async def test_an_answer_that_is_lost_on_its_way_loses_no_login(store: Valkey) -> None:
    """What was sent twice was taken by the first, whose answer nobody got."""
    for number in range(1, COMMANDS_UNTIL_TAKEN + 1):
        async with breaking(store, number) as url:
            redis = connect(url)
            logins = PendingLogins(redis, Keyring(new_session_key()))
            await logins.keep(f"broken-{number}", PENDING)

            assert await logins.take(f"broken-{number}") == PENDING
            assert await logins.take(f"broken-{number}") is None
            await redis.aclose()
