"""The units a manifest is written in: durations, sizes, rates and secret references."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+)(B|KiB|MiB)")
_SIZE_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024 * 1024}
_PERCENT = re.compile(r"(\d+(?:\.\d{1,2})?)%")
_RATE = re.compile(r"([1-9]\d*)/(?:(second|minute|hour|day)|(\d+(?:\.\d+)?(?:ms|s|m|h|d)))")
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
_SECRET = re.compile(r"(env|file):(.+)")


def parse_duration(text: object) -> timedelta:
    """Return the duration written as `250ms`, `3s`, `5m`, `1h` or `2d`; it is positive."""
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or float(match[1]) == 0:
        raise PydanticCustomError("duration", "expected a duration such as 250ms, 3s, 5m or 1h")
    return timedelta(seconds=float(match[1]) * _DURATION_UNITS[match[2]])


def parse_size(text: object) -> int:
    """Return the bytes of a size written as `512B`, `64KiB` or `1MiB`; it is positive."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) == 0:
        raise PydanticCustomError("size", "expected a size such as 512B, 64KiB or 1MiB")
    return int(match[1]) * _SIZE_UNITS[match[2]]


def parse_percent(text: object) -> float:
    """Return the number of a share written as `5%` or `0.25%`."""
    if isinstance(text, float):
        return text
    match = _PERCENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise PydanticCustomError("percent", "expected a share such as 5% or 0.25%")
    return float(match[1])


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["250ms", "3s"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE.pattern}$", "examples": ["64KiB", "1MiB"]}),
]

Percent = Annotated[
    float,
    BeforeValidator(parse_percent),
    WithJsonSchema({"type": "string", "pattern": f"^{_PERCENT.pattern}$", "examples": ["5%", "0.25%"]}),
]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a period; `period_s` is in seconds."""

    count: int
    period_s: float
    text: str

    @property
    def per_second(self) -> float:
        """Requests a second, to compare rates of different periods."""
        return self.count / self.period_s

    @classmethod
    def parse(cls, text: object) -> "Rate":
        """Return the rate written as `100/minute` or `5/30s`."""
        if isinstance(text, Rate):
            return text
        match = _RATE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise PydanticCustomError("rate", "expected a rate such as 100/minute, 10/second or 5/30s")
        period = _PERIODS[match[2]] if match[2] else parse_duration(match[3]).total_seconds()
        return cls(int(match[1]), period, match[0])

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by `parse`."""
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the text that `parse` takes."""
        return {"type": "string", "pattern": f"^{_RATE.pattern}$", "examples": ["100/minute", "5/30s"]}


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is found, never the secret: `env:NAME` or `file:PATH`."""

    scheme: str
    name: str

    @classmethod
    def parse(cls, text: object) -> "SecretRef":
        """Return the reference written as `env:NAME` or `file:PATH`."""
        if isinstance(text, SecretRef):
            return text
        match = _SECRET.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            # The text is not repeated: it may be the secret itself.
            raise PydanticCustomError(
                "secret", "expected a reference: env:NAME or file:PATH, never the secret"
            )
        return cls(match[1], match[2])

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by `parse`."""
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the text that `parse` takes."""
        return {"type": "string", "pattern": f"^{_SECRET.pattern}$", "examples": ["env:CLIENT_SECRET"]}


def _in_file(reference: SecretRef) -> SecretRef:
    if reference.scheme != "file":
        raise PydanticCustomError("file", "expected file:PATH: it is read again whenever it changes")
    return reference


FileRef = Annotated[
    SecretRef,
    AfterValidator(_in_file),
    WithJsonSchema({"type": "string", "pattern": "^file:.+$", "examples": ["file:secrets/tls.pem"]}),
]
"""A file that is followed while the platform runs: `file:PATH`, relative to the platform's folder."""
