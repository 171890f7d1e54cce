"""From what was written to what holds: defaults, inheritance and guardrails."""

from colonnade.resolve.platform import resolve

__all__ = ["resolve"]
