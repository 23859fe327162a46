"""`/`: the web page, as files of this package; its policy allows nothing from elsewhere."""

from hashlib import sha256
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from fastapi.responses import Response

# `require-trusted-types-for` with no policy allowed: where a browser knows it, text that became
# markup would raise an error in the page's own scripts too.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_PACKAGE = "bot.http_api"
_NOT_MODIFIED = 304

router = APIRouter(include_in_schema=False)

Known = Annotated[str, Header(alias="If-None-Match")]


@router.get("/")
def page(known: Known = "") -> Response:
    """Return the page."""
    return _file("index.html", known)


@router.get("/page/{name}")
def part(name: str, known: Known = "") -> Response:
    """Return one of the files that the page is made of."""
    if name not in _names():
        raise HTTPException(404)
    return _file(name, known)


def _names() -> set[str]:
    return {entry.name for entry in files(_PACKAGE).joinpath("page").iterdir()}


def _file(name: str, known: str) -> Response:
    """Return a file, or that the browser has it: it asks each time, so that no two versions mix."""
    content = files(_PACKAGE).joinpath("page", name).read_bytes()
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": _POLICY}
    if tag in known:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    kind = _TYPES[name[name.rindex(".") :]]
    return Response(content, media_type=kind, headers=headers)
