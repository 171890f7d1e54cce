"""What one filter module offers."""

from collections.abc import Callable
from dataclasses import dataclass

from colonnade.envoy.message import Json
from colonnade.ir.platform import Platform
from colonnade.ir.route import Route
from colonnade.ir.target import Target


def _nothing(_route: Route, _platform: Platform, _target: Target) -> None:
    """A filter without settings of a route's own."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One HTTP filter.

    `config` makes its settings for the listener (None leaves it out), `route` those of one route
    (None: the route does not run it). A filter that is `always` on runs for every request.
    """

    name: str
    config: Callable[[Platform, Target], Json | None]
    route: Callable[[Route, Platform, Target], Json | None] = _nothing
    always: bool = False
