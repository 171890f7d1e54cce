"""Traces: from the edge through a BFF to a service, of the share of requests that is asked for."""

import os
import subprocess
import sys
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.collector import Collector, Span, collecting
from colonnade_tests.envoy.edge import Edge, eventually, free_ports, running

PLATFORM = """
name: shop
guardrails: {{auth: [none], require_limit: false}}
observability: {{traces: {{endpoint: "{url}", sampling: {sampling}}}}}
"""
BFF = "kind: mobile\nport: {port}\nroute: {{prefix: /api/{name}}}\nauth: {{type: none}}\n"
COUNTED = "limits: [{name: few, rate: 2/hour, burst: 2, on_store_failure: local}]\n"
BFFS = {"shop": BFF.format(port=3005, name="shop"), "echo": BFF.format(port=3006, name="echo")}
BFFS["counted"] = BFF.format(port=3007, name="counted") + COUNTED
APP = """
import sys
import msgspec
from colonnade_runtime import App, Request, declared, get, serve

class Product(msgspec.Struct):
    id: str

@get("product", "/products/{product_id}")
async def product(product_id: str) -> Product:
    declared()

app = App("shop", services=["product"])

@app.get("/first")
async def first(request: Request) -> Product:
    return await product(request, "p-0001")

sys.exit(serve(app, 3999))
"""
SERVER, CLIENT = 2, 3
MANY = 200
CHI_SQUARE = 23.93
"""One degree of freedom, exceeded by chance once in a million runs."""


@contextmanager
def process(argv: list[str], port: int, collector: Collector, service: str, **said: str) -> Iterator[Address]:
    said |= {"PORT": str(port), "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": service}
    with subprocess.Popen([sys.executable, *argv], env=os.environ | said) as started:
        try:
            eventually(lambda: httpx.get(f"http://{HOST}:{port}/healthz").status_code == 200, within=30)
            yield Address(HOST, port)
        finally:
            started.terminate()


@contextmanager
def traced(folder: Path, collector: Collector) -> Iterator[Edge]:
    """An edge, a BFF of the runtime and a service, all of which know the collector."""
    (folder / "app.py").write_text(APP, encoding="utf-8")
    at_service, at_bff, at_metrics, *_ = free_ports()
    data = {"DATA_DIR": str(folder / "data")}
    text = PLATFORM.format(url=collector.url, sampling=1)
    with process(["-m", "product_service"], at_service, collector, "product", **data) as service:
        told = {"UPSTREAM_PRODUCT_URL": service.url, "METRICS_PORT": str(at_metrics)}
        with (
            process([str(folder / "app.py")], at_bff, collector, "shop", **told) as bff,
            running(folder, BFFS, text, endpoints={"shop": (bff,)}) as edge,
        ):
            yield edge


def asked(edge: Edge, client: httpx.Client, **headers: str) -> tuple[str, bool]:
    """Ask; return the trace that the BFF was told, and whether the edge has sampled it."""
    answer = client.get(f"{edge.url}/api/echo/x", headers=headers)
    sent = dict(answer.json()["headers"])
    _, trace, _, flags = sent["traceparent"].split("-")
    return str(trace), flags == "01"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10, headers={"connection": "close"}) as found:
        yield found


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


def spans_lead_down(edge: Edge, collector: Collector) -> None:
    """Each part has its span, below the one that called it."""
    assert 200 == edge.get("/api/shop/first").status_code
    whole = {("edge", SERVER), ("shop", SERVER), ("shop", CLIENT), ("product", SERVER)}
    eventually(lambda: len(collector.spans) >= 4)
    (trace,) = {span.trace for span in collector.spans}
    spans = collector.of(trace)

    assert whole == set(spans)
    assert "" == spans["edge", SERVER].parent
    assert spans["edge", SERVER].span == spans["shop", SERVER].parent
    assert spans["shop", SERVER].span == spans["shop", CLIENT].parent
    assert spans["shop", CLIENT].span == spans["product", SERVER].parent
    assert ["shop", "GET /first", "GET /products/{product_id}"] == [
        spans[where].name for where in (("edge", SERVER), ("shop", SERVER), ("shop", CLIENT))
    ]
    assert spans["product", SERVER].name.startswith("GET /products/")
    assert all(span.start < span.end for span in spans.values())


def decisions_are_in_the_trace(edge: Edge, collector: Collector) -> None:
    """The policy service tells what it decided, by which limit, and nothing of who asked."""
    secret = "Bearer not-for-everybody"
    statuses = [edge.get("/api/counted/x", headers={"authorization": secret}).status_code for _ in range(3)]
    eventually(lambda: len(collector.traces("policy")) == 3)
    told = [span for span in collector.spans if span.service == "policy"]
    where = {"colonnade.auth": "none", "colonnade.limit.policy": "store"}
    limit = {"colonnade.limit.name": "counted.few", "colonnade.limit.algorithm": "token_bucket"}

    assert [200, 200, 429] == statuses
    assert [{"colonnade.decision": "allowed"} | where] * 2 == [span.attributes for span in told[:2]]
    assert {"colonnade.decision": "rate-limit-exceeded"} | where | limit == told[2].attributes
    assert {"counted"} == {span.name for span in told}
    parents = {(span.trace, span.parent) for span in told}
    eventually(lambda: parents <= {(one.trace, one.span) for one in collector.spans if one.service == "edge"})


def no_query_is_told(edge: Edge, collector: Collector) -> None:
    """A login's code is in one, and whatever a client puts there."""
    asked = {"auth": "/auth/callback", "echo": "/api/echo/x"}
    for path in asked.values():
        edge.get(f"{path}?code=not-for-everybody&state=x")
    eventually(lambda: len(named(collector, asked)) == len(asked))

    assert {(name, f"{edge.url}{path}") for name, path in asked.items()} == {
        (span.name, span.attributes["http.url"]) for span in named(collector, asked)
    }
    assert not [span for span in collector.spans if "not-for-everybody" in str(span)]


def named(collector: Collector, names: Container[str]) -> list[Span]:
    return [span for span in list(collector.spans) if span.service == "edge" and span.name in names]


def test_a_trace_leads_from_the_edge_to_the_service_for_the_share_that_is_asked_for(
    tmp_path: Path, collector: Collector, client: httpx.Client
) -> None:
    with traced(tmp_path, collector) as edge:
        spans_lead_down(edge, collector)
        decisions_are_in_the_trace(edge, collector)
        no_query_is_told(edge, collector)
        edge.rewrite(PLATFORM.format(url=collector.url, sampling=0), **BFFS)
        eventually(lambda: not asked(edge, client)[1])
        theirs = f"00-{'1' * 32}-{'2' * 16}-01"
        none = [asked(edge, client, traceparent=theirs) for _ in range(20)]

        edge.rewrite(PLATFORM.format(url=collector.url, sampling=0.5), **BFFS)
        eventually(lambda: asked(edge, client)[1])
        some = [asked(edge, client) for _ in range(MANY)]
        chosen = {trace for trace, sampled in some if sampled}
        expected = MANY / 2
        distance = sum((count - expected) ** 2 / expected for count in (len(chosen), MANY - len(chosen)))

        assert distance < CHI_SQUARE, f"{len(chosen)} of {MANY}"
        eventually(lambda: chosen <= collector.traces("edge"))
        assert not any(sampled for _, sampled in none)
        assert not {trace for trace, sampled in none + some if not sampled} & collector.traces("edge")
        assert "1" * 32 not in {trace for trace, _ in none}
