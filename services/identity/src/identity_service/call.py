"""A request as the provider reads it."""

from dataclasses import dataclass

from fastapi import Request


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request, read: `query` and `form` are still encoded."""

    method: str
    url: str
    query: str
    form: str
    headers: dict[str, str]


async def read_call(request: Request) -> Call:
    """Return the request, read."""
    return Call(
        method=request.method,
        url=str(request.url),
        query=request.url.query,
        form=(await request.body()).decode("utf-8", "replace") if request.method == "POST" else "",
        headers={name.title(): value for name, value in request.headers.items()},
    )
