"""Cursor pages: `{"items": […], "next_cursor": …}`."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from service_kit.problems import Problem

MAX_LIMIT = 100
DEFAULT_LIMIT = 20
MAX_IDS = 100

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some items, and where the next ones are; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


class PageQuery:
    """The query parameters of a list: `limit` and `cursor`, or a batch of `ids`."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        ids: Annotated[str | None, Query(description=f"up to {MAX_IDS} ids, comma separated")] = None,
    ) -> None:
        self.limit = limit
        self.after = decode_cursor(cursor) if cursor else None
        self.ids = split_ids(ids) if ids is not None else None


def split_ids(text: str) -> list[str]:
    """Return the ids in `text`, each once. Raises `Problem` (422) for more than `MAX_IDS`."""
    ids = list(dict.fromkeys(part for part in text.split(",") if part))
    if len(ids) > MAX_IDS:
        raise Problem(422, f"ids: at most {MAX_IDS} at once, got {len(ids)}")
    return ids


def encode_cursor(position: int) -> str:
    """Return an opaque cursor that stands after the item at `position`."""
    return base64.urlsafe_b64encode(f"p{position}".encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str) -> int:
    """Return the position that `cursor` stands after. Raises `Problem` (422) for any other text."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    if not text.startswith("p") or not text[1:].isdecimal():
        raise Problem(422, "cursor: not a cursor of this list; start without one")
    return int(text[1:])
