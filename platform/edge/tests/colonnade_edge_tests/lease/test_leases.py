"""Leases as Envoy asks for them, by gRPC, of a real policy service."""

import asyncio
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from colonnade_edge.authn.session import session_key
from colonnade_edge.lease.proto import lease_pb2 as pb
from colonnade_edge_tests.documents import document, mobile, publish, question, subject
from colonnade_edge_tests.processes import Served, Valkey, free_port, serving
from colonnade_policy import Route

ADMIN = "a-long-enough-admin-token"
METHOD = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"
ROUTES = {
    "events": Route("mobile", "jwt", stream=True),
    "unrevoked": Route("mobile", "jwt", stream=True, revocation=False),
    "plain": Route("mobile", "jwt"),
    "open": Route("mobile", "none", stream=True),
}

Call = grpc.aio.StreamStreamCall[Any, Any]


@pytest.fixture(scope="module")
def environment(store: Valkey, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("lease")
    publish(folder / "policy.json", document(routes=ROUTES))
    (folder / "token").write_text(ADMIN)
    return {
        "POLICY_FILE": str(folder / "policy.json"),
        "STORE_URL": store.url,
        "ADMIN_TOKEN_FILE": str(folder / "token"),
    }


@contextmanager
def policy_service(environment: dict[str, str]) -> Iterator[tuple[Served, str]]:
    """A policy service, and where it holds leases."""
    port = free_port()
    folder = Path(environment["POLICY_FILE"]).parent
    with serving("colonnade_edge", folder, {**environment, "LEASE_PORT": str(port)}) as served:
        yield served, f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def edge(environment: dict[str, str]) -> Iterator[tuple[Served, str]]:
    with policy_service(environment) as running:
        yield running


@pytest.fixture(scope="module")
def console(environment: dict[str, str]) -> Iterator[httpx.Client]:
    with (
        serving("colonnade_edge.console", Path(environment["POLICY_FILE"]).parent, environment) as service,
        httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {ADMIN}"}) as client,
    ):
        yield client


def revoke(console: httpx.Client, **order: str) -> None:
    assert console.post("/admin/revocations", json=order).status_code == 201


def issued(route: str, sub: str, **claims: object) -> dict[str, str]:
    return mobile(route, sub, **{"iat": int(time.time()) - 1, "exp": time.time() + 300, **claims})


def lease_of(edge: tuple[Served, str], headers: dict[str, str]) -> str:
    """The header with which the decision sends the request on."""
    answer = httpx.get(f"{edge[0].url}/check/", headers=headers)
    assert answer.status_code == 200
    return str(answer.headers.get("x-colonnade-lease", ""))


@asynccontextmanager
async def held(edge: tuple[Served, str], lease: str) -> AsyncIterator[Call]:
    """A call that was granted, as Envoy makes it; it is cancelled when the block ends."""
    async with grpc.aio.insecure_channel(edge[1]) as channel:
        call: Call = channel.stream_stream(
            METHOD, pb.ProcessingRequest.SerializeToString, pb.ProcessingResponse.FromString
        )()
        await call.write(asking(lease))
        assert await call.read() == pb.ProcessingResponse(request_headers=pb.HeadersResponse())
        yield call
        call.cancel()


def asking(lease: str) -> pb.ProcessingRequest:
    header = pb.HeaderValue(key="x-colonnade-lease", raw_value=lease.encode())
    return pb.ProcessingRequest(request_headers=pb.HttpHeaders(headers=pb.HeaderMap(headers=[header])))


async def ending(call: Call, within_s: float) -> tuple[grpc.StatusCode, str]:
    async with asyncio.timeout(within_s):
        return await call.code(), await call.details()


async def test_a_stream_ends_when_its_credential_is_revoked_and_no_other(
    edge: tuple[Served, str], console: httpx.Client
) -> None:
    sub = subject()
    async with (
        held(edge, lease_of(edge, issued("events", sub))) as one,
        held(edge, lease_of(edge, issued("events", subject()))) as other,
        held(edge, lease_of(edge, issued("unrevoked", sub))) as holding,
    ):
        revoke(console, user=sub)

        assert await ending(one, 1.0) == (grpc.StatusCode.PERMISSION_DENIED, "revoked")
        assert not other.done()
        assert not holding.done()


@pytest.mark.parametrize("route", ["events", "unrevoked"])
async def test_a_stream_ends_with_its_token(edge: tuple[Served, str], route: str) -> None:
    for life_s in (1.5, 6, 24):
        headers = issued(route, subject(), exp=(end := time.time() + life_s))
        answer = await asyncio.to_thread(httpx.get, f"{edge[0].url}/check/", headers=headers)
        if time.time() < end:
            break  # the machine was not too busy to ask in time
    assert answer.status_code == 200
    async with held(edge, str(answer.headers["x-colonnade-lease"])) as call:
        assert await ending(call, 60.0) == (grpc.StatusCode.PERMISSION_DENIED, "expired")
        assert time.time() >= end


async def test_a_lease_of_what_was_revoked_meanwhile_ends_at_once(
    edge: tuple[Served, str], console: httpx.Client
) -> None:
    sub = subject()
    headers = issued("events", sub)
    lease = lease_of(edge, headers)
    revoke(console, user=sub)
    async with httpx.AsyncClient(base_url=edge[0].url) as client, asyncio.timeout(5):
        while (await client.get("/check/", headers=headers)).status_code != 401:
            pass

    async with held(edge, lease) as call:
        assert await ending(call, 1.0) == (grpc.StatusCode.PERMISSION_DENIED, "revoked")


async def test_a_stream_ends_with_its_session(edge: tuple[Served, str], store: Valkey) -> None:
    """By logout, or because nobody used it: the record is gone."""
    digest = "0" * 64
    lease = urlsafe_b64encode(b'{"session":"%b"}' % digest.encode()).decode()
    with store.client() as client:
        client.set(session_key(digest), b"{}")
        async with held(edge, lease) as call:
            with pytest.raises(TimeoutError):
                await ending(call, 2.5)
            client.delete(session_key(digest))

            assert await ending(call, 4.0) == (grpc.StatusCode.PERMISSION_DENIED, "session_over")


async def test_trailers_are_answered_and_end_the_lease(edge: tuple[Served, str]) -> None:
    async with held(edge, lease_of(edge, issued("events", subject()))) as call:
        await call.write(pb.ProcessingRequest(response_trailers=pb.HttpTrailers()))

        assert await call.read() == pb.ProcessingResponse(response_trailers=pb.TrailersResponse())
        assert await ending(call, 1.0) == (grpc.StatusCode.OK, "")


async def test_a_lease_is_counted_until_the_client_goes(edge: tuple[Served, str]) -> None:
    before = metric(edge, "colonnade_leases ")
    async with held(edge, lease_of(edge, issued("events", subject()))):
        assert metric(edge, "colonnade_leases ") == before + 1
    async with asyncio.timeout(5):
        while metric(edge, "colonnade_leases ") != before:
            await asyncio.to_thread(lambda: None)
    assert metric(edge, 'colonnade_leases_ended_total{why="revoked"}') >= 0


@pytest.mark.parametrize("lease", ["", "%%%", "e30", urlsafe_b64encode(b'{"user": 1}').decode()])
async def test_what_is_no_lease_is_refused(edge: tuple[Served, str], lease: str) -> None:
    async with grpc.aio.insecure_channel(edge[1]) as channel:
        call: Call = channel.stream_stream(
            METHOD, pb.ProcessingRequest.SerializeToString, pb.ProcessingResponse.FromString
        )()
        await call.write(asking(lease))

        assert (await ending(call, 5.0))[0] is grpc.StatusCode.INVALID_ARGUMENT


def test_only_a_stream_with_a_credential_has_a_lease(edge: tuple[Served, str]) -> None:
    assert lease_of(edge, issued("plain", subject())) == ""
    assert lease_of(edge, question("open")) == ""


def test_a_taken_port_ends_in_one_line(edge: tuple[Served, str], environment: dict[str, str]) -> None:
    taken = {**environment, "LEASE_PORT": edge[1].rpartition(":")[2]}
    folder = Path(environment["POLICY_FILE"]).parent
    with serving("colonnade_edge", folder, taken, ready=False) as second:
        assert second.process.wait(20) == 2
        assert "set LEASE_PORT" in second.logged()
        assert "Traceback" not in second.logged()


async def test_streams_end_with_the_service(environment: dict[str, str]) -> None:
    with policy_service(environment) as edge:
        async with held(edge, lease_of(edge, issued("events", subject()))) as call:
            edge[0].process.terminate()

            code, _ = await ending(call, 10.0)
            assert code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        assert edge[0].process.wait(20) == 0
        assert "Traceback" not in edge[0].logged()


def metric(edge: tuple[Served, str], name: str) -> float:
    lines = httpx.get(f"{edge[0].url}/metrics").text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)
