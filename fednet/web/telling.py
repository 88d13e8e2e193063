"""Letters about introductions: that somebody asks, that an answer has come, and a month later how it went.

A letter says that there is something to look at, and where: no names, texts or details of anybody. Each is written
once, by the table `reminded`, to whoever keeps the entry and to the administrators. Who asks is another network's
affair, however often: of that everybody gets one letter a day at most, which says how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
A_DAY = timedelta(days=1)
ASKS = "introduction-asks"


def tell_of_introductions(home: Home, now: datetime) -> int:
    """Write what is to be written, at any hour; how many letters that took."""
    with home.store.reading() as db:
        late = [one for one in introductions.news(db, now) if one.at > now - LATE]
        news = [one for one in late if one.what != "asked" and not _is_told(db, one)]
    written = _tell_of_asks(home, [one for one in late if one.what == "asked"], now)
    for one in news:
        with home.store.writing() as db:
            if not _is_told(db, one):
                stored.remember(db, f"introduction-{one.what}", _subject(one), now)
                written += sum(_write(home, db, [one], to, now) for to in _recipients(db, home, one))
    return written


def _tell_of_asks(home: Home, asks: Sequence[News], now: datetime) -> int:
    """Write once to each reader about all that was asked since the last such letter."""
    if not asks:
        return 0
    written = 0
    with home.store.writing() as db:
        readers: dict[int, tuple[Account, list[News]]] = {}
        for one in asks:
            for to in _recipients(db, home, one):
                readers.setdefault(to.id, (to, []))[1].append(one)
        for to, found in readers.values():
            last = stored.reminded(db, ASKS, str(to.id))
            told = datetime.fromisoformat(last) if last else None
            new = [one for one in found if told is None or one.at > told]
            if new and (told is None or now - told >= A_DAY):
                stored.remember(db, ASKS, str(to.id), max(one.at for one in new))
                written += _write(home, db, new, to, now)
    return written


def _is_told(db: Database, one: News) -> bool:
    return stored.reminded(db, f"introduction-{one.what}", _subject(one)) is not None


def _subject(one: News) -> str:
    return f"{one.id} {one.side}"


def _recipients(db: Database, home: Home, one: News) -> Iterator[Account]:
    """The accounts of the organisation whose entry it is, and the administrators; not who did it themselves."""
    organization = introductions.organization_of(db, home, one.handle)
    for account in accounts.accounts(db):
        member = account.role == "organization" and organization and account.organization == organization
        if account.ended_at is None and account.name != one.by and (member or account.role == "administrator"):
            yield account


def _write(home: Home, db: Database, news: Sequence[News], to: Account, now: datetime) -> bool:
    handles = {one.handle for one in news}
    return letters.write(
        home, db, to.email, to.language, "introduction", now=now, about=min(handles) if len(handles) == 1 else "",
        what=news[0].what, count=len(news), place=_place(news, handles, to.role == "organization"),
    )  # fmt: skip


def _place(news: Sequence[News], handles: set[str], member: bool) -> str:
    """Where all of it can be read."""
    one = f"/introductions/{news[0].id}" if len(news) == 1 else ""
    if not member:
        return f"/workspace{one or '/introductions'}"
    return f"/member/exchange/{min(handles)}{one}" if len(handles) == 1 else "/member"
