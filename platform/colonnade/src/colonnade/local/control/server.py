"""The runner's end of the socket."""

import asyncio
import contextlib
import os
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from colonnade.errors import ColonnadeError
from colonnade.local.control.orders import MOST_BYTES, Answer, Failure, Order, decode_order, encode
from colonnade.local.control.reach import reachable

Carry = Callable[[Order, str], Awaitable[Any]]
"""Carries out an order of a user, and returns what is told of it. Raises `ColonnadeError`."""


@asynccontextmanager
async def serving(file: Path, carry: Carry) -> AsyncIterator[None]:
    """Take orders at the socket `file`, which only this user can open."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            line = await reader.readuntil(b"\n")
            writer.write(encode(await _answer(line, _peer(writer), carry)))
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(answer, sock=_listening(file), limit=MOST_BYTES)
    try:
        yield
    finally:
        server.close()
        _remove(file)


def _listening(file: Path) -> socket.socket:
    _remove(file)
    listening = socket.socket(socket.AF_UNIX)
    with reachable(file) as path:
        listening.bind(path)
    # Nobody else can reach it before this either: the folder lets only its owner in.
    file.chmod(0o600)
    return listening


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)


async def _answer(line: bytes, user: str, carry: Carry) -> Answer:
    try:
        return Answer(done=await carry(decode_order(line), user))
    except ColonnadeError as error:
        return Answer(error=Failure(error.message, error.hint, error.exit_code))
    except msgspec.MsgspecError as error:
        return Answer(error=Failure(f"this is no order: {error}", "", 2))
    except Exception as error:  # noqa: BLE001 - whatever it is, the stack goes on as it was
        return Answer(error=Failure(f"unexpected {type(error).__name__}: {error}", "see bff logs", 1))


def _peer(writer: asyncio.StreamWriter) -> str:
    """The user at the other end, where the system tells; else whose stack this is."""
    uid = os.getuid()
    if hasattr(socket, "SO_PEERCRED"):
        told = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, uid, _ = struct.unpack("3i", told)
    return user_name(uid)


def user_name(uid: int) -> str:
    """Return the name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
