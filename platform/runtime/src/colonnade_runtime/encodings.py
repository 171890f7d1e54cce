"""The encodings of answers and bodies: JSON, and MessagePack for those who ask for it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

JSON = "application/json"
MESSAGE_PACK = ("application/vnd.msgpack", "application/msgpack", "application/x-msgpack")
"""The name that is registered, and those that were in use before."""


class Encoding(msgspec.Struct, frozen=True, eq=False):
    """A media type, and how a document is written in it."""

    media_type: tuple[str, str]
    encode: Callable[[Any], bytes]


AS_JSON = Encoding(("content-type", JSON), msgspec.json.Encoder().encode)
AS_MESSAGE_PACK = {
    name: Encoding(("content-type", name), msgspec.msgpack.Encoder().encode) for name in MESSAGE_PACK
}


def negotiated(accept: str | None) -> Encoding:
    """Return the encoding that the client likes best (RFC 9110 §12.5.1).

    JSON unless MessagePack is named and nothing else is liked better: who accepts neither gets JSON as well.
    """
    if accept is None or "msgpack" not in accept:
        return AS_JSON
    return _best(accept.lower())


def is_message_pack(content_type: str | None) -> bool:
    """Say whether a body is MessagePack, by its Content-Type."""
    return content_type is not None and content_type.partition(";")[0].strip().lower() in MESSAGE_PACK


@lru_cache(maxsize=256)
def _best(accept: str) -> Encoding:
    liked = dict(map(_quality, accept.split(",")))
    name = max(MESSAGE_PACK, key=lambda one: liked.get(one, 0))
    others = (liked[one] for one in (JSON, "application/*", "*/*") if one in liked)
    quality, json = liked.get(name, 0), next(others, 0)
    better = quality >= json if JSON not in liked else quality > json
    return AS_MESSAGE_PACK[name] if quality and better else AS_JSON


def _quality(media_range: str) -> tuple[str, float]:
    name, *parameters = (part.strip() for part in media_range.split(";"))
    given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return name, float(given)
    except ValueError:
        return name, 0
