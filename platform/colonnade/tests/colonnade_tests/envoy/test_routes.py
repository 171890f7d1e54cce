"""Whichever way Envoy finds a route, it is the first of the list that matches."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import httpx
import pytest

from colonnade.ir.route import Route
from colonnade_tests.envoy.edge import Edge, platform, running

TEXT = "name: shop\nguardrails: {prefix: /, auth: [none], require_limit: false}\n"


def bff(port: int, base: str, *routes: tuple[str, str]) -> str:
    """A BFF that is told by which of its routes a request came."""

    def told(name: str) -> str:
        return f"rewrite: {{regex: '^.*$', substitution: /{name}}}"

    exceptions = (f"  - {{name: {name}, {match}, {told(name)}}}\n" for name, match in routes)
    begin = f"kind: mobile\nport: {port}\nauth: {{type: none}}\nroute: {{{base}, {told('base')}}}\nroutes:\n"
    return begin + "".join(exceptions)


SHOP = bff(
    3003,
    "prefix: /shop, hosts: [localhost]",
    ("a", "path: /a"),
    ("ab", "path: /a/b, methods: [POST]"),
    ("ab-beta", "path: /a/b, headers: {x-beta: '1'}"),
    ("abc", "path: /a/b/c, methods: [GET], headers: {x-beta: '1'}"),
    ("at", "path: /at, methods: [POST]"),
)
ALL = bff(
    3004,
    "prefix: /shop/a",
    ("beta", "path: /b, headers: {x-beta: '1'}"),
    ("ping", "path: /b/c/d"),
)
HOSTED = bff(
    3005,
    "prefix: /shop, hosts: [shop.example.com, '*.example.org']",
    ("hosted-a", "path: /a, methods: [DELETE]"),
)
BFFS = {"shop": SHOP, "all": ALL, "hosted": HOSTED}
PATHS = (
    "/", "/a", "/shop/a", "/shop/a/", "/shop/a/b", "/shop/a/b/", "/shop/a/b?x", "/shop/a/bc", "/shop/a/b/c",
    "/shop/a/b/c/d?e=/f", "/shop/at", "/shop/at?x", "/shop/att", "/shopping", "/shopping/list", "/shoppings",
)  # fmt: skip


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), BFFS, TEXT, policy_service=False) as edge:
        yield edge


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Route, ...]:
    return platform(tmp_path_factory.mktemp("routes"), BFFS, TEXT).routes


def first(routes: tuple[Route, ...], host: str, method: str, path: str, beta: str) -> str | None:
    """The model: all routes in their order, one by one."""
    segments = path.partition("?")[0]
    for route in routes:
        match = route.match
        prefix = match.prefix.rstrip("/")
        hosts = [pattern for pattern in match.hosts if pattern in {"*", host}]
        hosts += [
            pattern for pattern in match.hosts if pattern.startswith("*.") and host.endswith(pattern[1:])
        ]
        if (
            hosts
            and (segments == prefix or segments.startswith(f"{prefix}/"))
            and (not match.methods or method in match.methods)
            and all(beta == value for _, value in match.headers)
        ):
            return route.id if "." in route.id else "base"
    return None


@pytest.mark.parametrize("host", ["shop.example.com", "www.example.org", "localhost"])
def test_the_first_route_that_matches_is_taken(edge: Edge, routes: tuple[Route, ...], host: str) -> None:
    with httpx.Client(base_url=edge.url, headers={"Host": host}) as client:
        for path, method, beta in product(PATHS, ("GET", "POST", "DELETE"), ("0", "1")):
            taken = client.request(method, path, headers={"x-beta": beta})
            expected = first(routes, host, method, path, beta)
            found = None if taken.status_code == 404 else taken.json()["path"].partition("?")[0]
            assert found == (expected and f"/{expected.rpartition('.')[2]}"), (path, method, beta)


def test_a_host_that_is_none_is_refused_on_every_path(edge: Edge) -> None:
    for path in ("/", "/shop/a/b", "/auth/session"):
        assert edge.get(path, headers={"Host": "a, b"}).status_code == 400


@pytest.mark.parametrize(("own", "native"), [("", {False}), (", limits: []", {True})])
def test_routes_that_share_a_limit_are_counted_together(tmp_path: Path, own: str, native: set[bool]) -> None:
    text = f"""\
kind: mobile
port: 3003
auth: {{type: none}}
route: {{prefix: /api/tv}}
limits: [{{name: all, rate: 1/second, key: ip, policy: local}}]
routes: [{{name: part, path: /part{own}}}]
"""

    routes = platform(tmp_path, {"tv": text}).routes

    assert {route.decision.native for route in routes} == native
