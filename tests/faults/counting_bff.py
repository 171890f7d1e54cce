"""A BFF whose answers its service numbers: for all, for each caller, and such as may be stale."""

import sys

import msgspec
from colonnade_runtime import App, Request, declared, get, private, serve, shared

app = App("counting", services=["order"], call_timeout=1.0)


class Count(msgspec.Struct, frozen=True):
    """How often the service was asked."""

    n: int


@get("order", "/count/{name}")
async def count(name: str) -> Count:
    """The next number."""
    declared()


async def numbered(request: Request) -> Count:
    """What the service says of this name."""
    return await count(request, request.parameters["name"])


app.get("/shared/{name}", cache=shared(600))(numbered)
app.get("/private/{name}", cache=private(600))(numbered)
app.get("/stale/{name}", cache=shared(0, stale_if_error=600))(numbered)

if __name__ == "__main__":
    sys.exit(serve(app, port=3999))
