"""What the provider refuses."""

import httpx
import pytest

from identity_service_tests.conftest import CALLBACK, App


def test_a_code_works_once_and_its_replay_ends_the_grant(mobile: App) -> None:
    code = mobile.code()
    token = mobile.redeem(code).json()

    assert mobile.redeem(code).json()["error"] == "invalid_grant"
    assert mobile.refresh(token["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_works_once_and_its_replay_ends_the_grant(mobile: App) -> None:
    first = mobile.redeem(mobile.code()).json()["refresh_token"]
    second = mobile.refresh(first).json()["refresh_token"]

    assert mobile.refresh(first).json()["error"] == "invalid_grant"
    assert mobile.refresh(second).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("verifier", ["A" * 43, "short", ""])
def test_a_wrong_verifier_is_refused(mobile: App, verifier: str) -> None:
    assert mobile.redeem(mobile.code(), code_verifier=verifier).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [{"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}],
    ids=["none", "plain", "unnamed"],
)
def test_pkce_is_never_left_out(mobile: App, changed: dict[str, str | None]) -> None:
    answer = mobile.authorize(**changed)

    assert answer.status_code == 302
    assert "error=invalid_request" in answer.headers["location"]


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1/other",
        "http://127.0.0.1:1/callback/../x",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_foreign_redirect_uri_is_told_to_the_person_and_never_followed(mobile: App, uri: str) -> None:
    answer = mobile.authorize(redirect_uri=uri)

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_confidential_clients_redirect_uri_is_matched_exactly_but_for_a_loopback_port(web: App) -> None:
    assert web.authorize(redirect_uri=f"{CALLBACK}/x").status_code == 400


def test_a_code_of_one_client_is_worth_nothing_to_another(mobile: App, web: App) -> None:
    code = mobile.code()

    assert (
        web.redeem(code, redirect_uri=mobile.redirect_uri, code_verifier=mobile.verifier).status_code == 400
    )


@pytest.mark.parametrize("secret", ["wrong", ""])
def test_a_confidential_client_needs_its_secret(web: App, secret: str) -> None:
    code = web.code()
    web.secret = secret or None

    answer = web.redeem(code)

    assert answer.json()["error"] == "invalid_client"


def test_a_scope_beyond_the_registered_ones_is_refused(mobile: App) -> None:
    assert "error=invalid_scope" in mobile.authorize(scope="openid admin").headers["location"]


def test_a_form_without_its_token_is_refused(mobile: App) -> None:
    page = mobile.authorize()

    assert mobile.submit(page, csrf="forged").status_code == 401
    mobile.http.cookies.clear()
    assert mobile.submit(page).status_code == 401


@pytest.mark.parametrize(("user", "password"), [("alice", "bob"), ("mallory", "no such user"), ("", "")])
def test_a_wrong_password_is_told_and_tells_nothing_else(mobile: App, user: str, password: str) -> None:
    answer = mobile.submit(mobile.authorize(), user, password=password)

    assert answer.status_code == 401
    assert 'role="alert"' in answer.text


def test_logging_out_redirects_to_registered_addresses_only(web: App) -> None:
    token = web.redeem(web.code()).json()

    answer = web.http.get(
        f"{web.url}/end_session",
        params={"id_token_hint": token["id_token"], "post_logout_redirect_uri": "https://evil.example/"},
    )

    assert answer.status_code == 200
    assert "location" not in answer.headers


def test_a_public_client_may_not_introspect(mobile: App) -> None:
    answer = mobile.http.post(f"{mobile.url}/introspect", data={"token": "x", "client_id": "mobile"})

    assert answer.status_code == 401


def test_the_login_page_is_closed_to_scripts_and_frames(mobile: App) -> None:
    policy = mobile.authorize().headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_markup_in_a_client_id_stays_text(mobile: App) -> None:
    answer = httpx.get(f"{mobile.url}/authorize", params={"client_id": "<script>alert(1)</script>"})

    assert "<script>" not in answer.text
