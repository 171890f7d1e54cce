"""A browser on its way through the login, stopped before it goes back to the edge."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.platform_folder import Stack, log_in

SESSION = "colonnade"
"""The session's cookie over plain http."""


@contextmanager
def visitor(stack: Stack, user: str = "alice") -> Iterator[tuple[httpx.Client, str]]:
    """Somebody the provider knows by now, and the address of the callback that ends the login."""
    with stack.client() as browser:
        back = log_in(browser, user)
        yield browser, back.headers["location"]


def parameter(url: str, name: str) -> str:
    """A parameter of a URL's query."""
    return parse_qs(urlsplit(url).query)[name][0]


def session_of(browser: httpx.Client) -> str:
    """The session cookie that the browser has, or nothing."""
    return browser.cookies.get(SESSION, default="") or ""


def ask(stack: Stack, cookie: str, **headers: str) -> httpx.Response:
    """Ask for a page of the session's BFF with a `Cookie` header as it is given."""
    with stack.client(headers={"Cookie": cookie, **headers}) as browser:
        return browser.get("/api/echo/session/x")
