"""A service that is down, slow or failing: an honest answer within the deadline."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.platform_folder import Stack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@contextmanager
def fault(stack: Stack, service: str, **settings: object) -> Iterator[None]:
    url = f"{stack.url(service)}/_faults"
    httpx.put(url, json=settings).raise_for_status()
    try:
        yield
    finally:
        httpx.delete(url).raise_for_status()


@pytest.fixture
def bobs(stack: Stack) -> Iterator[httpx.Client]:
    """A mobile client of bob, whose limit other tests of this file do not share."""
    with stack.client(headers={"Authorization": f"Bearer {stack.token(user='bob')}"}) as client:
        eventually(
            lambda: client.get("/api/mobile/products", params={"limit": 1}).status_code == 200, within=60
        )
        yield client


def test_a_failing_optional_service_leaves_a_partial_answer(stack: Stack, bobs: httpx.Client) -> None:
    with fault(stack, "order", error_rate=1.0):
        answer = bobs.get("/api/mobile/home")

    assert answer.status_code == 200
    assert answer.json()["degraded"]


def test_a_failing_required_service_is_a_problem(stack: Stack, bobs: httpx.Client) -> None:
    with fault(stack, "product", error_rate=1.0):
        answer = bobs.get("/api/mobile/products")

    assert answer.status_code in {502, 503, 504}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_hanging_service_is_given_up(stack: Stack, bobs: httpx.Client) -> None:
    with fault(stack, "order", hang=True):
        answer = bobs.get("/api/mobile/home")

    assert answer.status_code in {200, 504}
    if answer.status_code == 200:
        assert answer.json()["degraded"]
