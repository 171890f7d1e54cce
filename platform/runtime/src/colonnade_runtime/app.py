"""An application: its name, the services it calls and its views."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from colonnade_runtime.caching import Caching
from colonnade_runtime.fields import Sparse
from colonnade_runtime.probes import PROBES
from colonnade_runtime.request import Limits, Request
from colonnade_runtime.router import Router
from colonnade_runtime.sockets.messages import Reader, read_by
from colonnade_runtime.sockets.open import Endpoint, Talk
from colonnade_runtime.sockets.socket import Bounds
from colonnade_runtime.upstream import Upstream

View = Callable[[Request], Awaitable[Any]]
Caller = Literal["user", "device", "client"]
NO_SETTINGS: Mapping[str, Upstream] = {}
AnyView = TypeVar("AnyView", bound=View)
AnyTalk = TypeVar("AnyTalk", bound=Talk)
BOUNDS = Bounds()


class Answer(msgspec.Struct, frozen=True):
    """What a view returns where 200 will not do; `body` is anything that msgspec encodes."""

    body: Any
    status: int = 200


class Route(msgspec.Struct, frozen=True, eq=False):
    """A view and where it answers."""

    method: str
    path: str
    view: View
    cache: Caching | None = None
    sparse: Sparse | None = None


class App:
    """Views by path.

    A view is an async function that takes a `Request` and returns what msgspec encodes, or an
    `Answer`. With a `caller`, every view answers 401 where the edge did not tell who it is. `max_body` is
    in bytes; `deadline` and `call_timeout` are in seconds. `upstreams` are the settings of services that
    differ from the defaults. The paths of `PROBES` are taken. Raises `TypeError` or `ValueError` for what
    cannot be meant.
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
        upstreams: Mapping[str, Upstream] = NO_SETTINGS,
    ) -> None:
        if isinstance(services, str):
            raise TypeError(f"services={services!r} is one text: give a list of names, [{services!r}]")
        for bound, value in (("max_body", max_body), ("deadline", deadline), ("call_timeout", call_timeout)):
            if not value > 0:
                raise ValueError(f"{bound}={value!r}: give more than 0")
        self.name = name
        self.services = tuple(services)
        self.caller = caller
        self.limits = Limits(max_body, deadline, call_timeout)
        self.upstreams = upstreams
        self.router: Router[Route] = Router()
        self.sockets: Router[Endpoint] = Router()

    def get(
        self, path: str, *, cache: Caching | None = None, fields: bool = False
    ) -> Callable[[AnyView], AnyView]:
        """Add a view of `GET path`, which answers HEAD too.

        Unless `cache` says so, no answer may be kept. With `fields`, clients may name those they want.
        """
        return self._view("GET", path, cache, fields=fields)

    def post(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `POST path`."""
        return self._view("POST", path)

    def put(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `PUT path`."""
        return self._view("PUT", path)

    def delete(self, path: str) -> Callable[[AnyView], AnyView]:
        """Add a view of `DELETE path`."""
        return self._view("DELETE", path)

    def websocket(self, path: str, bounds: Bounds = BOUNDS) -> Callable[[AnyTalk], AnyTalk]:
        """Add a view of WebSockets: `async def talk(request: Request, socket: WebSocket[In, Out]) -> None`.

        The route needs `stream: true` in bff.yaml.
        """

        def add(view: AnyTalk) -> AnyTalk:
            self.sockets.add("GET", path, Endpoint(path, view, Reader(read_by(view)), bounds))
            return view

        return add

    def _view(
        self, method: str, path: str, cache: Caching | None = None, *, fields: bool = False
    ) -> Callable[[AnyView], AnyView]:
        def add(view: AnyView) -> AnyView:
            if path in PROBES:
                raise ValueError(f"{path} is answered by the runtime")
            sparse = Sparse(view) if fields else None
            self.router.add(method, path, Route(method, path, view, cache, sparse))
            return view

        return add
