"""Calls to services, declared once and typed by their signature.

```python
@get("order", "/orders", pass_on=(422,))
async def orders_of(user_id: str, limit: int = 20) -> Page[Order]:
    \"\"\"The user's orders, newest first.\"\"\"
    declared()


page = await orders_of(request, request.user_id, limit=3)
```
"""

from collections.abc import Callable, Collection, Coroutine
from http import HTTPStatus
from math import inf
from typing import Any, Generic, Literal, Never, ParamSpec, TypeVar

import msgspec
from colonnade_runtime.decoding import UNREADABLE, reason
from colonnade_runtime.errors import Problem, UpstreamError, UpstreamMalformed, UpstreamStatus
from colonnade_runtime.headers import OwnHeaders
from colonnade_runtime.request import Request
from colonnade_runtime.signature import (
    BODY,
    Parameter,
    Place,
    Written,
    parameters_of,
    rests_of,
    returned_by,
    written,
)
from colonnade_runtime.target import Target
from colonnade_runtime.upstream import Ask, Reply
from colonnade_runtime.upstream.call import GOOD, KEY
from msgspec.structs import replace

CLIENTS_DOING = frozenset(status for status in HTTPStatus if status // 100 == 4)  # noqa: PLR2004 - 4xx
"""Statuses that a client may be told as a service gives them."""

Params = ParamSpec("Params")
Result = TypeVar("Result")
Declaration = Callable[Params, Coroutine[Any, Any, Result]]


class Declare(msgspec.Struct, frozen=True):
    """Makes a declared call of the async function that it decorates; see `get`."""

    ask: Ask

    def __call__(self, declaration: Declaration[Params, Result]) -> "Endpoint[Params, Result]":
        """Return the call. Raises `TypeError` for a signature that cannot be sent."""
        return Endpoint(self.ask, declaration)


class Endpoint(Generic[Params, Result]):
    """A call to a service: what is sent, what of its answer is read, and where that is written.

    Call it with the request first, then as its declaration says. The answer is decoded into the
    declared type and nothing else of it is ever built. A status in `pass_on`, which is the client's own
    doing, becomes the same `Problem` for the client. Raises `UpstreamError` otherwise.
    """

    def __init__(self, ask: Ask, declaration: Declaration[Params, Result]) -> None:
        self.service = ask.service
        self.method = ask.method
        self.template = ask.template
        self.pass_on = ask.pass_on
        self.name: str = declaration.__name__
        self.doc = declaration.__doc__ or ""
        self.written: Written = written(declaration)
        self.parameters: tuple[Parameter, ...] = parameters_of(declaration, ask.method, ask.template)
        self.returns: Any = returned_by(declaration)
        if wrong := _wrong(ask):
            raise TypeError(f"{self.written}: {self.name}: {wrong}")
        self._declaration = declaration
        in_headers = {one.header.lower(): at for at, one in enumerate(self.parameters) if one.header}
        self.ask = replace(ask, read=self.returns is not type(None), keyed=KEY in in_headers)
        self._decode = msgspec.json.Decoder(self.returns).decode if self.ask.read else _nothing
        self._names = tuple(parameter.name for parameter in self.parameters)
        self._known = frozenset(self._names)
        in_query = [one.name for one in self.parameters if one.place is Place.QUERY]
        self._target = Target(ask.template, self._names, in_query)
        self._body = self._names.index(BODY) if BODY in self._names else None
        told = in_headers or self._body is not None
        self._own = OwnHeaders(in_headers, body=self._body is not None) if told else None
        self._defaults = {one.name: one.default for one in self.parameters if not one.required}
        self._rests = rests_of(self.parameters)

    async def __call__(self, request: Request, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Make the call, within the time that is left."""
        rest = None if kwargs else self._rests.get(len(args))
        values = self._bind(args, kwargs) if rest is None else args + rest
        target = self._target.fill(values)
        body = None if self._body is None else msgspec.json.encode(values[self._body])
        own = () if self._own is None else self._own.fill(values)
        way, call = request.ways[self.ask], request.call(self.ask, target, body, own)
        reply, outcome = None, "cancelled"
        try:
            reply = await way.send(call)
            result = self._read(reply)
            outcome = "ok"
        except Problem:
            outcome = "passed_on"
            raise
        except UpstreamError as error:
            outcome = error.kind
            if self.ask.last_good and (kept := request.last_good(call)) is not None:
                error.last_good = self._decode(kept)
            raise
        finally:
            request.called(way, call, outcome, reply)
        if self.ask.last_good:
            request.keep(call, reply.body)
        return result

    def _read(self, reply: Reply) -> Result:
        if reply.status not in GOOD:
            if reply.status in self.pass_on:
                raise Problem.of(reply.status)
            raise UpstreamStatus(self.service, reply.status)
        try:
            result: Result = self._decode(reply.body)
        except UNREADABLE as error:
            raise UpstreamMalformed(self.service, reason(error)) from error
        return result

    def __repr__(self) -> str:
        """Name the call and its place, as messages of tools do."""
        return f"<{self.name}: {self.service} {self.method} {self.template}, {self.written}>"

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Return a value for each parameter. Raises `TypeError` as a call of the declaration would."""
        told = dict(zip(self._names, args, strict=False)) | kwargs
        given = self._defaults | told
        if len(told) != len(args) + len(kwargs) or given.keys() != self._known:
            self._declaration(*args, **kwargs).close()  # raises: it cannot be called like this
        return tuple([given[name] for name in self._names])


def _wrong(ask: Ask) -> str | None:
    """Return what a call says of itself that cannot be meant."""
    if strange := ask.pass_on - CLIENTS_DOING:
        told = ", ".join(map(str, sorted(strange)))
        return f"pass_on takes HTTP's own statuses of what the client did, such as 404 or 422: not {told}"
    if ask.hedge not in {None, "p95"} and not _some_seconds(ask.hedge):
        return f'hedge={ask.hedge!r}: give the seconds after which a read is made a second time, or "p95"'
    if ask.last_good != 0 and not _some_seconds(ask.last_good):
        return f"last_good={ask.last_good!r}: give the seconds for which an answer may stand in"
    return None


def _some_seconds(told: object) -> bool:
    return isinstance(told, int | float) and 0 < told < inf


def _nothing(_body: bytes) -> Any:  # noqa: ANN401 - as a decoder of any type
    """Read nothing: the body of a 204 is empty, and what else is in one does not matter."""
    return None


def declared() -> Never:
    """The body of a declared call: the service's, so it never runs here."""
    raise NotImplementedError("call it with the request first")


def get(
    service: str,
    path: str,
    *,
    pass_on: Collection[int] = (),
    shared: bool = False,
    hedge: float | Literal["p95"] | None = None,
    last_good: float = 0.0,
) -> Declare:
    """Declare a `GET`: `{braces}` of `path` take parameters of that name, the others are the query.

    One that is annotated `Annotated[str, Header("X-Region")]` is sent as that header. What is `None` is left
    out. With `shared`, the answer is the same for everybody: the service is not told who asks, and requests
    that ask the same at once share a call. With `hedge`, a read that takes longer than so many seconds, or
    than 95 % of recent ones, is made a second time. With `last_good`, an answer may stand in for so many
    seconds when the service fails; see `FanOut`.
    """
    return Declare(Ask(service, "GET", path, frozenset(pass_on), shared, hedge, last_good))


def post(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `POST`: as `get`, and a parameter `body` is sent as JSON.

    It is never made twice, unless it sends the header Idempotency-Key: then it may be, where it failed.
    """
    return Declare(Ask(service, "POST", path, frozenset(pass_on)))


def put(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `PUT`: as `post`, but it may be made again where it failed."""
    return Declare(Ask(service, "PUT", path, frozenset(pass_on)))


def delete(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `DELETE`: as `get`; it may be made again where it failed."""
    return Declare(Ask(service, "DELETE", path, frozenset(pass_on)))
