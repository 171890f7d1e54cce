"""What an authenticated sender may do: scopes, the proofs that go with a credential, and what a page sent."""

from colonnade_edge.authn import certificate
from colonnade_edge.authn.claims import holds
from colonnade_edge.authn.identity import Identity
from colonnade_edge.authn.jwt import CHALLENGE
from colonnade_edge.call import Call
from colonnade_edge.csrf import is_foreign, origin_of
from colonnade_edge.errors import (
    ClaimNotHeld,
    CrossOrigin,
    CsrfHeaderMissing,
    InsufficientScope,
    NotInGroup,
    ProgramsOnly,
)
from colonnade_edge.policy.plan import RoutePlan

TOKENS = frozenset({"jwt", "client_credentials"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf"
WEBSOCKET = "sec-websocket-version"
"""What each handshake has (RFC 6455 §4.1); `upgrade` does not travel over HTTP/2."""


def admit(route: RoutePlan, identity: Identity, call: Call) -> None:
    """Raise `Forbidden` where `identity` may not make this call.

    Raise `Unauthenticated` where a proof is missing that goes with the credential.
    """
    if route.route.auth == "api_key":
        certificate.hold_against(route, identity, call)
    if route.route.auth == "client_credentials" and not identity.program:
        raise ProgramsOnly("this route is for programs: send a token of the client credentials grant")
    _entitled(route, identity)
    if route.route.auth == "session" or call.by_cookie:
        _from_our_page(route, call)


def _entitled(route: RoutePlan, identity: Identity) -> None:
    """Hold what the sender may do and is against what the route requires."""
    wanted = route.route
    if not route.required_scopes <= identity.scopes:
        scope = f'error="insufficient_scope", scope="{" ".join(wanted.scopes)}"'
        raise InsufficientScope(wanted.scopes, f"{CHALLENGE}, {scope}" if wanted.auth in TOKENS else "")
    if wanted.groups and identity.groups.isdisjoint(wanted.groups):
        raise NotInGroup(f"this route is for: {', '.join(wanted.groups)}")
    for place, values in wanted.claims.items():
        if not holds(identity.claims, place, values):
            raise ClaimNotHeld(f"this route requires another value of the claim {place}")


def _from_our_page(route: RoutePlan, call: Call) -> None:
    """Refuse what another site made the browser send: it comes with the session's cookie all the same."""
    safe = call.method in SAFE_METHODS
    if safe and not call.header(WEBSOCKET):
        return
    if is_foreign(call.header, origin_of(call.header, call.authority), route.trusts):
        raise CrossOrigin("this request was sent by a page of another origin")
    # No page can add a header to a WebSocket's handshake; its Origin says all.
    if not safe and call.header(CSRF_HEADER) != "1":
        raise CsrfHeaderMissing("send the header X-CSRF: 1 with every state-changing request")
