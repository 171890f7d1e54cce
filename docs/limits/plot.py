"""Draws what each algorithm does with the same requests: `.venv/bin/python docs/limits/plot.py`.

The decisions are those of the implementation that runs at the edge; nothing is drawn by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from xml.sax.saxutils import escape

from colonnade_policy.limits import Algorithm, Ask, MemoryLimiter, Rule

PLOTS = Path(__file__).parent / "plots"
SECOND = 1_000_000
RATE = 10
END_S = 5.0
START_US = 10**15  # a whole second, so that windows begin on the marks of the axis

WIDTH, HEIGHT = 760, 330
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 44, 96
BLUE, ORANGE, GREY, INK = "#0072b2", "#d55e00", "#999999", "#333333"
FONT = "font-family='system-ui, sans-serif' font-size='12'"


@dataclass(frozen=True)
class Shown:
    """One request: when it came (s), whether it passed, and how long (s) it waited its turn."""

    came: float
    passed: bool
    waited: float

    @property
    def went(self) -> float:
        """When it was let through."""
        return self.came + self.waited


def arrivals() -> list[float]:
    """Twenty requests around the edge of a window, then sixteen a second for two seconds."""
    around = [0.9 + number * 0.01 for number in range(20)]
    steady = [2.5 + number / 16 for number in range(32)]
    return around + steady


def decided(rule: Rule) -> list[Shown]:
    """Return what becomes of each request."""
    limiter = MemoryLimiter()
    shown = []
    for came in arrivals():
        now = START_US + round(came * SECOND)
        wait_us = limiter.decide([Ask("one", rule)], 1, now)[0].wait_us
        shown.append(Shown(came, wait_us >= 0, max(0, wait_us) / SECOND))
    return shown


def rule_of(algorithm: Algorithm) -> Rule:
    """Ten a second; buckets hold ten, and a leaky one lets a request wait for half a second."""
    leaky = algorithm == "leaky_bucket"
    burst = RATE if algorithm in {"token_bucket", "leaky_bucket"} else 0
    return Rule(algorithm, RATE, SECOND, burst, SECOND // 2 if leaky else 0)


def x(time: float) -> float:
    """A time's place from the left."""
    return LEFT + (WIDTH - LEFT - RIGHT) * time / END_S


def y(count: float) -> float:
    """A count's place from the top."""
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / len(arrivals())


def steps(times: Sequence[float], colour: str, width: float) -> str:
    """Return a line that rises by one at each of the times."""
    points = [f"{x(0):.1f},{y(0):.1f}"]
    for count, time in enumerate(sorted(times)):
        points += [f"{x(time):.1f},{y(count):.1f}", f"{x(time):.1f},{y(count + 1):.1f}"]
    points.append(f"{x(END_S):.1f},{y(len(times)):.1f}")
    return f"<polyline points='{' '.join(points)}' fill='none' stroke='{colour}' stroke-width='{width}'/>"


def dot(time: float, row: int, colour: str) -> str:
    """Return a request's mark in one of the rows below the axis."""
    return f"<circle cx='{x(time):.1f}' cy='{HEIGHT - 44 + 16 * row}' r='2.6' fill='{colour}'/>"


def text(left: float, top: float, what: str, colour: str = INK, anchor: str = "start") -> str:
    """Return a line of text."""
    place = f"x='{left:.1f}' y='{top:.1f}' text-anchor='{anchor}'"
    return f"<text {place} fill='{colour}' {FONT}>{escape(what)}</text>"


def axes() -> Iterator[str]:
    """Yield the frame: a line for each second, which are also the windows."""
    for second in range(int(END_S) + 1):
        yield f"<path d='M{x(second):.1f} {TOP}V{HEIGHT - BOTTOM}' stroke='{GREY}' stroke-width='.5'/>"
        yield text(x(second), HEIGHT - BOTTOM + 16, f"{second} s", anchor="middle")
    for count in range(0, len(arrivals()) + 1, RATE):
        yield f"<path d='M{LEFT} {y(count):.1f}H{WIDTH - RIGHT}' stroke='{GREY}' stroke-width='.5'/>"
        yield text(LEFT - 6, y(count) + 4, str(count), anchor="end")


def drawn(algorithm: Algorithm) -> str:
    """Return the picture of one algorithm as SVG."""
    shown = decided(rule_of(algorithm))
    passed = [one for one in shown if one.passed]
    title = f"{algorithm.replace('_', ' ')}, 10/second: {len(passed)} of {len(shown)} requests pass"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img'>",
        f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='white'/>",
        text(LEFT, 20, title),
        text(LEFT + 10, TOP + 14, "asked so far", GREY),
        text(LEFT + 10, TOP + 30, "let through so far", BLUE),
        *axes(),
        steps([one.came for one in shown], GREY, 1.5),
        steps([one.went for one in passed], BLUE, 2.5),
        text(LEFT - 6, HEIGHT - 40, "asked", anchor="end"),
        *(dot(one.came, 0, BLUE if one.passed else ORANGE) for one in shown),
    ]
    if algorithm == "leaky_bucket":
        parts.append(text(LEFT - 6, HEIGHT - 24, "let go", anchor="end"))
        parts += [dot(one.went, 1, BLUE) for one in passed]
    parts.append(text(WIDTH - RIGHT, HEIGHT - 6, "orange: refused with 429", ORANGE, "end"))
    return "\n".join([*parts, "</svg>", ""])


def plots() -> dict[Path, str]:
    """Return all pictures by their files."""
    algorithms: tuple[Algorithm, ...] = get_args(Algorithm)
    return {PLOTS / f"{name.replace('_', '-')}.svg": drawn(name) for name in algorithms}


if __name__ == "__main__":
    for file, picture in plots().items():
        file.write_text(picture, encoding="utf-8")
        print(file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file)
