"""HTTP/3 at the edge: a listener for QUIC beside the one for TLS, at the same port (RFC 9114)."""

from colonnade.envoy.message import Json, typed
from colonnade.envoy.tls import downstream_context
from colonnade.ir.platform import Platform, Tls
from colonnade.ir.target import Target

KNOWN_S = 24 * 3600
"""How long a client remembers where HTTP/3 is."""
MAX_CONCURRENT_STREAMS = 100
STREAM_WINDOW_BYTES = 64 * 1024
CONNECTION_WINDOW_BYTES = 1024 * 1024


def serves_http3(platform: Platform, target: Target) -> bool:
    """Return whether the edge speaks HTTP/3."""
    return platform.edge.tls is not None and target.tls is not None and platform.edge.tls.http3


def quic_socket(tls: Tls, target: Target) -> Json:
    """Return the transport socket of the QUIC listener, with the certificates of the TLS listener."""
    context = typed(
        "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport",
        downstream_tls_context=downstream_context(tls, target, alpn=("h3",)),
        # Early data can be sent again by whoever saw it pass: it would be counted, and carried out, twice.
        enable_early_data=False,
    )
    return {"name": "envoy.transport_sockets.quic", "typed_config": context}


def quic_options() -> Json:
    """Return what a listener for QUIC says that one for TCP does not."""
    windows = {
        "max_concurrent_streams": MAX_CONCURRENT_STREAMS,
        "initial_stream_window_size": STREAM_WINDOW_BYTES,
        "initial_connection_window_size": CONNECTION_WINDOW_BYTES,
    }
    return {"udp_listener_config": {"quic_options": {"quic_protocol_options": windows}}}


def alternative(platform: Platform, target: Target) -> dict[str, str]:
    """Return the header that tells clients of TLS where HTTP/3 is (RFC 7838); none where it is not.

    It is this very edge: a balancer in front of several would hide the clients' addresses.
    """
    if target.tls is None or not serves_http3(platform, target):
        return {}
    port = f"%ENVIRONMENT({target.tls.http3_port})%" if target.tls.http3_port else target.tls.listen.port
    return {"alt-svc": f'h3=":{port}"; ma={KNOWN_S}'}
