"""Reads request bodies: bounded, then typed."""

from typing import TypeVar

import msgspec
from colonnade_runtime.decoding import UNREADABLE, decode_json, decode_message_pack, reason
from colonnade_runtime.encodings import is_message_pack
from colonnade_runtime.errors import BadRequest, Invalid, PayloadTooLarge
from colonnade_runtime.rsgi import HTTPProtocol

Decoded = TypeVar("Decoded")


async def read(protocol: HTTPProtocol, content_length: str | None, limit: int) -> bytes:
    """Return the body. Raises `PayloadTooLarge` as soon as it is known to exceed `limit` bytes."""
    if content_length is not None and content_length.isdigit():
        if int(content_length) > limit:
            raise _too_large(limit)
        return await protocol()
    pieces: list[bytes] = []
    size = 0
    async for piece in protocol:
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def decode(body: bytes, content_type: str | None, kind: type[Decoded]) -> Decoded:
    """Return the body as `kind`; it is JSON unless its Content-Type is MessagePack's.

    Raises `BadRequest`, or `Invalid`, which names the field.
    """
    packed = is_message_pack(content_type)
    try:
        return decode_message_pack(body, kind) if packed else decode_json(body, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"body: {error}") from error
    except UNREADABLE as error:
        raise BadRequest(
            f"The body is not valid {'MessagePack' if packed else 'JSON'}: {reason(error)}."
        ) from error


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is larger than {limit} bytes.")
