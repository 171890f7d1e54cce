"""API keys that are bound to a certificate: the connection that carries the key has to have shown it.

Envoy verified the certificate against the client CA and tells its SHA-256. It does so for TLS connections
only, and removes what a client says itself.
"""

import hmac

from colonnade_edge.authn.api_key import CHALLENGE
from colonnade_edge.authn.identity import Identity
from colonnade_edge.call import Call
from colonnade_edge.errors import Unauthenticated
from colonnade_edge.policy.plan import RoutePlan

HEADER = "x-colonnade-certificate"


def hold_against(route: RoutePlan, identity: Identity, call: Call) -> None:
    """Raise `Unauthenticated` where a bound key comes without its certificate, on whichever route.

    Raise it, too, where the route requires a bound key and this one is none.
    """
    if not identity.certificate:
        if route.route.certificate:
            raise Unauthenticated("this route wants a key that is bound to a certificate", CHALLENGE)
        return
    if not hmac.compare_digest(identity.certificate.encode(), call.header(HEADER).encode()):
        raise Unauthenticated("this key is bound to a certificate that was not shown with it", CHALLENGE)
