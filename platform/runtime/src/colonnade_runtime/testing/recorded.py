"""Services that answer as they once did: recorded from running ones, replayed from a file."""

import os
from pathlib import Path
from typing import Any

import msgspec
from colonnade_runtime.http_transport import connected
from colonnade_runtime.settings import upstream_urls
from colonnade_runtime.testing.fakes import FakeUpstreams
from colonnade_runtime.upstream import Call, Reply
from colonnade_runtime.upstream.call import GOOD

RECORD = "COLONNADE_RECORD"


class NotRecordedError(AssertionError):
    """A call was made that the file has no answer of."""


class Recorded(FakeUpstreams):
    """Services whose answers stand in `file`: a JSON object of `"<service> <METHOD> <path>?<query>"`.

    An answer is the document, or the status of one that was not good. With COLONNADE_RECORD=1 calls go to the
    services at UPSTREAM_<NAME>_URL, and their answers into the file, in place of earlier ones of the same
    call. Without it a call that is not in the file raises `NotRecordedError`.
    """

    def __init__(self, file: Path) -> None:
        super().__init__(msgspec.json.decode(file.read_bytes()) if file.exists() else {})
        self._file = file

    async def send(self, call: Call) -> Reply:
        """Answer as recorded, or record the answer."""
        key = f"{call.service} {call.method} {call.target}"
        if os.environ.get(RECORD) == "1":
            return await self._record(key, call)
        if key not in self.answers:
            raise NotRecordedError(f"{key} is not in {self._file}: record it with {RECORD}=1")
        return await super().send(call)

    async def _record(self, key: str, call: Call) -> Reply:
        self.calls.append(call)
        async with connected({call.service: upstream_urls(os.environ, call.service)}) as transport:
            reply = await transport.send(call)
        good = reply.status in GOOD
        self.answers[key] = msgspec.json.decode(reply.body) if good else reply.status
        _write(self._file, self.answers)
        return reply


def _write(file: Path, answers: dict[str, Any]) -> None:
    """Write it to be compared by people: sorted, one call a line."""
    encode = msgspec.json.encode
    lines = [b"%b: %b" % (encode(key), encode(answers[key])) for key in sorted(answers)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"{\n" + b",\n".join(lines) + b"\n}\n")
