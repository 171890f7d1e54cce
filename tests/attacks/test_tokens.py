"""Forged access tokens, on a route that Envoy decides alone and on one that asks the policy service."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.attacks.tokens import Forger, bearer

ROUTES = ("/api/echo/x", "/api/echo/alone")


def refused(anyone: httpx.Client, token: str) -> None:
    """Whoever sends `token` is told 401, and why in the words of RFC 6750."""
    for route in ROUTES:
        answer = anyone.get(route, headers=bearer(token))
        assert (401, "application/problem+json") == (answer.status_code, answer.headers["content-type"]), (
            route
        )
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert token not in answer.text


def test_the_honest_token_passes(anyone: httpx.Client, forger: Forger) -> None:
    """Or all of the refusals below would prove nothing."""
    for route in ROUTES:
        assert anyone.get(route, headers=bearer(forger.token())).status_code == 200


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_that_says_it_needs_no_signature(anyone: httpx.Client, forger: Forger, alg: str) -> None:
    refused(anyone, forger.unsigned({"alg": alg, "kid": forger.key.kid}))
    refused(anyone, forger.unsigned({"alg": alg}))


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("form", ["pem", "pem without line end", "jwk", "modulus"])
def test_the_public_key_taken_for_a_shared_secret(
    anyone: httpx.Client, forger: Forger, alg: str, form: str
) -> None:
    public = forger.key.as_dict(private=False)
    secret = {
        "pem": forger.public_pem,
        "pem without line end": forger.public_pem.strip(),
        "jwk": json.dumps(public).encode(),
        "modulus": str(public["n"]).encode(),
    }[form]
    header = {"alg": alg, "kid": forger.key.kid}
    body = forger.unsigned(header).rpartition(".")[0]
    signature = hmac.digest(secret, body.encode(), hashlib.new(f"sha{alg[2:]}").name)
    refused(anyone, f"{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"nbf": 4102444800},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_here_and_now(
    anyone: httpx.Client, forger: Forger, claims: dict[str, Any]
) -> None:
    refused(anyone, forger.token(**claims))


def test_an_issuer_that_only_begins_like_ours(anyone: httpx.Client, forger: Forger) -> None:
    for issuer in (f"{forger.issuer}/", f"{forger.issuer}.evil.example", forger.issuer.upper()):
        refused(anyone, forger.token(iss=issuer))


def test_a_token_expired_by_a_second_beyond_the_leeway(anyone: httpx.Client, forger: Forger) -> None:
    """The leeway is for clocks that differ, and is two seconds long."""
    refused(anyone, forger.token(exp=int(time.time()) - 3))


@pytest.mark.parametrize(
    "kid",
    [
        "other",
        "",
        "../../../../dev/null",
        "' OR '1'='1",
        "x\r\nX-User-ID: bob",
        "http://evil.example/jwks",
        7,
    ],
)
def test_a_key_id_that_leads_elsewhere(anyone: httpx.Client, forger: Forger, kid: object) -> None:
    own = RSAKey.generate_key(2048)

    refused(anyone, forger.unsigned({"alg": "RS256", "kid": kid}, b"x" * 256))
    if isinstance(kid, str):
        refused(anyone, forger.token({"kid": kid}, key=own))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_token_that_brings_its_own_key(anyone: httpx.Client, forger: Forger, name: str) -> None:
    own = RSAKey.generate_key(2048)
    value = {
        "jwk": own.as_dict(private=False),
        "jku": "http://127.0.0.1:1/jwks",
        "x5u": "http://127.0.0.1:1/cert",
        "x5c": ["MIIB"],
    }[name]
    signed = forger.unsigned({"alg": "RS256", "kid": own.thumbprint(), name: value}, b"y" * 256)
    refused(anyone, signed)


def test_a_token_changed_after_it_was_signed(anyone: httpx.Client, forger: Forger) -> None:
    head, _, signature = forger.token().split(".")
    _, claims, _ = forger.token(sub="bob", roles=["admin"], jti="other").split(".")

    refused(anyone, f"{head}.{claims}.{signature}")
    refused(anyone, f"{head}.{claims}.")
    refused(anyone, f"{head}.{claims}")


@pytest.mark.parametrize(
    "bad", ["Bearer", "Bearer .", "Bearer ...", "Bearer a.b.c", "Bearer e30.e30.", "Bearer é"]
)
def test_what_is_no_token_at_all(anyone: httpx.Client, bad: str) -> None:
    for route in ROUTES:
        headers = [(b"authorization", bad.encode())]
        assert anyone.get(route, headers=headers).status_code in {400, 401}


def test_an_id_token_is_no_access_token(anyone: httpx.Client, forger: Forger) -> None:
    """It is for the client that logged in, and its audience says so."""
    refused(anyone, forger.token({"typ": "JWT"}, aud="web"))


@pytest.mark.parametrize("path", ["/api/echo/scoped", "/api/echo/scoped-alone"])
def test_a_scope_that_only_contains_the_needed_one(anyone: httpx.Client, forger: Forger, path: str) -> None:
    assert anyone.get(path, headers=bearer(forger.token())).status_code == 200
    for scope in ("my-orders:read", "orders:read-not", "orders", "orders:", "ORDERS:READ", ""):
        answer = anyone.get(path, headers=bearer(forger.token(scope=scope)))
        assert answer.status_code == 403, scope
        challenge = answer.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge
        assert 'scope="orders:read"' in challenge
