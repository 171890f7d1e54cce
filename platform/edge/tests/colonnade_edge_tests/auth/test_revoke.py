"""Token revocation by its holder (RFC 7009)."""

import time

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from colonnade_edge_tests.auth.provider import ScriptedProvider
from colonnade_edge_tests.documents import question, subject
from colonnade_edge_tests.processes import Served, wait_until


def access_token(provider: ScriptedProvider, **claims: object) -> str:
    now = int(time.time())
    standard = {"iss": provider.issuer, "aud": "colonnade", "sub": subject(), "iat": now, "exp": now + 300}
    return provider.sign({**standard, "client_id": "mobile", "jti": subject(), **claims})


def ask(edge: Served, token: str) -> int:
    """As Envoy asks about a token that it verified."""
    headers = question("mobile", x_colonnade_jwt=token.split(".")[1])
    return httpx.get(f"{edge.url}/check/", headers=headers).status_code


def revoke(edge: Served, **form: str) -> httpx.Response:
    return httpx.post(f"{edge.url}/auth/revoke", data=form)


def test_who_holds_a_token_can_revoke_it(edge: Served, provider: ScriptedProvider) -> None:
    token, other = access_token(provider), access_token(provider)
    assert ask(edge, token) == 200

    answer = revoke(edge, token=token, token_type_hint="access_token", client_id="mobile")

    assert (answer.status_code, answer.content) == (200, b"")
    wait_until(lambda: ask(edge, token) == 401, "the revocation")
    assert ask(edge, other) == 200
    told = {"token": token, "token_type_hint": "access_token", "client_id": "mobile"}
    assert provider.revoked == [told]


def test_a_token_of_our_own_client_is_passed_on_with_its_secret(
    edge: Served, provider: ScriptedProvider
) -> None:
    assert revoke(edge, token="a-refresh-token", token_type_hint="refresh_token").status_code == 200

    assert provider.revoked == [{"token": "a-refresh-token", "token_type_hint": "refresh_token"}]
    assert provider.authenticated == ["web"]


def test_what_is_not_the_providers_is_revoked_by_nobody(edge: Served, provider: ScriptedProvider) -> None:
    token = access_token(provider)
    foreign = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256"})
    claims = jwt.decode(token, provider.key, algorithms=["ES256"]).claims
    forged = jwt.encode({"alg": "ES256", "kid": "one"}, claims, foreign, algorithms=["ES256"])

    for text in (forged, "nonsense", f"{token.rsplit('.', 1)[0]}.", token.replace(".", "!")):
        assert revoke(edge, token=text).status_code == 200
    honest = access_token(provider)
    revoke(edge, token=honest)
    wait_until(lambda: ask(edge, honest) == 401, "a revocation that came later")

    assert ask(edge, token) == 200


def test_an_expired_token_is_not_remembered(edge: Served, provider: ScriptedProvider) -> None:
    before = metric(edge)

    assert revoke(edge, token=access_token(provider, exp=int(time.time()) - 3600)).status_code == 200

    assert metric(edge) == before


def test_a_token_is_remembered_once(edge: Served, provider: ScriptedProvider) -> None:
    token = access_token(provider)
    revoke(edge, token=token)
    wait_until(lambda: ask(edge, token) == 401, "the revocation")
    before = metric(edge)

    assert revoke(edge, token=token).status_code == 200

    assert metric(edge) == before


def test_a_provider_that_does_not_answer_keeps_nobody_from_revoking(
    edge: Served, provider: ScriptedProvider
) -> None:
    token = access_token(provider)
    revoke(edge, token=access_token(provider))  # the keys are known now
    provider.down = True

    assert revoke(edge, token=token).status_code == 200

    wait_until(lambda: ask(edge, token) == 401, "the revocation")


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"token_type_hint": "access_token"}])
def test_a_request_without_a_token_is_malformed(
    edge: Served, provider: ScriptedProvider, form: dict[str, str]
) -> None:
    answer = revoke(edge, **form)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert provider.revoked == []


def metric(edge: Served) -> str:
    text = httpx.get(f"{edge.url}/metrics").text
    return next(line for line in text.splitlines() if line.startswith("colonnade_revocations "))
