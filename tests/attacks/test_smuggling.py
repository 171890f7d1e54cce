"""Requests whose end two servers would see in two places (RFC 9112 §11.2): none is let through."""

import pytest

from tests.attacks.echo import seen
from tests.attacks.wire import SMUGGLED, Exchange, head, post, send
from tests.platform_folder import Stack

REFUSED = {400, 408, 413, 426, 431, 501}
CHUNKED = f"0\r\n\r\n{SMUGGLED}"
LENGTH = f"Content-Length: {len(CHUNKED)}"


def never_arrives(stack: Stack, *parts: bytes | str) -> None:
    """What is sent is answered once, by a refusal, and reaches no BFF."""
    before = seen(stack)
    answer = send(stack, *parts)

    assert len(answer.statuses) == 1, answer.data
    assert answer.statuses[0] in REFUSED, answer.data
    assert before == seen(stack)


def arrives_once(stack: Stack, request: str) -> Exchange:
    """What is sent is one request for the BFF, as it is for the edge."""
    before = len(seen(stack))
    answer = send(stack, request)

    assert answer.statuses == [200], answer.data
    assert len(seen(stack)) == before + 1
    return answer


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 6", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 6"),
        (LENGTH, "Transfer-Encoding: chunked"),
        ("Content-Length: 0", "Transfer-Encoding: chunked"),
        (LENGTH, "Transfer-Encoding:\tchunked"),
        (LENGTH, "Transfer-Encoding: CHUNKED"),
        (LENGTH, "Connection: Content-Length", "Transfer-Encoding: chunked"),
        (LENGTH, "Connection: Transfer-Encoding", "Transfer-Encoding: chunked"),
    ],
    ids=str,
)
def test_both_a_length_and_chunks(stack: Stack, lines: tuple[str, ...]) -> None:
    never_arrives(stack, post(*lines, body=CHUNKED))


@pytest.mark.parametrize(
    "line",
    [
        "Transfer-Encoding : chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-encoding: cow",
        'Transfer-Encoding: "chunked"',
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding:\x0bchunked",
        "Transfer-Encoding: \x00chunked",
        "Transfer\x00-Encoding: chunked",
        "Transfer-Encoding\r\n: chunked",
        "Transfer-Encoding:",
    ],
    ids=repr,
)
@pytest.mark.parametrize("length", ["", f"{LENGTH}\r\n"], ids=["alone", "with a length"])
def test_chunks_in_disguise(stack: Stack, line: str, length: str) -> None:
    never_arrives(stack, post(f"{length}{line}", body=CHUNKED))


@pytest.mark.parametrize(
    "value",
    ["+5", "-5", "0x5", "5a", "5 5", "5,5", "5, 6", "5;", "", "1e1", "5\x00", "18446744073709551621", "\xb2"],
)
def test_a_length_that_is_no_number(stack: Stack, value: str) -> None:
    before = seen(stack)
    answer = send(
        stack, post("").replace("\r\n\r\n", f"\r\nContent-Length: {value}\r\n\r\n").encode() + b"hello"
    )

    assert answer.statuses[0] in REFUSED, answer.data
    assert before == seen(stack)


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "content-length: 0"),
        ("Content-Length : 5",),
        ("Content-Length\t: 5",),
    ],
    ids=str,
)
def test_a_length_said_twice_or_askew(stack: Stack, lines: tuple[str, ...]) -> None:
    never_arrives(stack, post(*lines, body="hello"))


@pytest.mark.parametrize("value", ["005", "  5  ", "\t5\t"], ids=repr)
def test_a_length_with_zeros_or_blanks_is_what_it_is(stack: Stack, value: str) -> None:
    """RFC 9110 §8.6 allows them."""
    answer = arrives_once(stack, post(f"Content-Length: {value}", body="hello"))

    assert (["5"], "hello") == (
        [length.lstrip("0") for length in answer.got("content-length")],
        answer.echo["body"],
    )


@pytest.mark.parametrize(
    "chunks",
    [
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5_0\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhelloX0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\n\n",
        "5;x\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\x00\r\nhello\r\n0\r\n\r\n",
    ],
    ids=repr,
)
def test_a_chunk_whose_size_can_be_read_in_two_ways(stack: Stack, chunks: str) -> None:
    never_arrives(stack, post("Transfer-Encoding: chunked", body=chunks + SMUGGLED))


def test_a_chunked_body_reaches_the_bff_with_its_length(stack: Stack) -> None:
    answer = arrives_once(stack, post("Transfer-Encoding: chunked", body="5;x=y\r\nhello\r\n0\r\n\r\n"))

    assert (["5"], []) == (answer.got("content-length"), answer.got("transfer-encoding"))
    assert answer.echo["body"] == "hello"


@pytest.mark.parametrize(
    "line",
    ["X: a\x00b", "X\x00: a", "X y: a", "X", ": a", "X\x7f: a", "X\r: a"],
    ids=repr,
)
def test_a_header_line_that_is_none(stack: Stack, line: str) -> None:
    never_arrives(stack, head("GET", "/api/echo/open/outer", line))


@pytest.mark.parametrize(
    "line",
    [
        "X: a\r\n X-User-ID: bob",
        "X: a\r\n\tX-User-ID: bob",
        "X: a\rX-User-ID: bob",
        "X: a\r\rX-User-ID: bob\r",
        "X: a\r Transfer-Encoding: chunked",
        "X: a\r\n Transfer-Encoding: chunked",
        "X: a\nX-User-ID: bob",
    ],
    ids=repr,
)
def test_a_folded_or_broken_line_is_one_header_for_the_bff_too(stack: Stack, line: str) -> None:
    """A fold becomes a blank (RFC 9112 §5.2), a lone return is dropped, a line feed ends a line (§2.2)."""
    answer = arrives_once(stack, head("GET", "/api/echo/open/outer", line))

    assert ([], []) == (answer.got("x-user-id"), answer.got("transfer-encoding"))
    assert len(answer.got("x")) == 1
    assert not {"\r", "\n"} & set(answer.got("x")[0])


def test_a_folded_length_or_coding_is_what_it_is(stack: Stack) -> None:
    assert arrives_once(stack, post("Content-Length:\r\n 5", body="hello")).echo["body"] == "hello"
    coded = arrives_once(stack, post("Transfer-Encoding:\r\n chunked", body="5\r\nhello\r\n0\r\n\r\n"))
    assert coded.echo["body"] == "hello"


@pytest.mark.parametrize("end", ["\n", "\r"], ids=["line feeds", "carriage returns"])
def test_lines_that_end_in_one_character(stack: Stack, end: str) -> None:
    """A line feed alone is enough (RFC 9112 §2.2): edge and BFF see the same request. A return is not."""
    text = head("GET", "/api/echo/open/outer", "X: a").replace("\r\n", end)
    if end == "\n":
        assert ["a"] == arrives_once(stack, text).got("x")
    else:
        never_arrives(stack, text)


@pytest.mark.parametrize(
    "line",
    [
        "GET /api/echo/open/outer HTTP/1.1 HTTP/1.1",
        "GET /api/echo/open/out er HTTP/1.1",
        "GET /api/echo/open/outer\x00 HTTP/1.1",
        "GET /api/echo/open/outer HTTP/1.2",
        "GET /api/echo/open/outer HTTP/2.0",
        "GET /api/echo/open/outer HTTP/1.0",
        "GET /api/echo/open/outer",
        "GET api/echo/open/outer HTTP/1.1",
        "GET  HTTP/1.1",
        "G\x00T /api/echo/open/outer HTTP/1.1",
        " GET /api/echo/open/outer HTTP/1.1",
    ],
    ids=repr,
)
def test_a_request_line_that_is_none(stack: Stack, line: str) -> None:
    before = seen(stack)
    answer = send(stack, f"{line}\r\nHost: shop\r\n\r\n")

    assert all(status in {*REFUSED, 404} for status in answer.statuses), answer.data
    assert before == seen(stack)


def test_a_body_that_looks_like_a_request_stays_a_body(stack: Stack) -> None:
    for method in ("GET", "HEAD", "DELETE", "OPTIONS", "POST"):
        arrives_once(
            stack,
            head(method, "/api/echo/open/outer", f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
        )


@pytest.mark.parametrize(
    "path", ["/nowhere", "/healthz", "/api/echo/x", "/api/echo/open%2fx", "/auth/session"]
)
def test_the_body_of_a_request_that_is_answered_early_is_no_request(stack: Stack, path: str) -> None:
    answer = send(stack, head("POST", path, f"Content-Length: {len(SMUGGLED)}") + SMUGGLED)

    assert len(answer.statuses) == 1, answer.data


def test_expectations_do_not_move_the_end_of_a_request(stack: Stack) -> None:
    lines = ("Expect: 100-continue", f"Content-Length: {len(SMUGGLED)}")
    answer = send(stack, post(*lines, body=SMUGGLED))

    assert [status for status in answer.statuses if status != 100] == [200]


def test_an_upgrade_is_not_a_tunnel(stack: Stack) -> None:
    for lines in (
        ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
        ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="),
    ):
        answer = send(
            stack, head("GET", "/api/echo/open/outer", *lines) + SMUGGLED.replace("smuggled", "next")
        )
        assert 101 not in answer.statuses


def test_connect_is_not_a_tunnel(stack: Stack) -> None:
    before = seen(stack)
    answer = send(stack, head("CONNECT", "127.0.0.1:22"))

    assert answer.statuses[0] in {400, 404, 405}
    assert before == seen(stack)
