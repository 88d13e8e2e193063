"""Asking others what they hold of this node's own logs, before the first signature after a start (SPEC 6.5).

A machine that was put back as a whole takes its high-water mark back with it; a machine that was cloned signs twice.
Neither can know it by itself. Followers and witnesses can tell: they hold a checkpoint that our key signed and our
database does not know. Then the mark says so, and nothing more is signed until a person settles it. If nobody answers,
mark and database decide alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from fednet.errors import FednetError, IdentityForkError, RollbackError
from fednet.feed import note
from fednet.feed.checkpoint import origin
from fednet.feed.follow import open_head
from fednet.feed.identity import MAX_IDENTITY, Identity, check_pinned, newer, parse_identity
from fednet.feed.text import base64_text
from fednet.feed.witness import origin_hash
from fednet.node.fetch import Fetched, Fetcher
from fednet.node.files import alone
from fednet.node.home import Home
from fednet.node.mark import Log, Signed, Stopped
from fednet.node.signatures import Signer, signer
from fednet.node.sources import Address, Source
from fednet.node.standing import logs
from fednet.store import circles, feeds, receipts, sources, witnesses
from fednet.store.feeds import Network

SECONDS = 3.0  # for all answers together: whoever is slower is not waited for
ASK_AGAIN = 600.0  # seconds after which a process that keeps running asks again
MAX_PEERS = 8

T = TypeVar("T")


class Peer(NamedTuple):
    """Somebody who may hold what this node signed; `circles` are the restricted ones that it may read."""

    source: Source
    circles: tuple[str, ...] = ()


class Head(NamedTuple):
    """The newest checkpoint of one own log that somebody holds, verified with our own key."""

    source: str
    circle: str
    epoch: int
    size: int
    root: bytes


class Told(msgspec.Struct, frozen=True):
    """What one peer holds of our logs. `identity` is a chain longer than ours; `fork`: it holds another one."""

    source: str
    heads: tuple[Head, ...] = ()
    identity: Identity | None = None
    fork: bool = False


async def before_signing(home: Home, fetcher: Fetcher) -> None:
    """Ask, unless this process has asked lately; what is found lands in the mark, which decides what may be signed."""
    clock = asyncio.get_running_loop().time
    if clock() - _asked.get(home, -ASK_AGAIN) >= ASK_AGAIN:
        _asked[home] = clock()
        settle(home, await told(home.network.identity, peers(home, fetcher)))


def once(home: Home, *, allow_private: bool) -> None:
    """`before_signing`, for a command."""
    _with_fetcher(lambda fetcher: before_signing(home, fetcher), allow_private)


def others(home: Home, *, allow_private: bool) -> list[Told]:
    """What those say who can be asked, for a command."""
    return _with_fetcher(lambda fetcher: told(home.network.identity, peers(home, fetcher)), allow_private)


def _with_fetcher(ask: Callable[[Fetcher], Awaitable[T]], allow_private: bool) -> T:
    async def asked() -> T:
        async with Fetcher(allow_private=allow_private) as fetcher:
            return await ask(fetcher)

    return asyncio.run(asked())


def check_identity(home: Home, *, allow_private: bool) -> None:
    """Raise where others know a statement of this network that is not known here: another one would be a fork."""
    answers = [answer for answer in others(home, allow_private=allow_private) if answer.identity or answer.fork]
    reason = settle(home, [msgspec.structs.replace(answer, heads=()) for answer in answers])
    if reason is not None:
        raise RollbackError(reason.detail, hint=reason.hint)


_asked: WeakKeyDictionary[Home, float] = WeakKeyDictionary()


def doubt(home: Home) -> None:
    """Somebody claims to hold more than we do: it proves nothing, but ask again before anything is signed."""
    _asked.pop(home, None)


def peers(home: Home, fetcher: Fetcher, urls: Iterable[str] = (), *, at_most: int = MAX_PEERS) -> list[Peer]:
    """Whom to ask: these addresses, whoever sent us a receipt, partners, witnesses, and some of those we follow."""
    with home.store.reading() as db:
        own = feeds.own(db)
        restricted = [feed.circle for feed in feeds.feeds(db, own) if feed.circle != "public"]
        audiences = {circle: circles.audience(db, circle) for circle in restricted}
        confirmed = receipts.confirmed(db)
        known = [(peer, sources.origin(db, peer)) for peer in feeds.peers(db)]
        asked = witnesses.witnesses(db)
    signing = _signer(home)
    found = [Peer(Address(fetcher, url, own.network, signer=signing), tuple(restricted)) for url in urls]
    random.shuffle(known)
    known.sort(key=lambda one: (one[0].id not in confirmed, not one[0].partner))
    for network, url in known:
        if url is not None and url != home.config.url:
            readable = tuple(circle for circle in restricted if network.id in audiences[circle])
            found.append(Peer(Address(fetcher, url, own.network, signer=signing), readable))
    watched = [Peer(_Monitoring(fetcher, witness.url, own.network)) for witness in asked]
    by_name = {peer.source.name: peer for peer in reversed(watched + found)}
    return list(by_name.values())[::-1][:at_most]


def _signer(home: Home) -> Signer | None:
    """Who asks; nobody, while the keys are not here."""
    try:
        return signer(home)
    except FednetError:
        return None


class _Monitoring:
    """A witness as a source: it has the newest checkpoint of each log that it cosigns (C2SP tlog-witness)."""

    origin = False

    def __init__(self, fetcher: Fetcher, url: str, network: str) -> None:
        self.fetcher, self.url, self.network = fetcher, url.rstrip("/"), network
        self.name = url

    async def get(self, path: str, *, limit: int = note.MAX_NOTE, seconds: float = SECONDS) -> Fetched:
        circle, _, rest = path.partition("/")
        epoch, _, what = rest.partition("/")
        if what != "checkpoint":
            return Fetched(404, b"", 0)
        log = origin_hash(origin(self.network, circle, int(epoch)))
        return await self.fetcher.get(f"{self.url}/{log}/checkpoint", limit=limit, seconds=seconds)


# --- what they hold ---------------------------------------------------------------------------------------------------


async def told(identity: Identity, asked: Sequence[Peer], *, seconds: float = SECONDS) -> list[Told]:
    """What those say who answer in time. Everything in it is verified; who lies or is silent is left out."""
    if not asked:
        return []
    tasks = [asyncio.create_task(_told(identity, peer, seconds)) for peer in asked]
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [answer for task in tasks if task in done and (answer := task.result()) is not None]


async def _told(identity: Identity, peer: Peer, seconds: float) -> Told | None:
    """None when there is no answer, or one that makes no sense."""
    source = peer.source
    heads: list[Head] = []
    try:
        for circle in ("public", *peer.circles):
            path = f"{circle}/{identity.epoch}/checkpoint"
            fetched = await source.get(path, limit=note.MAX_NOTE, seconds=seconds)
            if fetched.status == 200:
                head = open_head(identity, circle, identity.epoch, note.parse(fetched.body))
                heads.append(Head(source.name, circle, identity.epoch, head.size, head.root))
            elif circle == "public":
                return await _stranger(identity, source, seconds)
    except FednetError:
        return Told(source.name, tuple(heads)) if heads else None
    return Told(source.name, tuple(heads))


async def _stranger(identity: Identity, source: Source, seconds: float) -> Told | None:
    """Someone who has no log of ours in this epoch: perhaps because there is a later one."""
    fetched = await source.get("identity", limit=MAX_IDENTITY, seconds=seconds)
    if fetched.status != 200:
        return Told(source.name) if fetched.status == 404 else None
    try:
        served = check_pinned(await asyncio.to_thread(parse_identity, fetched.body, identity), identity.network)
        chain = newer(identity, served)
    except IdentityForkError:
        return Told(source.name, fork=True)
    return Told(source.name, identity=chain if chain is served else None)


# --- what follows from it ---------------------------------------------------------------------------------------------


def settle(home: Home, answers: Sequence[Told]) -> Stopped | None:
    """Let the mark say why nothing may be signed, if one of these answers shows that. Returns the gravest reason."""
    if not answers:
        return None
    with alone(home.path):
        with home.store.reading() as db:  # read after they have answered: what we sign meanwhile is no surprise
            own = feeds.own(db)
            held = logs(db, own)
            reasons = [reason for answer in answers if (reason := judged(answer, own, held)) is not None]
        for reason in reasons:
            home.mark.stop(reason)
    return min(reasons, key=lambda reason: reason.kind != "fork", default=None)


def judged(answer: Told, own: Network, held: Mapping[str, Log]) -> Stopped | None:
    """Why an answer means that nothing may be signed; None when what they hold is known here."""
    epoch = own.identity.epoch
    if answer.fork:
        return Stopped("fork", epoch, f"{answer.source} holds another identity of this network")
    if answer.identity is not None and newer(own.identity, answer.identity) is not own.identity:
        return Stopped("ahead", epoch, f"{answer.source} knows a newer identity of this network, of epoch "
                                       f"{answer.identity.epoch}")  # fmt: skip
    for head in answer.heads:
        reason = _judged(head, epoch, held.get(head.circle))
        if reason is not None:
            return reason
    return None


def _judged(head: Head, epoch: int, log: Log | None) -> Stopped | None:
    size = log.frontier.size if log is not None and log.epoch == head.epoch else 0
    if head.epoch < epoch or head.size == 0:
        return None
    if log is not None and log.prepared == Signed(head.epoch, head.size, base64_text(head.root)):
        return None  # signed here, and a crash came before it was accepted
    where = f"{head.source} holds edition {head.size} of circle {head.circle}, signed with this node's key"
    if head.size > size:
        return Stopped("ahead", epoch, f"{where}; {size} are known here")
    if log is None or log.root_at is None or log.root_at(head.size) != head.root:
        return Stopped("fork", epoch, f"{where}, and it is another one than here")
    return None
