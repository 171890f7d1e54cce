"""How many edges are alive, so that each knows its part of a limit that they share."""

import asyncio
import logging
from collections.abc import Sequence

import httpx2

PROBE_EVERY_S = 0.5
PROBE_TIMEOUT_S = 0.5

log = logging.getLogger(__name__)


class LiveEdges:
    """Asks every edge whether it serves. `count` is never below one: whoever asks is there."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self.count = max(1, len(urls))

    async def watch(self) -> None:
        """Keep `count` current until cancelled."""
        if len(self._urls) <= 1:
            return
        async with httpx2.AsyncClient(timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
            while True:
                alive = await asyncio.gather(*(_serves(client, url) for url in self._urls))
                count = max(1, sum(alive))
                if count != self.count:
                    log.warning("%d of %d edges share the limits", count, len(self._urls))
                self.count = count
                await asyncio.sleep(PROBE_EVERY_S)


async def _serves(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/healthz")).is_success
    except httpx2.HTTPError:
        return False
