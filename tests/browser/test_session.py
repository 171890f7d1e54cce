"""The whole life of a session in a real browser, with access tokens that end while the page is open."""

import time

import pytest
from playwright.sync_api import Page

from tests.browser.pages import GRAPHQL, log_in
from tests.conftest import ACCESS_LIFE_S
from tests.identity.provider import refreshes
from tests.platform_folder import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.xdist_group("short-lived")]


def session_cookie(page: Page) -> str:
    """The value by which the edge knows the browser, which no script can read."""
    (value,) = (one["value"] for one in page.context.cookies() if one["name"] == "colonnade")
    return value


def test_a_session_is_refreshed_silently_and_its_cookie_dies_at_logout(
    page: Page, short_lived: Stack
) -> None:
    log_in(page, short_lived)
    expired = time.time() + ACCESS_LIFE_S
    cookie = session_cookie(page)
    visited: list[str] = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    assert page.evaluate(GRAPHQL, True)["body"]["data"]["me"]["id"] == "alice"
    before = refreshes(short_lived)

    eventually(lambda: time.time() > expired, within=ACCESS_LIFE_S + 5)
    assert page.evaluate(GRAPHQL, True)["status"] == 200
    eventually(lambda: refreshes(short_lived) > before)
    assert page.evaluate(GRAPHQL, True)["body"]["data"]["me"]["id"] == "alice"
    assert visited == [], "nobody was sent to the provider"
    assert session_cookie(page) == cookie

    page.evaluate("fetch('/auth/logout', {method: 'POST', headers: {'X-CSRF': '1'}, redirect: 'manual'})")
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "colonnade", "value": cookie, "url": short_lived.edge}])

    assert page.evaluate(GRAPHQL, True)["status"] == 401
