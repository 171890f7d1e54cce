"""Tokens that a program signs with a secret it shares with us: good for that program, and nothing else."""

import hmac
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.attacks.echo import PARTNER_SECRET
from tests.attacks.tokens import Forger, bearer

PARTNER = "https://partner.example"


def signed(secret: str | bytes = PARTNER_SECRET, alg: str = "HS256", **changed: object) -> str:
    """A token of the partner; None leaves a claim out."""
    good = {"iss": PARTNER, "aud": "colonnade", "exp": int(time.time()) + 60}
    claims = {name: value for name, value in {**good, **changed}.items() if value is not None}
    return jwt.encode({"alg": alg}, claims, OctKey.import_key(secret), algorithms=[alg])


def status(anyone: httpx.Client, token: str, path: str = "/api/echo/x") -> int:
    return anyone.get(path, headers=bearer(token)).status_code


def test_the_honest_partner_passes_as_itself(anyone: httpx.Client) -> None:
    answer = anyone.get("/api/echo/x", headers=bearer(signed()))

    assert answer.status_code == 200
    assert ["x-client-id", "partner"] in answer.json()["headers"]


def test_a_partner_cannot_speak_for_anybody_else(anyone: httpx.Client) -> None:
    lies: dict[str, Any] = {
        "sub": "alice",
        "email": "alice@example.com",
        "roles": ["admin"],
        "client_id": "mobile",
    }
    answer = anyone.get("/api/echo/x", headers=bearer(signed(**lies)))

    told = {name for name, _ in answer.json()["headers"]}
    assert not told & {"x-user-id", "x-user-email", "x-user-roles"}
    assert ["x-client-id", "partner"] in answer.json()["headers"]


def test_a_partner_has_no_scope_that_it_was_not_given(anyone: httpx.Client) -> None:
    assert status(anyone, signed(scope="orders:read partner:read"), "/api/echo/scoped") == 403


def test_a_partners_secret_signs_nothing_in_the_issuers_name(anyone: httpx.Client, forger: Forger) -> None:
    for claims in (
        {"iss": forger.issuer},
        {"iss": None},
        {"iss": [PARTNER, forger.issuer]},
        {"iss": f"{PARTNER}/"},
    ):
        assert status(anyone, signed(sub="alice", **claims)) == 401


def test_the_issuers_key_signs_nothing_in_a_partners_name(anyone: httpx.Client, forger: Forger) -> None:
    assert status(anyone, forger.token(iss=PARTNER)) == 401
    body = forger.unsigned({"alg": "HS256"}, iss=PARTNER).rpartition(".")[0]
    signature = hmac.digest(forger.public_pem, body.encode(), "sha256")
    assert status(anyone, f"{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}") == 401


@pytest.mark.parametrize("secret", ["another-" * 5, PARTNER_SECRET[:-1], PARTNER_SECRET.upper(), "x" * 32])
def test_another_secret(anyone: httpx.Client, secret: str) -> None:
    assert status(anyone, signed(secret)) == 401


@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"aud": None}, {"exp": None}, {"exp": 1}, {"nbf": 4102444800}],
    ids=str,
)
def test_a_partners_token_that_is_not_for_here_and_now(anyone: httpx.Client, claims: dict[str, Any]) -> None:
    assert status(anyone, signed(**claims)) == 401


def test_a_partners_token_without_a_signature(anyone: httpx.Client, forger: Forger) -> None:
    for alg in ("none", "None", "RS256"):
        assert status(anyone, forger.unsigned({"alg": alg}, iss=PARTNER)) == 401


def test_an_opaque_token_that_the_provider_does_not_know(anyone: httpx.Client) -> None:
    for token in ("opaque", "a" * 43, "ory_at_unknown"):
        assert status(anyone, token) == 401


def test_a_route_that_envoy_decides_alone_holds_a_partner_to_the_same(
    anyone: httpx.Client, forger: Forger
) -> None:
    """Envoy has no shared secret: what it cannot verify it asks about."""
    alone = "/api/echo/alone"
    told = anyone.get(alone, headers=bearer(signed(sub="alice"))).json()["headers"]

    assert ["x-client-id", "partner"] in told
    assert "x-user-id" not in {name for name, _ in told}
    assert status(anyone, signed("another-" * 5), alone) == 401
    assert status(anyone, signed(iss=forger.issuer, sub="alice"), alone) == 401
    assert status(anyone, forger.unsigned({"alg": "none"}, iss=PARTNER), alone) == 401
