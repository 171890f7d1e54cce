"""Cursors behind every edge, made of the service's cursors, which stand behind pages only."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import strawberry
from colonnade_runtime import Invalid, Page

MAX_ITEMS = 100
DEFAULT_ITEMS = 20


@strawberry.type
class PageInfo:
    """Whether there is more, and from where."""

    has_next_page: bool
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: the service's cursor of a page, and so many items behind it."""

    cursor: str | None = None
    skip: int = 0

    @classmethod
    def read(cls, text: str | None) -> "Place":
        """Return the place that a client's cursor names. Raises `Invalid` for any other text."""
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
        """Return the place as the cursor that clients see."""
        return base64.urlsafe_b64encode(f"{self.skip}:{self.cursor or ''}".encode()).decode()

    def behind(self, index: int, page: Page[Any]) -> "Place":
        """Return the place behind item `index` of what was shown of `page`."""
        count = self.skip + index + 1
        if count == len(page.items) and page.next_cursor is not None:
            return Place(page.next_cursor)
        return Place(self.cursor, count)


def checked(first: int | None, skip: int = 0) -> int:
    """Return how many items to read, the default for null.

    Raises `Invalid` for none, and for more than a service gives at once.
    """
    if first is None:
        first = DEFAULT_ITEMS
    if not 0 < first <= MAX_ITEMS:
        raise Invalid(f"first: give 1 to {MAX_ITEMS}")
    return min(first, MAX_ITEMS - skip)
