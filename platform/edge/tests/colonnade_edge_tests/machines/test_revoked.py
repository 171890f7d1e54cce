"""Tokens that nobody but the edge can end early are refused although their verdicts are still remembered."""

import asyncio
import time

import httpx
from redis.asyncio import Redis

from colonnade_edge.revocation.provenance import of_token
from colonnade_edge.revocation.record import Kind
from colonnade_edge.revocation.stream import publish
from colonnade_edge_tests.machines.provider import Introspected
from colonnade_edge_tests.machines.test_consumers import ask as ask_consumer
from colonnade_edge_tests.machines.test_consumers import signed
from colonnade_edge_tests.machines.test_introspection import NOW, ask, known
from colonnade_edge_tests.processes import Valkey


async def revoke(store: Valkey, kind: Kind, value: str) -> None:
    async with Redis.from_url(store.url) as redis:
        await publish(redis, kind, value, time.time() + 60, 60)


async def refused(envoy: httpx.AsyncClient, token: str) -> httpx.Response:
    async with asyncio.timeout(10):
        while (answer := await ask(envoy, token)).status_code == 200:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        return answer


async def test_an_opaque_token_that_was_revoked_is_refused_while_it_is_remembered(
    envoy: httpx.AsyncClient, provider: Introspected, store: Valkey
) -> None:
    token, other = known(provider), known(provider)
    assert (await ask(envoy, token)).status_code == (await ask(envoy, other)).status_code == 200

    await revoke(store, "token", of_token(token, provider.issuer).token)
    answer = await refused(envoy, token)

    assert (answer.status_code, answer.json()["detail"]) == (401, "the credential was revoked")
    assert provider.asked[token] == 1
    assert (await ask(envoy, other)).status_code == 200


async def test_a_users_opaque_tokens_are_refused_and_later_ones_pass(
    envoy: httpx.AsyncClient, provider: Introspected, store: Valkey
) -> None:
    token = known(provider, sub="mallory", iat=NOW - 60)
    assert (await ask(envoy, token)).status_code == 200

    await revoke(store, "user", "mallory")
    answer = await refused(envoy, token)

    assert answer.status_code == 401
    later = known(provider, sub="mallory", iat=int(time.time()) + 2)
    assert (await ask(envoy, later)).status_code == 200


async def test_a_consumers_token_is_revoked_by_its_text(envoy: httpx.AsyncClient, store: Valkey) -> None:
    token, other = signed(jti="leaked"), signed(jti="another")
    assert (await ask_consumer(envoy, token)).status_code == 200

    await revoke(store, "token", of_token(token, "http://issuer.example").token)
    answer = await refused(envoy, token)

    assert answer.status_code == 401
    assert (await ask_consumer(envoy, other)).status_code == 200


async def test_who_holds_an_opaque_or_a_consumers_token_can_end_it(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    opaque, consumers = known(provider), signed()
    assert (await ask(envoy, opaque)).status_code == (await ask(envoy, consumers)).status_code == 200

    for token in (opaque, consumers):
        headers = {"x-colonnade-ip": "10.0.0.9"}
        ended = await envoy.post("/auth/revoke", data={"token": token}, headers=headers)
        assert (ended.status_code, ended.content) == (200, b"")
        assert (await refused(envoy, token)).status_code == 401
