"""`POST /messages`: two nodes tell each other, in confidence, of the introductions between them (SPEC 7.12)."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fednet.errors import LimitError, UnauthenticatedError
from fednet.node import messages
from fednet.node.home import Home, now
from fednet.store.feeds import Network
from fednet.web.asgi import admit
from fednet.web.asking import Clock
from fednet.web.callers import Callers


def routes(home: Home, callers: Callers, clock: Clock = now) -> list[BaseRoute]:
    async def take(request: Request) -> Response:
        """The sealed answer to a sealed message; 401 for whoever is not followed here, or blocked, or frozen."""
        admit(request.scope, messages.MAX_SEALED)
        asker = await callers.required(request)
        _check_trusted(asker)
        body = await request.body()
        if len(body) > messages.MAX_SEALED:
            raise LimitError(f"a sealed message has at most {messages.MAX_SEALED} bytes")
        answer = await run_in_threadpool(messages.receive, home, asker, body, clock())
        return Response(answer, media_type=messages.MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return [Route("/messages", take, methods=["POST"])]


def _check_trusted(asker: Network) -> None:
    if asker.own or asker.frozen:
        raise UnauthenticatedError("this network is not listened to here", hint="its evidence, if any: /evidence")
