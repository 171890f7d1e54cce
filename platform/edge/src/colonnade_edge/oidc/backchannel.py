"""The provider tells that somebody logged out elsewhere (OpenID Connect Back-Channel Logout 1.0)."""

import time
from contextlib import suppress

import msgspec
from joserfc.errors import JoseError
from redis.asyncio import Redis

from colonnade_edge import audit
from colonnade_edge.answer import Answer, json_answer
from colonnade_edge.errors import BadRequest, Unavailable
from colonnade_edge.oidc.provider import CLOCK_SKEW_S, Provider
from colonnade_edge.sessions import Sessions, answering

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SEEN_PREFIX = "colonnade:logout-token:"
MAX_AGE_S = 300
"""Logout tokens are sent at once; an old one is a replay."""


class LogoutToken(msgspec.Struct, frozen=True):
    """The claims of a logout token; `aud` may be one audience or a list."""

    iss: str
    aud: str | tuple[str, ...]
    iat: float
    jti: str
    events: dict[str, dict[str, object]]
    exp: float | None = None
    sub: str = ""
    sid: str = ""
    nonce: str | None = None


async def backchannel_logout(
    form: dict[str, str], redis: Redis, sessions: Sessions, provider: Provider
) -> Answer:
    """End the sessions that a valid logout token names; raise `BadRequest` for any other token."""
    token = await _verified(form.get("logout_token", ""), provider)
    _judge(token, provider, time.time())
    async with answering():
        first = await redis.set(SEEN_PREFIX + token.jti, b"", nx=True, ex=2 * MAX_AGE_S)
    if not first:
        raise BadRequest("this logout token was used before")
    try:
        ended = await sessions.end_all(token.sid, token.sub)
    except Unavailable:
        with suppress(Unavailable):  # the provider may tell again
            async with answering():
                await redis.delete(SEEN_PREFIX + token.jti)
        raise
    consumer = f"user:{token.sub}" if token.sub else ""
    audit.record(audit.Entry(event="backchannel_logout", consumer=consumer, by=token.iss, count=ended))
    return json_answer(200, {"ended": ended})


async def _verified(text: str, provider: Provider) -> LogoutToken:
    try:
        token = await provider.discovery.verify(text)
        return msgspec.convert(token.claims, LogoutToken)
    except (JoseError, ValueError) as error:
        raise BadRequest(f"the logout token is not valid: {error}") from error


def _judge(token: LogoutToken, provider: Provider, now: float) -> None:
    audiences = (token.aud,) if isinstance(token.aud, str) else token.aud
    wrong = {
        "it is of another issuer": token.iss != provider.issuer,
        "it is for another client": provider.client_id not in audiences,
        "it is too old, or from the future": not -CLOCK_SKEW_S <= now - token.iat <= MAX_AGE_S,
        "it has expired": token.exp is not None and token.exp < now - CLOCK_SKEW_S,
        "it is not about a logout": EVENT not in token.events,
        "it has a nonce, so it is an id token": token.nonce is not None,
        "it names neither sid nor sub": not (token.sid or token.sub),
    }
    for reason, applies in wrong.items():
        if applies:
            raise BadRequest(f"the logout token is not valid: {reason}")
