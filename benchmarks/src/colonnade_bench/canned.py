"""A backend that answers from memory: an Envoy that routes nowhere. Its CPU time is nobody's."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colonnade.envoy.message import Json, socket_address, typed
from colonnade.envoy.validate import envoy_binary
from colonnade.ir.target import Address
from colonnade_bench.measure import LOAD_CORES
from colonnade_bench.processes import HOST, free_port, running, wait_for

MAX_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to paths that begin with `prefix`, and carry the query parameter `query`, if any."""

    prefix: str
    body: str
    query: str = ""
    status: int = 200


@contextmanager
def backend(
    folder: Path, name: str, answers: Sequence[Answer], address: Address | None = None
) -> Iterator[Address]:
    """Answer on `address` (or a free port) until the context ends; the first answer that matches is given."""
    address = address or Address(HOST, free_port())
    file = folder / f"{name}.json"
    file.write_text(json.dumps(_configuration(address, answers)), encoding="utf-8")
    log = folder / f"{name}.log"
    argv = [
        str(envoy_binary()),
        "-c",
        str(file),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "error",
    ]
    with running(argv, LOAD_CORES, log):
        wait_for(f"{address.url}{answers[-1].prefix}", log)
        yield address


def proxy_configuration(listen: Address, upstream: Address, filters: Sequence[Json] = ()) -> Json:
    """Return a plain Envoy: one listener, one route, one cluster, no log, and `filters` before the router."""
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "backend",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket_address(upstream)}}]}],
        },
    }
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "backend"}}]
    return {"static_resources": {"listeners": [_listener(listen, routes, filters)], "clusters": [cluster]}}


def _configuration(listen: Address, answers: Sequence[Answer]) -> Json:
    routes = [_route(answer) for answer in answers]
    # What is posted is read to its end: an answer before it would close the connection each time.
    whole = typed("envoy.extensions.filters.http.buffer.v3.Buffer", max_request_bytes=MAX_BODY)
    filters = [{"name": "buffer", "typed_config": whole}]
    return {"static_resources": {"listeners": [_listener(listen, routes, filters)]}}


def _listener(listen: Address, routes: list[Json], before: Sequence[Json] = ()) -> Json:
    router = typed("envoy.extensions.filters.http.router.v3.Router")
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="bench",
        route_config={
            "max_direct_response_body_size_bytes": MAX_BODY,
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}],
        },
        http_filters=[*before, {"name": "router", "typed_config": router}],
    )
    filters: list[Any] = [{"name": "http", "typed_config": manager}]
    return {"name": "bench", "address": socket_address(listen), "filter_chains": [{"filters": filters}]}


def _route(answer: Answer) -> Json:
    match: Json = {"prefix": answer.prefix}
    if answer.query:
        match["query_parameters"] = [{"name": answer.query, "present_match": True}]
    header = {"header": {"key": "content-type", "value": "application/json"}}
    return {
        "match": match,
        "direct_response": {"status": answer.status, "body": {"inline_string": answer.body}},
        "response_headers_to_add": [header | {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
    }
