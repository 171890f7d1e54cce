"""Platforms and machines for the tests of the local runner."""

from pathlib import Path

from colonnade.ir.platform import Platform
from colonnade.local.layout import Layout
from colonnade.local.plan import Machine
from colonnade.manifest.load import load
from colonnade.resolve import resolve

PLATFORM = """\
version: 1
name: small
edge: {{replicas: {replicas}, port: 8080, console_port: 9000}}
services:
  order: {{path: services/order, port: 8103}}
  telemetry: {{path: services/telemetry, port: 8105, grpc_port: 8115}}
  elsewhere: {{url: "http://elsewhere.example", port: 8110}}
"""

BFF = """\
version: 1
name: {name}
kind: mobile
owner: "@{name}-team"
port: {port}
route: {{prefix: /api/{name}}}
auth: {{type: jwt}}
limits: [{{name: all, rate: 100/minute}}]
services: [{services}]
"""


def write_platform(root: Path, *, replicas: int = 1) -> Path:
    """Write the manifests of a platform with one BFF, `mobile`, into `root`, with folders of services."""
    for service in ("order", "telemetry"):
        (root / "services" / service).mkdir(parents=True, exist_ok=True)
    (root / "colonnade.yaml").write_text(PLATFORM.format(replicas=replicas))
    write_bff(root, "mobile", 3001)
    return root


def write_bff(root: Path, name: str, port: int, services: str = "order, elsewhere") -> Path:
    """Write the manifest of a BFF, and return its file."""
    file = root / "bffs" / name / "bff.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(BFF.format(name=name, port=port, services=services))
    return file


def platform_in(root: Path) -> Platform:
    """The platform as its manifests say."""
    return resolve(load(root))


def small_platform(root: Path, *, replicas: int = 1) -> Platform:
    """A platform written into `root`."""
    return platform_in(write_platform(root, replicas=replicas))


def machine(root: Path) -> Machine:
    """A machine with programs that nobody starts."""
    return Machine(
        layout=Layout(root),
        python=Path("/venv/bin/python"),
        envoy=Path("/venv/bin/envoy"),
        valkey=Path("/venv/bin/valkey-server"),
        source_folders=("/shop/platform/edge/src", "/shop/services/order/src"),
        environment={"PATH": "/bin"},
        session_secret="the-session-secret",
        session_keys={"SESSION_KEYS": "the-session-keys"},
        machine_secret="the-machine-secret",
        machine_secrets={"CONSUMER_SECRET_PARTNER": "the-secret-of-a-consumer"},
        hold_token="the-hold-token",
    )
