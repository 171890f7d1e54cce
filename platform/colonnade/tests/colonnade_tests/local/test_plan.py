"""The processes of a platform, as data."""

from dataclasses import replace
from pathlib import Path

import pytest

from colonnade.ir.balance import Balance
from colonnade.ir.health import Health
from colonnade.local.plan import plan
from colonnade.local.ports import allot, default_ports, free_ports
from colonnade.local.spec import ProcessSpec, layers
from colonnade_tests.local.platforms import machine, small_platform

NAMES = {"valkey", "order", "telemetry", "identity", "policy", "console", "mobile", "envoy"}


def specs(root: Path, replicas: int = 1, store_url: str | None = None) -> dict[str, ProcessSpec]:
    platform = small_platform(root, replicas=replicas)
    ports = default_ports(platform) | {
        "envoy-2": 8082,
        "policy-2": 9002,
        "envoy-2-admin": 9902,
        "envoy": 8081,
    }
    found = plan(platform, ports, replace(machine(root), store_url=store_url))
    return {spec.name: spec for spec in found}


def test_every_part_that_is_ours_is_a_process(tmp_path: Path) -> None:
    assert set(specs(tmp_path)) == NAMES


def test_two_edges_have_a_policy_service_each_and_a_balancer_in_front(tmp_path: Path) -> None:
    found = specs(tmp_path, replicas=2)

    assert set(found) == NAMES | {"policy-2", "envoy-2", "balancer"}
    assert {"envoy", "envoy-2"} == set(found["balancer"].after)
    assert {"policy", "policy-2"} <= set(found["envoy-2"].after)


def test_a_bff_knows_the_services_it_uses_and_no_others(tmp_path: Path) -> None:
    env = specs(tmp_path)["mobile"].env
    upstreams = {name: value for name, value in env.items() if name.startswith("UPSTREAM_")}

    assert upstreams == {
        "UPSTREAM_ORDER_URL": "http://127.0.0.1:8103",
        "UPSTREAM_ELSEWHERE_URL": "http://elsewhere.example",
    }


def test_a_bff_is_imported_from_its_own_folder_first(tmp_path: Path) -> None:
    env = specs(tmp_path)["mobile"].env

    assert env["PYTHONPATH"].split(":")[0] == str(tmp_path / "bffs/mobile/src")


def test_no_secret_is_on_a_command_line_or_in_a_representation(tmp_path: Path) -> None:
    found = specs(tmp_path, store_url="redis://:the-store-secret@store.example/0")

    assert not any("the-" in word for spec in found.values() for word in spec.argv)
    assert "the-session-secret" not in repr(found)
    assert "the-session-keys" not in repr(found)
    assert "the-secret-of-a-consumer" not in repr(found)
    assert "the-store-secret" not in repr(found)


def test_secrets_reach_only_those_who_need_them(tmp_path: Path) -> None:
    found = specs(tmp_path)

    knowing = {name for name, spec in found.items() if "the-session-secret" in spec.env.values()}
    assert {"identity", "policy"} == knowing
    assert {name for name, spec in found.items() if "the-session-keys" in spec.env.values()} == {"policy"}
    consumer = {name for name, spec in found.items() if "the-secret-of-a-consumer" in spec.env.values()}
    assert consumer == {"policy"}
    machine_knows = {name for name, spec in found.items() if "the-machine-secret" in spec.env.values()}
    assert machine_knows == {"identity"}
    assert not [name for name, spec in found.items() if "secret-of" in " ".join(spec.argv)]


@pytest.mark.parametrize("name", sorted(NAMES - {"valkey", "envoy"}))
def test_python_processes_listen_on_loopback_where_they_are_asked(tmp_path: Path, name: str) -> None:
    spec = specs(tmp_path)[name]

    assert spec.env["HOST"] == "127.0.0.1"
    assert spec.env["PORT"] == str(spec.health.port)
    assert spec.url == f"http://127.0.0.1:{spec.health.port}"


def test_valkey_keeps_what_it_answered_and_listens_on_loopback(tmp_path: Path) -> None:
    argv = " ".join(specs(tmp_path)["valkey"].argv)

    assert "--bind 127.0.0.1" in argv
    assert "--appendonly yes" in argv
    assert f"--dir {tmp_path}/.colonnade/data/valkey" in argv


def test_grpc_has_a_port_of_its_own(tmp_path: Path) -> None:
    found = specs(tmp_path)

    assert found["telemetry"].env["GRPC_PORT"] == "8115"
    assert "GRPC_PORT" not in found["order"].env


def test_each_process_starts_after_what_it_needs(tmp_path: Path) -> None:
    order = [{spec.name for spec in layer} for layer in layers(list(specs(tmp_path, replicas=2).values()))]

    assert order == [
        {"valkey", "order", "telemetry", "identity"},
        {"policy", "policy-2", "console", "mobile"},
        {"envoy", "envoy-2"},
        {"balancer"},
    ]


def test_a_store_and_an_issuer_of_others_are_not_started(tmp_path: Path) -> None:
    platform = small_platform(tmp_path)
    identity = replace(platform.identity, issuer="https://id.example")
    platform = replace(platform, identity=identity, store_url=("env", "STORE"))

    found = plan(
        platform, default_ports(platform), replace(machine(tmp_path), store_url="redis://store:6379/0")
    )

    assert {spec.name for spec in found} == NAMES - {"valkey", "identity"}
    policy = next(spec for spec in found if spec.name == "policy")
    assert policy.env["STORE_URL"] == "redis://store:6379/0"
    assert policy.env["COLONNADE_ENV"] == "production"


def several(root: Path) -> tuple[ProcessSpec, ...]:
    platform = small_platform(root)
    _, order, telemetry = platform.services
    health = Health("/ready", interval_s=0.5)
    order = replace(
        order, replicas=2, health=health, balance=Balance("hash", key="header:x-user-id", max_load=125.0)
    )
    mobile = replace(platform.bffs[0], replicas=3, services=("order", "telemetry"))
    platform = replace(platform, services=(order, replace(telemetry, replicas=2)), bffs=(mobile,))
    return plan(platform, allot(free_ports(default_ports(platform))), machine(root))


def test_instances_are_processes_of_their_own_over_the_same_data(tmp_path: Path) -> None:
    found = {spec.name: spec for spec in several(tmp_path)}

    assert {"mobile", "mobile-2", "mobile-3", "order", "order-2", "telemetry-2"} <= found.keys()
    assert len({spec.health.port for spec in found.values()}) == len(found)
    assert found["order"].env["DATA_DIR"] == found["order-2"].env["DATA_DIR"]
    assert found["telemetry"].env["GRPC_PORT"] != found["telemetry-2"].env["GRPC_PORT"]
    assert found["order-2"].after == ("order",)
    assert {"order", "order-2"} <= set(found["mobile-3"].after)
    assert {"mobile", "mobile-2", "mobile-3"} <= set(found["envoy"].after)


def test_a_bff_is_told_all_instances_of_a_service_and_how_to_call_them(tmp_path: Path) -> None:
    found = {spec.name: spec for spec in several(tmp_path)}
    env = found["mobile-2"].env

    assert env["UPSTREAM_ORDER_URL"] == f"{found['order'].url} {found['order-2'].url}"
    assert env["UPSTREAM_ORDER_BALANCE"] == "hash x-user-id 125"
    asked = "timeout=2 unhealthy=2 healthy=1 slow_start=10"
    assert env["UPSTREAM_ORDER_HEALTH"] == f"/ready interval=0.5 {asked}"
    assert "UPSTREAM_TELEMETRY_BALANCE" not in env
    assert env["UPSTREAM_TELEMETRY_HEALTH"] == f"/healthz interval=1 {asked}"


def test_under_mtls_a_part_shows_its_own_certificate_and_is_asked_for_its_health_by_the_edge(
    tmp_path: Path,
) -> None:
    platform = replace(small_platform(tmp_path), mtls=True)
    found = {one.name: one for one in plan(platform, default_ports(platform), machine(tmp_path))}
    mobile, order = found["mobile"], found["order"]

    assert mobile.env["IDENTITY_FOLDER"].endswith("/identities/mobile/current")
    assert mobile.env["UPSTREAM_ORDER_URL"].startswith("https://127.0.0.1:")
    assert mobile.env["UPSTREAM_ORDER_PEER"] == order.health.peer == f"order.{platform.name}.internal"
    assert order.health.identity.endswith("/identities/edge/current")
    assert (order.url.partition(":")[0], found["policy"].health.peer) == ("https", "")
