"""Headers said twice, and more than the edge takes."""

import httpx
import pytest

from tests.attacks.echo import seen
from tests.attacks.tokens import Forger
from tests.attacks.wire import head, post, send
from tests.platform_folder import Stack


@pytest.mark.parametrize("path", ["/api/echo/x", "/api/echo/alone/x"])
def test_two_tokens_are_one_too_many(stack: Stack, forger: Forger, path: str) -> None:
    alice, bob = forger.token(), forger.token(sub="bob", jti="of-bob")
    for first, second in ((alice, bob), (alice, "x.y.z"), ("x.y.z", alice)):
        before = len(seen(stack))
        answer = send(
            stack, head("GET", path, f"Authorization: Bearer {first}", f"Authorization: Bearer {second}")
        )

        assert answer.statuses in ([400], [401]), (first == alice, second == bob)
        assert before == len(seen(stack))


def test_of_two_credentials_in_one_header_no_unverified_one_counts(stack: Stack, forger: Forger) -> None:
    good, forged = forger.token(), forger.unsigned({"alg": "none"}, sub="bob")
    for value in (
        f"Bearer {good}, Bearer {forged}",
        f"Bearer {forged}, Bearer {good}",
        f"Basic eA==, Bearer {good}",
    ):
        answer = send(stack, head("GET", "/api/echo/x", f"Authorization: {value}"))

        assert answer.statuses == [401] or ["alice"] == answer.got("x-user-id")


def test_two_keys_are_one_too_many(stack: Stack) -> None:
    key = stack.key("sensor-1")
    for second in (key, "ck_aaaaaaaa_" + "a" * 43):
        answer = send(stack, head("GET", "/api/echo/key/x", f"X-API-Key: {key}", f"X-API-Key: {second}"))
        assert answer.statuses == [401]


def test_two_hosts(stack: Stack) -> None:
    for second in ("shop", "evil.example"):
        answer = send(stack, head("GET", "/api/echo/open/x", f"Host: {second}"))

        assert answer.statuses == [400]


@pytest.mark.parametrize(
    "host",
    ["", "a b", "evil.example/x", "x@evil.example", "shop, evil.example", "shop:80:80", "[::1", "a\x00b"],
)
def test_a_host_that_is_none_begins_no_login(stack: Stack, host: str) -> None:
    """The address of the callback is made from it."""
    answer = send(stack, head("GET", "/auth/login", host=host))

    assert answer.statuses in ([400], [404]), answer.data


def test_the_host_of_an_absolute_target_is_the_one_that_counts(stack: Stack) -> None:
    """RFC 9112 §3.2.2: the Host header is ignored, and the BFF is told one host only."""
    answer = send(stack, "GET http://shop.example/api/echo/open/x HTTP/1.1\r\nHost: evil.example\r\n\r\n")

    assert answer.statuses == [200]
    assert ["shop.example"] == answer.got("host")
    assert "evil" not in str(answer.echo)


@pytest.mark.parametrize(
    "target", ["http:///api/echo/open/x", "ftp://shop/api/echo/open/x", "http://", "*", "//shop"]
)
def test_a_target_of_another_form_leads_nowhere(stack: Stack, target: str) -> None:
    before = len(seen(stack))

    assert send(stack, head("GET", target)).statuses[0] in {400, 404}
    assert before == len(seen(stack))


def test_headers_larger_than_the_edge_takes(stack: Stack) -> None:
    before = len(seen(stack))
    for lines in (["X: " + "x" * 70_000], [f"{'x' * 70_000}: x"], [f"X-{n}: 1" for n in range(200)]):
        assert send(stack, head("GET", "/api/echo/open/x", *lines)).statuses == [431]
    assert send(stack, head("GET", "/api/echo/open/" + "x" * 70_000)).statuses == [431]
    assert before == len(seen(stack))


def test_a_body_larger_than_the_route_takes(stack: Stack) -> None:
    before = len(seen(stack))
    whole = httpx.post(f"{stack.edge}/api/echo/open/x", content=b"x" * 70_000)
    announced = send(stack, post("Content-Length: 99999999", body="x" * 70_000))
    unfinished = "fff0\r\n" + "x" * 65_520 + "\r\nffff\r\n" + "x" * 99
    chunked = send(stack, post("Transfer-Encoding: chunked", body=unfinished))

    assert whole.status_code == 413
    assert announced.statuses == [413]
    assert chunked.statuses == [413]
    assert before == len(seen(stack))


def test_a_body_larger_than_the_login_takes(stack: Stack) -> None:
    answer = httpx.post(f"{stack.edge}/auth/backchannel-logout", data={"logout_token": "x" * 200_000})

    assert answer.status_code in {400, 413}


def test_a_request_that_never_ends_is_cut_off(stack: Stack) -> None:
    answer = send(stack, "GET /api/echo/open/x HTTP/1.1\r\nHost: shop\r\nX: y")

    assert answer.statuses in ([408], [])
