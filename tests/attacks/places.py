"""All the places of a running stack in which a secret must not stand."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.platform_folder import Stack

ADMIN_PAGES = ("/stats", "/stats/prometheus", "/config_dump", "/clusters", "/listeners", "/server_info")


def places(stack: Stack) -> Iterator[tuple[str, str]]:
    """Name and text of each: logs, run files, the store's files, arguments of processes, metrics."""
    state = stack.folder / ".colonnade"
    for folder in ("logs", "run", "data/valkey"):
        yield from _files(state / folder)
    yield "state.json", (state / "state.json").read_text(encoding="utf-8")
    for name, process in stack.told["processes"].items():
        yield f"the arguments of {name}", _arguments(int(process["pid"]))
    yield "the metrics of policy", httpx.get(f"{stack.told['processes']['policy']['url']}/metrics").text
    for page in ADMIN_PAGES:
        yield f"Envoy's {page}", httpx.get(f"{_admin(state)}{page}").text


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(folder.parent)), file.read_bytes().decode("latin-1")


def _arguments(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode("latin-1")


def _admin(state: Path) -> str:
    bootstrap = json.loads((state / "run/edge-1/envoy.json").read_text(encoding="utf-8"))
    address = bootstrap["admin"]["address"]["socket_address"]
    return f"http://{address['address']}:{address['port_value']}"
