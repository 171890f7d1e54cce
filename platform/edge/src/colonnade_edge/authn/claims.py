"""Where claims stand, which every provider decides for itself.

A place is the name of a claim (`https://shop.example/roles`), or else a path through objects with dots
between the names (`realm_access.roles`).
"""

from collections.abc import Iterable, Mapping

Claims = Mapping[str, object]
Value = str | int | bool


def text(claims: Claims, places: Iterable[str]) -> str:
    """Return the text at the first place that has one, or the empty string."""
    found = (_at(claims, place) for place in places)
    return next((value for value in found if isinstance(value, str) and value), "")


def words(claims: Claims, places: Iterable[str]) -> tuple[str, ...]:
    """Return the words at the first place that has any: a list of them, or text with spaces between."""
    for place in places:
        value = _at(claims, place)
        listed = value.split() if isinstance(value, str) else value
        if isinstance(listed, list) and listed:
            return tuple(word for word in listed if isinstance(word, str))
    return ()


def holds(claims: Claims, place: str, values: Iterable[Value]) -> bool:
    """Return whether the claim is one of `values`, or a list with one of them in it."""
    value = _at(claims, place)
    told = value if isinstance(value, list) else [value]
    # In Python, true is 1; to a provider it is not.
    return any(type(one) is type(wanted) and one == wanted for one in told for wanted in values)


def _at(claims: Claims, place: str) -> object:
    if place in claims:
        return claims[place]
    value: object = claims
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
