"""JSON and MessagePack: which one is spoken."""

import msgspec
import pytest
from colonnade_runtime import App, Request, private
from colonnade_runtime.encodings import negotiated
from colonnade_runtime.testing import AppClient

PACK = "application/vnd.msgpack"


class Reading(msgspec.Struct, frozen=True):
    seq: int
    at: float


async def echo(request: Request) -> Reading:
    return await request.body(Reading)


async def fixed(_request: Request) -> Reading:
    return Reading(1, 0.5)


@pytest.fixture
def client() -> AppClient:
    app = App("test", services=[])
    app.post("/readings")(echo)
    app.get("/reading", cache=private())(fixed)
    return AppClient(app)


@pytest.mark.parametrize(
    ("accept", "spoken"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/html", "application/json"),
        (PACK, PACK),
        ("application/msgpack", "application/msgpack"),
        ("application/x-msgpack", "application/x-msgpack"),
        ("Application/VND.msgpack;q=0.5", PACK),
        (f"{PACK}, */*", PACK),
        (f"{PACK};q=0.5, */*", "application/json"),
        (f"{PACK}, application/json", "application/json"),
        (f"{PACK}, application/json;q=0.9", PACK),
        (f"{PACK};q=0", "application/json"),
        (f"{PACK};q=x", "application/json"),
        (f"{PACK};q=nan", "application/json"),
        (f"application/msgpack;q=0.1, {PACK}", PACK),
        ("application/msgpacker", "application/json"),
    ],
)
def test_the_client_says_what_it_likes(accept: str | None, spoken: str) -> None:
    assert ("content-type", spoken) == negotiated(accept).media_type


async def test_an_answer_is_packed_for_who_asks_so(client: AppClient) -> None:
    answer = await client.get("/reading", accept=PACK)

    assert (PACK, "accept") == (answer.headers["content-type"], answer.headers["vary"])
    assert {"seq": 1, "at": 0.5} == msgspec.msgpack.decode(answer.body)


async def test_each_encoding_has_a_tag_of_its_own(client: AppClient) -> None:
    tags = {(await client.get("/reading", accept=accept)).headers["etag"] for accept in (PACK, "*/*")}

    assert 2 == len(tags)


@pytest.mark.parametrize("kind", [PACK, "application/msgpack", "Application/msgpack; version=5"])
async def test_a_body_may_be_packed(client: AppClient, kind: str) -> None:
    body = msgspec.msgpack.encode({"seq": 7, "at": 1.5})
    answer = await client.request("POST", "/readings", body, content_type=kind)

    assert (200, {"seq": 7, "at": 1.5}) == (answer.status, answer.json())


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (msgspec.msgpack.encode({"seq": "x", "at": 1.5}), 422, "seq"),
        (b"\xc1", 400, "MessagePack"),
        (b"", 400, "MessagePack"),
    ],
)
async def test_a_wrong_packed_body_is_a_problem(
    client: AppClient, body: bytes, status: int, told: str
) -> None:
    answer = await client.request("POST", "/readings", body, content_type=PACK, accept=PACK)

    assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"])
    assert told in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"seq": 7, "at": 1, "more": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
        (PACK, b"\x83\xa3seq\x07\xa2at\x01\xa4more" + b"\x91" * 10_000 + b"\xc0"),
    ],
)
async def test_a_body_nested_too_deep_is_the_clients_mistake(
    client: AppClient, kind: str, body: bytes
) -> None:
    answer = await client.request("POST", "/readings", body, content_type=kind)

    assert answer.status == 400
    assert answer.json()["detail"].endswith(": it is nested too deep.")
