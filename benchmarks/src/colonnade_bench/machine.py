"""Names the machine and the moment, without which figures mean little."""

import datetime
import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def describe() -> str:
    """Return the processor, its cores and the kernel."""
    models = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    return f"{model}, {len(os.sched_getaffinity(0))} cores, Linux {platform.release()}"


def now() -> str:
    """Return the time in RFC 3339, UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _cpuinfo() -> list[str]:
    try:
        return CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
