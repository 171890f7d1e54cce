"""What an authenticated sender may do: scopes, and proof that our own page sent a state-changing request."""

from colonnade_edge.authn.identity import Identity
from colonnade_edge.call import Call
from colonnade_edge.errors import CsrfHeaderMissing, InsufficientScope, ProgramsOnly
from colonnade_edge.policy.plan import RoutePlan

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrf"


def admit(route: RoutePlan, identity: Identity, call: Call) -> None:
    """Raise `Forbidden` where `identity` may not make this call."""
    if route.route.auth == "client_credentials" and not identity.program:
        raise ProgramsOnly("this route is for programs: send a token of the client credentials grant")
    if not route.required_scopes <= identity.scopes:
        raise InsufficientScope(route.route.scopes)
    if route.route.auth == "session" and call.method not in SAFE_METHODS and call.header(CSRF_HEADER) != "1":
        raise CsrfHeaderMissing("send the header X-CSRF: 1 with every state-changing request")
