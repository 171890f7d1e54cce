"""Where the instances of a BFF share the answers that its views keep."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from colonnade.manifest.model import Model
from colonnade.manifest.units import Duration, SecretRef, parse_duration

LEAST, MOST = timedelta(milliseconds=1), timedelta(seconds=1)


class Cache(Model):
    """A Valkey or Redis below the memory of each instance; a request waits for it at most `timeout`."""

    url: SecretRef
    timeout: Annotated[Duration, Field(ge=LEAST, le=MOST)] = parse_duration("50ms")
