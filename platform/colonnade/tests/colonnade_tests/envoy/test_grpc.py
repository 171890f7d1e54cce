"""A gRPC service at the edge, by a real Envoy and the real telemetry service: REST, gRPC and gRPC-Web."""

import json
import shutil
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.resources import files
from queue import Queue
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import Edge, eventually, running
from service_kit.testing import free_port, process
from telemetry_service.proto import telemetry_pb2 as pb
from telemetry_service.proto import telemetry_pb2_grpc as pb_grpc
from telemetry_service.proto.telemetry_pb2_grpc import TelemetryStub

LIMIT = 20
PLATFORM = """name: shop
guardrails: {auth: [jwt, none], require_limit: false}
services:
  telemetry:
    path: services/telemetry
    port: 8105
    grpc_port: 8115
    expose:
      descriptor: telemetry.pb
      route: {prefix: /api/telemetry, max_body: 4KiB}
      auth: {type: jwt, scopes: [telemetry], revocation: false}
      limits: [{name: each, rate: 100/hour, burst: 20, policy: local}]
  sick:
    path: services/telemetry
    port: 8106
    grpc_port: 8116
    expose:
      descriptor: telemetry.pb
      route: {prefix: /api/sick, hosts: [sick.example]}
      auth: {type: none}
      breaker: {unhealthy: {statuses: [503], failures: 3}, first_pause: 60s}
"""
METHOD = "/colonnade.telemetry.v1.Telemetry"
READINGS = "/api/telemetry/v1/devices/sensor-1/readings"
AT = {"at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1.5}


class Sick(pb_grpc.TelemetryServicer):
    """A service that is well when it is asked, and ends calls with the `code` that it is told to."""

    def __init__(self) -> None:
        self.code = grpc.StatusCode.UNAVAILABLE
        self.asked = 0
        self._server = grpc.server(ThreadPoolExecutor(2))
        pb_grpc.add_TelemetryServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        well = health.HealthServicer()
        well.set("", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(well, self._server)
        self.address = Address(HOST, self._server.add_insecure_port(f"{HOST}:0"))
        self._server.start()

    def Ingest(self, request: pb.IngestRequest, context: grpc.ServicerContext) -> pb.IngestResponse:  # noqa: N802 - the proto's name
        self.asked += 1
        if request.device_id == "begun":
            context.send_initial_metadata(())
        context.abort(self.code, "ill")
        raise AssertionError

    def close(self) -> None:
        self._server.stop(None).wait()


@pytest.fixture(scope="module")
def sick() -> Iterator[Sick]:
    with closing(Sick()) as service:
        yield service


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, sick: Sick) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    shutil.copy(str(files("telemetry_service.proto").joinpath("telemetry.pb")), folder)
    port = free_port()
    with (
        process("telemetry_service", folder / "data", GRPC_PORT=str(port)),
        running(
            folder, {}, PLATFORM, endpoints={"telemetry": (Address(HOST, port),), "sick": (sick.address,)}
        ) as edge,
    ):
        eventually(lambda: edge.get(READINGS, headers=someone(edge)).status_code == 200)
        yield edge


@pytest.fixture(scope="module")
def channel(edge: Edge) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(str(edge.target.listen)) as channel:
        yield channel


@pytest.fixture
def stub(channel: grpc.Channel) -> TelemetryStub:
    return TelemetryStub(channel)  # type: ignore[no-untyped-call]


def test_a_service_whose_calls_fail_again_and_again_is_left_alone(edge: Edge, sick: Sick) -> None:
    """In headers or in trailers, a status counts as the HTTP status that it is over REST."""
    authority = (("grpc.default_authority", "sick.example"),)
    with grpc.insecure_channel(str(edge.target.listen), options=authority) as channel:
        stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]

        def told(device: str) -> str:
            return str(refused(lambda: stub.Ingest(ingest(1, device=device), timeout=10)).details())

        sick.code = grpc.StatusCode.INVALID_ARGUMENT
        eventually(lambda: told("at once") == "ill")
        sick.asked = 0
        others = [told(device) for device in ("at once", "begun") * 2]
        sick.code = grpc.StatusCode.UNAVAILABLE
        failures = [told(device) for device in ("begun", "at once", "begun")]
        alone = told("at once")

    assert ["ill"] * 7 == others + failures
    assert (7, True) == (sick.asked, alone.startswith("The backend for this front end"))


def someone(edge: Edge, name: str = "alice", scope: str = "telemetry") -> dict[str, str]:
    """The credential of a person that nobody else has counted against."""
    return edge.alice(sub=name, scope=scope)


def metadata(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers.items()]


def ingest(*seqs: int, device: str = "sensor-1") -> pb.IngestRequest:
    readings = [
        pb.Reading(seq=seq, at=Timestamp(seconds=1_767_225_600), metric="t", value=1.5) for seq in seqs
    ]
    return pb.IngestRequest(device_id=device, readings=readings)


def post(edge: Edge, body: Any, path: str = READINGS, **headers: str) -> httpx.Response:  # noqa: ANN401 - any JSON
    sent = someone(edge) | headers
    return httpx.post(f"{edge.url}{path}", json=body, headers=sent, timeout=10)


def refused(call: Callable[[], object]) -> grpc.Call:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value  # type: ignore[return-value]


def framed(message: Message) -> bytes:
    """A message as gRPC and gRPC-Web send it."""
    body = message.SerializeToString()
    return struct.pack(">BI", 0, len(body)) + body


def over_web(edge: Edge, headers: dict[str, str], seq: int = 1) -> httpx.Response:
    sent = headers | {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    return httpx.post(f"{edge.url}{METHOD}/Ingest", content=framed(ingest(seq)), headers=sent, timeout=10)


def test_rest_grpc_and_grpc_web_reach_the_same_methods(edge: Edge, stub: TelemetryStub) -> None:
    over_rest = post(edge, {"readings": [{"seq": 1, **AT}]})
    over_grpc = stub.Ingest(ingest(1, 2), metadata=metadata(someone(edge)))
    web = over_web(edge, someone(edge), seq=3)
    listed = edge.get(f"{READINGS}?limit=2", headers=someone(edge)).json()

    assert (200, {"accepted": 1, "duplicates": 0}) == (over_rest.status_code, over_rest.json())
    assert (1, 1) == (over_grpc.accepted, over_grpc.duplicates)
    assert web.content.startswith(framed(pb.IngestResponse(accepted=1)))
    assert b"grpc-status:0" in web.content
    assert ["3", "2"] == [reading["seq"] for reading in listed["readings"]]
    assert listed["next_cursor"]


def test_no_header_of_grpc_is_seen_by_who_asked_by_rest(edge: Edge) -> None:
    answer = edge.get(READINGS, headers=someone(edge))

    assert "application/json" == answer.headers["content-type"]
    assert not [name for name in answer.headers if name.startswith("grpc-")]


def test_what_the_service_refuses_is_a_problem_document_over_rest(edge: Edge) -> None:
    wrong = post(edge, {"readings": []})

    assert (400, "application/problem+json") == (wrong.status_code, wrong.headers["content-type"])
    assert {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "readings: List should have at least 1 item after validation, not 0",
    } == wrong.json()


def test_text_of_a_client_cannot_leave_the_document_it_is_told_in(edge: Edge) -> None:
    wrong = edge.get(f'{READINGS}?cursor=%22%5C%0A%00"', headers=someone(edge))

    assert {"type", "title", "status", "detail"} == set(wrong.json())


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/v1/devices/sensor-1/readings?color=red", None, 400, "color"),
        ("/v1/devices/sensor-1/readings", {"readings": [{"seq": "many"}]}, 400, "seq"),
        ("/v1/nothing", None, 404, "No route matches"),
        ("/v1/devices/sensor-1/readings", {"readings": [{"metric": "x" * 5000}]}, 413, "larger"),
    ],
    ids=["parameter", "type", "path", "size"],
)
def test_what_becomes_no_call_never_reaches_the_service(
    edge: Edge, path: str, body: object, status: int, told: str
) -> None:
    full = f"/api/telemetry{path}"
    answer = edge.get(full, headers=someone(edge)) if body is None else post(edge, body, full)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert status == answer.json()["status"]
    assert told in answer.json()["detail"]


def test_a_native_call_without_a_good_credential_is_refused_in_grpcs_words(
    edge: Edge, stub: TelemetryStub
) -> None:
    def told(sent: dict[str, str]) -> grpc.StatusCode:
        error = refused(lambda: stub.Ingest(ingest(1), metadata=metadata(sent)))
        assert "credential" in (error.details() or "")
        return error.code()

    assert grpc.StatusCode.UNAUTHENTICATED == told({})
    assert grpc.StatusCode.UNAUTHENTICATED == told({"authorization": "Bearer nonsense"})
    assert grpc.StatusCode.PERMISSION_DENIED == told(someone(edge, scope="other"))


def test_all_ways_in_are_counted_together_and_each_is_told_so_in_its_words(
    edge: Edge, stub: TelemetryStub
) -> None:
    bob = someone(edge, "bob")
    for seq in range(LIMIT // 2):
        stub.Ingest(ingest(seq), metadata=metadata(bob))
        assert edge.get(READINGS, headers=bob).status_code == 200
    error = refused(lambda: stub.Ingest(ingest(LIMIT), metadata=metadata(bob)))
    web, rest = over_web(edge, bob), edge.get(READINGS, headers=bob)

    assert grpc.StatusCode.RESOURCE_EXHAUSTED == error.code()
    assert 0 < int(dict(error.trailing_metadata() or ())["retry-after"]) <= 36
    for answer in (web, rest):
        assert (429, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
        assert "retry-after" in answer.headers


def test_a_page_is_refused_by_a_status_that_its_library_knows(edge: Edge) -> None:
    assert 401 == over_web(edge, {}).status_code


def test_calls_stream_both_ways_while_they_last(edge: Edge, stub: TelemetryStub) -> None:
    said: Queue[pb.IngestRequest | None] = Queue()
    answers = stub.IngestMany(iter(said.get, None), metadata=metadata(someone(edge, "carol")))
    told = []
    for seq in (10, 11):
        said.put(ingest(seq, device="d"))
        told.append(next(answers).accepted)  # nothing waits for the end of the other side
    said.put(None)

    assert [1, 1] == told
    assert [] == list(answers)


def test_a_feed_is_followed_over_grpc_and_over_rest(edge: Edge, stub: TelemetryStub) -> None:
    dora = someone(edge, "dora")
    feed = stub.FollowReadings(pb.FollowReadingsRequest(device_id="d2"), metadata=metadata(dora))
    feed.initial_metadata()
    url = f"{edge.url}/api/telemetry/v1/feeds/d2"
    with httpx.stream("GET", url, headers=dora, timeout=10) as lines:
        stub.Ingest(ingest(7, device="d2"), metadata=metadata(dora))
        first = json.loads(next(lines.iter_lines()))

    assert 7 == next(feed).seq
    assert ("7", 200) == (first["seq"], lines.status_code)
    feed.cancel()


def test_other_services_of_the_process_are_not_at_the_edge(channel: grpc.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)

    error = refused(lambda: health.Check(health_pb2.HealthCheckRequest()))  # type: ignore[attr-defined]
    assert grpc.StatusCode.UNIMPLEMENTED == error.code()


def test_the_deadline_of_a_client_holds_at_the_edge(edge: Edge) -> None:
    """Whoever sent it may be gone: the feed ends, though this client would read on."""
    sent = someone(edge, "erin") | {
        "content-type": "application/grpc",
        "te": "trailers",
        "grpc-timeout": "300m",
    }
    asked = framed(pb.FollowReadingsRequest(device_id="d3"))
    with (
        httpx.Client(http1=False, http2=True, timeout=20) as client,
        client.stream("POST", f"{edge.url}{METHOD}/FollowReadings", content=asked, headers=sent) as feed,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        feed.read()
