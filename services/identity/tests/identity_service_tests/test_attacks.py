"""What the provider refuses."""

import base64

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
        "http://127.0.0.1:\u0663/callback",
        "http://127.0.0.1:5/call\tback",
        "http://127.0.0.1:5/callback\r\nX-Injected: 1",
        "http://127.0.0.1:5/callback#",
        " http://127.0.0.1:5/callback",
        "http://localhost:5/callback",
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


def test_a_public_client_may_not_introspect(mobile: App) -> None:
    answer = mobile.http.post(f"{mobile.url}/introspect", data={"token": "x", "client_id": "mobile"})

    assert answer.status_code == 401


def test_an_id_token_is_no_access_token(mobile: App) -> None:
    token = mobile.redeem(mobile.code()).json()["id_token"]

    known = httpx.post(f"{mobile.url}/introspect", data={"token": token}, auth=("web", "s3cret"))
    answer = httpx.get(f"{mobile.url}/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert known.json() == {"active": False}
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_an_unsigned_token_is_worth_nothing(mobile: App) -> None:
    def part(data: str) -> str:
        return base64.urlsafe_b64encode(data.encode()).rstrip(b"=").decode()

    claims = '{"sub":"bob","exp":9999999999,"scope":"openid","sid":"x","jti":"y"}'
    token = part('{"alg":"none","typ":"at+jwt"}') + "." + part(claims) + "."

    answer = httpx.get(f"{mobile.url}/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_nobody_refreshes_or_revokes_with_a_token_of_another_client(mobile: App, web: App) -> None:
    token = mobile.redeem(mobile.code()).json()["refresh_token"]

    assert web.refresh(token).json()["error"] == "invalid_grant"
    assert httpx.post(f"{web.url}/revoke", data={"token": token}, auth=("web", "s3cret")).status_code == 400
    assert mobile.refresh(token).status_code == 200


def test_a_machine_gets_no_scope_beyond_its_own(mobile: App) -> None:
    form = {"grant_type": "client_credentials", "scope": "admin"}

    answer = httpx.post(f"{mobile.url}/token", data=form, auth=("machine", "s3cret"))

    assert answer.json()["error"] == "invalid_scope"


@pytest.mark.parametrize("credentials", [b"nocolon", b"\xff\xfe:x", b"nobody:x", b"web:wrong"])
def test_odd_credentials_are_refused_and_break_nothing(mobile: App, credentials: bytes) -> None:
    header = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}

    answer = httpx.post(f"{mobile.url}/token", data={"grant_type": "client_credentials"}, headers=header)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "basic" in answer.headers["www-authenticate"].lower()
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["token", "\u00e9", 'co"de'])
def test_another_response_type_never_leads_to_a_foreign_address(mobile: App, kind: str) -> None:
    answer = mobile.authorize(response_type=kind, redirect_uri="https://evil.example/")

    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_parameter_given_twice_is_refused(mobile: App) -> None:
    twice = httpx.QueryParams(
        [("redirect_uri", mobile.redirect_uri), ("redirect_uri", "https://evil.example/")]
    )
    rest = {"response_type": "code", "client_id": "mobile", "code_challenge_method": "S256"}

    answer = httpx.get(f"{mobile.url}/authorize", params=twice.merge(rest))

    assert answer.status_code == 400


def test_a_code_asked_for_with_one_redirect_uri_is_not_given_for_another(mobile: App) -> None:
    answer = mobile.redeem(mobile.code(), redirect_uri="http://127.0.0.1:9/callback")

    assert answer.json()["error"] == "invalid_grant"


def test_a_replayed_code_ends_the_access_token_too(web: App) -> None:
    code = web.code()
    token = web.redeem(code).json()["access_token"]
    web.redeem(code)

    known = httpx.post(f"{web.url}/introspect", data={"token": token}, auth=("web", "s3cret"))

    assert known.json() == {"active": False}


def test_the_login_page_is_closed_to_scripts_and_frames(mobile: App) -> None:
    policy = mobile.authorize().headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_markup_in_a_client_id_stays_text(mobile: App) -> None:
    answer = httpx.get(f"{mobile.url}/authorize", params={"client_id": "<script>alert(1)</script>"})

    assert "<script>" not in answer.text
