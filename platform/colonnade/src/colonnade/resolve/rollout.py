"""How a publish reaches several edges."""

from colonnade.ir.rollout import Rollout
from colonnade.manifest.rollout import Rollout as Written

DEFAULT = Written()


def rollout(written: Written | None) -> Rollout | None:
    """Return what the manifest says; None: to all edges at once."""
    if written is None:
        return None
    return Rollout(written.window.total_seconds(), written.min_requests, written.max_errors / 100)
