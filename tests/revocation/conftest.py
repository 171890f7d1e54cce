"""A platform with three edges, whose mobile BFF streams."""

from collections.abc import Iterator

import pytest

from tests.platform_folder import Stack, make_platform, stand_in

AUTH = {"live": "jwt", "page": "session", "thing": "api_key", "open": "none"}


def route(name: str, auth: str) -> str:
    """A part of the mobile BFF, all of which answers as its root does."""
    path = f"rewrite: {{regex: '^/api/mobile/{name}', substitution: ''}}"
    return f"  - {{name: {name}, path: /{name}, stream: true, {path}, auth: {{type: {auth}}}}}"


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = make_platform(tmp_path_factory.mktemp("revocation") / "platform")
    stand_in(folder)
    manifest, mobile = folder / "colonnade.yaml", folder / "bffs/mobile/bff.yaml"
    text = manifest.read_text()
    for old, new in (("replicas: 1", "replicas: 3"), ("auth: [session,", "auth: [none, session,")):
        assert text.count(old) == 1
        text = text.replace(old, new)
    manifest.write_text(text)
    limits = mobile.read_text().replace("rate: 100/minute\n    burst: 20", "rate: 900/second\n    burst: 900")
    mobile.write_text("\n".join([limits, "routes:", *map(route, AUTH, AUTH.values()), ""]))
    stack = Stack(folder).up()
    yield stack
    stack.down()
