"""Orders over the socket: for the stack's user only, answered one by one, whatever the order is."""

import asyncio
import getpass
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from colonnade.errors import UserError, WorkError
from colonnade.local.control.client import give
from colonnade.local.control.orders import History, Order, Rollback
from colonnade.local.control.reach import reachable
from colonnade.local.control.server import serving
from colonnade.local.layout import Layout
from colonnade.local.state import only_one, write_text
from colonnade_tests.local.test_state import STATE


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    # Longer than a socket's path may be.
    layout = Layout(tmp_path / ("long" * 20) / "shop")
    layout.root.mkdir(parents=True)
    layout.make()
    return layout


async def carry(order: Order, user: str) -> Any:  # noqa: ANN401 - as `Carry`
    match order:
        case History():
            return {"user": user}
        case Rollback(number=9):
            raise UserError("there is no version 9", "there are 1 to 3")
    raise RuntimeError("it broke")


def asked(layout: Layout, order: Order) -> Any:  # noqa: ANN401 - JSON
    with only_one(layout):
        write_text(layout.state_file, STATE.to_json())
        return give(layout, order)


async def test_an_order_is_carried_out_for_the_user_that_the_system_names(layout: Layout) -> None:
    async with serving(layout.control_socket, carry):
        told = await asyncio.to_thread(asked, layout, History())
        mode = layout.control_socket.stat().st_mode

    assert told == {"user": getpass.getuser()}
    assert stat.S_IMODE(mode) == 0o600
    assert not layout.control_socket.exists()


async def test_what_is_wrong_and_what_fails_comes_back_as_such(layout: Layout) -> None:
    async with serving(layout.control_socket, carry):
        with pytest.raises(UserError, match="no version 9") as wrong:
            await asyncio.to_thread(asked, layout, Rollback(9))
        with pytest.raises(WorkError, match="unexpected RuntimeError: it broke"):
            await asyncio.to_thread(asked, layout, Rollback(1))

    assert wrong.value.hint == "there are 1 to 3"


@pytest.mark.parametrize(
    "line", [b"nonsense", b'{"order": "explode"}', b'{"order": "rollback", "number": 0}']
)
async def test_what_is_no_order_is_answered_with_what_is_wrong(layout: Layout, line: bytes) -> None:
    async with serving(layout.control_socket, carry):
        with reachable(layout.control_socket) as path:
            reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()

    assert answer["error"]["exit_code"] == 2
    assert "this is no order" in answer["error"]["message"]
