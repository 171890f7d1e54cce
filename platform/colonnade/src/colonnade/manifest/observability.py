"""What the platform tells of itself beyond its metrics: `observability` of colonnade.yaml."""

from typing import Annotated

from pydantic import Field

from colonnade.manifest.model import CollectorUrl, Model


class Traces(Model):
    """Where spans are sent, by OTLP over HTTP, and the share of requests whose spans are.

    The edge decides for all parts; of a request that a trusted proxy has traced, the proxy. In containers a
    collector on loopback is the container `collector`.
    """

    endpoint: CollectorUrl
    sampling: Annotated[float, Field(ge=0, le=1)] = 0.05


class Observability(Model):
    """What is sent to whom. Metrics need nothing here: they are read."""

    traces: Traces | None = None
