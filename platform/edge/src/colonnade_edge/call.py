"""One question of Envoy: a request that wants to pass, and who turned out to send it."""

from colonnade_edge.authn.identity import NOBODY, Identity
from colonnade_edge.rsgi import RequestHeaders


class Call:
    """A request on its way through the decision. `identity` is known once the credential was checked.

    It counts `cost` against each limit. `authority` is the host that was asked, with its port; `query`
    is the text after the question mark. With `by_cookie` a browser may have sent the credential unasked.
    """

    __slots__ = (
        "_headers",
        "authority",
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
        self._headers = headers

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self._headers.get(name, "")
