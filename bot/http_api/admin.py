"""`DELETE /v1/documents/{id}` and `POST /v1/reload`: for keys of the scope admin."""

import asyncio
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from bot.http_api.access import Admin
from bot.http_api.documents import DocumentId
from bot.http_api.replies import errors
from bot.http_api.service import Service, TheService
from index.errors import ArticleNotFound
from index.retrieve import IndexInfo

router = APIRouter(prefix="/v1", tags=["admin"])
_ERRORS = (401, 403, 429, 503)


class Deletion(BaseModel):
    """What was deleted, and the snapshot without it."""

    object: Literal["document.deleted"] = "document.deleted"
    id: str
    index: IndexInfo


class Reload(BaseModel):
    """The snapshot that answers now."""

    object: Literal["reload"] = "reload"
    index: IndexInfo


@router.delete("/documents/{document_id:path}", responses=errors(*_ERRORS, 404, 409, 422))
async def delete_document(document_id: DocumentId, service: TheService, _: Admin) -> Deletion:
    """Delete a document from the index, its older snapshots, and all that is quoted of it.

    The file that it came from stays: the next `citewire index` reads it again.
    """
    # Not among the questions: a build takes seconds, and their threads are few.
    return await asyncio.to_thread(_delete, service, document_id)


def _delete(service: Service, document_id: str) -> Deletion:
    try:
        service.delete(document_id)
    except ArticleNotFound:
        _forget(service, document_id)  # what a deletion that was cut short left
        raise
    return Deletion(id=document_id, index=_forget(service, document_id))


def _forget(service: Service, document_id: str) -> IndexInfo:
    info = service.kept.refresh().retriever.info
    service.memory.forget(document_id, info.built_at)
    return info


@router.post("/reload", responses=errors(*_ERRORS))
async def reload(service: TheService, _: Admin) -> Reload:
    """Take a new snapshot at once; by itself the server looks every second."""
    opened = await asyncio.to_thread(service.kept.refresh)
    return Reload(index=opened.retriever.info)
