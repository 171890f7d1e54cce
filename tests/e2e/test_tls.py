"""The edge over TLS, through the balancer that passes it on."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.platform_folder import Stack, bff, log_in

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def trusting(stack: Stack, *, http2: bool = False) -> httpx.Client:
    """A client that trusts the development CA."""
    context = ssl.create_default_context(cafile=stack.told["edge_tls_ca"])
    return httpx.Client(base_url=stack.told["edge_tls"], verify=context, http2=http2, timeout=20)


@pytest.fixture
def browser(stack: Stack) -> Iterator[httpx.Client]:
    """Over HTTP/1.1: httpx takes a polite GOAWAY, of a listener that was replaced, for a broken protocol."""
    with trusting(stack) as client:
        yield client


def test_a_client_that_trusts_the_ca_speaks_http_2(stack: Stack) -> None:
    with trusting(stack, http2=True) as client:
        answer = client.get("/healthz")

    assert (200, "HTTP/2") == (answer.status_code, answer.http_version)


def test_a_client_that_does_not_trust_it_stays_away(stack: Stack) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"{stack.told['edge_tls']}/healthz")


def test_a_login_over_https_gives_a_cookie_that_no_other_site_can_set(browser: httpx.Client) -> None:
    back = log_in(browser, return_to="/auth/session")
    answer = browser.get(back.headers["location"], follow_redirects=False)
    (cookie,) = [
        value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-colonnade=")
    ]

    assert answer.headers["location"] == "/auth/session"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; ")[1:])
    assert "Domain" not in cookie
    assert browser.get("/auth/session").json()["email"] == "alice@example.com"
    assert browser.get("/api/web/home").status_code == 200


def test_a_logout_over_https_ends_the_session(browser: httpx.Client) -> None:
    back = log_in(browser)
    browser.get(back.headers["location"], follow_redirects=False)

    assert browser.post("/auth/logout", headers={"X-CSRF": "1"}).status_code == 200
    assert browser.get("/auth/session").status_code == 401


def test_the_address_and_its_ca_are_told(stack: Stack) -> None:
    told = bff(stack.folder, "ps", "--json").stdout

    assert stack.told["edge_tls"] in told
    assert stack.told["edge_tls_ca"] in told
