"""What a BFF is built on: routes, typed calls to services, a fan-out with a deadline, problem answers."""

from colonnade_runtime.app import Answer, App
from colonnade_runtime.errors import (
    BadRequest,
    Invalid,
    NotFound,
    Problem,
    SettingsError,
    Unauthorized,
    UpstreamError,
    UpstreamStatus,
)
from colonnade_runtime.fanout import FanOut
from colonnade_runtime.page import Page, PageQuery
from colonnade_runtime.request import Request
from colonnade_runtime.server import serve
from colonnade_runtime.upstream import Query, path

__all__ = [
    "Answer",
    "App",
    "BadRequest",
    "FanOut",
    "Invalid",
    "NotFound",
    "Page",
    "PageQuery",
    "Problem",
    "Query",
    "Request",
    "SettingsError",
    "Unauthorized",
    "UpstreamError",
    "UpstreamStatus",
    "path",
    "serve",
]
