"""A provider that browsers and tokens name by one address, and this process reaches at another."""

import httpx2


class Detour(httpx2.AsyncHTTPTransport):
    """Sends requests to `base` whatever address their URL names; their Host header stays as it is.

    Among containers, `http://127.0.0.1:8100` is the provider for the browser only.
    """

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = httpx2.URL(base)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request to the base's scheme, host and port."""
        base = self._base
        request.url = request.url.copy_with(scheme=base.scheme, host=base.host, port=base.port)
        return await super().handle_async_request(request)


def mounts(issuer: str, base: str) -> dict[str, httpx2.AsyncBaseTransport | None]:
    """Return the transports of a client that reaches `issuer` at `base`; none where that is empty."""
    if not base:
        return {}
    url = httpx2.URL(issuer)
    return {f"{url.scheme}://{url.netloc.decode()}": Detour(base)}
