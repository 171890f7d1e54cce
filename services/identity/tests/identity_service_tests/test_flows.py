"""What the provider does for clients that keep to the rules."""

import base64
import hashlib
from typing import Any

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client

from identity_service_tests.conftest import App, claims
from service_kit.testing import Process


def test_discovery_names_the_endpoints(provider: Process) -> None:
    for path in ("openid-configuration", "oauth-authorization-server"):
        document = httpx.get(f"{provider.url}/.well-known/{path}").json()

        assert document["issuer"] == "http://issuer.test"
        assert document["code_challenge_methods_supported"] == ["S256"]


def test_a_public_client_logs_a_user_in(provider: Process, mobile: App) -> None:
    answer = mobile.redeem(mobile.code())

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    header, access = claims(provider.url, answer.json()["access_token"])
    _, identity = claims(provider.url, answer.json()["id_token"])
    assert header["typ"] == "at+jwt"
    assert ("alice", "colonnade", "mobile", ["user"]) == tuple(
        access[k] for k in ("sub", "aud", "client_id", "roles")
    )
    assert ("alice", ["mobile"], "n-1") == tuple(identity[k] for k in ("sub", "aud", "nonce"))
    assert access["exp"] - access["iat"] == 300
    half = hashlib.sha256(answer.json()["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert identity["sid"] == access["sid"]


def test_userinfo_answers_to_the_access_token(mobile: App) -> None:
    token = mobile.redeem(mobile.code("bob")).json()["access_token"]

    answer = mobile.http.get(f"{mobile.url}/userinfo", headers={"Authorization": f"Bearer {token}"})

    assert answer.json()["email"] == "bob@example.com"
    assert mobile.http.get(f"{mobile.url}/userinfo").status_code == 401


def test_a_refresh_token_gives_a_new_pair(mobile: App) -> None:
    first = mobile.redeem(mobile.code()).json()

    second = mobile.refresh(first["refresh_token"])

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]


def test_a_machine_gets_a_token_of_its_own(provider: Process) -> None:
    answer = httpx.post(
        f"{provider.url}/token", data={"grant_type": "client_credentials"}, auth=("machine", "s3cret")
    )

    _, access = claims(provider.url, answer.json()["access_token"])
    assert ("machine", "orders:read") == (access["sub"], access["scope"])
    assert "refresh_token" not in answer.json()


def test_introspection_follows_revocation(provider: Process, web: App) -> None:
    token = web.redeem(web.code()).json()
    auth = ("web", "s3cret")

    def active(text: str) -> bool:
        answer = httpx.post(f"{provider.url}/introspect", data={"token": text}, auth=auth)
        return bool(answer.json()["active"])

    assert active(token["access_token"])
    assert active(token["refresh_token"])
    assert httpx.post(f"{provider.url}/revoke", data={"token": token["refresh_token"]}, auth=auth).is_success
    assert not active(token["access_token"])
    assert not active(token["refresh_token"])
    assert not active("nonsense")


def test_an_opaque_token_says_nothing_and_introspection_all(provider: Process) -> None:
    auth = ("legacy", "s3cret")

    def known(text: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.post(
            f"{provider.url}/introspect", data={"token": text}, auth=auth
        ).json()
        return answer

    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    token = httpx.post(f"{provider.url}/token", data=form, auth=auth).json()["access_token"]

    assert "." not in token
    found = known(token)
    assert (found["active"], found["sub"], found["scope"]) == (True, "legacy", "orders:read")
    assert (found["aud"], found["token_type"]) == ("colonnade", "Bearer")
    httpx.post(f"{provider.url}/revoke", data={"token": token}, auth=auth)
    assert known(token) == {"active": False}


def test_a_client_may_know_passwords_only_where_it_is_registered_for_that(provider: Process) -> None:
    def ask(client: str, password: str) -> httpx.Response:
        form = {"grant_type": "password", "username": "alice", "password": password}
        return httpx.post(f"{provider.url}/token", data=form, auth=(client, "s3cret"))

    token = ask("legacy", "alice").json()["access_token"]
    about = httpx.post(f"{provider.url}/introspect", data={"token": token}, auth=("web", "s3cret")).json()

    assert (about["sub"], about["client_id"]) == ("alice", "legacy")
    assert ask("legacy", "wrong").json()["error"] == "invalid_grant"
    assert ask("web", "alice").json()["error"] == "unauthorized_client"


def test_a_second_login_is_silent_unless_asked_for(mobile: App) -> None:
    mobile.code()

    assert mobile.authorize().status_code == 302
    assert mobile.authorize(prompt="login").status_code == 200


def test_prompt_none_without_a_login_goes_back_with_an_error(mobile: App) -> None:
    answer = mobile.authorize(prompt="none")

    assert answer.status_code == 302
    assert "error=login_required" in answer.headers["location"]
    assert "state=xyz" in answer.headers["location"]


def test_a_refresh_may_narrow_the_access_token_but_never_the_grant(mobile: App) -> None:
    first = mobile.redeem(mobile.code()).json()["refresh_token"]

    narrow = mobile.token(grant_type="refresh_token", refresh_token=first, scope="openid").json()
    wide = mobile.refresh(narrow["refresh_token"]).json()

    assert narrow["scope"] == "openid"
    assert "email" in wide["scope"].split()
    refused = mobile.token(grant_type="refresh_token", refresh_token=wide["refresh_token"], scope="admin")
    assert refused.json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"max_age": "0"}, 200),
        ({"max_age": "nonsense"}, 200),
        ({"max_age": "600"}, 302),
        ({"prompt": "select_account"}, 200),
    ],
)
def test_a_client_may_want_a_fresh_login(mobile: App, asked: dict[str, str], status: int) -> None:
    mobile.code()

    assert mobile.authorize(**asked).status_code == status


def test_authlibs_own_client_logs_in(provider: Process, web: App) -> None:
    with OAuth2Client("web", "s3cret", scope="openid", code_challenge_method="S256") as client:
        url, state = client.create_authorization_url(
            f"{provider.url}/authorize", redirect_uri=web.redirect_uri, code_verifier=web.verifier
        )
        back = web.submit(web.http.get(url), "bob").headers["location"]
        token = client.fetch_token(
            f"{provider.url}/token",
            authorization_response=back,
            redirect_uri=web.redirect_uri,
            code_verifier=web.verifier,
            state=state,
        )

    assert claims(provider.url, token["access_token"])[1]["roles"] == ["user", "admin"]
