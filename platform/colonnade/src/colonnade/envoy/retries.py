"""Which requests a route sends again, after what, and beside what."""

from collections.abc import Iterator

from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.route import Retries, Route

_PREVIOUS: Json = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
}
ELSEWHERE: Json = {
    "retry_host_predicate": [_PREVIOUS],
    # So often one is chosen anew. An instance that fails at once has nothing to do, so where least requests
    # count it is chosen again three times out of four.
    "host_selection_retry_max_attempts": 100,
}
"""Not to the instance that has just failed, while there is another."""
NOT_SENT = "connect-failure,refused-stream"
"""No BFF has seen anything of such a request."""


_PACE: Json = {
    "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    **ELSEWHERE,
}


def retrying(retries: Retries) -> Json:
    """Return the part of a route's action that sends requests again."""
    if not retries.attempts:
        return {}
    hedge = {"hedge_policy": {"hedge_on_per_try_timeout": True}} if retries.hedged else {}
    return {"retry_policy": _policy(retries), **hedge}


def resent(whole: Json, route: Route, instances: int) -> Iterator[Json]:
    """Yield the parts of a route; all together match what `whole` does.

    Envoy has one policy for a route, so methods that may do harm need a route of their own where they are
    to be treated differently: a request that could not be sent to one of several instances goes to another,
    and one that is not tried again has all the time there is.
    """
    retries = route.retries
    if retries.attempts and (instances > 1 or retries.per_try_s < route.timeouts.read_s):
        harmful = [one | {"invert_match": True} for one in _requests(retries)]
        match = whole["match"] | {"headers": [*whole["match"].get("headers", ()), *harmful]}
        action = {key: value for key, value in whole["route"].items() if key != "hedge_policy"}
        policy = {"retry_on": NOT_SENT, "num_retries": retries.attempts, **_PACE}
        yield whole | {"match": match, "route": action | {"retry_policy": policy}}
    yield whole


def _policy(retries: Retries) -> Json:
    statuses = [one for one in retries.on if isinstance(one, int)]
    words = [one for one in retries.on if isinstance(one, str)]
    return {
        "retry_on": ",".join([*words, *(["retriable-status-codes"] if statuses else [])]),
        **({"retriable_status_codes": statuses} if statuses else {}),
        "num_retries": retries.attempts,
        "per_try_timeout": duration(retries.per_try_s),
        "retriable_request_headers": _requests(retries),
        **_PACE,
    }


def _requests(retries: Retries) -> list[Json]:
    """Any of these is enough."""
    named = [{"name": ":method", "string_match": {"exact": method}} for method in retries.methods]
    keyed = [{"name": "idempotency-key", "present_match": True}] if retries.idempotency_key else []
    return [*named, *keyed]
