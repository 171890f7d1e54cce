"""User names and passwords in place of tokens (HTTP Basic), for clients that know nothing better.

Only where the platform says `legacy_password: true`. A password is never kept, and neither is a hash of one
that could be tried against a dictionary: what is remembered for some seconds is known by a digest under a key
that this process made up and never tells.
"""

import hmac
import secrets
from base64 import b64decode
from collections.abc import Awaitable, Callable

from colonnade_edge.audit import Entry, record
from colonnade_edge.authn.guesses import Guesses, per_minute
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.verdicts import Verdict, Verdicts
from colonnade_edge.call import Call
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.oidc.password import Exchanged
from colonnade_policy.counted import CLIENT_IP

CHALLENGE = 'Basic realm="colonnade", charset="UTF-8"'
KEEP_S = 30.0
REFUSED_S = 5.0
BY_ADDRESS = per_minute(20)
BY_USER = per_minute(10)
"""Wrong passwords for one user from anywhere; after them, only a password that was right before is taken."""

Exchange = Callable[[str, str], Awaitable[Exchanged | None]]
"""Takes a user name and a password to the provider; returns None for a wrong password."""
IdentifyToken = Callable[[str], Awaitable[Identity]]


class Passwords:
    """Judges passwords by what the provider gives for them."""

    def __init__(self, exchange: Exchange, guesses: Guesses) -> None:
        self._exchange = exchange
        self._key = secrets.token_bytes(32)
        self._verdicts = Verdicts(guesses)

    async def identify(self, basic: str, call: Call, identify_token: IdentifyToken) -> Identity:
        """Return the user whose name and password are in `basic`, as HTTP Basic has them (RFC 7617).

        Raises `Unauthenticated` where they do not belong together, `Unavailable` where the provider does not
        say, and `LimitExceeded` after too many that did not.
        """
        username, password = _decoded(basic)

        async def question() -> Verdict:
            verdict = await self._judge(await self._exchange(username, password), identify_token)
            if verdict.identity is not None:
                record(
                    Entry(event="login", consumer=verdict.identity.consumer, detail="password"), call.header
                )
            return verdict

        address = call.header(CLIENT_IP)
        guessers = [(f"password:{address}", BY_ADDRESS), (f"user:{username}", BY_USER)]
        verdict = await self._verdicts.of(self._digest(username, password), question, guessers)
        if verdict.identity is None:
            raise Unauthenticated(verdict.reason, CHALLENGE)
        return verdict.identity

    async def _judge(self, exchanged: Exchanged | None, identify_token: IdentifyToken) -> Verdict:
        if exchanged is None:
            return Verdict(None, REFUSED_S, "the user name and the password do not belong together")
        try:
            identity = await identify_token(exchanged.access_token)
        except Unauthenticated as refused:
            return Verdict(None, REFUSED_S, f"the identity provider's token does not do: {refused.detail}")
        return Verdict(identity, min(KEEP_S, exchanged.expires_in))

    def _digest(self, username: str, password: str) -> str:
        message = f"{len(username)}:{username}{password}".encode()
        return hmac.digest(self._key, message, "sha256").hex()


def _decoded(basic: str) -> tuple[str, str]:
    try:
        username, colon, password = b64decode(basic, validate=True).decode().partition(":")
    except ValueError as error:
        raise Unauthenticated("the user name and the password are malformed", CHALLENGE) from error
    if not colon or not username:
        raise Unauthenticated("send a user name and a password", CHALLENGE)
    return username, password
