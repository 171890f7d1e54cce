"""What views have cost, read from metrics and held against budgets."""

from math import inf
from pathlib import Path

import pytest

from colonnade.budgets.report import costs, fields_of
from colonnade.budgets.spent import read_spent
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade_tests.contracts.shop import write_shop

METRICS = """\
# TYPE colonnade_requests_total counter
colonnade_requests_total{method="GET",view="/newest",status="200"} 20
# TYPE colonnade_requests_duration_seconds histogram
colonnade_requests_duration_seconds_bucket{method="GET",view="/newest",le="0.1"} 18
colonnade_requests_duration_seconds_bucket{method="GET",view="/newest",le="0.2"} 20
colonnade_requests_duration_seconds_bucket{method="GET",view="/newest",le="+Inf"} 20
colonnade_requests_duration_seconds_bucket{method="",view="",le="+Inf"} 7
# TYPE colonnade_view_answers_total counter
colonnade_view_answers_total{method="GET",view="/newest"} 20
colonnade_view_upstream_calls_total{method="GET",view="/newest"} 50
colonnade_view_upstream_calls_max{method="GET",view="/newest"} 4
colonnade_view_received_bytes_total{method="GET",view="/newest"} 200000
colonnade_view_sent_bytes_total{method="GET",view="/newest"} 16000
colonnade_view_sent_bytes_max{method="GET",view="/newest"} 900
"""


def test_metrics_tell_what_each_view_has_spent() -> None:
    (view, spent), *others = read_spent(METRICS).items()

    assert others == []
    assert ("GET /newest", 20) == (view, spent.answers)
    assert (2.5, 10_000, 800) == tuple(
        spent.mean(name) for name in ("upstream_calls", "received_bytes", "sent_bytes")
    )
    assert (4, 900) == (spent.most("upstream_calls"), spent.most("sent_bytes"))
    assert spent.p95_s == pytest.approx(0.15)


def test_a_percentile_beyond_the_last_bound_is_endless() -> None:
    (spent,) = read_spent(METRICS.replace('le="0.2"} 20', 'le="0.2"} 18')).values()

    assert spent.p95_s == inf


@pytest.mark.parametrize(
    ("budgets", "over"),
    [
        ("{bytes: 1KiB, upstream_calls: 4, p95: 151ms}", ()),
        ("{bytes: 899B, upstream_calls: 3, p95: 149ms}", ("bytes", "upstream_calls", "p95")),
        ("{bytes: 1B, views: {GET /newest: {bytes: 900B}}}", ()),
        ("{upstream_calls: 3, views: {GET /newest: {bytes: 900B}}}", ("upstream_calls",)),
        ("{views: {GET /all: {bytes: 1B}}}", ()),
        ("{}", ()),
    ],
)
def test_the_dearest_answer_is_held_against_the_budget(
    tmp_path: Path, budgets: str, over: tuple[str, ...]
) -> None:
    file = write_shop(tmp_path / "shop") / "bffs/mobile/bff.yaml"
    file.write_text(f"{file.read_text()}budgets: {budgets}\n")
    platform = resolve(load(tmp_path / "shop"))

    (cost,) = costs(platform, {"mobile": read_spent(METRICS)}, {})

    assert over == cost.over
    assert cost.ratio == pytest.approx(12.5)


def test_fields_are_counted_as_they_are_read_and_as_they_are_offered(tmp_path: Path) -> None:
    root = write_shop(tmp_path / "shop")

    fields = fields_of(root, resolve(load(root)))

    assert {"GET /newest": (2, 4), "GET /all": (2, 4), "POST /orders": (4, 8)} == {
        view: counted for (_, view), counted in fields.items()
    }
