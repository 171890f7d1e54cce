"""Headers that say who is calling: the edge alone may set them, and what it was shown stays at the edge."""

IDENTITY = ("x-user-id", "x-user-email", "x-user-roles", "x-client-id", "x-device-id")
"""Set for the BFFs by the edge; removed from what clients send."""

ROUTE = "x-colonnade-route"
JWT = "x-colonnade-jwt"
IP = "x-colonnade-ip"
CONSUMER = "x-colonnade-consumer"
LEASE = "x-colonnade-lease"
CERTIFICATE = "x-colonnade-certificate"
VERIFIED = "x-colonnade-verified"
"""Whom the token speaks of that Envoy has verified."""
INTERNAL = (ROUTE, JWT, IP, LEASE, CERTIFICATE, VERIFIED)
"""Between parts of the edge only."""
PASSED = (JWT, LEASE, VERIFIED)
"""Those of them that stand in the request itself on its way through the edge."""

CERTIFICATE_SHA256 = "%DOWNSTREAM_PEER_FINGERPRINT_256%"
"""Of the certificate that the client showed and Envoy verified; nothing where it showed none."""

REMOTE_ADDRESS = "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
"""The client's address, as Envoy believes it."""

CREDENTIALS = ("authorization", "cookie", "x-api-key")
"""Spent at the edge: a BFF that never sees them cannot leak them."""

FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
)
"""What frameworks believe of a proxy: which address, host or path was asked. From clients, a forgery."""

TRACE = ("traceparent", "tracestate")

LIMIT = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit", "ratelimit-policy")
"""What a limited answer tells the client."""
