"""The process: how it starts, serves and stops."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from colonnade_runtime_tests.instances import several

APP = Path(__file__).parent / "example_app.py"


class Orders(BaseHTTPRequestHandler):
    """A service that answers `/orders/1`."""

    waits = "0"
    counted = 0

    def do_GET(self) -> None:
        Orders.waits = self.headers["x-envoy-expected-rq-timeout-ms"]
        if self.path.startswith("/large"):
            self.send_large(chunked=self.path.endswith("chunked"))
            return
        body = b'{"id": "1", "more": true}'
        if self.path == "/count":
            Orders.counted += 1
            body = b'{"id": "%d"}' % Orders.counted
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_large(self, *, chunked: bool) -> None:
        """9 MiB, at least as far as anybody reads them."""
        size = 9 * 1024 * 1024
        self.send_response(200)
        if not chunked:
            self.send_header("content-length", str(size))
        self.send_header("connection", "close")
        self.end_headers()
        with suppress(OSError):
            for _ in range(9):
                self.wfile.write(b" " * (size // 9))

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def orders() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Orders) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """A service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def start(port: int, order_url: str, **environment: str) -> "subprocess.Popen[str]":
    said = {"PORT": str(port), "UPSTREAM_ORDER_URL": order_url, "HTTP_PROXY": "http://127.0.0.1:9"}
    argv = [sys.executable, str(APP)]
    return subprocess.Popen(argv, env=os.environ | said | environment, stderr=subprocess.PIPE, text=True)


@contextmanager
def running(order_url: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    port = free_port()
    with start(port, order_url, **environment) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(process, url)
            yield process, url
        finally:
            process.kill()


def wait_until_healthy(process: "subprocess.Popen[str]", url: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(URLError):
            assert (200, {"status": "ok"}) == ask(f"{url}/healthz")
            return
        time.sleep(0.02)
    raise AssertionError(f"not healthy; exit code {process.poll()}")


def ask(url: str, body: bytes | None = None) -> tuple[int, object]:
    try:
        with urlopen(Request(url, body), timeout=10) as answer:  # noqa: S310 - a server of this test
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def metrics_of(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read(), "utf-8")


def test_it_reads_a_service_over_http(orders: str) -> None:
    with running(orders) as (_, url):
        assert (200, {"id": "1"}) == ask(f"{url}/order")


def test_it_reads_bodies_and_refuses_large_ones(orders: str) -> None:
    with running(orders) as (_, url):
        assert (200, {"id": "7"}) == ask(f"{url}/echo", b'{"id": "7"}')
        assert 413 == ask(f"{url}/echo", b'{"id": "' + b"7" * 1024 * 1024 + b'"}')[0]


def test_a_service_that_is_down_is_a_503() -> None:
    with running(f"http://127.0.0.1:{free_port()}") as (_, url):
        assert 503 == ask(f"{url}/order")[0]


def test_a_service_that_the_application_does_not_name_is_a_503(orders: str) -> None:
    with running(orders) as (_, url):
        assert 503 == ask(f"{url}/forgotten")[0]


def test_a_service_that_hangs_is_a_504(silent: str) -> None:
    with running(silent) as (_, url):
        assert 504 == ask(f"{url}/order")[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_requests_under_way_finish(orders: str, number: signal.Signals) -> None:
    answers: list[tuple[int, object]] = []
    with running(orders) as (process, url):
        asking = threading.Thread(target=lambda: answers.append(ask(f"{url}/slow")))
        asking.start()
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
        process.send_signal(number)
        asking.join()

        assert (0, [(200, {"id": "late"})]) == (process.wait(10), answers)


def test_work_of_a_client_that_has_gone_is_ended(orders: str) -> None:
    port = free_port()
    with running(orders, METRICS_PORT=str(port)) as (process, url):
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nhost: example\r\n\r\n")
            assert process.stderr is not None
            assert "waiting" in process.stderr.readline()
        assert "ended" in process.stderr.readline()

        metrics = metrics_of(port)

    assert 'colonnade_requests_total{method="GET",view="/endless",status="gone"} 1' in metrics


def test_a_stream_ends_when_its_client_goes(orders: str) -> None:
    port = free_port()
    with running(orders, METRICS_PORT=str(port)) as (process, url):
        with urlopen(f"{url}/ticks", timeout=10) as stream:  # noqa: S310 - a server of this test
            told = [stream.readline() for _ in range(6)]
            assert "colonnade_streams_open 1.0" in metrics_of(port)
        assert process.stderr is not None
        assert "ended" in process.stderr.readline()
        deadline = time.monotonic() + 10
        while "colonnade_streams_open 0.0" not in metrics_of(port):
            assert time.monotonic() < deadline

    assert [b"retry: 2000\n", b"\n", b"id: 1\n", b'data: "tick"\n', b"\n", b":\n"] == told


def test_a_stream_ends_when_the_process_stops(orders: str) -> None:
    with running(orders) as (process, url), urlopen(f"{url}/ticks", timeout=10) as stream:  # noqa: S310
        assert b"retry: 2000\n" == stream.readline()
        process.send_signal(signal.SIGTERM)
        told = stream.read()

        assert (0, True) == (process.wait(10), told.startswith(b'\nid: 1\ndata: "tick"\n\n'))


def test_the_time_that_the_edge_waits_bounds_a_request_and_is_told_to_services(orders: str) -> None:
    with running(orders) as (_, url):
        asked = Request(f"{url}/slow", headers={"x-envoy-expected-rq-timeout-ms": "60"})  # noqa: S310
        with pytest.raises(HTTPError) as failed:
            urlopen(asked, timeout=10)  # noqa: S310 - a server of this test
        failed.value.close()
        assert 504 == failed.value.code

        asked = Request(f"{url}/order", headers={"x-envoy-expected-rq-timeout-ms": "400"})  # noqa: S310
        with urlopen(asked, timeout=10) as answer:  # noqa: S310 - a server of this test
            assert 200 == answer.status

    assert 0 < int(Orders.waits) <= 340


def test_an_instance_of_a_service_that_says_it_is_ill_gets_no_calls() -> None:
    port = free_port()
    with several(2) as those:
        those[0].health, those[1].body = 503, b'{"id": "1"}'
        environment = {"UPSTREAM_ORDER_HEALTH": "/healthz interval=0.02", "METRICS_PORT": str(port)}
        with running(" ".join(one.url for one in those), **environment) as (_, url):
            deadline = time.monotonic() + 20
            while 'colonnade_instance_used{service="order",instance="order"} 0.0' not in metrics_of(port):
                assert time.monotonic() < deadline
            answers = [ask(f"{url}/order") for _ in range(10)]

        assert (0, [(200, {"id": "1"})] * 10) == (those[0].asked, answers)


def test_a_stopping_process_says_first_that_it_is_not_ready(orders: str) -> None:
    for drain_s in ("1", "5", "25"):  # until the machine is not too busy to ask in time
        with running(orders, COLONNADE_DRAIN=drain_s) as (process, url):
            process.send_signal(signal.SIGTERM)
            told: list[int] = []
            with suppress(ConnectionError, URLError):
                while (ready := ask(f"{url}/healthz")[0]) == 200:
                    pass
                told = [ready, ask(f"{url}/livez")[0], ask(f"{url}/order")[0]]
            assert 0 == process.wait(60)
        if told:
            break

    assert [503, 200, 200] == told


def test_a_stale_answer_is_renewed_after_it_has_stood_in(orders: str) -> None:
    Orders.counted = 0
    with running(orders) as (_, url):
        answers = [ask(f"{url}/count"), ask(f"{url}/count")]
        deadline = time.monotonic() + 10
        while answers[-1] == answers[0]:
            assert time.monotonic() < deadline
            answers.append(ask(f"{url}/count"))

    assert [(200, {"id": "1"})] * 2 == answers[:2]


def test_an_answer_of_too_many_bytes_is_not_read(orders: str) -> None:
    with running(orders) as (_, url):
        for body in ("length", "chunked"):
            assert 502 == ask(f"{url}/large?{body}")[0]


def test_what_it_counts_is_told_at_a_port_of_its_own_only(orders: str) -> None:
    port = free_port()
    with running(orders, METRICS_PORT=str(port)) as (_, url):
        ask(f"{url}/order")
        outside = Request(f"{url}/metrics", headers={"x-forwarded-for": ""})  # noqa: S310
        with pytest.raises(HTTPError) as refused:
            urlopen(outside, timeout=10)  # noqa: S310 - a server of this test
        refused.value.close()
        other = Request(f"http://127.0.0.1:{port}/order")
        with pytest.raises(HTTPError) as nothing:
            urlopen(other, timeout=10)  # noqa: S310 - a server of this test
        nothing.value.close()

        assert (404, 404) == (refused.value.code, nothing.value.code)
        assert 'colonnade_requests_total{method="GET",view="/order",status="200"} 1' in metrics_of(port)


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(port, "http://127.0.0.1:1") as process:
            _, told = process.communicate(timeout=20)

    assert 2 == process.returncode
    assert f"example: cannot listen on 127.0.0.1:{port}: Address already in use; set PORT\n" == told


def test_a_missing_service_is_told_in_one_line() -> None:
    with start(free_port(), "") as process:
        _, told = process.communicate(timeout=20)

    assert 2 == process.returncode
    assert "example: UPSTREAM_ORDER_URL is not set; set it to the URL of the order service\n" == told


def test_a_service_that_is_away_is_not_told_at_every_request() -> None:
    with running(f"http://127.0.0.1:{free_port()}") as (process, url):
        codes = {ask(f"{url}/order")[0] for _ in range(20)}
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)

    # Unreachable, and then not asked any more.
    assert {503} == codes
    assert 2 == told.count("GET /order failed")


def test_logs_are_json_where_a_machine_reads_them() -> None:
    with running(f"http://127.0.0.1:{free_port()}", COLONNADE_LOG="json") as (process, url):
        ask(f"{url}/order")
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=10)

    assert ["ERROR"] == [json.loads(line)["level"] for line in told.splitlines()]
