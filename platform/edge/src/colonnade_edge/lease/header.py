"""What a lease is about, as it travels from the decision to the lease: in a header of Envoy's, inside."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from colonnade_edge.revocation.provenance import Provenance

LEASE = "x-colonnade-lease"
"""Envoy removes it from what clients send and from what BFFs get."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Provenance)


def write(credential: Provenance) -> tuple[str, str]:
    """Return the header that says whose stream it is."""
    return LEASE, urlsafe_b64encode(_encoder.encode(credential)).decode()


def read(value: bytes) -> Provenance:
    """Return what `write` wrote; raise `ValueError` for anything else."""
    return _decoder.decode(urlsafe_b64decode(value))
