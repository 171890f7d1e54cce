"""The certificates of the edge: given ones are checked and published, missing ones made for development."""

from colonnade.tls.edge import Sources, publish_certificates
from colonnade.tls.identities import publish_identities

__all__ = ["Sources", "publish_certificates", "publish_identities"]
