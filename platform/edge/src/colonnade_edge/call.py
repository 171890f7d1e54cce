"""One question of Envoy: a request that wants to pass, and who turned out to send it."""

from collections.abc import Awaitable, Callable

from colonnade_edge.authn.identity import NOBODY, Identity
from colonnade_edge.limits.graphql_cost import query_cost
from colonnade_edge.rsgi import RequestHeaders


class Call:
    """A request on its way through the decision. `identity` is known once the credential was checked.

    It counts `cost` against each limit. `authority` is the host that was asked, with its port; `query`
    is the text after the question mark. With `by_cookie` a browser may have sent the credential unasked.
    A `body` that was not read yet says what the request costs.
    """

    __slots__ = (
        "_headers",
        "authority",
        "body",
        "by_cookie",
        "cost",
        "identity",
        "method",
        "path",
        "query",
        "route_id",
    )

    def __init__(
        self,
        route_id: str,
        method: str,
        path: str,
        headers: RequestHeaders,
        authority: str = "",
        query: str = "",
    ) -> None:
        self.route_id = route_id
        self.method = method
        self.path = path
        self.identity: Identity = NOBODY
        self.cost = 1
        self.authority = authority
        self.query = query
        self.by_cookie = False
        self.body: Callable[[], Awaitable[bytes]] | None = None
        self._headers = headers

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self._headers.get(name, "")

    async def weigh(self) -> None:
        """Find out what the request costs: only for who may send it, since to read a query takes long."""
        if self.body is not None:
            self.cost, self.body = query_cost(await self.body()), None
