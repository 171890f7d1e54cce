"""Everything by which a credential can be revoked."""

from base64 import urlsafe_b64decode
from hashlib import sha256

import msgspec

JWT_PARTS = 3
SKEW_S = 60.0
"""A token is remembered for longer than it lives, because clocks differ."""


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose a credential is and what it came from; what does not apply is empty. Times: seconds since 1970.

    `token` is what `token_id` returns. `session` is the digest of a session's cookie, `sid` the session as
    the provider calls it. `issued` is 0 where nobody says: revoking the user then refuses it for good.
    """

    token: str = ""
    user: str = ""
    client: str = ""
    session: str = ""
    sid: str = ""
    key: str = ""
    device: str = ""
    issued: float = 0.0
    expires: float | None = None

    def until(self, otherwise: float) -> float:
        """Return when this need not be remembered any more; `otherwise` where it says no end of itself."""
        return otherwise if self.expires is None else self.expires + SKEW_S


class _Claims(msgspec.Struct, frozen=True):
    iss: str = ""
    jti: str = ""
    exp: float | None = None


def token_id(jti: str, text: str) -> str:
    """Return the name by which one token is revoked: its `jti`, or the digest of `text`.

    `text` is the payload of a JWT as it travels, or an opaque token.
    """
    return jti or sha256(text.encode()).hexdigest()


def of_token(text: str, issuer: str) -> Provenance:
    """Return by what a token's text can be revoked. Nothing is verified.

    The `jti` counts for tokens of `issuer` only: another issuer may give the same one to another token.
    """
    parts = text.split(".")
    if len(parts) != JWT_PARTS:
        return Provenance(token=token_id("", text))
    payload = parts[1]
    try:
        claims = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Claims)
    except (ValueError, RecursionError):
        return Provenance(token=token_id("", text))
    jti = claims.jti if claims.iss == issuer else ""
    return Provenance(token=token_id(jti, payload), expires=claims.exp)
