"""Headers that a declared call sends of its own, beside those that go down with every call."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from colonnade_runtime.errors import BadRequest
from colonnade_runtime.request import EXPECTED, IDENTITY, TRACE
from colonnade_runtime.target import SEVERAL, text_of
from colonnade_runtime.upstream.call import Own

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch
"""One line of printable ASCII; spaces around a value would be taken off on the way (RFC 9110 §5.5)."""
JSON_BODY: Own = (("content-type", "application/json"),)
OURS = frozenset({"accept", "content-type", "x-request-id", EXPECTED, *IDENTITY, *TRACE})
"""What the runtime sends by itself, as the edge told it."""
OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    }
)
"""What says how a connection is used (RFC 9110 §7.6.1), where a body ends, what was asked, and its way."""
OF_THE_WAY = ("x-colonnade-", "x-envoy-", "x-forwarded-", "proxy-")
"""How the names begin of what those between client and service tell each other."""
OF_THE_ANSWER = frozenset({"accept-encoding", "range"})
"""What would bring answers that are not read: compressed ones, and parts."""


class Header(msgspec.Struct, frozen=True):
    """Marks a parameter that is sent as a header: `key: Annotated[str, Header("Idempotency-Key")]`."""

    name: str


def refused(name: str) -> str | None:
    """Return why a call cannot send a header of its own with this name; None where it can."""
    told = name.lower().replace("_", "-")  # some servers take both for the same
    if not _NAME(name):
        return f"{name!r} is no name of a header"
    if told in OURS:
        return f"the runtime sends {name} by itself"
    if told in OF_THE_CONNECTION or told in OF_THE_ANSWER or told.startswith(OF_THE_WAY):
        return f"{name} is not a call's to say: it is about connections and their two ends"
    return None


class OwnHeaders:
    """What a call sends of its own; `at` has the places of its parameters by the names of headers."""

    def __init__(self, at: Mapping[str, int], *, body: bool) -> None:
        self._always: Own = JSON_BODY if body else ()
        self._at = tuple(at.items())

    def fill(self, values: Sequence[Any]) -> Own:
        """Return the headers of the parameters' values; `None` is left out, a list is joined by commas.

        Raises `BadRequest` for a value that is no single line of ASCII.
        """
        if not self._at:
            return self._always
        given = [(name, _value(name, values[index])) for name, index in self._at if values[index] is not None]
        return (*self._always, *given)


def _value(name: str, value: object) -> str:
    text = ",".join(map(text_of, value)) if isinstance(value, SEVERAL) else text_of(value)
    if not _VALUE(text):
        raise BadRequest(f"The value for {name} has to be printable ASCII, without spaces around it.")
    return text
