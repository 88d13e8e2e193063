"""The witness endpoints (C2SP tlog-witness) and the evidence that this node holds: parse, one call, encode."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fednet.errors import LimitError, NotFoundError
from fednet.feed.witness import MAX_REQUEST, SIZE_TYPE
from fednet.node import evidence, witnessing
from fednet.node.home import Home
from fednet.web.asking import Clock
from fednet.web.programs.feeds import CHECKED, TEXT, encoded

_DIGEST = re.compile("[0-9a-f]{64}")


def routes(home: Home, clock: Clock) -> list[BaseRoute]:
    """`/witness` is both prefixes of this witness, for submission and for monitoring."""
    served = _Witness(home, clock)
    return [
        Route("/witness/add-checkpoint", served.add_checkpoint, methods=["POST"]),
        Route("/witness/{origin}/checkpoint", served.checkpoint),
        Route("/evidence", served.evidence),
        Route("/evidence/{digest}", served.file),
    ]


class _Witness:
    def __init__(self, home: Home, clock: Clock) -> None:
        self.home, self.clock = home, clock

    async def add_checkpoint(self, request: Request) -> Response:
        """The statuses of C2SP tlog-witness: errors carry their own, a conflict also its size."""
        raw = await request.body()
        if len(raw) > MAX_REQUEST:
            raise LimitError(f"a request of {len(raw)} bytes, at most {MAX_REQUEST} are read")
        try:
            lines = await run_in_threadpool(witnessing.add_checkpoint, self.home, raw, self.clock())
        except witnessing.ConflictError as conflict:
            return Response(f"{conflict.size}\n", conflict.status, headers={"Content-Type": SIZE_TYPE})
        return Response(lines, media_type=TEXT, headers={"Cache-Control": "no-store"})

    def checkpoint(self, request: Request) -> Response:
        return encoded(request, witnessing.latest(self.home, _digest(request, "origin")), TEXT, CHECKED)

    def evidence(self, request: Request) -> Response:
        return encoded(request, evidence.listed(self.home), TEXT, CHECKED)

    def file(self, request: Request) -> Response:
        return encoded(request, evidence.file(self.home, _digest(request, "digest")), TEXT, CHECKED)


def _digest(request: Request, name: str) -> str:
    found: str = request.path_params[name]
    if not _DIGEST.fullmatch(found):
        raise NotFoundError("there is nothing at this address")
    return found
