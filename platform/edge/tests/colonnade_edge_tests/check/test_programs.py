"""Routes for programs: a person's token is refused, whatever the provider calls things."""

import httpx
import pytest

from colonnade_edge.authn.jwt import identity_of
from colonnade_edge_tests.documents import mobile
from colonnade_policy import Claims

PROGRAMS = {
    "RFC 9068": {"sub": "billing", "client_id": "billing"},
    "no subject": {"sub": "", "client_id": "billing"},
    "Okta": {"sub": "billing", "client_id": "", "cid": "billing"},
    "Auth0": {"sub": "billing@clients", "client_id": "", "azp": "billing", "gty": "client-credentials"},
    "Keycloak": {
        "sub": "5b0c", "client_id": "", "azp": "Billing", "preferred_username": "service-account-billing",
    },
    "Entra ID with idtyp": {"sub": "7f", "oid": "7f", "client_id": "", "azp": "billing", "idtyp": "app"},
    "Entra ID": {"sub": "7f", "oid": "7f", "client_id": "", "azp": "billing", "tid": "t", "roles": ["in"]},
    "Entra ID, version 1": {"sub": "7f", "oid": "7f", "client_id": "", "appid": "billing", "tid": "t"},
}  # fmt: skip
PERSONS = {
    "RFC 9068": {"sub": "alice", "client_id": "billing"},
    "another client's name": {"sub": "billing", "client_id": "mobile"},
    "Okta": {"sub": "alice@example.com", "client_id": "", "cid": "billing", "uid": "00u1"},
    "Auth0": {"sub": "auth0|5f7c", "client_id": "", "azp": "billing", "gty": "password"},
    "a name like Auth0's": {"sub": "other@clients", "client_id": "", "azp": "billing"},
    "Keycloak": {"sub": "5b0c", "client_id": "", "azp": "billing", "preferred_username": "alice", "sid": "s"},
    "a name like Keycloak's": {
        "sub": "5b0c", "client_id": "", "azp": "billing", "preferred_username": "service-account-billing",
        "sid": "s",
    },
    "Entra ID": {"sub": "pair", "oid": "7f", "client_id": "", "azp": "billing", "tid": "t", "scp": "read"},
    "Entra ID with idtyp": {"sub": "7f", "oid": "7f", "client_id": "", "azp": "b", "idtyp": "user"},
}  # fmt: skip


@pytest.mark.parametrize("claims", PROGRAMS.values(), ids=PROGRAMS)
async def test_a_program_passes(envoy: httpx.AsyncClient, claims: dict[str, str]) -> None:
    answer = await envoy.get("/check/", headers=mobile("machines", **claims))

    assert answer.status_code == 200
    assert answer.headers["x-client-id"].lower() == "billing"
    assert "x-user-id" not in answer.headers


@pytest.mark.parametrize("claims", PERSONS.values(), ids=PERSONS)
async def test_a_person_does_not(envoy: httpx.AsyncClient, claims: dict[str, str]) -> None:
    answer = await envoy.get("/check/", headers=mobile("machines", **claims))
    elsewhere = await envoy.get("/check/", headers=mobile("mobile", **claims))

    assert (answer.status_code, answer.json()["type"]) == (403, "urn:colonnade:problem:programs-only")
    assert elsewhere.headers["x-user-id"] == claims["sub"]


def test_a_person_whom_another_claim_names_is_no_program() -> None:
    places = Claims(user=("uid",))

    person = identity_of({"uid": "alice", "client_id": "billing"}, "t", places)
    program = identity_of({"client_id": "billing"}, "t", places)

    assert (person.consumer, person.program) == ("user:alice", False)
    assert (program.consumer, program.program) == ("client:billing", True)


async def test_a_program_needs_a_token(envoy: httpx.AsyncClient) -> None:
    answer = await envoy.get("/check/", headers={"x-colonnade-route": "machines"})

    assert answer.status_code == 401
