"""Cursor pages: `{"items": […], "next_cursor": …}`."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from service_kit.problems import Problem

MAX_LIMIT = 100
DEFAULT_LIMIT = 20
MAX_IDS = 100
MAX_POSITION = 2**63 - 1

POSITION = re.compile(r"p(\d{1,19})", re.ASCII)

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some items, and where the next ones are; `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list: at most `limit` items behind the position `after`."""

    limit: int
    after: int | None


# The two below are async because FastAPI would run plain functions in a thread, at 0.1 ms each.
async def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=64, description="`next_cursor` of the page before")
    ] = None,
) -> Paging:
    return Paging(limit, decode_cursor(cursor) if cursor else None)


async def _ids(
    ids: Annotated[
        str | None, Query(description=f"instead of a page: up to {MAX_IDS}, comma separated")
    ] = None,
) -> list[str] | None:
    return None if ids is None else split_ids(ids)


PageQuery = Annotated[Paging, Depends(_paging)]
IdsQuery = Annotated[list[str] | None, Depends(_ids)]


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
    match = POSITION.fullmatch(text)
    if match is None or int(match[1]) > MAX_POSITION:
        raise Problem(422, "cursor: not a cursor of this list; start without one")
    return int(match[1])
