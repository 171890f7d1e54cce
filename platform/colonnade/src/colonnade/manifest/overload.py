"""What is given up first where not everything can be served."""

from enum import StrEnum


class Criticality(StrEnum):
    """How much a request matters; under overload the least of them is refused first.

    `sheddable` can come again later without anybody noticing (telemetry); `critical` is what the business
    is for (a checkout), and is not shed.
    """

    CRITICAL = "critical"
    DEFAULT = "default"
    SHEDDABLE = "sheddable"
