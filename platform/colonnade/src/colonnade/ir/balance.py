"""How requests are spread over the instances of a part, resolved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """The policy: `least_request`, `round_robin`, `weighted` or `hash`.

    `weights` are the instances' own. `key` is what is hashed (`ip`, `header:NAME`, `cookie:NAME`), and
    `max_load` what one instance may have of the average, in percent. With `ttl_s` the edge makes the cookie.
    """

    policy: str = "least_request"
    weights: tuple[int, ...] = ()
    key: str = ""
    max_load: float = 150.0
    ttl_s: float | None = None

    @property
    def by_cookie(self) -> bool:
        """Whether a cookie is hashed."""
        return self.key.startswith("cookie:")


LEAST_REQUEST = Balance()


@dataclass(frozen=True, slots=True)
class Canary:
    """The BFF that `weight` percent of the requests are sent to, and who sends `header: always`.

    `key` is by what clients are drawn, empty where each request is; with `given` it is a cookie that the edge
    gives them.
    """

    bff: str
    weight: float
    header: str | None
    key: str
    given: bool


@dataclass(frozen=True, slots=True)
class Mirror:
    """The BFF that is sent a copy of `share` percent of the requests of `methods`."""

    bff: str
    share: float
    methods: tuple[str, ...]
