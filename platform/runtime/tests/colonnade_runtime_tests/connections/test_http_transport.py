"""What is sent to a service, and which answers are read, and how, over real sockets."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from colonnade_runtime.connections.deadlines import Deadlines
from colonnade_runtime.connections.pool import Pool
from colonnade_runtime.errors import UpstreamError, UpstreamTimeout, UpstreamTooLarge, UpstreamUnreachable
from colonnade_runtime.http_transport import HttpTransport
from colonnade_runtime.upstream import Ask, Call, Reply
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from colonnade_runtime_tests.connections.service import OK, SILENCE, service

GET, POST = Ask("order", "GET", "/orders"), Ask("order", "POST", "/orders")
KEYED = Ask("order", "POST", "/orders", keyed=True)
NOTHING: Mapping[str, str] = {}


def call(
    ask: Ask = GET,
    *,
    target: str = "/orders",
    headers: Mapping[str, str] = NOTHING,
    body: bytes | None = None,
    within: float = 5.0,
) -> Call:
    now = asyncio.get_running_loop().time()
    return Call(ask, target, headers, body, now, now + within, {})


async def test_a_call_is_one_request_with_its_headers_and_its_time() -> None:
    async with service(OK) as orders:
        with closing(HttpTransport({"order": f"{orders.url}/v1"})) as transport:
            await transport.send(call(POST, target="/orders?a=1", headers={"x-user-id": "älice"}, body=b"{}"))

    host = orders.url.removeprefix("http://")
    (request,) = orders.requests
    left = int(request.partition(b"timeout-ms: ")[2].partition(b"\r\n")[0])
    expected = (
        f"POST /v1/orders?a=1 HTTP/1.1\r\nhost: {host}\r\nx-envoy-expected-rq-timeout-ms: {left}\r\n"
        "x-user-id: älice\r\ncontent-length: 2\r\n\r\n{}"
    )
    assert (expected.encode(), True) == (request, 0 < left <= 5000)


async def test_a_header_can_never_be_two() -> None:
    async with service(OK) as orders:
        with (
            closing(HttpTransport({"order": orders.url})) as transport,
            pytest.raises(ValueError, match="line break"),
        ):
            await transport.send(call(headers={"x-user-id": "alice\r\nx-user-roles: admin"}))

        assert [] == orders.requests


async def test_calls_share_a_connection_one_after_the_other() -> None:
    async with service(OK, OK, OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            replies = [await transport.send(call()) for _ in range(3)]

    assert (1, [Reply(200, b"ok")] * 3) == (orders.connections, replies)


async def test_calls_at_the_same_time_have_connections_of_their_own() -> None:
    async with service(OK, OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            await asyncio.gather(transport.send(call()), transport.send(call()))

    assert 2 == orders.connections


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok", True),
        (b"HTTP/1.0 200 OK\r\n\r\nok", True),
        (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK, False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, False),
    ],
    ids=["chunked", "until-it-closes", "http-1.0", "early-hints", "continue"],
)
async def test_an_answer_ends_where_http_says(answer: bytes, ends: bool) -> None:  # noqa: FBT001
    async with service(answer, closing=ends) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            assert Reply(200, b"ok") == await transport.send(call())


async def test_an_answer_may_have_no_body() -> None:
    async with service(b"HTTP/1.1 204 No Content\r\n\r\n", OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            assert [204, 200] == [(await transport.send(call())).status for _ in range(2)]

    assert 1 == orders.connections


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        OK + OK,
        OK + b"HTTP/1.1 200",
        OK + b"garbage",
    ],
    ids=["it-says-so", "answers-twice", "begins-another-answer", "says-more"],
)
async def test_a_connection_is_not_used_again_after(answer: bytes) -> None:
    """What was not asked for must never be read as the answer to somebody else's question."""
    async with service(answer, b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes") as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            bodies = [(await transport.send(call())).body for _ in range(2)]

    assert (2, [b"ok", b"yes"]) == (orders.connections, bodies)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 20",
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
    ids=["cut-short", "chunks-cut-short", "head-cut-short", "none", "not-http", "two-lengths", "upgrade"],
)
async def test_what_is_no_whole_answer_is_none(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with service(answer, closing=True) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport, pytest.raises(UpstreamUnreachable):
            await transport.send(call())

    assert [] == caplog.messages


@pytest.mark.parametrize(
    ("ask", "headers", "answered"),
    [(GET, {}, True), (POST, {}, False), (KEYED, {}, False), (KEYED, {"idempotency-key": "1"}, True)],
    ids=["GET", "POST", "POST without its key", "POST with its key"],
)
async def test_a_kept_connection_that_is_closed_is_replaced_for_what_may_be_sent_twice(
    ask: Ask,
    headers: dict[str, str],
    answered: bool,  # noqa: FBT001
) -> None:
    async with service(OK, None, OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            await transport.send(call())
            if answered:
                await transport.send(call(ask, headers=headers))
            else:
                with pytest.raises(UpstreamUnreachable):
                    await transport.send(call(ask, headers=headers))

    assert (3 if answered else 2) == len(orders.requests)


async def test_a_new_connection_that_is_closed_is_not_replaced() -> None:
    async with service(None, OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport, pytest.raises(UpstreamUnreachable):
            await transport.send(call())

    assert 1 == len(orders.requests)


async def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    async with service(OK, OK) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            await transport.send(call())
            transport._origins["order"][0]._idle[0].idle_since -= 5
            await transport.send(call())

    assert 2 == orders.connections


async def test_a_service_that_closes_an_idle_connection_is_asked_on_a_new_one() -> None:
    async with service(OK, OK, closing=True) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            await transport.send(call(POST))
            while transport._origins["order"][0]._idle:  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0)
            await transport.send(call(POST))

    assert 2 == orders.connections


async def test_calls_end_in_time_each_in_its_own_and_let_go_of_their_connections() -> None:
    async with service(SILENCE, SILENCE, SILENCE) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            ended: list[float] = []

            async def ask(within: float) -> None:
                with pytest.raises(UpstreamTimeout):
                    await transport.send(call(within=within))
                ended.append(within)

            await asyncio.gather(ask(0.2), ask(0.05), ask(0.1))
            await asyncio.wait_for(orders.left.wait(), 5)

    assert [0.05, 0.1, 0.2] == ended


async def test_a_call_that_is_given_up_closes_its_connection() -> None:
    async with service(SILENCE) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            asking = asyncio.create_task(transport.send(call()))
            await asyncio.wait_for(orders.asked.wait(), 5)
            asking.cancel()
            await asyncio.wait_for(orders.left.wait(), 5)

    assert asking.cancelled()


async def test_an_answer_may_be_as_large_as_is_allowed_and_no_larger() -> None:
    async with service(OK, OK) as orders:
        for allowed in (len(OK), len(OK) - 1):
            transport = HttpTransport({"order": orders.url}, max_answer=allowed)
            if allowed == len(OK):
                assert Reply(200, b"ok") == await transport.send(call())
            else:
                with pytest.raises(UpstreamTooLarge):
                    await transport.send(call())
            transport.close()


async def test_an_answer_that_says_that_it_is_too_large_is_not_read() -> None:
    """Not a byte of it: a service that sends much must not keep the loop busy."""
    async with service(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n") as orders:
        with closing(HttpTransport({"order": orders.url})) as transport, pytest.raises(UpstreamTooLarge):
            await transport.send(call())


@pytest.mark.parametrize("trusted", [True, False])
async def test_https_is_spoken_with_those_whose_certificate_is_trusted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,  # noqa: FBT001
) -> None:
    tls = _certificate(tmp_path / "service.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / ("service.pem" if trusted else "none.pem")))
    async with service(OK, tls=tls) as orders:
        with closing(HttpTransport({"order": orders.url})) as transport:
            answer = await _answer(transport)

    assert (Reply(200, b"ok") if trusted else UpstreamUnreachable) == answer


async def _answer(transport: HttpTransport) -> Reply | type[UpstreamError]:
    try:
        return await transport.send(call())
    except UpstreamError as error:
        return type(error)


def _certificate(file: Path) -> ssl.SSLContext:
    """Write the certificate of `localhost` and its key to a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_name_that_nobody_answers_for_is_looked_up_once_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each look takes one of a few threads, which the look-ups of all other hosts need, too."""
    loop = asyncio.get_running_loop()
    looked_up: list[str] = []

    async def nobody_answers(host: str, *_rest: object, **_options: object) -> list[object]:
        looked_up.append(host)
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(loop, "getaddrinfo", nobody_answers)
    pool = Pool("http://order-2:8103", Deadlines(), 1024)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await pool.connected(loop.time() + 0.02)

    assert looked_up == ["order-2"]
