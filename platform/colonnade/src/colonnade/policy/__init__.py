"""The policy emitter: what the policy service decides by, and the identity provider's clients."""

from colonnade.policy.clients import identity_clients
from colonnade.policy.document import policy_document, policy_route

__all__ = ["identity_clients", "policy_document", "policy_route"]
