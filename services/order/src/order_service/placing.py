"""Placing an order: once for each idempotency key, durable before it is acknowledged."""

import threading
from datetime import UTC, datetime
from pathlib import Path

from order_service.model import NewOrder
from order_service.seed import document
from service_kit.documents import connect
from service_kit.problems import Problem

KEYS = "CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, wish TEXT NOT NULL, body BLOB NOT NULL)"


class Desk:
    """Takes orders into the database `file`. Methods block for a disk flush."""

    def __init__(self, file: Path) -> None:
        self._connection = connect(file)
        self._connection.execute(KEYS)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def place(self, wish: NewOrder, key: str | None) -> bytes:
        """Return the new order, or the one that `key` placed before.

        Raises `Problem` (409) where `key` placed another wish.
        """
        # Order and key are one transaction, so that a process that dies leaves both or neither; the look for
        # an earlier order is in it too, because another process may have the same key at the same time.
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                earlier = self._earlier(wish, key)
                return earlier if earlier is not None else self._place(wish, key)

    def _earlier(self, wish: NewOrder, key: str | None) -> bytes | None:
        row = self._connection.execute("SELECT wish, body FROM keys WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        if row[0] != wish.model_dump_json():
            raise Problem(409, "Idempotency-Key: this key placed another order; use a new one.")
        body: bytes = row[1]
        return body

    def _place(self, wish: NewOrder, key: str | None) -> bytes:
        lines = [(int(item.product_id[2:]), item.quantity) for item in wish.items]
        run = self._connection.execute
        number = run("SELECT max(position) FROM documents").fetchone()[0] + 1
        order = document(number, wish.user_id, lines, datetime.now(UTC), "pending")
        run("INSERT INTO documents (id, tag, body) VALUES (?, ?, ?)", (order.id, order.tag, order.body))
        if key is not None:
            run("INSERT INTO keys VALUES (?, ?, ?)", (key, wish.model_dump_json(), order.body))
        return order.body
