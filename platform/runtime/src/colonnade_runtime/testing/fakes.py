"""Services that answer in line."""

import asyncio
import inspect
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from colonnade_runtime.errors import UpstreamTimeout
from colonnade_runtime.upstream import Call, Reply


@dataclass
class FakeUpstreams:
    """Services whose answers are given by `"<service> <METHOD> <path>"`; what is not given is a 404.

    With its query, a path is answered so for this query only.

    An answer is a document, a status, an exception to raise (`UpstreamTimeout("order", "")`), or a
    function of the `Call` that returns one of these, or an awaitable of one; one that takes longer than the
    call may is an `UpstreamTimeout`. `calls` are the calls made, in their order.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call) -> Reply:
        """Answer a call as it was given."""
        self.calls.append(call)
        await asyncio.sleep(0)  # as over a network: others run meanwhile
        asked = f"{call.service} {call.method} "
        answer = self.answers.get(asked + urlsplit(call.target).path, 404)
        answer = self.answers.get(asked + call.target, answer)
        if callable(answer):
            answer = answer(call)
        if inspect.isawaitable(answer):
            answer = await _in_time(answer, call)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Reply(answer, b"")
        return Reply(200, msgspec.json.encode(answer))


async def _in_time(answer: Awaitable[Any], call: Call) -> Any:  # noqa: ANN401 - as `FakeUpstreams` says
    """Wait as long as the transport of a process does. Raises `UpstreamTimeout`."""
    try:
        async with asyncio.timeout_at(call.ends) as within:
            return await answer
    except TimeoutError as error:
        if within.expired():
            raise UpstreamTimeout(call.service, "no answer in time") from error
        raise
