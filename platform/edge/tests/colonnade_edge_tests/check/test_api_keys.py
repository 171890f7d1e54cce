"""API keys of devices."""

import time

import httpx
import msgspec
import pytest

from colonnade_edge.authn.api_key import KEY_PREFIX, KeyRecord, digest_of, new_key
from colonnade_edge_tests.documents import question, subject
from colonnade_edge_tests.processes import Valkey


def make(store: Valkey, **changes: object) -> tuple[str, str]:
    """Keep a key of a new device; return the key and the device."""
    key_id, key = new_key()
    device = subject()
    record = KeyRecord(key_id, digest_of(key), device, "", ("ingest",), time.time())
    with store.client() as client:
        client.set(KEY_PREFIX + key_id, msgspec.json.encode(msgspec.structs.replace(record, **changes)))
    return key, device


async def test_a_key_passes_as_its_device(envoy: httpx.AsyncClient, store: Valkey) -> None:
    key, device = make(store)

    answers = [await envoy.post("/check/telemetry", headers=question("iot", x_api_key=key)) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].headers["x-device-id"] == device
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["4", "3", "2"]


async def test_a_key_carries_its_scopes(envoy: httpx.AsyncClient, store: Valkey) -> None:
    key, _ = make(store)
    bare, _ = make(store, scopes=())

    assert (await envoy.get("/check/", headers=question("iot-scoped", x_api_key=key))).status_code == 200
    assert (await envoy.get("/check/", headers=question("iot-scoped", x_api_key=bare))).status_code == 403


@pytest.mark.parametrize(
    "key", ["", "secret", "ck_short_x", f"ck_abcdefgh_{'x' * 42}", f"ck_abcdefgh_{'x' * 44}"]
)
async def test_a_malformed_key_is_refused(envoy: httpx.AsyncClient, key: str) -> None:
    answer = await envoy.get("/check/", headers=question("iot", x_api_key=key))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'ApiKey realm="colonnade"'


async def test_an_unknown_key_and_a_wrong_secret_are_told_alike(
    envoy: httpx.AsyncClient, store: Valkey
) -> None:
    key, _ = make(store)
    unknown = await envoy.get("/check/", headers=question("iot", x_api_key=new_key()[1]))
    wrong = await envoy.get("/check/", headers=question("iot", x_api_key=key[:-43] + "A" * 43))

    assert unknown.status_code == wrong.status_code == 401
    assert unknown.json() == wrong.json()


async def test_a_wrong_secret_takes_nothing_from_the_device(envoy: httpx.AsyncClient, store: Valkey) -> None:
    key, _ = make(store)
    await envoy.get("/check/", headers=question("iot", x_api_key=key))
    for _ in range(9):
        await envoy.get("/check/", headers=question("iot", x_api_key=key[:-43] + "A" * 43))

    assert (await envoy.get("/check/", headers=question("iot", x_api_key=key))).status_code == 200


async def test_a_revoked_key_stops_at_once(envoy: httpx.AsyncClient, store: Valkey) -> None:
    key, _ = make(store)
    before = await envoy.get("/check/", headers=question("iot", x_api_key=key))
    with store.client() as client:
        name = KEY_PREFIX + key.split("_")[1]
        record = msgspec.json.decode(client.get(name) or b"", type=KeyRecord)
        client.set(name, msgspec.json.encode(msgspec.structs.replace(record, revoked=time.time())))
    after = await envoy.get("/check/", headers=question("iot", x_api_key=key))

    assert (before.status_code, after.status_code) == (200, 401)
    assert after.json()["detail"] == "the API key was revoked"


async def test_a_key_past_its_time_is_refused(envoy: httpx.AsyncClient, store: Valkey) -> None:
    key, _ = make(store, expires=time.time() - 1)

    answer = await envoy.get("/check/", headers=question("iot", x_api_key=key))

    assert answer.json()["detail"] == "the API key has expired"


SHOWN = "5e" * 32


@pytest.mark.parametrize("route", ["iot", "sealed"])
@pytest.mark.parametrize("shown", ["", "5f" * 32, SHOWN[:-1]])
async def test_a_bound_key_is_refused_on_any_route_without_its_certificate(
    envoy: httpx.AsyncClient, store: Valkey, route: str, shown: str
) -> None:
    key, _ = make(store, certificate=SHOWN)
    asked = question(route, x_api_key=key)

    good = await envoy.get("/check/", headers={**asked, "x-colonnade-certificate": SHOWN})
    refused = await envoy.get("/check/", headers={**asked, "x-colonnade-certificate": shown})

    assert (good.status_code, refused.status_code) == (200, 401)
    assert refused.headers["www-authenticate"] == 'ApiKey realm="colonnade"'
    assert "bound to a certificate" in refused.json()["detail"]


async def test_a_route_that_requires_a_certificate_refuses_a_key_that_is_bound_to_none(
    envoy: httpx.AsyncClient, store: Valkey
) -> None:
    key, _ = make(store)
    asked = {**question("sealed", x_api_key=key), "x-colonnade-certificate": SHOWN}

    assert (await envoy.get("/check/", headers=asked)).status_code == 401


async def test_who_has_stolen_a_bound_key_takes_nothing_from_its_device(
    envoy: httpx.AsyncClient, store: Valkey
) -> None:
    key, _ = make(store, certificate=SHOWN)
    asked = question("iot", x_api_key=key)
    with_it = {**asked, "x-colonnade-certificate": SHOWN}
    await envoy.get("/check/", headers=with_it)
    for _ in range(9):
        await envoy.get("/check/", headers=asked)

    assert (await envoy.get("/check/", headers=with_it)).headers["x-ratelimit-remaining"] == "3"
