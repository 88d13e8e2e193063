"""What is written of itself: reminders of terms and confirmations, and the week. Each once, by the table `reminded`.

```
each day      destroys what was filled in or proposed, and decided long ago; tells members whose term ends in 60, 30
              or 7 days, or has; and whose needs or offers are open for two more weeks, or are over
each Monday   the week, to the secretariat
each month    members whose entries should be confirmed
```
Nothing of this is written before it is morning where the network is; about introductions (`fednet.web.telling`) it is
at any hour. Without a mail server the desk shows the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlite_utils import Database

from fednet.directory import week as weekly
from fednet.directory.due import due
from fednet.listing.exchange import open_day
from fednet.node import accounts as people
from fednet.node import ending, introductions, joining, post, proposals, terms
from fednet.node.ending import Ending
from fednet.node.home import Home
from fednet.node.terms import Term
from fednet.store import accounts
from fednet.store import letters as stored
from fednet.store.accounts import STAFF
from fednet.web import letters, telling, translation
from fednet.web.members import confirming
from fednet.web.workspace import week

MORNING = 7
"""The hour from which on letters of the day are written."""
STAGES = (60, 30, 7, 0)
"""Days before a term ends at which a member hears of it."""
LATE = -30
"""Who ended so long ago hears no more of it."""
ASK_AGAIN = timedelta(days=28)
"""How long a member is not asked again to confirm."""
MAX_ASKED = 200
"""Entries that are asked about in one day; the others are the next day."""


def daily(home: Home, now: datetime) -> None:
    """Write what is to be written; as often as one likes, each once."""
    local = now.astimezone(ZoneInfo(home.config.zone))
    people.sweep(home, now)
    joining.sweep(home, now)
    proposals.sweep(home, now)
    post.sweep(home, now)
    introductions.sweep(home, now)
    telling.tell_of_introductions(home, now)
    if local.hour < MORNING or not letters.possible(home):
        return
    remind_of_terms(home, now)
    remind_of_ends(home, now)
    if local.weekday() == 0:
        tell_week(home, now)
    ask_to_confirm(home, now)


# --- terms ------------------------------------------------------------------------------------------------------------


def remind_of_terms(home: Home, now: datetime) -> int:
    """Tell members whose term ends, once at each of `STAGES`; how many letters that took."""
    written = 0
    with home.store.reading() as db:
        ending = [
            one for one in terms.terms(db, home, terms.today(home, now))
            if LATE <= one.left <= STAGES[0] and _untold(db, one)
        ]  # fmt: skip
    for one in ending:
        with home.store.writing() as db:
            if untold := _untold(db, one):
                for stage in untold:
                    stored.remember(db, f"term-{stage}", _subject(one), now)
                written += _write_term(home, db, one, now)
    return written


def _untold(db: Database, one: Term) -> list[int]:
    """The stages that a term has come to, and its member was not told of: one letter is enough for all of them."""
    come = [stage for stage in STAGES if one.left <= stage]
    newest = min(come, default=None)
    if newest is None or stored.reminded(db, f"term-{newest}", _subject(one)):
        return []
    return [stage for stage in come if not stored.reminded(db, f"term-{stage}", _subject(one))]


def _subject(one: Term) -> str:
    return f"{one.handle} {one.until.isoformat()}"


def _write_term(home: Home, db: Database, one: Term, now: datetime) -> int:
    return sum(
        letters.write(
            home, db, to.email, to.language, "term",
            now=now, about=one.handle, name=one.title, until=one.until.isoformat(), left=max(one.left, 0),
        )
        for to in joining.reached(db, home, one.handle)
    )  # fmt: skip


# --- needs and offers that end ----------------------------------------------------------------------------------------


def remind_of_ends(home: Home, now: datetime) -> int:
    """Tell members whose need, offer or funding is open for a few more days, or is over: each once for a last day."""
    written = 0
    with home.store.reading() as db:
        found = [one for one in ending.ending(db, home, open_day(now)) if one.left >= LATE]
        untold = [one for one in found if not _is_told(db, one)]
    for one in untold:
        with home.store.writing() as db:
            if not _is_told(db, one):
                stored.remember(db, _stage(one), _last_day(one), now)
                written += _write_end(home, db, one, now)
    return written


def _is_told(db: Database, one: Ending) -> bool:
    return stored.reminded(db, _stage(one), _last_day(one)) is not None


def _stage(one: Ending) -> str:
    return "exchange-over" if one.is_over else "exchange-ends"


def _last_day(one: Ending) -> str:
    return f"{one.handle} {one.until.isoformat()}"


def _write_end(home: Home, db: Database, one: Ending, now: datetime) -> int:
    """To the accounts of the organisation; of all others the desk tells the secretariat."""
    whose = accounts.accounts(db, one.organization) if one.organization else []
    return sum(
        letters.write(
            home, db, to.email, to.language, "ending",
            now=now, about=one.handle, title=one.title, until=one.until.isoformat(), left=one.left,
            place=f"/member/exchange/{one.handle}/close",
        )
        for to in whose
        if to.role == "organization" and to.ended_at is None
    )  # fmt: skip


# --- the week ---------------------------------------------------------------------------------------------------------


def tell_week(home: Home, now: datetime) -> int:
    """The week, to whoever is of the secretariat; how many letters that took."""
    monday = terms.today(home, now).isoformat()
    with home.store.reading() as db:
        told = stored.reminded(db, "week", monday)
        staff = [one for one in accounts.accounts(db) if one.role in STAFF - {"auditor"} and one.ended_at is None]
    if told or not staff:
        return 0
    found = weekly.week(home.store, home.config.zone, now)
    said = {language: _in_words(home, found, language, now) for language in {one.language for one in staff}}
    with home.store.writing() as db:
        if stored.reminded(db, "week", monday):
            return 0
        stored.remember(db, "week", monday, now)
        for one in staff:
            waits, happened = said[one.language]
            letters.write(
                home, db, one.email, one.language, "week",
                now=now, waits=waits, happened=happened, since=found.since.isoformat(),
            )  # fmt: skip
    return len(staff)


def _in_words(home: Home, found: weekly.Week, language: str | None, now: datetime) -> tuple[list[str], list[str]]:
    with translation.spoken(language or translation.SOURCE):
        return week.waits(home, now), week.happened(found)


# --- confirmations ----------------------------------------------------------------------------------------------------


def ask_to_confirm(home: Home, now: datetime) -> int:
    """Ask organisations that can be reached whose entries should be confirmed, monthly at most; how many were asked."""
    today = terms.today(home, now).isoformat()
    with home.store.reading() as db:
        if stored.reminded(db, "confirmations", today):
            return 0
    found = [one.handle for one in due(home.store, now).due if one.kind == "organization"]
    with home.store.writing() as db:
        stored.remember(db, "confirmations", today, now)
        asked = [
            handle for handle in found
            if _may_be_asked(db, handle, now) and joining.reached(db, home, handle)
        ][:MAX_ASKED]  # fmt: skip
        for handle in asked:
            stored.remember(db, "confirmation", handle, now)
    if asked:
        confirming.ask(home, asked, now)
    return len(asked)


def _may_be_asked(db: Database, handle: str, now: datetime) -> bool:
    last = stored.reminded(db, "confirmation", handle)
    return last is None or now - datetime.fromisoformat(last) >= ASK_AGAIN
