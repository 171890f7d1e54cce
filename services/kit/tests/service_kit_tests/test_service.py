"""A service as a process: faults, problems, start and stop."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service_kit.testing import Process, process


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with process("user_service", tmp_path_factory.mktemp("user")) as running:
        yield running


@pytest.fixture
def faults(user: Process) -> Iterator[str]:
    yield f"{user.url}/_faults"
    httpx.delete(f"{user.url}/_faults").raise_for_status()


def test_errors_are_injected_at_the_rate_asked_for(user: Process, faults: str) -> None:
    httpx.put(faults, json={"error_rate": 1, "error_status": 500})

    answer = httpx.get(f"{user.url}/users/alice")

    assert (500, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert httpx.get(f"{user.url}/healthz").status_code == 200


def test_a_hang_ends_when_the_fault_is_cleared(user: Process, faults: str) -> None:
    httpx.put(faults, json={"hang": True})

    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{user.url}/users/alice", timeout=0.2)
    httpx.delete(faults)

    assert httpx.get(f"{user.url}/users/alice").status_code == 200


def test_an_impossible_fault_is_refused(faults: str) -> None:
    answer = httpx.put(faults, json={"error_rate": 2})

    assert answer.status_code == 422
    assert "error_rate" in answer.json()["detail"]


def test_in_production_there_are_no_faults(tmp_path: Path) -> None:
    with process("user_service", tmp_path, COLONNADE_ENV="production") as production:
        assert httpx.get(f"{production.url}/_faults").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nope", 404), ("/users/nobody", 404), ("/users?limit=0", 422), ("/users?cursor=%00", 422)],
)
def test_every_error_is_a_problem_document(user: Process, path: str, status: int) -> None:
    answer = httpx.get(f"{user.url}{path}")

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert answer.json()["status"] == status


def test_a_taken_port_is_told_in_one_line(user: Process, tmp_path: Path) -> None:
    port = user.url.rpartition(":")[2]

    done = subprocess.run(
        [sys.executable, "-m", "user_service"],
        env={"PORT": port, "DATA_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_that_is_asked_for_exits_with_0(tmp_path: Path) -> None:
    with process("device_service", tmp_path) as device:
        device.popen.terminate()

        assert device.popen.wait(10) == 0
