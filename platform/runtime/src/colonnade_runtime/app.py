"""An application: its name, the services it calls and its views."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from colonnade_runtime.request import Limits, Request
from colonnade_runtime.router import Router

View = Callable[[Request], Awaitable[Any]]
HEALTHZ = "/healthz"
Caller = Literal["user", "device", "client"]
AnyView = TypeVar("AnyView", bound=View)


class Answer(msgspec.Struct, frozen=True):
    """What a view returns where 200 will not do; `body` is anything that msgspec encodes."""

    body: Any
    status: int = 200


class Health(msgspec.Struct, frozen=True):
    """The process can take requests."""

    status: str = "ok"


class App:
    """Views by path.

    A view is an async function that takes a `Request` and returns what msgspec encodes, or an
    `Answer`. With a `caller`, every view but `/healthz` answers 401 where the edge did not tell who it is.
    `max_body` is in bytes; `deadline` and `call_timeout` are in seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        services: Sequence[str],
        caller: Caller | None = None,
        max_body: int = 1024 * 1024,
        deadline: float = 4.0,
        call_timeout: float = 2.0,
    ) -> None:
        self.name = name
        self.services = tuple(services)
        self.caller = caller
        self.limits = Limits(max_body, deadline, call_timeout)
        self.router: Router[View] = Router()
        self.get(HEALTHZ)(_healthz)

    def get(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `GET path`, which answers HEAD too."""
        return self._view("GET", path)

    def post(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `POST path`."""
        return self._view("POST", path)

    def put(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `PUT path`."""
        return self._view("PUT", path)

    def delete(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `DELETE path`."""
        return self._view("DELETE", path)

    def _view(self, method: str, path: str) -> Callable[[AnyView], AnyView]:
        def add(view: AnyView) -> AnyView:
            self.router.add(method, path, view)
            return view

        return add


async def _healthz(_request: Request) -> Health:
    return Health()
