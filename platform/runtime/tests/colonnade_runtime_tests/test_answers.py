"""Answers and problems."""

import asyncio
from typing import Annotated

import msgspec
import pytest
from colonnade_runtime import Answer, App, Page, PageQuery, Request
from colonnade_runtime.app import Caller
from colonnade_runtime.errors import UpstreamStatus, UpstreamTimeout, UpstreamUnreachable
from colonnade_runtime.testing import AppClient

SMALL = 4096


class Reading(msgspec.Struct, forbid_unknown_fields=True):
    seq: Annotated[int, msgspec.Meta(ge=0)]
    value: float


async def reading(request: Request) -> Answer:
    return Answer(await request.body(Reading), status=202)


async def page(request: Request) -> Page[str]:
    query = request.query(PageQuery)
    return Page([query.cursor or "first"] * query.limit, "more")


async def slow(_request: Request) -> None:
    await asyncio.Event().wait()


def raising(error: Exception) -> AppClient:
    async def view(_request: Request) -> None:
        raise error

    app = App("broken", services=[])
    app.get("/")(view)
    return AppClient(app)


@pytest.fixture
def client() -> AppClient:
    app = App("test", services=[], max_body=SMALL, deadline=0.05)
    app.post("/readings")(reading)
    app.get("/page")(page)
    app.get("/slow")(slow)
    return AppClient(app)


async def test_an_answer_has_the_status_of_its_view(client: AppClient) -> None:
    answer = await client.post("/readings", {"seq": 1, "value": 2})

    assert (202, {"seq": 1, "value": 2.0}) == (answer.status, answer.json())
    assert ("application/json", "no-store") == (
        answer.headers["content-type"],
        answer.headers["cache-control"],
    )


async def test_health_needs_no_identity() -> None:
    answer = await AppClient(App("strict", services=[], caller="user")).get("/healthz")

    assert (200, {"status": "ok"}) == (answer.status, answer.json())


@pytest.mark.parametrize(
    ("caller", "headers"),
    [("user", {"x_user_id": ""}), ("device", {"x_user_id": "a"}), ("client", {"x_user_id": "a"})],
)
async def test_without_the_caller_an_application_answers_401(caller: Caller, headers: dict[str, str]) -> None:
    app = App("strict", services=[], caller=caller)
    app.get("/page")(page)

    assert 401 == (await AppClient(app).get("/page", **headers)).status


async def test_a_program_is_told_by_its_client() -> None:
    async def who(request: Request) -> dict[str, str]:
        return {"client": request.client_id}

    app = App("programs", services=[], caller="client")
    app.get("/who")(who)

    answer = await AppClient(app).get("/who", x_client_id="billing")

    assert (200, {"client": "billing"}) == (answer.status, answer.json())


async def test_head_answers_without_a_body(client: AppClient) -> None:
    answer = await client.request("HEAD", "/page")

    assert (200, b"") == (answer.status, answer.body)


async def test_a_query_is_typed(client: AppClient) -> None:
    answer = await client.get("/page?limit=2&cursor=a%20b&other=1")

    assert {"items": ["a b", "a b"], "next_cursor": "more"} == answer.json()


@pytest.mark.parametrize(
    ("query", "named"), [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=", "cursor")]
)
async def test_a_wrong_query_names_its_parameter(client: AppClient, query: str, named: str) -> None:
    answer = await client.get(f"/page?{query}")

    assert 422 == answer.status
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"seq": 1,}', b'{"seq":1,"value":2} {}'])
async def test_a_body_that_is_not_json_is_400(client: AppClient, body: bytes) -> None:
    assert 400 == (await client.request("POST", "/readings", body)).status


@pytest.mark.parametrize(
    ("body", "named"),
    [({"seq": -1, "value": 1}, "seq"), ({"seq": 1}, "value"), ({"seq": 1, "value": 1, "unit": "C"}, "unit")],
)
async def test_a_wrong_body_names_its_field(client: AppClient, body: object, named: str) -> None:
    answer = await client.post("/readings", body)

    assert 422 == answer.status
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{}, {"transfer_encoding": "chunked"}])
@pytest.mark.parametrize(("size", "status"), [(SMALL, 202), (SMALL + 1, 413)])
async def test_a_body_has_a_limit(client: AppClient, headers: dict[str, str], size: int, status: int) -> None:
    body = b'{"seq":1,"value":2}'.ljust(size)

    assert status == (await client.request("POST", "/readings", body, **headers)).status


async def test_a_view_that_takes_too_long_is_given_up(client: AppClient) -> None:
    assert 504 == (await client.get("/slow")).status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UpstreamTimeout("order", "late"), 504),
        (UpstreamUnreachable("order", "refused"), 503),
        (UpstreamStatus("order", 500), 502),
    ],
)
async def test_a_failing_service_is_named(error: Exception, status: int) -> None:
    answer = await raising(error).get("/")

    assert status == answer.status
    assert "order" in answer.json()["detail"]


async def test_an_unexpected_error_tells_the_client_nothing_but_where_to_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await raising(RuntimeError("password=hunter2")).get("/", x_request_id="r-7")

    assert (500, "r-7") == (answer.status, answer.json()["request_id"])
    assert b"hunter2" not in answer.body
    assert ["r-7"] == [getattr(record, "request_id", None) for record in caplog.records]
    assert "Traceback" in caplog.text


async def test_a_problem_is_a_problem_document(client: AppClient) -> None:
    answer = await client.request("DELETE", "/page", None, x_request_id="r-1")

    assert (405, "application/problem+json", "GET, HEAD") == (
        answer.status,
        answer.headers["content-type"],
        answer.headers["allow"],
    )
    assert {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "This path takes GET, HEAD.",
        "request_id": "r-1",
    } == answer.json()
