"""Asks a process how it is."""

import asyncio
import ssl
from enum import Enum
from pathlib import Path
from typing import Any

from colonnade.ir.target import CERTIFICATE, KEY, PEERS_CA
from colonnade.local.ports import HOST
from colonnade.local.spec import Health


class Answer(Enum):
    """What came back: all is well; some other answer; or none in time."""

    WELL = "well"
    UNWELL = "unwell"
    NONE = "none"


async def ask(health: Health, timeout_s: float) -> Answer:
    """Return the answer of the process behind `health`, at the latest after `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            received = await _exchange(health)
    except (OSError, TimeoutError):
        return Answer.NONE
    if not received:
        return Answer.NONE
    return Answer.WELL if received.startswith(health.answer) else Answer.UNWELL


def _shown(health: Health) -> dict[str, Any]:
    """How the connection is opened under mTLS. Raises `OSError` while there are no certificates."""
    if not health.peer:
        return {}
    folder = Path(health.identity)
    context = ssl.create_default_context(cafile=str(folder / PEERS_CA))
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    return {"ssl": context, "server_hostname": health.peer}


async def _exchange(health: Health) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, health.port, **_shown(health))
    try:
        writer.write(health.question)
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()
