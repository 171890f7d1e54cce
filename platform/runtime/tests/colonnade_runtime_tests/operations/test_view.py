"""`POST /graphql`: what is let in, and what is told."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import strawberry
from colonnade_runtime import App, get
from colonnade_runtime.endpoint import declared
from colonnade_runtime.fanout import attempt
from colonnade_runtime.graphql import Limits, graphql
from colonnade_runtime.testing import AppClient, FakeUpstreams
from strawberry import Info
from strawberry.extensions import SchemaExtension

from colonnade_runtime_tests.operations.tree import schema

NAME = "{ tree { name } }"


@get("price", "/prices")
async def prices() -> list[int]:
    """Prices."""
    declared()


def client(*, development: bool = False, **options: Any) -> AppClient:  # noqa: ANN401 - as `graphql`
    app = App("tree", services=[])
    app.post("/graphql")(graphql(schema, **options))
    return AppClient(app, development=development)


async def code(asked: dict[str, Any], used: AppClient) -> str:
    """The one code of the errors that are told; nothing else is."""
    answer = (await used.post("/graphql", asked)).json()
    assert answer["data"] is None
    (found,) = {str(error["extensions"]["code"]) for error in answer["errors"]}
    return found


async def test_introspection_is_for_development() -> None:
    question = {"query": "{ __schema { queryType { name } } }"}

    answer = await client(development=True).post("/graphql", question)

    assert {"data": {"__schema": {"queryType": {"name": "Query"}}}} == answer.json()
    assert await code(question, client()) == "BAD_REQUEST"


@pytest.mark.parametrize(("development", "told"), [(True, True), (False, False)])
async def test_names_of_the_schema_are_guessed_for_developers_only(*, development: bool, told: bool) -> None:
    answer = await client(development=development).post("/graphql", {"query": "{ tree { nme } }"})

    (error,) = answer.json()["errors"]
    assert ("'name'" in error["message"]) == told
    assert error["message"].startswith("Cannot query field 'nme' on type '")


async def test_an_operation_that_would_answer_too_many_fields_is_refused() -> None:
    used = client(limits=Limits(complexity=100))
    query = "query ($n: Int!) { tree { children(first: $n) { name note tags } } }"

    few = await used.post("/graphql", {"query": query, "variables": {"n": 3}})

    assert len(few.json()["data"]["tree"]["children"]) == 3
    assert await code({"query": query, "variables": {"n": 1000}}, used) == "TOO_COMPLEX"
    assert await code({"query": "{ tree { children(first: 99) { name } } }"}, used) == "TOO_COMPLEX"
    assert await code({"query": "{ tree { " + "name " * 65 + "} }"}, client()) == "TOO_COMPLEX"


@pytest.mark.parametrize(
    "query",
    [
        "{ tree " + "{ child " * 12 + "{ name }" + " }" * 13,
        "{ tree { " + " ".join(f"a{number}: name" for number in range(31)) + " } }",
        "{ tree { " + "name " * 2_000 + "} }",
    ],
)
async def test_depth_aliases_and_length_are_bounded(query: str) -> None:
    assert await code({"query": query}, client()) == "BAD_REQUEST"


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({sha256(NAME.encode()).hexdigest(): NAME, "short": NAME}))
    return file


@pytest.mark.parametrize(
    "asked",
    [
        {"documentId": "short"},
        {"documentId": f"sha256:{sha256(NAME.encode()).hexdigest()}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(NAME.encode()).hexdigest()}}},
        {"documentId": "short", "query": "{ tree { note } }"},
    ],
)
async def test_a_trusted_document_is_executed_by_its_id(asked: dict[str, Any], trusted: Path) -> None:
    answer = await client(trusted=trusted).post("/graphql", asked)

    assert {"data": {"tree": {"name": "t0"}}} == answer.json()


async def test_in_production_no_other_documents_are_accepted(trusted: Path) -> None:
    in_production, at_home = client(trusted=trusted), client(trusted=trusted, development=True)

    assert await code({"query": NAME}, in_production) == "PERSISTED_QUERY_REQUIRED"
    assert await code({"documentId": "other"}, in_production) == "PERSISTED_QUERY_NOT_FOUND"
    assert (await at_home.post("/graphql", {"query": NAME})).json()["data"]


async def test_what_is_missing_is_named() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        async def prices(self, info: Info) -> list[int]:
            return await attempt(info.context, "prices", prices(info.context), [])

    app = App("shop", services=["price"])
    app.post("/graphql")(graphql(strawberry.Schema(query=Query)))

    answer = await AppClient(app, FakeUpstreams({"price GET /prices": 500})).post(
        "/graphql", {"query": "{ prices }"}
    )

    assert {"data": {"prices": []}, "extensions": {"degraded": ["prices"]}} == answer.json()
    assert answer.headers["x-degraded"] == "prices"


def test_a_schema_with_extensions_is_not_taken() -> None:
    class Nosy(SchemaExtension):
        """Looks at everything."""

    @strawberry.type
    class Query:
        name: str = "x"

    with pytest.raises(TypeError, match="no schema extensions"):
        graphql(strawberry.Schema(query=Query, extensions=[Nosy]))


@pytest.mark.parametrize("stock", [False, True])
async def test_a_value_that_does_not_fit_its_field_is_the_resolvers_mistake(*, stock: bool) -> None:
    query = "{ tree { wrong } " + '__type(name: "Tree") { name } ' * stock + "}"

    answer = await client(development=stock).post("/graphql", {"query": query})

    (error,) = answer.json()["errors"]
    assert ("INTERNAL", "Something went wrong.") == (error["extensions"]["code"], error["message"])
