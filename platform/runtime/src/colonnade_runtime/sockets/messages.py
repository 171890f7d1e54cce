"""Messages as they travel: JSON as text, or MessagePack as bytes where the client's `Accept` asks for it.

`{"type": "ping"}` asks for `{"type": "pong"}`, whoever sends it; `{"type": "close", "code": …, "reason": …}`
is the last of ours. All others are the view's.
"""

from typing import Any, Generic, TypeVar, get_args, get_type_hints

import msgspec
from colonnade_runtime.encodings import AS_JSON, Encoding

In = TypeVar("In")


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """Asks whether somebody is there."""


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """Answers a ping."""


class _Kind(msgspec.Struct, frozen=True):
    type: str = ""


PING, PONG = Ping(), Pong()
SIGNS: dict[str, Ping | Pong] = {"ping": PING, "pong": PONG}
"""What is said about the connection itself."""


class Reader(Generic[In]):
    """Decodes what clients send to a view."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - any type that msgspec knows
        self._decode = msgspec.json.Decoder(kind).decode
        self._unpack = msgspec.msgpack.Decoder(kind).decode

    def read(self, data: bytes | str) -> In | Ping | Pong:
        """Return a message. Raises one of `UNREADABLE`; a `ValidationError` names the field."""
        sign = SIGNS.get(_kind_of(data))
        if sign is not None:
            return sign
        message: In = self._unpack(data) if isinstance(data, bytes) else self._decode(data)
        return message


def _kind_of(data: bytes | str) -> str:
    try:
        return (_unpack_kind(data) if isinstance(data, bytes) else _decode_kind(data)).type
    except (
        msgspec.ValidationError
    ):  # a message of the view's that is no object, or has a type of another kind
        return ""


_decode_kind = msgspec.json.Decoder(_Kind).decode
_unpack_kind = msgspec.msgpack.Decoder(_Kind).decode


def write(message: object, encoding: Encoding) -> bytes | str:
    """Return a message as it is sent."""
    body = encoding.encode(message)
    return body.decode() if encoding is AS_JSON else body


def read_by(view: Any) -> Any:  # noqa: ANN401 - any callable, any type
    """Return what a view's `socket: WebSocket[In, Out]` reads. Raises `TypeError` where it has none."""
    hint = get_type_hints(view).get("socket")
    kinds = get_args(hint)
    if not kinds:
        raise TypeError(
            f"{view.__qualname__}: say what is read and sent, as in socket: WebSocket[Ack, Command]"
        )
    return kinds[0]
