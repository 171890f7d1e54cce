"""How a benchmark reads, counts and compares."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from colonnade_bench.errors import BenchError
from colonnade_bench.load import Load, parse
from colonnade_bench.measure import sample_of
from colonnade_bench.processes import cpu_seconds, running

LINE = 'RESULT {"requests":1000,"seconds":2.0,"errors":0,"p50_ms":1.5,"p99_ms":9.25}'


def test_what_wrk_measured_is_read_from_its_last_line() -> None:
    assert parse(f"Running 2s test\n{LINE}\n") == Load(1000, 2.0, 0, 1.5, 9.25)


def test_a_load_that_measured_nothing_is_told() -> None:
    with pytest.raises(BenchError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")


def test_cpu_time_is_told_per_request() -> None:
    sample = sample_of("x", Load(1000, 2.0, 0, 1.5, 9.25), cpu_s=0.05)

    assert sample.rate == pytest.approx(500)
    assert sample.cpu_us == pytest.approx(50)


def test_a_subject_that_fails_is_not_measured() -> None:
    with pytest.raises(BenchError, match="3 errors in 1000 requests"):
        sample_of("x", Load(1000, 2.0, 3, 1.5, 9.25), cpu_s=0.05)


def test_cpu_time_counts_a_process_and_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time\nwhile time.process_time() < 0.3: pass\ntime.sleep(60)\n", encoding="utf-8")
    with running(["sh", "-c", f"{sys.executable} {child}; true"], "0", tmp_path / "log") as pid:
        deadline = time.monotonic() + 20
        while cpu_seconds([pid]) < 0.2:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    assert not Path(f"/proc/{pid}").exists()


def test_a_small_edge_is_measured_from_end_to_end() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "colonnade_bench",
            "edge",
            "--only",
            "native",
            "--seconds",
            "1",
            "--json",
        ],
        env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"Colonnade native"' in done.stdout


def test_an_unknown_subject_is_wrong_use() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "colonnade_bench", "edge", "--only", "nginks"],
        env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 2
    assert "nginks" in done.stderr
