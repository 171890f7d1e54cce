"""Where instances share kept answers: how it is said, and what is not taken there."""

import asyncio

import pytest
from colonnade_runtime.answer_store import WRITES, ValkeyStore, store_client
from colonnade_runtime.caching import Encoded
from colonnade_runtime.errors import SettingsError
from colonnade_runtime.memory import ONE_BYTES
from colonnade_runtime.settings import Settings
from redis.asyncio import Redis


def test_without_a_url_there_is_no_store() -> None:
    assert store_client(Settings.from_environment({"CACHE_URL": ""}, 1, []).cache_url) is None


@pytest.mark.parametrize(
    "url", ["cache:6379", "http://user:secret@cache", "redis://user:secret@cache:port/0"]
)
def test_a_wrong_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match="CACHE_URL") as caught:
        store_client(url)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "secret" not in repr(Settings.from_environment({"CACHE_URL": url}, 1, []))


def test_how_long_to_wait_is_a_number_of_milliseconds() -> None:
    assert 0.2 == Settings.from_environment({"CACHE_TIMEOUT": "200"}, 1, []).cache_timeout_s
    with pytest.raises(
        SettingsError, match="CACHE_TIMEOUT is 'soon'; set it to a whole number of milliseconds"
    ):
        Settings.from_environment({"CACHE_TIMEOUT": "soon"}, 1, [])


class Slow(Redis):
    """A store that never answers."""

    async def set(self, *_arguments: object, **_options: object) -> None:
        await asyncio.Event().wait()


async def test_too_much_is_not_written() -> None:
    store = ValkeyStore(Slow(), "shop")
    store.keep(("large",), Encoded(200, [], b"x" * (ONE_BYTES + 1)), 10)
    for number in range(WRITES + 1):
        store.keep((number,), Encoded(200, [], b""), 10)

    assert 'colonnade_answer_store_total{outcome="not_written"} 2.0' in store.metrics()
