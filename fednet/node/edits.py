"""Editing this network's own records: every edit is durable when it returns, and signed by the next edition."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet import listing
from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import Put, check_body, check_handle, key_of
from fednet.listing import ListingError, references
from fednet.listing.check import text
from fednet.node import circles, completing, revisions
from fednet.node.home import Home
from fednet.node.linking import NAMING, OwnOrganizations
from fednet.store import accounts, acts, applications, drafts, exchanges, feeds, hidden, introductions, proposals
from fednet.store import search as index_search
from fednet.store.circles import PUBLIC
from fednet.store.drafts import Action, Draft
from fednet.store.feeds import Feed
from fednet.store.index import confirmed_day

CLOSED_KINDS = frozenset({"contact", "person"})  # circle `partners` unless chosen otherwise
NETWORK = "network"
"""The kind of the one record, a public one, in which a network speaks of itself."""
DATES_DIFFER = timedelta(days=1)  # somewhere it is tomorrow already


class Own(NamedTuple):
    """One of this network's records as it stands, drafts included. `draft`: not signed yet."""

    handle: str
    circle: str
    body: bytes
    draft: bool

    @property
    def fields(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


def usual_circle(kind: str) -> str:
    return "partners" if kind in CLOSED_KINDS else "public"


class Difference(msgspec.Struct, frozen=True):
    """A field of a record before and after; None where it is not there."""

    field: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields that are not the same, by name."""
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(Difference(name, before.get(name), after.get(name)) for name in names)


def new_handle() -> str:
    return str(uuid.uuid4())


def body_of(fields: Mapping[str, Any]) -> bytes:
    """Fields as their user entered them, checked strictly, in the form that is signed (RFC 8785)."""
    found = listing.normalize(dict(fields))
    if found.get("rrule"):
        _check_rule(found)
    return check_body(listing.encode(found))


def _check_rule(event: Mapping[str, Any]) -> None:
    """Refuse a recurrence that no calendar could follow (RFC 5545, 3.3.10)."""
    from fednet.formats.recurrence import RuleError, comes_true

    try:
        comes_true(dict(event))
    except RuleError as error:
        raise ListingError("rrule", event["rrule"], f"cannot be followed: {error.detail}", hint=_RULES) from None


def check_days(fields: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> None:
    """Refuse that something was confirmed, posted or closed on a day that has not come, of fields as `body_of` leaves
    them; what was said `before` may stay."""
    said = {name: fields[name] for name in _PAST if fields.get(name) and fields[name] != before.get(name)}
    _check_confirmed(said, now)
    for name in said.keys() & {"posted", "closed"}:
        if said[name] > (now.date() + DATES_DIFFER).isoformat():
            raise ListingError(name, said[name], "has not come yet", hint="leave it out for today")


_PAST = ("confirmed", "posted", "closed")


def _check_confirmed(fields: Mapping[str, Any], now: datetime) -> None:
    at = (fields.get("confirmed") or {}).get("at", "")
    day, latest = confirmed_day(at), confirmed_day((now.date() + DATES_DIFFER).isoformat())
    if day is not None and latest is not None and day > latest:
        raise ListingError("confirmed.at", at, "has not come yet", hint="fednet confirm says that it is right today")


_RULES = "write it as FREQ=WEEKLY;BYDAY=WE;COUNT=6"


def add(home: Home, kind: str, fields: Mapping[str, Any], now: datetime, circle: str | None = None) -> Own:
    """A new record; raises ListingError (naming the field) on anything that makes no sense."""
    with home.store.writing() as db:
        return add_in(db, home, kind, fields, now, circle)


def add_in(
    db: Database, home: Home, kind: str, fields: Mapping[str, Any], now: datetime, circle: str | None = None
) -> Own:
    """`add` inside a transaction of the caller."""
    own = begun(db, home, kind, fields, now, circle)
    if kind == NETWORK:
        check_only(db, home, own)
    drafts.save(db, [Draft(own.handle, own.circle, "put", own.body)], now)
    return own


def begun(
    db: Database, home: Home, kind: str, fields: Mapping[str, Any], now: datetime, circle: str | None = None
) -> Own:
    """A new record as it would be kept: nothing is written."""
    if fields.get("kind", kind) != kind:
        raise UsageError(f"the fields say kind {fields['kind']!r}, expected {kind!r}")
    whole = completing.begun(msgspec.json.decode(body_of({**fields, "kind": kind})), home.network.network, now)
    where = circles.check_known(db, circle or usual_circle(kind))
    if kind in NAMING:
        whole = OwnOrganizations(db, home).linked(whole, where)
    own = Own(new_handle(), where, check_body(listing.encode(whole)), True)
    check_days(own.fields, {}, now)
    revisions.check_given(own.fields, {})
    own = own._replace(body=revisions.body_above(db, home.network.network, own, None))
    check_names(db, own.body)
    return own


def edit(home: Home, handle: str, fields: Mapping[str, Any], now: datetime, circle: str | None = None) -> Own:
    """Change the given fields of a record; a field given as null is taken out. The kind stays.

    An event of which those who come must hear gets a higher `sequence`, if the one given is not higher. To another
    `circle` a signed record moves under a new handle: see `move`.
    """
    with home.store.writing() as db:
        return edit_in(db, home, handle, fields, now, circle)


def edit_in(
    db: Database, home: Home, handle: str, fields: Mapping[str, Any], now: datetime, circle: str | None = None
) -> Own:
    """`edit` inside a transaction of the caller."""
    own = find(db, home, handle)
    changed = {**own.fields, **fields}
    if changed["kind"] != own.fields["kind"]:
        raise UsageError(f"the record is of kind {own.fields['kind']!r}, and that cannot change")
    body = body_of({name: value for name, value in changed.items() if value is not None})
    whole = completing.edited(msgspec.json.decode(body), own.fields, home.network.network, now)
    if changed["kind"] in NAMING and fields.keys() & {"organization", "organizations"}:
        where = circles.check_known(db, circle) if circle else own.circle
        whole = OwnOrganizations(db, home).linked(whole, where)
    body = check_body(listing.encode(whole))
    check_days(msgspec.json.decode(body), own.fields, now)
    check_names(db, body, own.body)
    if own.fields["kind"] == "event":
        body = _revised(db, home, own, body)
    if circle is not None and circles.check_known(db, circle) != own.circle:
        if own.fields["kind"] == NETWORK:
            raise UsageError("what a network says of itself is public", hint="leave --circle out")
        return move(db, home, own, Own(handle, circle, body, True), now)
    if body == own.body:
        return own
    drafts.save(db, [Draft(handle, own.circle, "put", body)], now)
    return Own(handle, own.circle, body, True)


def check_names(db: Database, body: bytes, before: bytes = b"") -> None:
    """Refuse a body that names a hidden record which the one `before` it did not: whoever read it would learn of it."""
    named = set(references.handles(body)) - set(references.handles(before))
    if any(hidden.taken_out(db, handle) for handle in named):
        raise UsageError("it names an entry that is hidden", hint="take the name out, or put that back first")


def _revised(db: Database, home: Home, own: Own, body: bytes) -> bytes:
    """The body of an event with a `sequence` from which subscribers see that it was revised since it was signed."""
    edited = own._replace(body=body)
    revisions.check_given(edited.fields, own.fields)
    return revisions.body_above(db, home.network.network, edited, _signed_in(db, home, own.handle, own.circle))


def _signed_in(db: Database, home: Home, handle: str, circle: str) -> bytes | None:
    feed = feeds.feed(db, home.network, circle)
    return _signed(db, feed, handle) if feed else None


def move(db: Database, home: Home, own: Own, moved: Own, now: datetime) -> Own:
    """List a record in another circle, in a transaction of the caller: a handle is of one circle, so it gets a new one.

    In the circle it leaves it is erased, unless everybody there may read it in the other one; then it is dropped. Own
    references follow it where all who read them may follow, and are taken out where nobody may know of it any more.
    """
    if is_listed(db, home, own.handle, own.circle):
        moved = moved._replace(handle=new_handle())
        action: Action = "drop" if circles.reads(db, moved.circle, own.circle) else "erase"
        drafts.save(db, [Draft(own.handle, own.circle, action, None)], now)
    drafts.save(db, [Draft(moved.handle, moved.circle, "put", moved.body)], now)
    drafts.move_imported(db, own.handle, moved.handle, moved.circle)
    proposals.stay(db, own.handle)
    repoint(db, home, own, moved, now)
    return moved


def repoint(db: Database, home: Home, own: Own, moved: Own, now: datetime) -> None:
    """Follow a move in all own records that refer to the record, in what imports remember of them, in accounts, in the
    audit log, in what members proposed, in applications, in what was dismissed, and in what is hidden."""
    accounts.repoint(db, own.handle, moved.handle)
    acts.repoint(db, own.handle, moved.handle)
    proposals.repoint(db, own.handle, moved.handle)
    introductions.repoint(db, own.handle, moved.handle)
    exchanges.repoint(db, own.handle, moved.handle)
    applications.repoint(db, own.handle, moved.handle)
    _repoint_hidden(db, own, moved)
    stuck = []
    for other in referring(db, home, own.handle):
        if circles.reads(db, moved.circle, other.circle):
            target: str | None = moved.handle
        elif circles.reads(db, own.circle, other.circle):
            target = None
        else:  # whoever reads it could not follow the reference before: changing it would tell them something
            continue
        body = references.repointed(other.body, own.handle, target)
        if body is None:
            stuck.append(other)
        elif body != other.body:
            drafts.save(db, [Draft(other.handle, other.circle, "put", body)], now)
            drafts.revise_imported(db, other.handle, partial(_as_repointed, old=own.handle, new=target))
    if stuck:
        named = ", ".join(f"{other.fields['kind']} {other.handle} in {other.circle}" for other in stuck[:3])
        raise UsageError(
            f"{len(stuck)} records would be left without what they are about: {named}",
            hint=f"move or withdraw them first: fednet edit {stuck[0].handle} --circle {moved.circle}",
        )


def _repoint_hidden(db: Database, own: Own, moved: Own) -> None:
    """What is hidden names the record as it is, when it is put back."""
    for row in hidden.hidden(db):
        if own.handle.encode() in row.body:
            new = moved.handle if circles.reads(db, moved.circle, row.circle) else None
            after = row.after and _as_repointed(row.after, own.handle, new)
            hidden.rewrite(db, row, _as_repointed(row.body, own.handle, new), after)


def _as_repointed(body: bytes, old: str, new: str | None) -> bytes:
    return references.repointed(body, old, new) or body


def referring(db: Database, home: Home, handle: str) -> list[Own]:
    """This network's records as they stand, drafts included, that mention a handle."""
    own = feeds.feeds(db, home.network)
    mentioned = {found for feed in own for found in drafts.mentioning(db, feed.id, handle)}
    for feed in own:
        changes = drafts.prepared_changes(db, feed)
        mentioned |= {change.handle for change in changes if isinstance(change, Put) and handle.encode() in change.body}
    found = []
    for one in sorted(mentioned - {handle}):
        with suppress(NotFoundError):  # withdrawn already
            found.append(find(db, home, one))
    return found


def confirm(home: Home, handles: Iterable[str], by: str | None, at: date, now: datetime) -> list[Own]:
    """Say of records that they are still right: all of them or, when one is not listed by this network, none.

    `by` is a role or an organisation, by default the network itself; nobody need be named. `at` is a day, not one to
    come.
    """
    if at > now.date() + DATES_DIFFER:
        raise UsageError(f"{at} has not come yet", hint="leave --at out for today")
    said = {"confirmed": {"at": at.isoformat(), "by": text(by or home.network.name, "by")}}
    with home.store.writing() as db:
        found = [find(db, home, handle) for handle in dict.fromkeys(handles)]
        confirmed = [own._replace(body=check_body(listing.encode({**own.fields, **said})), draft=True) for own in found]
        changed = [new for own, new in zip(found, confirmed, strict=True) if own.body != new.body]
        drafts.save(db, [Draft(own.handle, own.circle, "put", own.body) for own in changed], now)
    return confirmed


def of_itself(db: Database, home: Home) -> Own | None:
    """The record in which this network speaks of itself, drafts included."""
    mine = [feed.id for feed in feeds.feeds(db, home.network)]
    handles = [listed.handle for listed in index_search.of_kind(db, listing.KIND_NUMBERS[NETWORK], mine)]
    handles += [draft.handle for draft in drafts.drafts(db, PUBLIC) if _is_of_network(draft.body)]
    for handle in handles:
        with suppress(NotFoundError):  # withdrawn already
            return find(db, home, handle)
    return None


def check_only(db: Database, home: Home, own: Own) -> None:
    """Refuse a second record of the network about itself, and one that is not public."""
    if own.circle != PUBLIC:
        raise UsageError("what a network says of itself is public", hint="leave --circle out")
    known = of_itself(db, home)
    if known is not None and known.handle != own.handle:
        raise UsageError(
            "this network has a record about itself already: a network lists one",
            hint=f"fednet network edit --json FILE, or fednet edit {known.handle} --json FILE",
        )


def _is_of_network(body: bytes | None) -> bool:
    return body is not None and b'"network"' in body and isinstance(listing.parse(body), listing.Network)


def withdraw(home: Home, handle: str, now: datetime) -> Own:
    """Take a record out of the feed with the next edition; a draft that was never signed just goes."""
    with home.store.writing() as db:
        own = find(db, home, handle)
        withdraw_in(db, home, own, now)
    return own


def withdraw_in(db: Database, home: Home, own: Own, now: datetime) -> None:
    """`withdraw` inside a transaction of the caller."""
    signed = _signed_in(db, home, own.handle, own.circle)
    if signed is not None:
        drafts.save(db, [Draft(own.handle, own.circle, "drop", None)], now)
        revisions.remember_withdrawn(db, home.network.network, own, signed)
    else:
        drafts.discard(db, own.handle)
    drafts.forget_imported(db, [own.handle])
    introductions.end(db, own.handle, now)


def is_listed(db: Database, home: Home, handle: str, circle: str) -> bool:
    return _signed_in(db, home, handle, circle) is not None


def find(db: Database, home: Home, handle: str) -> Own:
    """This network's record under a handle, the draft before the signed one."""
    check_handle(handle)
    waiting = drafts.draft(db, handle)
    if waiting is not None and waiting.action == "put" and waiting.body is not None:
        return Own(handle, waiting.circle, waiting.body, True)
    if waiting is None:
        for feed in feeds.feeds(db, home.network):
            body = _signed(db, feed, handle)
            if body is not None:
                return Own(handle, feed.circle, body, False)
    kept = hidden.taken_out(db, handle)
    if kept is not None:
        raise NotFoundError(f"the record is hidden since {kept.at}", hint=f"fednet hide {handle} --undo puts it back")
    raise NotFoundError(f"this network lists no record {handle}", hint="fednet search, or fednet show HANDLE")


def _signed(db: Database, feed: Feed, handle: str) -> bytes | None:
    """The body in the edition that is being signed at this moment, else in the newest one."""
    for change in drafts.prepared_changes(db, feed):
        if change.key == key_of(handle):
            return change.body if isinstance(change, Put) else None
    return drafts.listed(db, feed.id, handle)
