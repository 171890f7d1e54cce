"""Headers that bound what a browser does with an answer, whoever gave it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from colonnade_tests.envoy.edge import Edge, running

TV = """\
kind: web
port: 3003
route: {prefix: /api/tv}
auth: {type: jwt, revocation: false}
limits: [{name: all, rate: 1000/second, policy: local}]
routes:
  - {name: open, path: /open, auth: {type: none}}
"""
SHOP = """\
name: shop
edge: {trusted_hops: %d, hsts: %s}
identity: {issuer: "https://id.example.com", session: {client_secret: env:SECRET}}
guardrails: {auth: [jwt, none], require_limit: false}
"""
EXPECTED = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "server": "colonnade",
}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV}) as edge:
        yield edge


def told(headers: httpx.Headers) -> dict[str, str]:
    return {name: headers.get(name, "") for name in EXPECTED}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/tv/open", 200),
        ("/healthz", 200),
        ("/api/tv/open%2fx", 307),
        ("/api/tv", 401),
        ("/nowhere", 404),
        ("/auth/session", 401),
    ],
)
def test_every_answer_carries_them_once(edge: Edge, path: str, status: int) -> None:
    answer = edge.get(path)

    assert answer.status_code == status
    assert EXPECTED == told(answer.headers)


@pytest.mark.parametrize("request_head", ["NONSENSE", "GET / HTTP/1.1\r\nHost: x\r\nx-l: " + "x" * 70_000])
def test_even_a_refusal_of_what_is_no_request_carries_them(edge: Edge, request_head: str) -> None:
    address = (edge.target.listen.host, edge.target.listen.port)
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(f"{request_head}\r\n\r\n".encode())
        answer = client.recv(65536).decode().lower()

    assert answer.startswith(("http/1.1 400", "http/1.1 431"))
    assert all(f"\r\n{name}: {value}\r\n" in answer for name, value in EXPECTED.items())


@pytest.mark.parametrize("name", ["content-security-policy", "referrer-policy", "cache-control"])
def test_what_the_bff_says_itself_wins(edge: Edge, name: str) -> None:
    answer = edge.get("/api/tv/x", params={f"say.{name}": "own"}, headers=edge.alice())

    assert answer.headers[name] == "own"


def test_who_serves_behind_the_edge_is_not_told(edge: Edge) -> None:
    answer = edge.get("/api/tv/open", params={"say.server": "Backend/1.0", "say.x-powered-by": "Python"})

    assert answer.headers["server"] == "colonnade"
    assert "x-powered-by" not in answer.headers


def test_answers_to_somebody_known_are_not_cached(edge: Edge) -> None:
    known = edge.get("/api/tv/x", headers=edge.alice())

    assert known.headers["cache-control"] == "no-store"
    assert "cache-control" not in edge.get("/api/tv/open").headers


@pytest.mark.parametrize(
    ("hsts", "expected"),
    [("{}", "max-age=31536000"), ("{max_age: 1d, subdomains: true}", "max-age=86400; includeSubDomains")],
)
def test_https_is_kept_to_once_a_browser_came_by_it(tmp_path: Path, hsts: str, expected: str) -> None:
    with running(tmp_path, {"tv": TV}, SHOP % (1, hsts)) as edge:
        over_https = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
        paths = ("/api/tv/open", "/api/tv", "/nowhere", "/healthz")

        assert {expected} == {
            edge.get(path, headers=over_https).headers["strict-transport-security"] for path in paths
        }
        assert "strict-transport-security" not in edge.get("/api/tv/open").headers


def test_a_client_cannot_pretend_that_it_came_by_https(tmp_path: Path) -> None:
    with running(tmp_path, {"tv": TV}, SHOP % (0, "{}")) as edge:
        answer = edge.get("/api/tv/open", headers={"x-forwarded-proto": "https"})

        assert "strict-transport-security" not in answer.headers


def test_without_hsts_in_the_manifest_it_is_not_sent(tmp_path: Path) -> None:
    with running(tmp_path, {"tv": TV}, SHOP % (1, "null")) as edge:
        answer = edge.get("/api/tv/open", headers={"x-forwarded-proto": "https"})

        assert "strict-transport-security" not in answer.headers
