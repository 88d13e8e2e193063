"""Other networks, for who runs this node: following after comparing, partners, how each does, evidence, files.

Whoever follows a network trusts its key; so nothing is pinned before a person says that the fingerprint was compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, NamedTuple, TypeVar

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import networks as known
from fednet.directory.networks import Network
from fednet.directory.search import KIND_NAMES, OPERATOR
from fednet.errors import FednetError, NotFoundError, UnreachableError, UsageError
from fednet.feed.checkpoint import MAX_POLICY, parse_policy
from fednet.feed.evidence import check as checked
from fednet.feed.evidence import parse_evidence
from fednet.feed.identity import fingerprint
from fednet.node import bundles, evidence, following, messages, sync
from fednet.node.address import base_url
from fednet.node.bundles import Carried
from fednet.node.home import Home
from fednet.node.invitation import parse_invitation
from fednet.node.receipts import Received, received
from fednet.node.staging import staging
from fednet.store import blocks, circles, feeds, sources, witnesses
from fednet.store import search as index_search
from fednet.store.evidence import Held
from fednet.web import doors as doorway
from fednet.web import show
from fednet.web.asgi import MAX_UPLOAD
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.members.introducing import trouble
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

LOOK_SECONDS = 25.0
SYNC_SECONDS = 60.0
MAX_SENT = 64 * 1024 * 1024
"""Bytes of a bundle that is sent to a browser; larger ones are written by the command."""

T = TypeVar("T")

DONE = {
    "followed": noted("Followed. Its records are being read now; look again in a moment."),
    "partner": noted("It is a partner now, and may read what is for partners."),
    "no-partner": noted("It is a partner no more. What it gave us in confidence is destroyed here."),
    "unfollowed": noted("It is followed no more. All that was held of it is removed here."),
    "blocked": noted("It is blocked. All that was held of it is destroyed, and nothing of it is taken any more."),
    "unblocked": noted("It is not blocked any more."),
    "source": noted("It is read at that address as well."),
    "no-source": noted("It is not read at that address any more."),
    "policy": noted("Its editions are judged by these witnesses from now on."),
    "resolved": noted("Decided. It is read again from now on; what was found is kept."),
    "synced": noted("It was read just now."),
    "reading": noted("Reading it takes a while, and goes on. Look again in some minutes."),
}
OUTCOMES = {
    "advanced": noted("taken: verified and newer than what was here"),
    "unchanged": noted("nothing new"),
    "late": noted("older than what is here"),
    "offered": noted("of a network that is not followed here: left alone"),
    "own": noted("our own"),
    "blocked": noted("of a network that is blocked here"),
    "sealed": noted("sealed for another network"),
    "told": noted("taken: what they ask or answer in introductions"),
    "unasked": noted("restricted, of a network that is no partner: left alone"),
    "refused": noted("refused: it does not verify"),
    "failed": noted("not enough in the file to go on"),
}
KINDS = {
    "split-view": noted(
        "It has signed two histories that cannot both be true, so it has shown different things to different people. "
        "Perhaps its keys were stolen, or a backup was restored and went on by mistake."
    ),
    "identity-fork": noted(
        "It has signed two statements of who it is that exclude each other. Perhaps somebody has its recovery keys."
    ),
    "broken-close": noted("It has closed a log otherwise than it had signed it before."),
}


class Side(NamedTuple):
    """One side of a contradiction, by the beginning of its digest."""

    digest: str
    held: bool


class Found(NamedTuple):
    """Evidence about a network, in words; `sides` may be chosen between while nobody has decided."""

    held: Held
    says: str
    sides: list[Side]


class Reads(NamedTuple):
    """A circle of ours that a network may read, and in words how many records of each kind it lists."""

    circle: str
    said: str


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, allow_private: bool) -> list[Route]:
    pages = Peers(home, templates, clock, allow_private)
    peer = Peer(home, templates, clock, allow_private)
    return [
        doors.route("GET", "/workspace/peers", pages.see),
        doors.route("POST", "/workspace/peers/look", pages.look),
        doors.route("POST", "/workspace/peers", pages.follow),
        doors.route("POST", "/workspace/peers/bundle", pages.read_bundle),
        doors.route("POST", "/workspace/peers/own/bundle", pages.write_bundle),
        doors.route("POST", "/workspace/peers/unblock", pages.unblock),
        doors.route("GET", "/workspace/peers/{id}", peer.see),
        doors.route("POST", "/workspace/peers/{id}/sync", peer.sync),
        doors.route("POST", "/workspace/peers/{id}/partner", peer.partner),
        doors.route("POST", "/workspace/peers/{id}/partner/end", peer.partner_no_more),
        doors.route("POST", "/workspace/peers/{id}/unfollow", peer.unfollow),
        doors.route("POST", "/workspace/peers/{id}/block", peer.block),
        doors.route("POST", "/workspace/peers/{id}/sources", peer.add_source),
        doors.route("POST", "/workspace/peers/{id}/sources/remove", peer.remove_source),
        doors.route("POST", "/workspace/peers/{id}/policy", peer.set_policy),
        doors.route("POST", "/workspace/peers/{id}/resolve", peer.resolve),
        doors.route("POST", "/workspace/peers/{id}/bundle", peer.write_bundle),
    ]


async def within(asking: Coroutine[Any, Any, T], seconds: float = LOOK_SECONDS) -> T:
    """What a coroutine gives; raises UnreachableError when that takes too long."""
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except TimeoutError:
        raise UnreachableError(f"no answer within {seconds:.0f} seconds", hint="try again later") from None


def bundle_of(home: Home, recipient: feeds.Network | None, mirrors: bool) -> Response:
    """A bundle as a file; with a recipient, what it may read is sealed so that only it can open it."""
    with staging(home.path) as place:
        file = place / "bundle"
        written = bundles.write(home, file, recipient=recipient, mirrors=mirrors)
        if written.bytes > MAX_SENT:
            raise UsageError("the bundle is too large for a browser", hint="fednet bundle write FILE")
        content = file.read_bytes()
    reader = f"-for-{recipient.network[:8]}" if recipient else ""
    name = f"fednet-{home.network.network[:8]}{reader}.fednet"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


class Peers:
    """The page of all of them, and following one more."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, allow_private: bool) -> None:
        self.home, self.templates, self.clock, self.allow_private = home, templates, clock, allow_private

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Everybody who is followed, offered or blocked."""
        return self._page(request, done=done(asked, DONE))

    def look(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Ask who answers at an address; the fingerprint is then to be compared."""
        text = first(asked, "invitation")
        try:
            invited = parse_invitation(text)
            asking = following.look(self.home, invited.url, allow_private=self.allow_private)
            found = asyncio.run(within(asking))
            if invited.network is not None:
                following.check_fingerprint(found.identity.network, invited.network)
        except FednetError as error:
            return self._page(request, error=error, invitation=text, status=error.status)
        doorway.about(request, found.identity.network)
        return self._compare(request, found.offer, invited=invited.network is not None)

    def _compare(
        self, request: Request, offer: following.Offer, *, invited: bool, error: FednetError | None = None
    ) -> Response:
        with self.home.store.reading() as db:
            pinned = feeds.pinned(db, offer.network)
        return self.templates.page(
            "desk/peer-compare.html", request, offer=offer, invited=invited, error=error, pinned=pinned
        )

    def follow(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Pin a network: the one that was shown, whose fingerprint a person says was compared."""
        url, shown, typed = first(asked, "url"), first(asked, "network"), first(asked, "typed")
        try:
            found = asyncio.run(within(following.look(self.home, url, allow_private=self.allow_private)))
        except FednetError as error:
            return self._page(request, error=error, invitation=url, status=error.status)
        doorway.about(request, found.identity.network)
        try:
            following.check_fingerprint(found.identity.network, shown)
            if typed:
                following.check_fingerprint(found.identity.network, typed)
            elif "compared" not in asked:
                raise UsageError("first compare the fingerprint, by telephone or from paper, and say that you did")
            network = following.take(self.home, found)
        except FednetError as error:
            return self._compare(request, found.offer, invited=False, error=error)
        return see(f"/workspace/peers/{network.network}?done=followed")

    def read_bundle(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Take what a file holds of networks that are followed."""
        files: list[UploadFile] = request.state.files.get("file", [])
        try:
            if not files or not files[0].size:
                raise UsageError("choose a file first")
            carried = asyncio.run(
                bundles.read(
                    self.home,
                    files[0].file,
                    _("the file"),
                    expected=first(asked, "fingerprint") or None,
                    confirm=lambda offer: False,
                )
            )
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return self._page(request, carried=carried)

    def write_bundle(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What is public, in a file."""
        try:
            return bundle_of(self.home, None, "mirrors" in asked)
        except FednetError as error:
            return self._page(request, error=error, status=error.status)

    def unblock(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Take a network again, should somebody bring it."""
        wanted = first(asked, "network")
        doorway.about(request, wanted[:64])
        with self.home.store.reading() as db:
            pinned = feeds.pinned(db, wanted)
        try:
            if pinned is not None:
                following.block(self.home, pinned, blocked=False)
            else:
                following.block_unknown(self.home, wanted, blocked=False)
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return see("/workspace/peers?done=unblocked")

    def _page(
        self, request: Request, status: int = 200, carried: list[Carried] | None = None, **values: Any
    ) -> Response:
        usual = {"error": None, "done": "", "invitation": ""}
        found = known.networks(self.home.store, OPERATOR, self.clock())
        told = {(one.network.network, one.circle): one for one in received(self.home)}
        with self.home.store.reading() as db:
            offered = sources.mentions(db)
            refused = blocks.unpinned(db)
        own = next(one for one in found if one.own)
        return self.templates.page(
            "desk/peers.html",
            request,
            status,
            **{**usual, **values},
            networks=[(one, state(one), told.get((one.network, "public"))) for one in found if not one.own],
            own=own,
            offered=offered,
            refused=[(one, fingerprint(one)) for one in refused],
            waits={one.network.network: (one, trouble(one)) for one in messages.undelivered(self.home)},
            carried=[(one, _(OUTCOMES[one.outcome])) for one in carried] if carried is not None else None,
            most=MAX_UPLOAD // 1024**2,
        )


def state(network: Network) -> tuple[str, bool]:
    """How it goes with a network, and whether somebody should look."""
    public = network.public
    if network.blocked:
        return _("blocked"), False
    if network.frozen:
        return _("has contradicted itself: decide what counts"), True
    if public is None or not public.edition:
        failing = public is not None and public.error
        return (_("could not be read yet"), True) if failing else (_("is being read for the first time"), False)
    if public.error:
        return _("could not be read the last time"), True
    if network.silent:
        return _("silent"), True
    if public.expired:
        return _("has not renewed what it lists"), True
    if public.witnessed is False:
        return _("well, but not enough witnesses have seen the newest edition"), False
    return _("well"), False


class Peer:
    """The page of one network, and what is done about it."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, allow_private: bool) -> None:
        self.home, self.templates, self.clock, self.allow_private = home, templates, clock, allow_private

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """How it goes, and what can be done."""
        return self._page(request, done=done(asked, DONE))

    def sync(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Read it now, as far as that is done within a minute."""
        network = self._pinned(request)
        try:
            asking = sync.sync(self.home, [network], allow_private=self.allow_private)
            results = asyncio.run(within(asking, SYNC_SECONDS))
        except UnreachableError:
            return self._seen(network, "reading")
        wrong = next((one for one in results if one.error), None)
        if wrong is not None:
            return self._page(request, error=UnreachableError(wrong.error or "", hint=wrong.hint), status=502)
        return self._seen(network, "synced")

    def partner(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Let it read what is for partners."""
        network = self._pinned(request)
        following.partner(self.home, network)
        return self._seen(network, "partner")

    def partner_no_more(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """It is a partner no longer."""
        network = self._pinned(request)
        following.partner(self.home, network, partner=False)
        return self._seen(network, "no-partner")

    def unfollow(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Let go of it."""
        network = self._pinned(request)
        if "sure" not in asked:
            return self._unsure(request)
        following.unfollow(self.home, network)
        return see("/workspace/peers?done=unfollowed")

    def block(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Destroy what is held of it, and take nothing of it any more."""
        network = self._pinned(request)
        if "sure" not in asked:
            return self._unsure(request)
        following.block(self.home, network)
        return see("/workspace/peers?done=blocked")

    def _unsure(self, request: Request) -> Response:
        return self._page(request, error=UsageError("tick the box first, to say that you mean it"), status=422)

    def add_source(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Read it at one more address."""
        network, url = self._pinned(request), first(asked, "url")
        try:
            base = base_url(url)
        except FednetError as error:
            return self._page(request, error=error, url=url, status=422)
        with self.home.store.writing() as db:
            (sources.set_origin if "origin" in asked else sources.add_mirror)(db, network, base)
        return self._seen(network, "source")

    def remove_source(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Read it there no more."""
        network = self._pinned(request)
        with self.home.store.writing() as db:
            sources.remove(db, network, first(asked, "url"))
        return self._seen(network, "no-source")

    def set_policy(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Whose signatures make an edition of it count as witnessed."""
        network = self._pinned(request)
        text = first(asked, "policy").replace("\r\n", "\n")
        raw = f"{text}\n".encode() if text else None
        try:
            if raw is not None:
                parse_policy(raw[: MAX_POLICY + 1])
        except FednetError as error:
            return self._page(request, error=error, policy=text, status=422)
        with self.home.store.writing() as db:
            witnesses.set_policy(db, network, raw)
        return self._seen(network, "policy")

    def resolve(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Decide which side of a contradiction counts."""
        network, side = self._pinned(request), first(asked, "side")
        try:
            if not side:
                raise UsageError("say which side counts")
            evidence.resolve(self.home, network, None if side == "keep" else side, self.clock())
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return self._seen(network, "resolved")

    def write_bundle(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What it may read of ours, in a file that only it can open."""
        try:
            return bundle_of(self.home, self._pinned(request), "mirrors" in asked)
        except FednetError as error:
            return self._page(request, error=error, status=error.status)

    def _pinned(self, request: Request) -> feeds.Network:
        with self.home.store.reading() as db:
            network = feeds.pinned(db, request.path_params["id"])
        if network is None or network.own:
            raise NotFoundError("no such network is followed here")
        return network

    def _seen(self, network: feeds.Network, code: str) -> Response:
        return see(f"/workspace/peers/{network.network}?done={code}")

    def _page(self, request: Request, status: int = 200, **values: Any) -> Response:
        pinned = self._pinned(request)
        every = known.networks(self.home.store, OPERATOR, self.clock(), counted=False)
        network = next(one for one in every if one.network == pinned.network)
        usual = {"error": None, "done": "", "url": "", "policy": (pinned.policy or b"").decode("utf-8", "replace")}
        with self.home.store.reading() as db:
            places = [*sources.named(db, pinned), *sources.mentioned(db, pinned)]
            own = sorted(circles.own_circles_of(db, pinned))
            reads = [self._reads(circle) for circle in own]
            partners = self._reads(circles.PARTNERS)
            found = [self._found(one) for one in evidence.unresolved_of(db, pinned)]
        return self.templates.page(
            "desk/peer.html",
            request,
            status,
            **{**usual, **values},
            network=network,
            state=state(network),
            places=places,
            reads=reads,
            partners=partners,
            receipts=self._receipts(pinned),
            waits=next((one for one in messages.undelivered(self.home) if one.network.id == pinned.id), None),
            trouble=trouble,
            found=found,
            kinds={kind: _(text) for kind, text in KINDS.items()},
        )

    def _reads(self, circle: str) -> Reads:
        with self.home.store.reading() as db:
            feed = feeds.feed(db, self.home.network, circle)
            counts = index_search.counts(db, feed.id) if feed else {}
        said = [show.counted(KIND_NAMES[kind], count) for kind, count in sorted(counts.items())]
        return Reads(circle, show.listed(said) if said else _("nothing yet"))

    def _receipts(self, network: feeds.Network) -> list[Received]:
        return [one for one in received(self.home) if one.network.id == network.id]

    def _found(self, held: Held) -> Found:
        proof = parse_evidence(held.file)
        with self.home.store.reading() as db:
            network = feeds.pinned(db, held.network)
            here = evidence.held_side(db, network, proof) if network else None
        return Found(held, checked(proof).says, [Side(one, one == here) for one in evidence.sides(proof)])
