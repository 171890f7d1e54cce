"""When somebody is called: alerting rules for Prometheus, from the manifest's BFFs and their owners."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from colonnade.ir.platform import Bff, Platform
from colonnade.observability import series
from colonnade.observability.text import dump

RUNBOOK = "docs/observability/alerts.md"
CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule: fires when `expr` has held for `hold_s` seconds. `labels` say who is concerned."""

    name: str
    expr: str
    severity: str
    summary: str
    hold_s: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    def rule(self) -> dict[str, Any]:
        """Return the rule as Prometheus reads it."""
        hold = {"for": f"{self.hold_s}s"} if self.hold_s else {}
        return {
            "alert": self.name,
            "expr": self.expr,
            **hold,
            "labels": {"severity": self.severity, **self.labels},
            "annotations": self.annotations,
        }

    @property
    def annotations(self) -> dict[str, str]:
        """What is told when it fires."""
        return {"summary": self.summary, "runbook": f"{RUNBOOK}#{self.name.lower()}"}


def alerts(platform: Platform) -> str:
    """Return the text of alerts.yml."""
    groups = [("edge", list(of_edge())), *((bff.name, list(of_bff(bff, platform))) for bff in platform.bffs)]
    return dump(
        {"groups": [{"name": name, "rules": [one.rule() for one in rules]} for name, rules in groups]}
    )


def of_edge() -> Iterator[Alert]:
    """Yield the alerts of what all BFFs share."""
    yield Alert("EdgeDown", 'up{job="edge"} == 0', CRITICAL, "An edge does not answer", 30)
    yield Alert(
        "PartDown",
        'up{job=~"policy|bff|console"} == 0',
        WARNING,
        "A part of the platform does not answer",
        60,
    )
    yield Alert(
        "ErrorsHigh",
        f"{series.errors_at_edge()} > {series.MOST_ERRORS}",
        CRITICAL,
        "More than 5 % of all answers of the edge are 5xx",
        120,
    )
    yield Alert(
        "UpstreamDown",
        f"{series.INSTANCES} > 0 unless {series.HEALTHY} > 0",
        CRITICAL,
        "No instance of an upstream of the edge is healthy",
        30,
    )
    yield Alert("StoreDown", f"{series.STORE_UP} == 0", CRITICAL, "The policy service has lost its store", 30)


def of_bff(bff: Bff, platform: Platform) -> Iterator[Alert]:
    """Yield the alerts that are its owner's."""
    labels = {"bff": bff.name, "owner": bff.owner}
    streams = [route.id for route in platform.routes if route.bff == bff.name and route.stream]
    yield Alert(
        "ErrorsHigh",
        f"{series.errors(bff.name)} > {series.MOST_ERRORS}",
        CRITICAL,
        f"More than 5 % of the answers of {bff.name} are 5xx",
        120,
        labels,
    )
    yield Alert(
        "LatencyHigh",
        f"{series.latency_ms(bff.name, streams)} > {series.MOST_LATENCY_MS}",
        WARNING,
        f"1 % of the answers of {bff.name} take longer than 2 s",
        300,
        labels,
    )
    yield Alert(
        "RefusalsHigh",
        f"{series.refusals(bff.name)} > {series.MOST_REFUSALS}",
        WARNING,
        f"The limits of {bff.name} refused more than 100 requests in a minute",
        0,
        labels,
    )
    yield Alert(
        "BreakerOpen",
        series.breakers(bff.name),
        WARNING,
        f"A breaker of or to {bff.name} is open: something is not asked any more",
        0,
        labels,
    )
