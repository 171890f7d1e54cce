"""HTTP/2 requests that would mean something else once they are written as HTTP/1 (RFC 9113 §8, §10.3)."""

import json
from contextlib import ExitStack

import pytest
from hyperframe.frame import DataFrame

from tests.attacks.echo import seen
from tests.attacks.frames import Connection, Fields, request
from tests.platform_folder import Stack


def none_arrives(stack: Stack, requests: list[Fields], body: bytes | None = None) -> None:
    """Each is turned away, on a connection of its own, and reaches no BFF.

    All at once: the edge waits a little before it closes a connection.
    """
    before = seen(stack)
    with ExitStack() as held:
        clients = [held.enter_context(Connection(stack)) for _ in requests]
        for client, fields in zip(clients, requests, strict=True):
            client.submit(fields, body)
        outcomes = [client.outcome() for client in clients]

    assert [] == [fields for fields, outcome in zip(requests, outcomes, strict=True) if not outcome.refused()]
    assert before == seen(stack)


def test_an_honest_request_passes(stack: Stack) -> None:
    """Or all of the refusals below would prove nothing."""
    with Connection(stack) as client:
        assert client.ask(request("/api/echo/open/honest")).statuses == {1: 200}
    assert ["GET", "/open/honest"] == seen(stack)[-1]


FIELDS: list[Fields] = [
    [("transfer-encoding", "chunked")],
    [("connection", "close")],
    [("connection", "x-user-id")],
    [("keep-alive", "timeout=5")],
    [("proxy-connection", "keep-alive")],
    [("upgrade", "h2c")],
    [("te", "gzip")],
    [("X-User-ID", "bob")],
    [("x\r\nx-user-id", "bob")],
    [("x", "a\r\nx-user-id: bob")],
    [("x", "a\nx-user-id: bob")],
    [("x", "a\rb")],
    [("x", "a\x00b")],
    [("x\x00", "a")],
    [("x y", "a")],
    [("x:", "a")],
    [("", "a")],
    [(":path", "/api/echo/open/smuggled")],
    [(":authority", "evil.example")],
    [(":unknown", "x")],
    [(":status", "200")],
    [("host", "evil.example"), ("host", "shop")],
    [("content-length", "5")],
    [("content-length", "+0")],
    [("content-length", "0"), ("content-length", "5")],
]


def test_a_field_that_http2_has_no_place_for(stack: Stack) -> None:
    none_arrives(stack, [[*request(), *fields] for fields in FIELDS])


REQUESTS: list[Fields] = [
    request(path="api/echo/open/x"),
    request(path=""),
    request(path="*"),
    request(path="/api/echo/open/x HTTP/1.1\r\nX-User-ID: bob\r\nX: "),
    request(path="/api/echo/open/a b"),
    request(path="/api/echo/open/\x00"),
    request(path="/api/echo/open/x#/../admin"),
    request(method=""),
    request(method="GET /api/echo/open/smuggled HTTP/1.1\r\nHost: shop\r\n\r\nGET"),
    request(method="G T"),
    request(method="GET\r\n"),
    request(scheme="http://evil.example"),
    request(authority="shop\r\nX-User-ID: bob"),
    request(authority="shop/api"),
    request(authority="user@shop"),
    request(authority="shop, evil.example"),
    request(authority=""),
    request()[1:],
    request()[:3],
    [*request()[:2], request()[3]],
    [*request()[:3], ("x", "early"), request()[3]],
    [*request(), request()[0]],
]


def test_pseudo_headers_that_make_no_request(stack: Stack) -> None:
    none_arrives(stack, REQUESTS)


def test_a_length_that_the_frames_contradict(stack: Stack) -> None:
    lengths = ["3", "50", "5\r\nx: y", "05x", "-5"]
    none_arrives(
        stack, [[*request(method="POST"), ("content-length", length)] for length in lengths], b"hello"
    )


def test_trailers_are_no_headers(stack: Stack) -> None:
    with Connection(stack) as client:
        client.send(client.headers(1, request(method="POST"), "END_HEADERS"))
        client.send(DataFrame(1, b"hello"))
        client.send(client.headers(1, [("x-user-id", "bob"), ("x-client-id", "bob")]))
        outcome = client.outcome()

    assert outcome.statuses == {1: 200}
    assert "bob" not in outcome.bodies[1].decode()


@pytest.mark.parametrize(
    "trailers", [[(":path", "/smuggled")], [("X-Upper", "1")], [("x", "a\r\nb")]], ids=repr
)
def test_trailers_that_are_none(stack: Stack, trailers: Fields) -> None:
    before = seen(stack)
    with Connection(stack) as client:
        client.send(client.headers(1, request(method="POST"), "END_HEADERS"))
        client.send(DataFrame(1, b"hello"))
        client.send(client.headers(1, trailers))

        assert client.outcome().refused()
    assert before == seen(stack)


def test_another_host_in_a_header_is_not_told(stack: Stack) -> None:
    """`:authority` is the host (RFC 9113 §8.3.1); the BFF never hears of the other."""
    with Connection(stack) as client:
        outcome = client.ask([*request(), ("host", "evil.example")])

    assert outcome.refused() or "evil" not in outcome.bodies[1].decode()


@pytest.mark.parametrize(
    "name", ["x-user-id", "x_user_id", "x-user_id", "x-colonnade-route", "x-colonnade-jwt"]
)
def test_a_forged_identity_header(stack: Stack, name: str) -> None:
    with Connection(stack) as client:
        outcome = client.ask([*request(), (name, "bob"), (name, "bob")])

    assert outcome.statuses == {1: 200}
    assert "bob" not in outcome.bodies[1].decode()


def test_cookies_that_come_crumb_by_crumb_are_held_together(stack: Stack) -> None:
    """RFC 9113 §8.2.3: so a second session cookie cannot hide in a field of its own."""
    crumbs: Fields = [("cookie", f"colonnade={'a' * 43}"), ("cookie", f"colonnade={'b' * 43}")]
    with Connection(stack) as client:
        outcome = client.ask([*request("/api/echo/session/x"), *crumbs])

    assert outcome.statuses == {1: 401}
    assert "log in first" in json.loads(outcome.bodies[1])["detail"]
