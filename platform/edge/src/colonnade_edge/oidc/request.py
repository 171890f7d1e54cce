"""A browser's request to /auth, and what may be believed of it."""

import re
from urllib.parse import parse_qs, quote

from colonnade_edge.authn.session import PLAIN_COOKIE, SECURE_COOKIE, cookie
from colonnade_edge.csrf import is_foreign
from colonnade_edge.errors import BadRequest
from colonnade_edge.rsgi import HTTPProtocol, Scope

MAX_BODY = 64 * 1024
"""A logout token is about 1 KiB."""

MAX_RETURN_TO = 2048

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")


class PageRequest:
    """One request; `query` holds the last value of each parameter."""

    def __init__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self.method = scope.method
        self.path = scope.path
        self.query = _last(scope.query_string)
        self._headers = scope.headers
        self._authority = scope.authority
        self._protocol = protocol

    def header(self, name: str) -> str:
        """Return a header's value, or the empty string."""
        return self._headers.get(name, "")

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or the empty string."""
        return cookie(self.header("cookie"), name)

    @property
    def secure(self) -> bool:
        """Whether the browser reached the edge over https."""
        return self.header("x-forwarded-proto") == "https"

    @property
    def origin(self) -> str:
        """The origin that the browser asked, as Envoy forwards it; raise `BadRequest` for a strange host."""
        host = self._authority or self.header("host")
        if not _HOST.fullmatch(host):
            raise BadRequest("the Host header is not a host name with an optional port")
        return f"{'https' if self.secure else 'http'}://{host}"

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie for this origin."""
        return SECURE_COOKIE if self.secure else PLAIN_COOKIE

    async def form(self) -> dict[str, str]:
        """Return the fields of a form body; raise `BadRequest` where it is too long or not a form."""
        length = self.header("content-length")
        if length.isdecimal() and int(length) > MAX_BODY:
            raise BadRequest(f"the body is longer than {MAX_BODY} bytes")
        body = await self._protocol()
        if len(body) > MAX_BODY or not body.isascii():
            raise BadRequest("the body is not an application/x-www-form-urlencoded form")
        return _last(body.decode())

    def is_foreign(self) -> bool:
        """Whether the browser says that a page of another origin sent the request."""
        return is_foreign(self.header, self.origin.lower(), lambda _: False)

    def comes_from_own_page(self) -> bool:
        """Whether only a page of this origin can have sent the request (`Sec-Fetch-Site`, else `Origin`)."""
        site = self.header("sec-fetch-site")
        return site == "same-origin" if site else self.header("origin") == self.origin


def own_path(value: str) -> str:
    """Return `value` as a path of this origin, percent-encoded.

    Raises `BadRequest` where it may lead elsewhere: browsers take two slashes, a slash and a backslash, and
    a path with tabs or line breaks in it for another origin.
    """
    if len(value) > MAX_RETURN_TO or not _OWN_PATH.fullmatch(value):
        raise BadRequest("return_to must be a path of this site, such as /orders?page=2")
    return quote(value, safe="/?#[]@!$&'()*+,;=:%~-._")


def _last(encoded: str) -> dict[str, str]:
    try:
        fields = parse_qs(encoded, keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise BadRequest("the query or form is malformed") from error
    return {name: values[-1] for name, values in fields.items()}
