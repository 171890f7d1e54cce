"""A schema with everything that can go well or wrong: null, errors, both at once and later."""

import asyncio
import enum
from typing import Any

import strawberry
from strawberry import Info


@strawberry.enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class MishapError(Exception):
    """Something went wrong, on purpose."""


@strawberry.type
class Tree:
    name: str
    note: str | None
    weight: float
    alive: bool
    colour: Colour
    tags: list[str]
    gaps: list[str | None] | None
    wrong: int = strawberry.field(default="not a number")
    absent: str = strawberry.field(default=None)
    depth: strawberry.Private[int] = 0

    @strawberry.field
    def times(self, count: int = 2, text: str | None = None) -> str:
        return (text or self.name) * count

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return f"later {self.name}"

    @strawberry.field
    async def later_null(self) -> str:
        await asyncio.sleep(0)
        return None  # type: ignore[return-value]  # what must not be null

    @strawberry.field
    def fails(self) -> str | None:
        raise MishapError(f"{self.name} fails")

    @strawberry.field
    async def fails_later(self, info: Info[Any, None]) -> str:
        await asyncio.sleep(0)
        raise MishapError(f"{self.name} fails in {info.field_name} of {info.context}")

    @strawberry.field
    def child(self) -> "Tree":
        return tree(self.depth + 1)

    @strawberry.field
    async def child_later(self) -> "Tree | None":
        await asyncio.sleep(0)
        return tree(self.depth + 1)

    @strawberry.field
    def nobody(self) -> "Tree | None":
        return None

    @strawberry.field
    async def children(self, info: Info[Any, None], first: int = 2) -> list["Tree"]:
        await asyncio.sleep(0)
        assert list(info.path.as_list())
        return [tree(self.depth + 1) for _ in range(first)]

    @strawberry.field
    def some_children(self) -> list["Tree | None"]:
        return [tree(self.depth + 1), None]

    @strawberry.field
    def no_list(self) -> list[str] | None:
        return 7  # type: ignore[return-value]  # what is no list


def tree(depth: int) -> Tree:
    return Tree(
        name=f"t{depth}",
        note=None if depth % 2 else "a note",
        weight=1.5,
        alive=True,
        colour=Colour.BLUE,
        tags=["a", "b"],
        gaps=["a", None],
        depth=depth,
    )


@strawberry.type
class Query:
    @strawberry.field
    def tree(self) -> Tree:
        return tree(0)

    @strawberry.field
    async def maybe(self) -> Tree | None:
        return tree(0)


log: list[str] = []


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add(self, name: str) -> int:
        log.append(f"begin {name}")
        await asyncio.sleep(0)
        log.append(f"end {name}")
        return len(log)


schema = strawberry.Schema(query=Query, mutation=Mutation)
