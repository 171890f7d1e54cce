"""Gives an order to the stack that runs in a folder."""

import socket
from typing import Any

import msgspec

from colonnade.errors import UserError, WorkError
from colonnade.local.control.orders import Order, decode_answer, encode
from colonnade.local.control.reach import reachable
from colonnade.local.layout import Layout
from colonnade.local.state import require_running

LOST = "see bff ps and bff logs colonnade"


def give(layout: Layout, order: Order) -> Any:  # noqa: ANN401 - JSON, as each order has its own
    """Return what the stack tells of the order, however long it takes.

    Raises `UserError` where the order is wrong, `WorkError` where it fails or no stack runs.
    """
    require_running(layout)
    try:
        line = _exchange(layout, encode(order))
    except OSError as error:
        raise WorkError(f"the stack takes no orders: {error}", LOST) from error
    if not line:
        raise WorkError("the stack ended before it had answered", LOST)
    try:
        answer = decode_answer(line)
    except msgspec.MsgspecError as error:
        raise WorkError(f"the stack answered something else: {error}", LOST) from error
    if answer.error is not None:
        kind = UserError if answer.error.exit_code == UserError.exit_code else WorkError
        raise kind(answer.error.message, answer.error.hint)
    return answer.done


def _exchange(layout: Layout, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection, reachable(layout.control_socket) as path:
        connection.connect(path)
        connection.sendall(line)
        with connection.makefile("rb") as answer:
            return answer.readline()
