"""Which configuration is in effect, and how another comes into effect: versions, rollbacks, canaries."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from colonnade.errors import ColonnadeError, UserError, WorkError
from colonnade.ir.platform import Platform
from colonnade.ir.rollout import Rollout
from colonnade.local.canary import Canary
from colonnade.local.changes import Change, needs_restart, pinned
from colonnade.local.control.server import user_name
from colonnade.local.ports import Ports
from colonnade.local.publishing import compile_platform
from colonnade.local.stack import Stack, Trial
from colonnade.local.versions.manifests import changed, read_manifests
from colonnade.local.versions.store import Versions
from colonnade.local.versions.version import Outcome, Version
from colonnade.resolve.rollout import DEFAULT
from colonnade.resolve.rollout import rollout as resolved

STARTED = "bff up"
NOT_ON_DISK = (
    "version {} is in effect, not the manifests on disk, until one of them is edited, or bff config publish"
)


Switch = Callable[[Trial], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Source:
    """Manifests to bring into effect: their texts, and what they mean."""

    texts: Mapping[str, str]
    platform: Platform


class Configuration:
    """The configuration of a running stack. Changes come one after the other."""

    def __init__(self, stack: Stack, versions: Versions) -> None:
        self.versions = versions
        self._stack = stack
        self._user = user_name(os.getuid())
        self.changing = asyncio.Lock()
        """Held while the stack changes in any way."""
        self._canary: Canary | None = None

    def begin(self, source: Source) -> None:
        """Keep what the stack was started with, where that is another than the last version."""
        for version in self.versions.history():
            if version.outcome is Outcome.CANARY:
                self.versions.settle(version, Outcome.WITHDRAWN, "the stack ended meanwhile")
        stack = self._stack
        self._record(source, self._user, STARTED, stack.platform, stack.ports, Outcome.PUBLISHED)
        self._tell(())

    async def apply(self) -> None:
        """Bring the manifests as they are now into effect; wrong ones change nothing, and are told."""
        with contextlib.suppress(ColonnadeError):
            await self.publish(self._user)

    async def publish(self, author: str, *, canary: bool = False) -> Version | None:
        """Bring the manifests on disk into effect, with `canary` on one edge first, whatever they say.

        Return the new version; None where it is none. Raises `ColonnadeError`, with everything as it was.
        """
        if canary and self._stack.platform.edge.replicas == 1:
            raise UserError("there is only one edge, and no other to compare it with", "set edge.replicas")
        async with self.changing:
            try:
                source = await asyncio.to_thread(on_disk, self._stack.machine.layout.root)
                rollout = self._rollout(source, canary=canary)
                return await self._take_up(source, author, self._edited(source), rollout)
            except ColonnadeError as error:
                self._refuse(error.message)
                raise
            except Exception as error:
                self._refuse(f"unexpected {type(error).__name__}: {error}")
                raise WorkError(f"unexpected {type(error).__name__}: {error}") from error

    async def rollback(self, number: int | None, author: str) -> Version | None:
        """Bring a version into effect again, or the one before, as a new version; the files on disk stay.

        While a publish is on one edge only, it is withdrawn from there; without a number that is all.
        Return the new version; None where it is none. Raises `ColonnadeError`, with everything as it was.
        """
        if self._canary is not None:
            self._canary.stop(f"{author} said so")
            if number is None:
                return None
        async with self.changing:
            chosen = self.versions.get(number) if number else self.versions.before(self._current().number)
            source = await asyncio.to_thread(self._source, chosen)
            version = await self._take_up(source, author, f"rollback to {chosen.number}", None)
            if await asyncio.to_thread(read_manifests, self._stack.machine.layout.root) != source.texts:
                self._tell((*self._stack.problems, NOT_ON_DISK.format(self._current().number)))
            return version

    async def _take_up(
        self, source: Source, author: str, cause: str, rollout: Rollout | None
    ) -> Version | None:
        stack = self._stack
        notes = needs_restart(stack.platform, source.platform)
        platform = pinned(stack.platform, source.platform)
        ports, change = stack.next_ports(platform)
        await stack.publisher.validate(platform, ports)
        keep = partial(self._record, source, author, cause, platform, ports)
        if rollout is not None and (version := keep(Outcome.CANARY)):
            version = await self._try(
                version, rollout, lambda first: stack.switch(platform, ports, change, first)
            )
        else:
            await stack.switch(platform, ports, change)
            version = keep(Outcome.PUBLISHED)
        self._say(change, notes, version)
        self._tell(tuple(notes))
        return version

    async def _try(self, version: Version, rollout: Rollout, switch: Switch) -> Version:
        """Switch by a canary. Raises what it failed with, after saying so in the history."""
        self._canary = canary = Canary(self._stack, rollout, str(version.number))
        self._tell((f"version {version.number} is on one edge only, watched for {rollout.window_s:g} s",))
        try:
            await switch(canary.watch)
        except ColonnadeError as error:
            self.versions.settle(version, Outcome.WITHDRAWN, error.message)
            raise
        finally:
            self._canary = None
        return self.versions.settle(version, Outcome.PUBLISHED, canary.figures)

    def _record(
        self, source: Source, author: str, cause: str, platform: Platform, ports: Ports, outcome: Outcome
    ) -> Version | None:
        """Keep a version, if it is another than the one in effect; a full disk does not stop the stack."""
        current = self.versions.current
        try:
            if current is not None and self.versions.manifests(current.number) == source.texts:
                return None
            compiled = self._stack.publisher.compiled(platform, ports)
            return self.versions.record(source.texts, compiled, author=author, cause=cause, outcome=outcome)
        except OSError as error:
            self._stack.output.say(f"this version of the configuration cannot be kept: {error}")
            return None

    def _rollout(self, source: Source, *, canary: bool) -> Rollout | None:
        if self._stack.platform.edge.replicas == 1:
            return None
        return source.platform.edge.rollout or (resolved(DEFAULT) if canary else None)

    def _source(self, version: Version) -> Source:
        folder = self.versions.manifests_folder(version.number)
        platform = compile_platform(self._stack.machine.layout.root, folder)
        return Source(self.versions.manifests(version.number), platform)

    def _edited(self, source: Source) -> str:
        current = self.versions.current
        files = changed(self.versions.manifests(current.number), source.texts) if current else ()
        return f"edited {', '.join(files)}" if files else "published again"

    def _current(self) -> Version:
        current = self.versions.current
        if current is None:
            raise UserError("no version is kept yet")
        return current

    def _say(self, change: Change, notes: list[str], version: Version | None) -> None:
        named = (
            f"version {version.number} of the configuration is in effect: {version.cause}" if version else ""
        )
        for line in (*([named] if named else []), *change.told(), *notes):
            self._stack.output.say(line)

    def _refuse(self, why: str) -> None:
        told = f"not taken up, the old configuration stays:\n{why}"
        self._stack.output.say(told)
        self._tell((told,))

    def _tell(self, problems: tuple[str, ...]) -> None:
        current = self.versions.current
        self._stack.version, self._stack.problems = current.number if current else None, problems
        self._stack.changed()


def on_disk(root: Path) -> Source:
    """The manifests as they are at one moment, however fast somebody edits them."""
    while True:
        texts = read_manifests(root)
        platform = compile_platform(root)
        if read_manifests(root) == texts:
            return Source(texts, platform)
