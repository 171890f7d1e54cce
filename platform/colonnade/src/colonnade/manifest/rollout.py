"""How a publish reaches several edges."""

from typing import Annotated

from pydantic import Field

from colonnade.manifest.model import Model
from colonnade.manifest.units import Duration, Percent, parse_duration, parse_percent


class Rollout(Model):
    """A publish goes to one edge first, and to the others unless that one fails more often than they do.

    It is watched for `window`. Once it has answered `min_requests`, it may fail for `max_errors` of them
    beyond the share that fails at the others; more, and it gets back at once what it had.
    """

    window: Annotated[Duration, Field(le=parse_duration("1h"))] = parse_duration("30s")
    min_requests: Annotated[int, Field(ge=1)] = 50
    max_errors: Annotated[Percent, Field(le=100)] = parse_percent("5%")
