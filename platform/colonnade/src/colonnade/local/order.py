"""What `bff up` is asked to run."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Order:
    """Run the platform in `root`, with the edge at `edge_port` where given, all else on free ports or not."""

    root: Path
    edge_port: int | None = None
    ephemeral: bool = False
