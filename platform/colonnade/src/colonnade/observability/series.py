"""The expressions (PromQL) that alerts and dashboard share."""

from collections.abc import Sequence

MOST_ERRORS = 0.05
"""The share of 5xx among all answers."""
MOST_LATENCY_MS = 2000
MOST_REFUSALS = 100
"""In a minute, of one BFF."""

ANSWERS = "envoy_vhost_route_upstream_rq_xx"
DURATIONS = "envoy_vhost_route_upstream_rq_time_bucket"
EDGE_ANSWERS = "envoy_http_downstream_rq_xx"
EDGE = 'envoy_http_conn_manager_prefix="edge"'
FAILED = 'envoy_response_code_class="5"'
STORE_REFUSALS = "colonnade_limit_requests_total"
EDGE_REFUSALS = "envoy_limit_http_local_rate_limit_rate_limited"
BREAKERS = "colonnade_breaker_state"
EDGE_BREAKERS = (
    "envoy_cluster_circuit_breakers_default_cx_open",
    "envoy_cluster_circuit_breakers_default_rq_open",
    "envoy_cluster_circuit_breakers_default_rq_pending_open",
)
ROUTE_BREAKERS = "envoy_breaker_events"
INSTANCES = "envoy_cluster_membership_total"
HEALTHY = "envoy_cluster_membership_healthy"
STORE_UP = "colonnade_store_up"


def errors(bff: str) -> str:
    """Return the share of 5xx among the answers of a BFF, as clients saw them."""
    failed = f'sum(rate({ANSWERS}{{bff="{bff}",{FAILED}}}[1m]))'
    return f'{failed} / sum(rate({ANSWERS}{{bff="{bff}"}}[1m]))'


def errors_at_edge() -> str:
    """Return the share of 5xx among all answers, those included that no BFF was asked for."""
    return f"sum(rate({EDGE_ANSWERS}{{{EDGE},{FAILED}}}[1m])) / sum(rate({EDGE_ANSWERS}{{{EDGE}}}[1m]))"


def latency_ms(bff: str, streams: Sequence[str] = (), quantile: float = 0.99) -> str:
    """Return the quantile of the time that answers of a BFF took, without `streams`, which take for ever."""
    # Names of routes have dots, and nothing else that a regular expression would mind.
    but = ",route!~" + '"' + "|".join(name.replace(".", "\\\\.") for name in streams) + '"' if streams else ""
    return f'histogram_quantile({quantile}, sum by (le) (rate({DURATIONS}{{bff="{bff}"{but}}}[5m])))'


def refusals(bff: str) -> str:
    """Return how many requests the limits of a BFF refused in the last minute, whoever counts them."""
    its = f'limit=~"{bff}\\\\..+"'
    stored = f'sum(increase({STORE_REFUSALS}{{{its},outcome="refused"}}[1m]))'
    return f"({stored} or vector(0)) + (sum({_grown(f'{EDGE_REFUSALS}{{{its}}}')}) or vector(0))"


def breakers(bff: str) -> str:
    """Return which breakers are open: of the BFF towards services, of its routes, of the edge towards it.

    Those of routes are known by what they did: one that is open refuses, or lets one request try.
    """
    own = f'max by (service) ({BREAKERS}{{bff="{bff}",state="open"}} == 1)'
    at_edge = " or ".join(f'{name}{{envoy_cluster_name="{bff}"}} == 1' for name in EDGE_BREAKERS)
    its = f'route=~"{bff}(\\\\..+)?",event=~"opened|refused"'
    routes = f"max by (route) ({_grown(f'{ROUTE_BREAKERS}{{{its}}}')} > 0)"
    return f"{own} or {routes} or max by (envoy_cluster_name) ({at_edge})"


def _grown(counter: str) -> str:
    """Return what a counter of the edges grew by in a minute.

    An edge does not tell of one that has counted nothing, and `increase` begins with what it sees first: it
    misses the first burst. So one that is new, at an edge that is not, counts whole.
    """
    new = f'({counter} unless {counter} offset 1m) and on (instance) (up{{job="edge"}} offset 1m == 1)'
    return f"({new} or increase({counter}[1m]))"
