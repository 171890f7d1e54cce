"""What holds where a manifest is silent."""

from datetime import timedelta

from colonnade.manifest.model import Kind, Timeouts
from colonnade.manifest.overload import Criticality

TIMEOUTS = {
    Kind.WEB: Timeouts(connect=timedelta(seconds=3), send=timedelta(seconds=10), read=timedelta(seconds=30)),
    Kind.MOBILE: Timeouts(
        connect=timedelta(seconds=3), send=timedelta(seconds=5), read=timedelta(seconds=15)
    ),
    Kind.IOT: Timeouts(connect=timedelta(seconds=2), send=timedelta(seconds=3), read=timedelta(seconds=5)),
}
"""Connect, send and read by kind of client, as gateways in front of such BFFs are run."""

STREAM = Timeouts(idle=timedelta(minutes=5))
"""Servers of events say something every 15 to 60 seconds; who says nothing for longer is gone."""

CRITICALITY = {
    Kind.WEB: Criticality.DEFAULT,
    Kind.MOBILE: Criticality.DEFAULT,
    Kind.IOT: Criticality.SHEDDABLE,
}
"""A person waits for the first two; a device sends its readings again."""
