"""What tokens of real providers say, and where."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from colonnade_edge.authn.claims import holds, text, words
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.jwt import identify
from colonnade_edge.errors import Unauthenticated
from colonnade_policy import Claims
from colonnade_policy import Identity as Trusted

KEYCLOAK = {
    "sub": "f7d3", "typ": "Bearer", "azp": "shop-app", "scope": "openid email orders:read", "sid": "s",
    "realm_access": {"roles": ["user", "offline_access"]}, "email": "alice@example.com",
    "preferred_username": "alice", "nonce": "of an older version",
}  # fmt: skip
AUTH0 = {
    "sub": "auth0|5f7c", "azp": "K3x", "scope": "orders:read",
    "https://shop.example/roles": ["admin"], "https://shop.example/email": "alice@example.com",
}  # fmt: skip
ENTRA = {
    "sub": "pairwise", "oid": "8b2c", "tid": "t", "azp": "6731", "scp": "orders:read orders:write",
    "roles": ["Shop.Admin"], "preferred_username": "alice@example.com", "ver": "2.0",
}  # fmt: skip
OKTA = {
    "sub": "alice@example.com", "uid": "00u1", "cid": "0oa1", "scp": ["orders:read", "openid"],
    "groups": ["Everyone", "admins"],
}  # fmt: skip


def said(claims: dict[str, Any], **places: tuple[str, ...]) -> Identity:
    told = {"iss": "i", "aud": "colonnade", "exp": time.time() + 60, **claims}
    payload = urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return identify(payload, Trusted("i", "colonnade", claims=Claims(**places)))


@pytest.mark.parametrize(
    ("claims", "places", "consumer", "headers", "scopes"),
    [
        (
            KEYCLOAK,
            {"roles": ("realm_access.roles",)},
            "user:f7d3",
            {
                "x-user-email": "alice@example.com",
                "x-user-roles": "user,offline_access",
                "x-client-id": "shop-app",
            },
            {"openid", "email", "orders:read"},
        ),
        (
            AUTH0,
            {"roles": ("https://shop.example/roles",), "email": ("email", "https://shop.example/email")},
            "user:auth0|5f7c",
            {"x-user-email": "alice@example.com", "x-user-roles": "admin", "x-client-id": "K3x"},
            {"orders:read"},
        ),
        (
            ENTRA,
            {"user": ("oid",), "email": ("email", "preferred_username")},
            "user:8b2c",
            {"x-user-email": "alice@example.com", "x-user-roles": "Shop.Admin", "x-client-id": "6731"},
            {"orders:read", "orders:write"},
        ),
        (
            OKTA,
            {"user": ("uid",), "email": ("sub",), "roles": ("groups",)},
            "user:00u1",
            {"x-user-email": "alice@example.com", "x-user-roles": "Everyone,admins", "x-client-id": "0oa1"},
            {"orders:read", "openid"},
        ),
    ],
    ids=["Keycloak", "Auth0", "Entra ID", "Okta"],
)
def test_the_tokens_of_a_provider_are_understood(
    claims: dict[str, Any],
    places: dict[str, tuple[str, ...]],
    consumer: str,
    headers: dict[str, str],
    scopes: set[str],
) -> None:
    identity = said(claims, **places)

    assert identity.consumer == consumer
    assert dict(identity.headers) == {"x-user-id": consumer.removeprefix("user:"), **headers}
    assert identity.scopes == scopes
    assert not identity.program
    assert identity.provenance.user == consumer.removeprefix("user:")


def test_a_person_whose_name_is_missing_is_not_taken_for_a_program() -> None:
    with pytest.raises(Unauthenticated, match="does not say whom"):
        said({"sub": "alice", "client_id": "app"}, user=("oid",))


def test_a_name_with_dots_is_not_a_path_where_it_is_there() -> None:
    claims = {"a.b": "name", "a": {"b": "path"}}

    assert text(claims, ("a.b",)) == "name"
    assert text({"a": {"b": "path"}}, ("x", "a.b")) == "path"
    assert text({"a": "no object"}, ("a.b",)) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["a", "b"], ("a", "b")), ("a b", ("a", "b")), (["a", 5, None], ("a",)), (5, ()), (None, ()), ({}, ())],
)
def test_words_are_a_list_or_a_text(value: object, expected: tuple[str, ...]) -> None:
    assert words({"scp": value}, ("scope", "scp")) == expected


@pytest.mark.parametrize(
    ("value", "values", "held"),
    [
        ("acme", ("acme",), True), ("acme", ("beta", "acme"), True), (["x", "acme"], ("acme",), True),
        ("acme2", ("acme",), False), ("ACME", ("acme",), False), (None, ("acme",), False),
        ([], ("acme",), False),
        (2, (2,), True), (2, ("2",), False), (True, (1,), False), (1, (True,), False), (True, (True,), True),
        ({"acme": 1}, ("acme",), False),
    ],
)  # fmt: skip
def test_a_claim_is_held_by_value_and_type(value: object, values: tuple[Any, ...], held: bool) -> None:  # noqa: FBT001 - a parameter
    assert holds({"tenant": value}, "tenant", values) is held
