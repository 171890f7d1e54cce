"""How an edge notices that an instance is not well."""

from colonnade.envoy.message import Json, duration

INTERVAL_S = 1.0
TIMEOUT_S = 1.0


def health_check(*, http2: bool) -> Json:
    """Return the active check of one instance."""
    return {
        "timeout": duration(TIMEOUT_S),
        "interval": duration(INTERVAL_S),
        "no_traffic_interval": duration(INTERVAL_S),
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/healthz", "codec_client_type": "HTTP2" if http2 else "HTTP1"},
    }
