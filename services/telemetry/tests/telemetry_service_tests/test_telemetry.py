"""Readings are stored once, over REST and gRPC alike, and survive a crash."""

import asyncio
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from service_kit.testing import Process, free_port, process
from telemetry_service import feed
from telemetry_service.feed import TooSlow
from telemetry_service.model import Batch
from telemetry_service.proto import telemetry_pb2 as pb
from telemetry_service.proto.telemetry_pb2_grpc import TelemetryStub
from telemetry_service.store import ReadingStore

Both = tuple[Process, grpc.Channel]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    port = free_port()
    with (
        process("telemetry_service", tmp_path, GRPC_PORT=str(port)) as running,
        grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield running, channel


def batch(*seqs: int, device: str = "sensor-1") -> dict[str, Any]:
    readings = [{"seq": seq, "at": "2026-01-01T00:00:00Z", "metric": "t", "value": 1.5} for seq in seqs]
    return {"device_id": device, "readings": readings}


def reading(seq: int) -> pb.Reading:
    return pb.Reading(seq=seq, at=Timestamp(seconds=1_767_225_600), metric="t", value=1.5)


def post(url: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{url}/readings", json=body)


def test_a_reading_sent_twice_is_stored_once_over_both_protocols(both: Both) -> None:
    running, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]

    over_rest = post(running.url, batch(1, 2))
    over_grpc = stub.Ingest(pb.IngestRequest(device_id="sensor-1", readings=[reading(seq) for seq in (2, 3)]))
    listed = stub.ListReadings(pb.ListReadingsRequest(device_id="sensor-1", limit=2))

    assert (202, {"accepted": 2, "duplicates": 0}) == (over_rest.status_code, over_rest.json())
    assert (1, 1) == (over_grpc.accepted, over_grpc.duplicates)
    assert [3, 2] == [reading.seq for reading in listed.readings]
    assert listed.next_cursor


def test_a_duplicate_within_one_batch_counts_as_one(both: Both) -> None:
    running, _ = both

    assert {"accepted": 1, "duplicates": 1} == post(running.url, batch(5, 5)).json()


def test_an_acknowledged_reading_survives_a_crash(tmp_path: Path) -> None:
    with process("telemetry_service", tmp_path) as first:
        assert post(first.url, batch(1)).status_code == 202
        first.kill()
    with process("telemetry_service", tmp_path) as second:
        listed = httpx.get(f"{second.url}/readings", params={"device_id": "sensor-1"}).json()

    assert [1] == [item["seq"] for item in listed["items"]]


def test_more_than_a_thousand_readings_are_refused(both: Both) -> None:
    running, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]

    assert post(running.url, batch(*range(1001))).status_code == 422
    with pytest.raises(grpc.RpcError) as caught:
        stub.Ingest(pb.IngestRequest(device_id="d", readings=[reading(seq) for seq in range(1001)]))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_grpc_refuses_what_rest_refuses(both: Both) -> None:
    running, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]
    timeless = batch(1)
    del timeless["readings"][0]["at"]

    assert post(running.url, timeless).status_code == 422
    with pytest.raises(grpc.RpcError) as caught:
        stub.Ingest(pb.IngestRequest(device_id="d", readings=[pb.Reading(seq=1, metric="t", value=1.5)]))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "readings.0.at" in str(caught.value.details())


def test_health_and_reflection_answer(both: Both) -> None:
    _, channel = both

    stub = health_pb2_grpc.HealthStub(channel)
    health = stub.Check(  # type: ignore[attr-defined]
        health_pb2.HealthCheckRequest(service="colonnade.telemetry.v1.Telemetry")
    )
    services = ProtoReflectionDescriptorDatabase(channel).get_services()

    assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert "colonnade.telemetry.v1.Telemetry" in services


def test_a_stream_of_requests_is_answered_one_by_one(both: Both) -> None:
    _, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]
    requests = (pb.IngestRequest(device_id="d", readings=[reading(seq)]) for seq in (1, 2, 2))

    answers = [(answer.accepted, answer.duplicates) for answer in stub.IngestMany(requests)]

    assert [(1, 0), (1, 0), (0, 1)] == answers


def test_who_follows_a_device_is_told_what_is_stored_of_it(both: Both) -> None:
    running, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]

    readings = stub.FollowReadings(pb.FollowReadingsRequest(device_id="d"))
    readings.initial_metadata()
    for device, seq in (("other", 1), ("d", 2)):
        stub.Ingest(pb.IngestRequest(device_id=device, readings=[reading(seq)]))
    post(running.url, batch(3, device="d"))
    told = [next(readings), next(readings)]
    readings.cancel()

    assert [reading(2), reading(3)] == told


def test_who_follows_a_device_is_told_what_another_instance_stores_of_it(both: Both, tmp_path: Path) -> None:
    _, channel = both
    with process("telemetry_service", tmp_path) as other:
        readings = TelemetryStub(channel).FollowReadings(pb.FollowReadingsRequest(device_id="d"), timeout=20)  # type: ignore[no-untyped-call]
        readings.initial_metadata()
        post(other.url, batch(7, 8, device="d"))
        told = [next(readings), next(readings)]
        readings.cancel()

    assert [reading(7), reading(8)] == told


def test_who_follows_too_slowly_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot go on as if nothing had been missed."""
    monkeypatch.setattr(feed, "KEPT", 3)
    store = ReadingStore(tmp_path / "readings.sqlite")
    since = store.now()
    for seq in range(4):
        store.ingest(Batch.model_validate(batch(seq)))

    with pytest.raises(TooSlow):
        asyncio.run(anext(store.following("sensor-1", since)))  # type: ignore[arg-type]  # a coroutine
    store.close()


def test_a_device_speaks_for_itself_only(both: Both) -> None:
    _, channel = both
    stub = TelemetryStub(channel)  # type: ignore[no-untyped-call]
    other = (("x-device-id", "sensor-2"),)

    calls = (
        lambda: stub.Ingest(pb.IngestRequest(device_id="d", readings=[reading(1)]), metadata=other),
        lambda: stub.ListReadings(pb.ListReadingsRequest(device_id="d"), metadata=other),
        lambda: next(stub.FollowReadings(pb.FollowReadingsRequest(device_id="d"), metadata=other)),
    )
    for call in calls:
        with pytest.raises(grpc.RpcError) as caught:
            call()  # type: ignore[no-untyped-call]
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_the_descriptor_set_is_of_the_same_proto_file_as_the_modules() -> None:
    found = FileDescriptorSet.FromString(
        files("telemetry_service.proto").joinpath("telemetry.pb").read_bytes()
    )
    (own,) = [file for file in found.file if file.package == "colonnade.telemetry.v1"]
    own.dependency.remove("google/api/annotations.proto")
    for method in own.service[0].method:
        method.ClearField("options")

    assert own.SerializeToString(deterministic=True) == pb.DESCRIPTOR.serialized_pb
