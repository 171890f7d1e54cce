"""The admin API and the status page."""

from pathlib import Path

import httpx
import pytest

from colonnade_edge_tests.console.conftest import TOKEN
from colonnade_edge_tests.documents import question
from colonnade_edge_tests.processes import Served, Valkey, free_port, serving, valkey, wait_until


def ask(policy: Served, key: str) -> int:
    return httpx.get(f"{policy.url}/check/", headers=question("iot", x_api_key=key)).status_code


def test_a_key_is_made_used_listed_and_revoked(console: httpx.Client, policy: Served, store: Valkey) -> None:
    order = {"device_id": "sensor-77", "name": "roof", "scopes": ["ingest"]}
    made = console.post("/admin/keys", json=order)
    key = made.json()["key"]
    used = ask(policy, key)
    listed = console.get("/admin/keys").text
    revoked = console.delete(f"/admin/keys/{made.json()['id']}")
    with store.client() as client:
        kept = client.get(f"colonnade:key:{made.json()['id']}") or b""

    assert made.status_code == 201
    assert order.items() <= made.json().items()
    assert used == 200
    assert made.json()["id"] in listed
    assert key not in listed
    assert key.encode() not in kept
    assert key.partition(f"_{made.json()['id']}_")[2].encode() not in kept
    assert revoked.json()["revoked_at"] is not None
    assert ask(policy, key) == 401


def test_a_key_has_the_groups_of_its_tier(console: httpx.Client) -> None:
    made = console.post("/admin/keys", json={"device_id": "sensor-79", "groups": ["gold"]}).json()

    (listed,) = (key for key in console.get("/admin/keys").json()["items"] if key["id"] == made["id"])
    assert made["groups"] == listed["groups"] == ["gold"]


def test_the_state_of_a_limit_is_told_and_nothing_taken(console: httpx.Client, policy: Served) -> None:
    made = console.post("/admin/keys", json={"device_id": "sensor-80"}).json()
    asked = {"route": "iot", "path": "/x", "consumer": "device:sensor-80"}
    before = console.post("/admin/limits/state", json=asked).json()
    for _ in range(2):
        ask(policy, made["key"])
    after, again = (console.post("/admin/limits/state", json=asked).json() for _ in range(2))

    assert before["items"] == [{"limit": "iot.per-consumer", "quota": 5, "remaining": 5, "reset_s": 0.0}]
    assert after["items"][0]["remaining"] == again["items"][0]["remaining"] == 3
    assert 60 < after["items"][0]["reset_s"] <= 72
    assert console.post("/admin/limits/state", json={**asked, "route": "no"}).status_code == 404
    assert console.post("/admin/limits/state", json={**asked, "route": "free"}).json() == {"items": []}


def test_who_asks_most_is_listed_first(console: httpx.Client, policy: Served) -> None:
    keys = {
        name: console.post("/admin/keys", json={"device_id": name}).json()["key"] for name in ("h1", "h2")
    }
    for name, times in (("h1", 3), ("h2", 7)):
        for _ in range(times):
            ask(policy, keys[name])

    def listed() -> list[tuple[str, int, int]]:
        items = console.get("/admin/limits/top").json()["items"]
        found = [(one["consumer"], one["asked"], one["refused"]) for one in items]
        return [one for one in found if one[0] in {"device:h1", "device:h2"}]

    wait_until(lambda: listed() == [("device:h2", 7, 2), ("device:h1", 3, 0)], "the tally")


def test_revoking_twice_keeps_the_first_time(console: httpx.Client) -> None:
    key_id = console.post("/admin/keys", json={"device_id": "sensor-78"}).json()["id"]

    first, second = (console.delete(f"/admin/keys/{key_id}").json() for _ in range(2))

    assert first == second
    assert console.delete("/admin/keys/nowhere").status_code == 404


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"device_id": "a b"},
        {"device_id": "a\r\nx-user-id: b"},
        {"device_id": "s", "colour": "red"},
        {"device_id": "s", "scopes": ["a b"]},
        {"device_id": "s", "expires_at": "2030-01-01T00:00:00"},
        {"device_id": "s", "name": "x" * 101},
    ],
)
def test_a_wrong_order_is_a_problem(console: httpx.Client, order: dict[str, object]) -> None:
    refused = console.post("/admin/keys", json=order)

    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer bücher"])
def test_the_admin_api_needs_its_token(console: httpx.Client, authorization: str) -> None:
    for method, path in (
        ("GET", "keys"),
        ("POST", "keys"),
        ("GET", "routes"),
        ("GET", "health"),
        ("GET", "limits/top"),
    ):
        headers = {b"authorization": authorization.encode()}
        refused = console.request(method, f"/admin/{path}", headers=headers)

        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"


def test_routes_and_health_are_told(console: httpx.Client) -> None:
    routes = console.get("/admin/routes").json()
    health = console.get("/admin/health").json()

    assert routes["revision"] == health["policy_revision"] == "test-1"
    assert [route["id"] for route in routes["items"]] == sorted(route["id"] for route in routes["items"])
    assert (health["status"], health["store"]) == ("ok", "up")


def test_the_status_page_is_self_contained(console: httpx.Client) -> None:
    page = console.get("/", headers={"authorization": ""})

    assert page.status_code == 200
    assert "per-consumer" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'nonce-")
    assert "<script" not in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_the_console_works_without_a_store(policy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    environment = {
        "POLICY_FILE": str(policy_file),
        "STORE_URL": f"redis://127.0.0.1:{free_port()}/0",
        "ADMIN_TOKEN_FILE": str(tmp_path / "token"),
    }
    with serving("colonnade_edge.console", tmp_path, environment) as service:
        page = httpx.get(service.url)
        made = httpx.post(
            f"{service.url}/admin/keys",
            json={"device_id": "s"},
            headers={"authorization": f"Bearer {TOKEN}"},
        )

    assert page.status_code == 200
    assert ">down" in page.text
    assert made.status_code == 503


def test_a_restarted_store_costs_the_next_request_nothing(policy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    port = free_port()
    environment = {
        "POLICY_FILE": str(policy_file),
        "STORE_URL": f"redis://127.0.0.1:{port}/0",
        "ADMIN_TOKEN_FILE": str(tmp_path / "token"),
    }
    order = {"device_id": "sensor-1"}
    with (
        serving("colonnade_edge.console", tmp_path, environment) as service,
        httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {TOKEN}"}) as client,
    ):
        with valkey(tmp_path, port):
            first = client.post("/admin/keys", json=order).status_code
        with valkey(tmp_path, port):
            second = client.post("/admin/keys", json=order).status_code

    assert (first, second) == (201, 201)


def test_requests_are_counted_by_operation_and_never_by_what_is_in_them(console: httpx.Client) -> None:
    console.get("/admin/limits/top")
    console.get("/nowhere/secret")
    console.delete("/admin/keys/secret")

    told = console.get("/metrics").text

    assert 'colonnade_console_requests_total{operation="heaviest",status="200"}' in told
    assert 'colonnade_console_requests_total{operation="revoke_key",status="404"}' in told
    assert 'colonnade_console_requests_total{operation="",status="404"}' in told
    assert "secret" not in told


@pytest.mark.parametrize("path", ["versions", "versions/1", "diff?before=1"])
def test_where_no_runner_keeps_versions_none_is_found(console: httpx.Client, path: str) -> None:
    answer = console.get(f"/admin/config/{path}")

    assert answer.status_code == 404
    assert "not started by bff up" in answer.json()["detail"]


def test_versions_are_for_who_holds_the_token(console: httpx.Client) -> None:
    orders = [("GET", "versions"), ("POST", "rollback"), ("POST", "publish")]
    answers = [
        httpx.request(how, console.base_url.join(f"/admin/config/{what}"), json={}) for how, what in orders
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
