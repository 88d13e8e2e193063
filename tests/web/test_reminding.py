from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from fednet.node import edits, hiding, joining, terms
from fednet.node import home as homes
from fednet.node.home import Home, Mail
from fednet.node.publish import publish
from fednet.store import accounts, letters
from fednet.store.letters import Outgoing
from fednet.web import reminding
from tests.node.test_joining import applied

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A network in Bangkok with one administrator, and one member for a year that keeps its entry."""
    made, _ = homes.create(tmp_path / "node", "Example Network", "https://network.example", tmp_path / "key.txt")
    mail = Mail(host="127.0.0.1", sender="secretariat@network.example")
    joins = msgspec.structs.replace(made.config.joining, open=True)
    made.config = msgspec.structs.replace(made.config, mail=mail, zone="Asia/Bangkok", joining=joins)
    with made.store.writing() as db:
        accounts.add(db, "Ann", "ann@network.example", "administrator", BEGAN, language="es")
        accounts.add(db, "Ada", "ada@network.example", "auditor", BEGAN)
    found = joining.approve(made, applied(made, category="", endorsers=(), now=BEGAN).id, BEGAN)
    assert found.account.email == "applicant-1@a.example"
    publish(made, BEGAN)
    yield made
    made.close()


def sent(home: Home) -> list[Outgoing]:
    """What has been written since the last time."""
    with home.store.writing() as db:
        found = sorted(letters.waiting(db), key=lambda one: one.id)
        for one in found:
            letters.sent(db, one.id)
    return found


def year(home: Home, since: datetime, days: int, step: timedelta = 6 * HOUR) -> dict[str, list[tuple[str, str]]]:
    """Who gets what on which days: subject by recipient, with the day in Bangkok."""
    told: dict[str, list[tuple[str, str]]] = {}
    at = since
    while at < since + timedelta(days=days):
        reminding.daily(home, at)
        for one in sent(home):
            told.setdefault(one.recipient, []).append((terms.today(home, at).isoformat(), one.subject))
        at += step
    return told


def test_a_term_is_spoken_of_once_at_each_of_its_stages(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "tell_week", lambda *_: 0)
    monkeypatch.setattr(reminding, "ask_to_confirm", lambda *_: 0)
    told = year(home, BEGAN + timedelta(days=300), 120)
    days = [day for day, _ in told.pop("applicant-1@a.example")]
    assert told == {}
    assert days == ["2026-11-02", "2026-12-02", "2026-12-25", "2027-01-01"]


def test_one_letter_is_enough_for_stages_that_were_missed_and_renewal_begins_anew(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "tell_week", lambda *_: 0)
    monkeypatch.setattr(reminding, "ask_to_confirm", lambda *_: 0)
    assert len(year(home, BEGAN + timedelta(days=362), 2).get("applicant-1@a.example", [])) == 1
    (term,) = terms.ending(home, BEGAN + timedelta(days=364))
    terms.renew(home, [term.handle], BEGAN + timedelta(days=364), months=12)
    assert year(home, BEGAN + timedelta(days=364), 30) == {}
    told = year(home, BEGAN + timedelta(days=660), 90)["applicant-1@a.example"]
    assert [day for day, _ in told] == ["2027-11-02", "2027-12-02", "2027-12-25", "2028-01-01"]


def test_the_week_is_told_each_monday_morning_in_the_language_of_each(home: Home) -> None:
    told = year(home, BEGAN + timedelta(days=10), 21, HOUR)
    assert set(told) == {"ann@network.example"}
    assert [day for day, _ in told["ann@network.example"]] == ["2026-01-12", "2026-01-19", "2026-01-26"]


def test_nothing_is_written_before_it_is_morning_there(home: Home) -> None:
    monday = datetime(2026, 1, 12, tzinfo=UTC)  # seven in Bangkok
    reminding.daily(home, monday - timedelta(seconds=1))
    assert sent(home) == []
    reminding.daily(home, monday)
    assert [one.recipient for one in sent(home)] == ["ann@network.example"]


def test_members_are_asked_to_confirm_monthly_at_most(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "tell_week", lambda *_: 0)
    monkeypatch.setattr(reminding, "remind_of_terms", lambda *_: 0)
    told = year(home, BEGAN + timedelta(days=364), 60)
    days = [day for day, _ in told["applicant-1@a.example"]]
    assert len(days) in (2, 3)
    assert all(
        datetime.fromisoformat(later) - datetime.fromisoformat(day) >= reminding.ASK_AGAIN
        for day, later in pairwise(days)
    )


def test_whoever_cannot_be_reached_is_not_asked(home: Home) -> None:
    lonely = edits.add(home, "organization", {"names": {"en": "Lonely"}}, BEGAN).handle
    publish(home, BEGAN)
    reminding.daily(home, BEGAN + timedelta(days=200))
    with home.store.reading() as db:
        assert letters.reminded(db, "confirmation", lonely) is None


def test_without_a_mail_server_nothing_is_noted_as_said(home: Home) -> None:
    home.config = msgspec.structs.replace(home.config, mail=None)
    reminding.daily(home, BEGAN + timedelta(days=364))
    with home.store.reading() as db:
        assert db.execute("SELECT count(*) FROM reminded").fetchone() == (0,)


def test_what_was_declined_long_ago_is_destroyed_also_without_a_mail_server(home: Home) -> None:
    home.config = msgspec.structs.replace(home.config, mail=None)
    found = applied(home, 2, category="", endorsers=(), now=BEGAN)
    joining.decline(home, [found.id], "", BEGAN)
    reminding.daily(home, BEGAN + timedelta(days=91))
    with home.store.reading() as db:
        assert joining.form_of(joining.find(db, found.id)) is None


def entry(home: Home, at: datetime, until: str, **fields: str) -> str:
    """A need of the one member, posted at a moment."""
    with home.store.reading() as db:
        (member,) = [one.organization for one in accounts.accounts(db) if one.organization]
    need = {"type": "need", "titles": {"en": "A trainer in mediation"}, "open_until": until, "organization": member}
    return edits.add(home, "exchange", {**need, **fields}, at).handle


@pytest.fixture
def only_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("tell_week", "ask_to_confirm", "remind_of_terms"):
        monkeypatch.setattr(reminding, other, lambda *_: 0)


@pytest.mark.usefixtures("only_ends")
def test_the_end_of_an_entry_is_told_two_weeks_before_and_when_it_is_over_once_for_each_last_day(home: Home) -> None:
    handle = entry(home, BEGAN, "2026-03-20")
    told = year(home, BEGAN + timedelta(days=40), 60)
    assert set(told) == {"applicant-1@a.example"}
    assert [day for day, _ in told["applicant-1@a.example"]] == ["2026-03-06", "2026-03-21"]
    edits.edit(home, handle, {"open_until": "2026-04-30"}, BEGAN)
    told = year(home, BEGAN + timedelta(days=100), 30)
    assert [day for day, _ in told["applicant-1@a.example"]] == ["2026-04-16", "2026-05-01"]


@pytest.mark.usefixtures("only_ends")
def test_the_letter_leads_to_the_page_that_closes_the_entry_and_is_destroyed_with_it(home: Home) -> None:
    handle = entry(home, BEGAN, "2026-03-20")
    reminding.daily(home, datetime(2026, 3, 10, 12, tzinfo=UTC))
    with home.store.reading() as db:
        (letter,) = letters.waiting(db)
    assert f"https://network.example/member/exchange/{handle}/close" in letter.text
    assert letter.about == handle


@pytest.mark.usefixtures("only_ends")
def test_nobody_is_told_of_what_is_closed_over_for_long_or_open_for_a_few_days_only_in_its_first_half(
    home: Home,
) -> None:
    entry(home, BEGAN, "2026-03-20", state="closed")
    entry(home, BEGAN, "2026-01-10")
    march = datetime(2026, 3, 10, 12, tzinfo=UTC)
    short = entry(home, march, "2026-03-18")
    assert year(home, march, 3) == {}
    told = year(home, march + timedelta(days=3), 3)
    assert [day for day, _ in told["applicant-1@a.example"]] == ["2026-03-14"]
    hiding.hide(home, short, march)
    assert year(home, march + timedelta(days=10), 3) == {}
