"""Which requests are tried again, after what, and when a second try runs beside the first."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.model import Method, Model
from colonnade.manifest.units import Duration

Failure = Literal["connect-failure", "refused-stream", "reset"]
Status = Annotated[int, Field(ge=500, le=599)]


class Retries(Model):
    """How often a request is tried again, and how long one try may take.

    Only requests of the `methods` are, besides those that could not even be sent; and with `idempotency_key`
    those that carry an Idempotency-Key, which the BFF then has to honour. With `hedge` a second try starts
    when the first has no answer yet, and the first answer counts.
    """

    attempts: Annotated[int, Field(ge=0, le=5)] = 1
    per_try: Duration | None = None
    on: tuple[Failure | Status, ...] = Field(
        default=("connect-failure", "refused-stream", "reset"), min_length=1
    )
    methods: tuple[Method, ...] = Field(default=("GET", "HEAD", "OPTIONS"), min_length=1)
    idempotency_key: bool = False
    hedge: Duration | None = None

    @model_validator(mode="after")
    def _one_try_at_a_time_or_not(self) -> "Retries":
        if self.hedge is not None and self.per_try is not None:
            raise PydanticCustomError("hedge", "give per_try, which ends a try, or hedge, which does not")
        if self.hedge is not None and self.attempts == 0:
            raise PydanticCustomError("hedge", "a hedge is a further attempt: attempts must be 1 or more")
        return self
