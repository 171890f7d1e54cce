"""Which keys of a provider are believed, when it is asked for them, and what holds while it is away."""

import asyncio
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from redis.asyncio import Redis

from colonnade_edge.authn.jwks import published, verification_keys
from colonnade_edge.authn.keys import Keys
from colonnade_edge.errors import ProviderFailed, Unavailable
from colonnade_edge_tests.documents import subject
from colonnade_edge_tests.processes import Valkey

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})


class Provider:
    """An issuer of its own, that counts how often it is asked; `now` is the clock."""

    def __init__(self, redis: Redis) -> None:
        self.issuer = f"https://{subject()}.example"
        self.keys: list[Key] = [RSA]
        self.asked = 0
        self.down = False
        self.now = 0.0
        self.redis = redis

    def begin(self) -> Keys:
        """Start anew, as a process does."""
        return Keys(self.issuer, self.fetch, self.redis, lambda: self.now)

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.down:
            raise ProviderFailed("away")
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()


@pytest.fixture
async def provider(store: Valkey) -> Any:  # noqa: ANN401 - an async generator
    async with Redis.from_url(store.url, protocol=2) as redis:
        yield Provider(redis)


def kids(known: Any) -> set[str]:  # noqa: ANN401 - keys
    return {key.kid for key in known}


async def test_the_provider_is_asked_once_however_many_wait(provider: Provider) -> None:
    keys = provider.begin()

    found = await asyncio.gather(*(keys.current() for _ in range(50)))

    assert provider.asked == 1
    assert {"rsa"} == kids(found[-1])


async def test_an_unknown_key_makes_us_ask_out_of_turn_once_in_ten_seconds(provider: Provider) -> None:
    keys = provider.begin()
    await keys.refresh()
    provider.keys.append(EC)

    found = await asyncio.gather(*(keys.renewed() for _ in range(50)))
    await keys.renewed()

    assert kids(found[0]) == {"rsa", "ec"}
    assert provider.asked == 2

    provider.now += 11
    await keys.renewed()

    assert provider.asked == 3


async def test_a_key_that_was_withdrawn_is_forgotten_with_the_next_refresh(provider: Provider) -> None:
    keys = provider.begin()
    await keys.refresh()
    provider.keys = [EC]

    await keys.refresh()

    assert kids(await keys.current()) == {"ec"}


async def test_while_the_provider_is_away_the_keys_stay_for_a_process_that_starts_too(
    provider: Provider,
) -> None:
    keys = provider.begin()
    await keys.refresh()
    provider.down = True
    await keys.refresh()

    assert kids(await keys.current()) == {"rsa"}
    assert kids(await provider.begin().current()) == {"rsa"}


async def test_an_answer_without_a_usable_key_does_not_replace_the_good_ones(provider: Provider) -> None:
    keys = provider.begin()
    await keys.refresh()
    provider.keys = []

    await keys.refresh()

    assert kids(await keys.current()) == {"rsa"}


async def test_without_any_key_nothing_can_be_decided(provider: Provider) -> None:
    provider.down = True

    with pytest.raises(Unavailable):
        await provider.begin().current()


async def test_a_store_that_is_away_costs_nobody_an_answer(provider: Provider) -> None:
    provider.redis = Redis.from_url("redis://127.0.0.1:1", protocol=2)

    assert kids(await provider.begin().current()) == {"rsa"}
    await provider.redis.aclose()


@pytest.mark.parametrize(
    "unfit",
    [
        OctKey.generate_key(256).as_dict(private=True),
        RSAKey.generate_key(2048).as_dict(private=False) | {"use": "enc"},
        RSAKey.generate_key(2048).as_dict(private=False) | {"key_ops": ["encrypt"]},
        RSAKey.generate_key(2048).as_dict(private=False) | {"alg": "HS256"},
        RSAKey.generate_key(2048).as_dict(private=False) | {"alg": "ES256"},
        RSAKey.generate_key(2048).as_dict(private=False) | {"n": 5},
        {"kty": "RSA", "n": "A" * 171, "e": "AQAB"},
        ECKey.generate_key("secp256k1").as_dict(private=False),
        OKPKey.generate_key("X25519").as_dict(private=False),
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "new"},
        {},
    ],
    ids=["secret", "encryption", "ops", "hmac", "another type", "number", "short", "curve", "exchange",
         "no point", "unknown", "empty"],
)  # fmt: skip
def test_a_key_that_verifies_no_signature_is_left_out(unfit: dict[str, Any]) -> None:
    document = json.dumps({"keys": [unfit, EC.as_dict(private=False)]}).encode()

    assert kids(verification_keys(document)) == {"ec"}


def test_what_is_private_is_not_passed_on() -> None:
    document = json.dumps({"keys": [RSA.as_dict(private=True) | {"x5u": "https://evil.example"}]}).encode()

    (key,) = json.loads(published(verification_keys(document)))["keys"]

    assert set(key) == {"kty", "kid", "n", "e"}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": []}', b'{"keys": [5]}'])
def test_a_document_without_keys_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        verification_keys(document)
