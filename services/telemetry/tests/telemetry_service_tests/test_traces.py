"""gRPC calls that the edge has sampled have a span, streams too; others have none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc

from service_kit.testing import free_port, process
from telemetry_service.proto import telemetry_pb2 as pb
from telemetry_service.proto.telemetry_pb2_grpc import TelemetryStub

TRACE, PARENT = "1" * 32, "2" * 16
SAMPLED = (("traceparent", f"00-{TRACE}-{PARENT}-01"), ("x-device-id", "sensor-1"))
NOT_SAMPLED = (("traceparent", f"00-{'3' * 32}-{PARENT}-00"),)


@contextmanager
def collecting() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The URL of a collector, and the spans that it got; all that was sent is there at the end."""
    spans: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["content-length"])))
            spans.extend(told["resourceSpans"][0]["scopeSpans"][0]["spans"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", spans
        finally:
            server.shutdown()
            thread.join()


def ask(port: int) -> None:
    """A sampled call, a stream, one that is refused, and a call that is not sampled."""
    listing = pb.ListReadingsRequest(device_id="sensor-1")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]
        stub.ListReadings(listing, metadata=SAMPLED)
        assert not list(stub.IngestMany(iter(()), metadata=SAMPLED))
        refused = stub.FollowReadings(pb.FollowReadingsRequest(device_id="sensor-2"), metadata=SAMPLED)
        assert refused.code() == grpc.StatusCode.PERMISSION_DENIED
        stub.ListReadings(listing, metadata=NOT_SAMPLED)


def test_calls_that_are_sampled_have_a_span(tmp_path: Path) -> None:
    port = free_port()
    with collecting() as (url, spans):
        told = {"GRPC_PORT": str(port), "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        with process("telemetry_service", tmp_path, **told):
            ask(port)
    service = "colonnade.telemetry.v1.Telemetry"
    codes = {span["name"]: span["attributes"][-1]["value"]["intValue"] for span in spans}

    assert {
        f"{service}/ListReadings": "0",
        f"{service}/IngestMany": "0",
        f"{service}/FollowReadings": "7",
    } == codes
    assert {(TRACE, PARENT)} == {(span["traceId"], span["parentSpanId"]) for span in spans}
    assert len(codes) == len(spans)
