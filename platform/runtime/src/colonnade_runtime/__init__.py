"""What a BFF is built on: routes, typed calls to services, a fan-out with a deadline, problem answers."""

from colonnade_runtime.app import Answer, App
from colonnade_runtime.batch import Batched, batched
from colonnade_runtime.caching import private, shared
from colonnade_runtime.endpoint import Endpoint, declared, delete, get, post, put
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
from colonnade_runtime.events import Event, Events
from colonnade_runtime.fanout import FanOut, attempt
from colonnade_runtime.headers import Header
from colonnade_runtime.page import Page, PageQuery
from colonnade_runtime.request import Request
from colonnade_runtime.server import serve
from colonnade_runtime.sockets import Bounds, Gone, WebSocket
from colonnade_runtime.upstream import Breaking, Bulkhead, Retrying, Upstream
from colonnade_runtime.watch import Changes, Watch

__all__ = [
    "Answer",
    "App",
    "BadRequest",
    "Batched",
    "Bounds",
    "Breaking",
    "Bulkhead",
    "Changes",
    "Endpoint",
    "Event",
    "Events",
    "FanOut",
    "Gone",
    "Header",
    "Invalid",
    "NotFound",
    "Page",
    "PageQuery",
    "Problem",
    "Request",
    "Retrying",
    "SettingsError",
    "Unauthorized",
    "Upstream",
    "UpstreamError",
    "UpstreamStatus",
    "Watch",
    "WebSocket",
    "attempt",
    "batched",
    "declared",
    "delete",
    "get",
    "post",
    "private",
    "put",
    "serve",
    "shared",
]
