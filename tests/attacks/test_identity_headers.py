"""Who is calling is told by the edge alone: a client's word for it does not arrive, however it is spelled."""

import httpx
import pytest

from tests.attacks.tokens import Forger, bearer
from tests.attacks.wire import Exchange, head, post, send
from tests.platform_folder import Stack

IDENTITY = ("x-user-id", "x-user-email", "x-user-roles", "x-client-id", "x-device-id")
INTERNAL = ("x-colonnade-route", "x-colonnade-jwt", "x-colonnade-ip")
LIE = "mallory"


def spellings(name: str) -> list[str]:
    """Names that some server takes for `name`."""
    return [
        name,
        name.upper(),
        name.title(),
        name.replace("-", "_"),
        name.upper().replace("-", "_"),
        name.replace("-", "_", 1),
        f"{name}_",
        f"HTTP_{name.upper().replace('-', '_')}",
    ]


def told(exchange: Exchange) -> list[tuple[str, str]]:
    """Every header with the lie in it that reached the BFF."""
    assert exchange.statuses == [200], exchange.data
    return [(name, value) for name, value in exchange.echo["headers"] if LIE in value]


@pytest.mark.parametrize("name", [*IDENTITY, *INTERNAL])
def test_a_forged_identity_header_in_every_spelling(stack: Stack, name: str) -> None:
    lines = [f"{spelled}: {LIE}" for spelled in spellings(name)]

    assert [] == told(send(stack, head("GET", "/api/echo/open/x", *lines)))


@pytest.mark.parametrize("path", ["/api/echo/x", "/api/echo/alone/x"])
def test_beside_a_good_token_the_forged_header_does_not_win(stack: Stack, forger: Forger, path: str) -> None:
    token = forger.token()
    for name in IDENTITY:
        lines = [f"{spelled}: {LIE}" for spelled in spellings(name)] * 2
        answer = send(stack, head("GET", path, f"Authorization: Bearer {token}", *lines))

        assert [] == told(answer)
        assert ["alice"] == answer.got("x-user-id")


@pytest.mark.parametrize("names", ["x-user-id", "close, x-user-id", "x-user-id, x-client-id, keep-alive"])
def test_hop_by_hop_names_take_nothing_from_what_the_edge_says(
    stack: Stack, forger: Forger, names: str
) -> None:
    """RFC 9110 §7.6.1 removes what `Connection` names: from the client's request, never from ours."""
    for path in ("/api/echo/x", "/api/echo/alone/x"):
        lines = (f"Authorization: Bearer {forger.token()}", f"Connection: {names}", f"X-User-ID: {LIE}")
        answer = send(stack, head("GET", path, *lines))

        assert [] == told(answer)
        assert ["alice"] == answer.got("x-user-id")


def test_hop_by_hop_names_do_not_switch_off_the_check(stack: Stack) -> None:
    for names in ("authorization", "x-colonnade-route", "x-colonnade-jwt", "x-forwarded-for", "host"):
        answer = send(stack, head("GET", "/api/echo/x", f"Connection: {names}"))

        assert answer.statuses in ([400], [401]), names


def test_a_trailer_is_no_header(stack: Stack) -> None:
    trailers = "".join(f"{name}: {LIE}\r\n" for name in (*IDENTITY, *INTERNAL))
    body = f"5\r\nhello\r\n0\r\n{trailers}\r\n"

    assert [] == told(send(stack, post("Transfer-Encoding: chunked", body=body)))


def test_credentials_do_not_reach_the_bff(stack: Stack, forger: Forger) -> None:
    token = forger.token()
    headers = bearer(token) | {"Cookie": "colonnade=secret-cookie", "X-API-Key": "secret-key"}

    for path in ("/api/echo/x", "/api/echo/alone/x", "/api/echo/open/x"):
        reached = httpx.get(f"{stack.edge}{path}", headers=headers).text
        assert token not in reached
        assert "secret" not in reached


def test_the_clients_word_for_its_address_is_not_taken(stack: Stack) -> None:
    """A limit by address would be another one for each request."""
    lines = (
        "X-Forwarded-For: 203.0.113.7",
        "X-Real-IP: 203.0.113.7",
        "X-Envoy-External-Address: 203.0.113.7",
    )
    answer = send(stack, head("GET", "/api/echo/open/x", *lines, "X-Forwarded-Proto: https"))

    assert ["127.0.0.1"] == answer.got("x-envoy-external-address")
    assert ["http"] == answer.got("x-forwarded-proto")
    assert "203.0.113.7" not in str(answer.echo)
    assert len(answer.got("x-forwarded-for")) == 1


@pytest.mark.parametrize(
    "name",
    [
        "Forwarded",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Original-URL",
        "X-Rewrite-URL",
    ],
)
def test_the_clients_word_for_what_it_asked_is_not_taken(stack: Stack, name: str) -> None:
    """A BFF would make links to another host of it, or answer another path than the edge let in."""
    assert [] == told(send(stack, head("GET", "/api/echo/open/x", f"{name}: {LIE}")))


@pytest.mark.parametrize(
    "name",
    [
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-retry-on",
        "x-envoy-original-path",
        "x-envoy-decorator-operation",
        "x-envoy-force-trace",
        "x-envoy-internal",
        "x-envoy-expected-rq-timeout-ms",
        "x-forwarded-client-cert",
    ],
)
def test_headers_that_steer_envoy_are_not_taken_from_outside(stack: Stack, name: str) -> None:
    answer = send(stack, head("GET", "/api/echo/open/x", f"{name}: {LIE}"))

    assert [] == told(answer)
