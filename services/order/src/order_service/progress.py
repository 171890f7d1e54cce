"""What becomes of an order after it was placed; durable, and told to those who wait for it."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from order_service.model import Status
from order_service.seed import NOTES, STATUSES, text_of
from service_kit.changes import ChangeLog
from service_kit.documents import connect
from service_kit.problems import Problem


class Progress:
    """Moves the orders in the database `file` on. Methods block for a disk flush."""

    def __init__(self, file: Path) -> None:
        self._connection = connect(file)
        self._lock = threading.Lock()
        self.changes = ChangeLog(self._connection)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def move(self, order_id: str, status: Status) -> bytes:
        """Return the order with this status; one that has it already stays as it is.

        Raises `Problem`: 404 where there is none, 409 where an order does not go this way.
        """
        run = self._connection.execute
        with self._lock:
            run("BEGIN IMMEDIATE")
            with self._connection:
                row = run("SELECT body FROM documents WHERE id = ?", (order_id,)).fetchone()
                if row is None:
                    raise Problem(404, f"There is no order {order_id!r}.")
                order = msgspec.json.decode(row[0])
                if order["status"] != status:
                    _move(order, status)
                    body = msgspec.json.encode(order)
                    run("UPDATE documents SET body = ? WHERE id = ?", (body, order_id))
                    self.changes.note(order_id)
        return msgspec.json.encode(order)


def _move(order: dict[str, Any], status: Status) -> None:
    """Add a step. Raises `Problem` (409) for one back, and for any of an order that has come to its end."""
    now = order["status"]
    ahead = STATUSES[STATUSES.index(now) + 1 :] if now in STATUSES else ()
    if status not in ahead and not (status == "cancelled" and now in {"pending", "paid"}):
        raise Problem(409, f"An order that is {now} cannot become {status}.")
    order["status"] = status
    order["history"].append({"status": status, "at": text_of(datetime.now(UTC)), "note": NOTES[status]})
