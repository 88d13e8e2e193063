"""`POST /receipt`: a network confirms, signed, how much of this one it holds (SPEC 7.9)."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fednet.errors import LimitError
from fednet.node import receipts
from fednet.node.home import Home, now
from fednet.web.asking import Clock
from fednet.web.callers import Callers


def routes(home: Home, callers: Callers, clock: Clock = now) -> list[BaseRoute]:
    async def take(request: Request) -> Response:
        """204 when it is kept; 401 from whoever is not pinned here or signs badly."""
        asker = await callers.required(request)
        body = await request.body()
        if len(body) > receipts.MAX_RECEIPT:
            raise LimitError(f"a receipt has at most {receipts.MAX_RECEIPT} bytes")
        receipt = receipts.parse_receipt(body)
        await run_in_threadpool(receipts.take, home, asker, receipt, clock())
        return Response(status_code=receipts.TAKEN, headers={"Cache-Control": "no-store"})

    return [Route("/receipt", take, methods=["POST"])]
