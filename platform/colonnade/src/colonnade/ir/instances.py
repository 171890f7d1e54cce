"""What the instances of a part are called."""


def numbered(name: str, count: int) -> list[str]:
    """Return the names of `count` instances, such as `mobile`, `mobile-2` and `mobile-3`."""
    return [name, *(f"{name}-{number}" for number in range(2, count + 1))]
