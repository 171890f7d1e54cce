"""Who vouches for access tokens that Envoy did not verify, by the identity settings of a policy document."""

from dataclasses import dataclass

from colonnade_edge.authn.consumers import Consumers
from colonnade_edge.authn.guesses import Guesses
from colonnade_edge.authn.introspection import Introspection
from colonnade_edge.authn.issuers import Issuers
from colonnade_edge.authn.password import Passwords
from colonnade_edge.authn.signed import SignedTokens
from colonnade_edge.oidc.introspection import IntrospectionEndpoint
from colonnade_edge.oidc.password import PasswordGrant
from colonnade_edge.oidc.provider import Provider
from colonnade_edge.settings import PolicySettings, Secret
from colonnade_policy import Identity, PolicyDocument


@dataclass(frozen=True, slots=True)
class Trust:
    """Who vouches for what; None where a platform has nothing of the kind."""

    signed: SignedTokens
    consumers: Consumers
    introspection: Introspection | None
    passwords: Passwords | None


class Trusts:
    """The trust of each version of the settings that this process has seen."""

    def __init__(self, settings: PolicySettings, issuers: Issuers) -> None:
        self._settings = settings
        self._issuers = issuers
        self._guesses = Guesses()
        self._providers: list[Provider] = []
        self._known: dict[tuple[Identity, str], Trust] = {}
        self._latest: tuple[PolicyDocument, Trust] | None = None

    def of(self, document: PolicyDocument) -> Trust:
        """Return the trust that a document describes, with all that it remembers."""
        if self._latest is None or self._latest[0] is not document:
            key = (document.identity, document.session.client_id)
            if key not in self._known:
                self._known[key] = self._make(*key)
            self._latest = (document, self._known[key])
        return self._latest[1]

    async def close(self) -> None:
        """Close the connections to the provider."""
        for provider in self._providers:
            await provider.close()

    def _make(self, identity: Identity, client_id: str) -> Trust:
        secrets = self._settings.consumer_secrets
        return Trust(
            signed=SignedTokens(self._issuers.of(identity.issuer), identity),
            consumers=Consumers(identity.consumers, identity.audience, secrets),
            introspection=self._introspection(identity),
            passwords=self._passwords(identity, client_id) if identity.legacy_password else None,
        )

    def _introspection(self, identity: Identity) -> Introspection | None:
        settings = identity.introspection
        if settings is None:
            return None
        # Without a client of its own for this, the platform asks as the session's.
        secret = self._settings.introspection_secret or self._settings.client_secret
        provider = self._provider(identity, settings.client_id, secret)
        ask = IntrospectionEndpoint(provider).introspect
        return Introspection(ask, identity, settings.keep_s, self._guesses)

    def _passwords(self, identity: Identity, client_id: str) -> Passwords:
        provider = self._provider(identity, client_id, self._settings.client_secret)
        return Passwords(PasswordGrant(provider).exchange, self._guesses)

    def _provider(self, identity: Identity, client_id: str, secret: Secret) -> Provider:
        provider = Provider(identity.issuer, client_id, secret, self._settings.identity_url)
        self._providers.append(provider)
        return provider
