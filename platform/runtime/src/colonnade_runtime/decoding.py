"""JSON and MessagePack to typed structs; each type's decoder is built once."""

from functools import cache
from typing import Any, TypeVar, cast

import msgspec

Decoded = TypeVar("Decoded")
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoders raise: the last where arrays or objects are nested too deep, also in fields not asked for."""


def reason(error: Exception) -> str:
    """Return why something could not be read, of one of `UNREADABLE`."""
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)


def decode_json(body: bytes, kind: type[Decoded]) -> Decoded:
    """Return `body` as `kind`. Raises one of `UNREADABLE`; a `ValidationError` names the field."""
    return cast("Decoded", _decoder(cast("Any", kind)).decode(body))


def decode_message_pack(body: bytes, kind: type[Decoded]) -> Decoded:
    """Return `body` as `kind`. Raises as `decode_json` does."""
    return cast("Decoded", _unpacker(cast("Any", kind)).decode(body))


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - any type that msgspec knows
    return msgspec.json.Decoder(kind)


@cache
def _unpacker(kind: Any) -> msgspec.msgpack.Decoder[Any]:  # noqa: ANN401 - any type that msgspec knows
    return msgspec.msgpack.Decoder(kind)
