"""What a compiled edge does, seen from both sides of a real Envoy."""

import json
import re
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from colonnade.ir.target import Address
from colonnade_tests.envoy.backend import HOST
from colonnade_tests.envoy.edge import PLATFORM, Edge, deciding, eventually, free_ports, running

TV = """\
kind: mobile
port: 3003
route: {prefix: /api/tv, max_body: 64KiB, timeouts: {read: 1s}, retries: {attempts: 1, per_try: 500ms}}
auth: {type: jwt, revocation: false}
limits: [{name: per-consumer, rate: 1/minute, burst: 4, policy: local}]
routes:
  - {name: open, path: /open, auth: {type: none}, limits: []}
  - {name: read, path: /scoped, auth: {type: jwt, scopes: ["orders:read"], revocation: false}, limits: []}
  - {name: admin, path: /admin, auth: {type: jwt, scopes: ["admin:all"], revocation: false}, limits: []}
  - name: post
    path: /open/method
    methods: [POST]
    rewrite: {regex: "^.*$", substitution: /posted}
    auth: {type: none}
    limits: []
  - name: beta
    path: /open/beta
    headers: {x-beta: "1"}
    rewrite: {regex: "^/api/tv/open/beta/(.*)$", substitution: '/b/\\1'}
    auth: {type: none}
    limits: []
"""
STORED = """\
kind: iot
port: 3004
route: {prefix: /api/stored}
auth: {type: jwt}
limits: [{name: a, rate: 1/second}]
"""

HOSTED = """\
kind: mobile
port: 3005
route: {prefix: /api/hosted, hosts: [shop.example.com, "*.shop.example.com"]}
auth: {type: none}
"""

TRUSTED = PLATFORM.replace("guardrails: {", "guardrails: {critical: [decided], ")
CRITICAL = "{prefix: /api/decided, criticality: critical}"
"""So that a policy service with a lot to do refuses nothing."""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running(tmp_path_factory.mktemp("edge"), {"tv": TV, "stored": STORED, "hosted": HOSTED}) as edge:
        yield edge


def sent(answer: httpx.Response) -> dict[str, str]:
    """The headers that reached the backend."""
    return dict(answer.json()["headers"])


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    return document


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/api/tv/open", "/open"), ("/api/tv/open/x?y=%20z", "/open/x?y=%20z"), ("/api/tv/open/", "/open/")],
)
def test_the_prefix_is_stripped(edge: Edge, path: str, expected: str) -> None:
    assert expected == edge.get(path).json()["path"]


@pytest.mark.parametrize(
    "path", ["/api/tvs", "/api/tv-open", "/api", "/", "/check", "/metrics", "/api/tv/../x"]
)
def test_a_prefix_matches_whole_segments_only(edge: Edge, path: str) -> None:
    answer = edge.get(path)

    assert answer.status_code == 404
    assert problem(answer)["title"] == "Not Found"


@pytest.mark.parametrize(
    ("host", "status"),
    [("shop.example.com", 200), ("www.shop.example.com:8080", 200), ("example.com", 404), ("x", 404)],
)
def test_the_host_chooses_the_route(edge: Edge, host: str, status: int) -> None:
    assert edge.get("/api/hosted", headers={"Host": host}).status_code == status
    assert edge.get("/api/tv/open", headers={"Host": host}).status_code == 200


def test_a_client_that_stalls_is_cut_off(edge: Edge) -> None:
    with socket.create_connection((edge.target.listen.host, edge.target.listen.port), timeout=30) as slow:
        slow.sendall(b"POST /api/tv/open HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")

        assert slow.recv(4096).startswith(b"HTTP/1.1 408")


def test_method_and_header_choose_the_route(edge: Edge) -> None:
    posted = httpx.post(f"{edge.url}/api/tv/open/method")

    assert posted.json()["path"] == "/posted"
    assert edge.get("/api/tv/open/method").json()["path"] == "/open/method"
    assert edge.get("/api/tv/open/beta/1", headers={"x-beta": "1"}).json()["path"] == "/b/1"
    assert edge.get("/api/tv/open/beta/1", headers={"x-beta": "2"}).json()["path"] == "/open/beta/1"


@pytest.mark.parametrize(
    "name", ["X-User-ID", "x-user-id", "X_User_ID", "X-User-Roles", "X-Device-ID", "X-Client-ID"]
)
def test_nobody_else_says_who_is_calling(edge: Edge, name: str) -> None:
    headers = [(name, "evil"), (name, "worse"), ("X-Colonnade-JWT", "evil"), ("X-Colonnade-Route", "evil")]

    reached = edge.get("/api/tv/open", headers=headers).json()["headers"]

    assert "evil" not in json.dumps(reached)
    assert "worse" not in json.dumps(reached)


def test_credentials_stay_at_the_edge(edge: Edge) -> None:
    given = edge.alice() | {"Cookie": "colonnade=1", "X-API-Key": "k"}

    reached = sent(edge.get("/api/tv/scoped", headers=given))

    assert not {"authorization", "cookie", "x-api-key"} & set(reached)
    assert not [name for name in reached if name.startswith("x-colonnade")]


def test_a_verified_token_becomes_identity_headers(edge: Edge) -> None:
    reached = sent(edge.get("/api/tv/scoped", headers=edge.alice()))

    identity = {name: value for name, value in reached.items() if name.startswith(("x-user", "x-client"))}
    assert identity == {
        "x-user-id": "alice",
        "x-user-email": "alice@example.com",
        "x-user-roles": "user,admin",
        "x-client-id": "tv",
    }


@pytest.mark.parametrize(("roles", "expected"), [(None, None), ("admin", "admin"), (["a"], "a"), ([], None)])
def test_roles_are_told_however_the_provider_writes_them(
    edge: Edge, roles: object, expected: str | None
) -> None:
    reached = sent(edge.get("/api/tv/scoped", headers=edge.alice(roles=roles)))

    assert reached.get("x-user-roles") == expected


@pytest.mark.parametrize(
    "claims", [{"iss": "http://evil"}, {"aud": "other"}, {"exp": 1}, {"exp": None}, {"nbf": 4102444800}]
)
def test_a_token_that_is_not_for_us_is_refused(edge: Edge, claims: dict[str, object]) -> None:
    answer = edge.get("/api/tv/scoped", headers=edge.alice(**claims))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "r=" not in answer.headers.get("ratelimit", "")
    problem(answer)


def test_a_token_of_another_key_is_refused(edge: Edge) -> None:
    other = RSAKey.generate_key(2048)
    forged = edge.backend.token({}, other)

    assert edge.get("/api/tv/scoped", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_a_missing_scope_is_403(edge: Edge) -> None:
    answer = edge.get("/api/tv/admin", headers=edge.alice())

    assert answer.status_code == 403
    problem(answer)
    assert edge.get("/api/tv/scoped", headers=edge.alice(scope="my-orders:read")).status_code == 403


def test_each_consumer_has_a_bucket_and_is_told_its_state(edge: Edge) -> None:
    def ask(user: str) -> httpx.Response:
        return edge.get("/api/tv/limited", headers=edge.alice(sub=user))

    answers = [ask("carol") for _ in range(6)]

    assert Counter({200: 4, 429: 2}) == Counter(answer.status_code for answer in answers)
    assert ask("dave").status_code == 200
    assert answers[0].headers["x-ratelimit-limit"] == "4"
    assert re.fullmatch(r'"per-consumer";r=3;t=\d+', answers[0].headers["ratelimit"])
    assert answers[0].headers["ratelimit-policy"] == '"per-consumer";q=4;w=240'
    refused = answers[-1]
    assert (refused.headers["retry-after"], refused.headers["x-ratelimit-remaining"]) == ("60", "0")
    problem(refused)


def test_programs_without_a_user_have_a_bucket_each(edge: Edge) -> None:
    def ask(client: str) -> httpx.Response:
        return edge.get("/api/tv/limited", headers=edge.alice(sub=None, client_id=client))

    answers = [ask("reporting") for _ in range(6)]

    assert [200] * 4 + [429] * 2 == [answer.status_code for answer in answers]
    assert ["3", "2", "1", "0"] == [answer.headers["x-ratelimit-remaining"] for answer in answers[:4]]
    assert ask("billing").status_code == 200


def test_the_request_id_is_the_edges_own(edge: Edge) -> None:
    answer = edge.get("/api/tv/open", headers={"X-Request-ID": "mine"})

    assert sent(answer)["x-request-id"] == answer.headers["x-request-id"] != "mine"


def test_a_bff_is_told_how_long_the_edge_waits_and_that_a_client_is_before_it(edge: Edge) -> None:
    theirs = {"X-Envoy-Expected-Rq-Timeout-Ms": "60000"}

    reached = sent(edge.get("/api/tv/open", headers=theirs))

    assert reached["x-envoy-expected-rq-timeout-ms"] in {"500", "1000"}
    assert reached["x-forwarded-for"]


def test_the_trace_context_begins_at_the_edge(edge: Edge) -> None:
    theirs = "00-11111111111111111111111111111111-2222222222222222-01"

    reached = sent(edge.get("/api/tv/open", headers={"traceparent": theirs}))

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", reached["traceparent"])
    assert "1" * 32 not in reached["traceparent"]
    assert "2" * 16 not in reached["traceparent"]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_answers_are_compressed(edge: Edge, coding: str) -> None:
    with httpx.stream("GET", f"{edge.url}/api/tv/open", headers={"Accept-Encoding": coding}) as answer:
        assert answer.headers["content-encoding"] == coding


def test_a_body_over_the_routes_bound_is_413(edge: Edge) -> None:
    fits = httpx.post(f"{edge.url}/api/tv/open", content=b"x" * 60_000)
    large = httpx.post(f"{edge.url}/api/tv/open", content=b"x" * 70_000)

    assert (200, 60_000) == (fits.status_code, fits.json()["size"])
    assert large.status_code == 413
    problem(large)


def test_large_headers_are_431(edge: Edge) -> None:
    assert edge.get("/api/tv/open", headers={"x-large": "x" * 70_000}).status_code == 431


def test_too_many_headers_are_431(edge: Edge) -> None:
    assert edge.get("/api/tv/open", headers=[(f"x-{n}", "1") for n in range(200)]).status_code == 431


def test_a_slow_answer_is_504(edge: Edge) -> None:
    answer = httpx.post(f"{edge.url}/api/tv/open/hang")

    assert answer.status_code == 504
    problem(answer)


def test_a_broken_connection_is_tried_again_for_safe_methods_only(edge: Edge) -> None:
    edge.backend.failures = 1
    assert edge.get("/api/tv/open/flaky").status_code == 200

    edge.backend.failures = 1
    assert httpx.post(f"{edge.url}/api/tv/open/flaky").status_code == 503
    edge.backend.failures = 0


def test_without_the_policy_service_a_route_that_needs_it_is_503(tmp_path: Path) -> None:
    with running(tmp_path, {"stored": STORED}, policy_service=False) as edge:
        answer = edge.get("/api/stored", headers=edge.alice())

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "decide" in problem(answer)["detail"]


@pytest.mark.parametrize("path", ["/api/tv/open/%2e%2e/%2e%2e/stored", "//api//stored", "/api/./stored"])
def test_a_path_in_disguise_is_held_to_the_route_it_means(edge: Edge, path: str) -> None:
    assert raw(edge, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 401"
    )


@pytest.mark.parametrize(
    "request_text",
    [
        "POST /api/tv/open HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /api/tv/open HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET /api/tv/open HTTP/1.1\r\nHost: x\r\nX-User-ID : evil\r\n\r\n",
        "GET /api/tv/open HTTP/1.1\r\n\r\n",
        "NONSENSE\r\n\r\n",
    ],
    ids=["both lengths", "two lengths", "space before colon", "no host", "no request"],
)
def test_an_ambiguous_request_is_refused(edge: Edge, request_text: str) -> None:
    assert raw(edge, request_text).startswith(b"HTTP/1.1 400")


def raw(edge: Edge, text: str) -> bytes:
    with socket.create_connection(
        (edge.target.listen.host, edge.target.listen.port), timeout=5
    ) as connection:
        connection.sendall(text.encode())
        return connection.recv(4096)


def test_the_access_log_tells_the_request_and_no_secret(edge: Edge) -> None:
    headers = edge.alice()

    answer = edge.get("/api/tv/scoped?token=s3cret", headers=headers)
    request_id = answer.headers["x-request-id"]

    eventually(lambda: request_id in edge.log.read_text(encoding="utf-8"), within=15)
    text = edge.log.read_text(encoding="utf-8")
    line = json.loads(next(line for line in text.splitlines() if request_id in line))
    assert (line["route"], line["status"], line["path"]) == ("tv.read", 200, "/api/tv/scoped")
    assert (line["user"], line["roles"]) == ("alice", "user,admin")
    assert line["upstream"] == str(edge.backend.address)
    assert 0 <= line["upstream_ms"] <= line["duration_ms"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", line["traceparent"])
    assert "flags" not in line or line["flags"] == "-"
    assert not [name for name in answer.headers if name.startswith("x-envoy")]
    assert "s3cret" not in text
    assert headers["Authorization"].split()[1] not in text


def test_a_published_change_loses_no_request(edge: Edge) -> None:
    stop, seen = threading.Event(), Counter[int]()

    def traffic() -> None:
        with httpx.Client(base_url=edge.url) as client:
            while not stop.is_set():
                seen[client.get("/api/tv/open").status_code] += 1

    threads = [threading.Thread(target=traffic) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(5):
            prefix = f"/api/moved-{number}"
            edge.rewrite(hosted=HOSTED, tv=TV, stored=STORED.replace("/api/stored", prefix))
            eventually(lambda prefix=prefix: edge.get(prefix).status_code == 401)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        edge.rewrite(hosted=HOSTED, tv=TV, stored=STORED)

    assert seen[200] >= 5
    assert {200} == set(seen)


def test_a_policy_service_that_hangs_refuses_nobody(edge: Edge) -> None:
    """What it was asked is asked of the other one, all that was under way at once."""
    port, lease, *_ = free_ports()
    (well,), ill = edge.target.endpoints["policy"], Address(HOST, port)
    decided = STORED.replace("jwt", "none").replace("1/second", "1000/second, key: ip")
    decided = decided.replace("3004", "3006").replace("{prefix: /api/stored}", CRITICAL)
    bffs = {"tv": TV, "stored": STORED, "hosted": HOSTED, "decided": decided}
    stop, seen = threading.Event(), Counter[int]()

    def ask() -> None:
        with httpx.Client(base_url=edge.url, timeout=30) as client:
            while not stop.is_set():
                seen[client.get("/api/decided").status_code] += 1

    with deciding(edge.folder, port, lease) as process, ThreadPoolExecutor(8) as pool:
        try:
            edge.rewrite(TRUSTED, {"policy": (well, ill), "decided": (edge.backend.address,)}, **bffs)
            eventually(
                lambda: f"{ill}::health_flags::healthy" in httpx.get(f"{edge.target.admin.url}/clusters").text
            )
            eventually(lambda: edge.get("/api/decided").status_code == 200)
            before = edge.stat("cluster.policy.upstream_rq_retry")
            asking = [pool.submit(ask) for _ in range(8)]
            process.send_signal(signal.SIGSTOP)
            eventually(lambda: edge.stat("cluster.policy.upstream_rq_retry") > before)
        finally:
            stop.set()
            process.send_signal(signal.SIGCONT)
            edge.rewrite(TRUSTED, {"policy": (well,)}, **bffs)

    assert {None} == {one.result() for one in asking}
    assert {200} == set(seen)
