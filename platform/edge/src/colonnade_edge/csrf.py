"""Whether a page of another origin sent a request: what the browser itself says, which no page can forge."""

import re
from collections.abc import Callable, Sequence

LABELS = r"[a-z0-9-]+(\.[a-z0-9-]+)*"

TrustedOrigins = Callable[[str], bool]
"""Whether pages of an origin may act with the session, too."""


def trusting(origins: Sequence[str]) -> TrustedOrigins:
    """Return the test for `origins`, in which `*` stands for one or more labels of a host."""
    if not origins:
        return lambda _: False
    expression = re.compile("|".join(re.escape(origin).replace(r"\*", LABELS) for origin in origins))
    return lambda origin: expression.fullmatch(origin) is not None


def is_foreign(header: Callable[[str], str], own: str, trusts: TrustedOrigins) -> bool:
    """Return whether the browser says that a page of an origin that is neither `own` nor trusted sent this.

    `Sec-Fetch-Site` (Fetch Metadata) says it where there is one: it stays true behind a proxy that changes
    the host. `same-site` is foreign: a page of a sibling host is somebody else's. Older browsers send
    `Origin` with each unsafe method. What sends neither is no browser that another site could abuse.
    """
    site, origin = header("sec-fetch-site"), header("origin")
    if site:
        return site not in ("same-origin", "none") and not trusts(origin)
    return bool(origin) and origin != own and not trusts(origin)


def origin_of(header: Callable[[str], str], authority: str) -> str:
    """Return the origin that was asked, as Envoy forwards it."""
    scheme = "https" if header("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{authority or header('host')}".lower()
