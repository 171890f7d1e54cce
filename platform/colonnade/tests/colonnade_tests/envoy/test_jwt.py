"""Access tokens at a real edge: what Envoy verifies alone, and what it asks about, are refused alike."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from colonnade.envoy import hygiene
from colonnade_tests.envoy.edge import Edge, eventually, running

MANIFEST = """\
kind: mobile
port: 3003
route: {prefix: /api/tv}
auth: {type: jwt, revocation: false}
routes:
  - {name: asked, path: /asked, limits: [{name: a, rate: 1000/second}]}
  - {name: read, path: /read, auth: {type: jwt, scopes: ["orders:read"], revocation: false}}
  - {name: group, path: /group, auth: {type: jwt, groups: [admin], revocation: false}}
  - {name: claim, path: /claim, auth: {type: jwt, claims: {tenant: [acme, beta]}, revocation: false}}
  - name: elsewhere
    path: /elsewhere
    auth: {type: jwt, token: {cookie: token, query: access_token}, revocation: false}
  - {name: admin, path: /admin, auth: {type: jwt, scopes: ["orders:admin"], revocation: false}}
"""
PATHS = ["/api/tv/native", "/api/tv/asked"]
RSA = RSAKey.generate_key(2048, {"kid": "rs"})
KEYS: dict[str, Key] = {
    "RS256": RSA,
    "PS384": RSAKey.generate_key(2048, {"kid": "ps", "alg": "PS384"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "es-256", "use": "sig"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "es-384"}),
    "ES512": ECKey.generate_key("P-521", {"kid": "es-512"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": MANIFEST}, keys=KEYS.values()) as edge:
        known = bearer(signed(edge, "EdDSA", KEYS["EdDSA"]))
        eventually(lambda: edge.get("/api/tv/native", headers=known).status_code == 200)
        yield edge


def signed(
    edge: Edge, algorithm: str, key: Key, head: Mapping[str, object] | None = None, **claims: object
) -> str:
    header: dict[str, Any] = {"alg": algorithm, "kid": key.kid, **(head or {})}
    with catch_warnings(action="ignore", category=SecurityWarning):  # EdDSA got a second name
        return jwt.encode(header, edge.backend.claims(claims), key, algorithms=[algorithm])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def identity(answer: httpx.Response) -> dict[str, str]:
    """Return who asks, as the BFF was told."""
    return {name: value for name, value in answer.json()["headers"] if name in hygiene.IDENTITY}


def refused(answer: httpx.Response, why: str) -> None:
    assert answer.status_code == 401, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge == f'Bearer realm="colonnade", error="invalid_token", error_description="{why}"'
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("algorithm", KEYS)
def test_every_algorithm_with_a_private_key_is_taken(edge: Edge, algorithm: str, path: str) -> None:
    answer = edge.get(path, headers=bearer(signed(edge, algorithm, KEYS[algorithm])))

    assert answer.status_code == 200
    assert ["x-user-id", "alice"] in answer.json()["headers"]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_the_challenge_names_no_error(edge: Edge, path: str) -> None:
    answer = edge.get(path)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="colonnade"'


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "it is of another issuer"),
        ({"iss": None}, "its claims are malformed"),
        ({"aud": "other"}, "it is for another audience"),
        ({"aud": None}, "it is for another audience"),
        ({"exp": 1}, "it has expired"),
        ({"exp": None}, "its claims are malformed"),
        ({"exp": "never"}, "its claims are malformed"),
        ({"nbf": 4102444800}, "it is not valid yet"),
        ({"exp": 4102444800}, "it would hold for too long"),
    ],
)
def test_a_token_that_does_not_hold_is_refused_and_told_why(
    edge: Edge, path: str, claims: dict[str, object], why: str
) -> None:
    refused(edge.get(path, headers=edge.alice(**claims)), why)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("sub", [None, ""])
def test_a_token_without_a_subject_is_its_clients(edge: Edge, path: str, sub: str | None) -> None:
    token = edge.alice(sub=sub, email="alice@shop.example", roles=["admin"])

    answer = edge.get(path, headers=token)

    assert answer.status_code == 200
    assert identity(answer) == {"x-client-id": "tv"}


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"roles": "user admin"}, "user,admin"),
        ({"roles": "user,admin tester"}, "tester"),
        ({"roles": "Wyoming"}, "Wyoming"),
        ({"roles": ["a,b", "c d", "e"]}, "e"),
        ({"roles": ["shop-user", "a+b.c/d"]}, "shop-user,a+b.c/d"),
        ({"roles": ["caf\u00e9", ""]}, None),
        ({"roles": []}, None),
        ({"roles": None, "email": "caf\u00e9@shop.example"}, None),
        ({"roles": None, "client_id": "caf\u00e9"}, None),
    ],
    ids=str,
)
def test_a_user_is_told_alike_by_envoy_and_by_the_policy_service(
    edge: Edge, claims: dict[str, object], told: str | None
) -> None:
    native, asked = (identity(edge.get(path, headers=edge.alice(**claims))) for path in PATHS)

    assert native.get("x-user-roles") == told
    assert native == asked


def test_no_part_of_a_role_is_one(edge: Edge) -> None:
    """Names with a quote or a backslash are left out where Envoy decides alone."""
    token = edge.alice(roles=['a"admin', "b\\", "user", 'c\\"admin"'])

    assert identity(edge.get("/api/tv/native", headers=token))["x-user-roles"] == "user"


@pytest.mark.parametrize("path", PATHS)
def test_a_subject_that_no_header_carries_is_refused(edge: Edge, path: str) -> None:
    assert edge.get(path, headers=edge.alice(sub="caf\u00e9")).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_speaks_of_nobody_is_refused(edge: Edge, path: str) -> None:
    answer = edge.get(path, headers=edge.alice(sub=None, client_id=None))

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", [*PATHS, "/api/tv/read"])
@pytest.mark.parametrize("name", ["X-User-ID", "X-Colonnade-Verified", "X_Colonnade_Verified"])
def test_who_only_says_that_a_token_was_verified_is_not_believed(edge: Edge, path: str, name: str) -> None:
    said = {name: edge.backend.issuer}

    assert edge.get(path, headers=said).status_code == 401
    assert edge.get(path, headers=said | bearer("x.y.z")).status_code == 401
    assert "x-colonnade-verified" not in dict(edge.get(path, headers=edge.alice()).json()["headers"])


def test_a_token_that_expired_a_second_ago_is_refused(edge: Edge) -> None:
    asked = edge.get("/api/tv/asked", headers=edge.alice(exp=int(time.time()) - 1))
    native = edge.get("/api/tv/native", headers=edge.alice(exp=int(time.time()) - 2))

    refused(asked, "it has expired")
    refused(native, "it has expired")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("alg", ["none", "None", "HS256", "hs256"])
def test_an_unsigned_token_is_refused(edge: Edge, path: str, alg: str) -> None:
    forged = f"{part({'alg': alg, 'typ': 'JWT'})}.{part(edge.backend.claims({}))}."

    assert edge.get(path, headers=bearer(forged)).status_code == 401
    assert edge.get(path, headers=bearer(f"{forged}AAAA")).status_code == 401


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("algorithm", "digest"), [("HS256", "sha256"), ("HS512", "sha512")])
def test_a_public_key_is_no_shared_secret(edge: Edge, path: str, algorithm: str, digest: str) -> None:
    for secret in (RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False)).encode()):
        content = f"{part({'alg': algorithm, 'kid': RSA.kid})}.{part(edge.backend.claims({}))}"
        signature = hmac.digest(secret, content.encode(), digest)
        forged = f"{content}.{urlsafe_b64encode(signature).decode().rstrip('=')}"

        assert edge.get(path, headers=bearer(forged)).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_key_verifies_no_other_algorithm_than_its_own(edge: Edge, path: str) -> None:
    bound = RSAKey.import_key({n: v for n, v in KEYS["PS384"].as_dict(private=True).items() if n != "alg"})

    refused(edge.get(path, headers=bearer(signed(edge, "RS256", bound, {"kid": "ps"}))), "its key is unknown")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kid",
    ["../../../../dev/null", "/dev/null", "' OR 1=1 --", "x" * 4000, "http://evil.example/jwks", "\x00", "*"],
    ids=["path", "device", "sql", "long", "url", "nul", "glob"],
)
def test_a_key_id_is_only_compared(edge: Edge, path: str, kid: str) -> None:
    mine = RSAKey.generate_key(2048)

    assert edge.get(path, headers=bearer(signed(edge, "RS256", mine, {"kid": kid}))).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_key_in_the_token_is_not_believed(edge: Edge, path: str) -> None:
    mine = RSAKey.generate_key(2048, {"kid": "rs"})
    elsewhere = f"{edge.backend.issuer}/mine"
    for name, value in (("jwk", mine.as_dict(private=False)), ("jku", elsewhere), ("x5u", elsewhere)):
        head = {name: value}
        refused(edge.get(path, headers=bearer(signed(edge, "RS256", mine, head))), "its signature is wrong")

    assert not edge.backend.asked["/mine"]


@pytest.mark.parametrize("typ", ["logout+jwt", "dpop+jwt"])
def test_a_signed_text_of_another_type_is_no_access_token(edge: Edge, typ: str) -> None:
    token = signed(edge, "RS256", KEYS["RS256"], {"typ": typ}, events={})

    refused(edge.get("/api/tv/asked", headers=bearer(token)), "it is not an access token")


@pytest.mark.parametrize(
    "claims", [{"typ": "ID"}, {"typ": "Refresh"}, {"nonce": "n"}, {"at_hash": "h"}, {"token_use": "id"}]
)
def test_an_id_token_is_no_access_token(edge: Edge, claims: dict[str, object]) -> None:
    refused(edge.get("/api/tv/asked", headers=edge.alice(**claims)), "it is not an access token")


def test_a_token_that_is_bound_to_a_key_is_no_bearer_token(edge: Edge) -> None:
    answer = edge.get("/api/tv/asked", headers=edge.alice(cnf={"jkt": "thumb"}))

    refused(answer, "it is bound to a key that was not shown")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("second", ["garbage", "good"])
def test_two_tokens_are_refused_or_one_sender(edge: Edge, path: str, second: str) -> None:
    """Nothing behind the edge sees either, so no two readers can take different ones."""
    other = edge.backend.token({"sub": "bob"}) if second == "good" else "garbage"
    headers = [("Authorization", edge.alice()["Authorization"]), ("Authorization", f"Bearer {other}")]

    answer = edge.get(path, headers=headers)

    assert answer.status_code in {200, 400, 401}
    if answer.status_code == 200:
        assert ["x-user-id", "alice"] in answer.json()["headers"]
        assert "authorization" not in dict(answer.json()["headers"])


def test_a_new_key_does_at_once_and_is_fetched_once_for_all(edge: Edge) -> None:
    """A token that Envoy does not know yet needs its scopes all the same."""
    new = RSAKey.generate_key(2048, {"kid": "new"})
    token = bearer(signed(edge, "RS256", new))
    edge.backend.keys.append(new)
    # The provider is asked out of turn once in ten seconds.
    eventually(lambda: _asked_for(edge, token), within=30, every=0.5)

    for path in (*PATHS, "/api/tv/read"):
        assert edge.get(path, headers=token).status_code == 200
        assert edge.get(path, headers=edge.alice()).status_code == 200
    assert edge.get("/api/tv/admin", headers=token).status_code == 403


def _asked_for(edge: Edge, token: dict[str, str]) -> bool:
    """Whether the provider was asked for the key of a token that is shown thirty times at once."""
    before = edge.backend.asked["/keys"]
    with ThreadPoolExecutor(30) as pool:
        paths = [*PATHS, "/api/tv/read"] * 10
        statuses = set(pool.map(lambda path: edge.get(path, headers=token).status_code, paths))
    more = edge.backend.asked["/keys"] - before
    assert more <= 1
    assert statuses <= ({200, 401} if more else {401})
    return more == 1


def test_while_the_provider_is_away_known_keys_do(edge: Edge) -> None:
    edge.backend.provider_down = True
    try:
        unknown = bearer(signed(edge, "RS256", RSAKey.generate_key(2048, {"kid": "away"})))
        for path in PATHS:
            assert edge.get(path, headers=edge.alice()).status_code == 200
            assert edge.get(path, headers=unknown).status_code == 401
    finally:
        edge.backend.provider_down = False


@pytest.mark.parametrize("path", ["/jwks", "/api/tv/../../jwks", "/auth/../jwks", "/auth/jwks"])
def test_the_keys_are_not_served_outside(edge: Edge, path: str) -> None:
    answer = httpx.get(edge.url + path, follow_redirects=True)

    assert answer.status_code == 404
    assert "keys" not in answer.json()


@pytest.mark.parametrize(
    ("path", "claims", "status"),
    [
        ("/api/tv/group", {"roles": ["admin"]}, 200),
        ("/api/tv/group", {"roles": ["user"]}, 403),
        ("/api/tv/claim", {"tenant": "beta"}, 200),
        ("/api/tv/claim", {"tenant": "other"}, 403),
        ("/api/tv/claim", {}, 403),
        ("/api/tv/read", {"scope": None, "scp": ["orders:read"]}, 200),
        ("/api/tv/read", {"scope": None, "scp": ["orders:readable"]}, 403),
        ("/api/tv/read", {"scope": None, "scp": "a orders:read"}, 200),
    ],
)
def test_what_a_token_lacks_is_403(edge: Edge, path: str, claims: dict[str, object], status: int) -> None:
    assert edge.get(path, headers=edge.alice(**claims)).status_code == status


def test_a_token_in_the_query_goes_no_further_than_the_edge(edge: Edge) -> None:
    token = edge.backend.token({})

    answer = edge.get(f"/api/tv/elsewhere?a=1&access_token={token}&b=2")

    assert answer.status_code == 200
    assert answer.json()["path"] == "/elsewhere?a=1&b=2"
    request_id = answer.headers["x-request-id"]
    eventually(lambda: request_id in edge.log.read_text(encoding="utf-8"), within=30)
    signature = token.rpartition(".")[2]
    assert signature not in edge.log.read_text(encoding="utf-8")
    assert signature not in (edge.folder / "policy.log").read_text(encoding="utf-8")
    assert signature not in json.dumps(answer.json()["headers"])


def test_a_token_in_a_cookie_goes_no_further_than_the_edge(edge: Edge) -> None:
    answer = edge.get("/api/tv/elsewhere", headers={"Cookie": f"a=1; token={edge.backend.token({})}"})

    assert answer.status_code == 200
    assert not {"cookie", "authorization"} & set(dict(answer.json()["headers"]))


def test_another_page_cannot_use_the_cookie(edge: Edge) -> None:
    cookie = {"Cookie": f"token={edge.backend.token({})}"}

    def post(headers: dict[str, str]) -> int:
        return httpx.post(f"{edge.url}/api/tv/elsewhere", headers=cookie | headers).status_code

    assert post({}) == 403
    assert post({"X-CSRF": "1", "Origin": "https://evil.example"}) == 403
    assert post({"X-CSRF": "1"}) == 200
    assert post(edge.alice()) == 200


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("access_token=%s&access_token=%s", {}),
        ("access%%5Ftoken=%s", {}),
        ("ACCESS_TOKEN=%s", {}),
        ("token=%s", {}),
        ("access_token=%s", {"Authorization": "Bearer x.y.z"}),
    ],
    ids=["twice", "escaped", "upper case", "another name", "beside a bad header"],
)
def test_a_token_counts_where_the_route_says_only(edge: Edge, query: str, headers: dict[str, str]) -> None:
    token = edge.backend.token({})
    filled = query % ((token,) * query.count("%s"))

    assert edge.get(f"/api/tv/elsewhere?{filled}", headers=headers).status_code == 401


def test_other_routes_take_a_token_in_the_header_only(edge: Edge) -> None:
    token = edge.backend.token({})

    for path in PATHS:
        assert (
            edge.get(f"{path}?access_token={token}", headers={"Cookie": f"token={token}"}).status_code == 401
        )


KEYCLOAK = """\
name: shop
guardrails: {auth: [jwt, none], require_limit: false}
identity: {claims: {roles: realm_access.roles, client: azp, scopes: [scp, "https://shop.example/scopes"]}}
"""


def test_claims_are_mapped_for_envoy_too(tmp_path: Path) -> None:
    with running(tmp_path, {"tv": MANIFEST}, KEYCLOAK) as edge:
        token = {"realm_access": {"roles": ["user", "staff"]}, "azp": "app", "scope": None}
        eventually(lambda: edge.get("/api/tv/native", headers=edge.alice()).status_code == 200)
        native = edge.get("/api/tv/native", headers=edge.alice(**token)).json()["headers"]
        asked = edge.get("/api/tv/asked", headers=edge.alice(**token)).json()["headers"]
        named = edge.alice(**token, **{"https://shop.example/scopes": ["orders:read"]})

        assert {"x-user-roles": "user,staff", "x-client-id": "app"}.items() <= dict(native).items()
        assert {"x-user-roles": "user,staff", "x-client-id": "app"}.items() <= dict(asked).items()
        assert edge.get("/api/tv/read", headers=named).status_code == 200
        assert edge.get("/api/tv/read", headers=edge.alice(**token)).status_code == 403
