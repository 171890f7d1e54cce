"""One instance of a service: how to reach it, and how it is."""

from collections.abc import Callable

from colonnade_runtime.upstream.call import Stage

ILL = 3
FIRST_S = 1.0
LONGEST_S = 10.0


class Instance:
    """How one instance is, by the calls that it had and by what it is asked beside them.

    It is left out at its first broken connection, or when `ILL` calls in a row were too late or answered by
    a failure of the server: for a second, doubled each time up to `LONGEST_S`. Then one call at a time finds
    out whether it is back. While it is `ill` by what it answers when asked, no call does.

    `number` is its place among all. `back` is told when it is back.
    """

    __slots__ = (
        "_back",
        "_failures",
        "_out_until",
        "_pause",
        "bit",
        "calls",
        "ill",
        "left_out",
        "number",
        "send",
        "turn",
        "weight",
    )

    def __init__(
        self,
        number: int,
        send: Stage,
        weight: int = 1,
        back: Callable[["Instance"], None] = lambda _instance: None,
    ) -> None:
        self.number = number
        self.bit = 1 << number
        self.send = send
        self.weight = weight
        self.turn = 0
        self.calls = 0
        self.ill = False
        self.left_out = 0
        self._back = back
        self._failures = 0
        self._out_until = 0.0
        self._pause = FIRST_S

    @property
    def used(self) -> bool:
        """Whether it gets calls as ever."""
        return not self.ill and not self._out_until

    def is_well(self, now: float) -> bool:
        """Whether it may be called: it was not left out, or was so for long enough for one call to try."""
        if self.ill:
            return False
        return not self._out_until or (now >= self._out_until and self.calls == 0)

    def succeeded(self) -> None:
        """Report an answer that is no failure of the server."""
        self._failures = 0
        if self._out_until:
            self._out_until = 0.0
            self._pause = FIRST_S
            if not self.ill:
                self._back(self)

    def failed(self, now: float, *, gone: bool) -> None:
        """Report that there was no connection, or else no good answer."""
        if now < self._out_until:
            return  # calls that were under way when it was left out say nothing new
        self._failures += 1
        if gone or self._failures >= ILL:
            self.left_out += self.used
            self._out_until = now + self._pause
            self._pause = min(LONGEST_S, self._pause * 2)

    def found(self, *, ill: bool) -> None:
        """Report what it is when asked; who is well again has no past."""
        if ill:
            self.left_out += self.used
            self.ill = True
        elif self.ill:
            self.ill = False
            self._failures, self._out_until, self._pause = 0, 0.0, FIRST_S
            self._back(self)
