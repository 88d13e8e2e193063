"""How a refusal reaches whoever asked: JSON for programs, a page for people, never more than the error itself says."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fednet.errors import FednetError, UnauthenticatedError
from fednet.feed.text import utc_text
from fednet.node.home import now
from fednet.web.callers import ASK_SIGNED
from fednet.web.show import Templates

JSON_PATHS = (
    "/.well-known/", "/api/", "/evidence", "/feeds/", "/healthz", "/hsds", "/messages", "/readyz", "/receipt",
    "/witness/",
)  # fmt: skip
"""Below these an error is JSON whatever the client accepts."""

_WORDS = {400: "malformed", 404: "not-found", 405: "method-not-allowed", 413: "too-much", 500: "failed"}
_DETAILS = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
    500: "something went wrong here; it has been noted in this node's log",
}


class Refusals:
    """The exception handlers of the application."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    def named(self, request: Request, error: Exception) -> Response:
        """A `FednetError`: its own word, status and hint."""
        if not isinstance(error, FednetError):
            raise error
        said = _said(error.word, error.detail, error.hint)
        if isinstance(error, UnauthenticatedError):
            return self._answer(request, error.status, said | {"time": error.time or utc_text(now())}, ASK_SIGNED)
        return self._answer(request, error.status, said)

    def http(self, request: Request, error: Exception) -> Response:
        """What the router raises: no such address, no such method."""
        if not isinstance(error, HTTPException):
            raise error
        return self._answer(request, error.status_code, _generic(error.status_code), error.headers)

    def unforeseen(self, request: Request) -> Response:
        """A mistake of ours: 500, and no details."""
        return self._answer(request, 500, _generic(500))

    def _answer(
        self, request: Request, status: int, said: dict[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        if wants_page(request):
            found = self.templates.page("error.html", request, status=status, said=said)
            found.status_code = status
            found.headers.update(headers or {})
            return found
        return JSONResponse(said, status, headers)


def wants_page(request: Request) -> bool:
    """Whether an error is shown as a page: to a browser, and not below `JSON_PATHS`."""
    return not request.url.path.startswith(JSON_PATHS) and "text/html" in request.headers.get("accept", "")


def _said(word: str, detail: str, hint: str | None = None) -> dict[str, str]:
    return {"error": word, "detail": detail} | ({"hint": hint} if hint else {})


def _generic(status: int) -> dict[str, str]:
    word = _WORDS.get(status, HTTPStatus(status).phrase.lower().replace(" ", "-"))
    return _said(word, _DETAILS.get(status, HTTPStatus(status).phrase.lower()))
