"""When a BFF is left alone: the circuit breaker of its routes."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.model import Model
from colonnade.manifest.units import Duration, parse_duration

Count = Annotated[int, Field(ge=1, le=1000)]


class Unhealthy(Model):
    """So many failures in a row open the breaker.

    A connection that cannot be made or breaks, and an answer that does not come in time, always are one; an
    answer is one by its status.
    """

    statuses: tuple[Annotated[int, Field(ge=500, le=599)], ...] = Field(default=())
    failures: Count = 3


class Healthy(Model):
    """So many successes in a row close it again. Without `statuses`, any answer that is no failure is one."""

    statuses: tuple[Annotated[int, Field(ge=200, le=499)], ...] | None = Field(default=None, min_length=1)
    successes: Count = 2


class Breaker(Model):
    """The meaning of APISIX's api-breaker, for each route and each worker of an edge.

    An open breaker answers for the BFF: for `first_pause`, which doubles each time up to `max_pause`.
    """

    unhealthy: Unhealthy = Unhealthy()
    healthy: Healthy = Healthy()
    first_pause: Duration = parse_duration("2s")
    max_pause: Duration = parse_duration("300s")

    @model_validator(mode="after")
    def _grows(self) -> "Breaker":
        if self.first_pause > self.max_pause:
            raise PydanticCustomError("breaker", "first_pause is longer than max_pause: the pause only grows")
        return self
