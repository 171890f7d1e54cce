"""Browser sessions over three real edges, with the development identity provider."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import ACCESS_LIFE_S
from tests.identity.provider import refreshes
from tests.platform_folder import Stack, eventually, log_in

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("short-lived")]

PARALLEL = 50
FRONT_ENDS = ("web", "admin")


@pytest.fixture
def browser(short_lived: Stack) -> Iterator[httpx.Client]:
    """Somebody who is logged in."""
    with short_lived.client() as client:
        answer = log_in(client)
        client.get(answer.headers["location"], follow_redirects=False)
        yield client


def test_fifty_requests_on_an_expired_token_refresh_once(short_lived: Stack, browser: httpx.Client) -> None:
    """And each is answered."""
    expired = time.time() + ACCESS_LIFE_S
    cookie = {"cookie": f"colonnade={browser.cookies['colonnade']}"}
    eventually(lambda: time.time() > expired, within=ACCESS_LIFE_S + 5)
    before = refreshes(short_lived)
    edges = short_lived.told["edges"]

    def ask(number: int) -> int:
        return httpx.get(f"{edges[number % 3]}/api/web/home", headers=cookie, timeout=20).status_code

    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(ask, range(PARALLEL)))
    eventually(lambda: refreshes(short_lived) > before)

    assert len(edges) == 3
    assert answers == [200] * PARALLEL
    assert refreshes(short_lived) == before + 1


def test_front_ends_of_one_host_share_a_login_and_a_logout(browser: httpx.Client) -> None:
    cookie = browser.cookies["colonnade"]
    opened = [browser.get(f"/api/{name}/home").status_code for name in FRONT_ENDS]
    browser.post("/auth/logout", headers={"x-csrf": "1"})
    browser.cookies.set("colonnade", cookie)

    assert opened == [200, 200]
    assert [browser.get(f"/api/{name}/home").status_code for name in FRONT_ENDS] == [401, 401]


def test_the_login_was_pushed_and_the_browser_saw_a_reference_only(short_lived: Stack) -> None:
    with short_lived.client() as client:
        location = httpx.URL(client.get("/auth/login").headers["location"])

    assert set(location.params) == {"client_id", "request_uri"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"origin": "own"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_what_another_origin_sent_is_refused_by_the_edge(
    short_lived: Stack, browser: httpx.Client, headers: dict[str, str], expected: int
) -> None:
    """With the cookie, and even with the header that a form cannot send."""
    own = {name: short_lived.edge if value == "own" else value for name, value in headers.items()}
    query = {"query": "{ __typename }"}
    answer = browser.post("/api/web/graphql", json=query, headers={"x-csrf": "1", **own})

    assert answer.status_code == expected


def test_what_happened_is_in_the_audit_log(short_lived: Stack, browser: httpx.Client) -> None:
    browser.post("/auth/logout", headers={"x-csrf": "1"})
    logs = "".join(short_lived.logs(name) for name in ("policy", "policy-2", "policy-3"))

    for event in ("login", "logout"):
        assert f'"event":"{event}","consumer":"user:alice"' in logs
    assert '"address":"127.0.0.1","request_id":"' in logs
