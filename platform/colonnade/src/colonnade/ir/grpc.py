"""How a route reaches a service that speaks gRPC."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Transcoding:
    """Requests are REST, as the HTTP rules of `services` in a descriptor set say, and become gRPC."""

    services: tuple[str, ...]
    descriptor: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grpc:
    """The service answers gRPC. Without `transcoding` requests are gRPC already, or gRPC-Web."""

    transcoding: Transcoding | None = None
