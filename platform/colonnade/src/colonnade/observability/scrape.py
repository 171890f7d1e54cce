"""Where a Prometheus reads what the parts count."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from colonnade.ir.target import Scraped
from colonnade.observability.text import dump

PROMETHEUS = "prometheus.yml"
ALERTS = "alerts.yml"
INTERVAL_S = 15
"""Between two scrapes, and between two looks at the rules: four of them in the shortest window of a rule."""


def prometheus(parts: Iterable[Scraped]) -> str:
    """Return the text of prometheus.yml: a job for each kind of part, and the rules beside it."""
    document = {
        "global": {"scrape_interval": f"{INTERVAL_S}s", "evaluation_interval": f"{INTERVAL_S}s"},
        "rule_files": [ALERTS],
        "scrape_configs": [_job(name, found) for name, found in groupby(parts, lambda part: part.job)],
    }
    return dump(document)


def _job(name: str, parts: Iterable[Scraped]) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [_target(part) for part in parts]}


def _target(part: Scraped) -> dict[str, Any]:
    labels = {"part": part.name} | ({"bff": part.bff} if part.bff else {})
    return {"targets": [str(part.address)], "labels": labels}
