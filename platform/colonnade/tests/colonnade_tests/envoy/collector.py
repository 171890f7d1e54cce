"""A collector of spans for a test: takes OTLP over HTTP as JSON, and as protobuf, which Envoy sends."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Span:
    """One span, as it came; ids are hexadecimal, and attributes of protobuf those that are text."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    kind: int
    start: int
    end: int
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Collector:
    """What has come so far."""

    url: str
    spans: list[Span] = field(default_factory=list)

    def of(self, trace: str) -> dict[tuple[str, int], Span]:
        """The spans of a trace, by service and kind."""
        return {(span.service, span.kind): span for span in list(self.spans) if span.trace == trace}

    def traces(self, service: str) -> set[str]:
        """The traces of which a service has sent a span."""
        return {span.trace for span in list(self.spans) if span.service == service}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Listen until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.whole() if self.headers["content-length"] is None else self.sized()
            read = from_json if self.headers["content-type"] == "application/json" else from_protobuf
            if self.path == "/v1/traces":
                collector.spans += read(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def sized(self) -> bytes:
            return self.rfile.read(int(self.headers["content-length"]))

        def whole(self) -> bytes:
            """Read chunks, which Envoy sends."""
            chunks = []
            while length := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


def from_json(body: bytes) -> Iterator[Span]:
    for resource in json.loads(body)["resourceSpans"]:
        told = {one["key"]: one["value"].get("stringValue") for one in resource["resource"]["attributes"]}
        for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
            yield Span(
                told["service.name"],
                span["name"],
                span["traceId"],
                span["spanId"],
                span["parentSpanId"],
                span["kind"],
                int(span["startTimeUnixNano"]),
                int(span["endTimeUnixNano"]),
                {one["key"]: str(*one["value"].values()) for one in span["attributes"]},
            )


def from_protobuf(body: bytes) -> Iterator[Span]:
    """Read `ExportTraceServiceRequest`; the numbers are those of OTLP's proto files."""
    for resource in fields(body, 1):
        attributes = [pair for of in fields(resource, 1) for pair in fields(of, 1)]
        told = {text(pair, 1): text(next(fields(pair, 2)), 1) for pair in attributes}
        for span in (span for scope in fields(resource, 2) for span in fields(scope, 2)):
            yield Span(
                told["service.name"],
                text(span, 5),
                ident(span, 1),
                ident(span, 2),
                ident(span, 4),
                next(fields(span, 6), 0),
                int.from_bytes(next(fields(span, 7)), "little"),
                int.from_bytes(next(fields(span, 8)), "little"),
                {text(pair, 1): text(next(fields(pair, 2)), 1) for pair in fields(span, 9)},
            )


def text(message: bytes, number: int) -> str:
    return bytes(next(fields(message, number), b"")).decode()


def ident(message: bytes, number: int) -> str:
    return bytes(next(fields(message, number), b"")).hex()


def fields(message: bytes, number: int) -> Iterator[Any]:
    """The values of the field `number`: bytes, or an integer."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        value: Any
        match tag & 7:  # protobuf's wire types
            case 2:
                length, at = varint(message, at)
                value, at = message[at : at + length], at + length
            case 1:
                value, at = message[at : at + 8], at + 8
            case 5:
                value, at = message[at : at + 4], at + 4
            case _:
                value, at = varint(message, at)
        if tag >> 3 == number:
            yield value


def varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a place, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
