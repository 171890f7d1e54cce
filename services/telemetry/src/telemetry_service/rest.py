"""The REST face of the readings."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Response

from service_kit import Page, PageQuery, json_response, page_of
from service_kit.pages import encode_cursor
from telemetry_service.model import Batch, Reading, Receipt
from telemetry_service.store import ReadingStore

DeviceId = Annotated[str, Query(min_length=1, max_length=64)]


def routes(store: ReadingStore) -> APIRouter:
    """Return the routes over `store`."""
    router = APIRouter(tags=["readings"])

    # Not async: the flush to disk happens in a worker thread, so reads go on meanwhile.
    @router.post("/readings", status_code=202)
    def ingest(batch: Batch) -> Receipt:
        return store.ingest(batch)

    @router.get("/readings", response_model=Page[Reading])
    async def list_readings(device_id: DeviceId, paging: PageQuery) -> Response:
        rows, more = store.newest(device_id, paging.limit, paging.after)
        items = [msgspec.json.encode({"seq": s, "at": at, "metric": m, "value": v}) for s, at, m, v in rows]
        return json_response(page_of(items, encode_cursor(rows[-1][0]) if more else None))

    return router
