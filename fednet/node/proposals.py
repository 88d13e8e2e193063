"""What members change themselves: saved at once, or proposed and then approved or declined by the secretariat.

```
submit    a member's edit is checked for what members may change; then saved, or kept as a proposal
approve   it is applied to the entry as it stands by then, field by field: what only one side changed is taken from
          that side, what both changed differently is a conflict that a person decides
```
Confirmations and withdrawals never wait.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from fednet.errors import ChangedError, ForbiddenError, NotFoundError, UsageError
from fednet.listing.check import is_handle
from fednet.node import edits
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.ownership import belongs
from fednet.store import accounts, destruction
from fednet.store import proposals as stored
from fednet.store.accounts import Account
from fednet.store.circles import PARTNERS, PUBLIC
from fednet.store.proposals import Proposal

KEPT = timedelta(days=90)
"""How long what became of a proposal is kept for its member to read."""
CIRCLES = (PUBLIC, PARTNERS)
"""The circles among which members choose for their own entries."""

_OF_THE_NETWORK = frozenset({"confirmed"})
NOT_FOR_MEMBERS: dict[str, frozenset[str]] = {
    "organization": _OF_THE_NETWORK | {"membership", "groups"},
    "contact": _OF_THE_NETWORK | {"organization"},
    "event": _OF_THE_NETWORK | {"uid", "sequence"},
    "exchange": _OF_THE_NETWORK | {"organization", "posted"},
    "person": _OF_THE_NETWORK,
}
"""The kinds that members keep themselves, and the fields of each that only the network changes."""


class Proposer(NamedTuple):
    """Whom an edit comes from: an organisation, or a person by the handle of their entry.

    An individual who has no entry yet is named by their account. Of whoever holds a link `handle` is whose entry it is.
    """

    handle: str
    account: Account | None = None
    link: bool = False

    @property
    def name(self) -> str:
        """Whose proposals these are: what a link was used for is not shown to the member, nor the other way round."""
        return stored.by_link(self.handle) if self.link else self.handle


def proposer(account: Account) -> Proposer:
    """Whom a member's account speaks for."""
    if account.role == "individual":
        return Proposer(account.person or stored.by_account(account.id), account)
    if account.organization is None:
        raise ForbiddenError("this account speaks for no organisation")
    return Proposer(account.organization, account)


def submit(
    home: Home,
    by: Proposer,
    kind: str,
    own: Own | None,
    changes: Mapping[str, Any],
    circle: str,
    now: datetime,
    *,
    waits: bool,
) -> Proposal | Own:
    """A member's edit of `own` (None: a new entry); the record as saved or, when it `waits`, the proposal.

    `own` is what the member saw: the entry as it stands, or as they proposed it before. A field of `changes` that is
    None is taken out.
    """
    before: Mapping[str, Any] = own.fields if own else {}
    fields = {name: value for name, value in {**before, **changes, "kind": kind}.items() if value is not None}
    body = edits.body_of(fields)
    after: dict[str, Any] = msgspec.json.decode(body)
    _check_may(by, kind, own, before, after)
    if circle not in (*CIRCLES, own.circle if own else PUBLIC):
        raise ForbiddenError("entries of members are for everybody, or for partner networks")
    with home.store.writing() as db:
        if own is not None and _others(edits.find(db, home, own.handle).fields, by) - _others(after, by):
            raise ForbiddenError("of its hosts, a member takes out only itself", hint="leave the others in")
        if waits:
            return _propose(db, home, by, kind, own, circle, body, now)
        if own is None:
            return _made(db, by, edits.add_in(db, home, kind, after, now, circle))
        return edits.edit_in(db, home, own.handle, changes, now, circle)


def leave(home: Home, handle: str, by: Proposer, now: datetime) -> Own | None:
    """Withdraw a member's own entry, at once. An event of several hosts stays, for the others, without the member:
    then the event as it stands now."""
    with home.store.writing() as db:
        own = edits.find(db, home, handle)
        hosts = [host for host in own.fields.get("hosts", ()) if host != by.handle]
        if own.fields["kind"] == "event" and hosts:
            return edits.edit_in(db, home, handle, {"hosts": hosts}, now)
        edits.withdraw_in(db, home, own, now)
    return None


def _check_may(by: Proposer, kind: str, own: Own | None, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if kind not in NOT_FOR_MEMBERS:
        raise ForbiddenError("members keep no entries of this kind")
    kept = NOT_FOR_MEMBERS[kind] - (frozenset() if own else {"organization"})
    changed = sorted(name for name in kept if before.get(name) != after.get(name))
    if changed:
        raise ForbiddenError(f"only the network itself changes {', '.join(changed)}")
    if kind == "person":
        whose = own is None or own.handle == by.handle
    else:
        whose = belongs(dict(after), own.handle if own else "", by.handle)
    if not whose:
        raise ForbiddenError("an entry that members keep names them", hint="leave your organisation where it stands")


def _others(event: Mapping[str, Any], by: Proposer) -> set[str]:
    """The entries that host an event, but for whoever edits it; names of others are words like any."""
    return {host for host in event.get("hosts", ()) if is_handle(host) and host != by.handle}


def _made(db: Database, by: Proposer, own: Own) -> Own:
    """An individual's own entry belongs to their account, and so does what they proposed before; there is one."""
    if own.fields["kind"] == "person" and by.account is not None and by.account.role == "individual":
        account = accounts.account(db, by.account.id)
        if account is None or account.person is not None:
            raise ChangedError("this member has an entry already", hint="let them change that one")
        accounts.set_person(db, account.id, own.handle)
        stored.repoint(db, by.handle, own.handle)
    return own


def _propose(
    db: Database, home: Home, by: Proposer, kind: str, own: Own | None, circle: str, body: bytes, now: datetime
) -> Proposal:
    account_id = by.account.id if by.account else None
    handle = own.handle if own else None
    if handle is not None:
        earlier = stored.waiting_for(db, handle, by.name)
    else:
        earlier = stored.waiting_new(db, kind, by.name) if kind == "person" else None
    standing = edits.find(db, home, handle) if handle else None
    moves = circle if standing is None or standing.circle != circle else ""
    if earlier is not None:
        stored.revise(db, earlier.id, moves, body, account_id, now)
        return find(db, earlier.id)
    return stored.add(
        db,
        proposer=by.name,
        handle=handle,
        kind=kind,
        circle=moves,
        before=standing.body if standing else None,
        body=body,
        account_id=account_id,
        now=now,
    )


def find(db: Database, id_: int) -> Proposal:
    found = stored.proposal(db, id_)
    if found is None:
        raise NotFoundError("there is no such proposal")
    return found


def as_proposed(db: Database, home: Home, own: Own, by: Proposer) -> tuple[Own, Proposal | None]:
    """An entry as its member would have it: with what waits, or as it stands."""
    waiting = stored.waiting_for(db, own.handle, by.name)
    if waiting is None or waiting.body is None:
        return own, None
    return Own(own.handle, waiting.circle or own.circle, waiting.body, True), waiting


class Merged(NamedTuple):
    """What a proposal changes of the entry as it stands now (None: taken out), and fields that both sides changed."""

    changes: dict[str, Any]
    conflicts: tuple[str, ...]


def merged(before: Mapping[str, Any], proposed: Mapping[str, Any], now: Mapping[str, Any]) -> Merged:
    """Three ways, field by field: see above."""
    mine = [name for name in {**before, **proposed} if before.get(name) != proposed.get(name)]
    news = [name for name in mine if now.get(name) != proposed.get(name)]
    crossed = tuple(sorted(name for name in news if now.get(name) != before.get(name)))
    return Merged({name: proposed.get(name) for name in news}, crossed)


def merge(db: Database, home: Home, proposal: Proposal) -> tuple[Own | None, Merged]:
    """The entry as it stands, and what a proposal that waits would change of it.

    NotFoundError when it, or whoever proposes this, is not listed now.
    """
    after = fields_of(proposal.body)
    if is_entry(proposal.proposer):
        edits.find(db, home, proposal.proposer)
    elif proposal.handle is None and _account(db, proposal) is None:
        raise NotFoundError("whoever proposed this is here no more")
    if proposal.handle is None:
        return None, Merged(after, ())
    own = edits.find(db, home, proposal.handle)
    return own, merged(fields_of(proposal.before), after, own.fields)


def fields_of(body: bytes | None) -> dict[str, Any]:
    """The fields of a body, none of one that is gone."""
    return msgspec.json.decode(body, type=dict[str, Any]) if body else {}


def approve(
    home: Home, id_: int, now: datetime, *, seen: str | None = None, theirs: Collection[str] = (),
    mine: Collection[str] = (),
) -> Own:  # fmt: skip
    """Apply a proposal to the entry as it stands, in one transaction with the decision.

    `mine`: conflicting fields to take from the proposal; `theirs`: fields to leave as they stand, conflicting or not.
    Raises ChangedError when it waits no longer, when it says something else than the one that was `seen` (its
    `version`), when what it is about is not listed now, or when a conflict is left open.
    """
    with home.store.writing() as db:
        proposal = _waiting(db, id_)
        if seen is not None and proposal.version != seen:
            raise ChangedError("the member has changed this proposal meanwhile", hint="look at it again")
        try:
            own, change = merge(db, home, proposal)
        except NotFoundError:
            raise ChangedError("what this is about is not listed now", hint="decline it, or list that again") from None
        left = sorted(set(change.conflicts) - set(mine) - set(theirs))
        if left:
            raise ChangedError(f"the entry itself was changed meanwhile: choose what to keep of {', '.join(left)}")
        taken = {name: value for name, value in change.changes.items() if name not in theirs}
        if own is None:
            done = edits.add_in(db, home, proposal.kind, taken, now, proposal.circle)
            _made(db, Proposer(proposal.proposer, _account(db, proposal)), done)
            stored.became(db, id_, done.handle)
        else:
            done = edits.edit_in(db, home, own.handle, taken, now, proposal.circle or None)
        stored.decide(db, id_, "approved", now)
    return done


def _account(db: Database, proposal: Proposal) -> Account | None:
    return accounts.account(db, proposal.account_id) if proposal.account_id is not None else None


def _waiting(db: Database, id_: int) -> Proposal:
    found = find(db, id_)
    if found.state != "waits":
        raise ChangedError("this proposal waits no longer", hint="look at the list again")
    return found


def decline(home: Home, id_: int, reason: str, now: datetime) -> Proposal:
    """Do not apply a proposal; the member reads why, and may correct it."""
    if not reason.strip():
        raise UsageError("say why, so that the member can correct it")
    with home.store.writing() as db:
        _waiting(db, id_)
        stored.decide(db, id_, "declined", now, reason.strip())
        return find(db, id_)


def withdraw(home: Home, id_: int, by: Proposer, now: datetime) -> Proposal:
    """Take a proposal back, by whom it comes from."""
    with home.store.writing() as db:
        if find(db, id_).proposer != by.handle:
            raise NotFoundError("there is no such proposal")
        _waiting(db, id_)
        stored.decide(db, id_, "withdrawn", now)
        destruction.owe(db, prompt=True)
        return find(db, id_)


def sweep(home: Home, now: datetime) -> int:
    """Destroy what was decided long ago; how many these were."""
    with home.store.writing() as db:
        old = stored.sweep(db, now - KEPT)
        if old:
            destruction.owe(db, prompt=True)
    return old


def is_entry(proposer: str) -> bool:
    """Whether a proposal comes from a listed entry, and not from an account alone."""
    return is_handle(proposer)
