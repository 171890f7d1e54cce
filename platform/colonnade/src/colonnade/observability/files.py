"""The files of `deploy/observability`, generated from the manifests and committed."""

from collections.abc import Iterable, Mapping

from colonnade.ir.platform import Platform
from colonnade.ir.target import Scraped
from colonnade.observability.alert_tests import alert_tests
from colonnade.observability.alerts import alerts
from colonnade.observability.dashboard import dashboard
from colonnade.observability.scrape import ALERTS, PROMETHEUS, prometheus

FOLDER = "deploy/observability"


def files(platform: Platform, parts: Iterable[Scraped]) -> Mapping[str, str]:
    """Return path → text of all files; `parts` are where Prometheus finds what they count."""
    texts = {
        PROMETHEUS: prometheus(parts),
        ALERTS: alerts(platform),
        "alerts_test.yml": alert_tests(platform),
        "dashboard.json": dashboard(platform),
    }
    return {f"{FOLDER}/{name}": text for name, text in texts.items()}
