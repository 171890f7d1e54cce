"""Opaque tokens: what the provider says counts for a short time, and it is asked no more than it can bear."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import httpx
import pytest

from colonnade_edge.authn.jwt import INVALID
from colonnade_edge_tests.documents import question
from colonnade_edge_tests.machines.conftest import Machines
from colonnade_edge_tests.machines.provider import CLIENT, SECRET, Introspected

NOW = int(time.time())

_numbers = count(1)


def known(provider: Introspected, **changed: object) -> str:
    """Make the provider know a token of a program; a member that is None is left out."""
    token = f"opaque-{next(_numbers)}"
    answer: dict[str, Any] = {
        "active": True, "token_type": "Bearer", "client_id": "billing", "sub": "billing",
        "aud": "colonnade", "iss": provider.issuer, "exp": int(time.time()) + 300, "scope": "read write",
    } | changed  # fmt: skip
    provider.answers[token] = {name: value for name, value in answer.items() if value is not None}
    return token


async def ask(
    envoy: httpx.AsyncClient, token: str, route: str = "busy", address: str = "10.0.0.1"
) -> httpx.Response:
    headers = question(route, authorization=f"Bearer {token}", x_colonnade_ip=address)
    return await envoy.get("/check/", headers=headers)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)


async def test_a_program_passes(envoy: httpx.AsyncClient, provider: Introspected) -> None:
    answer = await ask(envoy, known(provider), "machines")

    assert answer.status_code == 200
    assert answer.headers["x-client-id"] == "billing"
    basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    assert provider.authorized[-1] == f"Basic {basic}"


async def test_a_person_passes_with_roles_and_scopes(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token = known(provider, sub="alice", email="alice@example.com", roles=["admin"])

    answer = await ask(envoy, token, "scoped")

    assert answer.headers["x-user-id"] == "alice"
    assert answer.headers["x-user-roles"] == "admin"
    assert (await ask(envoy, token, "machines")).status_code == 403
    assert (await ask(envoy, known(provider, scope="read"), "scoped")).status_code == 403


async def test_a_person_whom_only_the_user_name_tells_is_no_program(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token = known(provider, sub=None, username="alice")

    assert (await ask(envoy, token, "machines")).status_code == 403
    assert (await ask(envoy, token)).headers["x-user-id"] == "alice"


async def test_an_answer_is_asked_for_once(envoy: httpx.AsyncClient, provider: Introspected) -> None:
    token = known(provider)
    provider.gate.clear()
    provider.reached.clear()
    asking = [asyncio.create_task(ask(envoy, token)) for _ in range(20)]
    await asyncio.to_thread(provider.reached.wait, 10)
    provider.gate.set()
    answers = [*await asyncio.gather(*asking), await ask(envoy, token)]

    assert {answer.status_code for answer in answers} == {200}
    assert provider.asked[token] == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"active": False},
        {"active": "true"},
        {"active": None},
        {"aud": "shop"},
        {"aud": ["shop", "colonnade2"]},
        {"iss": "https://evil.example"},
        {"exp": NOW - 1},
        {"exp": "never"},
        {"nbf": NOW + 86_400},
        {"token_type": "refresh_token"},
        {"token_type": "DPoP"},
        {"token_use": "refresh_token"},
        {"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
        {"sub": None, "client_id": None},
        {"sub": "bob\r\nx-user-id: alice"},
    ],
    ids=lambda answer: next(iter(answer)),
)
async def test_what_is_no_valid_token_is_refused(
    envoy: httpx.AsyncClient, provider: Introspected, answer: dict[str, object]
) -> None:
    token = known(provider, **answer)

    refused = [await ask(envoy, token, address="10.0.0.2") for _ in range(3)]

    assert {one.status_code for one in refused} == {401}
    assert refused[0].headers["www-authenticate"].startswith(INVALID)
    assert provider.asked[token] == 1


async def test_what_an_answer_leaves_out_is_not_held_against_it(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token = known(provider, aud=None, iss=None, exp=None, token_type=None)

    assert (await ask(envoy, token)).status_code == 200


async def test_an_answer_holds_no_longer_than_the_token(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    passed: list[float] = []
    for life_s in (1.5, 6, 24):  # until the machine is not too busy to ask in time
        token = known(provider, exp=(end := time.time() + life_s))
        while (asked := time.time()) and (answer := await ask(envoy, token)).status_code == 200:
            passed.append(asked)
            await asyncio.sleep(0.02)
        assert answer.status_code == 401
        if passed:
            break

    assert passed[-1] < end + 0.5


async def test_a_provider_that_is_down_costs_nobody_who_is_known(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token, other = known(provider), known(provider)
    assert (await ask(envoy, token)).status_code == 200
    provider.down = True

    refused = await ask(envoy, other)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (await ask(envoy, token)).status_code == 200
    provider.down = False

    async def heard() -> bool:
        return (await ask(envoy, other)).status_code == 200

    await until(heard)


async def test_a_token_that_the_provider_cannot_read_is_held_against_nobody_else(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    for number in range(10):
        odd = await ask(envoy, f"odd-{number}", address="10.0.0.5")
        answer = await ask(envoy, known(provider))

        assert (401, 200) == (odd.status_code, answer.status_code)


async def test_one_address_may_guess_some_tokens_and_then_waits(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token, fresh = known(provider), known(provider)
    await ask(envoy, token, address="10.0.0.3")
    statuses: list[int] = []  # one a second is given back, and a busy provider may be too late for some: 503
    while (answer := await ask(envoy, f"guess-{len(statuses)}", address="10.0.0.3")).status_code != 429:
        statuses.append(answer.status_code)

    assert set(statuses) <= {401, 503}
    assert statuses.count(401) >= 60
    assert int(answer.headers["retry-after"]) >= 1
    assert not provider.asked[f"guess-{len(statuses)}"]
    assert (await ask(envoy, token, address="10.0.0.3")).status_code == 200
    assert (await ask(envoy, fresh, address="10.0.0.4")).status_code == 200


async def test_a_flood_from_everywhere_reaches_the_provider_in_small_parts(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token = known(provider)
    await ask(envoy, token)
    provider.most = 0
    flood = [
        asyncio.create_task(ask(envoy, f"flood-{number}", address=f"10.1.{number // 250}.{number % 250}"))
        for number in range(400)
    ]
    during = await ask(envoy, token)
    answers = await asyncio.gather(*flood)

    assert during.status_code == 200
    assert 0 < provider.most <= 16
    assert {answer.status_code for answer in answers} <= {401, 503}


async def test_a_provider_that_hangs_is_given_no_more_questions(
    envoy: httpx.AsyncClient, provider: Introspected
) -> None:
    token = known(provider)
    await ask(envoy, token)
    before = provider.asked.total()
    provider.gate.clear()
    hung = [asyncio.create_task(ask(envoy, f"hung-{number}", address="10.2.0.1")) for number in range(50)]
    during = await ask(envoy, token)
    answers = await asyncio.gather(*hung)

    assert during.status_code == 200
    assert {answer.status_code for answer in answers} == {503}
    assert provider.asked.total() - before <= 16


async def test_a_token_is_nowhere_in_the_log(
    envoy: httpx.AsyncClient, provider: Introspected, machines: Machines
) -> None:
    token = known(provider, aud="shop")
    await ask(envoy, token)

    assert token not in machines.edge.logged()
    assert SECRET not in machines.edge.logged()
