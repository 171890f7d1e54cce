"""Pages of other origins: who may call, and who may read the answer."""

from collections.abc import Iterator, Mapping

import httpx
import pytest

from colonnade_tests.envoy.edge import Edge, running

TV = """\
kind: web
port: 3003
route: {prefix: /api/tv}
auth: {type: jwt, revocation: false}
limits: [{name: all, rate: 1000/second, policy: local}]
cors:
  origins: ["https://shop.example.com", "https://*.example.org", "http://localhost:5173"]
  credentials: true
  max_age: 10m
routes:
  - name: anyone
    path: /anyone
    auth: {type: none}
    cors: {origins: ["*"], methods: [GET], headers: [x-own]}
  - {name: nobody, path: /nobody, auth: {type: none}, cors: {origins: []}}
  - {name: put, path: /put, methods: [PUT], cors: {origins: ["https://put.example"]}}
"""
PLAIN = """\
kind: web
port: 3004
route: {prefix: /api/plain}
auth: {type: none}
"""
SHOP = "https://shop.example.com"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV, "plain": PLAIN}) as edge:
        yield edge


def preflight(edge: Edge, path: str, origin: str, method: str = "POST") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return httpx.options(f"{edge.url}{path}", headers=asked)


def told(answer: httpx.Response) -> Mapping[str, str]:
    return {
        name.removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.startswith("access-control-")
    }


def test_a_preflight_is_answered_without_a_credential(edge: Edge) -> None:
    answer = preflight(edge, "/api/tv/orders", SHOP)

    assert answer.status_code == 200
    assert {name: value for name, value in told(answer).items() if name != "expose-headers"} == {
        "allow-origin": SHOP,
        "allow-credentials": "true",
        "allow-methods": "GET,HEAD,POST,PUT,PATCH,DELETE",
        "allow-headers": "authorization,content-type,x-csrf",
        "max-age": "600",
    }


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example.com", True),
        ("https://a.example.org", True),
        ("https://a.b.example.org", True),
        ("http://localhost:5173", True),
        ("http://shop.example.com", False),
        ("https://shop.example.com:8443", False),
        ("https://shop.example.com.evil.net", False),
        ("https://evil.net/shop.example.com", False),
        ("https://example.org", False),
        ("https://evilexample.org", False),
        ("https://evil.net#.example.org", False),
        ("https://shopxexample.com", False),
        ("http://localhost:51730", False),
        ("null", False),
    ],
)
def test_an_origin_is_held_to_the_manifest_letter_by_letter(
    edge: Edge, origin: str, *, allowed: bool
) -> None:
    assert (origin if allowed else None) == told(preflight(edge, "/api/tv/x", origin)).get("allow-origin")
    answer = edge.get("/api/tv/x", headers=edge.alice() | {"Origin": origin})
    assert (origin if allowed else None) == told(answer).get("allow-origin")
    assert "Origin" in answer.headers["vary"]


def test_a_refusal_can_be_read_too(edge: Edge) -> None:
    answer = edge.get("/api/tv/x", headers={"Origin": SHOP})

    assert (401, SHOP) == (answer.status_code, told(answer)["allow-origin"])


def test_the_limits_and_the_request_id_can_be_read(edge: Edge) -> None:
    exposed = told(edge.get("/api/tv/x", headers=edge.alice() | {"Origin": SHOP}))["expose-headers"]

    assert {"ratelimit", "retry-after", "x-ratelimit-remaining", "x-request-id"} <= set(exposed.split(","))


def test_an_exception_has_a_policy_of_its_own(edge: Edge) -> None:
    anyone = told(preflight(edge, "/api/tv/anyone", "https://elsewhere.example", "GET"))

    assert (anyone["allow-methods"], anyone["allow-headers"]) == ("GET", "x-own")
    assert "allow-credentials" not in anyone
    assert anyone["allow-origin"] in {"*", "https://elsewhere.example"}
    assert told(edge.get("/api/tv/nobody", headers={"Origin": SHOP})) == {}


def test_the_method_asked_for_chooses_the_route_of_a_preflight(edge: Edge) -> None:
    def let_in(origin: str, method: str) -> bool:
        return "allow-origin" in told(preflight(edge, "/api/tv/put", origin, method))

    assert let_in("https://put.example", "PUT")
    assert not let_in(SHOP, "PUT")
    assert let_in(SHOP, "POST")


@pytest.mark.parametrize("more", [{}, {"Origin": ""}], ids=["no origin", "an empty one"])
def test_what_only_looks_like_a_preflight_is_not_let_in(edge: Edge, more: dict[str, str]) -> None:
    asked = {"Access-Control-Request-Method": "PUT"} | more

    assert httpx.options(f"{edge.url}/api/tv/put", headers=asked).status_code == 401


@pytest.mark.parametrize("say", ["access-control-allow-origin", "access-control-allow-credentials"])
def test_a_bff_cannot_let_an_origin_in_on_its_own(edge: Edge, say: str) -> None:
    origin = {"Origin": "https://evil.net"}

    plain = edge.get("/api/plain", headers=origin, params={f"say.{say}": "https://evil.net"})
    known = edge.get("/api/tv/x", headers=edge.alice() | origin, params={f"say.{say}": "https://evil.net"})

    assert told(plain) == told(known) == {}


def test_without_cors_in_the_manifest_a_preflight_is_a_request_like_any(edge: Edge) -> None:
    answer = preflight(edge, "/api/plain", SHOP)

    assert answer.json()["path"] == "/"
    assert told(answer) == {}
    assert "vary" not in answer.headers or "Origin" not in answer.headers["vary"]
