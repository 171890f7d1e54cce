"""The running platform that the tests of this folder share: one for each worker."""

from collections.abc import Iterator

import httpx
import pytest

from tests.platform_folder import Stack, bff, keep, log_in, make_platform

ACCESS_LIFE_S = 12
"""Short enough to wait for, long enough to do something before the next refresh."""


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform with two edges, on free ports."""
    folder = make_platform(tmp_path_factory.mktemp("platform") / "shop")
    manifest = folder / "colonnade.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("replicas: 1", "replicas: 2"), encoding="utf-8")
    stack = Stack(folder).up()
    yield stack
    stack.down()


@pytest.fixture(scope="package")
def short_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform with three edges and two web front ends, whose access tokens live `ACCESS_LIFE_S` only."""
    folder = make_platform(tmp_path_factory.mktemp("platform") / "shop")
    keep(folder, ["web"], ["user", "product", "order"])
    manifest = folder / "colonnade.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("replicas: 1", "replicas: 3"), encoding="utf-8")
    bff(folder, "new", "admin", "--kind", "web", "--owner", "@admin-team")
    web = folder / "bffs/web/bff.yaml"
    # Alice is asked for by fifty requests at once, and has more tests to pass.
    web.write_text(web.read_text(encoding="utf-8").replace("burst: 50", "burst: 500"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCESS_LIFE", str(ACCESS_LIFE_S))
        stack = Stack(folder).up()
    yield stack
    stack.down()


@pytest.fixture
def anonymous(stack: Stack) -> Iterator[httpx.Client]:
    """A client without any credential."""
    with stack.client() as client:
        yield client


@pytest.fixture
def web(stack: Stack) -> Iterator[httpx.Client]:
    """A browser-like client, logged in as alice, that sends the CSRF header."""
    with stack.client() as client:
        answer = log_in(client)
        client.get(answer.headers["location"], follow_redirects=False)
        client.headers["X-CSRF"] = "1"
        yield client


@pytest.fixture(scope="module")
def mobile_token(stack: Stack) -> str:
    """An access token of alice for the mobile client; it lives for five minutes, the stack longer."""
    return stack.token()


@pytest.fixture
def mobile(stack: Stack, mobile_token: str) -> Iterator[httpx.Client]:
    """The mobile client of alice."""
    with stack.client(headers={"Authorization": f"Bearer {mobile_token}"}) as client:
        yield client


@pytest.fixture(scope="package")
def device_key(stack: Stack) -> str:
    """An API key of sensor-1."""
    return stack.key("sensor-1")


@pytest.fixture
def iot(stack: Stack, device_key: str) -> Iterator[httpx.Client]:
    """The device sensor-1."""
    with stack.client(headers={"X-API-Key": device_key}) as client:
        yield client
