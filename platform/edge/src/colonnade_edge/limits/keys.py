"""What a limit counts apart, as part of the store's key.

Several values are written with their lengths, so that no two lists of values meet in one key.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b

from colonnade_edge.call import Call

ValueOf = Callable[[Call], str]

MAX_VALUE = 128
"""Longer values (a client chooses its header and path) are replaced by their digest."""


def value_of(parts: Sequence[str], name: str) -> ValueOf:
    """Return the function from a call to what `parts` say of it; raise `ValueError` for an unknown part."""
    readers = [_reader(part, name) for part in parts]
    if len(readers) == 1:
        read = readers[0]
        return lambda call: bounded(read(call))

    def joined(call: Call) -> str:
        values = [bounded(read(call)) for read in readers]
        return "".join(f"{len(value)}:{value}" for value in values)

    return joined


def bounded(value: str) -> str:
    """Return `value`, or its digest where it is long; braces would split a hash tag."""
    if len(value) <= MAX_VALUE and "}" not in value:
        return value
    return "blake2b=" + blake2b(value.encode(), digest_size=32).hexdigest()


def _reader(part: str, name: str) -> Callable[[Call], str]:
    if part.startswith("header:"):
        header = part.removeprefix("header:").lower()
        return lambda call: call.header(header)
    if part not in _READERS:
        raise ValueError(f"limit {name!r}: unknown key {part!r}")
    return _READERS[part]


_READERS: dict[str, Callable[[Call], str]] = {
    "consumer": lambda call: call.identity.consumer,
    "credential": lambda call: call.identity.credential,
    "ip": lambda call: call.header("x-colonnade-ip"),
    "path": lambda call: call.path,
    "route": lambda call: call.route_id,
}
