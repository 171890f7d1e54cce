"""Calls to services, declared once and typed by their signature.

```python
@get("order", "/orders", pass_on=(422,))
async def orders_of(user_id: str, limit: int = 20) -> Page[Order]:
    \"\"\"The user's orders, newest first.\"\"\"
    declared()


page = await orders_of(request, request.user_id, limit=3)
```
"""

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Generic, Never, ParamSpec, TypeVar

import msgspec
from colonnade_runtime.errors import Problem
from colonnade_runtime.request import Request
from colonnade_runtime.signature import Parameter, Place, Written, parameters_of, returned_by, written
from colonnade_runtime.target import Target
from colonnade_runtime.upstream import decode

Params = ParamSpec("Params")
Result = TypeVar("Result")
Declaration = Callable[Params, Coroutine[Any, Any, Result]]


class Declare(msgspec.Struct, frozen=True):
    """Makes a declared call of the async function that it decorates; see `get`."""

    service: str
    method: str
    template: str
    pass_on: frozenset[int]

    def __call__(self, declaration: Declaration[Params, Result]) -> "Endpoint[Params, Result]":
        """Return the call. Raises `TypeError` for a signature that cannot be sent."""
        return Endpoint(self, declaration)


class Endpoint(Generic[Params, Result]):
    """A call to a service: what is sent, what of its answer is read, and where that is written.

    Call it with the request first, then as its declaration says. The answer is decoded into the
    declared type and nothing else of it is ever built. A status in `pass_on`, which is the client's own
    doing, becomes the same `Problem` for the client. Raises `UpstreamError` otherwise.
    """

    def __init__(self, declare: Declare, declaration: Declaration[Params, Result]) -> None:
        self.service = declare.service
        self.method = declare.method
        self.template = declare.template
        self.pass_on = declare.pass_on
        self.name: str = declaration.__name__
        self.doc = declaration.__doc__ or ""
        self.written: Written = written(declaration)
        self.parameters: tuple[Parameter, ...] = parameters_of(declaration, self.method, self.template)
        self.returns: Any = returned_by(declaration)
        self._declaration = declaration
        self._names = tuple(parameter.name for parameter in self.parameters)
        self._known = frozenset(self._names)
        self._target = Target(
            self.template, [one.name for one in self.parameters if one.place is Place.QUERY]
        )
        self._sends_body = any(one.place is Place.BODY for one in self.parameters)
        self._defaults = {one.name: one.default for one in self.parameters if not one.required}

    async def __call__(self, request: Request, /, *args: Params.args, **kwargs: Params.kwargs) -> Result:
        """Make the call, within the time that is left."""
        given = self._bind(args, kwargs)
        body = msgspec.json.encode(given["body"]) if self._sends_body else None
        reply = await request.send(self.service, self.method, self._target.fill(given), body)
        if reply.status in self.pass_on:
            raise Problem.of(reply.status)
        result: Result = decode(self.service, reply, self.returns)
        return result

    def __repr__(self) -> str:
        """Name the call and its place, as messages of tools do."""
        return f"<{self.name}: {self.service} {self.method} {self.template}, {self.written}>"

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
        """Return the arguments by name. Raises `TypeError` as a call of the declaration would."""
        told = dict(zip(self._names, args, strict=False)) | kwargs
        given = self._defaults | told
        if len(told) != len(args) + len(kwargs) or given.keys() != self._known:
            self._declaration(*args, **kwargs).close()  # raises: it cannot be called like this
        return given


def declared() -> Never:
    """The body of a declared call: the service's, so it never runs here."""
    raise NotImplementedError("call it with the request first")


def get(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `GET`: `{braces}` of `path` take parameters of that name, the others are the query.

    A parameter that is `None` is left out of the query.
    """
    return Declare(service, "GET", path, frozenset(pass_on))


def post(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `POST`: as `get`, and a parameter `body` is sent as JSON."""
    return Declare(service, "POST", path, frozenset(pass_on))


def put(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `PUT`: as `post`."""
    return Declare(service, "PUT", path, frozenset(pass_on))


def delete(service: str, path: str, *, pass_on: Collection[int] = ()) -> Declare:
    """Declare a `DELETE`: as `get`."""
    return Declare(service, "DELETE", path, frozenset(pass_on))
