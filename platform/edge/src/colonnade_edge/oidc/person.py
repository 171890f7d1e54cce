"""Who logged in: a verified id token, completed by userinfo (OpenID Connect Core 1.0 §2 and §5.3)."""

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from colonnade_edge.authn.claims import Claims, text, words
from colonnade_edge.errors import ProviderFailed
from colonnade_edge.oidc.grant import Grant
from colonnade_edge.oidc.provider import CLOCK_SKEW_S, Provider
from colonnade_policy import Claims as Places


class User(msgspec.Struct, frozen=True):
    """What we know of a person; what the provider does not tell is empty.

    `user` is what upstreams know the person by: `sub`, unless the settings take another claim.
    """

    sub: str
    email: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    sid: str = ""
    user: str = ""


async def user_of(provider: Provider, grant: Grant, nonce: str | None) -> User:
    """Return who logged in; raise `ProviderFailed` where the id token is not valid, or userinfo is away.

    Userinfo is asked only for what the id token leaves out.
    """
    claims = await _verified(provider, grant, nonce)
    user = _user(claims, provider.places)
    if not user.sub or not user.user:
        raise ProviderFailed("the id token does not say who logged in")
    if user.email and user.name and user.roles:
        return user
    more = _user(await provider.userinfo(grant.tokens.access_token) or claims, provider.places)
    if more.sub != user.sub:
        raise ProviderFailed("userinfo speaks of another subject than the id token")
    return msgspec.structs.replace(
        user, email=user.email or more.email, name=user.name or more.name, roles=user.roles or more.roles
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


def _user(claims: Claims, places: Places) -> User:
    """Read what is there in the form that we expect; a claim of another form counts as not told."""
    return User(
        sub=text(claims, ("sub",)),
        email=text(claims, places.email),
        name=text(claims, ("name",)),
        roles=words(claims, places.roles),
        sid=text(claims, ("sid",)),
        user=text(claims, places.user),
    )
