"""The policy service as an RSGI application: what Envoy asks, and what browsers reach under /auth."""

import hmac
import logging

from colonnade_edge import audit
from colonnade_edge.answer import NO_STORE, Answer, Headers, json_answer, refusal
from colonnade_edge.authn.issuers import Issuers
from colonnade_edge.backlog import Backlog
from colonnade_edge.call import Call
from colonnade_edge.decide import Decider
from colonnade_edge.errors import Broken, Forbidden, NotFound, Refused, Unauthenticated, Unavailable
from colonnade_edge.metrics import Metrics
from colonnade_edge.oidc.pages import Pages
from colonnade_edge.policy.plan import Plan
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.rsgi import HTTPProtocol, Scope
from colonnade_edge.settings import Secret
from colonnade_edge.store.link import StoreLink
from colonnade_edge.tracing.decisions import traced
from colonnade_edge.tracing.export import Exporter

CHECK = "/check"

log = logging.getLogger(__name__)


class PolicyService:
    """Answers one request at a time, many at once."""

    def __init__(
        self,
        policy: PolicyFile,
        decider: Decider,
        pages: Pages,
        issuers: Issuers,
        link: StoreLink,
        metrics: Metrics,
        backlog: Backlog,
        hold_token: Secret,
        exporter: Exporter | None = None,
    ) -> None:
        self._decided = self._decide if exporter is None else traced(self._decide, policy, exporter.add)
        self._backlog = backlog
        self._policy = policy
        self._decider = decider
        self._pages = pages
        self._issuers = issuers
        self._link = link
        self._metrics = metrics
        self._hold_token = hold_token
        self._refusals = audit.Refusals()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer one request."""
        path = scope.path  # each look makes a new string
        try:
            if path.startswith(CHECK):
                protocol.response_empty(200, await self._check(scope, path[len(CHECK) :], protocol))
                return
            answer = await self._page(scope, protocol)
        except Refused as refused:
            answer = refusal(refused)
        except Exception:
            told = {"request_id": scope.headers.get("x-request-id", "")}
            log.exception("a request could not be answered: %s", scope.path, extra=told)
            answer = refusal(Broken("the edge made a mistake; its log says more"))
        protocol.response_bytes(answer.status, answer.headers, answer.body)

    async def _check(self, scope: Scope, path: str, protocol: HTTPProtocol) -> Headers:
        headers = scope.headers
        route = headers.get("x-colonnade-route", "")
        call = Call(route, scope.method, path, headers, scope.authority or "", scope.query_string)
        try:
            allowed = await self._decided(call, protocol)
        except Refused as refused:
            self._refused(call, refused)
            raise
        self._metrics.decided(call.route_id, "allowed")
        return allowed

    def _refused(self, call: Call, refused: Refused) -> None:
        known = self._policy.current is not None and call.route_id in self._policy.current.routes
        self._metrics.decided(call.route_id if known else "unknown", refused.slug)
        refused.consumer = call.identity.consumer
        if isinstance(refused, Unauthenticated | Forbidden):
            entry = audit.Entry(
                event="refused", reason=refused.slug, consumer=refused.consumer, route=call.route_id
            )
            self._refusals.record(entry, call.header)

    async def _decide(self, call: Call, protocol: HTTPProtocol) -> Headers:
        plan = self._policy.current
        route = plan.routes.get(call.route_id) if plan is not None else None
        if plan is None or route is None:
            self._policy.refresh()
            plan = self._policy.current
            if plan is None or call.route_id not in plan.routes:
                raise Unavailable("the edge has no policy for this route yet")
            route = plan.routes[call.route_id]
        self._backlog.admit(route.route.criticality)
        if route.route.cost is None:
            call.body = protocol
        else:
            call.cost = route.route.cost
        return await self._decider.decide(plan, route, call)

    async def _page(self, scope: Scope, protocol: HTTPProtocol) -> Answer:
        match scope.path:
            case "/healthz":
                return self._health()
            case "/metrics":
                return self._counted()
            case "/jwks":
                document = await self._issuers.of(self._plan().document.identity.issuer).document()
                return Answer(200, [("content-type", "application/jwk-set+json"), NO_STORE], document)
            case "/hold" if scope.method == "POST" and self._hold_token:
                return await self._hold(scope)
            case path if path.startswith("/auth/"):
                return await self._pages.answer(self._plan(), scope, protocol)
            case _:
                raise NotFound("there is nothing at this path")

    async def _hold(self, scope: Scope) -> Answer:
        shown = scope.headers.get("authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {self._hold_token}".encode()):
            raise Unauthenticated("send what HOLD_TOKEN is: Authorization: Bearer …", 'Bearer realm="hold"')
        await self._link.hold.begin()
        return json_answer(200, {"status": "held"})

    def _counted(self) -> Answer:
        if self._policy.current is not None:
            self._metrics.know(self._policy.current.document)
        text = self._metrics.render(self._link.errors, store_up=self._link.available)
        return Answer(200, [("content-type", "text/plain; version=0.0.4")], text)

    def _plan(self) -> Plan:
        if self._policy.current is None:
            raise Unavailable("the edge has no policy yet")
        return self._policy.current

    def _health(self) -> Answer:
        if self._policy.current is None:
            return json_answer(503, {"status": "no policy document"})
        return json_answer(200, {"status": "ok"})
