"""Single things, read together."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from colonnade_runtime import FanOut, Page, Request, batched, declared, get
from colonnade_runtime.errors import UpstreamStatus
from colonnade_runtime.testing import FakeUpstreams, request_from
from colonnade_runtime.upstream import Call


class Product(msgspec.Struct, frozen=True):
    id: str


@get("product", "/products")
async def products_with(ids: list[str]) -> Page[Product]:
    declared()


product_with = batched(products_with, by=lambda product: product.id, most=3)


def catalogue(call: Call) -> object:
    """All that are asked for but `none`, in another order."""
    ids = parse_qs(urlsplit(call.target).query)["ids"][0].split(",")
    return {"items": [{"id": one} for one in reversed(ids) if one != "none"]}


@pytest.fixture
def upstreams() -> FakeUpstreams:
    return FakeUpstreams({"product GET /products": catalogue})


@pytest.fixture
async def request_(upstreams: FakeUpstreams) -> Request:
    return request_from({}, upstreams)


async def test_things_asked_for_at_once_are_one_call(request_: Request, upstreams: FakeUpstreams) -> None:
    found = await asyncio.gather(*(product_with(request_, one) for one in ("b", "a", "none", "a")))

    assert [Product("b"), Product("a"), None, Product("a")] == found
    assert ["/products?ids=b%2Ca%2Cnone"] == [call.target for call in upstreams.calls]


async def test_so_do_those_of_a_fan_out(request_: Request, upstreams: FakeUpstreams) -> None:
    async with FanOut(request_) as fan:
        tasks = [fan.required(product_with(request_, one)) for one in "ab"]

    assert [Product("a"), Product("b")] == [task.result() for task in tasks]
    assert 1 == len(upstreams.calls)


async def test_many_are_split(request_: Request, upstreams: FakeUpstreams) -> None:
    found = await asyncio.gather(*(product_with(request_, str(number)) for number in range(7)))

    assert [Product(str(number)) for number in range(7)] == found
    assert 3 == len(upstreams.calls)


async def test_what_was_read_is_not_read_again_in_the_same_request(
    request_: Request, upstreams: FakeUpstreams
) -> None:
    for _ in range(2):
        assert (Product("a"), None) == (
            await product_with(request_, "a"),
            await product_with(request_, "none"),
        )

    assert 2 == len(upstreams.calls)
    await product_with(request_from({}, upstreams), "a")
    assert 3 == len(upstreams.calls)


async def test_a_failure_is_everybodys(request_: Request, upstreams: FakeUpstreams) -> None:
    upstreams.answers["product GET /products"] = 500

    found = await asyncio.gather(*(product_with(request_, one) for one in "ab"), return_exceptions=True)

    assert [UpstreamStatus, UpstreamStatus] == [type(one) for one in found]


async def test_a_call_ends_with_the_last_who_waits(request_: Request, upstreams: FakeUpstreams) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hang(_call: Call) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    upstreams.answers["product GET /products"] = hang
    first, second = (asyncio.create_task(product_with(request_, one)) for one in "ab")
    await asked.wait()
    first.cancel()
    await asyncio.sleep(0)
    assert not ended.is_set()
    second.cancel()

    await asyncio.wait_for(ended.wait(), 10)
