"""What the edge does for every client: routing, hygiene, compression, limits of size."""

import httpx
import pytest

from tests.platform_folder import Stack, bff, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


def test_the_edge_says_that_it_can_serve(anonymous: httpx.Client) -> None:
    assert anonymous.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/api", "/api/unknown", "/check/mobile", "/metrics", "/admin/keys"]
)
def test_an_unknown_route_is_a_problem(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path)

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize(
    "path", ["/api/web/%2e%2e/mobile/home", "/api//mobile/home", "/api/mobile/..%2fhome"]
)
def test_a_path_in_disguise_gets_no_further_than_its_plain_form(anonymous: httpx.Client, path: str) -> None:
    assert anonymous.get(path).status_code in {307, 400, 401, 404}


def test_a_body_over_the_limit_is_413(iot: httpx.Client) -> None:
    answer = iot.post("/api/iot/telemetry", content=b"[" + b" " * 2_000_000 + b"]")

    assert (413, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_headers_over_the_limit_are_refused(anonymous: httpx.Client) -> None:
    assert anonymous.get("/api/mobile/home", headers={"x-large": "x" * 70_000}).status_code == 431


def test_a_request_id_is_made_at_the_edge_and_told(anonymous: httpx.Client) -> None:
    answers = [anonymous.get("/api/mobile/home", headers={"X-Request-ID": "mine"}) for _ in range(2)]

    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert "mine" not in ids


def test_a_request_id_goes_all_the_way_down(stack: Stack, mobile: httpx.Client) -> None:
    request_id = mobile.get("/api/mobile/home").headers["x-request-id"]

    def told_by() -> set[str]:
        return {name for name in ("mobile", "envoy", "envoy-2") if request_id in stack.logs(name)}

    assert eventually(told_by)


def _all_logs(stack: Stack) -> str:
    return "".join(stack.logs(name) for name in stack.processes())


@pytest.mark.parametrize(("coding", "expected"), [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd")])
def test_answers_are_compressed_as_the_client_likes(mobile: httpx.Client, coding: str, expected: str) -> None:
    request = mobile.build_request(
        "GET", "/api/mobile/products", params={"limit": 50}, headers={"Accept-Encoding": coding}
    )
    answer = mobile.send(request, stream=True)
    answer.close()

    assert expected == answer.headers["content-encoding"]


def test_secrets_stay_out_of_every_log(
    stack: Stack, mobile: httpx.Client, iot: httpx.Client, mobile_token: str, device_key: str
) -> None:
    mobile.get("/api/mobile/home")
    iot.get("/api/iot/config")
    stack_logs = _all_logs(stack)

    assert mobile_token not in stack_logs
    assert mobile_token.rpartition(".")[2] not in stack_logs
    assert device_key not in stack_logs


def test_both_edges_serve(stack: Stack) -> None:
    edges = stack.told["edges"]

    assert len(edges) == 2
    assert {200} == {httpx.get(f"{edge}/healthz").status_code for edge in edges}


def test_the_limit_is_one_for_both_edges(stack: Stack) -> None:
    """100 a minute with a burst of 20: two edges together admit the burst, not twice as much."""
    key = stack.key("sensor-3")
    with httpx.Client(headers={"X-API-Key": key}) as client:
        remaining = [
            int(client.get(f"{edge}/api/iot/config").headers["x-ratelimit-remaining"])
            for _ in range(3)
            for edge in stack.told["edges"]
        ]

    assert remaining[-1] <= remaining[0] - 3


def test_the_routes_are_shown_with_who_decides_them(stack: Stack) -> None:
    shown = bff(stack.folder, "routes", "--json").stdout

    assert '"mobile"' in shown
    assert "native" in shown or "envoy" in shown
