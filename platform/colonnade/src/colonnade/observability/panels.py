"""What the dashboard draws: the edge, each BFF, limits, and services as the BFFs see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from colonnade.observability import series
from colonnade.observability.series import ANSWERS, BREAKERS, DURATIONS, EDGE, EDGE_ANSWERS, FAILED, HEALTHY

PER_SECOND, SHARE, MS, S, COUNT, BYTES = "reqps", "percentunit", "ms", "s", "short", "bytes"
"""Units, as Grafana names them."""

WINDOW = "$__rate_interval"
CHOSEN = 'bff=~"$bff"'


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph: its lines are expressions with what each is called."""

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a title."""

    title: str
    panels: Sequence[Panel]


def rows() -> list[Row]:
    """Return all that is drawn."""
    return [
        Row("Edge", _edge()),
        Row("BFFs", _bffs()),
        Row("Limits", _limits()),
        Row("Services", _services()),
    ]


def _edge() -> list[Panel]:
    by_class = _rate(EDGE_ANSWERS, "envoy_response_code_class", EDGE)
    times = [
        (_quantile(q, "envoy_http_downstream_rq_time_bucket", "", EDGE), f"p{q * 100:g}")
        for q in (0.5, 0.95, 0.99)
    ]
    active = [(f"sum(envoy_http_downstream_{one}_active{{{EDGE}}})", one) for one in ("rq", "cx")]
    healthy = f"min by (envoy_cluster_name) ({HEALTHY})"
    return [
        Panel("Answers by class", PER_SECOND, [(by_class, "{{envoy_response_code_class}}xx")]),
        Panel("Share of 5xx", SHARE, [(series.errors_at_edge(), "5xx")]),
        Panel("Time of an answer", MS, times),
        Panel("Parts that answer", COUNT, [("sum by (job) (up)", "{{job}}")]),
        Panel("Requests and connections under way", COUNT, active),
        Panel("Healthy instances", COUNT, [(healthy, "{{envoy_cluster_name}}")]),
        Panel("Memory of the edges", BYTES, [("envoy_server_memory_allocated", "{{part}}")]),
    ]


def _bffs() -> list[Panel]:
    every, failed = _rate(ANSWERS, "bff", CHOSEN), _rate(ANSWERS, "bff", f"{CHOSEN},{FAILED}")
    routes = f"topk(10, {_rate(ANSWERS, 'route', CHOSEN)})"
    views = _quantile(0.95, "colonnade_requests_duration_seconds_bucket", "bff, view", CHOSEN)
    lacking = _rate("colonnade_requests_degraded_total", "bff, part", CHOSEN)
    breakers = _rate(series.ROUTE_BREAKERS, "route, event")
    retries = _rate("envoy_cluster_upstream_rq_retry", "envoy_cluster_name", 'envoy_cluster_name=~"$bff"')
    return [
        Panel("Answers", PER_SECOND, [(every, "{{bff}}")]),
        Panel("Share of 5xx", SHARE, [(f"{failed} / {every}", "{{bff}}")]),
        Panel("Time of an answer, p99", MS, [(_quantile(0.99, DURATIONS, "bff", CHOSEN), "{{bff}}")]),
        Panel("Busiest routes", PER_SECOND, [(routes, "{{route}}")]),
        Panel("Time of a view, p95", S, [(views, "{{bff}} {{view}}")]),
        Panel("Answers that lack a part", PER_SECOND, [(lacking, "{{bff}} without {{part}}")]),
        Panel("Breakers of routes", PER_SECOND, [(breakers, "{{route}} {{event}}")]),
        Panel("Retries of the edge", PER_SECOND, [(retries, "{{envoy_cluster_name}}")]),
    ]


def _limits() -> list[Panel]:
    stored = f'sum by (limit) (increase({series.STORE_REFUSALS}{{outcome="refused"}}[1m]))'
    edge = f"sum by (limit) (increase({series.EDGE_REFUSALS}[1m]))"
    return [
        Panel("Refused in a minute", COUNT, [(stored, "{{limit}}"), (edge, "{{limit}} (edge)")]),
        Panel("Decisions", PER_SECOND, [(_rate("colonnade_decisions_total", "outcome"), "{{outcome}}")]),
        Panel("The store answers", COUNT, [(series.STORE_UP, "{{part}}")]),
    ]


def _services() -> list[Panel]:
    pair = "{{bff}} → {{service}}"
    wrong = f'{CHOSEN},outcome!~"ok|passed_on|cancelled"'
    opened = f"sum by (bff, service) (increase(colonnade_breaker_opened_total{{{CHOSEN}}}[1h]))"
    waiting = [
        (f"sum by (bff, service) (colonnade_calls_{one}{{{CHOSEN}}})", f"{pair} {one}")
        for one in ("in_flight", "waiting")
    ]
    used = f"sum by (bff, service) (colonnade_instance_used{{{CHOSEN}}})"
    failed = _rate("colonnade_calls_total", "bff, service, outcome", wrong)
    times = _quantile(0.95, "colonnade_calls_duration_seconds_bucket", "bff, service", CHOSEN)
    return [
        Panel("Calls", PER_SECOND, [(_rate("colonnade_calls_total", "bff, service", CHOSEN), pair)]),
        Panel("Failed calls", PER_SECOND, [(failed, f"{pair}: {{{{outcome}}}}")]),
        Panel("Time of a call, p95", S, [(times, pair)]),
        Panel("Open breakers", COUNT, [(f'{BREAKERS}{{{CHOSEN},state="open"}}', pair)]),
        Panel("Breakers that opened, in an hour", COUNT, [(opened, pair)]),
        Panel("Under way and waiting", COUNT, waiting),
        Panel("Instances that get calls, where there are several", COUNT, [(used, pair)]),
    ]


def _rate(metric: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{where}}}[{WINDOW}]))"


def _quantile(quantile: float, buckets: str, by: str, where: str) -> str:
    return f"histogram_quantile({quantile}, {_rate(buckets, f'{by}, le' if by else 'le', where)})"
