"""Answers requests: finds the view, runs it within the deadline, encodes what it returns."""

import asyncio
import logging
import random as chance
from collections.abc import Callable, Sequence
from typing import cast

from colonnade_runtime.answer_store import AnswerStore
from colonnade_runtime.app import Answer, App, Route
from colonnade_runtime.caching import ETAG, Caching, Encoded, Headers, conditional, etag
from colonnade_runtime.encodings import AS_JSON
from colonnade_runtime.errors import Problem, UpstreamError
from colonnade_runtime.events import Events
from colonnade_runtime.kept_answers import KeptAnswers
from colonnade_runtime.logs import of_request, repeats
from colonnade_runtime.presence import Presences
from colonnade_runtime.probes import PROBES, Probes
from colonnade_runtime.problems import MEDIA_TYPE, problem
from colonnade_runtime.request import Request
from colonnade_runtime.rsgi import HTTPProtocol, Scope, WebSocketProtocol
from colonnade_runtime.scrape import Counts, exposition
from colonnade_runtime.sockets.open import OpenSockets
from colonnade_runtime.streams import Streams
from colonnade_runtime.tracing.export import Exporter
from colonnade_runtime.tracing.trace import begin
from colonnade_runtime.upstream import Transport
from colonnade_runtime.upstream.upstreams import Upstreams
from colonnade_runtime.views import Views

PROBLEM = ("content-type", MEDIA_TYPE)
NO_STORE = ("cache-control", "no-store")
"""Answers are about one person, unless a view says otherwise: nothing between may keep them."""
STREAM = [("content-type", "text/event-stream"), NO_STORE]
VARY = ("vary", "accept")
DEGRADED = "x-degraded"
OK = 200
EMPTY = frozenset({204, 304})
"""Statuses without a body."""

_log = logging.getLogger(__name__)


class Handler:
    """An application with its way to the services, as Granian calls it; made inside a running loop.

    `counts` are what else `/metrics` tells.
    """

    def __init__(
        self,
        app: App,
        transport: Transport,
        *,
        development: bool = False,
        random: Callable[[], float] = chance.random,
        exporter: Exporter | None = None,
        store: AnswerStore | None = None,
        counts: Sequence[Counts] = (),
    ) -> None:
        self._app = app
        self._development = development
        self._upstreams = Upstreams(transport, app.upstreams, random=random)
        self.views = Views()
        self._presences = Presences()
        self._clock = asyncio.get_running_loop().time
        self._answers = KeptAnswers(self._clock, store=store)
        self._streams = Streams()
        self._sockets = OpenSockets(app.sockets, app.caller, app.limits.deadline)
        self.probes = Probes()
        self._exporter = exporter
        self._counts = counts if exporter is None else (*counts, exporter)

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request; nobody, where the client has gone."""
        if scope.path in PROBES:
            self.probes.answer(scope, protocol)
            return
        request = Request(scope, protocol, self._app.limits, self._upstreams, development=self._development)
        if self._exporter is not None:
            request.trace = begin(scope.headers.get("traceparent"), request.began, self._exporter.add)
        presence = self._presences.enter(protocol, request.began, request.ends)
        route: Route | None = None
        encoded: Encoded | None = None
        try:
            route, request.parameters = self._app.router.find(scope.method, scope.path)
            encoded = await self._run(route, request)
        except asyncio.CancelledError:
            if presence.late:
                encoded = _failed(TimeoutError(), scope, request.id)
            elif not presence.gone:
                raise
        except Exception as error:  # noqa: BLE001 - the one place where errors become answers
            encoded = _failed(error, scope, request.id)
        finally:
            self._presences.leave(presence)
            self._count(request, route, "gone" if encoded is None else str(encoded[0]), scope.method)
        if encoded is not None:
            await self._respond(scope, protocol, encoded)

    async def talk(self, scope: Scope, protocol: WebSocketProtocol) -> None:
        """Talk to a client that asks for a WebSocket."""
        bodiless = cast("HTTPProtocol", protocol)
        request = Request(scope, bodiless, self._app.limits, self._upstreams, development=self._development)
        await self._sockets.answer(scope, protocol, request)

    def metrics(self) -> bytes:
        """Return what the process counts, in Prometheus' text format."""
        own = (self.views, self._upstreams, self._answers, self._streams, self._sockets)
        return exposition((*own, *self._counts))

    async def end_streams(self) -> None:
        """End what would not end by itself: the process stops."""
        self._streams.end()
        await self._sockets.end()

    def _count(self, request: Request, route: Route | None, status: str, method: str) -> None:
        now = self._clock()
        self.views.count(route, status, now - request.began, request.degraded)
        if request.trace is not None:
            request.trace.served(method, route.path if route else "", status, request.began, now)

    async def _run(self, route: Route, request: Request) -> Encoded:
        if self._app.caller:
            request.identify(self._app.caller)
        if route.cache is None:
            encoded = await self._make(route, request)
        else:
            encoded = conditional(await self._kept(route, route.cache, request), request.if_none_match)
        self.views.spend(route, request.cost, len(encoded.body))
        return encoded

    async def _kept(self, route: Route, cache: Caching, request: Request) -> Encoded:
        """Answer with what is kept for all, or for this very caller, and the same question."""
        request.anonymous = cache.shared
        who = () if cache.shared else request.caller
        nobody = not cache.shared and not any(who)
        if nobody or request.has_body or not cache.keep_for:
            return await self._make(route, request)
        key = (route.method, request.path, request.query_string, request.encoding.media_type, who)
        return await self._answers.answer(
            key, cache, lambda: self._make(route, request), lambda: self._again(route, request)
        )

    async def _again(self, route: Route, request: Request) -> Encoded:
        async with asyncio.timeout(self._app.limits.deadline):
            return await self._make(route, request.again())

    async def _make(self, route: Route, request: Request) -> Encoded:
        projection = None if route.sparse is None else route.sparse.projection(request.query_string)
        result = await route.view(request)
        if isinstance(result, Events):
            request.without_end()
            return Encoded(OK, STREAM, b"", result)
        document, status = (result.body, result.status) if isinstance(result, Answer) else (result, OK)
        if projection is not None:
            document = projection(document)
        encoding = request.encoding
        body = encoding.encode(document)
        headers = [encoding.media_type]
        if request.degraded:
            headers += NO_STORE, (DEGRADED, ", ".join(request.degraded))
        elif route.cache is None or status != OK:
            headers.append(NO_STORE)
        else:
            headers += self._cached(route.cache, body)
        return Encoded(status, headers, body)

    async def _respond(self, scope: Scope, protocol: HTTPProtocol, encoded: Encoded) -> None:
        status, headers, body, events = encoded
        if events is not None:
            await self._streams.send(events, scope, protocol, headers)
        elif scope.method == "HEAD" or status in EMPTY:
            protocol.response_empty(status, headers)
        else:
            protocol.response_bytes(status, headers, body)

    def _cached(self, cache: Caching, body: bytes) -> Headers:
        public = cache.shared and self._app.caller is None
        return [("cache-control", cache.cache_control(public=public)), (ETAG, etag(body)), VARY]


def _failed(error: Exception, scope: Scope, request_id: str) -> Encoded:
    answer = problem(error, request_id)
    if not isinstance(error, Problem):
        expected = answer.document.status != 500  # noqa: PLR2004 - the status of what nobody expected
        often = repeats("failed", error.service, error.kind) if isinstance(error, UpstreamError) else {}
        extra = {**often, **of_request(request_id)}
        unexpected = None if expected else error
        _log.error("%s %s failed: %s", scope.method, scope.path, error, exc_info=unexpected, extra=extra)
    headers = [PROBLEM, NO_STORE, *answer.headers.items()]
    return Encoded(answer.document.status, headers, AS_JSON.encode(answer.document))
