"""Hiding in an emergency: a record, or what is listed of a country, leaves every circle in one act, to be put back.

```
hide      one transaction: what is to go is kept in the table `hidden`, and a draft drops it from its circle
publish   at once, and nothing else with it; whoever follows lets go of it as it arrives
unhide    it is listed again: under a new handle, once an edition has dropped it (SPEC 5.2); references follow
```
With a record go those that are about it: an organisation's contacts, people, needs and offers (also those that say only
its name), twinnings, opinions, the events that it alone holds, the sessions of an event. From what else names it, such
as the roles of a group, it is taken out, where those who read that could look it up. Letters about it that wait are
dropped. What is erased or withdrawn meanwhile stays away, and what is nothing without it goes with it then. Followers
are told to let go, and confirm it; nobody can make them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import ChangedError, FednetError, NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.feed.text import shown
from fednet.formats.reading import identity
from fednet.listing import references
from fednet.listing.check import is_handle
from fednet.listing.places import is_country
from fednet.node import circles, edits, erasure, hidden_keys, linking
from fednet.node.edits import NETWORK, Own
from fednet.node.home import Home
from fednet.node.own import OwnRecords, title_of
from fednet.node.publish import Cosign, publish, uncosigned
from fednet.store import destruction, drafts, feeds, hidden, index, letters, receipts, records
from fednet.store.feeds import Network
from fednet.store.hidden import Hidden
from fednet.store.receipts import Told

NAMED, ABOUT, SEAT, ONLY, SERVES = "named", "about", "seat", "only", "serves"
REASONS = (NAMED, SEAT, ONLY, SERVES, ABOUT)
"""Why a record goes: a person named it; it is there; it is for that country alone; it serves it among others; it is
about another one that goes."""


class Going(msgspec.Struct, frozen=True):
    """A record that goes, or would go; `reason` is one of `REASONS`."""

    handle: str
    kind: str
    title: str
    circle: str
    reason: str


class Touched(msgspec.Struct, frozen=True):
    """A record that stays, and will not name any more what goes."""

    handle: str
    kind: str
    title: str
    circle: str


class Hiding(msgspec.Struct, frozen=True):
    """What one act hides, or would hide. `why`: the handle or the country that was asked for."""

    why: str
    going: tuple[Going, ...]
    touched: tuple[Touched, ...]

    @property
    def digest(self) -> str:
        """A word that differs when other records go."""
        return sha256(" ".join(sorted(one.handle for one in self.going)).encode()).hexdigest()[:32]


class Restored(msgspec.Struct, frozen=True):
    """What was put back. `renamed`: handle before -> now. `stuck`: records that were changed since, and stay so.

    `gone`: how many were about one that was erased or withdrawn meanwhile, and are destroyed.
    """

    records: int
    renamed: dict[str, str]
    stuck: tuple[str, ...] = ()
    gone: int = 0


def asked_for(text: str) -> str:
    """The handle or country that a person means; raises UsageError for anything else."""
    text = text.strip()
    if is_country(text.upper()):
        return text.upper()
    if not is_handle(text.lower()):
        raise UsageError(
            f"{shown(text)} is neither the handle of a record nor the code of a country", hint="such as SY, or a handle"
        )
    return text.lower()


def found(home: Home, text: str, most: int = 20) -> list[Going]:
    """The own records that a person may mean by a name, or a part of it, or by a handle; organisations first."""
    sought = identity(text)
    with home.store.reading() as db:
        if is_handle(text.strip()):
            own = edits.find(db, home, text.strip())
            return [_going(OwnRecords(db, home), own, NAMED)]
        plan = OwnRecords(db, home)
        every = _each(db, plan, '"kind"') if sought else ()
        fits = [_going(plan, own, NAMED) for own in every if sought in identity(_called(own.fields))]
    fits = [one for one in fits if one.kind not in (NETWORK, "opinion")]
    return sorted(fits, key=lambda one: (one.kind != "organization", len(one.title), one.title))[:most]


def _called(fields: Mapping[str, Any]) -> str:
    """All that a record is called, in every language."""
    texts = [*fields.get("names", {}).values(), *fields.get("titles", {}).values()]
    return " | ".join([*texts, *(str(fields.get(name, "")) for name in ("name", "acronym", "person"))])


def _going(own: OwnRecords, one: Own, reason: str) -> Going:
    return Going(one.handle, one.fields["kind"], own.title(one.body), one.circle, reason)


def _each(db: Database, own: OwnRecords, text: str) -> Iterator[Own]:
    """The own records, as they stand, in which a text is found."""
    signing = {one.handle for one in own.signing.values() if one is not None}
    handles = {handle for handle, _ in drafts.bodies_with(db, [feed.id for feed in own.feeds], text) if handle}
    for handle in sorted(handles | signing):
        one = own.find(handle)
        if one is not None and text.encode() in one.body:
            yield one


# --- hiding -----------------------------------------------------------------------------------------------------------


def planned(home: Home, what: str, *, serving: bool = False) -> Hiding:
    """What `hide` would do."""
    with home.store.reading() as db:
        return _Plan(db, home, what, serving).hiding


def hide(home: Home, what: str, now: datetime, *, serving: bool = False, expected: str | None = None) -> Hiding:
    """Take a record (`what` is its handle), or what is listed of a country (its code), out of every circle.

    Of a country go the records that are there and those that are for it alone; with `serving` also those that serve it
    among others. What was hidden before stays so. `expected` is the digest of what a person was shown: ChangedError
    when others would go. Durable when it returns; `spread` signs it.
    """
    with home.store.writing() as db:
        plan = _Plan(db, home, what, serving)
        if expected is not None and expected != plan.hiding.digest:
            raise ChangedError("other records would be hidden than were shown", hint="look at the list again")
        plan.keep(now)
        hidden_keys.note(home.path, "hide", plan.found)
    return plan.hiding


def reapply(home: Home, now: datetime, keys: Collection[bytes] | None = None) -> int:
    """Hide again what a database of an older day lists, though it was hidden since; how many records.

    `keys`: what was hidden, as it is noted elsewhere than beside that database.
    """
    keys = hidden_keys.kept(home.path) if keys is None else keys
    if not keys:
        return 0
    found = 0
    with home.store.writing() as db:
        every = list(_each(db, OwnRecords(db, home), '"kind"'))
        listed = [own for own in every if key_of(own.handle) in keys and own.fields["kind"] != NETWORK]
        for own in sorted(listed, key=lambda one: (one.fields["kind"] != "organization", one.handle)):
            if hidden.taken_out(db, own.handle) is None:  # it has not gone with another one
                plan = _Plan(db, home, own.handle, False)
                plan.keep(now)
                found += len(plan.found)
        index.conceal(db, [row.handle for row in hidden.hidden(db)])
    return found


class _Plan:
    """One act of hiding, worked out on one snapshot."""

    def __init__(self, db: Database, home: Home, what: str, serving: bool) -> None:
        self.db, self.home, self.why = db, home, what
        self.own = OwnRecords(db, home)
        self.found: dict[str, tuple[Own, str]] = {}
        begin = self._record(what) if is_handle(what) else self._of_country(what, serving)
        for own, reason in begin:
            self.found.setdefault(own.handle, (own, reason))
        self.naming = self._naming() if self.found else {}
        self.called = self._called() if self.found else {}
        self._close()
        self.left = list(self._left())
        self.hiding = Hiding(
            what,
            tuple(_going(self.own, own, reason) for own, reason in self.found.values()),
            tuple(Touched(o.handle, o.fields["kind"], self.own.title(o.body), o.circle) for o, _ in self.left),
        )

    def _record(self, handle: str) -> Iterator[tuple[Own, str]]:
        own = edits.find(self.db, self.home, handle)
        if own.fields["kind"] == NETWORK:
            raise UsageError("a network cannot hide what it says of itself", hint="withdraw it")
        yield own, NAMED

    def _of_country(self, country: str, serving: bool) -> Iterator[tuple[Own, str]]:
        for own in _each(self.db, self.own, f'"{country}"'):
            reason = _in_country(own.fields, country)
            if reason and (serving or reason != SERVES):
                yield own, reason

    def _naming(self) -> Mapping[str, list[Own]]:
        """By handle the own records that mention it."""
        found: dict[str, list[Own]] = {}
        for own in _each(self.db, self.own, '"kind"'):
            for handle in set(references.handles(own.body)) - {own.handle}:
                found.setdefault(handle, []).append(own)
        return found

    def _called(self) -> Mapping[str, list[Own]]:
        """By handle of an own organisation the needs, offers and twinnings that say only its name."""
        names: dict[str, list[Own]] = {}
        for text in ('"kind":"exchange"', '"kind":"twinning"'):
            for own in _each(self.db, self.own, text):
                for name in linking.names(own.fields):
                    names.setdefault(identity(name), []).append(own)
        every = _each(self.db, self.own, '"kind":"organization"') if names else ()
        return {
            own.handle: [other for name in linking.called(own.fields) for other in names.get(name, ())] for own in every
        }

    def _close(self) -> None:
        """Whatever is about a record that goes, goes with it."""
        new = list(self.found)
        while new:
            gone = new.pop()
            for own in self.naming.get(gone, ()):
                if own.handle not in self.found and _is_about(own, gone, self.found):
                    self.found[own.handle] = (own, ABOUT)
                    new.append(own.handle)
            for own in self.called.get(gone, ()):
                if own.handle not in self.found:
                    self.found[own.handle] = (own, ABOUT)
                    new.append(own.handle)

    def _left(self) -> Iterator[tuple[Own, bytes]]:
        """The records that stay, each with what is left of it when it does not name any more what goes."""
        bodies: dict[str, tuple[Own, bytes]] = {}
        for gone, (going, _) in self.found.items():
            for own in self.naming.get(gone, ()):
                if own.handle not in self.found and circles.reads(self.db, going.circle, own.circle):
                    body = _without(bodies.get(own.handle, (own, own.body))[1], gone)
                    bodies[own.handle] = (own, body)
        return iter(bodies.values())

    def keep(self, now: datetime) -> None:
        """Do it, in the surrounding transaction."""
        rows: list[tuple[str, str, str, bytes, bytes | None]] = []
        for own, _ in self.found.values():
            rows.append((own.handle, self.why, own.circle, own.body, None))
            self.own.withdraw(own, now)
            letters.forget(self.db, own.handle)
        for own, body in self.left:
            self.own.put(own._replace(body=body), now)
            stands = self.own.find(own.handle)
            rows.append((own.handle, self.why, own.circle, own.body, stands.body if stands else body))
        earlier = {row.handle: row for row in hidden.hidden(self.db, self.why)}
        hidden.remove(self.db, [earlier[row[0]] for row in rows if row[0] in earlier])
        hidden.keep(self.db, [_with_earlier(row, earlier.get(row[0])) for row in rows], now)
        index.conceal(self.db, self.found)


Row = tuple[str, str, str, bytes, bytes | None]


def _with_earlier(row: Row, earlier: Hidden | None) -> Row:
    """A record that the same act touched before, when it is touched or goes now: what it was before both is kept."""
    handle, why, circle, body, after = row
    if earlier is None or earlier.after is None:
        return row
    return handle, why, circle, merged(earlier.body, earlier.after, body), after


def _in_country(fields: Mapping[str, Any], country: str) -> str | None:
    """Why a record is of a country; None when it only mentions it elsewhere."""
    places = [fields.get("seat"), fields.get("place")]
    there = [fields.get("country"), *(place.get("country") for place in places if isinstance(place, dict))]
    if country in there:
        return SEAT
    served = fields.get("countries")
    if isinstance(served, list) and country in served:
        elsewhere = [one for one in there if one]
        return ONLY if served == [country] and not elsewhere else SERVES
    return None


def _is_about(own: Own, gone: str, found: Mapping[str, object]) -> bool:
    """Whether a record is nothing, or would betray it, without another one."""
    fields = own.fields
    match fields["kind"]:
        case "contact" | "person" | "exchange":
            return bool(fields.get("organization") == gone)
        case "event":
            holders = [*fields.get("hosts", ()), *fields.get("convenors", ())]
            return fields.get("parent") == gone or (gone in holders and all(one in found for one in holders))
        case "opinion":
            return True
        case _:
            return references.repointed(own.body, gone, None) is None


def _needs(body: bytes, handle: str, gone: set[str]) -> bool:
    """Whether a record is nothing without another one, or an event has no host left."""
    fields = msgspec.json.decode(body)
    holders = [*fields.get("hosts", ()), *fields.get("convenors", ())] if fields["kind"] == "event" else []
    return references.repointed(body, handle, None) is None or (bool(holders) and gone.issuperset(holders))


def _without(body: bytes, handle: str) -> bytes:
    """A body that does not name a handle any more; the role that only it held goes with it."""
    fields = msgspec.json.decode(body)
    if isinstance(fields.get("roles"), list):
        roles = [one for one in fields["roles"] if not (isinstance(one, dict) and one.get("holder") == handle)]
        fields = {name: value for name, value in {**fields, "roles": roles}.items() if value != []}
    return references.repointed(listing.encode(fields), handle, None) or body


# --- putting back -----------------------------------------------------------------------------------------------------


def unhide(home: Home, what: str, now: datetime) -> Restored:
    """Put back what an act hid (`what` is its record or country), or one record of it; the next edition lists it.

    Raises NotFoundError when nothing of that is hidden, UsageError for a record that is nothing without a hidden one.
    """
    with home.store.writing() as db:
        rows = hidden.hidden(db, what)
        if not rows:
            one = hidden.taken_out(db, what)
            if one is None:
                raise NotFoundError(f"nothing is hidden under {what}", hint="fednet hide --list")
            rows = [one]
        restored = _PuttingBack(db, home, rows, now).restored
        index.conceal(db, [row.handle for row in rows])
    hidden_keys.note(home.path, "show", [row.handle for row in rows if row.after is None])
    return restored


class _PuttingBack:
    def __init__(self, db: Database, home: Home, rows: list[Hidden], now: datetime) -> None:
        self.db, self.home, self.now = db, home, now
        self.own = OwnRecords(db, home)
        hidden.remove(db, rows)
        every = [row for row in rows if row.after is None]
        self.gone = self._gone(rows)
        back = [row for row in every if row.handle not in self.gone]
        if len(back) < len(every):
            destruction.owe(db, prompt=True)
        self.renamed = {row.handle: self._handle(row.handle) for row in back}
        self.renamed = {old: new for old, new in self.renamed.items() if old != new}
        self.stuck: list[str] = []
        for row in back:
            self._list(row)
        for old, new in self.renamed.items():
            self._rename(old, new)
        hidden.revise(db, self._renaming)
        for row in rows:
            if row.after is not None:
                self._give_back(row, row.after)
        self.restored = Restored(len(back), self.renamed, tuple(self.stuck), len(every) - len(back))

    def _gone(self, rows: list[Hidden]) -> set[str]:
        """Handles in these that are listed no more, and those of records that are nothing without them."""
        named = {row.handle: set(references.handles(row.body)) - {row.handle} for row in rows}
        others = set().union(*named.values()) - named.keys()
        gone = {handle for handle in others if self._was_taken_out(handle)}
        more = True
        while more:
            more = False
            for row in [row for row in rows if row.after is None]:
                lost = named[row.handle] & gone
                if row.handle not in gone and any(_needs(row.body, one, gone) for one in lost):
                    gone.add(row.handle)
                    more = True
        return gone

    def _was_taken_out(self, handle: str) -> bool:
        """Whether an own edition listed a record, and it was erased or withdrawn since; not while it is hidden."""
        if self.own.find(handle) is not None or self.own.listed(handle) is not None:
            return False
        key = key_of(handle)
        return hidden.taken_out(self.db, handle) is None and any(
            records.tombstone(self.db, feed.id, key) or records.was_dropped(self.db, feed.id, key)
            for feed in self.own.feeds
        )

    def _handle(self, handle: str) -> str:
        return handle if self.own.listed(handle) is not None else edits.new_handle()

    def _renaming(self, body: bytes) -> bytes:
        fields = msgspec.json.decode(body)
        changed = references.moved(fields, self.renamed)
        return body if changed == fields else listing.encode(changed)

    def _list(self, row: Hidden) -> None:
        """The record again, but for what it says of others that are still hidden."""
        body, names = self._renaming(row.body), []
        for other in sorted(set(references.handles(body))):
            if other in self.gone:
                body = _without(body, other)
                continue
            still = hidden.taken_out(self.db, other)
            if still is None or not circles.reads(self.db, still.circle, row.circle):
                continue
            if references.repointed(body, other, None) is None or _is_about(Own(row.handle, "", body, True), other, {}):
                raise UsageError(
                    f"{title_of(row.body)} is about {title_of(still.body)}, which is hidden", hint="put that back first"
                )
            names.append(still)
        handle = self.renamed.get(row.handle, row.handle)
        left = body
        for still in names:
            left = _without(left, still.handle)
        self.own.put(Own(handle, row.circle, left, True), self.now)
        for why in dict.fromkeys(still.why for still in names):
            hidden.keep(self.db, [(handle, why, row.circle, body, left)], self.now)

    def _rename(self, old: str, new: str) -> None:
        stands = self.own.find(new)
        if stands is None:
            return
        drafts.move_imported(self.db, old, new, stands.circle)
        hidden.rename(self.db, old, new)
        edits.repoint(self.db, self.home, stands._replace(handle=old), stands, self.now)

    def _give_back(self, row: Hidden, after: bytes) -> None:
        """What was taken out of a record that stayed."""
        handle = self.renamed.get(row.handle, row.handle)
        before, after = self._renaming(row.body), self._renaming(after)
        for one in self.gone.intersection(references.handles(before)):
            before = _without(before, one)
        kept = hidden.taken_out(self.db, handle)
        if kept is not None:  # hidden itself since: it comes back with it
            hidden.remove(self.db, [kept])
            whole = merged(before, after, kept.body)
            hidden.keep(self.db, [(kept.handle, kept.why, kept.circle, whole, None)], self.now)
            return
        stands = self.own.find(handle)
        if stands is None:
            return
        body = merged(before, after, stands.body)
        try:
            edits.body_of(msgspec.json.decode(body))
        except FednetError:
            self.stuck.append(handle)
            return
        self.own.put(stands._replace(body=body), self.now)


def merged(before: bytes, after: bytes, stands: bytes) -> bytes:
    """A record as it stands, with what once made `after` of `before` taken back, field by field.

    A list that was changed since gets back what was taken out of it, near where it was; any other field that was
    changed since stays.
    """
    was, left, now = (msgspec.json.decode(body) for body in (before, after, stands))
    for name in was:
        if was[name] == left.get(name):
            continue
        if now.get(name) == left.get(name):
            now[name] = was[name]
        elif isinstance(was[name], list) and isinstance(now.get(name, []), list):
            now[name] = _with_items(now.get(name, []), was[name], left.get(name, []))
    return listing.encode(now)


def _with_items(now: list[Any], was: list[Any], left: list[Any]) -> list[Any]:
    found = list(now)
    for at, item in enumerate(was):
        if item not in left and item not in found:
            found.insert(at, item)
    return found


# --- what became of it ------------------------------------------------------------------------------------------------


def spread(home: Home, now: datetime, *, cosign: Cosign = uncosigned) -> None:
    """Sign at once what was hidden, and nothing else. Raises when that cannot be: it still waits to be signed then."""
    with home.store.writing() as db:
        _drop_again(db, home, now)
    with home.store.reading() as db:
        only = {row.handle for row in hidden.hidden(db)}
        waits = {found.circle for handle in only if (found := drafts.draft(db, handle)) is not None}
        waits |= set(drafts.circles_prepared(db))
    if waits:
        publish(home, now, circles=waits, cosign=cosign, only=only)


def _drop_again(db: Database, home: Home, now: datetime) -> None:
    """Whatever is hidden and listed all the same is to be dropped, however that came."""
    own = OwnRecords(db, home)
    for row in hidden.hidden(db):
        if row.after is None and (stands := own.find(row.handle)) is not None:
            own.withdraw(stands, now)


class Act(NamedTuple):
    """One act of hiding that stands. `signed` is None while it is still to be signed."""

    why: str
    at: str
    hidden: tuple[Hidden, ...]
    touched: int
    title: str


def acts(home: Home) -> list[Act]:
    """What is hidden now, the newest act first."""
    with home.store.reading() as db:
        every = hidden.hidden(db)
    found = []
    for why in dict.fromkeys(row.why for row in every):
        rows = [row for row in every if row.why == why]
        gone = tuple(row for row in rows if row.after is None)
        title = next((title_of(row.body) for row in gone if row.handle == why), "")
        found.append(Act(why, max(row.at for row in rows), gone, len(rows) - len(gone), title))
    return sorted(found, key=lambda act: act.at, reverse=True)


def titles(home: Home, rows: Iterable[Hidden]) -> list[str]:
    """What hidden records were called; a contact of nobody in person as its organisation."""
    with home.store.reading() as db:
        own = OwnRecords(db, home)
        whose = {row.handle: row.body for row in hidden.hidden(db)}
        found = []
        for row in rows:
            fields = msgspec.json.decode(row.body)
            about = str(fields.get("organization", ""))
            nameless = fields.get("kind") == "contact" and not fields.get("person")
            found.append(title_of(whose[about]) if nameless and about in whose else own.title(row.body))
    return found


class Heard(NamedTuple):
    """Whether a network that may read a circle has confirmed that what was hidden from it is gone there."""

    circle: str
    network: Network
    confirmed: bool
    told: Told | None


def heard(home: Home, rows: Iterable[Hidden]) -> tuple[list[str], list[Heard]]:
    """The circles that these records are still in, for want of a signature; and who has confirmed that they went."""
    by_circle: dict[str, list[str]] = {}
    for row in rows:
        by_circle.setdefault(row.circle, []).append(row.handle)
    unsigned, found = [], []
    with home.store.reading() as db:
        for circle, handles in sorted(by_circle.items()):
            feed = feeds.feed(db, home.network, circle)
            edition = hidden.dropped_at(db, feed.id, handles) if feed else 0
            if edition is None:
                unsigned.append(circle)
            elif edition and feed is not None:
                said = receipts.told(db, circle)
                found += [
                    Heard(circle, one, erasure.holds(feed, said.get(one.id), edition), said.get(one.id))
                    for one in erasure.audience(db, circle)
                ]
    return unsigned, found
