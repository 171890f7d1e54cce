"""A span of each decision about a request that Envoy has sampled: what was decided, and by which limit.

Nothing of the request is in it, and nothing of who sent it: spans are read by more people than audit logs.
"""

import time
from collections.abc import Awaitable, Callable
from os import urandom

from colonnade_edge.answer import Headers, status_of
from colonnade_edge.call import Call
from colonnade_edge.errors import Broken, LimitExceeded, Refused
from colonnade_edge.policy.reload import PolicyFile
from colonnade_edge.rsgi import HTTPProtocol
from colonnade_edge.tracing.export import Span
from colonnade_policy import Route

PARTS = (2, 32, 16, 2)
"""The lengths of the parts of a `traceparent`: version, trace, span, flags."""
SAMPLED = 1
FAILED = 500

BROKEN = Broken("")
"""What a decision is that does not come to an end."""

Decide = Callable[[Call, HTTPProtocol], Awaitable[Headers]]


def traced(decide: Decide, policy: PolicyFile, end: Callable[[Span], None]) -> Decide:
    """Return `decide` with a span of each sampled decision, which `end` is given."""

    async def around(call: Call, protocol: HTTPProtocol) -> Headers:
        parent = sampled(call.header("traceparent"))
        if parent is None:
            return await decide(call, protocol)
        began = time.time_ns()
        refused: Refused | None = BROKEN
        try:
            allowed = await decide(call, protocol)
            refused = None
        except Refused as error:
            refused = error
            raise
        else:
            return allowed
        finally:
            plan = policy.current.routes.get(call.route_id) if policy.current is not None else None
            told = _attributes(plan.route if plan is not None else None, refused)
            name = call.route_id if plan is not None else "unknown"
            failed = refused is not None and status_of(refused) >= FAILED
            trace, span = parent
            end(Span(trace, urandom(8).hex(), span, name, began, time.time_ns(), told, failed))

    return around


def sampled(traceparent: str) -> tuple[str, str] | None:
    """Return the trace and the span that asks; None where it is not sampled, or is no such header."""
    parts = traceparent.split("-")
    if tuple(map(len, parts)) != PARTS or "".join(parts).strip("0123456789abcdef"):
        return None
    return (parts[1], parts[2]) if int(parts[3], 16) & SAMPLED else None


def _attributes(route: Route | None, refused: Refused | None) -> dict[str, str]:
    told = {"colonnade.decision": "allowed" if refused is None else refused.slug}
    if route is None:
        return told
    told["colonnade.auth"] = route.auth
    if route.limits:
        told["colonnade.limit.policy"] = route.limits[0].policy  # they are counted together, at one place
    if isinstance(refused, LimitExceeded):
        limit = next(one for one in route.limits if one.label == refused.limit)
        told |= {"colonnade.limit.name": limit.name, "colonnade.limit.algorithm": limit.rule.algorithm}
    return told
