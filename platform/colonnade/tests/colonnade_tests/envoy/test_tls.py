"""TLS at the edge, by a real Envoy: versions, protocols, and a certificate that is replaced under load."""

import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from colonnade_tests.envoy.edge import PLATFORM, Edge, eventually, running

TV = "kind: mobile\nport: 3003\nroute: {prefix: /api/tv}\nauth: {type: none}\n"
OLD_CLIENTS = f"{PLATFORM}edge: {{tls: {{min_version: '1.2'}}}}\n"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV}) as edge:
        yield edge


def trusting(edge: Edge, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """What a client that trusts the edge's CA speaks, `most` being the newest version it knows."""
    context = ssl.create_default_context(cafile=str(edge.authority))
    context.maximum_version = most
    return context


def shake_hands(edge: Edge, context: ssl.SSLContext) -> ssl.SSLSocket:
    assert edge.target.tls is not None
    listen = edge.target.tls.listen
    plain = socket.create_connection((listen.host, listen.port), timeout=10)
    return context.wrap_socket(plain, server_hostname="localhost")


def served(edge: Edge) -> bytes | None:
    with shake_hands(edge, trusting(edge)) as connection:
        return connection.getpeercert(binary_form=True)


def test_only_tls_1_3_is_spoken_unless_asked_otherwise(edge: Edge) -> None:
    with shake_hands(edge, trusting(edge)) as connection:
        assert connection.version() == "TLSv1.3"

    with pytest.raises(ssl.SSLError, match="protocol version"):
        shake_hands(edge, trusting(edge, ssl.TLSVersion.TLSv1_2))


def test_old_clients_are_served_where_the_platform_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("old"), {"tv": TV}, OLD_CLIENTS) as old:
        versions = []
        for most in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with shake_hands(old, trusting(old, most)) as connection:
                versions.append(connection.version())

    assert versions == ["TLSv1.2", "TLSv1.3"]


@pytest.mark.parametrize(("http2", "expected"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
def test_the_client_chooses_the_protocol(edge: Edge, http2: bool, expected: str) -> None:  # noqa: FBT001 - a parameter
    with httpx.Client(http2=http2, verify=trusting(edge)) as client:
        answer = client.get(f"{edge.tls_url}/api/tv/x")

    assert (200, expected) == (answer.status_code, answer.http_version)


def test_each_listener_says_how_the_client_came(edge: Edge) -> None:
    claimed = {"X-Forwarded-Proto": "gopher"}
    plain = edge.get("/api/tv/x", headers=claimed)
    over_tls = httpx.get(f"{edge.tls_url}/api/tv/x", headers=claimed, verify=trusting(edge))

    told = [dict(answer.json()["headers"])["x-forwarded-proto"] for answer in (plain, over_tls)]
    assert told == ["http", "https"]


@pytest.mark.parametrize("name", ["X-Forwarded-Client-Cert", "X-Colonnade-Certificate"])
def test_no_listener_believes_a_client_about_its_certificate(edge: Edge, name: str) -> None:
    claimed = {name: f"Hash={'5e' * 32}"}
    answers = [
        edge.get("/api/tv/x", headers=claimed),
        httpx.get(f"{edge.tls_url}/api/tv/x", headers=claimed, verify=trusting(edge)),
    ]

    for answer in answers:
        assert name.lower() not in dict(answer.json()["headers"])


def test_a_listener_speaks_one_of_the_two_only(edge: Edge) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(edge.tls_url.replace("https:", "http:"))
    with pytest.raises(httpx.TransportError):
        httpx.get(edge.url.replace("http:", "https:"), verify=trusting(edge))


def test_a_certificate_is_replaced_under_load_without_a_failed_request(edge: Edge) -> None:
    stop = threading.Event()

    def ask(*, http2: bool, at_once: int) -> Counter[int]:
        """Ask until it is enough, over connections that live for `at_once` requests."""
        statuses: Counter[int] = Counter()
        while not stop.is_set():
            with httpx.Client(http2=http2, verify=trusting(edge)) as client:
                statuses.update(client.get(f"{edge.tls_url}/api/tv/x").status_code for _ in range(at_once))
        return statuses

    with ThreadPoolExecutor() as pool:
        asking = [
            pool.submit(ask, http2=http2, at_once=count) for http2 in (True, False) for count in (1, 50)
        ]
        seen = {served(edge)}
        for _ in range(3):
            edge.certify()
            eventually(lambda: served(edge) not in seen)
            seen.add(served(edge))
        stop.set()
        statuses = [one.result() for one in asking]

    assert all(set(one) == {200} for one in statuses)
