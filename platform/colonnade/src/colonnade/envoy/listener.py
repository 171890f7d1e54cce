"""The edge's listeners: one HTTP connection manager, hardened as Envoy's guide for edge proxies says."""

from math import ceil

from colonnade.envoy import hygiene
from colonnade.envoy.access_log import access_log
from colonnade.envoy.filters import breaker, http_filters
from colonnade.envoy.http3 import quic_options, quic_socket, serves_http3
from colonnade.envoy.message import Json, duration, path_source, socket_address, typed
from colonnade.envoy.problems import local_replies
from colonnade.envoy.tls import tls_socket
from colonnade.envoy.tracing import tracer
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address, Target

ROUTES = "edge"
BUFFER_BYTES = 128 * 1024
MAX_CONCURRENT_STREAMS = 100
STREAM_WINDOW_BYTES = 64 * 1024
CONNECTION_WINDOW_BYTES = 1024 * 1024
DRAIN_S = 5.0
CLOSE_S = 0.3
"""A client has this long for the last bytes before its connection is closed; revoked streams wait for it."""


def listeners(platform: Platform, target: Target) -> list[Json]:
    """Return the listeners of one edge: without TLS, with, and for HTTP/3; they differ in nothing else."""
    found = [_listener("edge", target.listen, platform, target, {})]
    if platform.edge.tls is not None and target.tls is not None:
        socket = {
            "transport_socket": tls_socket(platform.edge.tls, target),
            # A handshake, too, has an end.
            "transport_socket_connect_timeout": duration(platform.edge.headers_timeout_s),
        }
        found.append(_listener("edge-tls", target.tls.listen, platform, target, socket))
        if serves_http3(platform, target):
            socket = {"transport_socket": quic_socket(platform.edge.tls, target)}
            found.append(_quic(_listener("edge-quic", target.tls.listen, platform, target, socket)))
    return found


def _quic(listener: Json) -> Json:
    """The listener for QUIC: no balancer stands before it."""
    listener["address"]["socket_address"]["protocol"] = "UDP"
    listener["filter_chains"][0]["filters"][0]["typed_config"]["codec_type"] = "HTTP3"
    return listener | {"listener_filters": []} | quic_options()


def _listener(name: str, listen: Address, platform: Platform, target: Target, socket: Json) -> Json:
    manager = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": _manager(platform, target),
    }
    return typed(
        "envoy.config.listener.v3.Listener",
        name=name,
        address=socket_address(listen),
        per_connection_buffer_limit_bytes=BUFFER_BYTES,
        listener_filters=[_proxy_protocol()] if target.balanced else [],
        filter_chains=[{"filters": [manager], **socket}],
    )


def _proxy_protocol() -> Json:
    """The balancer tells the client's address; a health check of its own comes without."""
    config = typed(
        "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
        allow_requests_without_proxy_protocol=True,
    )
    return {"name": "envoy.filters.listener.proxy_protocol", "typed_config": config}


def _manager(platform: Platform, target: Target) -> Json:
    edge = platform.edge
    return typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="edge",
        rds={"route_config_name": ROUTES, "config_source": path_source(target.xds_folder, "rds.json")},
        http_filters=http_filters(platform, target),
        access_log=[access_log(platform), breaker.events()],
        local_reply_config=local_replies(platform),
        server_name="colonnade",
        drain_timeout=duration(DRAIN_S),
        delayed_close_timeout=duration(CLOSE_S),
        common_http_protocol_options={
            "idle_timeout": duration(edge.idle_timeout_s),
            "max_headers_count": edge.max_header_count,
            "headers_with_underscores_action": "DROP_HEADER",
        },
        http2_protocol_options={
            "allow_connect": True,  # WebSockets over HTTP/2 (RFC 8441), where a route takes them
            "max_concurrent_streams": MAX_CONCURRENT_STREAMS,
            "initial_stream_window_size": STREAM_WINDOW_BYTES,
            "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
        },
        max_request_headers_kb=ceil(edge.max_headers / 1024),
        request_headers_timeout=duration(edge.headers_timeout_s),
        stream_flush_timeout=duration(edge.flush_timeout_s),
        # Per listener in Envoy, so the most patient route counts.
        request_timeout=duration(max((route.timeouts.send_s for route in platform.routes), default=10.0)),
        **_paths(),
        **_provenance(platform),
    )


def _paths() -> Json:
    """Every spelling of a path becomes one before a route is chosen."""
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
    }


def _provenance(platform: Platform) -> Json:
    """Who the client is, and the identifiers that its request carries all the way down."""
    trusted = platform.edge.trusted_hops > 0
    removed = (
        *hygiene.IDENTITY,
        *hygiene.INTERNAL,
        *(() if trusted else (*hygiene.FORWARDED, *hygiene.TRACE)),
    )
    mutation = typed(
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=[{"remove": name} for name in removed],
    )
    return {
        "use_remote_address": True,
        "xff_num_trusted_hops": platform.edge.trusted_hops,
        "preserve_external_request_id": trusted,
        "always_set_request_id_in_response": True,
        "early_header_mutation_extensions": [
            {"name": "envoy.http.early_header_mutation.header_mutation", "typed_config": mutation}
        ],
        **tracer(platform),
    }
