"""How it is noticed that an instance is ill, and how it is used again."""

from typing import Annotated

from pydantic import Field

from colonnade.manifest.model import Model, PathPrefix
from colonnade.manifest.units import Duration, Percent, parse_duration, parse_percent

Threshold = Annotated[int, Field(ge=1, le=100)]


class Ejection(Model):
    """An instance whose connections fail, or whose answers are late, so often in a row is left out.

    It is for `pause` at first, and longer by as much each time. No more than `most` of the instances are.
    """

    failures: Threshold = 3
    pause: Duration = parse_duration("5s")
    most: Annotated[Percent, Field(ge=0, le=100)] = parse_percent("50%")


class Checks(Model):
    """Each instance is asked at `path` every `interval`; any answer but 200 takes it out at once.

    So do `unhealthy` questions in a row without an answer within `timeout`; `healthy` answers bring it back,
    where it gets its share of the requests over `slow_start`.
    """

    path: PathPrefix = "/healthz"
    interval: Duration = parse_duration("1s")
    timeout: Duration = parse_duration("2s")
    unhealthy: Threshold = 2
    healthy: Threshold = 1
    slow_start: Duration = parse_duration("10s")


class Health(Checks):
    """The checks of an edge, which ejects instances by what becomes of their requests, too."""

    ejection: Ejection = Ejection()
