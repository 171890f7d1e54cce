"""Compresses answers as the client likes best: zstd, brotli, gzip."""

from collections.abc import Callable

from colonnade.envoy.filters.filter import Filter
from colonnade.envoy.filters.grpc_web import native
from colonnade.envoy.message import Json, typed
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target

PACKAGE = "envoy.extensions.filters.http.compressor.v3"
MIN_BYTES = 1024
"""Below it, compressing costs more time than sending."""
LIBRARIES: dict[str, Json] = {
    "zstd": typed("envoy.extensions.compression.zstd.compressor.v3.Zstd", compression_level=3),
    "brotli": typed("envoy.extensions.compression.brotli.compressor.v3.Brotli", quality=4),
    "gzip": typed(
        "envoy.extensions.compression.gzip.compressor.v3.Gzip", compression_level="COMPRESSION_LEVEL_4"
    ),
}


def _compressor(name: str) -> Callable[[Platform, Target], Json | None]:
    def config(platform: Platform, _target: Target) -> Json | None:
        if name not in platform.edge.compression:
            return None
        first = platform.edge.compression[0] == name
        return typed(
            f"{PACKAGE}.Compressor",
            response_direction_config={
                "common_config": {"min_content_length": MIN_BYTES},
            },
            compressor_library={"name": name, "typed_config": LIBRARIES[name]},
            choose_first=first,
        )

    return config


def _route(route: Route, _platform: Platform, _target: Target) -> Json | None:
    """A compressor holds back what it was given until it has enough; an event is not to wait for the next.

    gRPC has its own compression.
    """
    return typed(f"{PACKAGE}.CompressorPerRoute", disabled=True) if route.stream or native(route) else None


FILTERS = tuple(
    Filter(f"colonnade.compression.{name}", _compressor(name), _route, always=True) for name in LIBRARIES
)
