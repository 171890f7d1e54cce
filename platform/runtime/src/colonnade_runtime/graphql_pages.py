"""Lists in GraphQL (Cursor Connections), made of the pages of services.

A client may go on behind any edge, while a service's cursors stand behind pages only. So a client's cursor
is a service's, and how many items behind it. Needs the extra `graphql` of this package.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry
from colonnade_runtime.errors import Invalid
from colonnade_runtime.page import Page

MAX_ITEMS = 100
DEFAULT_ITEMS = 20

Item = TypeVar("Item")
Node = TypeVar("Node")
Read = Callable[[int, str | None], Awaitable[Page[Item]]]
"""Reads so many items from behind a service's cursor."""


@strawberry.type
class PageInfo:
    """Whether there is more, and from where."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Node]):
    """One of a list, and the cursor that leads behind it."""

    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    """A part of a list (GraphQL Cursor Connections)."""

    edges: list[Edge[Node]]
    page_info: PageInfo


async def connection(
    read: Read[Item], node: Callable[[Item], Node], first: int | None, after: str | None
) -> Connection[Node]:
    """Return `first` items from behind the cursor `after`, each as the `node` that clients see.

    Raises `Invalid` for a cursor of something else, and for a number that `checked` refuses.
    """
    place = _Place.read(after)
    page = await read(checked(first, place.skip) + place.skip, place.cursor)
    edges = [
        Edge(cursor=place.behind(index, page).write(), node=node(item))
        for index, item in enumerate(page.items[place.skip :])
    ]
    end = edges[-1].cursor if edges else None
    return Connection(
        edges=edges, page_info=PageInfo(has_next_page=page.next_cursor is not None, end_cursor=end)
    )


def checked(first: int | None, skip: int = 0) -> int:
    """Return how many items to read, the default for null.

    Raises `Invalid` for none, and for more than a service gives at once.
    """
    if first is None:
        first = DEFAULT_ITEMS
    if not 0 < first <= MAX_ITEMS:
        raise Invalid(f"first: give 1 to {MAX_ITEMS}")
    return min(first, MAX_ITEMS - skip)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a list: the service's cursor of a page, and so many items behind it."""

    cursor: str | None = None
    skip: int = 0

    @classmethod
    def read(cls, text: str | None) -> "_Place":
        if text is None:
            return cls()
        try:
            skip, _, cursor = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
            if not skip.isdecimal() or int(skip) > MAX_ITEMS:
                raise Invalid("after: not a cursor of this list")
        except (binascii.Error, UnicodeError) as error:
            raise Invalid("after: not a cursor of this list") from error
        return cls(cursor or None, int(skip))

    def write(self) -> str:
        return base64.urlsafe_b64encode(f"{self.skip}:{self.cursor or ''}".encode()).decode()

    def behind(self, index: int, page: Page[Any]) -> "_Place":
        """Return the place behind item `index` of what was shown of `page`."""
        count = self.skip + index + 1
        if count == len(page.items) and page.next_cursor is not None:
            return _Place(page.next_cursor)
        return _Place(self.cursor, count)
