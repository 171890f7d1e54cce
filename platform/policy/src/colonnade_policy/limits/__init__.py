"""What a limit means: five algorithms in whole numbers, each once in Python and once in `decide.lua`.

A request asks several limits at once and takes from all of them or from none. Python decides where one
process counts for itself (and where limits are replayed over a log), the script where the store counts
for all. The two are held to the same model, request by request, by the tests.
"""

from importlib.resources import files

from colonnade_policy.limits.memory import Ask, MemoryLimiter, Outcome, peek
from colonnade_policy.limits.rule import MAX_EXACT, Algorithm, Rule

SCRIPT = files("colonnade_policy.limits").joinpath("decide.lua").read_bytes()
"""Decides in the store; its head says what it takes and returns."""

__all__ = ["MAX_EXACT", "SCRIPT", "Algorithm", "Ask", "MemoryLimiter", "Outcome", "Rule", "peek"]
