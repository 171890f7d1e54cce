"""Who logged in: a verified id token, completed by userinfo (OpenID Connect Core 1.0 §2 and §5.3)."""

from collections.abc import Mapping

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from colonnade_edge.errors import ProviderFailed
from colonnade_edge.oidc.grant import Grant
from colonnade_edge.oidc.provider import CLOCK_SKEW_S, Provider

Claims = Mapping[str, object]


class User(msgspec.Struct, frozen=True):
    """What we know of a person; what the provider does not tell is empty."""

    sub: str
    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    sid: str = ""


async def user_of(provider: Provider, grant: Grant, nonce: str | None) -> User:
    """Return who logged in; raise `ProviderFailed` where the id token is not valid, or userinfo is away.

    Userinfo is asked only for what the id token leaves out.
    """
    claims = await _verified(provider, grant, nonce)
    user = _user(claims)
    if not user.sub:
        raise ProviderFailed("the id token names no subject")
    if user.email and user.name and user.roles:
        return user
    more = _user(await provider.userinfo(grant.tokens.access_token) or claims)
    if more.sub != user.sub:
        raise ProviderFailed("userinfo speaks of another subject than the id token")
    return User(
        user.sub, user.email or more.email, user.name or more.name, user.roles or more.roles, user.sid
    )


async def _verified(provider: Provider, grant: Grant, nonce: str | None) -> Claims:
    try:
        token = await provider.discovery.verify(grant.tokens.id_token)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {"iss": {"essential": True, "value": provider.issuer}, "aud": {"value": provider.client_id}},
            {"nonce": nonce, "client_id": provider.client_id, "access_token": grant.tokens.access_token},
        )
        claims.validate(leeway=CLOCK_SKEW_S)
    except (JoseError, ValueError, AuthlibBaseError) as error:
        raise ProviderFailed(f"the id token is not valid: {error}") from error
    return dict(claims)


def _user(claims: Claims) -> User:
    """Read what is there in the form that we expect; a claim of another form counts as not told."""
    text = {name: claims.get(name) for name in ("sub", "email", "name", "sid")}
    roles = claims.get("roles")
    listed = roles if isinstance(roles, list) else [roles]
    told = {name: value for name, value in text.items() if isinstance(value, str)}
    return User(**{"sub": "", **told}, roles=tuple(role for role in listed if isinstance(role, str)))
