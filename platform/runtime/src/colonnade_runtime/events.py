"""Server-sent events (WHATWG HTML §9.2): what a view returns to keep telling, and how it is written."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

HEARTBEAT = b":\n\n"
"""A comment, which clients ignore: it keeps those between from taking silence for an end."""
_BREAKS = frozenset("\r\n\0")


class Event(msgspec.Struct, frozen=True):
    """One event: `data` is anything that msgspec encodes.

    A client that comes back tells the last `id` that it had: `request.last_event_id`. `event` is the name of
    what listeners listen for; `message` where there is none. Raises `ValueError` where one breaks the line.
    """

    data: Any
    id: str | None = None
    event: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would read as another event."""
        if _BREAKS & {*(self.id or ""), *(self.event or "")}:
            raise ValueError("the id and the name of an event are one line each")

    def encode(self) -> bytes:
        """Return the event as it is sent."""
        lines = b"data: %b\n\n" % msgspec.json.encode(self.data)
        if self.event is not None:
            lines = b"event: %b\n%b" % (self.event.encode(), lines)
        if self.id is not None:
            lines = b"id: %b\n%b" % (self.id.encode(), lines)
        return lines


class Events(msgspec.Struct, frozen=True, eq=False):
    """What a view returns in place of an answer that ends: events, until there are no more.

    After `heartbeat` seconds of silence a comment is sent. `retry` is after how many seconds a client comes
    back when the stream ends. The route needs `stream: true` in bff.yaml.
    """

    source: AsyncIterator[Event]
    heartbeat: float = 15.0
    retry: float = 2.0

    def opening(self) -> bytes:
        """Return what is sent first."""
        return b"retry: %d\n\n" % (self.retry * 1000)
