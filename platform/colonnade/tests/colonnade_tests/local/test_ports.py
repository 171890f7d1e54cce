"""Ports: the manifest's, or free ones that nobody else was given."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest

from colonnade.local import ports
from colonnade.local.ports import ANY, PortInUseError, allot, default_ports, free_ports, is_free, new_ports
from colonnade_tests.local.platforms import small_platform


def test_the_manifest_and_the_contract_say_which(tmp_path: Path) -> None:
    found = default_ports(small_platform(tmp_path))

    assert found == {
        "envoy": 8080, "envoy-admin": 9901, "console": 9000, "identity": 8100, "policy": 9001, "valkey": 6390,
        "order": 8103, "telemetry": 8105, "telemetry-grpc": 8115, "mobile": 3001,
        "envoy-tls": 8443,
        "policy-lease": 0, "envoy-metrics": 9902, "mobile-metrics": 0,
    }  # fmt: skip


def test_the_edges_port_can_be_chosen(tmp_path: Path) -> None:
    assert default_ports(small_platform(tmp_path), 18080)["envoy"] == 18080


def test_with_several_edges_the_balancer_has_the_edges_port(tmp_path: Path) -> None:
    found = default_ports(small_platform(tmp_path, replicas=2))

    assert (8080, ANY, ANY) == (found["balancer"], found["envoy"], found["envoy-2"])
    assert (8443, ANY, ANY) == (found["balancer-tls"], found["envoy-tls"], found["envoy-2-tls"])


def test_the_first_instance_has_the_port_that_is_asked_for_and_the_others_any(tmp_path: Path) -> None:
    platform = small_platform(tmp_path)
    mobile = replace(platform.bffs[0], replicas=2)
    services = tuple(replace(one, replicas=2) for one in platform.services if one.path is not None)

    found = default_ports(replace(platform, bffs=(mobile,), services=services))

    assert (3001, ANY) == (found["mobile"], found["mobile-2"])
    assert (8105, ANY, 8115, ANY) == tuple(
        found[name] for name in ("telemetry", "telemetry-2", "telemetry-grpc", "telemetry-2-grpc")
    )


def test_free_ports_are_free_and_all_different() -> None:
    found = allot(free_ports(f"process-{number}" for number in range(40)))

    assert len(set(found.values())) == 40
    assert all(is_free(port) and port in ports.FREE_RANGE for port in found.values())


def test_no_two_processes_give_away_the_same_ports() -> None:
    """Whether or not anybody listens at them yet. Both are led to the same blocks first."""
    asked = "print(*allot(free_ports(map(str, range(150)))).values(), flush=True)"
    script = f"import random; random.seed(1); from colonnade.local.ports import *; {asked}; input()"
    given: list[str] = []
    with ExitStack() as alive:
        for _ in range(2):
            argv = [sys.executable, "-c", script]
            other = alive.enter_context(subprocess.Popen(argv, stdin=PIPE, stdout=PIPE, text=True))
            alive.callback(other.kill)
            assert other.stdout is not None
            given += other.stdout.readline().split()

    assert len(set(given)) == 300


def test_a_chosen_edge_port_is_kept_among_free_ones() -> None:
    assert {"a": ANY, "edge": 18080} == free_ports(["a", "edge"], ("edge", 18080))


def test_a_taken_port_is_told_with_its_holder_and_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUseError) as raised:
            allot({"envoy": port})

    assert f"port {port}, which envoy needs" in raised.value.message
    assert f"(pid {os.getpid()})" in raised.value.message
    assert "--ephemeral" in raised.value.hint
    assert "--port" in raised.value.hint
    assert raised.value.exit_code == 2


def test_two_processes_that_ask_for_one_port_clash() -> None:
    free = allot({"any": ANY})["any"]

    with pytest.raises(PortInUseError):
        allot({"one": free, "other": free})


RUNNING = {"mobile": 3001, "order": 8103}


def test_a_new_process_gets_the_port_it_asks_for() -> None:
    assert {"tv": 3003} == new_ports(RUNNING, RUNNING, {**RUNNING, "tv": 3003}, ephemeral=False)


def test_a_new_process_of_an_ephemeral_stack_gets_any() -> None:
    assert {"tv": ANY} == new_ports(RUNNING, RUNNING, {**RUNNING, "tv": 3003}, ephemeral=True)


def test_a_process_moves_when_its_manifest_does() -> None:
    moved = {**RUNNING, "mobile": 3009}

    assert {"mobile": 3009} == new_ports(RUNNING, RUNNING, moved, ephemeral=False)
    assert {} == new_ports(RUNNING, RUNNING, moved, ephemeral=True)


def test_a_process_stays_where_it_was_put_when_its_manifest_is_silent_about_it() -> None:
    replaced = {**RUNNING, "mobile": 28001}

    assert {} == new_ports(replaced, RUNNING, RUNNING, ephemeral=False)
