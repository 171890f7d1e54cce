"""Which web pages of other origins may call a route (CORS, as the Fetch standard has it)."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.model import ORIGIN, HeaderName, Method, Model
from colonnade.manifest.units import Duration, parse_duration

Origin = Annotated[str, StringConstraints(pattern=ORIGIN)]


class Cors(Model):
    """Pages of `origins` may send `methods` and `headers`, and read `exposed` headers of the answer.

    No origins: nobody may. `credentials` lets the browser send cookies; `max_age` is how long it may
    remember what a preflight was told.
    """

    origins: tuple[Origin, ...]
    methods: tuple[Method, ...] = Field(default=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
    headers: tuple[HeaderName, ...] = Field(default=("authorization", "content-type", "x-csrf"))
    exposed: tuple[HeaderName, ...] = Field(
        default=(
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
        )
    )
    credentials: bool = False
    max_age: Duration = parse_duration("1h")

    @model_validator(mode="after")
    def _credentials_for_named_origins(self) -> "Cors":
        if self.credentials and "*" in self.origins:
            raise PydanticCustomError(
                "cors",
                "any page could act as the user: name the origins, or leave credentials out",
            )
        return self
