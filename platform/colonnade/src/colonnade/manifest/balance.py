"""How many instances run, how requests are spread over them, and who is sent somewhere else to try it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.model import HASH_KEY, HeaderName, Method, Model, Name
from colonnade.manifest.units import Duration, Percent, parse_percent

Replicas = Annotated[int, Field(ge=1, le=16)]
Weight = Annotated[int, Field(ge=1, le=100)]
HashKey = Annotated[str, StringConstraints(pattern=HASH_KEY)]
Sticky = Literal["cookie", "none"] | HashKey


class Balance(Model):
    """How requests are spread over the instances.

    `weighted` has a weight for each instance. With `hash`, requests of the same `key` reach the same one,
    unless it has more than `max_load` of what an instance has on average; a `ttl` has the edge give a
    cookie to who comes without.
    """

    policy: Literal["least_request", "round_robin", "weighted", "hash"] = "least_request"
    weights: tuple[Weight, ...] = Field(default=())
    key: HashKey | None = None
    max_load: Annotated[Percent, Field(ge=100, le=1000)] = parse_percent("150%")
    ttl: Duration | None = None

    @model_validator(mode="after")
    def _only_what_the_policy_knows(self) -> "Balance":
        if bool(self.weights) != (self.policy == "weighted"):
            raise PydanticCustomError("weights", "give weights with policy weighted, and with no other")
        if (self.key is not None) != (self.policy == "hash"):
            raise PydanticCustomError("key", "give a key with policy hash, and with no other")
        if self.ttl is not None and not (self.key or "").startswith("cookie:"):
            raise PydanticCustomError("ttl", "only a cookie is given to clients: leave ttl out")
        return self


class Canary(Model):
    """Another BFF that a share of the requests is sent to, under this one's credential, limits and timeouts.

    Who sends `header` with `always` or `never` chooses. `sticky` is by what a client is drawn: by a `cookie`
    that the edge gives it, by a header or cookie that it has, by its `ip`, or by nothing, for each request.
    """

    bff: Name
    weight: Annotated[Percent, Field(le=100)] = 0.0
    header: HeaderName | None = None
    sticky: Sticky = "cookie"

    @model_validator(mode="after")
    def _someone_is_sent(self) -> "Canary":
        if not self.weight and self.header is None:
            raise PydanticCustomError("canary", "give a weight such as 5%, a header, or both")
        return self


class Mirror(Model):
    """Another BFF that is sent a copy of a share of the requests; what it answers is forgotten.

    Only requests of the `methods` are copied: what changes something would change it twice.
    """

    bff: Name
    share: Annotated[Percent, Field(gt=0, le=100)] = 100.0
    methods: tuple[Method, ...] = Field(default=("GET", "HEAD"), min_length=1)
