"""Answers are recorded from running services, and replayed without them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from colonnade_runtime import App, Page, Request, declared, get
from colonnade_runtime.testing import AppClient, Recorded


@get("order", "/orders", pass_on=(404,))
async def orders_of(user_id: str) -> Page[str]:
    declared()


async def orders(request: Request) -> Page[str]:
    return await orders_of(request, request.query(dict[str, str])["user"])


app = App("shop", services=["order"])
app.get("/orders")(orders)


class Service(BaseHTTPRequestHandler):
    """Has orders of alice and bob, one each."""

    def do_GET(self) -> None:
        name = self.path.partition("=")[2]
        body = msgspec.json.encode({"items": [f"{name}'s"], "next_cursor": None})
        self.send_response(200 if name in {"alice", "bob"} else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def record(file: Path, service: str, *users: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_RECORD", "1")
        patch.setenv("UPSTREAM_ORDER_URL", service)
        for user in users:
            await AppClient(app, Recorded(file)).get(f"/orders?user={user}")


async def test_what_was_recorded_is_answered_to_the_same_question(tmp_path: Path, service: str) -> None:
    file = tmp_path / "answers" / "orders.json"
    await record(file, service, "alice", "bob", "nobody")

    client = AppClient(app, Recorded(file))
    answers = [await client.get(f"/orders?user={user}") for user in ("alice", "bob", "nobody")]

    assert [200, 200, 404] == [answer.status for answer in answers]
    assert [["alice's"], ["bob's"]] == [answer.json()["items"] for answer in answers[:2]]
    assert 3 == len(client.upstreams.calls)


async def test_a_record_is_one_call_a_line_in_order(tmp_path: Path, service: str) -> None:
    file = tmp_path / "orders.json"
    await record(file, service, "nobody", "bob", "alice")

    keys = [line.split('":')[0] for line in file.read_text(encoding="utf-8").splitlines()]

    asked = [f'"order GET /orders?user_id={user}' for user in ("alice", "bob", "nobody")]
    assert ["{", *asked, "}"] == keys


async def test_what_was_not_recorded_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = await AppClient(app, Recorded(tmp_path / "none.json")).get("/orders?user=alice")

    assert 500 == answer.status
    assert "order GET /orders?user_id=alice is not in" in caplog.text
    assert "record it with COLONNADE_RECORD=1" in caplog.text
