"""`/docs`: Swagger UI from this server alone, under a policy without `unsafe-inline`."""

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

# The package is taken for Swagger UI's files, which it keeps up to date; its code is not used.
_PACKAGE = "fastapi_offline"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_KEEP = {"Cache-Control": "public, max-age=3600"}
# Relative, so that they hold below a proxy's path too.
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Citewire: HTTP interface</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#ui", validatorUrl: null, tryItOutEnabled: true
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def page() -> HTMLResponse:
    """Return the page: every endpoint, with examples that run."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/swagger-ui.css")
def style() -> Response:
    """Return its style."""
    return Response(_file("swagger-ui.css"), media_type="text/css", headers=_KEEP)


@router.get("/docs/swagger-ui-bundle.js")
def script() -> Response:
    """Return its script."""
    return Response(_file("swagger-ui-bundle.js"), media_type="text/javascript", headers=_KEEP)


@router.get("/docs/start.js")
def start() -> Response:
    """Return what starts it: the policy forbids to say it in the page."""
    return Response(_START, media_type="text/javascript", headers=_KEEP)


def _file(name: str) -> bytes:
    return (files(_PACKAGE) / "static" / name).read_bytes()
