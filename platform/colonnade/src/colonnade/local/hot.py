"""What an Envoy is started with so that another can take its place, by a hot restart."""

import sys
from dataclasses import replace
from pathlib import Path

from colonnade.local.spec import ProcessSpec

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - it is Envoy's own choice
EPOCH = "--restart-epoch"
DRAINED_S = 30
"""After so many seconds the new one ends the old; as long as a request may take by default. Streams that are
older end with the Envoy that has them."""


def supported() -> bool:
    """Return whether the Envoys of this machine can be restarted so."""
    return sys.platform == "linux" and SHARED_MEMORY.is_dir()


def arguments(admin_port: int) -> tuple[str, ...]:
    """Return the arguments of the first Envoy with this admin port, which tells it from others here."""
    return (
        *("--base-id", str(admin_port), "--skip-hot-restart-on-no-parent", "--drain-strategy", "immediate"),
        *("--parent-shutdown-time-s", str(DRAINED_S), EPOCH, "0"),
    )


def restartable(spec: ProcessSpec) -> bool:
    """Return whether another can take the place of the process so."""
    return EPOCH in spec.argv


def epoch(spec: ProcessSpec) -> int:
    """Return which of its line the Envoy is, counted from 0."""
    return int(spec.argv[-1])


def following(spec: ProcessSpec) -> ProcessSpec:
    """Return the Envoy that takes the place of this one."""
    return replace(spec, argv=(*spec.argv[:-1], str(epoch(spec) + 1)))


def forget(spec: ProcessSpec) -> None:
    """Remove what Envoys leave in shared memory."""
    if restartable(spec):
        # The region is named after the base id, with a place for its ten generations.
        (SHARED_MEMORY / f"envoy_shared_memory_{spec.admin_port}0").unlink(missing_ok=True)
