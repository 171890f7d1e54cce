from typing import Any

import pytest
from colonnade_runtime.testing import AppClient, FakeUpstreams

from web_bff.app import app
from web_bff_tests.answers import ALICE


def alice(answer: Any = ALICE) -> AppClient:  # noqa: ANN401 - whatever the service answers
    return AppClient(app, FakeUpstreams({"user GET /users/alice": answer}), {"x-user-id": "alice"})


async def test_alice_asks_who_she_is() -> None:
    answer = await alice().post("/graphql", {"query": "{ me { id name email } }"})

    expected = {"id": "alice", "name": "Alice Moreau", "email": "alice@example.com"}
    assert answer.json() == {"data": {"me": expected}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nobody { id } }", "BAD_REQUEST"),
        ("{ me {", "BAD_REQUEST"),
        ("{ a" + "{ a" * 20 + " }" * 21, "BAD_REQUEST"),
    ],
)
async def test_a_query_that_cannot_be_executed_is_told_with_a_code(query: str, code: str) -> None:
    answer = await alice().post("/graphql", {"query": query})

    assert answer.status == 200
    assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {code}


async def test_a_failing_service_is_told_without_internals() -> None:
    answer = await alice(500).post("/graphql", {"query": "{ me { id } }"})

    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_FAILED"
    assert error["message"] == "The user service failed."


async def test_graphql_is_posted() -> None:
    assert (await alice().get("/graphql?query={me{id}}")).status == 405


@pytest.mark.parametrize("query", ["{ me { id } }", "{ __typename }"])
async def test_nobody_is_refused(query: str) -> None:
    assert (await AppClient(app).post("/graphql", {"query": query})).status == 401
