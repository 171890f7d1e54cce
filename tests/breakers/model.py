"""What a circuit breaker promises, told by what has happened since its last change of state."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Pauses are in seconds."""

    failures: int = 3
    successes: int = 2
    first_pause: float = 2.0
    max_pause: float = 300.0


@dataclass
class Model:
    """Asked before each call, and told of each answer with what it was admitted in."""

    settings: Settings
    opened_at: float | None = None
    openings: int = 0
    answers: list[bool] = field(default_factory=list)
    era: int = 0
    probes: int = 0

    def admits(self, now: float) -> bool:
        return self.opened_at is None or (now >= self.ends() and self.probes == 0)

    def ends(self) -> float:
        assert self.opened_at is not None
        pause: float = self.settings.first_pause * 2 ** (self.openings - 1)
        return self.opened_at + min(pause, self.settings.max_pause)

    def asked(self) -> int:
        """Tell that a call was made; return the era that it belongs to."""
        self.probes += self.opened_at is not None
        return self.era

    def answered(self, era: int, now: float, *, good: bool | None) -> None:
        """Tell of an answer; None where it says nothing. One of an earlier era says nothing either."""
        if era != self.era:
            return
        self.probes = 0
        if good is not None:
            self._judged(now, good=good)

    def _judged(self, now: float, *, good: bool) -> None:
        self.answers.append(good)
        failures, successes = self.settings.failures, self.settings.successes
        if self.opened_at is None and self.answers[-failures:] == [False] * failures:
            self._enter(now, openings=1)
        elif self.opened_at is not None and not good:
            self._enter(now, self.openings + 1)
        elif self.opened_at is not None and len(self.answers) == successes:
            self._enter(None, openings=0)

    def _enter(self, opened_at: float | None, openings: int) -> None:
        self.opened_at, self.openings = opened_at, openings
        self.answers, self.probes, self.era = [], 0, self.era + 1
