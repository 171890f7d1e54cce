"""Versions of the configuration as an operator sees and orders them: the runner of the stack has them."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field

from colonnade_edge import audit
from colonnade_edge.console.models import Model
from colonnade_edge.errors import BadRequest, Broken, NotDone, NotFound, Unavailable

WRONG = 2
"""The exit code that the runner would end with for a wrong order; for one that failed it is 1."""
MOST_BYTES = 64 * 1024 * 1024

Number = Annotated[int, Field(ge=1)]


class VersionView(Model):
    """A version: when and why it was published, by whom, and what became of it."""

    number: int
    at: datetime
    author: str
    cause: str
    revision: str
    files: tuple[str, ...]
    outcome: Literal["published", "canary", "withdrawn"]
    note: str


class VersionList(Model):
    """The versions that are kept, the newest first, and the one in effect."""

    current: int | None
    items: tuple[VersionView, ...]


class WholeVersion(VersionView):
    """A version with its manifests, by their path in the platform's folder."""

    manifests: dict[str, str]


class Difference(Model):
    """A unified diff."""

    diff: str


class RollbackOrder(Model):
    """To which version; without a number, to the one before the version in effect."""

    number: Number | None = None


class PublishOrder(Model):
    """Whether one edge has the manifests on disk first."""

    canary: bool = False


class Changed(Model):
    """The version in effect, and whether it is a new one."""

    version: VersionView
    new: bool


class Runner:
    """Gives orders to the runner at the other end of a socket, where there is one."""

    def __init__(self, control_socket: Path | None) -> None:
        self._socket = control_socket

    async def ask(self, order: str, **details: object) -> Any:  # noqa: ANN401 - JSON, as each order has its own
        """Return what the runner tells.

        Raises `BadRequest` for a wrong order, `NotDone` for one that failed, `NotFound` or `Unavailable`
        where there is no runner.
        """
        if self._socket is None:
            raise NotFound("this platform has no runner that keeps versions: it was not started by bff up")
        line = msgspec.json.encode({"order": order, **details}) + b"\n"
        try:
            answer = msgspec.json.decode(await self._exchange(self._socket, line))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Unavailable("the runner of this stack does not answer") from error
        except (ValueError, msgspec.MsgspecError) as error:
            raise Broken("the runner of this stack answered something else") from error
        if failure := answer.get("error"):
            hint = f" ({failure['hint']})" if failure["hint"] else ""
            raise (BadRequest if failure["exit_code"] == WRONG else NotDone)(failure["message"] + hint)
        return answer["done"]

    @staticmethod
    async def _exchange(file: Path, line: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(file), limit=MOST_BYTES)
        try:
            writer.write(line)
            await writer.drain()
            return await reader.readuntil(b"\n")
        finally:
            writer.close()


def versions(runner: Runner, by: str) -> APIRouter:
    """Return this part of the admin API; `by` is who gives the orders."""
    router = APIRouter(prefix="/config")

    @router.get("/versions")
    async def list_versions() -> VersionList:
        """List the versions that are kept."""
        return VersionList(**await runner.ask("history"))

    @router.get("/versions/{number}")
    async def show_version(number: Number) -> WholeVersion:
        """Show one version with its manifests."""
        try:
            return WholeVersion(**await runner.ask("version", number=number))
        except BadRequest as error:
            raise NotFound(error.detail) from error

    @router.get("/diff")
    async def compare_versions(
        before: Annotated[int, Query(ge=1)],
        after: Annotated[int | None, Query(ge=1)] = None,
        *,
        compiled: bool = False,
    ) -> Difference:
        """Show what leads from one version to another, or to the one in effect."""
        return Difference(**await runner.ask("diff", before=before, after=after, compiled=compiled))

    @router.post("/rollback")
    async def roll_back(order: RollbackOrder) -> Changed:
        """Bring a version into effect again."""
        changed = Changed(**await runner.ask("rollback", number=order.number, by=by))
        audit.record(audit.Entry(event="config_rolled_back", detail=_named(changed), by=by))
        return changed

    @router.post("/publish")
    async def publish(order: PublishOrder) -> Changed:
        """Bring the manifests on disk into effect; by canary, the answer comes when the trial is over."""
        changed = Changed(**await runner.ask("publish", canary=order.canary, by=by))
        audit.record(audit.Entry(event="config_published", detail=_named(changed), by=by))
        return changed

    return router


def _named(changed: Changed) -> str:
    return f"version {changed.version.number}"
