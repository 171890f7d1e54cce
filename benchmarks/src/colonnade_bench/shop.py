"""A whole platform of its own, started for a benchmark: two edges, two instances of a BFF and a service."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from colonnade_bench.closed_loop import Ask
from colonnade_bench.errors import BenchError

ROOT = Path(__file__).parents[3]
LINKED = ("platform", "services", "templates")
COPIED = ("bff", "bffs", "colonnade.yaml", "constraints.txt", "pyproject.toml", "CODEOWNERS", "docs")
COMMAND_S = 600
RECOVERY_S = 120
TOKEN_S = 120
"""A token lives longer than that and a step together."""
MANIFESTS = {
    "colonnade.yaml": [("replicas: 1", "replicas: 2"), ("port: 8103}", "port: 8103, replicas: 2}")],
    "bffs/web/bff.yaml": [("rate: 200/minute", "rate: 1000/second"), ("burst: 50", "burst: 1000")],
    "bffs/iot/bff.yaml": [("rate: 500/minute", "rate: 1000/second"), ("burst: 100", "burst: 1000")],
    "bffs/mobile/bff.yaml": [
        ("rate: 100/minute", "rate: 1000/second"),
        ("burst: 20", "burst: 1000"),
        ("port: 3001", "port: 3001\nreplicas: 2"),
    ],
}
"""What differs from the platform of this repository: two of each, and limits that nobody meets."""


class Shop:
    """A running platform in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "bffs/mobile/bff.yaml"
        self.number = 0
        self._person: dict[str, str] = {}
        self._token_until = 0.0

    def bff(self, *arguments: str) -> str:
        """Run a command; return what it prints. Raises `BenchError` where it fails."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [str(self.folder / "bff"), *arguments],
            cwd=self.folder,
            env={"BFF_VENV": str(ROOT / ".venv"), **environment, "COLONNADE_ROOT": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"bff {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def state(self) -> dict[str, Any]:
        """What runs now."""
        state: dict[str, Any] = json.loads((self.folder / ".colonnade/state.json").read_bytes())
        return state

    def asks(self) -> list[Ask]:
        """Return requests that need every part: edge, policy service, store, BFFs, services."""
        self.keep_token()
        browser = {"Cookie": self.bff("session", "--user", "alice").strip(), "X-CSRF": "1"}
        device = {"X-API-Key": json.loads(self.bff("key", "create", "--device", "sensor-1", "--json"))["key"]}
        views = ("/api/mobile/home", "/api/mobile/products?limit=3")
        others = (Ask("/api/web/home", browser), Ask("/api/iot/config", device))
        return [*(Ask(path, self._person) for path in views), *others]

    def keep_token(self) -> None:
        """Give those who ask as a person another token, before theirs ends."""
        if time.monotonic() > self._token_until:
            token = self.bff("token", "--client", "mobile", "--user", "alice").strip()
            self._person["Authorization"] = f"Bearer {token}"
            self._token_until = time.monotonic() + TOKEN_S

    def publish(self) -> None:
        """Save a manifest that says something else than before; return when all edges use it."""
        self.number += 1
        before, text = self.state["version"], self.manifest.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("# publish")]
        read = f"read: {15 + self.number % 2}s"
        text = "\n".join(lines).replace("read: 15s", read).replace("read: 16s", read)
        draft = self.manifest.with_suffix(".new")
        draft.write_text(f"{text}\n# publish {self.number}\n", encoding="utf-8")
        draft.replace(self.manifest)
        until(lambda: self.state["version"] != before, "a publish")

    def end(self, name: str, by: signal.Signals) -> None:
        """End a process by a signal; return when another has its place and is healthy."""
        pid = self.state["processes"][name]["pid"]
        os.kill(pid, by)

        def back() -> bool:
            now = self.state["processes"].get(name, {})
            return now.get("pid") not in {None, pid} and now.get("state") == "healthy"

        until(back, f"another {name}")


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """Start the platform, and stop it again."""
    made = Shop(folder)
    _write(folder)
    made.bff("up", "--detach", "--ephemeral")
    try:
        yield made
    finally:
        made.bff("down")


def until(holds: Callable[[], bool], what: str) -> None:
    """Return when something holds. Raises `BenchError` where it takes too long."""
    deadline = time.monotonic() + RECOVERY_S
    while not holds():
        if time.monotonic() > deadline:
            raise BenchError(f"{what} was not there within {RECOVERY_S} s")
        time.sleep(0.02)


def _write(folder: Path) -> None:
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", ".colonnade")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, folder / name)
    for name, changes in MANIFESTS.items():
        _edit(folder / name, changes)


def _edit(file: Path, changes: Sequence[tuple[str, str]]) -> None:
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        if before not in text:
            raise BenchError(f"{file.name} does not say {before!r} any more")
        text = text.replace(before, after, 1)
    file.write_text(text, encoding="utf-8")
