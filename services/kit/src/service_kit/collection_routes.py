"""The routes that every collection of documents has: a list with pages and batches, and one by its id."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from service_kit.documents import Collection
from service_kit.pages import IdsQuery, Page, PageQuery, Paging
from service_kit.problems import Problem

Id = Annotated[str, Path(max_length=64)]


def json_response(body: bytes, status: int = 200) -> Response:
    """Return `body`, which is JSON already."""
    return Response(body, status, media_type="application/json")


def found(collection: Collection, kind: str, document_id: str) -> bytes:
    """Return the document's bytes. Raises `Problem` (404)."""
    body = collection.get(document_id)
    if body is None:
        raise Problem(404, f"There is no {kind} {document_id!r}.")
    return body


def collection_router(
    collection: Collection,
    model: type[BaseModel],
    plural: str,
    *,
    filter_by: str = "",
    newest_first: bool = False,
) -> APIRouter:
    """Return `GET /<plural>` and `GET /<plural>/{id}`, documented with `model`.

    `filter_by` names the query parameter that selects by the documents' tag.
    """
    routes = APIRouter(tags=[plural])
    kind = plural.removesuffix("s")

    def answer(paging: Paging, ids: list[str] | None, tag: str | None) -> Response:
        if ids is not None:
            return json_response(collection.batch(ids))
        return json_response(collection.page(paging.limit, paging.after, tag, newest_first=newest_first))

    if filter_by:
        Tag = Annotated[str | None, Query(alias=filter_by, max_length=64)]  # noqa: N806 - a type

        @routes.get(f"/{plural}", response_model=Page[model], name=f"list_{plural}")  # type: ignore[valid-type]
        async def list_filtered(paging: PageQuery, ids: IdsQuery, tag: Tag = None) -> Response:
            return answer(paging, ids, tag)
    else:

        @routes.get(f"/{plural}", response_model=Page[model], name=f"list_{plural}")  # type: ignore[valid-type]
        async def list_all(paging: PageQuery, ids: IdsQuery) -> Response:
            return answer(paging, ids, None)

    @routes.get(f"/{plural}/{{document_id}}", response_model=model, name=f"get_{kind}")
    async def get_one(document_id: Id) -> Response:
        return json_response(found(collection, kind, document_id))

    return routes
