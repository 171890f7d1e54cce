"""API keys over their life: rotated with two valid ones, and when they were last used."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from colonnade_edge.authn.api_key import KEY_PREFIX, KeyRecord
from colonnade_edge_tests.documents import question, subject
from colonnade_edge_tests.processes import Served, Valkey, wait_until


def create(console: httpx.Client, **order: object) -> dict[str, Any]:
    made: dict[str, Any] = console.post("/admin/keys", json={"device_id": subject(), **order}).json()
    return made


def rotate(console: httpx.Client, key_id: str, **order: object) -> httpx.Response:
    return console.post(f"/admin/keys/{key_id}/rotate", json=order)


def listed(console: httpx.Client, key_id: str) -> dict[str, Any]:
    (found,) = (key for key in console.get("/admin/keys").json()["items"] if key["id"] == key_id)
    return dict(found)


def ask(policy: Served, key: str) -> httpx.Response:
    return httpx.get(f"{policy.url}/check/", headers=question("iot", x_api_key=key))


def test_both_keys_of_a_rotation_are_good_until_the_grace_ends(
    console: httpx.Client, policy: Served, store: Valkey
) -> None:
    old = create(console, name="roof", scopes=["ingest"], groups=["gold"])
    answer = rotate(console, old["id"], grace_s=3600)
    new = answer.json()
    meanwhile = [ask(policy, made["key"]) for made in (old, new)]
    with store.client() as client:
        name = KEY_PREFIX + old["id"]
        record = msgspec.json.decode(client.get(name) or b"", type=KeyRecord)
        left = (record.expires or 0) - time.time()
        client.set(name, msgspec.json.encode(msgspec.structs.replace(record, expires=time.time() - 1)))

    assert answer.status_code == 201
    assert [one.status_code for one in meanwhile] == [200, 200]
    assert {one.headers["x-device-id"] for one in meanwhile} == {old["device_id"]}
    assert 3500 < left <= 3600
    assert ask(policy, old["key"]).json()["detail"] == "the API key has expired"
    assert ask(policy, new["key"]).status_code == 200


def test_the_successor_has_what_the_old_key_had(console: httpx.Client) -> None:
    expires = datetime.now(UTC) + timedelta(days=30)
    order = {"name": "roof", "scopes": ["ingest"], "groups": ["gold"]}
    old = create(console, **order, expires_at=expires.isoformat())

    new = rotate(console, old["id"]).json()

    assert order.items() <= new.items()
    assert new["device_id"] == old["device_id"]
    assert new["replaced"]["replaced_by"] == listed(console, old["id"])["replaced_by"] == new["id"]
    life = datetime.fromisoformat(new["expires_at"]) - datetime.fromisoformat(new["created_at"])
    assert timedelta(days=29) < life <= timedelta(days=30)


def test_a_rotation_prolongs_nothing(console: httpx.Client) -> None:
    expires = datetime.now(UTC) + timedelta(minutes=5)
    old = create(console, expires_at=expires.isoformat())

    rotate(console, old["id"], grace_s=86400)

    assert datetime.fromisoformat(listed(console, old["id"])["expires_at"]) == expires


def test_only_a_good_key_is_rotated_and_only_once(console: httpx.Client) -> None:
    rotated, revoked = create(console), create(console)
    successor = rotate(console, rotated["id"]).json()["id"]
    console.delete(f"/admin/keys/{revoked['id']}")

    again, dead = rotate(console, rotated["id"]), rotate(console, revoked["id"])

    assert (again.status_code, dead.status_code) == (400, 400)
    assert successor in again.json()["detail"]
    assert rotate(console, "nowhere").status_code == 404
    assert rotate(console, successor, grace_s=0).status_code == 400


def test_orders_at_the_same_time_do_not_undo_each_other(console: httpx.Client) -> None:
    """Whatever a rotation read before, a key that was revoked meanwhile stays revoked."""
    keys = [create(console)["id"] for _ in range(10)]
    ready = threading.Barrier(2)

    def order(method: str, path: str) -> int:
        ready.wait()
        return console.request(method, path, json={} if method == "POST" else None).status_code

    with ThreadPoolExecutor(2) as pool:
        for key in keys:
            revoked = pool.submit(order, "DELETE", f"/admin/keys/{key}")
            rotated = pool.submit(order, "POST", f"/admin/keys/{key}/rotate")
            assert (revoked.result(), rotated.result() in {201, 400}) == (200, True)

    assert all(listed(console, key)["revoked_at"] for key in keys)


def test_when_a_key_was_last_used_is_told_to_the_minute(console: httpx.Client, policy: Served) -> None:
    used, unused = create(console), create(console)
    before = time.time()
    ask(policy, used["key"])
    ask(policy, unused["key"][:-1] + ("A" if unused["key"][-1] != "A" else "B"))

    wait_until(lambda: listed(console, used["id"])["last_used_at"] is not None, "the use of a key")
    minute = datetime.fromisoformat(listed(console, used["id"])["last_used_at"]).timestamp()

    assert before - 60 < minute <= time.time()
    assert minute % 60 == 0
    assert listed(console, unused["id"])["last_used_at"] is None


FINGERPRINT = ":".join(["5E"] * 32)


def test_a_key_is_bound_by_the_digest_that_openssl_shows(console: httpx.Client) -> None:
    made = create(console, certificate_sha256=FINGERPRINT)
    kept = rotate(console, made["id"]).json()
    renewed = rotate(console, kept["id"], certificate_sha256="5f" * 32).json()

    digests = [key["certificate_sha256"] for key in (made, kept, renewed)]
    assert digests == ["5e" * 32, "5e" * 32, "5f" * 32]
    assert create(console)["certificate_sha256"] is None


@pytest.mark.parametrize("digest", ["5e", "5e" * 33, "zz" * 32, "5e" * 31 + ":5", 5])
def test_a_digest_that_is_none_is_a_problem(console: httpx.Client, digest: object) -> None:
    order = {"device_id": "sensor-1", "certificate_sha256": digest}

    answer = console.post("/admin/keys", json=order)

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("body.certificate_sha256: ")


def test_a_key_that_has_expired_already_is_not_made(console: httpx.Client) -> None:
    order = {"device_id": "sensor-1", "expires_at": "2020-01-01T00:00:00Z"}

    answer = console.post("/admin/keys", json=order)

    assert answer.status_code == 400
    assert "body.expires_at: this moment is over" in answer.json()["detail"]
