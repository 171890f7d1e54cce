"""What a limit counts apart, as part of the store's key.

Several values are written with their lengths, so that no two lists of values meet in one key.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Protocol


class Who(Protocol):
    """Who asks, as a limit sees it."""

    @property
    def consumer(self) -> str:
        """Such as `user:alice`."""

    @property
    def credential(self) -> str:
        """The single token, session or key."""

    @property
    def groups(self) -> frozenset[str]:
        """By which limits have tiers and exemptions."""


class Asking(Protocol):
    """A request, as a limit sees it: live at the edge, or read from a log."""

    @property
    def route_id(self) -> str:
        """The route that matched."""

    @property
    def path(self) -> str:
        """As the client sent it."""

    @property
    def identity(self) -> Who:
        """Who asks."""

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""


ValueOf = Callable[[Asking], str]

CLIENT_IP = "x-colonnade-ip"
"""The header in which Envoy tells the client's address."""

MAX_VALUE = 128
"""Longer values (a client chooses its header and path) are replaced by their digest."""


def value_of(parts: Sequence[str], name: str) -> ValueOf:
    """Return the function from a call to what `parts` say of it; raise `ValueError` for an unknown part."""
    readers = [_reader(part, name) for part in parts]
    if len(readers) == 1:
        read = readers[0]
        return lambda call: bounded(read(call))

    def joined(call: Asking) -> str:
        values = [bounded(read(call)) for read in readers]
        return "".join(f"{len(value)}:{value}" for value in values)

    return joined


def bounded(value: str) -> str:
    """Return `value`, or its digest where it is long; braces would split a hash tag."""
    if len(value) <= MAX_VALUE and "}" not in value:
        return value
    return "blake2b=" + blake2b(value.encode(), digest_size=32).hexdigest()


def _reader(part: str, name: str) -> Callable[[Asking], str]:
    if part.startswith("header:"):
        header = part.removeprefix("header:").lower()
        return lambda call: call.header(header)
    if part not in _READERS:
        raise ValueError(f"limit {name!r}: unknown key {part!r}")
    return _READERS[part]


_READERS: dict[str, Callable[[Asking], str]] = {
    "consumer": lambda call: call.identity.consumer,
    "credential": lambda call: call.identity.credential,
    "ip": lambda call: call.header(CLIENT_IP),
    "path": lambda call: call.path,
    "route": lambda call: call.route_id,
}
