"""Where in the answer an object or a list stands."""

from collections.abc import Iterator
from typing import Any

Key = str | int


class Frame:
    """The place of one object or list: `holder[key]`, within `parent`. `dead`: it was replaced by null."""

    __slots__ = ("dead", "holder", "key", "nullable", "parent")

    def __init__(self, holder: Any, key: Key, nullable: bool, parent: "Frame | None") -> None:  # noqa: ANN401, FBT001 - a dict or a list; made for each object
        self.holder = holder
        self.key = key
        self.nullable = nullable
        self.parent = parent
        self.dead = False

    @property
    def discarded(self) -> bool:
        """Whether it is no part of the answer any more."""
        frame: Frame | None = self
        while frame is not None:
            if frame.dead:
                return True
            frame = frame.parent
        return False

    def path(self, key: Key) -> list[Key]:
        """Return the path of what stands at `key` in here, from the top of the answer."""
        return [*reversed(list(self._keys())), key]

    def clear(self) -> None:
        """Replace this by null, or the nearest around it that may be null (GraphQL §6.4.4)."""
        frame = self
        while not frame.nullable and frame.parent is not None:
            frame = frame.parent
        frame.holder[frame.key] = None
        frame.dead = True

    def _keys(self) -> Iterator[Key]:
        frame = self
        while frame.parent is not None:
            yield frame.key
            frame = frame.parent
