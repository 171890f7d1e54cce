"""compose.yaml keeps everything inside but what must be reached, and hands secrets over quietly."""

import os
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from colonnade.compose import compose, mounted
from colonnade.compose.addresses import target
from colonnade.ir.platform import Platform
from colonnade.manifest.load import load
from colonnade.resolve import resolve
from colonnade.tls.authority import Authority

DEVELOPMENT = """\
version: 1
name: shop
edge: {port: 8080}
services:
  order: {path: services/order, port: 8103}
  telemetry: {path: services/telemetry, port: 8105, grpc_port: 8115}
"""

PRODUCTION = """\
version: 1
name: shop
edge: {replicas: 3, port: 8080}
identity:
  issuer: https://id.example.com
  session: {client_secret: "file:secrets/client", encryption_keys: "file:secrets/keys"}
  introspection: {client_id: edge, client_secret: "file:secrets/edge"}
  consumers: [{name: big-partner, issuer: "https://partner.example", secret: "env:PARTNER"}]
store: {url: "env:STORE"}
services:
  order: {url: "https://order.example.com", port: 8103}
"""

BFF = """\
version: 1
name: smart-tv
kind: mobile
owner: "@team-tv"
port: 3003
route: {prefix: /api/smart-tv}
auth: {type: jwt}
limits: [{name: all, rate: 100/minute}]
services: [order]
"""


def platform(root: Path, text: str) -> Platform:
    (root / "bffs" / "smart-tv").mkdir(parents=True)
    (root / "colonnade.yaml").write_text(text)
    (root / "bffs" / "smart-tv" / "bff.yaml").write_text(BFF)
    return resolve(load(root))


@pytest.fixture
def development(tmp_path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(compose(platform(tmp_path, DEVELOPMENT))))


@pytest.fixture
def production(tmp_path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(compose(platform(tmp_path / "production", PRODUCTION))))


def test_all_parts_run(development: dict[str, Any]) -> None:
    assert [*development["services"]] == [
        "balancer",
        "envoy",
        "envoy-2",
        "policy",
        "policy-2",
        "console",
        "smart-tv",
        "order",
        "telemetry",
        "identity",
        "valkey",
        "config",
        "secrets",
    ]


def test_what_runs_elsewhere_is_left_out(production: dict[str, Any]) -> None:
    assert {"order", "identity", "valkey"}.isdisjoint(production["services"])
    assert {"envoy-3", "policy-3"} <= {*production["services"]}


@pytest.mark.parametrize("text", [DEVELOPMENT, PRODUCTION])
def test_every_container_is_hardened(tmp_path: Path, text: str) -> None:
    for part in yaml.safe_load(compose(platform(tmp_path, text)))["services"].values():
        assert part["user"] == "65532:65532"
        assert part["read_only"] is True
        assert part["cap_drop"] == ["ALL"]
        assert part["security_opt"] == ["no-new-privileges:true"]
        assert part["mem_limit"]


def test_every_container_that_stays_tells_its_health(development: dict[str, Any]) -> None:
    without = [name for name, part in development["services"].items() if "healthcheck" not in part]

    assert without == ["config", "secrets"]
    assert {development["services"][name]["restart"] for name in without} == {"no"}


def test_only_what_a_person_needs_is_published_and_on_this_machine_only(development: dict[str, Any]) -> None:
    published = {name: part["ports"] for name, part in development["services"].items() if "ports" in part}

    assert published == {
        "balancer": ["${COLONNADE_BIND:-127.0.0.1}:8080:8080", "${COLONNADE_BIND:-127.0.0.1}:8443:8443"],
        "console": ["${COLONNADE_BIND:-127.0.0.1}:9000:9000"],
        "identity": ["${COLONNADE_BIND:-127.0.0.1}:8100:8100"],
    }


def test_the_networks_say_who_reaches_whom(development: dict[str, Any]) -> None:
    networks = {name: {*part.get("networks", [])} for name, part in development["services"].items()}

    def meet(one: str, other: str) -> bool:
        return bool(networks[one] & networks[other])

    assert meet("balancer", "envoy")
    assert meet("envoy-2", "smart-tv")
    assert meet("smart-tv", "order")
    assert meet("policy-2", "valkey")
    assert not meet("balancer", "smart-tv")
    assert not meet("balancer", "policy")
    assert not meet("envoy", "order")
    assert not meet("envoy", "valkey")
    assert not meet("smart-tv", "valkey")


def test_what_is_inside_has_no_way_out(development: dict[str, Any]) -> None:
    outside = {name for name, network in development["networks"].items() if not network}
    reachable = {
        name for name, part in development["services"].items() if outside & {*part.get("networks", [])}
    }

    assert reachable == {"balancer", "console", "identity"}


def test_a_way_out_is_there_where_something_runs_elsewhere(production: dict[str, Any]) -> None:
    out = [name for name, part in production["services"].items() if "egress" in part.get("networks", [])]

    assert out == ["policy", "policy-2", "policy-3", "console", "smart-tv"]


def test_every_need_names_a_part(development: dict[str, Any], production: dict[str, Any]) -> None:
    for document in (development, production):
        needs = {need for part in document["services"].values() for need in part.get("depends_on", {})}
        assert needs <= {*document["services"]}


def test_a_bff_finds_its_services(development: dict[str, Any], production: dict[str, Any]) -> None:
    here = development["services"]["smart-tv"]
    elsewhere = production["services"]["smart-tv"]

    assert here["environment"]["UPSTREAM_ORDER_URL"] == "http://order:8103"
    assert here["depends_on"] == {"order": {"condition": "service_healthy"}}
    assert elsewhere["environment"]["UPSTREAM_ORDER_URL"] == "https://order.example.com"
    assert here["command"] == ["python", "-m", "smart_tv_bff"]


def test_secrets_are_named_and_never_said(production: dict[str, Any]) -> None:
    policy = production["services"]["policy"]

    assert policy["environment"]["STORE_URL"] == "${STORE:?set it before docker compose up}"
    assert policy["environment"]["SESSION_KEYS_FILE"] == "/run/secrets/session-keys"
    assert (
        policy["environment"]["CONSUMER_SECRET_BIG_PARTNER"] == "${PARTNER:?set it before docker compose up}"
    )
    assert policy["secrets"] == ["session-client-secret", "introspection-client-secret", "session-keys"]
    assert "$$(cat /run/secrets/introspection-client-secret)" in policy["command"][-1]
    others = [name for name, part in production["services"].items() if "PARTNER" in str(part)]
    assert others == ["policy", "policy-2", "policy-3"]
    assert production["secrets"] == {
        "session-client-secret": {"file": "secrets/client"},
        "session-keys": {"file": "secrets/keys"},
        "introspection-client-secret": {"file": "secrets/edge"},
    }
    assert "$$(cat /run/secrets/session-client-secret)" in policy["command"][-1]


def test_a_part_sees_only_its_own_secret(development: dict[str, Any]) -> None:
    def secrets_of(name: str) -> set[str]:
        volumes = [volume for volume in development["services"][name]["volumes"] if "/run/" in volume]
        assert all(volume.endswith(":ro") for volume in volumes)
        return {volume.split(":")[0] for volume in volumes}

    assert secrets_of("console") == {"admin-token"}
    assert secrets_of("identity") == {"session-client-secret"}
    assert secrets_of("policy") == {"session-client-secret", "session-keys"}


def test_session_keys_of_the_caller_are_handed_on(tmp_path: Path) -> None:
    given = PRODUCTION.replace("file:secrets/keys", "env:KEYS")
    policy = yaml.safe_load(compose(platform(tmp_path, given)))["services"]["policy"]

    assert policy["environment"]["SESSION_KEYS"] == "${KEYS:?set it before docker compose up}"
    assert not [volume for volume in policy["volumes"] if "session-keys" in volume]


@pytest.mark.parametrize(
    ("reference", "variable", "mounted_secrets"),
    [
        ("env:TV_CACHE", "${TV_CACHE:?set it before docker compose up}", []),
        ("file:secrets/cache", None, ["smart-tv-cache-url"]),
    ],
)
def test_a_bff_alone_is_told_its_cache(
    tmp_path: Path, reference: str, variable: str | None, mounted_secrets: list[str]
) -> None:
    platform(tmp_path, DEVELOPMENT)
    file = tmp_path / "bffs/smart-tv/bff.yaml"
    file.write_text(f'{BFF}cache: {{url: "{reference}", timeout: 20ms}}\n')
    document = yaml.safe_load(compose(resolve(load(tmp_path))))
    part = document["services"]["smart-tv"]

    assert [name for name, one in document["services"].items() if "CACHE" in str(one)] == ["smart-tv"]
    assert ("20", variable) == (part["environment"]["CACHE_TIMEOUT"], part["environment"].get("CACHE_URL"))
    assert ("CACHE_URL=" in " ".join(part["command"])) == bool(mounted_secrets)
    assert mounted_secrets == part.get("secrets", []) == [*document.get("secrets", {})]
    assert "egress" in part["networks"]


def test_production_is_told_as_such(development: dict[str, Any], production: dict[str, Any]) -> None:
    assert development["services"]["policy"]["environment"]["COLONNADE_ENV"] == "development"
    assert production["services"]["policy"]["environment"]["COLONNADE_ENV"] == "production"


def test_limits_and_routes_are_compiled_as_the_stack_starts(tmp_path: Path) -> None:
    made = platform(tmp_path, DEVELOPMENT)
    manifest = tmp_path / "bffs" / "smart-tv" / "bff.yaml"
    manifest.write_text(manifest.read_text().replace("100/minute", "5/minute"))
    changed = resolve(load(tmp_path))

    assert compose(made) == compose(changed)
    assert mounted(made)["policy/policy.json"] != mounted(changed)["policy/policy.json"]


def test_what_is_mounted_is_there(tmp_path: Path, development: dict[str, Any]) -> None:
    texts = mounted(platform(tmp_path / "again", DEVELOPMENT))
    services = development["services"]

    assert services["policy"]["environment"]["POLICY_FILE"].removeprefix("/etc/colonnade/") in texts
    assert services["identity"]["environment"]["CLIENTS_FILE"].removeprefix("/etc/colonnade/") in texts
    assert services["balancer"]["command"][-1].removeprefix("/etc/colonnade/") in texts


def test_the_key_of_the_edge_is_seen_by_edges_only(development: dict[str, Any]) -> None:
    mounts = {
        name: {volume.split(":")[0] for volume in part.get("volumes", [])}
        for name, part in development["services"].items()
    }

    assert {name for name, volumes in mounts.items() if "tls" in volumes} == {"envoy", "envoy-2", "config"}
    assert {name for name, volumes in mounts.items() if "tls-ca" in volumes} == {"config"}


def test_a_given_certificate_comes_as_a_secret_of_compose(tmp_path: Path) -> None:
    tls = "edge: {replicas: 3, port: 8080, tls: {certificate: file:tls/chain.pem, key: file:tls/key.pem}}"
    text = PRODUCTION.replace("edge: {replicas: 3, port: 8080}", tls)

    document = yaml.safe_load(compose(platform(tmp_path, text)))

    assert document["secrets"]["tls-certificate"] == {"file": "tls/chain.pem"}
    assert document["services"]["config"]["secrets"] == ["tls-certificate", "tls-key"]
    assert "tls-ca" not in document["volumes"]
    assert len(document["services"]["balancer"]["ports"]) == 2


def test_without_a_certificate_production_serves_no_tls(production: dict[str, Any]) -> None:
    assert production["services"]["balancer"]["ports"] == ["${COLONNADE_BIND:-127.0.0.1}:8080:8080"]
    assert "tls" not in production["volumes"]


def test_equal_platforms_give_equal_text(tmp_path: Path) -> None:
    made = platform(tmp_path, DEVELOPMENT)

    assert compose(made) == compose(resolve(load(tmp_path)))


def test_instances_are_containers_of_their_own_over_the_same_data(tmp_path: Path) -> None:
    several = DEVELOPMENT.replace("port: 8103}", "port: 8103, replicas: 2, balance: {policy: round_robin}}")
    with_instances = platform(tmp_path, several)
    (bff,) = with_instances.bffs
    with_instances = replace(with_instances, bffs=(replace(bff, replicas=2),))
    services = yaml.safe_load(compose(with_instances))["services"]
    endpoints = target(with_instances).endpoints

    assert services["order-2"]["volumes"] == services["order"]["volumes"] == ["order-data:/data"]
    assert services["order-2"]["depends_on"] == {"order": {"condition": "service_healthy"}}
    assert services["smart-tv-2"]["image"] == services["smart-tv"]["image"]
    environment = services["smart-tv-2"]["environment"]
    assert environment["UPSTREAM_ORDER_URL"] == "http://order:8103 http://order-2:8103"
    assert environment["UPSTREAM_ORDER_BALANCE"] == "round_robin"
    assert {"smart-tv", "smart-tv-2"} <= services["envoy"]["depends_on"].keys()
    assert [str(one) for one in endpoints["smart-tv"]] == ["smart-tv:3003", "smart-tv-2:3003"]


def test_clients_of_http_3_reach_each_edge_itself(tmp_path: Path) -> None:
    """Behind a balancer they would all have its address."""
    with_http3 = platform(tmp_path, DEVELOPMENT.replace("8080}", "8080, tls: {port: 443, http3: true}}"))
    parts = yaml.safe_load(compose(with_http3))["services"]
    told = {name: parts[name] for name in ("envoy", "envoy-2")}

    assert ["443", "444"] == [part["environment"]["HTTP3_PORT"] for part in told.values()]
    ports = [f"${{COLONNADE_BIND:-127.0.0.1}}:{port}:443/udp" for port in (443, 444)]
    assert [[port] for port in ports] == [part["ports"] for part in told.values()]
    assert all("front" in part["networks"] for part in told.values())


def test_an_exposed_service_is_reached_by_the_edges(tmp_path: Path) -> None:
    expose = "expose: {route: {prefix: /api/order}, auth: {type: jwt}, limits: [{name: a, rate: 1/second}]}"
    text = DEVELOPMENT.replace("port: 8103", f"port: 8103, {expose}")
    parts = yaml.safe_load(compose(platform(tmp_path, text)))["services"]

    assert ["backend", "services"] == parts["order"]["networks"]
    assert "order" in parts["envoy"]["depends_on"]
    assert ["services"] == parts["telemetry"]["networks"]


def test_a_part_shows_its_own_certificate_and_sees_no_other(tmp_path: Path) -> None:
    with_mtls = platform(tmp_path, f"{DEVELOPMENT}mtls: true\n")
    parts = yaml.safe_load(compose(with_mtls))["services"]
    seen = {
        name: {volume.split(":")[0] for volume in part.get("volumes", [])} for name, part in parts.items()
    }
    private = {"identity-edge", "identity-smart-tv", "identity-order", "identity-telemetry"}

    for name in ("smart-tv", "order", "telemetry"):
        assert {f"identity-{name}"} == seen[name] & private
        assert "CERTIFICATE_REQUIRED" in parts[name]["healthcheck"]["test"][-1]
    assert {"identity-edge"} == seen["envoy"] & private
    assert private | {"peers-ca"} <= seen["config"]
    # Whose image has a folder at each of these places, or its user could not write there.
    made = parts["config"]["build"]["args"]["PEERS"].split()
    assert {f"/run/colonnade/identities/{part}" for part in made} == {
        mount.split(":")[1] for mount in parts["config"]["volumes"] if mount.startswith("identity-")
    }
    assert [] == [name for name, volumes in seen.items() if "peers-ca" in volumes and name != "config"]
    told = parts["smart-tv"]["environment"]
    assert ("https://order:8103", "order.shop.internal") == (
        told["UPSTREAM_ORDER_URL"],
        told["UPSTREAM_ORDER_PEER"],
    )


def test_a_container_under_mtls_is_healthy_when_it_asks_for_a_certificate(tmp_path: Path) -> None:
    """The very question of compose.yaml, to a server that asks, to one that does not, and to nobody."""
    with_mtls = platform(tmp_path, f"{DEVELOPMENT}mtls: true\n")
    question = yaml.safe_load(compose(with_mtls))["services"]["order"]["healthcheck"]["test"][-1]
    file = self_signed(tmp_path / "order.pem")

    def well(*, asks: bool) -> bool:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.load_verify_locations(file)
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            child = subprocess.Popen([sys.executable, "-ISc", question], env={**os.environ, "PORT": port})
            accepted, _ = server.accept()
            with suppress(OSError), context.wrap_socket(accepted, server_side=True) as connection:
                connection.sendall(b"HTTP/1.1 200 OK")
            accepted.close()
            return child.wait(20) == 0

    assert well(asks=True)
    assert not well(asks=False)
    nobody = subprocess.run(
        [sys.executable, "-ISc", question], env={**os.environ, "PORT": "1"}, check=False, capture_output=True
    )
    assert nobody.returncode != 0


def self_signed(file: Path) -> Path:
    now = datetime.now(UTC)
    authority = Authority.open(file, ["order.test"], now)
    file.with_name("pair.pem").write_bytes(b"".join(authority.issue(["order.test"], now)))
    return file.with_name("pair.pem")
