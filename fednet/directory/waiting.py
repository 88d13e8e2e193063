"""What waits for the secretariat: one line for each thing that a person should see to, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from sqlite_utils import Database

from fednet.directory.due import due
from fednet.directory.matches import found_matches
from fednet.directory.networks import Network, networks
from fednet.directory.search import OPERATOR
from fednet.store import drafts, introductions, letters
from fednet.store import waiting as lying
from fednet.store.database import Store

What = Literal[
    "halted", "frozen", "application", "edit", "introduction", "answer", "confirmation", "unconfirmed", "match",
    "twinning", "refused-rows", "term", "outcome", "over", "ends-soon", "letter", "failing", "silent", "unsigned",
    "backup", "rehearsal", "witness",
]  # fmt: skip
WHATS: tuple[What, ...] = get_args(What)
"""In the order in which they are shown; of `halted`, `term`, `twinning`, `over` and `ends-soon` only the node knows
(`fednet.web.workspace.desk`)."""

BACKUP_AFTER = timedelta(days=7)
WITNESSES = 2
"""One alone can be away, or give in."""
ANSWERED_LATELY = timedelta(days=7)
"""How long an answer to an introduction counts as new."""
LAST_BACKUP, LAST_REHEARSAL = "last_backup", "last_rehearsal"
"""Settings: when a backup was made here last, and when restoring one was rehearsed (an instant)."""


class Waits(NamedTuple):
    """So many things of one sort; `subject` is the name of the network that some are about."""

    what: What
    number: int
    subject: str = ""


def waiting(store: Store, now: datetime) -> list[Waits]:
    """All that the database tells of what waits, sorted as `WHATS`; nothing when nobody has to do anything."""
    with store.reading() as db:
        found = [*_lying(db), *_introduced(db, now), *_backups(db, now)]
    confirmations = due(store, now, limit=0)
    found.append(Waits("confirmation", confirmations.total - confirmations.never))
    found.append(Waits("unconfirmed", confirmations.never))
    found.append(Waits("match", found_matches(store, OPERATOR, now, limit=0).total))
    found += [one for network in networks(store, OPERATOR, now, counted=False) for one in _wrong(network)]
    return in_order(found)


def in_order(found: Iterable[Waits]) -> list[Waits]:
    """What is not nothing, the most urgent first."""
    return sorted((one for one in found if one.number), key=lambda one: (WHATS.index(one.what), one.subject))


def _lying(db: Database) -> Iterator[Waits]:
    counted = lying.counted(db)
    yield Waits("application", counted.applications)
    yield Waits("edit", counted.edits)
    yield Waits("letter", len(letters.stuck(db)))
    yield Waits("unsigned", counted.drafts)
    yield Waits("witness", max(0, WITNESSES - counted.witnesses))
    yield Waits("refused-rows", sum(one.summary["refused"] for one in lying.refused(db)))


def _introduced(db: Database, now: datetime) -> Iterator[Waits]:
    waits = introductions.waiting(db, now - ANSWERED_LATELY, now - introductions.ASK_AFTER)
    yield Waits("introduction", waits.asks)
    yield Waits("answer", waits.answers)
    yield Waits("outcome", waits.outcomes)


def _backups(db: Database, now: datetime) -> Iterator[Waits]:
    """A week without a backup, counted in days (one that was never made counts as one); or never rehearsed."""
    made = drafts.setting(db, LAST_BACKUP)
    age = now - datetime.fromisoformat(made) if made else None
    if age is None or age > BACKUP_AFTER:
        yield Waits("backup", 1 if age is None else age.days, "" if age is None else "old")
    if drafts.setting(db, LAST_REHEARSAL) is None:
        yield Waits("rehearsal", 1)


def _wrong(network: Network) -> Iterator[Waits]:
    """What is wrong with a network that is followed."""
    if network.own or network.blocked:
        return
    if network.frozen:
        yield Waits("frozen", 1, network.name)
    elif any(circle.error for circle in network.circles):
        yield Waits("failing", 1, network.name)
    elif network.silent:
        yield Waits("silent", 1, network.name)
