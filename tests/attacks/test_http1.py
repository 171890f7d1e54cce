"""HTTP/1 requests that are too much, or none: they arrive as what they are, or not at all."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.attacks.echo import seen
from tests.attacks.wire import SMUGGLED, STATUS, head, post, send
from tests.platform_folder import Stack

PATH = "/api/echo/open/outer"
CHUNKED = "Transfer-Encoding: chunked"
REFUSED = {400, 408, 413, 426, 431, 501}
END = "0\r\n\r\n"


@pytest.mark.parametrize(
    "request_text",
    [
        post(CHUNKED, body=f"1;{'x' * 60_000}\r\na\r\n" * 50 + END),
        post(CHUNKED, body=f"1;{'x' * 4_000_000}\r\na\r\n{END}"),
        post(CHUNKED, body="1\r\na\r\n" * 50_000 + END),
        post(CHUNKED, body=f"{'0' * 100_000}1\r\na\r\n{END}"),
        post(CHUNKED, body="1\r\na\r\n0\r\n" + "".join(f"x-{n}: 1\r\n" for n in range(500)) + "\r\n"),
        post(CHUNKED, body=f"1\r\na\r\n0\r\nx: {'y' * 100_000}\r\n\r\n"),
        "\r\n" * 100_000 + head("GET", PATH),
        head("GET", PATH, *["x: 1"] * 5_000),
        head("G" * 100_000, PATH),
    ],
    ids=[
        "extensions of chunks",
        "an extension without end",
        "chunks of one byte",
        "a size with leading zeros",
        "trailers",
        "a large trailer",
        "empty lines before it",
        "the same header again and again",
        "a method without end",
    ],
)
def test_a_flood_is_one_request_at_most(stack: Stack, request_text: str) -> None:
    before = len(seen(stack))
    answer = send(stack, request_text)

    assert len(answer.statuses) == 1, answer.data
    assert answer.statuses[0] in {200, *REFUSED}, answer.data
    assert len(seen(stack)) - before == (answer.statuses == [200])
    if answer.statuses == [200]:
        assert set(answer.echo["body"]) <= {"a"}


@pytest.mark.parametrize(
    "method", ["FOO", "get", "TRACE", "TRACK", "DEBUG", "PRI", "*", "GET,POST", "G@T", "\xc3\x89"]
)
def test_a_method_that_is_not_served(stack: Stack, method: str) -> None:
    before = seen(stack)
    answer = send(stack, head(method, PATH))

    assert answer.statuses[0] in REFUSED, answer.data
    assert before == seen(stack)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 300,
        bytes(range(256)) * 20,
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + SMUGGLED.encode(),
        b"PROXY TCP4 203.0.113.7 203.0.113.7 1 2\r\n" + SMUGGLED.encode(),
        b"\x00" * 5_000 + SMUGGLED.encode(),
        b"HTTP/1.1 200 OK\r\n\r\n" + SMUGGLED.encode(),
    ],
    ids=["TLS", "all bytes", "half a preface", "a proxy's header", "zeros", "an answer"],
)
def test_what_is_no_request(stack: Stack, sent: bytes) -> None:
    assert set(send(stack, sent).statuses) <= REFUSED


def test_requests_in_one_go_are_answered_in_order(stack: Stack) -> None:
    paths = [f"/api/echo/open/{number}" for number in range(20)]
    text = "".join(head("GET", path) for path in paths) + head("GET", "/nowhere", "Connection: close")
    url = urlsplit(stack.edge)
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        connection.sendall(text.encode())
        data = b"".join(iter(lambda: connection.recv(65536), b""))

    assert [200] * 20 + [404] == [int(status) for status in STATUS.findall(data)]
    places = [data.index(f'"/open/{number}"'.encode()) for number in range(20)]
    assert places == sorted(places)
