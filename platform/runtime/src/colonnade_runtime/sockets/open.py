"""The WebSockets that are open in a process."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from colonnade_runtime.errors import Problem, UpstreamError
from colonnade_runtime.logs import of_request
from colonnade_runtime.metrics import Labels, family
from colonnade_runtime.request import Request
from colonnade_runtime.router import Router
from colonnade_runtime.rsgi import Scope, WebSocketProtocol
from colonnade_runtime.sockets.endings import DONE, Gone, Stopped, closing, refusal
from colonnade_runtime.sockets.messages import Reader
from colonnade_runtime.sockets.socket import LAST_WORD_S, Bounds, Traffic, WebSocket

Talk = Callable[[Request, Any], Awaitable[None]]
_log = logging.getLogger(__name__)


class Endpoint(msgspec.Struct, frozen=True, eq=False):
    """A view that talks, and where."""

    path: str
    view: Talk
    reader: Reader[Any]
    bounds: Bounds


class OpenSockets:
    """Takes clients in, has their views talk to them, and ends what would not end by itself.

    With a `caller`, who the edge did not name is refused. A view has `grace` seconds after its client has
    left; then it is cancelled.
    """

    def __init__(self, endpoints: Router[Endpoint], caller: str | None, grace: float) -> None:
        self._endpoints = endpoints
        self._caller = caller
        self._grace = grace
        self._open: dict[asyncio.Future[None], Endpoint] = {}
        self._conversations: set[asyncio.Task[None]] = set()
        self._traffic = {endpoint.path: Traffic() for endpoint in endpoints}
        self._ended: Counter[tuple[str, int]] = Counter()

    async def answer(self, scope: Scope, protocol: WebSocketProtocol, request: Request) -> None:
        """Talk to one client until one side ends it."""
        try:
            endpoint, request.parameters = self._endpoints.find("GET", scope.path)
            if self._caller:
                request.identify(self._caller)
        except Problem as refused:
            protocol.close(refused.status)
            return
        conversation = asyncio.create_task(self._converse(endpoint, protocol, request))
        self._conversations.add(conversation)
        try:
            await conversation
        finally:
            self._conversations.discard(conversation)

    async def end(self) -> None:
        """End all, because the process stops; return when clients know, or take too long to be told."""
        for talk in self._open:
            talk.cancel()
        if self._conversations:
            await asyncio.wait(self._conversations, timeout=LAST_WORD_S)

    def metrics(self) -> list[str]:
        """Return the lines: how many are open, how others ended, and how many messages there were."""
        if not self._traffic:
            return []
        paths = Counter(endpoint.path for endpoint in self._open.values())
        ended = [({"view": path, "code": str(code)}, n) for (path, code), n in self._ended.items()]
        messages: list[tuple[Labels, float]] = [
            ({"view": path, "direction": way}, getattr(traffic, way))
            for path, traffic in self._traffic.items()
            for way in ("received", "sent")
        ]
        return [
            *family("colonnade_websockets_open", "gauge", [({"view": p}, paths[p]) for p in self._traffic]),
            *family("colonnade_websockets_ended_total", "counter", ended),
            *family("colonnade_websocket_messages_total", "counter", messages),
        ]

    async def _converse(self, endpoint: Endpoint, protocol: WebSocketProtocol, request: Request) -> None:
        request.without_end()
        traffic = self._traffic[endpoint.path]
        socket = WebSocket[Any, Any](protocol, endpoint.reader, request.encoding, endpoint.bounds, traffic)
        talk = asyncio.ensure_future(endpoint.view(request, socket))
        self._open[talk] = endpoint
        try:
            error = await self._outcome(talk, endpoint, socket, request)
        finally:
            del self._open[talk]
        if error is not None and not socket.accepted:
            protocol.close(refusal(error, request.id))
            return
        told = await socket.finish(DONE if error is None else closing(error, request.id))
        self._ended[endpoint.path, told.code] += 1

    async def _outcome(
        self, talk: "asyncio.Future[None]", endpoint: Endpoint, socket: WebSocket[Any, Any], request: Request
    ) -> Exception | None:
        """Wait for a view to end, and return what it raised."""
        leaving = asyncio.create_task(self._leave(socket, talk))
        try:
            await talk
        except asyncio.CancelledError:
            if not talk.cancelled():
                raise
            return None if socket.over.is_set() else Stopped()
        except Gone:
            return None
        except Exception as error:  # noqa: BLE001 - the one place where errors become endings
            _tell(endpoint, request, error)
            return error
        finally:
            leaving.cancel()
            talk.cancel()
        return None

    async def _leave(self, socket: WebSocket[Any, Any], talk: "asyncio.Future[None]") -> None:
        await socket.over.wait()
        await asyncio.sleep(self._grace)
        talk.cancel()


def _tell(endpoint: Endpoint, request: Request, error: Exception) -> None:
    if not isinstance(error, Problem):
        unexpected = None if isinstance(error, UpstreamError) else error
        told = of_request(request.id)
        _log.error("%s failed: %s", endpoint.path, error, exc_info=unexpected, extra=told)
