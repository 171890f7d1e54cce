"""Opaque access tokens: the identity provider is asked what they are (RFC 7662)."""

import time
from collections.abc import Awaitable, Callable

import msgspec

from colonnade_edge.authn.guesses import Guesses, per_minute
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.jwt import identity_of, invalid
from colonnade_edge.authn.verdicts import Verdict, Verdicts
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.revocation.provenance import token_id
from colonnade_policy import Identity as Trusted

REFUSED_S = 5.0
"""How long a refused token is refused without asking; the nodes of a provider may lag behind each other."""
GUESSES = per_minute(60)
"""Unknown tokens that one address may send before the provider is no longer asked about its next ones."""
TOKEN_TYPES = frozenset({"", "bearer", "access_token", "access token"})
"""What an access token calls itself; a refresh token, or one that is bound to a key, is not taken for it."""

Introspect = Callable[[str], Awaitable[dict[str, object]]]
"""Asks the provider about a token; raises `Unavailable` where it does not answer."""


class _Answer(msgspec.Struct, frozen=True):
    active: bool = False
    iss: str = ""
    aud: str | tuple[str, ...] = ()
    exp: float | None = None
    nbf: float = 0.0
    token_type: str = ""
    token_use: str = ""
    username: str = ""
    cnf: object = None


class Introspection:
    """Judges opaque tokens by what `introspect` says, and remembers it for `keep_s` seconds at most."""

    def __init__(self, introspect: Introspect, trusted: Trusted, keep_s: float, guesses: Guesses) -> None:
        self._introspect = introspect
        self._issuer = trusted.issuer
        self._audience = trusted.audience
        self._places = trusted.claims
        self._keep_s = keep_s
        self._verdicts = Verdicts(guesses)

    async def identify(self, token: str, address: str) -> Identity:
        """Return whose token it is.

        Raises `Unauthenticated` where it is nobody's, `Unavailable` where the provider does not say, and
        `LimitExceeded` where `address` sent too many that were nobody's.
        """
        digest = token_id("", token)

        async def question() -> Verdict:
            return self._judge(await self._introspect(token), digest, time.time())

        verdict = await self._verdicts.of(digest, question, [(f"token:{address}", GUESSES)])
        if verdict.identity is None:
            raise invalid(verdict.reason)
        return verdict.identity

    def _judge(self, claims: dict[str, object], digest: str, now: float) -> Verdict:
        try:
            answer = msgspec.convert(claims, _Answer)
            reason = self._why_not(answer, now)
            if reason:
                return Verdict(None, REFUSED_S, reason)
            identity = identity_of(_with_subject(claims, answer), digest, self._places)
        except (msgspec.ValidationError, Unauthenticated):
            return Verdict(None, REFUSED_S, "what the identity provider says of it makes no sense")
        return Verdict(identity, self._keep_s if answer.exp is None else min(self._keep_s, answer.exp - now))

    def _why_not(self, answer: _Answer, now: float) -> str:
        audiences = (answer.aud,) if isinstance(answer.aud, str) else answer.aud
        kinds = {answer.token_type.lower(), answer.token_use.lower()}
        wrong = {
            "it is unknown, has expired or was revoked": not answer.active,
            "it is of another issuer": bool(answer.iss) and answer.iss != self._issuer,
            "it is for another audience": bool(audiences) and self._audience not in audiences,
            "it has expired": answer.exp is not None and answer.exp <= now,
            "it is not valid yet": answer.nbf > now,
            "it is bound to a key that was not shown": answer.cnf is not None,
            "it is not an access token for bearers": not kinds <= TOKEN_TYPES,
        }
        return next((reason for reason, applies in wrong.items() if applies), "")


def _with_subject(claims: dict[str, object], answer: _Answer) -> dict[str, object]:
    """`sub` is optional; a token with a `username` is a person's all the same, and not its client's own."""
    return claims if claims.get("sub") or not answer.username else {**claims, "sub": answer.username}
