"""Services that answer in line."""

import asyncio
import inspect
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from colonnade_runtime.upstream import Call, Reply


@dataclass
class FakeUpstreams:
    """Services whose answers are given by `"<service> <METHOD> <path>"`; what is not given is a 404.

    With its query, a path is answered so for this query only.

    An answer is a document, a status, an exception to raise (`UpstreamTimeout("order", "")`), or a
    function of the `Call` that returns one of these. `calls` are the calls made, in their order.
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
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Reply(answer, b"")
        return Reply(200, msgspec.json.encode(answer))
