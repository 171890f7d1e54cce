"""How much an edge has under way to one BFF at a time."""

from typing import Annotated

from pydantic import Field

from colonnade.manifest.model import Model
from colonnade.manifest.units import Percent, parse_percent

Connections = Annotated[int, Field(ge=1, le=100_000)]


class Bounds(Model):
    """Requests beyond `connections` wait, up to `pending` of them; one more is refused at once.

    Of all that is under way no more than `retries` may be further tries.
    """

    connections: Connections = 1024
    pending: Connections = 256
    retries: Annotated[Percent, Field(ge=0, le=100)] = parse_percent("20%")
