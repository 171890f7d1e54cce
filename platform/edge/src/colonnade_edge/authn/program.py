"""Whether a token speaks for a program (client credentials, RFC 6749 §4.4) or for a person.

RFC 9068 §2.2 has the client's id as `sub` then. Providers write it in ways of their own; each is taken only
in the exact form that its provider alone can make, because a person may choose a name.
"""

from collections.abc import Callable, Mapping

Claims = Mapping[str, object]


def is_program(claims: Claims, user: str, client: str) -> bool:
    """Return whether `user`, the subject of these claims, is the `client` itself."""
    return user in ("", client) or any(is_own(claims, user, client) for is_own in _WAYS)


def _auth0(_claims: Claims, user: str, client: str) -> bool:
    """The id of a person has a bar in it: `auth0|5f7c…`."""
    return bool(client) and user == f"{client}@clients"


def _entra(claims: Claims, user: str, _client: str) -> bool:
    """`idtyp` is an optional claim; without it, only an application's own `sub` is its object's id."""
    if "idtyp" in claims:
        return claims["idtyp"] == "app"
    return "tid" in claims and "scp" not in claims and claims.get("oid") == user


def _keycloak(claims: Claims, _user: str, client: str) -> bool:
    """A service account is no login, so its token names no session; one of a person with that name does."""
    own = f"service-account-{client}".lower()
    return bool(client) and claims.get("preferred_username") == own and "sid" not in claims


_WAYS: tuple[Callable[[Claims, str, str], bool], ...] = (_auth0, _entra, _keycloak)
