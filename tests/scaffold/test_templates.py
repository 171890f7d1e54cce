"""The templates are the BFFs of this repository, and make BFFs that are in order from the first minute."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from colonnade.manifest.load import load
from colonnade.manifest.model import Kind
from colonnade.scaffold.answers import SERVICES, Answers, recall
from colonnade.scaffold.new import bff_layers, render_bff
from colonnade.scaffold.template import render, write
from tests.platform_folder import ROOT, eventually

RUNTIME = str(ROOT / "platform" / "runtime" / "src")
NAMES = {Kind.WEB: "back-office", Kind.MOBILE: "pocket", Kind.IOT: "meter"}
SECONDS = 120

pytestmark = pytest.mark.timeout(2 * SECONDS)


def answers(kind: Kind, port: int = 3003) -> Answers:
    name = NAMES[kind]
    return Answers(name, kind.value, "@new-team", port, f"/api/{name}", SERVICES[kind])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a new BFF of each kind."""
    root = tmp_path_factory.mktemp("platform")
    shutil.copy2(ROOT / "pyproject.toml", root)
    for kind in Kind:
        write(render_bff(ROOT, answers(kind)), root / "bffs" / NAMES[kind])
    return root


def python(folder: Path, *arguments: str, kinds: tuple[Kind, ...] = tuple(Kind)) -> None:
    """Run a module of this environment in the new workspace; it must succeed."""
    ours = (str(folder / "bffs" / NAMES[kind] / "src") for kind in kinds)
    sources = os.pathsep.join([*ours, RUNTIME])
    environment = os.environ | {"PYTHONPATH": sources, "MYPYPATH": sources}
    argv = [sys.executable, "-m", *arguments]
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", Kind)
def test_a_bff_of_this_repository_is_its_templates_byte_for_byte(kind: Kind) -> None:
    folder = ROOT / "bffs" / kind.value
    layers = [*bff_layers(ROOT, kind), ROOT / "templates" / "demo" / kind.value]
    manifest = load(ROOT).bffs[kind.value].manifest

    rendered = render(layers, recall(manifest).variables)

    there = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and _written(file)}
    assert set(rendered) == there
    assert [] == [path for path, (content, _) in rendered.items() if (folder / path).read_bytes() != content]


@pytest.mark.parametrize("kind", Kind)
def test_a_new_bff_passes_its_tests(made: Path, kind: Kind) -> None:
    tests = f"bffs/{NAMES[kind]}/tests"

    python(made, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", tests, kinds=(kind,))


def test_new_bffs_pass_the_linter(made: Path) -> None:
    python(made, "ruff", "check", "--no-cache", "bffs")
    python(made, "ruff", "format", "--check", "--no-cache", "bffs")


def test_new_bffs_pass_the_type_checker(made: Path) -> None:
    # What it knows of the libraries is kept beside this checkout: to learn it takes many seconds.
    python(made, "mypy", "--cache-dir", str(ROOT / ".mypy_cache"), "bffs")


@pytest.mark.parametrize("kind", Kind)
def test_a_new_bff_starts_and_stops(made: Path, kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {f"UPSTREAM_{name.upper()}_URL": "http://127.0.0.1:9" for name in SERVICES[kind]}
    source = str(made / "bffs" / NAMES[kind] / "src")
    environment |= {"PORT": str(port), "PYTHONPATH": os.pathsep.join([source, RUNTIME])}
    argv = [sys.executable, "-m", answers(kind).package]

    with subprocess.Popen(argv, cwd=made, env=os.environ | environment) as process:
        try:
            eventually(lambda: _healthy(port), within=30)
            process.send_signal(signal.SIGTERM)

            assert process.wait(10) == 0
        finally:
            process.kill()


def _healthy(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    return False


def _written(file: Path) -> bool:
    """Whether a person may have written the file, rather than a tool."""
    return not {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"} & set(file.parts)
