"""JSON and MessagePack to typed structs; each type's decoder is built once."""

from functools import cache
from typing import Any, TypeVar, cast

import msgspec

Decoded = TypeVar("Decoded")


def decode_json(body: bytes, kind: type[Decoded]) -> Decoded:
    """Return `body` as `kind`. Raises `msgspec.DecodeError`; its `ValidationError` names the field."""
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
