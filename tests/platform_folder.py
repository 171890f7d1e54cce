"""A platform folder of a test's own, and the stack that runs in it."""

import json
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import httpx

from colonnade.local.layout import Layout
from colonnade.local.login import log_in as log_in_as_app

ROOT = Path(__file__).parents[1]
LINKED = ("platform", "services", "templates")
COPIED = (
    "bff",
    "bffs",
    "colonnade.yaml",
    "compose.yaml",
    "deploy",
    "constraints.txt",
    "pyproject.toml",
    "CODEOWNERS",
    "docs",
)
UP_TIMEOUT_S = 90

T = TypeVar("T")

_TLS = ssl.create_default_context()
"""One for all clients: each would read all certificate authorities again."""


def make_platform(folder: Path) -> Path:
    """Make a platform in `folder`: its own manifests and BFFs, the platform's parts by link."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    ignore = shutil.ignore_patterns("__pycache__", ".*_cache", ".venv", ".colonnade")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        elif source.exists():
            shutil.copy2(source, folder / name)
    return folder


def keep(folder: Path, bffs: Collection[str] = (), services: Collection[str] = ()) -> None:
    """Leave the platform in `folder` these BFFs and services only; each takes a second of a core to start."""
    for other in (folder / "bffs").iterdir():
        if other.name not in bffs:
            shutil.rmtree(other)
    manifest = folder / "colonnade.yaml"
    head, mark, rest = manifest.read_text(encoding="utf-8").partition("services:\n")
    block, _, tail = rest.partition("\n\n")
    found = dict(re.findall(r"^(  (\w+):.*(?:\n    .*)*\n?)", block, re.MULTILINE))
    kept = [text.rstrip("\n") for text, name in found.items() if name in services]
    assert mark
    assert len(kept) == len(services)
    said = "\n".join([mark.strip(), *kept, "", ""]) if kept else ""
    manifest.write_text(f"{head}{said}{tail}", encoding="utf-8")


def stand_in(folder: Path) -> None:
    """Leave the platform in `folder` one BFF, mobile, which is `streaming_bff` and calls no service."""
    keep(folder, ["mobile"])
    mobile = folder / "bffs/mobile/bff.yaml"
    text, count = re.subn(r"^services: .*\n", "", mobile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1
    mobile.write_text(text, encoding="utf-8")
    shutil.copy(Path(__file__).parent / "streaming_bff.py", folder / "bffs/mobile/src/mobile_bff/__main__.py")


def bff(
    folder: Path, *arguments: str, timeout: float = 60, check: bool = True, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the launcher of `folder`, with the environment that this checkout has already made."""
    environment = os.environ | {"BFF_VENV": str(venv()), "NO_COLOR": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [str(folder / "bff"), *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"bff {' '.join(arguments)} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
    return done


def venv() -> Path:
    """The environment in which this test runs."""
    return Path(os.environ.get("BFF_VENV", ROOT / ".venv"))


@dataclass
class Stack:
    """A running stack, as `bff up --detach --json` told of it."""

    folder: Path
    told: dict[str, Any] = field(default_factory=dict)

    def up(self, *arguments: str) -> "Stack":
        """Start it on free ports; returns when it is healthy."""
        done = bff(self.folder, "up", "--detach", "--json", "--ephemeral", *arguments, timeout=UP_TIMEOUT_S)
        self.told = json.loads(done.stdout)
        return self

    def down(self) -> None:
        """Stop it."""
        bff(self.folder, "down", timeout=60)

    @property
    def edge(self) -> str:
        """The URL of the balanced or only edge."""
        return str(self.told["edge"])

    def url(self, name: str) -> str:
        """The URL of a process as it is now."""
        return str(self.processes()[name]["url"])

    @property
    def state(self) -> dict[str, Any]:
        """What the runner tells of the stack as it is now."""
        return dict(json.loads((self.folder / ".colonnade/state.json").read_text(encoding="utf-8")))

    def metrics(self, name: str) -> str:
        """The URL at which a process tells what it counts, as it is now."""
        return str(self.state["metrics"][name])

    def pid(self, name: str) -> int:
        """The process id of a process as it is now: restarts change it."""
        return int(self.processes()[name]["pid"])

    def processes(self) -> dict[str, dict[str, Any]]:
        """Name → pid and url as they are now: what `bff ps --json` tells, without a process for each look."""
        return dict(self.state["processes"])

    def token(self, client: str = "mobile", user: str = "alice") -> str:
        """An access token of a mobile user; `bff token` prints the same."""
        return str(log_in_as_app(Layout(self.folder), client, user, [])["access_token"])

    def key(self, device: str = "sensor-1") -> str:
        """A new API key of a device."""
        told = json.loads(bff(self.folder, "key", "create", "--device", device, "--json").stdout)
        return str(told["key"])

    def logs(self, name: str) -> str:
        """What a process has logged."""
        file = self.folder / ".colonnade" / "logs" / f"{name}.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def client(self, **options: Any) -> httpx.Client:  # noqa: ANN401 - httpx's own options
        """An HTTP client of the edge."""
        options.setdefault("verify", _TLS)
        return httpx.Client(base_url=self.edge, timeout=20, **options)


def log_in(client: httpx.Client, user: str = "alice", return_to: str = "/") -> httpx.Response:
    """Log `client` in as a browser would: follow to the login page, fill its form, follow back."""
    page = client.get("/auth/login", params={"return_to": return_to}, follow_redirects=True)
    return fill_login_form(client, page, user)


def fill_login_form(client: httpx.Client, page: httpx.Response, user: str) -> httpx.Response:
    """Send the form of the login `page`; the password of a development user is the name."""
    fields = dict(_hidden_fields(page.text)) | {"username": user, "password": user}
    return client.post(
        str(page.url.join(_form_action(page.text, str(page.url)))), data=fields, follow_redirects=False
    )


def _hidden_fields(html: str) -> list[tuple[str, str]]:
    hidden = [tag for tag in re.findall(r"<input\b[^>]*>", html) if 'type="hidden"' in tag]
    return [(_attribute(tag, "name"), _attribute(tag, "value")) for tag in hidden]


def _form_action(html: str, default: str) -> str:
    form = re.search(r"<form\b[^>]*>", html)
    return (_attribute(form[0], "action") if form else "") or default


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(match[1]) if match else ""


def eventually(probe: Callable[[], T], *, within: float = 15.0, every: float = 0.05) -> T:
    """Return the first truthy answer of `probe`; fails with its last answer or error after `within` s."""
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            answer = probe()
            if answer:
                return answer
            last = answer
        except (httpx.TransportError, AssertionError, KeyError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {last!r}")
        time.sleep(every)
