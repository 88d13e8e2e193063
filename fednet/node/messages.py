"""Messages between two nodes: sealed to the other's bundle key, one exchange telling both ways (SPEC 7.12).

```
POST /messages     a sealed message of ours; the answer is a sealed message of theirs, which acknowledges ours
```
So it is enough that one of the two can be reached. A message tells all that its writer has to say, as it stands: what
was lost is told again, what was told twice changes nothing. Nothing counts as told before it is acknowledged. In
bundles for one reader the same messages travel among what is sealed.

What introductions are and what may be told of them is `fednet.node.introductions`' matter.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import islice

import msgspec
import pyrage
from sqlite_utils import Database

from fednet.errors import FednetError, LimitError, RefusedError, UnreachableError, UsageError, WrongKeyError
from fednet.feed import message
from fednet.feed.introduction import Seen, Side, encoded
from fednet.feed.message import MAX_MESSAGE, MAX_SEEN, MAX_SIDES, Message
from fednet.node import erasure, hearing
from fednet.node.accept import learn_identity
from fednet.node.fetch import Fetched, Fetcher, error_word
from fednet.node.following import read_identity
from fednet.node.home import Home, now
from fednet.node.keys import age_recipient
from fednet.node.signatures import signer
from fednet.store import feeds, sources
from fednet.store import messages as stored
from fednet.store.feeds import Network
from fednet.store.introductions import Waits, unconfirmed

MAX_SEALED = MAX_MESSAGE + 16 * 1024  # what age adds: a header, and 16 bytes for each 64 KiB
AGE = b"age-encryption.org/v1\n"
MAX_HEADER = 2 * 1024
SECONDS = 60.0  # with one network, all in all
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(days=1)
ROUNDS = 4
ROOM = MAX_MESSAGE - 64 * 1024  # for sides; the rest is for what was seen, and for the signature
MEDIA_TYPE = "application/octet-stream"

TROUBLES = {
    "no-address": "nobody told this node where theirs can be reached: use a file, or wait until theirs asks",
    "unreachable": "their node could not be reached",
    "unknown-there": "they do not follow this network yet, or have not read its newest keys",
    "not-spoken": "their node takes no messages: it is a plain web host, or an older version of the program",
    "busy": "their node was busy",
    "wrong-key": "their node cannot open what is sealed to the key that it shows: tell their secretariat",
    "refused": "their node refused it: one of the two programs may be too old",
    "not-believed": "what their node answered could not be believed",
    "not-taken": "their node has not taken all of it yet",
    "frozen": "their network is frozen here: it has said two things, and a person must decide",
    "blocked": "their network is blocked here",
}
"""Why something has not been told, by the word that is kept."""

log = logging.getLogger("fednet.messages")


class Undelivered(msgspec.Struct, frozen=True):
    """What waits for a network: how many introductions, since when, and how telling it went last.

    `trouble`: a word of `TROUBLES`; None when nothing has failed yet. `again`: not before then.
    """

    network: Network
    count: int
    since: datetime
    tried: datetime | None
    again: datetime | None
    trouble: str | None

    @property
    def error(self) -> str | None:
        """The trouble in words."""
        return None if self.trouble is None else TROUBLES.get(self.trouble, self.trouble)


def undelivered(home: Home) -> list[Undelivered]:
    """What waits for which network, those that wait longest first."""
    with home.store.reading() as db:
        known = {network.id: network for network in feeds.networks(db)}
        waiting = unconfirmed(db)
        return sorted((_undelivered(db, known[one.network_id], one) for one in waiting), key=lambda found: found.since)


def _undelivered(db: Database, network: Network, waits: Waits) -> Undelivered:
    last = stored.tried(db, network)
    lasting = _lasting_trouble(db, network)
    return Undelivered(
        network=network,
        count=waits.count,
        since=waits.since,
        tried=last and last.at,
        again=last.due if last and not lasting else None,
        trouble=lasting or (last and last.error),
    )


def _lasting_trouble(db: Database, network: Network) -> str | None:
    """Why nothing is sent to a network at all; files may reach it all the same where there is no address."""
    if network.blocked:
        return "blocked"
    if network.frozen:
        return "frozen"
    return None if sources.origin(db, network) else "no-address"


# --- what is told -----------------------------------------------------------------------------------------------------


def composed(db: Database, home: Home, reader: Network, now: datetime, heard: Message | None = None) -> Message:
    """All that this node has to tell a network, as it stands: nothing to one that is blocked or frozen by now.

    Of more than fits, what acknowledges a message that was just `heard` takes up to a half, by chance: so each is
    acknowledged some time.
    """
    own, reader = home.network.network, feeds.again(db, reader)
    if reader.blocked or reader.frozen or reader.own:
        return Message(own, reader.network, now)
    waiting = hearing.sides_for(db, reader)
    named = {side.introduction for side in heard.sides} if heard else set()
    acknowledging = [side for side in waiting if side.introduction in named]
    random.shuffle(acknowledging)
    sides = _fitting(acknowledging, MAX_SIDES // 2, ROOM // 2)
    left = ROOM // 2 if sides else ROOM
    sides |= _fitting((side for side in waiting if side.introduction not in sides), MAX_SIDES - len(sides), left)
    seen = sorted(one for one in hearing.unanswered(db, reader) if one.introduction not in sides)
    return Message(own, reader.network, now, tuple(sides[one] for one in sorted(sides)), tuple(seen[:MAX_SEEN]))


def _fitting(sides: Iterable[Side], most: int, room: int) -> dict[str, Side]:
    """The first of these that fit, by their introductions."""
    found: dict[str, Side] = {}
    for side in islice(sides, most):
        room -= len(encoded(side)) + len("side \n")
        if room < 0:
            break
        found[side.introduction] = side
    return found


def signed(home: Home, told: Message) -> bytes:
    """The note of a message of this node's network."""
    return message.write(told, message.signer(told.network, home.keys.transport_seed))


def take(home: Home, network: Network, raw: bytes, now: datetime) -> Message:
    """Believe what a network has signed for this one, and keep it; raises a RefusedError when that is not so."""
    found = message.read(raw, network.identity, home.network.network)
    if found.sides or found.seen:
        hearing.taken(home, network, found.sides, found.seen, now)
    return found


# --- sealing ----------------------------------------------------------------------------------------------------------


def sealed(raw: bytes, reader: Network) -> bytes:
    """Encrypted (age) to the bundle key of a network's newest statement."""
    try:
        recipient = age_recipient(reader.identity.current.bundle_key)
    except UsageError:
        raise UsageError(f"nobody can seal anything to {reader.name}: its bundle key is no age recipient") from None
    found: bytes = pyrage.encrypt(raw, [recipient])
    return found


def unsealed(home: Home, raw: bytes) -> bytes:
    """What was sealed to this node; raises WrongKeyError for what only others can open, or nobody.

    LimitError for a header for many readers: finding ours among them takes their square.
    """
    if raw.startswith(AGE) and b"\n--- " not in raw[:MAX_HEADER]:
        raise LimitError(f"what is sealed has a header of more than {MAX_HEADER} bytes: it is for one reader")
    try:
        if not raw.startswith(AGE):
            raise pyrage.DecryptError
        found: bytes = pyrage.decrypt(raw, [pyrage.x25519.Identity.from_str(home.keys.bundle)])
    except pyrage.DecryptError:
        raise WrongKeyError(
            "it is not sealed to the bundle key of this network's newest statement",
            hint=f"read /feeds/{home.network.network}/identity, and seal it anew",
        ) from None
    return found


# --- being asked ------------------------------------------------------------------------------------------------------


def receive(home: Home, network: Network, raw: bytes, now: datetime) -> bytes:
    """Take a sealed message of a network, and answer with ours, which acknowledges it.

    When the answer is lost, the same message comes again, and is answered alike.
    """
    heard = take(home, network, unsealed(home, raw), now)
    with home.store.reading() as db:
        said = composed(db, home, network, now, heard)
    return sealed(signed(home, said), network)


# --- asking -----------------------------------------------------------------------------------------------------------


def due(home: Home) -> list[Network]:
    """The networks for which something waits, and whose time it is."""
    with home.store.reading() as db:
        waiting = {one.network_id for one in unconfirmed(db)}
        return [network for network in feeds.peers(db) if network.id in waiting and _is_due(db, network)]


async def deliver(
    home: Home,
    fetcher: Fetcher,
    network: Network,
    reached: Collection[str | None] | None = None,
    *,
    at_once: bool = False,
) -> None:
    """Tell a network what waits for it, and hear what waits there for us, if it is time to; never raises.

    Only its own address is asked, and only if it is among those `reached` just now, when they are given. `at_once`:
    a person wants it now, whatever went wrong before.
    """
    try:
        with home.store.reading() as db:
            network, origin = feeds.again(db, network), sources.origin(db, network)
            quiet = _lasting_trouble(db, network) if at_once else not _is_due(db, network)
        if origin is None or quiet or (reached is not None and origin not in reached):
            return
        try:
            async with asyncio.timeout(SECONDS):
                trouble = await _told(home, fetcher, network, origin)
        except TimeoutError:
            trouble = "unreachable"
        _remember(home, network, trouble)
        await asyncio.to_thread(erasure.settle_promptly, home)  # what they took back
    except FednetError as error:  # let go of meanwhile, or our own store is busy: the next time will do
        log.warning("%s: %s", network.name, error.detail)


def _is_due(db: Database, network: Network) -> bool:
    """Whether its address may be asked: not while a failure is fresh, unless something was said since."""
    if _lasting_trouble(db, network):
        return False
    last = stored.tried(db, network)
    latest = max((one.latest for one in unconfirmed(db) if one.network_id == network.id), default=None)
    return last is None or last.due <= now() or (latest is not None and latest > last.at)


def _remember(home: Home, network: Network, trouble: str | None) -> None:
    """How it went; what was not acknowledged was not told."""
    with home.store.reading() as db:
        if trouble is None and any(one.network_id == network.id for one in unconfirmed(db)):
            trouble = "not-taken"
        if trouble is None and stored.tried(db, network) is None:
            return
    with home.store.writing() as db:
        network = feeds.again(db, network)
        if trouble is None:
            stored.told(db, network)
        else:
            stored.failed(db, network, trouble, now(), FIRST_PAUSE, LONGEST_PAUSE)


async def _told(home: Home, fetcher: Fetcher, network: Network, origin: str) -> str | None:
    """Exchange messages with a node until neither has anything new; a word of `TROUBLES`, None when it went well."""
    node = _Node(home, fetcher, network, origin)
    try:
        said = await asyncio.to_thread(_composed, home, network)
        for _ in range(ROUNDS):
            answer = await node.told(said)
            if answer.status != 200:
                return _trouble(answer)
            heard = await asyncio.to_thread(node.take, answer)
            before, said = said, await asyncio.to_thread(_composed, home, network, heard)
            if _versions(said) == _versions(before) or not (said.sides or said.seen):
                break
        return None
    except UnreachableError:
        return "unreachable"
    except UsageError:  # its key is no age recipient
        return "wrong-key"
    except RefusedError as error:
        log.warning("%s: %s", network.name, error.detail)
        return "not-believed"


def _composed(home: Home, network: Network, heard: Message | None = None) -> Message:
    with home.store.reading() as db:
        return composed(db, home, network, now(), heard)


def _versions(said: Message) -> tuple[set[tuple[str, int, int]], tuple[Seen, ...]]:
    """What a message says and acknowledges: an answer may have brought news, and made this node say more by itself."""
    return {(side.introduction, side.version, side.seen) for side in said.sides}, said.seen


class _Node:
    """Another node, that is told something."""

    def __init__(self, home: Home, fetcher: Fetcher, network: Network, origin: str) -> None:
        self.home, self.fetcher, self.network, self.origin = home, fetcher, network, origin
        self.signing = signer(home)

    async def told(self, said: Message) -> Fetched:
        """Its answer; when it has other keys than are known here, to what was sealed to those that it shows."""
        answer = await self._asked(said)
        if answer.status == WrongKeyError.status and error_word(answer) == WrongKeyError.word:
            await self._renew()
            answer = await self._asked(said)
        return answer

    async def _asked(self, said: Message) -> Fetched:
        body = await asyncio.to_thread(lambda: sealed(signed(self.home, said), self.network))
        url = f"{self.origin}/messages"

        async def ask(headers: dict[str, str]) -> Fetched:
            headers = {"Content-Type": MEDIA_TYPE, **headers}
            return await self.fetcher.post(url, body, headers=headers, limit=MAX_SEALED, seconds=SECONDS)

        return await self.signing.asked(ask, "POST", url, body)

    async def _renew(self) -> None:
        known = self.network
        served = await read_identity(self.fetcher, self.origin, known.network, known.identity, seconds=SECONDS)
        self.network = await asyncio.to_thread(learn_identity, self.home.store, known, served, now())

    def take(self, answer: Fetched) -> Message:
        return take(self.home, self.network, unsealed(self.home, answer.body), now())


def _trouble(answer: Fetched) -> str:
    """What an answer that is no message means."""
    match answer.status:
        case 401:
            return "unknown-there"
        case 403 | 404 | 405 | 410 | 501:
            return "not-spoken"
        case 408 | 421 | 429 | 500 | 502 | 503 | 504:
            return "busy"
        case 422 if error_word(answer) == WrongKeyError.word:
            return "wrong-key"
        case _:
            return "refused"
