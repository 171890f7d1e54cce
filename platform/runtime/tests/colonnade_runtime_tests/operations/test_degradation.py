"""The kit holds GraphQL operations to what they say of missing fields."""

import pytest
import strawberry
from colonnade_runtime import App, Request, UpstreamError, declared, get
from colonnade_runtime.graphql import graphql
from colonnade_runtime.testing import AppClient, FakeUpstreams, check_graphql_degradation
from strawberry import Info

QUERY = "{ user { name news } }"
HIDING = "{ user { name silent } }"
STRICT = "{ user { name needed } }"


@get("user", "/user")
async def user_of() -> str:
    declared()


@get("news", "/news")
async def news_of() -> str:
    declared()


@strawberry.type
class User:
    name: str

    @strawberry.field
    async def news(self, info: Info[Request, None]) -> str | None:
        return await news_of(info.context)

    @strawberry.field
    async def needed(self, info: Info[Request, None]) -> str:
        return await news_of(info.context)

    @strawberry.field
    async def silent(self, info: Info[Request, None]) -> str | None:
        try:
            return await news_of(info.context)
        except UpstreamError:
            return None


@strawberry.type
class Query:
    @strawberry.field
    async def user(self, info: Info[Request, None]) -> User:
        return User(name=await user_of(info.context))


@pytest.fixture
def client() -> AppClient:
    app = App("shop", services=["user", "news"])
    app.post("/graphql")(graphql(strawberry.Schema(query=Query)))
    return AppClient(app, FakeUpstreams({"user GET /user": "Alice", "news GET /news": "none"}))


async def test_every_combination_is_tried(client: AppClient) -> None:
    assert 4**2 == await check_graphql_degradation(client, QUERY, {"user.news": news_of})


@pytest.mark.parametrize(
    ("query", "optional", "told"),
    [
        (QUERY, {}, "there is data, a required call failed"),
        (HIDING, {"user.silent": news_of}, r"\[\] is told to be missing"),
        (STRICT, {"user.needed": news_of}, "there is no data, only optional calls failed"),
        ("{ user { nothing } }", {}, "nothing failed, and an error says"),
    ],
)
async def test_an_operation_that_does_otherwise_is_found(
    client: AppClient, query: str, optional: dict[str, object], told: str
) -> None:
    with pytest.raises(AssertionError, match=told):
        await check_graphql_degradation(client, query, optional)  # type: ignore[arg-type]
