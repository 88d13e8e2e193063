"""Putting two who could help each other in touch: asking, answering, taking back, and what the other network says.

```
ask       somebody of ours, about an entry of another network (or of another member here); details stay at home
accept    the asked side agrees, with its details; the asker's node then tells its own by itself
taken     what the other network's messages say is held against the rules; what breaks them changes nothing
sweep     texts and details of what ended are destroyed after a while
```
What is signed and followed never changes by any of this: messages travel between the two nodes alone
(`fednet.node.messages`), and between two members of one node nothing travels at all. The rules are in
`fednet.feed.introduction`.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import ChangedError, FednetError, NotFoundError, UsageError
from fednet.feed import introduction as rules
from fednet.feed.introduction import (
    MAX_ASKS_A_DAY,
    MAX_EACH,
    MAX_EMAIL,
    MAX_NAME,
    MAX_NOTE,
    MAX_PHONE,
    MAX_TEXT,
    MAX_TITLE,
    MAX_TITLES,
    MAX_WAITING,
    Details,
    Held,
    OutOfOrderError,
    Role,
    Seen,
    Side,
    Spoken,
    State,
)
from fednet.feed.record import key_of
from fednet.feed.text import utc_text
from fednet.listing import Contact, Exchange
from fednet.listing.check import is_handle
from fednet.listing.exchange import is_closed, is_over, open_day
from fednet.node import edits, erasure, forgotten
from fednet.node.home import Home
from fednet.node.ownership import OF_MEMBERS
from fednet.store import circles, destruction, drafts, feeds
from fednet.store import introductions as stored
from fednet.store import search as index_search
from fednet.store.circles import PUBLIC
from fednet.store.feeds import Network
from fednet.store.introductions import Body, Kept, OurRole, Step

KEPT = timedelta(days=30)
"""How long texts and details of what was declined or taken back are kept."""
ONLY_ANSWERED = timedelta(days=90)
"""How long it is remembered that somebody asked about what is not here."""
RESTORING = timedelta(days=90)
"""How long after a restore others are believed about what this node has said."""
RESTORED = "introductions_restored"
"""A setting: when this node was restored from a backup last."""

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


class SeveralListError(FednetError):
    """Several networks list an entry under one handle: an ask could go to another than somebody looked at."""

    word = "several-list"
    status = 409

    def __init__(self, handle: str, networks: Collection[tuple[str, str]]) -> None:
        names = ", ".join(sorted(name for _network, name in networks))
        super().__init__(
            f"several networks list an entry under this handle, so that nobody can tell whom you mean: {names}",
            hint=f"name one: fednet exchange introduce {min(networks)[0][:8]}:{handle}",
        )


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


class _Entry(NamedTuple):
    """A need or an offer, by whom it is listed, and in which circle. `spoken`: what may be told of it.

    `organization`: the handle of the one that is named in that; the name goes when its record is erased.
    """

    network: str
    network_name: str
    own: bool
    handle: str
    circle: str
    record: Exchange
    spoken: Spoken
    organization: str = ""


class _Ask(NamedTuple):
    held: Held
    theirs: _Entry
    ours: _Entry | None


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
            body=_body(begun.held, begun.theirs, begun.ours),
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
    about = _asked_about(db, home, theirs, readable)
    readers = _readers(db, home, about.network)
    own = _own_entry(db, home, ours, readers) if ours else None
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


def _asked_about(db: Database, home: Home, given: str, readable: Collection[str] | None) -> _Entry:
    """The entry that a person means, among those that they may read."""
    name, _, handle = given.strip().rpartition(":")
    wanted = _named(db, name, readable) if name else None
    found = []
    for source in index_search.sources(db):
        row = index_search.by_key(db, key_of(handle.lower()), [source.feed_id])
        if row is None or wanted not in (None, source.network):
            continue
        if readable is None or source.circle == PUBLIC or (source.own and source.circle in readable):
            found.append((source, row))
    with suppress(NotFoundError):
        if not found and wanted in (None, home.network.network) and readable is None:
            return _own_entry(db, home, handle.lower())  # not signed yet
    several = {(source.network, source.name) for source, _row in found}
    if len(several) > 1:
        raise SeveralListError(found[0][1].handle, several)
    for source, row in found:
        record = listing.parse(row.body)
        if isinstance(record, Exchange):
            if source.own:  # as it stands, signed or not: it may be closed already
                return _own_entry(db, home, row.handle)
            spoken = _spoken(row.handle, record, _organization_name(db, record, [source.feed_id]))
            named = _organization(record)
            return _Entry(source.network, source.name, source.own, row.handle, source.circle, record, spoken, named)
    raise NotFoundError("no such need or offer is listed here", hint="fednet exchange list")


def _named(db: Database, name: str, readable: Collection[str] | None) -> str:
    """The network that somebody names; whoever does not read all does not hear which others are known here."""
    try:
        return feeds.named(db, name).network
    except FednetError:
        if readable is None:
            raise
        raise NotFoundError("no such need or offer is listed here", hint="fednet exchange list") from None


def _readers(db: Database, home: Home, network: str) -> frozenset[str]:
    """The own circles that the other side reads: another network, or members of this one."""
    if network == home.network.network:
        return OF_MEMBERS
    known = feeds.pinned(db, network)
    return frozenset({PUBLIC}) | (circles.own_circles_of(db, known) if known else frozenset())


def _own_entry(db: Database, home: Home, handle: str, readers: Collection[str] = OF_MEMBERS) -> _Entry:
    """An own entry as it stands; what is told of it is as it was signed, and nothing but what `readers` may read."""
    own = edits.find(db, home, handle)
    record = listing.parse(own.body)
    if not isinstance(record, Exchange):
        raise UsageError(f"{handle} is no need, offer or source of funding", hint="fednet exchange list")
    told = _signed(db, home, handle, readers) or record
    spoken = _spoken(handle, told, _own_organization(db, home, told, readers))
    named = _organization(told)
    return _Entry(home.network.network, home.network.name, True, handle, own.circle, record, spoken, named)


def _signed(db: Database, home: Home, handle: str, readers: Collection[str]) -> Exchange | None:
    """An own entry as the newest edition of a circle that `readers` read has it."""
    for feed in feeds.feeds(db, home.network):
        body = drafts.listed(db, feed.id, handle) if feed.circle in readers else None
        if body is not None and isinstance(record := listing.parse(body), Exchange):
            return record
    return None


def _own_organization(db: Database, home: Home, record: Exchange, readers: Collection[str] | None) -> str:
    """The name of whose entry it is, as far as readers of these circles (None: of any) may read that."""
    if not is_handle(record.organization):
        return record.organization
    with suppress(FednetError):
        own = edits.find(db, home, record.organization)
        found = listing.parse(own.body) if readers is None or own.circle in readers else None
        return listing.title(found) if found else ""
    return ""


def _organization_name(db: Database, record: Exchange, feed_ids: list[int]) -> str:
    """The name of whose entry it is, as the same feed lists it."""
    if not is_handle(record.organization):
        return record.organization
    row = index_search.by_key(db, key_of(record.organization), feed_ids)
    found = listing.parse(row.body) if row else None
    return listing.title(found) if found else ""


def _check_open(entry: _Entry, now: datetime) -> None:
    if is_closed(entry.record):
        raise ChangedError("this entry is closed", hint=f"fednet show {entry.handle}")
    if is_over(entry.record, open_day(now).isoformat()):
        raise ChangedError(f"this entry was open until {entry.record.open_until}", hint=f"fednet show {entry.handle}")


def _spoken(handle: str, record: Exchange, organization: str) -> Spoken:
    titles = list(record.titles.items())[:MAX_TITLES]
    return Spoken(
        handle,
        record.type[:40],
        {language: title[:MAX_TITLE] for language, title in titles},
        organization[:MAX_TITLE],
    )


def _organization(record: Exchange) -> str:
    """The handle of whose entry it is, where that is a record."""
    return record.organization if is_handle(record.organization) else ""


def _body(held: Held, about: _Entry, asking: _Entry | None) -> Body:
    return Body(held, about.spoken, asking_of=asking.organization if asking else "", about_of=about.organization)


# --- what people enter ------------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"[^@\s<>\"']+@[^@\s<>\"'.]+(?:\.[^@\s<>\"'.]+)+")
_FORCED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Directions that a text would force on what is around it; marks that letters need (U+200C to U+200F) may stay."""
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{3,38}")


def written(text: str) -> str:
    """A text as it is told: paragraphs stay, control characters go. UsageError for one that is too long."""
    lines = ("".join(c for c in line if not _is_unfit(c)).rstrip() for line in text.splitlines())
    found = unicodedata.normalize("NFC", "\n".join(lines).strip())
    if len(found) > MAX_TEXT:
        raise UsageError(f"the text has {len(found)} characters", hint=f"{MAX_TEXT} are enough for an introduction")
    return found


def _is_unfit(char: str) -> bool:
    """Whether a character controls how a text is shown instead of being shown."""
    return unicodedata.category(char) in ("Cc", "Cs") or char in _FORCED


def checked(details: Details) -> Details:
    """Details as they are told; UsageError, saying what is wrong, for those by which nobody could be reached."""
    emails = tuple(dict.fromkeys(" ".join(one.split()) for one in details.emails if one.strip()))
    phones = tuple(dict.fromkeys(" ".join(one.split()) for one in details.phones if one.strip()))
    name, note = written(details.name).replace("\n", " "), written(details.note)
    for one in emails:
        if len(one) > MAX_EMAIL or not _EMAIL.fullmatch(one) or any(unicodedata.category(c)[0] == "C" for c in one):
            raise UsageError(f"{one[:80]!r} is no e-mail address", hint="such as office@example.org")
    for one in phones:
        if not _PHONE.fullmatch(one):
            raise UsageError(f"{one[:80]!r} is no telephone number", hint="such as +66 2 123 4567")
    if not any(unicodedata.category(c)[0] in "LNPS" for c in name):  # something that is seen
        raise UsageError("nobody is named whom the other side could ask for", hint="give a name")
    if not emails and not phones:
        raise UsageError("there is no way to reach this side", hint="give an e-mail address or a telephone number")
    if len(name) > MAX_NAME or len(note) > MAX_NOTE or len(emails) > MAX_EACH or len(phones) > MAX_EACH:
        raise UsageError("that is too much", hint="a name of 120 characters, a note of 500, 5 addresses, 5 numbers")
    return Details(name, emails, phones, note)


def suggested_details(home: Home, handle: str, circles: Collection[str] | None = None) -> Details | None:
    """How the organisation of an own entry is reached, by its contact record (of these own circles; None: of any);
    None when there is none."""
    with home.store.reading() as db:
        record = _own_entry(db, home, handle).record
        if not is_handle(record.organization):
            return None
        for own in edits.referring(db, home, record.organization):
            contact = listing.parse(own.body) if circles is None or own.circle in circles else None
            if isinstance(contact, Contact) and contact.organization == record.organization:
                name = contact.person or _own_organization(db, home, record, circles)
                phones = tuple(one[:MAX_PHONE] for one in contact.phones[:MAX_EACH])
                return Details(name[:MAX_NAME], contact.emails[:MAX_EACH], phones)
    return None


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
    readers = _readers(db, home, kept.network)
    entry = _own_entry(db, home, kept.about, readers)
    if _signed(db, home, kept.about, readers) is None:
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
        entry = _asked_about(db, home, theirs, circles)
    return entry.network, entry.network_name


def readers(home: Home, network: str) -> frozenset[str]:
    """The own circles of which a network may know, so that somebody may ask it for an entry in them."""
    with home.store.reading() as db:
        return _readers(db, home, network)


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


# --- what travels -----------------------------------------------------------------------------------------------------


def sides_for(db: Database, network: Network) -> tuple[Side, ...]:
    """What this node says in every introduction with a network: first what that has not confirmed, oldest first."""
    return tuple(said for said in _told(db, network) if isinstance(said, Side))


def unanswered(db: Database, network: Network) -> tuple[Seen, ...]:
    """The introductions of which this node holds the other's word and has none of its own to tell."""
    return tuple(said for said in _told(db, network) if isinstance(said, Seen))


def _told(db: Database, network: Network) -> list[Side | Seen]:
    told = (rules.telling(kept.held) for kept in stored.shown_with(db, network.network))
    return [said for said in told if said is not None]


def taken(home: Home, network: Network, sides: Sequence[Side], seen: Sequence[Seen], now: datetime) -> None:
    """What a network says, in one transaction; whatever breaks the rules, or is beyond the limits, changes nothing.

    Nor does anything of a network that was blocked or frozen while its answer was on its way.
    """
    with home.store.writing() as db:
        network = feeds.again(db, network)
        if network.blocked or network.frozen:
            return
        restored = _restored_lately(db, now)
        for side in sides:
            with suppress(FednetError, ValueError):
                _take(db, home, network, side, now, restored)
        for introduction_id, version in seen:
            with suppress(FednetError, ValueError):
                _confirmed(db, network, introduction_id, version, now, restored)


def _restored_lately(db: Database, now: datetime) -> str:
    """When this node was restored from a backup, if others may still tell it what it said before; else empty."""
    at = drafts.setting(db, RESTORED)
    return at if at and at > utc_text(now - RESTORING) else ""


def _take(db: Database, home: Home, network: Network, side: Side, now: datetime, restored: str) -> None:
    kept = stored.one(db, side.introduction)
    at = utc_text(now)
    if kept is not None:
        if kept.network != network.network or kept.role == "both":
            return  # somebody else's
        held = rules.taking(kept.held, side, at, restored)
        if kept.emptied_at is not None:  # what comes after everything was forgotten is not kept either
            held = rules.without_texts(held)
        if held != kept.held:
            _replaced(db, kept, stored.advance(db, kept, held, now), side, now)
        return
    if _is_too_much(db, network, now):
        return
    begun = rules.taking(None, side, at, restored)
    if begun.role == "asker":  # it was asked here before a restore, and nobody knows of it any more
        kept = _new(network, side, begun, "asker", now)._replace(name="")
        stored.empty(db, stored.advance(db, kept, begun, now), now)
    else:
        _begun(db, home, network, side, begun, now)


def _replaced(db: Database, before: Kept, kept: Kept, side: Side, now: datetime) -> None:
    """What the other side takes away is destroyed here as well, with the handle of an entry that it erased."""
    theirs, said = (kept.asking, side.own.handle) if kept.role == "asked" else (kept.about, side.about)
    gone = bool(theirs) and said == rules.erased(theirs)
    if gone:
        stored.forget_handle(db, kept, theirs, now)
    if gone or rules.words(before.held) - rules.words(kept.held):
        destruction.owe(db, prompt=kept.state == "taken-back")


def _is_too_much(db: Database, network: Network, now: datetime) -> bool:
    lately = stored.asked_since(db, network.network, now - timedelta(days=1))
    return lately >= MAX_ASKS_A_DAY or stored.unanswered_of(db, network.network) >= MAX_WAITING


def _begun(db: Database, home: Home, network: Network, side: Side, held: Held, now: datetime) -> None:
    """Somebody asks. About what is not here, or not for them, the node answers by itself, and shows it to nobody."""
    entry = _entry_for(db, home, network, side.about)
    kept = _new(network, side, held, "asked", now)
    if entry is None:
        held = rules.declining(held, utc_text(now)) if held.state == "waiting" else held
        stored.empty(db, stored.advance(db, kept._replace(name=""), held, now), now)
        return
    asker = _named_entry(db, network, side.own.handle)
    kept = kept._replace(body=_body(held, entry, asker))
    steps = []
    if held.state == "waiting" and (is_closed(entry.record) or is_over(entry.record, open_day(now).isoformat())):
        held = rules.declining(held, utc_text(now))
        steps = [Step(utc_text(now), "closed")]
    stored.advance(db, kept, held, now, *steps)


def _new(network: Network, side: Side, held: Held, role: Role, now: datetime) -> Kept:
    at = utc_text(now)
    asking = side.own.handle if role == "asked" else ""
    return Kept(
        side.introduction, network.network, network.name, role, asking, side.about, "waiting", Body(held), at, at
    )  # fmt: skip


def _entry_for(db: Database, home: Home, network: Network, handle: str) -> _Entry | None:
    """The own entry of that handle, if the asking network may read it; None alike for whatever is not there, or is
    hidden."""
    readers = _readers(db, home, network.network)
    with suppress(FednetError):
        entry = _own_entry(db, home, handle, readers)
        return entry if entry.circle in readers else None
    return None


def _named_entry(db: Database, network: Network, handle: str) -> _Entry | None:
    """The entry for which somebody asks, if it is readable here."""
    if not handle:
        return None
    mine = [source for source in index_search.sources(db) if source.network == network.network]
    row = index_search.by_key(db, key_of(handle), [source.feed_id for source in mine])
    record = listing.parse(row.body) if row else None
    if not isinstance(record, Exchange):
        return None
    return _Entry(network.network, network.name, False, handle, PUBLIC, record, Spoken(), _organization(record))


def _confirmed(db: Database, network: Network, id_: str, version: int, now: datetime, restored: str) -> None:
    kept = stored.one(db, id_)
    if kept is None or kept.network != network.network or kept.role == "both":
        return
    held = rules.acknowledged(kept.held, version, utc_text(now), restored)
    if held != kept.held:
        stored.advance(db, kept, held, now)


# --- a backup is restored ---------------------------------------------------------------------------------------------


def after_restore(db: Database, live: Sequence[Kept] | None, now: datetime) -> None:
    """In a database that was restored: `live` is what the one that it replaces held, None when that is lost.

    What was said stays said: it is kept as it was, or heard again from those to whom it was said.
    """
    if live is not None:
        stored.put_kept(db, live)
        return
    drafts.set_setting(db, RESTORED, utc_text(now))
    stored.mark_restored(db, now)


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
        entry = _own_entry(db, home, handle)
        found = entry.record.organization
        return found if is_handle(found) and entry.circle in OF_MEMBERS else None
    return None
