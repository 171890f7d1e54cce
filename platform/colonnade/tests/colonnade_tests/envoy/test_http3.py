"""HTTP/3 at the edge, by a real Envoy and a client of another library."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import httpx
import pytest

from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running
from tests import http3
from tests.http3 import Answer, Client, Ended, request

TV = """kind: mobile
port: 3003
route: {prefix: /api/tv}
auth: {type: jwt, revocation: false}
limits: [{name: each, rate: 3/hour, policy: local}]
routes:
  - name: open
    path: /open
    auth: {type: none}
    limits: [{name: address, rate: 1000/hour, key: ip, policy: local}]
"""
HTTP3 = f"{PLATFORM}edge: {{tls: {{http3: true}}}}\n"


def ask(edge: Edge, *requests: tuple[str, dict[str, str]]) -> list[Answer]:
    """The answers to requests over one connection of HTTP/3."""
    asked = http3.ask(port(edge), edge.authority.read_bytes(), *requests)
    return asyncio.run(asyncio.wait_for(asked, 40))


def port(edge: Edge) -> int:
    assert edge.target.tls is not None
    return edge.target.tls.listen.port


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV}, HTTP3) as edge:
        eventually(lambda: over_tls(edge).status_code == 200)
        yield edge


def over_tls(edge: Edge) -> httpx.Response:
    trusting = ssl.create_default_context(cafile=str(edge.authority))
    return httpx.get(f"{edge.tls_url}/api/tv/open", verify=trusting)


def test_the_answers_over_tls_lead_to_http_3_and_those_in_the_clear_do_not(edge: Edge) -> None:
    assert f'h3=":{port(edge)}"; ma=86400' == over_tls(edge).headers["alt-svc"]
    assert "alt-svc" not in edge.get("/api/tv/open").headers


def test_a_request_over_http_3_is_what_it_is_over_tls(edge: Edge) -> None:
    forged = {"X-User-ID": "root", "X-Forwarded-For": "203.0.113.1"}
    (answer,) = ask(edge, ("/api/tv/open?q=1", forged))
    told = httpx.Response(200, content=answer.body).json()
    seen = dict(told["headers"])

    assert (200, "/open?q=1") == (answer.status, told["path"])
    assert "https" == seen["x-forwarded-proto"]
    assert "203.0.113.1" not in seen["x-forwarded-for"]
    assert "x-user-id" not in seen


def test_a_client_has_the_same_address_over_http_3(edge: Edge) -> None:
    """By which requests are counted: the two share what is left."""
    left = int(over_tls(edge).headers["x-ratelimit-remaining"])
    (answer,) = ask(edge, ("/api/tv/open", {}))

    assert left - 1 == int(answer.headers["x-ratelimit-remaining"])


def test_credentials_and_limits_hold_over_http_3_as_elsewhere(edge: Edge) -> None:
    alice = edge.alice()
    before = edge.get("/api/tv/home", headers=alice)
    nobody, *known = ask(edge, ("/api/tv/home", {}), *[("/api/tv/home", alice)] * 3)

    assert (401, "application/problem+json") == (nobody.status, nobody.headers["content-type"])
    assert "2" == before.headers["x-ratelimit-remaining"]
    assert [200, 200, 429] == [answer.status for answer in known]
    assert "alice" == dict(httpx.Response(200, content=known[0].body).json()["headers"])["x-user-id"]
    assert "retry-after" in known[2].headers


def test_a_renewed_certificate_is_shown_over_http_3_too(edge: Edge) -> None:
    before = edge.authority.read_bytes()
    (edge.authority).unlink()
    edge.certify()  # by another CA, which the client below trusts alone
    eventually(lambda: over_tls(edge).status_code == 200)

    assert before != edge.authority.read_bytes()
    assert 200 == ask(edge, ("/api/tv/open", {}))[0].status


BAD = {
    "no path": request("/api/tv/open")[:3],
    "a pseudo-header twice": [*request("/api/tv/open"), (":path", "/api/tv/home")],
    "a pseudo-header after others": [*request("/api/tv/open")[:3], ("x-a", "1"), (":path", "/api/tv/open")],
    "a pseudo-header that is not one": [*request("/api/tv/open"), (":secret", "1")],
    "capitals": [*request("/api/tv/open"), ("X-Capital", "1")],
    "a header of a connection": [*request("/api/tv/open"), ("connection", "x-user-id")],
    "chunks": [*request("/api/tv/open", "POST"), ("transfer-encoding", "chunked")],
    "a line break": [*request("/api/tv/open"), ("x-a", "1\r\nx-user-id: root")],
    "two hosts": [*request("/api/tv/open"), ("host", "elsewhere,localhost")],
    "more headers than are taken": [*request("/api/tv/open"), *[(f"x-{n}", "1") for n in range(150)]],
    "a length that is none": [*request("/api/tv/open", "POST"), ("content-length", "1,2")],
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD.keys())
async def test_a_malformed_request_is_refused_and_reaches_nobody(edge: Edge, fields: http3.Fields) -> None:
    assert await became(edge, lambda client: client.asked(fields)) in {"refused", "reset", "closed"}
    assert 200 == over_tls(edge).status_code


async def test_a_body_of_another_length_than_was_said_is_refused(edge: Edge) -> None:
    for said in ("3", "30"):
        fields = [*request("/api/tv/open", "POST"), ("content-length", said)]
        assert await became(edge, partial(Client.asked, fields=fields, body=b"x" * 10)) != "answered"
    assert 200 == over_tls(edge).status_code


FRAMES = {
    "a body first": b"\x00\x03abc",
    "settings on a request": b"\x04\x00",
    "what only HTTP/2 has": b"\x02\x05\x00\x00\x00\x00\x00",
    "headers that are none": b"\x01\x04\xff\xff\xff\xff",
    "a frame that is cut off": b"\x01\x40\xff\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES.keys())
async def test_frames_out_of_place_end_the_stream_or_the_connection(edge: Edge, frames: bytes) -> None:
    assert await became(edge, lambda client: client.raw(frames)) in {"refused", "reset", "closed"}
    assert 200 == over_tls(edge).status_code


async def test_requests_that_are_taken_back_at_once_do_not_keep_others_waiting(edge: Edge) -> None:
    """Rapid reset (CVE-2023-44487), which HTTP/3 knows as well."""
    async with http3.connected(port(edge), edge.authority.read_bytes()) as attacker:
        for _ in range(300):
            attacker.given_up("/api/tv/open")
            await asyncio.sleep(0)
        async with http3.connected(port(edge), edge.authority.read_bytes()) as client:
            served = [(await client.get("/api/tv/open", {})).status for _ in range(20)]

    assert [200] * 20 == served


async def became(edge: Edge, asking: Callable[[Client], Awaitable[Answer]]) -> str:
    """What becomes of a request on a connection of its own."""
    async with http3.connected(port(edge), edge.authority.read_bytes()) as client:
        try:
            answer = await asking(client)
        except Ended as ended:
            return "closed" if ended.whole else "reset"
        return "refused" if 400 <= answer.status < 500 else "answered"


def test_it_is_not_spoken_unless_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        running(tmp_path_factory.mktemp("off"), {"tv": TV}, policy_service=False) as off,
        socket.socket(type=socket.SOCK_DGRAM) as probe,
    ):
        assert "alt-svc" not in over_tls(off).headers
        assert off.target.tls is not None
        probe.settimeout(10)
        probe.connect((HOST, off.target.tls.listen.port))
        probe.send(b"anybody?")
        with pytest.raises(ConnectionRefusedError):
            probe.recv(1)
