"""Login in a browser, and all the ways to cheat in it."""

from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.auth.browser import Browser, query
from colonnade_edge_tests.documents import document, publish, question
from colonnade_edge_tests.processes import Valkey, serving


def test_a_login_ends_where_it_began(browser: Browser) -> None:
    done = browser.log_in("/orders?page=2")

    assert done.status_code == 302
    assert done.headers["location"] == "/orders?page=2"
    assert browser.ask().headers["x-user-id"] == "alice"
    assert browser.ask().headers["x-user-roles"] == "user"


def test_the_provider_is_asked_as_the_standards_want(browser: Browser) -> None:
    asked = query(browser.begin().headers["location"])

    assert asked["response_type"] == "code"
    assert asked["client_id"] == "web"
    assert asked["scope"] == "openid profile email offline_access"
    assert asked["redirect_uri"] == f"{browser.client.base_url}/auth/callback".replace("//auth", "/auth")
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43


def test_the_redirect_uri_follows_the_address_that_was_asked(browser: Browser) -> None:
    headers = {"host": "shop.example", "x-forwarded-proto": "https"}

    begun = browser.client.get("/auth/login", headers=headers)

    assert query(begun.headers["location"])["redirect_uri"] == "https://shop.example/auth/callback"
    assert begun.headers["set-cookie"].startswith("__Host-colonnade-login-")
    assert "; Secure" in begun.headers["set-cookie"]


def test_the_cookie_reveals_nothing_and_cannot_be_read_by_scripts(browser: Browser, store: Valkey) -> None:
    done = browser.log_in()
    cookie = next(value for value in done.headers.get_list("set-cookie") if value.startswith("colonnade="))
    with store.client() as client:
        kept = b" ".join([key + (client.get(key) or b"") for key in client.keys("colonnade:[st][eo]*")])

    assert len(browser.session) == 43
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert b"alice" in kept
    assert browser.session.encode() not in kept


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\\b",
        "/a b",
        "javascript:alert(1)",
        "/" + "x" * 2048,
    ],
)
def test_a_login_leads_nowhere_else(browser: Browser, target: str) -> None:
    assert browser.begin(target).status_code == 400


def test_a_path_beyond_ascii_is_encoded(browser: Browser) -> None:
    assert browser.log_in("/bücher").headers["location"] == "/b%C3%BCcher"


def test_a_strange_host_is_refused(browser: Browser) -> None:
    assert browser.client.get("/auth/login", headers={"host": "a b"}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"state": "unknown"}, {"state": ""}, {"code": ""}, {"code": "forged"}, {"iss": "http://other"}],
)
def test_a_forged_answer_is_refused(browser: Browser, changes: dict[str, str]) -> None:
    refused = browser.come_back(browser.begin(), **changes)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
    assert not browser.session


def test_an_answer_works_once(browser: Browser) -> None:
    begun = browser.begin()
    answer = browser.provider.authorize(begun.headers["location"])
    first = browser.client.get("/auth/callback", params=answer)
    again = browser.client.get("/auth/callback", params=answer)

    assert (first.status_code, again.status_code) == (302, 400)


def test_states_of_two_logins_cannot_be_mixed(browser: Browser) -> None:
    """The code of one login with the state of another: PKCE refuses it."""
    first, second = browser.begin(), browser.begin()
    other = browser.provider.authorize(second.headers["location"])

    assert browser.come_back(first, code=other["code"]).status_code == 400


def test_two_tabs_can_log_in_at_once(browser: Browser) -> None:
    first, second = browser.begin("/one"), browser.begin("/two")

    assert browser.come_back(first).headers["location"] == "/one"
    assert browser.come_back(second).headers["location"] == "/two"


def test_a_login_begun_elsewhere_is_not_finished_here(browser: Browser, stranger: Browser) -> None:
    """Somebody sends us the link that finishes their login: we must not work in their account."""
    theirs = stranger.provider.authorize(stranger.begin().headers["location"])

    refused = browser.client.get("/auth/callback", params=theirs)

    assert refused.status_code == 400
    assert not browser.session


def test_a_cookie_planted_before_login_opens_nothing(browser: Browser) -> None:
    planted = "A" * 43
    browser.client.cookies.set("colonnade", planted, domain="127.0.0.1", path="/")
    done = browser.log_in()

    assert done.status_code == 302
    browser.client.cookies.clear()
    browser.client.cookies.set("colonnade", planted)
    assert browser.ask().status_code == 401


def test_a_second_login_ends_the_first_session(browser: Browser) -> None:
    browser.log_in()
    before = browser.session
    browser.log_in()
    after = browser.session
    browser.client.cookies.clear()
    browser.client.cookies.set("colonnade", before)

    assert before != after
    assert browser.ask().status_code == 401


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "other"}, {"aud": "mobile"}, {"iss": "http://other"}, {"exp": 1}, {"sub": None}],
)
def test_an_id_token_that_is_not_for_us_is_refused(browser: Browser, claims: dict[str, object]) -> None:
    browser.provider.claims = claims

    assert browser.log_in().status_code == 502
    assert not browser.session


def test_a_provider_that_is_down_is_named(browser: Browser) -> None:
    browser.provider.down = True

    assert browser.log_in().status_code == 502


def test_outside_development_a_login_needs_https(
    browser: Browser, environment: dict[str, str], tmp_path: Path
) -> None:
    publish(tmp_path / "policy.json", document(browser.provider.issuer, development=False))
    strict = {**environment, "POLICY_FILE": str(tmp_path / "policy.json")}
    with serving("colonnade_edge", tmp_path, strict) as service:
        plain = httpx.get(f"{service.url}/auth/login")
        secure = httpx.get(f"{service.url}/auth/login", headers={"x-forwarded-proto": "https"})
        browser.log_in()
        cookie = {"cookie": f"colonnade={browser.session}"}
        session = httpx.get(f"{service.url}/check/", headers={**question("web"), **cookie})

    assert (plain.status_code, secure.status_code) == (400, 302)
    assert session.status_code == 401, "the cookie without __Host- counts in development only"
