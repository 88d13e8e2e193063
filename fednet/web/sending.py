"""An answer of bytes on its way out: who may keep it, and not sent again to whoever has it already.

What is for a few is stored by nobody (RFC 9111, `no-store`); what is public may be kept by whoever asked, and by nobody
between us, and is asked for again each time with the ETag (RFC 9110, 8.8.3 and 13.1.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from fednet.directory.search import PUBLIC, Reader
from fednet.node.address import base_url
from fednet.node.home import Home
from fednet.web.callers import headers_for

CHECKED = "private, no-cache"
"""The asker may keep it, but not use it without asking: what is withdrawn must not linger."""


def sent(
    request: Request,
    body: bytes,
    media_type: str,
    reader: Reader,
    *,
    vary: str = "",
    tag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer, or 304 when the asker has it. `tag`: an ETag, where bytes differ that mean the same."""
    found = dict(headers or {})
    if reader == PUBLIC:
        found |= {"Cache-Control": CHECKED, "ETag": tag or tagged(body)}
    else:
        found |= headers_for(reader)
    varies = [name for name in (vary, found.get("Vary", "")) if name]
    found |= {"Vary": ", ".join(varies)} if varies else {}
    if request.method in ("GET", "HEAD") and has_already(request, found.get("ETag")):
        return Response(status_code=304, headers=found)
    return Response(body, media_type=media_type, headers=found)


def base_of(home: Home, request: Request) -> str:
    """The address of this node, ending in no slash: as its settings say, else as it was asked."""
    return base_url(home.config.url) if home.config.url else str(request.base_url).rstrip("/")


def tagged(*parts: bytes) -> str:
    """A weak ETag of what an answer says: answers are compressed on their way."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return f'W/"{digest.hexdigest()[:32]}"'


def has_already(request: Request, tag: str | None) -> bool:
    """Whether the asker says that it holds the answer with that ETag, compared weakly (RFC 9110, 13.1.2)."""
    if tag is None:
        return False
    told = request.headers.get("if-none-match", "")
    held = [part.strip().removeprefix("W/") for part in told.split(",")]
    return told.strip() == "*" or tag.removeprefix("W/") in held
