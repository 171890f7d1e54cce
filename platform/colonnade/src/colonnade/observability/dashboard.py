"""The dashboard as Grafana imports it."""

import json
from collections.abc import Iterator
from typing import Any

from colonnade.ir.platform import Platform
from colonnade.observability.panels import Panel, rows

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH, HEIGHT, COLUMNS = 8, 8, 3
"""Of a panel, in Grafana's grid of 24 columns; and how many stand side by side."""


def dashboard(platform: Platform) -> str:
    """Return the dashboard as JSON."""
    document = {
        "uid": platform.name,
        "title": platform.name,
        "tags": ["colonnade"],
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "schemaVersion": 39,
        "templating": {"list": [_sources(), _bffs(platform)]},
        "panels": [{"id": number} | panel for number, panel in enumerate(_laid_out(), start=1)],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _laid_out() -> Iterator[dict[str, Any]]:
    y = 0
    for row in rows():
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": y, "w": WIDTH * COLUMNS, "h": 1},
            "panels": [],
        }
        y += 1
        for index, panel in enumerate(row.panels):
            down, right = divmod(index, COLUMNS)
            yield _panel(panel, {"x": right * WIDTH, "y": y + down * HEIGHT, "w": WIDTH, "h": HEIGHT})
        y += -(-len(row.panels) // COLUMNS) * HEIGHT


def _panel(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": expr, "legendFormat": name}
        for index, (expr, name) in enumerate(panel.lines)
    ]
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
    }


def _sources() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _bffs(platform: Platform) -> dict[str, Any]:
    names = [bff.name for bff in platform.bffs]
    return {
        "name": "bff",
        "label": "BFF",
        "type": "custom",
        "query": ",".join(names),
        "multi": True,
        "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [{"text": name, "value": name, "selected": False} for name in names],
    }
