"""What may be asked and ordered: one JSON object a line, answered by one."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Number = Annotated[int, Meta(ge=1)]


class History(Struct, frozen=True, tag="history", tag_field="order", forbid_unknown_fields=True):
    """Which versions are kept, the newest first, and which is in effect."""


class Show(Struct, frozen=True, tag="version", tag_field="order", forbid_unknown_fields=True):
    """One version with its manifests."""

    number: Number


class Diff(Struct, frozen=True, tag="diff", tag_field="order", forbid_unknown_fields=True):
    """What leads from one version to another, in the manifests or in what they were compiled to."""

    before: Number
    after: Number | None = None
    compiled: bool = False


class Rollback(Struct, frozen=True, tag="rollback", tag_field="order", forbid_unknown_fields=True):
    """Bring a version into effect again; without a number, the one before the version in effect."""

    number: Number | None = None
    by: str = ""


class Publish(Struct, frozen=True, tag="publish", tag_field="order", forbid_unknown_fields=True):
    """Bring the manifests on disk into effect, everywhere at once or on one edge first."""

    canary: bool = False
    by: str = ""


class Restart(Struct, frozen=True, tag="restart", tag_field="order", forbid_unknown_fields=True):
    """Restart processes, or all, without losing a request."""

    names: tuple[str, ...] = ()
    by: str = ""


Order = History | Show | Diff | Rollback | Publish | Restart


class Failure(Struct, frozen=True):
    """Why an order was not carried out; `exit_code` is 2 where it was wrong, 1 where it failed."""

    message: str
    hint: str
    exit_code: int


class Answer(Struct, frozen=True, omit_defaults=True):
    """What came of an order: `done`, or an `error`."""

    done: Any = None
    error: Failure | None = None


MOST_BYTES = 64 * 1024
"""An order is short."""


def encode(message: Order | Answer) -> bytes:
    """Return the line."""
    return msgspec.json.encode(message) + b"\n"


def decode_order(line: bytes) -> Order:
    """Return the order. Raises `msgspec.MsgspecError` where it is none."""
    order: Order = msgspec.json.decode(line, type=Order)
    return order


def decode_answer(line: bytes) -> Answer:
    """Return the answer. Raises `msgspec.MsgspecError` where it is none."""
    return msgspec.json.decode(line, type=Answer)
