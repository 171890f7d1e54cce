"""Mutual TLS with the platform's own parts: the certificate of this process, and whose it believes."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

CERTIFICATE, KEY, PEERS_CA = "certificate.pem", "key.pem", "peers-ca.pem"


@dataclass(frozen=True, slots=True)
class Identity:
    """The PEM files in a folder, as they are when the process starts."""

    folder: Path

    @property
    def served(self) -> dict[str, Any]:
        """Granian's settings: who calls has to show a certificate of the same CA, made for who calls."""
        return {
            "ssl_cert": self.folder / CERTIFICATE,
            "ssl_key": self.folder / KEY,
            "ssl_ca": self.folder / PEERS_CA,
            "ssl_client_verify": True,
        }

    def shown(self) -> ssl.SSLContext:
        """Return how services are called: they have to be who they are taken for."""
        context = ssl.create_default_context(cafile=str(self.folder / PEERS_CA))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY)
        return context


class Peers(NamedTuple):
    """Services that are shown a certificate, and the names that have to be in theirs."""

    shown: ssl.SSLContext | None
    names: Mapping[str, str]

    def met_as(self, service: str) -> tuple[ssl.SSLContext | None, str | None]:
        """Return what a service is shown and the name to find; nothing where it is none of the platform's."""
        return (self.shown, self.names[service]) if service in self.names else (None, None)


NO_PEERS = Peers(None, {})
