"""Unit tests of the alerting rules, for `promtool test rules`: series in, alerts out.

Each rule is shown trouble, and must fire in time and not before; and the worst that is still well, and must
not. Of the BFFs the first stands for all: an alert of another's would be one too many.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from colonnade.ir.platform import Bff, Platform
from colonnade.observability import series
from colonnade.observability.alerts import Alert, of_bff, of_edge
from colonnade.observability.scrape import ALERTS, INTERVAL_S
from colonnade.observability.text import dump

Series = Mapping[str, str]
"""Series → values, one for each scrape, as promtool writes them: `0+9x40` is 0, 9, 18 … 41 of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """What an alert is shown: `trouble` begins at `from_s`; `well` is as near to it as may be."""

    trouble: Series
    well: Series
    from_s: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)


def alert_tests(platform: Platform) -> str:
    """Return the text of alerts_test.yml."""
    found = [(alert, _case_of_edge(alert)) for alert in of_edge()]
    found += [
        (alert, case)
        for bff in platform.bffs[:1]
        for alert in of_bff(bff, platform)
        for case in _cases_of_bff(alert, bff)
    ]
    tests = [test for alert, case in found for test in _tests(alert, case)]
    return dump({"rule_files": [ALERTS], "evaluation_interval": f"{INTERVAL_S}s", "tests": tests})


def _tests(alert: Alert, case: Case) -> Iterator[dict[str, Any]]:
    told = {
        "exp_labels": {"severity": alert.severity, **alert.labels, **case.labels},
        "exp_annotations": alert.annotations,
    }
    # A rate needs its whole window to forget what was before.
    soon, late = case.from_s + alert.hold_s - INTERVAL_S, case.from_s + alert.hold_s + 8 * INTERVAL_S
    times: list[tuple[int, list[Any]]] = [(soon, [])] if alert.hold_s else []
    yield _test(f"{alert.name} fires", case.trouble, alert, [*times, (late, [told])])
    yield _test(f"{alert.name} does not fire without need", case.well, alert, [(late, [])])


def _test(name: str, given: Series, alert: Alert, times: list[tuple[int, list[Any]]]) -> dict[str, Any]:
    return {
        "name": name,
        "interval": f"{INTERVAL_S}s",
        "input_series": [{"series": one, "values": values} for one, values in given.items()],
        "alert_rule_test": [
            {"eval_time": f"{at}s", "alertname": alert.name, "exp_alerts": expected} for at, expected in times
        ],
    }


NONE: Mapping[str, str] = {}
LOST = "1x4 0x60"
"""Up for five scrapes, then down."""
LOST_S = 5 * INTERVAL_S


def _case_of_edge(alert: Alert) -> Case:
    match alert.name:
        case "EdgeDown":
            edge = {"job": "edge", "part": "envoy"}
            return Case({_up(**edge): LOST}, {_up(**edge): "1x60"}, LOST_S, edge)
        case "PartDown":
            policy = {"job": "policy", "part": "policy"}
            return Case({_up(**policy): LOST}, {_up(**policy): "1x60"}, LOST_S, policy)
        case "ErrorsHigh":
            return _errors(f"{series.EDGE_ANSWERS}{{{series.EDGE},%s}}")
        case "UpstreamDown":
            of = '{envoy_cluster_name="a"}'
            both = {f"{series.INSTANCES}{of}": "2x60"}
            gone, half = {f"{series.HEALTHY}{of}": "2x4 0x60"}, {f"{series.HEALTHY}{of}": "2x4 1x60"}
            return Case(both | gone, both | half, LOST_S, {"envoy_cluster_name": "a"})
        case "StoreDown":
            store = f'{series.STORE_UP}{{part="policy"}}'
            return Case({store: LOST}, {store: "1x60"}, LOST_S, {"part": "policy"})
    raise AssertionError(alert.name)


def _cases_of_bff(alert: Alert, bff: Bff) -> Iterator[Case]:
    its = f'bff="{bff.name}",route="{bff.name}",host="*"'
    match alert.name:
        case "ErrorsHigh":
            yield _errors(f"{series.ANSWERS}{{{its},%s}}")
        case "LatencyHigh":
            bucket = f'{series.DURATIONS}{{{its},le="%s"}}'
            every = {bucket % "5000": "0+1000x60", bucket % "+Inf": "0+1000x60"}
            yield Case(every | {bucket % "2000": "0+989x60"}, every | {bucket % "2000": "0+990x60"})
        case "RefusalsHigh":
            limit = f'limit="{bff.name}.per-consumer"'
            stored, edge = (
                f'{series.STORE_REFUSALS}{{{limit},outcome="refused"}}',
                f"{series.EDGE_REFUSALS}{{{limit}}}",
            )
            yield Case({stored: "0+26x60"}, {stored: "0+25x60"})
            yield Case({edge: "0+13x60", stored: "0+13x60"}, {edge: "0+12x60", stored: "0+12x60"})
            yield _first(f'{series.EDGE_REFUSALS}{{{limit},instance="a"}}', 101)
        case "BreakerOpen":
            own = f'{series.BREAKERS}{{bff="{bff.name}",service="a",state="%s"}}'
            yield Case({own % "open": "1x60"}, {own % "half_open": "1x60"}, labels={"service": "a"})
            event = f'{series.ROUTE_BREAKERS}{{route="{bff.name}.a",event="%s"}}'
            yield Case(
                {event % "refused": "0+1x60"}, {event % "probed": "0+1x60"}, labels={"route": f"{bff.name}.a"}
            )
            opened = f'{series.ROUTE_BREAKERS}{{route="{bff.name}.a",event="opened",instance="a"}}'
            yield _first(opened, 1, {"route": f"{bff.name}.a"})
            labels = {"envoy_cluster_name": bff.name}
            at_edge = f'{series.EDGE_BREAKERS[0]}{{envoy_cluster_name="{bff.name}"}}'
            yield Case({at_edge: "1x60"}, {at_edge: "0x60"}, labels=labels)


def _errors(answers: str) -> Case:
    good, failed = answers % 'envoy_response_code_class="2"', answers % series.FAILED
    return Case({good: "0+94x60", failed: "0+6x60"}, {good: "0+95x60", failed: "0+5x60"})


def _first(counter: str, count: int, labels: Mapping[str, str] = NONE) -> Case:
    """An edge counts for the first time; where the edge itself is new, nobody knows when it did."""
    edge, counted = _up(job="edge", instance="a"), {counter: f"_x5 {count}x60"}
    return Case({edge: "1x60"} | counted, {edge: "_x5 1x60"} | counted, labels=labels)


def _up(**labels: str) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"up{{{told}}}"
