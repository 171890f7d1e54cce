"""The access token of a call: in its header, or where its route takes one besides."""

from colonnade_edge.authn.jwt import invalid
from colonnade_edge.authn.session import cookie
from colonnade_edge.call import Call
from colonnade_policy import Route


def authorization(route: Route, call: Call) -> str:
    """Return the call's credentials as an `Authorization` header says them, or the empty string.

    A browser sends a cookie whether anybody wants it or not, so it counts last, and is noted in `call`.
    """
    header = call.header("authorization")
    if header:
        return header
    token = _in_query(call.query, route.token_query) if route.token_query else ""
    if not token and route.token_cookie:
        token = cookie(call.header("cookie"), route.token_cookie)
        call.by_cookie = bool(token)
    return f"Bearer {token}" if token else ""


def _in_query(query: str, name: str) -> str:
    """Read a parameter by its name as it is written: Envoy removes no other spelling of it."""
    pairs = (pair.partition("=") for pair in query.split("&"))
    values = [value for written, _, value in pairs if written == name]
    if len(values) > 1:
        raise invalid("it was sent twice")
    return values[0] if values else ""
