"""What a token response gives (RFC 6749 §5.1), from providers that leave out or bend some of it."""

from collections.abc import Mapping

import msgspec

from colonnade_edge.errors import ProviderFailed
from colonnade_edge.sessions import Tokens

DEFAULT_LIFE_S = 300.0
"""Assumed of an access token whose response does not say `expires_in`."""
LEAST_LIFE_S = 2.0
"""Taken for less: nothing could be renewed in time."""


class Grant(msgspec.Struct, frozen=True):
    """What a token response gave. `expires_in` is in seconds."""

    tokens: Tokens
    expires_in: float
    scopes: tuple[str, ...]


class _Response(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str = ""
    id_token: str = ""
    expires_in: float = DEFAULT_LIFE_S
    scope: str | None = None


def grant_of(response: Mapping[str, object], asked: tuple[str, ...], refresh_token: str) -> Grant:
    """Return what a response gives; raise `ProviderFailed` where it is none.

    Without a scope all `asked` were granted; without a new refresh token the one before stays good. Numbers
    may come as text.
    """
    given = {name: value for name, value in response.items() if value is not None}
    try:
        answer = msgspec.convert(given, _Response, strict=False)
    except msgspec.ValidationError as error:
        raise ProviderFailed(f"the token response is malformed: {error}") from error
    tokens = Tokens(answer.access_token, answer.refresh_token or refresh_token, answer.id_token)
    scopes = asked if answer.scope is None else tuple(answer.scope.split())
    return Grant(tokens, max(answer.expires_in, LEAST_LIFE_S), scopes)
