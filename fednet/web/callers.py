"""Who asks: a pinned network that signed the request, or nobody in particular.

A request without a signature is anybody's. One with a signature that fails is refused with 401, never answered as if it
had none: whoever is shown less than they may see must be told.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fednet.directory.search import PUBLIC, Reader
from fednet.errors import UnauthenticatedError
from fednet.feed.text import base64_bytes
from fednet.node.address import base_url
from fednet.node.home import Home, now
from fednet.node.signatures import SEEN, Lines, Message, Verifying, target_uri
from fednet.store import circles, feeds
from fednet.store.feeds import Network
from fednet.web.asking import Clock

ASK_SIGNED = {
    "Accept-Signature": 'fednet=("@method" "@target-uri");created;expires;nonce;alg="ed25519";keyid="";tag="fednet"',
    "Cache-Control": "no-store",
}
"""Headers of a refusal for want of a good signature (RFC 9421, section 5.1); `keyid` is the asker's network id."""
CONFIDENTIAL = {"Cache-Control": "no-store", "Vary": "Signature, Signature-Input"}
"""Headers of an answer that depends on who asks."""


def headers_for(reader: Reader) -> dict[str, str]:
    """How long an answer to this reader may be kept: what is for a few, not at all."""
    return {} if reader == PUBLIC else CONFIDENTIAL


class Callers:
    """Tells who asks one node. There is one of these in a process, for it remembers which requests were made."""

    def __init__(self, home: Home, clock: Clock = now) -> None:
        self.home, self.clock = home, clock
        self.verifying = Verifying(self._key, began=clock(), seen=home.path / SEEN)

    async def network(self, request: Request) -> Network | None:
        """The pinned network that signed this request; None when nobody did. Raises UnauthenticatedError."""
        if "signature" not in request.headers and "signature-input" not in request.headers:
            return None
        body = await request.body()
        return await run_in_threadpool(self._verified, request, body)

    async def required(self, request: Request) -> Network:
        """As `network`, where only who says who they are is listened to."""
        found = await self.network(request)
        if found is None:
            raise UnauthenticatedError("this request must be signed by the network that makes it (RFC 9421)")
        return found

    async def reader(self, request: Request) -> Reader:
        """What the asker may find in the directory: everybody what is public, partners and members our own circles."""
        network = await self.network(request)
        return PUBLIC if network is None else await run_in_threadpool(self._reader, network)

    def _verified(self, request: Request, body: bytes) -> Network:
        message = Message(request.method, self._target(request), Lines(request.headers.items()))
        network = self.verifying.check(message, body, self.clock())
        with self.home.store.reading() as db:
            found = feeds.pinned(db, network)
        if found is None:  # let go of at this moment
            raise UnauthenticatedError("no such network is known here")
        return found

    def _target(self, request: Request) -> str:
        """The address that was asked, as this node spells its own: not as somebody between us rewrites it.

        A name that is neither is not believed: whoever is asked in our name elsewhere could hand the request on to us.
        """
        config, host = self.home.config, request.headers.get("host", "")
        known = host.lower().rsplit(":", 1)[0] in map(str.lower, config.hosts)
        base = f"{request.scope['scheme']}://{host}" if known or not config.url else base_url(config.url)
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1")
        try:
            return target_uri(f"{base}{path}{'?' if query else ''}{query}")
        except ValueError:
            raise UnauthenticatedError("the request does not say which host it is for") from None

    def _key(self, network_id: str) -> bytes | None:
        with self.home.store.reading() as db:
            found = feeds.pinned(db, network_id)
        known = found is not None and not found.blocked
        return base64_bytes(found.identity.current.transport_key) if found and known else None

    def _reader(self, network: Network) -> Reader:
        with self.home.store.reading() as db:
            return Reader(circles.own_circles_of(db, network))
