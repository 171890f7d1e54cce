"""What providers say and do in ways of their own, as their documentation and discovery documents show it."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
"""In the fields below, None takes away what the scripted provider does otherwise."""

TENANT = "9f1d7c2e-0c7b-4c0e-9d67-2f0a7f7f4a11"


@dataclass(frozen=True)
class Shape:
    """How one provider differs: `path` is that of its issuer, `secret_by` how a client proves itself."""

    path: str = ""
    metadata: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    response: Json = field(default_factory=dict)
    userinfo: Json | None = None
    keys: tuple[Json, ...] = ()
    algorithm: str = "ES256"
    secret_by: str = "client_secret_basic"
    takes_pushed: bool = True


KEYCLOAK = Shape(
    path="/realms/shop",
    metadata={
        "authorization_response_iss_parameter_supported": True,
        "pushed_authorization_request_endpoint": "/par",
        "token_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "backchannel_logout_supported": True,
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.example/token"},
        "require_pushed_authorization_requests": False,
    },
    claims={
        "azp": "web",
        "typ": "ID",
        "acr": "1",
        "session_state": "s-1",
        "preferred_username": "alice",
        "email_verified": True,
        "realm_access": {"roles": ["user", "default-roles-shop"]},
    },
    response={"not-before-policy": 0, "session_state": "s-1", "refresh_expires_in": 1800},
    keys=(
        {"kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"},
        {"kty": "AKP", "kid": "pq", "alg": "ML-DSA-65", "pub": "AA"},
    ),
)
AUTH0 = Shape(
    path="/",
    metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"], "end_session_endpoint": None},
    claims={
        "nickname": "alice",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "https://shop.example/roles": ["user"],
    },
    response={"scope": None},
    secret_by="client_secret_post",
)
ENTRA = Shape(
    path=f"/{TENANT}/v2.0",
    metadata={
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "tenant_region_scope": "EU",
        "kerberos_endpoint": None,
        "revocation_endpoint": None,
    },
    claims={
        "email": None,
        "sid": None,
        "name": "Alice Moreau",
        "oid": "11111111-2222-3333-4444-555555555555",
        "preferred_username": "alice@example.com",
        "tid": TENANT,
        "ver": "2.0",
        "roles": ["user"],
    },
    response={"ext_expires_in": 5000, "expires_in": "3599"},
    userinfo={"error": {"code": "InvalidAuthenticationToken"}},
    secret_by="client_secret_post",
)
OKTA = Shape(
    path="/oauth2/default",
    metadata={
        "pushed_authorization_request_endpoint": "/par",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    },
    claims={
        "email": None,
        "roles": None,
        "name": None,
        "ver": 1,
        "amr": ["pwd"],
        "idp": "00o1",
        "auth_time": 1,
    },
    userinfo={"sub": "alice", "email": "alice@example.com", "name": "Alice Moreau", "roles": ["user"]},
    takes_pushed=False,
)
PLAIN = Shape(
    metadata={"end_session_endpoint": None, "token_endpoint_auth_methods_supported": None},
    claims={"email": None, "roles": "user", "sid": None, "name": None},
    response={"expires_in": None, "scope": None, "refresh_token": None, "token_type": "bearer"},
)
SHAPES = {"keycloak": KEYCLOAK, "auth0": AUTH0, "entra": ENTRA, "okta": OKTA, "plain": PLAIN}
