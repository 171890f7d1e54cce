"""Spans: of which requests, and what becomes of them where nobody takes them."""

import logging

import pytest
from colonnade_runtime.settings import Collector
from colonnade_runtime.tracing.export import MOST_WAITING, Exporter, exporting
from colonnade_runtime.tracing.span import SERVER, Span
from colonnade_runtime.tracing.trace import begin

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
NOBODY = Collector("http://127.0.0.1:9", "shop")
SPAN = Span(TRACE, PARENT, "", "GET /", SERVER, 1, 2, (), failed=False)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        f"00-{TRACE}-{PARENT}-00",
        f"00-{TRACE}-{PARENT}-02",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-zz",
        f"00-{'g' * 32}-{PARENT}-01",
        f"01-{TRACE}-{PARENT}-01",
    ],
)
def test_a_request_without_a_sampled_trace_has_no_spans(header: str | None) -> None:
    assert begin(header, 0.0, lambda _: None) is None


def test_a_request_and_its_calls_are_of_the_trace_that_the_edge_began() -> None:
    ended: list[Span] = []
    trace = begin(f"00-{TRACE}-{PARENT}-01", 10.0, ended.append)
    assert trace is not None
    version, of, child, flags = trace.child().split("-")
    trace.served("GET", "/things/{id}", "503", 10.0, 10.25)

    (span,) = ended
    assert ("00", TRACE, "01") == (version, of, flags)
    assert (TRACE, PARENT, "GET /things/{id}", True) == (
        span.trace_id,
        span.parent_id,
        span.name,
        span.failed,
    )
    assert child not in {PARENT, span.span_id}
    assert 250_000_000 == pytest.approx(span.end - span.start, abs=1000)


async def test_a_collector_that_is_away_is_told_once_and_its_spans_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exporter = Exporter(NOBODY)
    with caplog.at_level(logging.WARNING):
        for _ in range(MOST_WAITING + 3):
            exporter.add(SPAN)
        assert 3 == exporter.dropped
        await exporter.send()
        exporter.add(SPAN)
        await exporter.send()
    exporter.close()

    assert 1 == len(caplog.records)
    assert f'colonnade_spans_total{{outcome="dropped"}} {MOST_WAITING + 4}.0' in exporter.metrics()


async def test_without_a_collector_there_is_no_exporter() -> None:
    async with exporting(None) as exporter:
        assert exporter is None
