"""Where spans go: said once, and known to every part that makes them, locally and in compose."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from colonnade.compose import compose
from colonnade.compose.addresses import target
from colonnade.errors import ManifestError
from colonnade.ir.observability import Traces
from colonnade.ir.platform import Platform
from colonnade.ir.target import Address
from colonnade.local.changes import needs_restart, pinned
from colonnade.local.plan import plan
from colonnade.local.ports import default_ports
from colonnade_tests.local.platforms import machine, platform_in, write_platform

ENDPOINT, SERVICE = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME"


def traced(root: Path, traces: str) -> Platform:
    manifest = write_platform(root) / "colonnade.yaml"
    manifest.write_text(manifest.read_text() + f"observability: {{traces: {{{traces}}}}}\n")
    return platform_in(root)


def test_every_part_that_makes_spans_is_told_where_they_go(tmp_path: Path) -> None:
    platform = traced(tmp_path, 'endpoint: "http://127.0.0.1:4318"')
    local = {spec.name: spec.env for spec in plan(platform, default_ports(platform), machine(tmp_path))}
    containers = {
        name: part.get("environment", {})
        for name, part in yaml.safe_load(compose(platform))["services"].items()
    }
    parts = {"mobile": "mobile", "order": "order", "telemetry": "telemetry", "policy": "policy"}
    contained = parts | {"policy-2": "policy"}  # compose runs two edges

    assert Traces(Address("127.0.0.1", 4318), 0.05) == platform.traces
    assert dict.fromkeys(parts, "http://127.0.0.1:4318") == told(local, ENDPOINT)
    assert dict.fromkeys(contained, "http://collector:4318") == told(containers, ENDPOINT)
    assert (parts, contained) == (told(local, SERVICE), told(containers, SERVICE))
    assert Address("collector", 4318) == target(platform).collector


def told(parts: Mapping[str, Mapping[str, str]], variable: str) -> dict[str, str]:
    return {name: env[variable] for name, env in parts.items() if variable in env}


def test_without_a_collector_nobody_makes_spans(tmp_path: Path) -> None:
    platform = platform_in(write_platform(tmp_path))

    assert "OTEL" not in compose(platform)
    assert not [
        spec for spec in plan(platform, default_ports(platform), machine(tmp_path)) if ENDPOINT in spec.env
    ]


def test_a_collector_elsewhere_is_the_same_everywhere(tmp_path: Path) -> None:
    platform = traced(tmp_path, 'endpoint: "http://otel.internal:4318", sampling: 1')

    assert Address("otel.internal", 4318) == target(platform).collector
    assert platform.traces is not None
    assert 1 == platform.traces.sampling


@pytest.mark.parametrize(
    ("traces", "key"),
    [
        ('endpoint: "https://otel.example:4318"', "endpoint"),
        ('endpoint: "http://otel.example"', "endpoint"),
        ('endpoint: "http://otel.example:4318/v1/traces"', "endpoint"),
        ('endpoint: "http://otel.example:4318", sampling: 1.5', "sampling"),
        ('endpoint: "http://otel.example:4318", sampling: -0.1', "sampling"),
        ("sampling: 0.5", "endpoint"),
    ],
)
def test_what_will_not_do_is_told_by_its_key(tmp_path: Path, traces: str, key: str) -> None:
    with pytest.raises(ManifestError) as refused:
        traced(tmp_path, traces)

    assert [f"observability.traces.{key}"] == [problem.key for problem in refused.value.problems]


def test_the_share_changes_while_a_stack_runs_and_the_collector_with_the_next(tmp_path: Path) -> None:
    running = platform_in(write_platform(tmp_path))
    here, there = Address("127.0.0.1", 4318), Address("127.0.0.1", 4319)
    few, many = (replace(running, traces=Traces(here, share)) for share in (0.01, 1.0))

    assert many == pinned(few, many)
    assert [] == needs_restart(few, many)
    assert few.traces == pinned(few, replace(running, traces=Traces(there, 0.01))).traces
    assert 1 == len(needs_restart(few, replace(running, traces=Traces(there, 0.01))))
    assert Traces(here, 0.0) == pinned(few, running).traces
    assert pinned(running, few).traces is None
    assert 1 == len(needs_restart(running, few))
