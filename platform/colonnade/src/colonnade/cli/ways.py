"""Where the requests of a route go, in words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colonnade.ir.platform import Bff


def way(bff: "Bff") -> str:
    """Return the BFF, its instances and how they are chosen, and who else gets requests or copies of them."""
    return "; ".join(_words(bff))


def _words(bff: "Bff") -> Iterator[str]:
    how = bff.balance.policy.replace("_", " ")
    if bff.balance.weights:
        how += f" {':'.join(map(str, bff.balance.weights))}"
    elif bff.balance.key:
        how += f" of {bff.balance.key}"
    yield f"{bff.name} x {bff.replicas}, {how}" if bff.replicas > 1 else bff.name
    if bff.canary is not None:
        share = f"{bff.canary.weight:g}%" if bff.canary.weight else ""
        asked = f"{bff.canary.header}: always" if bff.canary.header else ""
        yield f"{' and '.join(filter(None, (share, asked)))} to {bff.canary.bff}"
    if bff.mirror is not None:
        yield f"copies of {bff.mirror.share:g}% to {bff.mirror.bff}"
