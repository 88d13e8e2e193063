"""Letters about introductions: that somebody asks, that an answer has come, and a month later how it went.

A letter says that there is something to look at, and where: no names, texts or details of anybody. Each is written
once, by the table `reminded`, to whoever keeps the entry and to the administrators.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlite_utils import Database

from fednet.node import introductions
from fednet.node.home import Home
from fednet.node.introductions import News
from fednet.store import accounts
from fednet.store import letters as stored
from fednet.store.accounts import Account
from fednet.web import letters

LATE = timedelta(days=14)
"""What happened so long ago is not written about any more."""


def tell_of_introductions(home: Home, now: datetime) -> int:
    """Write what is to be written, at any hour; how many letters that took."""
    with home.store.reading() as db:
        news = [one for one in introductions.news(db, now) if one.at > now - LATE and not _is_told(db, one)]
    written = 0
    for one in news:
        with home.store.writing() as db:
            if not _is_told(db, one):
                stored.remember(db, f"introduction-{one.what}", _subject(one), now)
                written += sum(_write(home, db, one, to, now) for to in _recipients(db, home, one))
    return written


def _is_told(db: Database, one: News) -> bool:
    return stored.reminded(db, f"introduction-{one.what}", _subject(one)) is not None


def _subject(one: News) -> str:
    return f"{one.id} {one.side}"


def _recipients(db: Database, home: Home, one: News) -> Iterator[Account]:
    """The accounts of the organisation whose entry it is, and the administrators."""
    organization = introductions.organization_of(db, home, one.handle)
    for account in accounts.accounts(db):
        member = account.role == "organization" and organization and account.organization == organization
        if account.ended_at is None and (member or account.role == "administrator"):
            yield account


def _write(home: Home, db: Database, one: News, to: Account, now: datetime) -> bool:
    member = to.role == "organization"
    place = f"/member/exchange/{one.handle}/introductions/{one.id}" if member else f"/workspace/introductions/{one.id}"
    return letters.write(
        home, db, to.email, to.language, "introduction", now=now, about=one.handle, what=one.what, place=place
    )
