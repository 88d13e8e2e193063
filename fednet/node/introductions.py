"""Putting two who could help each other in touch: asking, answering, taking back, telling what came of it.

```
ask       somebody of ours, about an entry of another network (or of another member here); details stay at home
accept    the asked side agrees, with its details; the asker's node then tells its own by itself
sweep     texts and details of what ended are destroyed after a while
```
What is signed and followed never changes by any of this: messages travel between the two nodes alone
(`fednet.node.messages`, `fednet.node.hearing`), and between two members of one node nothing travels at all. The rules
are in `fednet.feed.introduction`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import ChangedError, FednetError, NotFoundError, UsageError
from fednet.feed import introduction as rules
from fednet.feed.introduction import (
    Details,
    Held,
    OutOfOrderError,
    Role,
    Side,
    Spoken,
    State,
)
from fednet.feed.record import key_of
from fednet.feed.text import utc_text
from fednet.listing.check import is_handle
from fednet.listing.exchange import is_closed, is_over, open_day
from fednet.node import erasure, forgotten
from fednet.node.entries import (
    Entry,
    asked_about,
    body_of,
    own_entry,
    readers_of,
    signed_entry,
)
from fednet.node.home import Home
from fednet.node.ownership import OF_MEMBERS
from fednet.node.reaching import checked, written
from fednet.store import destruction, feeds
from fednet.store import introductions as stored
from fednet.store.feeds import Network
from fednet.store.introductions import Kept, OurRole, Step

KEPT = timedelta(days=30)
"""How long texts and details of what was declined or taken back are kept."""
ONLY_ANSWERED = timedelta(days=90)
"""How long it is remembered that somebody asked about what is not here."""

Outcome = Literal["met", "partly-met", "not-met", "none-yet"]
OUTCOMES: tuple[Outcome, ...] = ("met", "partly-met", "not-met", "none-yet")
Act = Literal["accept", "decline", "take-back", "outcome", "forget"]
Cut = Literal["", "unfollowed", "blocked", "frozen"]


class AskedAlreadyError(FednetError):
    """The same two are being introduced already; `introduction` is the id of that."""

    word = "asked-already"
    status = 409

    def __init__(self, introduction: str) -> None:
        super().__init__(
            f"this was asked already: introduction {introduction[:8]}",
            hint=f"fednet exchange introductions {introduction[:8]}",
        )
        self.introduction = introduction


class NotForThemError(FednetError):
    """The own entry is in a circle that the other side does not read: asking for it would tell them of it."""

    word = "not-for-them"
    status = 422

    def __init__(self, circle: str, name: str) -> None:
        super().__init__(
            f"your entry is in the circle {circle}, which {name} does not read: asking for it would tell them of it",
            hint="ask for another entry, or for none in particular",
        )


class Party(NamedTuple):
    """One side as it is shown: `handle` is empty where it asks for no entry in particular, `at` when it last spoke.

    `details` are shown of the own side always, of the other one when the two are introduced.
    """

    network: str
    network_name: str
    handle: str
    type: str
    titles: dict[str, str]
    organization: str
    text: str
    language: str
    details: Details | None
    at: str | None


class Introduction(NamedTuple):
    """An introduction as it stands; instants by this node's clock.

    `role`: which sides are this node's own. `cut`: why nothing travels between the two networks. `undelivered`: the
    other side has not confirmed what this one says. `emptied`: texts and details were destroyed.
    """

    id: str
    state: State
    role: OurRole
    network: str
    network_name: str
    cut: Cut
    asker: Party
    asked: Party
    asked_at: str
    answered_at: str | None
    introduced_at: str | None
    ended_at: str | None
    outcome: Outcome | None
    outcome_at: str | None
    steps: tuple[Step, ...]
    undelivered: bool
    emptied: bool
    seen_as: Role

    @property
    def half_told(self) -> bool:
        """Whether this side knows how to reach the other, and has not told it yet how to be reached."""
        return self.state == "introduced" and self.role == "asker" and self.undelivered

    @property
    def own(self) -> Party:
        """The side of whoever looks at it."""
        return self.asker if self.seen_as == "asker" else self.asked

    @property
    def other(self) -> Party:
        return self.asked if self.seen_as == "asker" else self.asker

    def may(self, role: Role | None = None) -> frozenset[Act]:
        """What may be done to it now, by this node (None) or by a member who speaks for one side.

        Of two members neither takes from the other what both were told, nor the asker's words before they are
        answered. Nothing is answered while nothing travels: what nobody expects would be told some day.
        """
        ours: tuple[Role, ...] = ("asker", "asked") if self.role == "both" else (self.role,)
        found = frozenset[Act]().union(*(self._may(one) for one in ours if role in (None, one)))
        shared = self.role == "both" and role is not None and self.state in ("accepted", "introduced")
        theirs = self.role == "both" and role == "asked" and self.state == "waiting"  # words of whoever asks
        found = found - {"accept", "decline"} if self.cut else found
        return found - {"forget"} if shared or theirs else found

    def _may(self, role: Role) -> frozenset[Act]:
        if self.emptied:
            return frozenset()
        acts: dict[State, set[Act]] = {
            "waiting": {"accept", "decline"} if role == "asked" else {"take-back"},
            "declined": {"accept"} if role == "asked" else {"take-back"},
            "accepted": {"take-back"},
            "introduced": {"outcome"},
            "taken-back": set(),
        }
        return frozenset({"forget", *acts[self.state]})


class Preview(NamedTuple):
    """What the other side reads now, and what only when it has agreed; `to`: the network that it is of."""

    now: Side
    later: Details
    to: str


# --- asking -----------------------------------------------------------------------------------------------------------


class _Ask(NamedTuple):
    held: Held
    theirs: Entry
    ours: Entry | None


def preview(
    home: Home,
    theirs: str,
    ours: str,
    text: str,
    language: str,
    details: Details,
    now: datetime,
    circles: Collection[str] | None = None,
) -> Preview:
    """What `ask` would tell, and when; it raises as `ask` does, and keeps nothing."""
    with home.store.reading() as db:
        begun = _begin(db, home, theirs, ours, text, language, details, now, circles)
    if begun.held.own is None:
        raise OutOfOrderError("nothing was asked")
    return Preview(begun.held.own, begun.held.details or Details(), begun.theirs.network_name)


def ask(
    home: Home,
    theirs: str,
    ours: str,
    text: str,
    language: str,
    details: Details,
    by: str,
    now: datetime,
    circles: Collection[str] | None = None,
) -> Introduction:
    """Ask to be put in touch about an entry, for an own one or (empty) none in particular.

    `theirs` is a handle, or `network:handle`; `circles` are the own circles whose entries may be asked about (None:
    whatever this node reads). Raises NotFoundError, ChangedError when an entry is closed or over, AskedAlreadyError.
    """
    with home.store.writing() as db:
        begun = _begin(db, home, theirs, ours, text, language, details, now, circles)
        side = begun.held.own
        if side is None:
            raise OutOfOrderError("nothing was asked")
        kept = Kept(
            id=side.introduction,
            network=begun.theirs.network,
            name=begun.theirs.network_name,
            role="both" if begun.theirs.own else "asker",
            asking=begun.ours.handle if begun.ours else "",
            about=begun.theirs.handle,
            state="waiting",
            body=body_of(begun.held, begun.theirs, begun.ours),
            asked_at=side.at,
            changed_at=side.at,
        )
        kept = stored.advance(db, kept, begun.held, now, Step(side.at, "asked", by, "asker"))
        return _shown(db, home, kept, "asker")


def _begin(
    db: Database,
    home: Home,
    theirs: str,
    ours: str,
    text: str,
    language: str,
    details: Details,
    now: datetime,
    readable: Collection[str] | None,
) -> _Ask:
    about = asked_about(db, home, theirs, readable)
    readers = readers_of(db, home, about.network)
    own = own_entry(db, home, ours, readers) if ours else None
    if own is not None and own.handle == about.handle:
        raise UsageError("that is the same entry", hint="name an entry of somebody else")
    for entry in (own, about if about.own and own is not None else None):
        if entry is not None and entry.circle not in readers:
            raise NotForThemError(entry.circle, about.network_name)
    for entry in (about, own):
        if entry is not None:
            _check_open(entry, now)
    network = feeds.pinned(db, about.network)
    if network is not None and network.frozen:
        raise UsageError(f"{network.name} has contradicted itself and is frozen", hint="fednet evidence list")
    earlier = stored.between(db, about.network, own.handle if own else "", about.handle)
    if earlier is not None:
        raise AskedAlreadyError(earlier.id)
    spoken = own.spoken if own else Spoken()
    held = rules.asking(
        str(uuid.uuid4()), about.handle, spoken, written(text), language, checked(details), utc_text(now)
    )
    return _Ask(held, about, own)


def _check_open(entry: Entry, now: datetime) -> None:
    if is_closed(entry.record):
        raise ChangedError("this entry is closed", hint=f"fednet show {entry.handle}")
    if is_over(entry.record, open_day(now).isoformat()):
        raise ChangedError(f"this entry was open until {entry.record.open_until}", hint=f"fednet show {entry.handle}")


# --- answering, taking back -------------------------------------------------------------------------------------------


def accept(
    home: Home, id_: str, details: Details, now: datetime, by: str, text: str = "", language: str = ""
) -> Introduction:
    """Agree to be put in touch: the other side is told these details, and tells its own.

    OutOfOrderError when it was answered or taken back meanwhile, NotFoundError when the entry is not listed any more.
    """
    with home.store.writing() as db:
        kept = _found(db, id_)
        held = _answering(db, kept, "accept")
        spoken, named = _told_of(db, home, kept)
        kept = kept._replace(body=msgspec.structs.replace(kept.body, about_of=named))
        held = rules.accepting(held, spoken, checked(details), utc_text(now), written(text), language)
        return _answered(db, home, kept, held, now, Step(utc_text(now), "accepted", by, "asked"))


def _told_of(db: Database, home: Home, kept: Kept) -> tuple[Spoken, str]:
    """What the asker is told of the own entry that was asked about, when somebody agrees.

    As it is listed for them now; where it is not any more, as it was when they asked. And the handle of the
    organisation that is named in it.
    """
    readers = readers_of(db, home, kept.network)
    entry = own_entry(db, home, kept.about, readers)
    if signed_entry(db, home, kept.about, readers) is None:
        return kept.body.entry, kept.body.about_of
    return entry.spoken, entry.organization


def decline(home: Home, id_: str, text: str, now: datetime, by: str, language: str = "") -> Introduction:
    """Say no, with or without a reason; it may still be accepted later, while the other side asks."""
    with home.store.writing() as db:
        kept = _found(db, id_)
        held = rules.declining(_answering(db, kept, "decline"), utc_text(now), written(text), language)
        return _answered(db, home, kept, held, now, Step(utc_text(now), "declined", by, "asked"))


def take_back(home: Home, id_: str, now: datetime, by: str, role: Role | None = None) -> Introduction:
    """Withdraw what was asked, or agreed to before the other side's details had come. Final.

    `role`: of two members of this node, whose word it is; the asker's, if nobody says.
    """
    with home.store.writing() as db:
        kept = _found(db, id_)
        side = role if kept.role == "both" and role else "asker" if kept.role != "asked" else "asked"
        if "take-back" not in _shown(db, home, kept, side).may(side):
            raise OutOfOrderError(_standing(kept.state))
        step = Step(utc_text(now), "taken-back", by, side)
        destruction.owe(db, prompt=False)
        return _shown(db, home, _withdraw(db, kept, side, now, step), side)


def _standing(state: State) -> str:
    """Why something cannot follow on this."""
    match state:
        case "waiting":
            return "nobody has answered yet"
        case "accepted":
            return "this was accepted already"
        case "introduced":
            return "both sides have been told already how to reach each other"
        case "declined":
            return "this was declined already"
        case "taken-back":
            return "this was taken back, and is over"


def _answering(db: Database, kept: Kept, act: Act) -> Held:
    """As the asked side holds it, if that may act so."""
    if kept.role == "asker":
        raise OutOfOrderError("only whoever was asked can answer")
    if kept.role != "both" and (cut := _cut(feeds.pinned(db, kept.network))):
        raise OutOfOrderError(f"nothing travels between the two networks: {kept.name} is {cut}", hint="fednet peers")
    if kept.emptied_at is not None and kept.state != "taken-back":
        raise OutOfOrderError("what was asked is destroyed already", hint="ask them the other way round")
    held = rules.mirrored(kept.held) if kept.role == "both" else kept.held
    allowed = ("waiting", "declined") if act == "accept" else ("waiting",)
    if kept.state not in allowed:
        raise OutOfOrderError(_standing(kept.state))
    return held


def _answered(db: Database, home: Home, kept: Kept, held: Held, now: datetime, step: Step) -> Introduction:
    """Keep what the asked side said; a member who asked here hears of it at once."""
    if kept.role == "both" and held.own is not None:
        held = rules.taking(kept.held, held.own, utc_text(now))
    return _shown(db, home, stored.advance(db, kept, held, now, step), "asked")


def _withdraw(db: Database, kept: Kept, side: Role, now: datetime, *steps: Step) -> Kept:
    return stored.advance(db, kept, stored.withdrawn(kept, side, utc_text(now)), now, *steps)


def note_outcome(home: Home, id_: str, outcome: str, now: datetime, by: str) -> Introduction:
    """Say what came of it, for the report of this network; it may be said anew."""
    if outcome not in OUTCOMES:
        raise UsageError(f"{outcome[:40]!r} is no outcome", hint=f"one of {', '.join(OUTCOMES)}")
    with home.store.writing() as db:
        kept = _found(db, id_)
        if kept.state != "introduced":
            raise OutOfOrderError("the two are not introduced", hint=f"fednet exchange introductions {kept.id[:8]}")
        at = utc_text(now)
        steps = (step for step in kept.body.steps if step.act != "outcome")
        body = msgspec.structs.replace(kept.body, steps=(*steps, Step(at, "outcome", by)))
        kept = kept._replace(outcome=outcome, outcome_at=at, body=body)
        stored.save(db, kept)
        return _shown(db, home, kept)


def forget(home: Home, id_: str, now: datetime) -> Introduction:
    """Destroy all that was said, here; what was open ends with that. Networks, dates and codes stay for the report."""
    with home.store.writing() as db:
        kept = _found(db, id_)
        forgotten.note(home.path, kept.id)
        kept = stored.empty(db, _ended(db, kept, now), now)
        destruction.owe(db, prompt=True)
        found = _shown(db, home, kept)
    erasure.settle(home)
    return found


def forget_again(home: Home, keys: Collection[bytes], now: datetime) -> int:
    """Destroy what was forgotten, and has come back with a database of an older day; how many introductions it was.

    `keys`: of their ids, as `fednet.node.forgotten` keeps them.
    """
    if not keys:
        return 0
    with home.store.writing() as db:
        back = [kept for kept in stored.everything(db) if kept.emptied_at is None and key_of(kept.id) in keys]
        for kept in back:
            stored.empty(db, _ended(db, kept, now), now)
        if back:
            destruction.owe(db, prompt=True)
    return len(back)


def _ended(db: Database, kept: Kept, now: datetime) -> Kept:
    """Nothing can follow any more on what is forgotten: the other side is told that it is over, if it is not."""
    done = kept.state == "taken-back" or (kept.state == "introduced" and kept.undelivered is None)
    if done or (kept.state == "declined" and kept.role == "asked"):
        return kept
    return _withdraw(db, kept, "asked" if kept.role == "asked" else "asker", now)


def sweep(home: Home, now: datetime) -> int:
    """Destroy texts and details of what was declined or taken back a while ago; how many introductions that were."""
    with home.store.reading() as db:
        if not stored.is_something_old(db, now - KEPT, now - ONLY_ANSWERED):
            return 0
    with home.store.writing() as db:
        old = stored.to_empty(db, now - KEPT)
        for kept in old:
            stored.empty(db, _ended(db, kept, now), now)
        stored.drop_unlisted(db, now - ONLY_ANSWERED)
        if old:
            destruction.owe(db, prompt=True)
    if old:
        erasure.settle(home)
    return len(old)


# --- reading ----------------------------------------------------------------------------------------------------------


def introductions(home: Home, *, ours: str | None = None, role: Role | None = None) -> list[Introduction]:
    """All introductions, or those of an own entry, the newest first; not those of entries that are hidden."""
    with home.store.reading() as db:
        return [_shown(db, home, kept, role) for kept in stored.introductions(db, ours)]


def introduction(home: Home, id_: str, role: Role | None = None) -> Introduction:
    """The introduction of that id, or of the only one that begins so."""
    with home.store.reading() as db:
        return _shown(db, home, _found(db, id_), role)


def addressee(home: Home, theirs: str, circles: Collection[str] | None = None) -> tuple[str, str]:
    """Id and name of the network that is asked about an entry; raises as `ask` does when that cannot be told."""
    with home.store.reading() as db:
        entry = asked_about(db, home, theirs, circles)
    return entry.network, entry.network_name


def readers(home: Home, network: str) -> frozenset[str]:
    """The own circles of which a network may know, so that somebody may ask it for an entry in them."""
    with home.store.reading() as db:
        return readers_of(db, home, network)


def earlier(home: Home, network: str, handle: str, ours: str = "") -> list[Introduction]:
    """Introductions about another's entry, whoever asked, the newest first; `ours`: those of that own entry."""
    with home.store.reading() as db:
        found = [one for one in stored.about_one(db, network, handle) if not ours or ours in (one.asking, one.about)]
        return [_shown(db, home, one, _role(one, handle)) for one in found]


def _role(kept: Kept, theirs: str) -> Role:
    """Whose side it is that has to do with an entry of somebody else."""
    return "asked" if kept.asking == theirs else "asker"


def role_of(found: Introduction, handle: str) -> Role:
    """On which side an own entry is. NotFoundError when it is on none."""
    if found.role != "asked" and found.asker.handle == handle:
        return "asker"
    if found.role != "asker" and found.asked.handle == handle:
        return "asked"
    raise NotFoundError("no such introduction", hint="fednet exchange introductions")


def _found(db: Database, id_: str) -> Kept:
    text = id_.strip().lower()
    several = stored.beginning(db, text) if re.fullmatch(r"[0-9a-f-]{4,36}", text, re.ASCII) else []
    if len(several) > 1:
        raise UsageError(f"several introductions begin with {text}", hint="give more of it")
    if not several:
        raise NotFoundError("no such introduction", hint="fednet exchange introductions")
    return several[0]


def _shown(db: Database, home: Home, kept: Kept, role: Role | None = None) -> Introduction:
    network = home.network if kept.role == "both" else feeds.pinned(db, kept.network)
    name = network.name if network else kept.name
    seen_as: Role = kept.role if kept.role != "both" else role or "asked"
    ours, theirs = (home.network.network, home.network.name), (kept.network, name)
    asker = _party(kept, "asker", ours if kept.role != "asked" else theirs, kept.asking, role)
    asked = _party(kept, "asked", ours if kept.role != "asker" else theirs, kept.about, role)
    return Introduction(
        kept.id, kept.state, kept.role, kept.network, name, _cut(network), asker, asked,
        kept.asked_at, kept.answered_at, kept.introduced_at, kept.ended_at,
        kept.outcome, kept.outcome_at, _steps(kept, role),  # type: ignore[arg-type]
        kept.undelivered is not None, kept.emptied_at is not None, seen_as,
    )  # fmt: skip


def _steps(kept: Kept, role: Role | None) -> tuple[Step, ...]:
    """Who did what; of two members neither reads who acts for the other."""
    if kept.role != "both" or role is None:
        return kept.body.steps
    return tuple(step if step.side == role else msgspec.structs.replace(step, by="") for step in kept.body.steps)


def _cut(network: Network | None) -> Cut:
    if network is None:
        return "unfollowed"
    return "blocked" if network.blocked else "frozen" if network.frozen else ""


def _party(kept: Kept, side: Role, network: tuple[str, str], handle: str, role: Role | None) -> Party:
    said = kept.held.asker if side == "asker" else kept.held.asked
    ours = kept.role == side or (kept.role == "both" and role == side)
    spoken = said.own if said is not None and said.own.titles else kept.body.entry if side == "asked" else Spoken()
    details = said.details if said is not None else None
    if side == "asker" and details is None:
        details = kept.held.details
    if details == Details():  # destroyed, or lost with an older database
        details = None
    return Party(
        *network, handle, spoken.type, dict(spoken.titles), spoken.organization,
        said.text if said else "", said.language if said else "",
        details if ours or kept.state == "introduced" else None, said.at if said else None,
    )  # fmt: skip


# --- what is new, for letters and the desk ----------------------------------------------------------------------------


class News(NamedTuple):
    """Something that those who keep an own entry should hear of, once. `handle`: that entry, or empty. `by`: the name
    of who did it here, and need not be told."""

    id: str
    what: Literal["asked", "accepted", "declined", "introduced", "outcome"]
    side: Role
    handle: str
    at: datetime
    by: str = ""


def news(db: Database, now: datetime) -> list[News]:
    """All that has happened and all that should be asked, the oldest introductions first."""
    kept = [one for one in reversed(stored.introductions(db)) if one.emptied_at is None]
    return [found for one in kept for side in _sides(one.role) for found in _news(one, side, now)]


def _sides(role: OurRole) -> tuple[Role, ...]:
    return ("asker", "asked") if role == "both" else (role,)


def _news(kept: Kept, side: Role, now: datetime) -> list[News]:
    handle = kept.asking if side == "asker" else kept.about
    found: list[News] = []
    if side == "asked" and kept.state == "waiting":
        found.append(News(kept.id, "asked", side, handle, datetime.fromisoformat(kept.asked_at)))
    if side == "asker" and kept.answer and kept.answered_at and kept.state != "taken-back":
        by = next((step.by for step in reversed(kept.body.steps) if step.act == kept.answer), "")
        found.append(News(kept.id, kept.answer, side, handle, datetime.fromisoformat(kept.answered_at), by))
    if kept.state == "introduced" and kept.introduced_at:
        at = datetime.fromisoformat(kept.introduced_at)
        if kept.role == "asked":
            found.append(News(kept.id, "introduced", side, handle, at))
        if kept.outcome is None and now - at >= stored.ASK_AFTER:
            found.append(News(kept.id, "outcome", side, handle, at + stored.ASK_AFTER))
    return found


def organization_of(db: Database, home: Home, handle: str) -> str | None:
    """The handle of the organisation whose own entry that is, if members may know of it."""
    with suppress(FednetError):
        entry = own_entry(db, home, handle)
        found = entry.record.organization
        return found if is_handle(found) and entry.circle in OF_MEMBERS else None
    return None
