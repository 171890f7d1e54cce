"""What `colonnade.yaml` says of who may say who is calling."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from colonnade.manifest.model import Claim, Group, HttpUrl, Model, Name, Scope
from colonnade.manifest.units import Duration, SecretRef, parse_duration

MAX_CACHE = timedelta(seconds=30)
"""How long a revoked opaque token may pass, at the most, where only the provider was told."""


def _short(cache: timedelta) -> timedelta:
    if cache > MAX_CACHE:
        raise PydanticCustomError("cache", "a token that was revoked would pass for so long: at most 30s")
    return cache


class Session(Model):
    """The browser login: this platform's client at the identity provider, and a session's life.

    `encryption_keys` hold what the store must not be able to read; without them, the platform makes its own.
    """

    client_id: str = "web"
    client_secret: SecretRef | None = None
    encryption_keys: SecretRef | None = None
    scopes: tuple[Scope, ...] = Field(default=("openid", "profile", "email", "offline_access"))
    idle: Duration = parse_duration("30m")
    absolute: Duration = parse_duration("8h")


class Introspection(Model):
    """Opaque access tokens: the identity provider is asked about them, as this client or the session's.

    What it says of a token is remembered for `cache` at the most.
    """

    client_id: str | None = None
    client_secret: SecretRef | None = None
    cache: Annotated[Duration, AfterValidator(_short)] = MAX_CACHE

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Introspection":
        if (self.client_id is None) != (self.client_secret is None):
            raise PydanticCustomError(
                "client", "give client_id and client_secret together, or neither for the session's client"
            )
        return self


class Consumer(Model):
    """A program that signs its own tokens (HS256) as `issuer`, with a secret of at least 32 bytes.

    `scopes` are the most that it may have. While the secret changes, `previous_secret` is good too.
    """

    name: Name
    issuer: Annotated[str, Field(min_length=1)]
    secret: SecretRef
    previous_secret: SecretRef | None = None
    scopes: tuple[Scope, ...] = Field(default=())
    groups: tuple[Group, ...] = Field(default=())


class Claims(Model):
    """Where the provider's tokens say who is calling: the first that is there counts.

    Unless said: `sub`, `email`, `roles`, `scope` or `scp`, and what providers call the client.
    """

    user: Claim | tuple[Claim, ...] | None = None
    email: Claim | tuple[Claim, ...] | None = None
    roles: Claim | tuple[Claim, ...] | None = None
    scopes: Claim | tuple[Claim, ...] | None = None
    client: Claim | tuple[Claim, ...] | None = None


ENTRA = "https://login.microsoftonline.com/"
MANY_TENANTS = {"common", "organizations", "consumers", "{tenantid}"}


def _of_one_tenant(issuer: str) -> str:
    """Refuse the issuers that stand for all tenants of Entra ID: everybody there could log in."""
    if issuer.startswith(ENTRA) and issuer.removeprefix(ENTRA).split("/")[0] in MANY_TENANTS:
        raise PydanticCustomError(
            "issuer",
            "this stands for all tenants: give your own, such as {own}",
            {"own": f"{ENTRA}<tenant id>/v2.0"},
        )
    return issuer


class Identity(Model):
    """Who is trusted to say who is calling. Without an issuer, the development provider runs.

    Nothing that is revoked is remembered for longer than `max_token_life` or a session's whole life. With
    `legacy_password`, a user name and a password (HTTP Basic) do in place of a token.
    """

    issuer: Annotated[HttpUrl, AfterValidator(_of_one_tenant)] | None = None
    audience: str = "colonnade"
    claims: Claims = Claims()
    max_token_life: Duration = parse_duration("24h")
    introspection: Introspection | None = None
    consumers: tuple[Consumer, ...] = Field(default=())
    legacy_password: bool = False
    session: Session = Session()

    @model_validator(mode="after")
    def _secret_for_a_real_issuer(self) -> "Identity":
        if self.issuer is not None and self.session.client_secret is None:
            raise PydanticCustomError(
                "secret", "a real issuer needs session.client_secret, such as env:CLIENT_SECRET"
            )
        return self
