"""Who sends a call, by the access token that it carries: the one place that knows all kinds of them.

In this order, and each token by one way only, because what fails in one must not be tried in another:

1. a payload that Envoy verified: a JWT of the issuer;
2. `Authorization: Basic`, with `legacy_password` and where persons may come: the provider is asked;
3. a JWT whose `iss` is a consumer's: verified with that consumer's secret (HS256), and nothing else;
4. any other JWT: verified with the issuer's public keys, and nothing else;
5. no JWT: an opaque token, about which the provider is asked, where `introspection` is set up.

What stands in a token before it is verified (its `iss`) only chooses who verifies it. Its `alg` chooses
nothing.
"""

import re
from base64 import urlsafe_b64decode
from functools import partial

import msgspec

from colonnade_edge.authn import jwt
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.presented import authorization
from colonnade_edge.authn.trust import Trust, Trusts
from colonnade_edge.call import Call
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.policy.plan import Plan, RoutePlan
from colonnade_policy.counted import CLIENT_IP

JWT_PARTS = 3

_FORM = re.compile(r"[A-Za-z0-9._~+/-]+=*")
"""A bearer token (RFC 6750 §2.1)."""
_decoder = msgspec.json.Decoder(dict[str, object])


class Bearer:
    """Identifies the senders of calls that carry access tokens."""

    def __init__(self, trusts: Trusts) -> None:
        self._trusts = trusts

    async def identify(self, plan: Plan, route: RoutePlan, call: Call) -> Identity:
        """Return who sends `call`.

        Raises `Unauthenticated` without a valid token, `Unavailable` where whoever vouches for it does not
        answer, and `LimitExceeded` where too many wrong ones came from there.
        """
        verified = call.header("x-colonnade-jwt")
        if verified:
            return jwt.identify(verified, plan.document.identity)
        trust = self._trusts.of(plan.document)
        scheme, _, value = authorization(route.route, call).partition(" ")
        address = call.header(CLIENT_IP)
        match scheme.lower():
            case "bearer":
                return await _token(trust, address, value.strip())
            case "basic" if trust.passwords is not None and route.route.auth == "jwt":
                of_token = partial(_token, trust, address)
                return await trust.passwords.identify(value.strip(), call, of_token)
            case _:
                raise Unauthenticated("send an access token: Authorization: Bearer …", jwt.CHALLENGE)

    async def owner(self, plan: Plan, address: str, token: str) -> Identity:
        """Return whose an access token is that no call carries; raise what `identify` raises."""
        return await _token(self._trusts.of(plan.document), address, token)


async def _token(trust: Trust, address: str, token: str) -> Identity:
    if not _FORM.fullmatch(token):
        raise jwt.invalid("it is malformed")
    issuer = issuer_of(token)
    if issuer is None and trust.introspection is not None:
        return await trust.introspection.identify(token, address)
    if issuer is not None and issuer in trust.consumers:
        return trust.consumers.identify(token, issuer)
    return await trust.signed.verify(token)


def issuer_of(token: str) -> str | None:
    """Return whom a JWT names as its issuer, unverified; None where the token is no JWT."""
    parts = token.split(".")
    if len(parts) != JWT_PARTS:
        return None
    try:
        header, claims = map(_object, parts[:2])
    except (ValueError, RecursionError):
        return None
    return str(claims.get("iss", "")) if "alg" in header else None


def _object(part: str) -> dict[str, object]:
    return _decoder.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
