"""A service that the platform team puts at the edge by itself, without a BFF before it."""

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.bff import BaseRoute, RouteException
from colonnade.manifest.breaker import Breaker
from colonnade.manifest.cors import Cors
from colonnade.manifest.model import Auth, Kind, Limit, Model, RelativePath


class Expose(Model):
    """Where a service lives at the edge, who may call it, and how often: all that a BFF says of itself.

    With a `descriptor` the service speaks gRPC at its `grpc_port`: a descriptor set, as `protoc
    --include_imports --descriptor_set_out` writes it. Its methods pass at their own paths, for gRPC-Web too,
    and those with a `google.api.http` rule are REST below the route's prefix. Calls that stream stay open.

    The defaults are those for clients of a `kind`.
    """

    kind: Kind = Kind.MOBILE
    descriptor: RelativePath | None = None
    route: BaseRoute
    routes: tuple[RouteException, ...] = Field(default=())
    auth: Auth
    limits: tuple[Limit, ...] = Field(default=())
    cors: Cors | None = None
    breaker: Breaker = Breaker()

    @model_validator(mode="after")
    def _one_rule_for_every_way_in(self) -> "Expose":
        if self.descriptor is None:
            return self
        if self.routes:
            raise PydanticCustomError("routes", "a method has more than one path: leave routes out")
        if self.route.stream or "rewrite" in self.route.model_fields_set:
            told = "its methods say what streams, and where they are: leave stream and rewrite out"
            raise PydanticCustomError("grpc", told)
        return self
