"""Which requests a route sends again, after what, and beside what."""

from colonnade.envoy.message import Json, duration, typed
from colonnade.ir.route import Retries

ANOTHER: Json = {
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"),
}
NOT_SENT = "connect-failure,refused-stream"
"""The BFF has seen nothing of such a request, so whatever it would do, it did not."""


def retrying(retries: Retries) -> Json:
    """Return the part of a route's action that sends requests again."""
    if not retries.attempts:
        return {}
    hedge = {"hedge_policy": {"hedge_on_per_try_timeout": True}} if retries.hedged else {}
    return {"retry_policy": _policy(retries), **hedge}


def unsent(retries: Retries) -> list[Json]:
    """Return the header that has Envoy's router send again what never left, of any method."""
    if not retries.attempts:
        return []
    header = {"key": "x-envoy-retry-on", "value": NOT_SENT}
    return [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]


def _policy(retries: Retries) -> Json:
    statuses = [one for one in retries.on if isinstance(one, int)]
    words = [one for one in retries.on if isinstance(one, str)]
    return {
        "retry_on": ",".join([*words, *(["retriable-status-codes"] if statuses else [])]),
        **({"retriable_status_codes": statuses} if statuses else {}),
        "num_retries": retries.attempts,
        "per_try_timeout": duration(retries.per_try_s),
        "retriable_request_headers": _requests(retries),
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        # Not to the instance that has just failed, while there is another.
        "retry_host_predicate": [ANOTHER],
        "host_selection_retry_max_attempts": 3,
    }


def _requests(retries: Retries) -> list[Json]:
    """Any of these is enough."""
    methods = {"safe_regex": {"regex": "|".join(retries.methods)}}
    keyed = [{"name": "idempotency-key", "present_match": True}] if retries.idempotency_key else []
    return [{"name": ":method", "string_match": methods}, *keyed]
