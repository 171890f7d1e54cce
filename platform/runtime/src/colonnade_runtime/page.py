"""Lists, read page by page."""

from collections.abc import Iterator
from typing import Annotated, Generic, TypeVar

import msgspec

Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list; `next_cursor` leads to the next one, and is null on the last."""

    items: list[Item]
    next_cursor: str | None = None

    def __iter__(self) -> Iterator[Item]:
        """Go through the items of this page."""
        return iter(self.items)


class PageQuery(msgspec.Struct, frozen=True):
    """The query of a list: how many items, and the cursor that the page before told."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None
