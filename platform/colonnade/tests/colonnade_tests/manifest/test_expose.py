"""What is wrong with an exposed service is told with its place; what is right resolves like a BFF."""

from importlib.resources import files
from pathlib import Path

import pytest

from colonnade.errors import ManifestError
from colonnade.manifest.load import load
from colonnade.resolve import resolve

DESCRIPTOR = files("telemetry_service.proto").joinpath("telemetry.pb").read_bytes()
RULE = b"/v1/feeds/{device_id}"
"""Where the set says that the streaming method is."""


def platform(
    folder: Path, expose: str, descriptor: bytes = DESCRIPTOR, grpc: str = ", grpc_port: 8115"
) -> str:
    """What is told of a platform whose telemetry service is exposed so."""
    (folder / "telemetry.pb").write_bytes(descriptor)
    service = f"{{path: services/telemetry, port: 8105{grpc}, expose: {{{expose}}}}}"
    (folder / "colonnade.yaml").write_text(f"name: shop\nservices:\n  telemetry: {service}\n")
    with pytest.raises(ManifestError) as caught:
        resolve(load(folder))
    return str(caught.value)


GOOD = "route: {prefix: /api/t}, auth: {type: jwt}, limits: [{name: all, rate: 10/minute}]"
GRPC = f"{GOOD}, descriptor: telemetry.pb"


def test_the_guardrails_hold_for_services_too(tmp_path: Path) -> None:
    told = platform(tmp_path, "route: {prefix: /t}, auth: {type: jwt}")

    assert "colonnade.yaml:3:" in told
    assert "services.telemetry.expose.route.prefix: the guardrails keep BFFs below /api" in told
    assert "services.telemetry.expose.limits: the guardrails want at least one limit" in told


@pytest.mark.parametrize(
    ("descriptor", "told"),
    [(b"no", "this is no descriptor set"), (b"", "has no service")],
    ids=["nonsense", "empty"],
)
def test_a_file_that_is_no_descriptor_set_is_told(tmp_path: Path, descriptor: bytes, told: str) -> None:
    assert told in platform(tmp_path, GRPC, descriptor)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    told = platform(tmp_path, f"{GOOD}, descriptor: other.pb")

    assert "services.telemetry.expose.descriptor: " in told
    assert "cannot be read" in told


def test_an_exception_that_another_way_in_would_not_know_is_refused(tmp_path: Path) -> None:
    told = platform(tmp_path, f"{GRPC}, routes: [{{name: open, path: /v1, auth: {{type: none}}}}]")

    assert "leave routes out" in told


def test_a_stream_that_shares_its_path_with_calls_is_told(tmp_path: Path) -> None:
    shared = DESCRIPTOR.replace(RULE, b"/v1/{device_id}/feeds")
    told = platform(tmp_path, GRPC, shared)

    assert "FollowReadings streams, and /v1 is the path of calls that do not" in told


def test_grpc_needs_its_port(tmp_path: Path) -> None:
    assert "give grpc_port" in platform(tmp_path, GRPC, grpc="")
