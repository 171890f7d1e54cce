"""API keys of devices: `ck_<id>_<secret>`, kept as a digest and shown once."""

import hmac
import math
import re
import secrets
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from colonnade_edge.authn.credential import Confirmed
from colonnade_edge.authn.identity import of_device
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import Provenance

CHALLENGE = 'ApiKey realm="colonnade"'
KEY_PREFIX = "colonnade:key:"
ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
ID_LENGTH = 8
SECRET_BYTES = 32

_FORM = re.compile(r"ck_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


class KeyRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the store keeps of a key; `replaced_by` is the id of the key it was rotated to.

    `certificate` is the SHA-256, in hexadecimal, of the certificate it is bound to. Times are seconds
    since 1970.
    """

    id: str
    digest: str
    device_id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None
    groups: tuple[str, ...] = ()
    replaced_by: str = ""
    certificate: str = ""


_decoder = msgspec.json.Decoder(KeyRecord)


class ApiKey:
    """A key as it was presented."""

    __slots__ = ("digest", "key_id", "store_key")

    idle_s = 0

    def __init__(self, key_id: str, key: str) -> None:
        self.key_id = key_id
        self.digest = digest_of(key)
        self.store_key = KEY_PREFIX + key_id

    def confirm(self, record: bytes | None) -> Confirmed:
        """Return the key's device; raise `Unauthenticated` for an unknown or revoked key."""
        kept = _decoder.decode(record) if record is not None else None
        if record is None or kept is None or not hmac.compare_digest(kept.digest, self.digest):
            raise Unauthenticated("the API key is not known", CHALLENGE)
        if kept.revoked is not None:
            raise Unauthenticated("the API key was revoked", CHALLENGE)
        provenance = Provenance(key=kept.id, device=kept.device_id, issued=kept.created, expires=kept.expires)
        sender = of_device(kept.device_id, f"key:{kept.id}", kept.scopes, kept.groups)
        identity = replace(sender, provenance=provenance, certificate=kept.certificate)
        return Confirmed(record, identity, math.inf if kept.expires is None else kept.expires)

    def expired(self) -> Unauthenticated:
        """Return the refusal of a key that is past its time."""
        return Unauthenticated("the API key has expired", CHALLENGE)


def presented(header: str) -> ApiKey:
    """Return the key in an `X-API-Key` header; raise `Unauthenticated` where there is none of that form."""
    if not header:
        raise Unauthenticated("send an API key: X-API-Key: ck_…", CHALLENGE)
    form = _FORM.fullmatch(header)
    if form is None:
        raise Unauthenticated("the API key is malformed", CHALLENGE)
    return ApiKey(form[1], header)


def digest_of(key: str) -> str:
    """Return the hexadecimal SHA-256 of a key: 256 random bits need no slow hash."""
    return sha256(key.encode()).hexdigest()


def new_key() -> tuple[str, str]:
    """Return a new key's id and the key itself."""
    key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
    return key_id, f"ck_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
