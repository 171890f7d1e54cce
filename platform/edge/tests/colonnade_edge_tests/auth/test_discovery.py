"""What is kept of the provider, and for how long."""

import json

import pytest
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from colonnade_edge.errors import ProviderFailed
from colonnade_edge.oidc.discovery import Discovery
from colonnade_edge_tests.auth.provider import ScriptedProvider


class Network:
    """Answers from a provider without a network, and counts; `now` is the clock."""

    def __init__(self) -> None:
        self.provider = ScriptedProvider("https://id.example")
        self.asked: list[str] = []
        self.now = 1000.0
        self.discovery = Discovery("https://id.example", self.fetch, lambda: self.now)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url.rsplit("/", 1)[-1])
        known = {"jwks": self.provider.jwks, "openid-configuration": self.provider.discovery}
        return json.dumps(known[self.asked[-1]]()).encode()


async def test_metadata_and_keys_are_fetched_once() -> None:
    network = Network()
    for _ in range(3):
        await network.discovery.verify(network.provider.id_token())

    assert network.asked == ["openid-configuration", "jwks"]


async def test_metadata_is_fetched_again_after_ten_minutes() -> None:
    network = Network()
    await network.discovery.metadata()
    network.now += 601

    await network.discovery.metadata()

    assert network.asked == ["openid-configuration"] * 2


async def test_a_new_signing_key_is_found() -> None:
    network = Network()
    await network.discovery.verify(network.provider.id_token())
    network.provider.key = ECKey.generate_key("P-256", {"kid": "two", "alg": "ES256"})
    network.now += 11

    token = await network.discovery.verify(network.provider.id_token())

    assert token.claims["sub"] == "alice"


async def test_tokens_with_invented_key_ids_do_not_make_us_ask_each_time() -> None:
    network = Network()
    await network.discovery.verify(network.provider.id_token())
    network.provider.key = ECKey.generate_key("P-256", {"kid": "invented", "alg": "ES256"})
    for _ in range(5):
        with pytest.raises(JoseError):
            await network.discovery.verify(network.provider.id_token())

    assert network.asked.count("jwks") == 1


async def test_our_own_secret_cannot_sign() -> None:
    """A token signed by HMAC, or not at all, is refused whatever the key."""
    network = Network()
    unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."
    hmac = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.AAAA"

    for token in (unsigned, hmac):
        with pytest.raises(JoseError):
            await network.discovery.verify(token)


async def test_a_provider_that_calls_itself_otherwise_is_refused() -> None:
    network = Network()
    network.provider.base = "https://other.example"

    with pytest.raises(ProviderFailed, match=r"calls itself https://other\.example"):
        await network.discovery.metadata()
