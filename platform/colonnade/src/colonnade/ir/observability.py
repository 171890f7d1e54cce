"""What the platform tells of itself, resolved."""

from dataclasses import dataclass

from colonnade.ir.target import Address


@dataclass(frozen=True, slots=True)
class Traces:
    """The collector of spans, as the manifest names it, and the share of requests that are traced, 0 to 1."""

    collector: Address
    sampling: float


def tracing(collector: Address | None, name: str) -> dict[str, str]:
    """Return the variables of OpenTelemetry by which the part `name` sends its spans; none without one."""
    if collector is None:
        return {}
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": name}
