"""Emits `compose.yaml`, and the configuration that its containers mount. Pure functions of the IR."""

from colonnade.compose.addresses import scraped
from colonnade.compose.emit import compose
from colonnade.compose.mounted import mounted

__all__ = ["compose", "mounted", "scraped"]
