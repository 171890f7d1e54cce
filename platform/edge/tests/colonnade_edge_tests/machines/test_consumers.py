"""Legacy consumers: HS256 tokens by a shared secret, and what may not be done with one."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from colonnade_edge.policy.plan import plan
from colonnade_edge_tests.documents import document, question
from colonnade_edge_tests.machines.conftest import LONG, PARTNER, PEM, PREVIOUS, SHOP, Machines
from colonnade_policy import Consumer, Identity

RSA = RSAKey.generate_key(2048, {"kid": "one"})
PUBLIC = RSA.as_pem(private=False).decode()


def claims(**changed: object) -> dict[str, object]:
    """The claims of partner's token; a claim that is None is left out."""
    now = int(time.time())
    usual: dict[str, object] = {"iss": "https://partner.example", "aud": "colonnade", "exp": now + 60}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def signed(secret: str = PARTNER, header: dict[str, Any] | None = None, **changed: object) -> str:
    """A token as a consumer would make one, or an attacker, so by hand."""
    full = {"alg": "HS256"} | (header or {})
    text = ".".join(_base64(json.dumps(part).encode()) for part in (full, claims(**changed)))
    name = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[full["alg"]]
    return f"{text}.{_base64(hmac.digest(secret.encode(), text.encode(), name))}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


async def ask(envoy: httpx.AsyncClient, token: str, route: str = "mobile") -> httpx.Response:
    return await envoy.get("/check/", headers=question(route, authorization=f"Bearer {token}"))


async def test_a_consumer_passes_as_a_program(envoy: httpx.AsyncClient) -> None:
    answer = await ask(envoy, signed(), "machines")

    assert answer.status_code == 200
    assert answer.headers["x-client-id"] == "partner"


async def test_a_consumer_never_speaks_for_a_person(envoy: httpx.AsyncClient) -> None:
    token = signed(sub="alice", email="alice@example.com", roles=["admin"], client_id="mobile")

    answer = await ask(envoy, token)

    assert answer.status_code == 200
    assert [name for name in answer.headers if name.startswith(("x-user", "x-device"))] == []
    assert answer.headers["x-client-id"] == "partner"


async def test_a_token_may_take_less_than_was_granted_and_never_more(envoy: httpx.AsyncClient) -> None:
    assert (await ask(envoy, signed(), "scoped")).status_code == 200
    assert (await ask(envoy, signed(scope="read write admin"), "scoped")).status_code == 200
    assert (await ask(envoy, signed(scope="read"), "scoped")).status_code == 403
    assert (await ask(envoy, signed(scope=""), "scoped")).status_code == 403
    shop = signed(SHOP, iss="https://shop.example", scope="read write")
    assert (await ask(envoy, shop, "scoped")).status_code == 403


async def test_two_secrets_are_valid_while_they_change(envoy: httpx.AsyncClient) -> None:
    assert (await ask(envoy, signed(PREVIOUS))).status_code == 200


async def test_longer_hashes_need_longer_secrets(envoy: httpx.AsyncClient) -> None:
    long = {"iss": "https://long.example"}

    assert (await ask(envoy, signed(LONG, {"alg": "HS512"}, **long))).status_code == 200
    assert (await ask(envoy, signed(LONG, {"alg": "HS384"}, **long))).status_code == 200
    assert (await ask(envoy, signed(PARTNER, {"alg": "HS512"}))).status_code == 401


async def test_a_clock_may_be_a_second_ahead(envoy: httpx.AsyncClient) -> None:
    now = time.time()

    assert (await ask(envoy, signed(nbf=now + 1, iat=now + 1))).status_code == 200


def forged() -> dict[str, str]:
    """Tokens of which none may pass, by what is wrong with them."""
    now = time.time()
    none, odd = _base64(b'{"alg":"none"}'), _base64(b'{"alg":"None"}')
    payload = _base64(json.dumps(claims()).encode())
    ours = "http://127.0.0.1:8100"
    return {
        "another secret": signed("x" * 32),
        "another consumer's secret": signed(SHOP),
        "another consumer's name": signed(iss="https://shop.example"),
        "the issuer's name": signed(iss=ours),
        "the issuer's public key as a secret": signed(PUBLIC, iss=ours),
        "the issuer's public key as a consumer's secret": signed(PUBLIC),
        "nobody's name": signed(iss="https://evil.example"),
        "no name": signed(iss=None),
        "two names": signed(iss=["https://partner.example"]),
        "a private key": jwt.encode({"alg": "RS256"}, claims(), RSA),
        "a key of its own": signed("x" * 32, {"jwk": {"kty": "oct", "k": _base64(b"x" * 32)}}),
        "alg none": f"{none}.{payload}.",
        "alg None": f"{odd}.{payload}.",
        "no signature": signed().rpartition(".")[0] + ".",
        "a changed payload": ".".join([signed().split(".")[0], payload, signed(jti="1").split(".")[2]]),
        "an extension that must be understood": signed(header={"crit": ["exp"], "exp": 1}),
        "expired by a second": signed(exp=now - 1),
        "no end": signed(exp=None),
        "an end that is text": signed(exp=str(now + 60)),
        "not valid yet": signed(nbf=now + 30),
        "from the future": signed(iat=now + 30),
        "another audience": signed(aud="shop"),
        "other audiences": signed(aud=["shop", "colonnade2"]),
        "no audience": signed(aud=None),
        "a secret that is too short": signed("s" * 31, iss="https://short.example"),
        "a secret that is a public key": signed(PEM, iss="https://public.example"),
        "no token": "",
        "a space": f"{signed()} {signed()}",
        "brackets": f"{none}.{_base64(b'[' * 100_000)}.x",
    }


@pytest.mark.parametrize("wrong", forged())
async def test_a_forged_token_is_refused(envoy: httpx.AsyncClient, wrong: str) -> None:
    answer = await ask(envoy, forged()[wrong])

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="colonnade", error="invalid_token"')
    assert [name for name in answer.headers if name.startswith(("x-user", "x-client"))] == []


@pytest.mark.parametrize("authorization", ["", "Basic YTpi", "Digest x", "Bearer", "bearertoken"])
async def test_without_a_token_the_client_is_told_what_to_send(
    envoy: httpx.AsyncClient, authorization: str
) -> None:
    answer = await envoy.get("/check/", headers=question("mobile", authorization=authorization))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer realm="colonnade"')


def test_a_consumer_may_not_be_called_like_the_issuer_or_another(machines: Machines) -> None:
    issuer = machines.provider.issuer
    for names in (issuer,), ("https://a.example", "https://a.example"):
        consumers = tuple(Consumer(f"c{number}", name, ()) for number, name in enumerate(names))
        with pytest.raises(ValueError, match="somebody else is"):
            plan(document(identity=Identity(issuer, "colonnade", consumers=consumers)))


def test_a_short_secret_is_told_and_no_secret_is(machines: Machines) -> None:
    assert "consumer short: 1 of 1 secrets cannot be used" in machines.edge.logged()
    assert "consumer public: 1 of 1 secrets cannot be used" in machines.edge.logged()
    for secret in (PARTNER, PREVIOUS, SHOP, LONG, "s" * 31):
        assert secret not in machines.edge.logged()
