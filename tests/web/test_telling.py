"""Letters about introductions: each once, to whoever keeps the entry, and with nothing in them but where to look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from fednet.feed.introduction import Details
from fednet.node import circles, edits, hiding, introductions
from fednet.node import home as homes
from fednet.node.home import Home, Mail
from fednet.store import accounts, letters
from fednet.store.letters import Outgoing
from fednet.web import telling

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
DETAILS = Details("Ana Asker", ("ana@asker.example",))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", "https://network.example", tmp_path / "key.txt")
    made.config = msgspec.structs.replace(made.config, mail=Mail(host="127.0.0.1", sender="office@network.example"))
    with made.store.writing() as db:
        accounts.add(db, "Ann", "ann@network.example", "administrator", NOW, language="fr")
        accounts.add(db, "Ed", "ed@network.example", "editor", NOW)
    yield made
    made.close()


def member(home: Home, name: str, type_: str) -> str:
    """The entry of a new member, which has an account."""
    organization = edits.add(home, "organization", {"names": {"en": name}}, NOW).handle
    with home.store.writing() as db:
        accounts.add(db, name, f"{name.lower()}@m.example", "organization", NOW, organization=organization)
    fields = {"type": type_, "titles": {"en": f"Secret plan of {name}"}, "organization": organization}
    return edits.add(home, "exchange", fields, NOW).handle


def written(home: Home, now: datetime) -> dict[str, Outgoing]:
    """What is written at that time, by recipient."""
    telling.tell_of_introductions(home, now)
    with home.store.writing() as db:
        found = {one.recipient: one for one in letters.waiting(db)}
        for one in found.values():
            letters.sent(db, one.id)
    return found


def test_each_side_hears_of_what_concerns_it_once_and_reads_nothing_but_where_to_look(home: Home) -> None:
    need, offer = member(home, "Asking", "need"), member(home, "Offering", "offer")
    id_ = introductions.ask(home, offer, need, "We would like", "en", DETAILS, "Sam", NOW).id
    asked = written(home, NOW + timedelta(minutes=15))
    assert set(asked) == {"ann@network.example", "offering@m.example"}
    assert f"https://network.example/member/exchange/{offer}/introductions/{id_}" in asked["offering@m.example"].text
    assert f"https://network.example/workspace/introductions/{id_}" in asked["ann@network.example"].text
    assert written(home, NOW + timedelta(minutes=30)) == {}
    introductions.accept(home, id_, DETAILS, NOW + timedelta(hours=1), "Kim", "With pleasure")
    answered = written(home, NOW + timedelta(hours=2))
    assert set(answered) == {"ann@network.example", "asking@m.example"}
    month = written(home, NOW + timedelta(days=31))
    assert set(month) == {"ann@network.example", "asking@m.example", "offering@m.example"}
    assert written(home, NOW + timedelta(days=32)) == {}
    for one in [*asked.values(), *answered.values(), *month.values()]:
        assert not any(word in one.text + one.subject for word in ("Ana", "ana@", "Secret", "would like", "pleasure"))


def test_who_gave_an_answer_is_not_told_that_it_has_come(home: Home) -> None:
    id_ = introductions.ask(
        home, member(home, "Offering", "offer"), member(home, "Asking", "need"), "", "", DETAILS, "", NOW
    ).id
    written(home, NOW)
    introductions.decline(home, id_, "", NOW, "Ann")
    assert set(written(home, NOW)) == {"asking@m.example"}


def test_an_outcome_that_was_told_is_not_asked_for(home: Home) -> None:
    need, offer = member(home, "Asking", "need"), member(home, "Offering", "offer")
    id_ = introductions.ask(home, offer, need, "", "", DETAILS, "", NOW).id
    introductions.accept(home, id_, DETAILS, NOW, "")
    introductions.note_outcome(home, id_, "met", NOW, "")
    written(home, NOW)
    assert written(home, NOW + timedelta(days=31)) == {}


def test_what_happened_long_ago_is_not_written_about_when_letters_become_possible(home: Home) -> None:
    introductions.ask(home, member(home, "Offering", "offer"), "", "", "", DETAILS, "", NOW)
    assert written(home, NOW + timedelta(days=15)) == {}


def test_nothing_is_written_about_what_is_hidden(home: Home) -> None:
    offer = member(home, "Offering", "offer")
    introductions.ask(home, offer, "", "", "", DETAILS, "", NOW)
    hiding.hide(home, offer, NOW)
    assert written(home, NOW) == {}


def test_however_many_ask_each_reader_gets_one_letter_a_day(home: Home) -> None:
    offer, other = member(home, "Offering", "offer"), member(home, "Other", "offer")
    for number in range(3):
        introductions.ask(home, offer, member(home, f"Asking{number}", "need"), "", "", DETAILS, "", NOW)
    asked = written(home, NOW)
    assert set(asked) == {"ann@network.example", "offering@m.example"}
    assert "https://network.example/workspace/introductions\n" in asked["ann@network.example"].text
    assert asked["offering@m.example"].subject == "Example Network: 3 ask to be introduced"
    assert f"https://network.example/member/exchange/{offer}\n" in asked["offering@m.example"].text
    later = NOW + timedelta(hours=5)
    last = introductions.ask(home, other, "", "", "", DETAILS, "", later).id
    assert set(written(home, later)) == {"other@m.example"}
    tomorrow = written(home, NOW + timedelta(days=1))
    assert set(tomorrow) == {"ann@network.example"} and last in tomorrow["ann@network.example"].text


def test_a_member_hears_nothing_of_an_entry_in_a_circle_that_members_do_not_read(home: Home) -> None:
    offer = member(home, "Offering", "offer")
    circles.add(home, "casework", NOW)
    moved = edits.edit(home, offer, {"titles": {"en": "A case"}}, NOW, circle="casework").handle
    introductions.ask(home, moved, "", "", "", DETAILS, "", NOW)
    assert set(written(home, NOW)) == {"ann@network.example"}
