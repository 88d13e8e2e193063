"""What `status` shows: this node's own head first, then each followed network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
import msgspec

from fednet.cli.output import counted, say, show_fields, show_table
from fednet.feed.text import utc_text

if TYPE_CHECKING:
    from fednet.directory.networks import Circle, Network
    from fednet.node.home import Home
    from fednet.node.messages import Undelivered
    from fednet.node.receipts import Received

NEWS = timedelta(days=90)
SILENCE = {"expired": "its newest edition was to be renewed by", "unheard": "nothing of it was verified here since"}
WHAT_TO_DO = "fednet sync tries again; fednet doctor looks at this side"


class Receipt(msgspec.Struct, frozen=True):
    """The newest position of an own circle that a network has confirmed to hold, and when."""

    network: str
    name: str
    newest: str
    at: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One circle of one network.

    `age` is how many seconds ago its edition was signed, `lag` how many seconds ago it was verified here; `drafts` are
    edits that wait for the next edition; `ahead` is an edition dated in the future; `forgotten` is a feed that expired
    so long ago that it is shown nowhere; `opened` is when the network began this epoch, with new keys, and `believed`
    the last position that counts of what the old ones signed; `receipts` tell who has confirmed which position of an
    own circle; `organizations` are counted, and how many of their entries are `complete`, `stale` or `never_confirmed`
    in the sense of docs/decisions/0018; `withheld` are the records that this network keeps from the public, None (not
    told) of others; `silent` is why a network is, and `silent_since`; `destroying` while copies of something that was
    erased are left here; `untold` are introductions of which the network has not heard what this one said last, since
    when, and why (with the public circle); `hint` says what to do about what
    is wrong.
    """

    network: str
    name: str
    fingerprint: str
    own: bool
    partner: bool = False
    blocked: bool = False
    circle: str
    epoch: int = 0
    edition: int = 0
    records: int = 0
    erased: int = 0
    kinds: dict[str, int] = {}
    drafts: int = 0
    issued: str | None = None
    expires: str | None = None
    expired: bool = False
    ahead: bool = False
    forgotten: bool = False
    frozen: str | None = None
    witnessed: bool | None = None
    opened: str | None = None
    believed: str | None = None
    age: int | None = None
    verified_at: str | None = None
    lag: int | None = None
    silent: str | None = None
    silent_since: str | None = None
    organizations: int = 0
    complete: int = 0
    stale: int = 0
    never_confirmed: int = 0
    withheld: int | None = None
    receipts: tuple[Receipt, ...] = ()
    destroying: bool = False
    untold: int = 0
    untold_since: str | None = None
    untold_error: str | None = None
    tried_at: str | None = None
    source: str | None = None
    error: str | None = None
    hint: str | None = None


def lines(home: Home) -> list[Line]:
    """Every circle that this node publishes or has drafts for, every feed that it follows."""
    from fednet.directory.networks import networks
    from fednet.directory.search import OPERATOR
    from fednet.node import messages, standing
    from fednet.node.home import now
    from fednet.node.receipts import received
    from fednet.store import destruction, drafts

    moment, confirmed = now(), received(home)
    with home.store.reading() as db:
        destroying = destruction.is_owed(db)
        waiting = {circle: len(drafts.drafts(db, circle)) for circle in drafts.circles_with_drafts(db)}
    found = []
    for network in networks(home.store, OPERATOR, moment):
        found += [_line(network, circle, waiting.get(circle.circle, 0), moment) for circle in network.circles]
        if network.own:
            opened = {circle.circle for circle in network.circles}
            found += [_unopened(network, circle, count) for circle, count in waiting.items() if circle not in opened]
    found = [_with_receipts(line, confirmed, destroying) for line in found]
    untold = {one.network.network: one for one in messages.undelivered(home)}
    found = [_with_untold(line, untold.get(line.network)) for line in found]
    halted = standing.halted(home)
    if halted is None:
        return found
    wrong = {"error": halted.detail, "hint": halted.hint}
    return [msgspec.structs.replace(line, **wrong) if line.own else line for line in found]


def _line(network: Network, circle: Circle, waiting: int, moment: datetime) -> Line:
    issued = datetime.fromisoformat(circle.issued) if circle.issued else None
    waiting = waiting if network.own else 0
    return Line(
        network=network.network,
        name=network.name,
        fingerprint=network.fingerprint,
        own=network.own,
        partner=network.partner,
        blocked=network.blocked,
        circle=circle.circle,
        epoch=circle.epoch,
        edition=circle.edition,
        records=circle.records,
        erased=circle.erased,
        kinds=circle.kinds,
        drafts=waiting,
        issued=circle.issued,
        expires=circle.expires,
        expired=circle.expired,
        ahead=circle.ahead,
        forgotten=circle.forgotten,
        frozen=network.frozen,
        witnessed=circle.witnessed,
        opened=circle.opened,
        believed=circle.believed,
        age=None if issued is None else max(0, round((moment - issued).total_seconds())),
        verified_at=circle.verified_at,
        lag=circle.lag_seconds,
        silent=network.silent.reason if network.silent else None,
        silent_since=network.silent.since if network.silent else None,
        organizations=circle.counts.organizations,
        complete=circle.counts.complete,
        stale=circle.counts.stale,
        never_confirmed=circle.counts.never_confirmed,
        withheld=network.withheld if circle.circle == "public" else None,
        tried_at=circle.tried_at,
        source=circle.source,
        error=circle.error,
        hint=_hint(network, circle, waiting),
    )


def _with_receipts(line: Line, confirmed: Sequence[Received], destroying: bool) -> Line:
    if not line.own:
        return line
    newest = tuple(
        Receipt(one.network.network, one.network.name, str(one.told.position), one.told.at)
        for one in confirmed
        if one.circle == line.circle
    )
    return msgspec.structs.replace(line, receipts=newest, destroying=destroying)


def _with_untold(line: Line, untold: Undelivered | None) -> Line:
    if untold is None or line.circle != "public":
        return line
    since = utc_text(untold.since)
    return msgspec.structs.replace(line, untold=untold.count, untold_since=since, untold_error=untold.error)


def _unopened(network: Network, circle: str, waiting: int) -> Line:
    """A circle of which nothing is published yet."""
    return Line(
        network=network.network,
        name=network.name,
        fingerprint=network.fingerprint,
        own=True,
        circle=circle,
        drafts=waiting,
        hint="fednet publish",
    )


def _hint(network: Network, circle: Circle, waiting: int) -> str | None:
    if network.own:
        return "fednet publish" if waiting or circle.expired or not circle.edition else None
    if network.blocked:
        return f"fednet block --undo {network.network}"
    if network.frozen:
        return f"fednet evidence show {network.network}"
    if circle.error:
        return WHAT_TO_DO
    return "fednet sync" if circle.expired or not circle.edition else None


def show(found: Sequence[Line]) -> None:
    """For people: the own head as fields, feeds as a table, then what to do."""
    own = next(line for line in found if line.own)
    show_fields([("network", own.name), ("fingerprint", own.fingerprint)])
    show_table(
        ["network", "circle", "edition", "records", "age", "verified", "drafts", "state"],
        [
            (line.name, line.circle, f"{line.epoch}.{line.edition}", line.records, spoken(line.age), _verified(line),
             line.drafts or "", _state(line))
            for line in found
        ],
    )  # fmt: skip
    show_counts(found)
    for line in found:
        if line.receipts:
            holders = (f"{one.name} holds {one.newest}" for one in line.receipts)
            say(f"receipts, circle {line.circle}: {', '.join(holders)}")
        if line.destroying:
            say("what was erased is not wholly destroyed yet, for others were reading; fednet publish goes on with it")
        if _is_news(line):
            say(f"{line.name}: new keys since {line.opened}; what the old ones signed after {line.believed} is void")
        if line.silent and line.circle == "public" and not line.own:
            say(f"{line.name} is silent: {SILENCE[line.silent]} {line.silent_since}")
        if line.untold:
            why = f": {line.untold_error}" if line.untold_error else ""
            say(f"{line.name} has not heard of {counted(line.untold, 'introduction')} since {line.untold_since}{why}")
        if line.forgotten:
            say(f"{line.name}, circle {line.circle}: expired on {line.expires}, too long ago to be shown (node.toml)")
        if line.error:
            say(f"{line.name}: {line.error}")
        if line.hint:
            say(f"hint: {line.name}, circle {line.circle}: {line.hint}")


def show_counts(found: Sequence[Line]) -> None:
    """What is known of the organisations that each network lists: how complete, how old."""
    counted = [line for line in found if line.organizations]
    if counted:
        click.echo()
        show_table(
            ["network", "circle", "organisations", "complete", "stale", "never confirmed", "withheld"],
            [
                (line.name, line.circle, line.organizations, line.complete, line.stale, line.never_confirmed,
                 line.withheld if line.own else "not told")
                for line in counted
            ],
        )  # fmt: skip


def _is_news(line: Line) -> bool:
    """Whether the network changed its keys a short while ago: it may have been robbed."""
    from fednet.node.home import now

    return line.circle == "public" and line.opened is not None and now() - datetime.fromisoformat(line.opened) < NEWS


def _verified(line: Line) -> str:
    return "signed here" if line.own else f"{spoken(line.lag)} ago" if line.lag is not None else "never"


def _state(line: Line) -> str:
    if line.blocked:
        return "blocked"
    if line.frozen:
        return "frozen"
    if line.forgotten:
        return "long expired"
    if line.error:
        return "failing" if line.silent is None else "failing, silent"
    if line.silent == "unheard":
        return "silent"
    if line.expired or not line.edition:
        return "expired" if line.expired else "nothing yet"
    if line.ahead:
        return "dated in the future"
    return "well" if line.witnessed is None else "witnessed" if line.witnessed else "waiting for witnesses"


def spoken(seconds: int | None) -> str:
    """`5 min`, `3 h`, `12 d`."""
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
