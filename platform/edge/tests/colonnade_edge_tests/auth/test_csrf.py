"""A session's cookie comes with what other sites send, too: that is told apart, whatever browser it is."""

import pytest

from colonnade_edge_tests.auth.browser import Browser
from colonnade_edge_tests.documents import question

OWN = {"host": "shop.example:8080", "x-forwarded-proto": "https", "x-csrf": "1"}
"""A request to https://shop.example:8080, with the header that no form can send."""


def status(browser: Browser, method: str = "POST", route: str = "web", **headers: str) -> int:
    asked = OWN | {name.replace("_", "-"): value for name, value in headers.items()}
    asked = question(route, **{name: value for name, value in asked.items() if value})
    cookie = {"cookie": f"colonnade={browser.session}"}
    return browser.client.request(method, "/check/orders", headers=asked | cookie).status_code


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin", "origin": "https://shop.example:8080"},
        {"sec_fetch_site": "same-origin", "origin": "https://behind.a.proxy.example"},
        {"sec_fetch_site": "none"},
        {"origin": "https://shop.example:8080"},
        {"host": "SHOP.example:8080", "origin": "https://shop.example:8080"},
        {},
    ],
)
def test_our_own_page_may_write(browser: Browser, headers: dict[str, str]) -> None:
    browser.log_in()

    assert status(browser, **headers) == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site", "origin": "https://evil.example"},
        {"sec_fetch_site": "same-site", "origin": "https://blog.shop.example"},
        {"sec_fetch_site": "cross-site", "origin": "https://shop.example:8080"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://shop.example:8080"},
        {"origin": "https://shop.example"},
        {"origin": "https://shop.example:8080.evil.example"},
        {"sec_fetch_site": "same-origin", "x_csrf": ""},
        {"x_csrf": ""},
        {"x_csrf": "true"},
    ],
)
def test_another_page_may_not(browser: Browser, method: str, headers: dict[str, str]) -> None:
    browser.log_in()

    assert status(browser, method, **headers) == 403


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://app.example.com", 200),
        ("https://a.b.trusted.example", 200),
        ("https://trusted.example", 403),
        ("https://xtrusted.example", 403),
        ("https://evil.example#.trusted.example", 403),
        ("https://app-example.com", 403),
        ("http://app.example.com", 403),
    ],
)
def test_origins_that_cors_lets_in_with_credentials_may_write_as_well(
    browser: Browser, origin: str, expected: int
) -> None:
    browser.log_in()

    assert status(browser, route="shared", origin=origin) == expected
    assert status(browser, route="shared", origin=origin, sec_fetch_site="cross-site") == expected
    assert status(browser, route="web", origin=origin) == 403


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"origin": "https://shop.example:8080"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "same-site", "origin": "https://blog.shop.example"}, 403),
    ],
)
def test_a_websocket_is_opened_by_our_own_page_only(
    browser: Browser, headers: dict[str, str], expected: int
) -> None:
    """It begins with a GET, and a page cannot add the header to it."""
    browser.log_in()

    assert status(browser, "GET", x_csrf="", sec_websocket_version="13", **headers) == expected


def test_reading_needs_no_proof(browser: Browser) -> None:
    """A link from another site still finds a person logged in; what it answers, that site cannot read."""
    browser.log_in()

    assert status(browser, "GET", sec_fetch_site="cross-site", x_csrf="") == 200


def test_who_is_not_logged_in_is_told_that_first(browser: Browser) -> None:
    assert status(browser, origin="https://evil.example") == 401


def test_the_refusal_says_what_is_wrong(browser: Browser) -> None:
    browser.log_in()
    refused = browser.client.post(
        "/check/orders", headers=question("web", x_csrf="1", origin="https://evil.example")
    )

    assert refused.json()["type"] == "urn:colonnade:problem:cross-origin-request"
