"""Choosing the language of the pages: a link that sets a cookie, and leads back to where it stood."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import NotFoundError
from fednet.web.asking import Asked
from fednet.web.doors import Doors, see
from fednet.web.translation import COOKIE, LANGUAGES
from fednet.web.visitors import Visitor

A_YEAR = 365 * 24 * 60 * 60
_LOCAL = re.compile(r"/(?![/\\])[!-~]{0,2000}")
"""A path of this node with its query, percent-encoded. Browsers take `//host` and `/\\host` for other sites."""


def routes(doors: Doors) -> list[Route]:
    return [doors.route("GET", "/language/{tag}", choose)]


def choose(request: Request, asked: Asked, visitor: Visitor) -> Response:
    """The only page that changes anything when it is looked at, and only what this browser is shown."""
    tag = request.path_params["tag"]
    if tag not in LANGUAGES:
        raise NotFoundError("the pages are not written in that language")
    answer = see(local(asked.get("to", ["/"])[0]))
    keep(request, tag, answer)
    return answer


def keep(request: Request, tag: str, answer: Response) -> None:
    """Show this browser all pages in a language from now on."""
    answer.set_cookie(COOKIE, tag, max_age=A_YEAR, secure=request.url.scheme == "https", httponly=True, samesite="lax")


def local(to: str) -> str:
    """An address of this node, or its first page where it is none."""
    return to if _LOCAL.fullmatch(to) else "/"
