"""Providers that no one here wrote: each in its own shape, on a real connection."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from colonnade_edge_tests.auth.browser import Browser, query
from colonnade_edge_tests.auth.provider import ScriptedProvider
from colonnade_edge_tests.auth.sessions import make_due, record
from colonnade_edge_tests.auth.shapes import AUTH0, ENTRA, KEYCLOAK, OKTA, PLAIN, SHAPES, Shape
from colonnade_edge_tests.documents import document, publish
from colonnade_edge_tests.processes import Served, Valkey, serving, wait_until
from colonnade_policy import Claims, Identity

USUAL = Claims()
At = Callable[..., tuple[Browser, Served]]


@pytest.fixture
def at(provider: ScriptedProvider, environment: dict[str, str], tmp_path: Path) -> Iterator[At]:
    """Make a browser before an edge whose provider has a shape; `issuer` is what the manifest says of it."""
    with ExitStack() as stack:

        def start(shape: Shape, issuer: str = "", places: Claims = USUAL) -> tuple[Browser, Served]:
            provider.shape = shape
            trusted = Identity(issuer or provider.issuer, "colonnade", claims=places)
            publish(tmp_path / "policy.json", document(identity=trusted))
            own = {**environment, "POLICY_FILE": str(tmp_path / "policy.json")}
            edge = stack.enter_context(serving("colonnade_edge", tmp_path, own))
            browser = Browser(edge.url, provider)
            stack.enter_context(browser.client)
            return browser, edge

        yield start


@pytest.mark.parametrize("name", SHAPES)
def test_alice_logs_in_is_refreshed_and_logs_out_at(at: At, name: str, store: Valkey) -> None:
    shape = SHAPES[name]
    browser, edge = at(shape)
    done = browser.log_in()
    assert done.status_code == 302, done.text + edge.logged()
    assert browser.client.get("/auth/session").json()["sub"] == "alice"

    if "refresh_token" not in shape.response:
        make_due(store, browser)
        wait_until(lambda: browser.ask().is_success and _is_fresh(store, browser), "the refresh")

    out = browser.client.post("/auth/logout", headers={"x-csrf": "1"}).json()
    assert (out["provider_logout"] is None) == ("end_session_endpoint" in shape.metadata)
    assert browser.ask().status_code == 401


def _is_fresh(store: Valkey, browser: Browser) -> bool:
    return (record(store, browser).refresh_at or 0) > time.time()


@pytest.mark.parametrize(
    ("shape", "email", "name", "roles"),
    [
        (ENTRA, "", "Alice Moreau", ["user"]),
        (OKTA, "alice@example.com", "Alice Moreau", ["user"]),
        (PLAIN, "", "", ["user"]),
    ],
)
def test_what_is_known_of_her(at: At, shape: Shape, email: str, name: str, roles: list[str]) -> None:
    """From the id token, and from userinfo what that leaves out; Entra ID's refuses tokens for others."""
    browser, _ = at(shape)
    browser.log_in()
    told = browser.client.get("/auth/session").json()

    assert (told["email"], told["name"], told["roles"]) == (email, name, roles)


@pytest.mark.parametrize(
    ("shape", "places", "expected"),
    [
        (
            KEYCLOAK,
            Claims(roles=("realm_access.roles",), user=("preferred_username",)),
            ("alice", "alice@example.com", "user,default-roles-shop"),
        ),
        (AUTH0, Claims(roles=("https://shop.example/roles",)), ("alice", "alice@example.com", "user")),
        (
            ENTRA,
            Claims(user=("oid",), email=("email", "preferred_username")),
            ("11111111-2222-3333-4444-555555555555", "alice@example.com", "user"),
        ),
        (OKTA, Claims(roles=("groups", "roles")), ("alice", "alice@example.com", "user")),
    ],
)
def test_what_a_backend_is_told_comes_from_where_the_settings_say(
    at: At, shape: Shape, places: Claims, expected: tuple[str, str, str]
) -> None:
    browser, edge = at(shape, places=places)
    browser.log_in()
    told = browser.ask().headers

    assert (told["x-user-id"], told["x-user-email"], told["x-user-roles"]) == expected
    assert f'"event":"login","consumer":"user:{expected[0]}"' in edge.logged()


def test_without_a_refresh_token_a_session_lives_until_its_end(at: At, store: Valkey) -> None:
    browser, _ = at(PLAIN)
    browser.log_in()

    assert record(store, browser).refresh_at is None
    assert record(store, browser).scopes == ("openid", "profile", "email", "offline_access")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_request_is_pushed_where_the_provider_takes_it(at: At, method: str) -> None:
    metadata = KEYCLOAK.metadata | {"token_endpoint_auth_methods_supported": [method]}
    browser, _ = at(dataclasses.replace(KEYCLOAK, metadata=metadata, secret_by=method))
    begun = browser.begin("/home")

    assert query(begun.headers["location"]).keys() == {"client_id", "request_uri"}
    (pushed,) = browser.provider.pushed.values()
    assert pushed["client_id"] == "web"
    assert pushed.keys() >= {"state", "nonce", "code_challenge", "redirect_uri", "scope", "response_type"}
    assert browser.come_back(begun).status_code == 302


def test_a_provider_that_does_not_take_it_from_us_is_asked_by_the_browser(at: At) -> None:
    browser, edge = at(OKTA)

    assert "code_challenge" in query(browser.begin().headers["location"])
    assert "does not take a pushed request" in edge.logged()


def test_a_provider_that_insists_is_not_asked_otherwise(at: At) -> None:
    insisting = OKTA.metadata | {"require_pushed_authorization_requests": True}
    browser, _ = at(dataclasses.replace(OKTA, metadata=insisting))

    assert browser.begin().status_code == 502


def test_an_answer_without_the_promised_issuer_is_refused(at: At) -> None:
    """RFC 9207: who mixes up providers cannot send us the code of another."""
    browser, _ = at(KEYCLOAK)
    answer = browser.provider.authorize(browser.begin().headers["location"])
    del answer["iss"]

    assert browser.client.get("/auth/callback", params=answer).status_code == 400


@pytest.mark.parametrize(
    ("shape", "written", "hint"),
    [(AUTH0, "", "with a slash at the end"), (KEYCLOAK, "/realms/shop/", "without a slash at the end")],
)
def test_a_wrong_spelling_of_the_issuer_is_answered_by_the_right_one(
    at: At, provider: ScriptedProvider, shape: Shape, written: str, hint: str
) -> None:
    browser, _ = at(shape, provider.base + written)
    refused = browser.begin()

    right = f"spells its issuer {hint}: write identity.issuer: {provider.base}{shape.path}"
    assert refused.status_code == 502
    assert refused.json()["detail"].endswith(right)


def test_an_endpoint_of_many_tenants_is_refused(at: At, provider: ScriptedProvider) -> None:
    """Anybody with an account of any company could log in."""
    told = {"issuer": "https://login.example/{tenantid}/v2.0"}
    browser, _ = at(Shape(path="/common/v2.0", metadata=told), f"{provider.base}/common/v2.0")
    refused = browser.begin()

    assert refused.status_code == 502
    assert "give the issuer of your own, https://login.example/<tenant id>/v2.0" in refused.json()["detail"]


def test_a_provider_that_takes_no_secret_is_told_apart(at: At) -> None:
    metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "tls_client_auth"]}
    browser, _ = at(Shape(metadata=metadata))
    refused = browser.log_in()

    assert refused.status_code == 502
    assert "only private_key_jwt, tls_client_auth" in refused.json()["detail"]


@pytest.mark.parametrize("seconds", [25, -25])
def test_a_clock_that_is_a_little_wrong_matters_not(browser: Browser, seconds: int) -> None:
    now = int(time.time()) + seconds
    browser.provider.claims = {"iat": now, "nbf": now, "exp": now + 20}

    assert browser.log_in().status_code == 302


@pytest.mark.parametrize("algorithm", ["EdDSA", "Ed25519"])
def test_id_tokens_may_be_signed_by_ed25519(at: At, provider: ScriptedProvider, algorithm: str) -> None:
    before = provider.key
    provider.key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    try:
        browser, edge = at(Shape(algorithm=algorithm))
        done = browser.log_in()

        assert done.status_code == 302, done.text + edge.logged()
    finally:
        provider.key = before
