"""Emits `compose.yaml`, and the configuration that its containers mount. Pure functions of the IR."""

from colonnade.compose.files import compose, files

__all__ = ["compose", "files"]
