"""Connections to services: HTTP/1.1 on the event loop, kept alive, each for one call at a time."""
