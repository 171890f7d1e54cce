"""One stack for all attacks, and what must hold after each of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest

from tests.attacks.echo import add_echo, seen
from tests.attacks.tokens import Forger
from tests.platform_folder import Stack, make_platform

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All attacks go to one worker, which has the stack."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.stack)
            item.add_marker(pytest.mark.xdist_group("attacks"))


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform with one edge, and a BFF that tells what reaches it."""
    folder = make_platform(tmp_path_factory.mktemp("attacks") / "shop")
    add_echo(folder)
    stack = Stack(folder).up()
    yield stack
    stack.down()


@pytest.fixture(scope="package")
def forger(stack: Stack) -> Forger:
    """Somebody who got hold of the provider's signing key."""
    return Forger(stack)


@pytest.fixture(scope="package")
def anyone(stack: Stack) -> Iterator[httpx.Client]:
    """A client without any credential of its own."""
    with stack.client() as client:
        yield client


@pytest.fixture(autouse=True)
def _unharmed(stack: Stack) -> Iterator[None]:
    """After each attack the same process serves, and nothing was smuggled past it."""
    before = _smuggled(stack)
    yield
    os.kill(int(stack.told["processes"]["envoy"]["pid"]), 0)
    with urlopen(f"{stack.edge}/api/echo/open/after", timeout=10) as answer:  # noqa: S310 - our own edge
        assert answer.status == 200
    assert before == _smuggled(stack)


def _smuggled(stack: Stack) -> list[list[str]]:
    return [request for request in seen(stack) if "smuggled" in request[1]]
