"""Trusted documents: the operations that a front end was built with, by their ids."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from colonnade_runtime.operations.engine import Refused
from graphql import GraphQLError

NEEDED, UNKNOWN = "PERSISTED_QUERY_REQUIRED", "PERSISTED_QUERY_NOT_FOUND"


class TrustedDocuments:
    """Documents by their ids, from a JSON file that is read with the first request."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @cached_property
    def _documents(self) -> Mapping[str, str]:
        return msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])

    def find(self, document_id: str | None) -> str:
        """Return a document. Raises `Refused` without an id, and for one that is not known."""
        if document_id is None:
            raise _refused(
                NEEDED, "Only the operations that this service knows are accepted: send their ids."
            )
        found = self._documents.get(document_id)
        if found is None:
            raise _refused(UNKNOWN, "There is no operation with this id.")
        return found


def identify(document_id: str | None, extensions: Mapping[str, Any] | None) -> str | None:
    """Return the id of a document as a client sends it: `documentId`, or Apollo's `persistedQuery`."""
    if document_id is not None:
        return document_id.removeprefix("sha256:")
    persisted = (extensions or {}).get("persistedQuery")
    known = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    return known if isinstance(known, str) else None


def _refused(code: str, message: str) -> Refused:
    return Refused([GraphQLError(message, extensions={"code": code})])
