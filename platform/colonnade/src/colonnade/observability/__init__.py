"""Emits what Prometheus and Grafana read: where to look, when to call somebody, what to draw. Pure."""

from colonnade.observability.alerts import alerts
from colonnade.observability.files import files
from colonnade.observability.scrape import ALERTS, PROMETHEUS, prometheus

__all__ = ["ALERTS", "PROMETHEUS", "alerts", "files", "prometheus"]
