"""Clients that ask more often than they may, over connections of their own."""

import asyncio
import ssl
import time
from dataclasses import dataclass

import httpx

OK, TOO_MANY = 200, 429
CLIENTS = 24
"""Connections: the balancer spreads them over the edges."""

_TLS = ssl.create_default_context()
"""One for all: a client that makes its own takes longer for it than for many requests."""


@dataclass(frozen=True)
class Answer:
    """What one request met; times are seconds since 1970."""

    status: int
    sent: float
    got: float


async def hammer(url: str, *, for_s: float, per_second: float) -> list[Answer]:
    """Ask for `url` about `per_second` times a second, for `for_s` seconds; return all answers."""
    until = time.monotonic() + for_s
    pause = CLIENTS / per_second
    found = await asyncio.gather(*(_client(url, until, pause, number) for number in range(CLIENTS)))
    return sorted((answer for answers in found for answer in answers), key=lambda answer: answer.got)


async def _client(url: str, until: float, pause: float, number: int) -> list[Answer]:
    answers = []
    async with httpx.AsyncClient(timeout=20, verify=_TLS) as client:
        # Spread over the first pause, so that the edges meet a steady stream and no volleys.
        due = time.monotonic() + pause * number / CLIENTS
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent = time.time()
            status = (await client.get(url)).status_code
            answers.append(Answer(status, sent, time.time()))
            due += pause
    return answers


def admitted(answers: list[Answer]) -> list[Answer]:
    """Return those that passed."""
    return [answer for answer in answers if answer.status == OK]


def refused(answers: list[Answer]) -> list[Answer]:
    """Return those that a limit refused."""
    return [answer for answer in answers if answer.status == TOO_MANY]
