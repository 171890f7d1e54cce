"""What was revoked, and for how long that has to be remembered."""

from typing import Literal, get_args

import msgspec

Kind = Literal["token", "user", "client", "session", "key", "device"]

KINDS: tuple[Kind, ...] = get_args(Kind)


class Revocation(msgspec.Struct, frozen=True):
    """One revocation. Times are seconds since 1970, `at` by the store's clock.

    A user, client or device can be given new credentials: what was issued up to `at` is refused. A token,
    session or key is refused whatever it says of itself.
    After `until` every credential that it refuses has expired of itself.
    """

    kind: Kind
    value: str
    at: float
    until: float
