"""Introductions as a node keeps them: what may be asked and answered, what is shown of it, and what is left of it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pysqlite3.dbapi2 as sqlite
import pytest

from fednet.errors import BrokenStoreError, ChangedError, NotFoundError, UsageError
from fednet.feed.introduction import MAX_ASKS_A_DAY, MAX_WAITING, Details, OutOfOrderError, Seen, Side, Spoken
from fednet.feed.record import erase, key_of, put
from fednet.feed.text import utc_text
from fednet.node import circles, edits, erasure, following, forgotten, hearing, hiding, introductions, publish, reaching
from fednet.node.home import Home
from fednet.node.introductions import AskedAlreadyError, Introduction, NotForThemError
from fednet.store import backup as copies
from fednet.store import destruction, feeds, records
from fednet.store import introductions as stored
from fednet.store.database import Store
from tests.node.nodes import Nodes, network_of, pin

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ASKER = Details("Ana Asker", ("ana@asker.example",), (), "in the mornings")
ASKED = Details("Bo Answer", (), ("+66 2 123 4567",))
WORDS = (b"Ana Asker", b"ana@asker", b"in the mornings", b"Bo Answer", b"123 4567", b"We would like", b"With pleasure")


class Two(NamedTuple):
    """Two networks that have read each other's one entry; messages are handed over directly."""

    a: Home
    b: Home
    need: str
    offer: str

    def tell(self, source: Home, to: Home, now: datetime = NOW) -> None:
        """What `source` says arrives."""
        with source.store.reading() as db:
            there = feeds.named(db, to.network.network)
            sides, seen = hearing.sides_for(db, there), hearing.unanswered(db, there)
        hearing.taken(to, network_of(to, source), sides, seen, now)

    def both(self, now: datetime = NOW) -> None:
        """Messages go to and fro until nobody has anything new to say."""
        for _ in range(3):
            self.tell(self.a, self.b, now)
            self.tell(self.b, self.a, now)

    def ask(self, now: datetime = NOW, text: str = "We would like to come") -> Introduction:
        return introductions.ask(self.a, self.offer, self.need, text, "en", ASKER, "Sam", now)

    def accept(self, id_: str, now: datetime = NOW) -> Introduction:
        return introductions.accept(self.b, id_, ASKED, now, "Kim", "With pleasure", "en")

    def introduced(self) -> str:
        id_ = self.ask().id
        self.both()
        self.accept(id_)
        self.both()
        return id_

    def states(self, id_: str) -> tuple[str, str]:
        return introductions.introduction(self.a, id_).state, introductions.introduction(self.b, id_).state


def entry(home: Home, type_: str, title: str, circle: str | None = None, **fields: Any) -> str:
    body = {"type": type_, "titles": {"en": title}, "themes": ["legal-aid"], "countries": ["TH"], **fields}
    return edits.add(home, "exchange", body, NOW, circle).handle


def read(source: Home, to: Home) -> None:
    """What a network lists in public, as it stands, is in the other's directory."""
    publish.publish(source, NOW)
    with source.store.reading() as db:
        own = feeds.feed(db, source.network, "public")
        assert own is not None
        rows = db.execute("SELECT handle FROM record WHERE feed_id = ? AND body NOT NULL", (own.id,)).fetchall()
        found = [records.record(db, own.id, own.commitments, key_of(handle)) for (handle,) in rows]
    with to.store.writing() as db:
        feed = feeds.feed(db, feeds.named(db, source.network.network), "public")
        assert feed is not None
        records.apply(db, feed.id, [one for one in found if one is not None], 1)
        db.execute("UPDATE feed SET visible = 1 WHERE id = ?", (feed.id,))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, str]]:
    """Two homes, made once."""
    directory = tmp_path_factory.mktemp("two")
    with Nodes(directory) as nodes:
        a, b = nodes.home("Asking Network"), nodes.home("Answering Network")
        need, offer = entry(a, "need", "A twin"), entry(b, "offer", "A place", organization="Hilltop Aid")
        pin(a, b)
        pin(b, a)
        read(a, b)
        read(b, a)
    yield directory, need, offer


@pytest.fixture
def two(made: tuple[Path, str, str], tmp_path: Path) -> Iterator[Two]:
    directory, need, offer = made
    homes = []
    for name in ("asking-network", "answering-network"):
        shutil.copytree(directory / name, tmp_path / name)
        homes.append(Home(tmp_path / name))
    yield Two(homes[0], homes[1], need, offer)
    for home in homes:
        home.close()


def on_disk(home: Home) -> set[bytes]:
    """Which of the words stand in any file of a home."""
    files = [path.read_bytes() for path in home.path.rglob("*") if path.is_file()]
    return {word for word in WORDS if any(word in raw for raw in files)}


# --- the usual course -------------------------------------------------------------------------------------------------


def test_both_sides_read_what_they_may_and_no_sooner(two: Two) -> None:
    asked = two.ask()
    assert (asked.state, asked.undelivered, asked.other.titles) == ("waiting", True, {"en": "A place"})
    assert asked.may() == {"take-back", "forget"}
    two.both()
    there = introductions.introduction(two.b, asked.id[:6])
    assert (there.asker.network_name, there.asker.titles, there.asker.text) == (
        "Asking Network", {"en": "A twin"}, "We would like to come",
    )  # fmt: skip
    assert there.asker.details is None and there.may() == {"accept", "decline", "forget"}
    assert not introductions.introduction(two.a, asked.id).undelivered
    two.accept(asked.id)
    assert introductions.introduction(two.b, asked.id).state == "accepted"
    assert on_disk(two.b) & {b"Ana Asker", b"ana@asker"} == set()
    two.both()
    assert two.states(asked.id) == ("introduced", "introduced")
    assert introductions.introduction(two.a, asked.id).other.details == ASKED
    there = introductions.introduction(two.b, asked.id)
    assert there.other.details == ASKER and there.asked.organization == "Hilltop Aid"
    assert [(step.act, step.by) for step in there.steps] == [("accepted", "Kim")]
    assert not there.undelivered


def test_the_preview_says_what_asking_tells_and_keeps_nothing(two: Two) -> None:
    shown = introductions.preview(two.a, two.offer, two.need, "Hello", "en", ASKER, NOW)
    assert (shown.now.text, shown.now.details, shown.later) == ("Hello", None, ASKER)
    assert introductions.introductions(two.a) == []


def test_what_was_declined_can_be_accepted_later(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    introductions.decline(two.b, id_, "Not this year", NOW, "Kim")
    two.both()
    assert introductions.introduction(two.a, id_).other.text == "Not this year"
    two.accept(id_, NOW + timedelta(days=3))
    two.both(NOW + timedelta(days=3))
    assert two.states(id_) == ("introduced", "introduced")


def test_outcomes_are_for_introduced_ones_and_may_change(two: Two) -> None:
    id_ = two.ask().id
    with pytest.raises(OutOfOrderError):
        introductions.note_outcome(two.a, id_, "met", NOW, "")
    two.both()
    two.accept(id_)
    two.both()
    introductions.note_outcome(two.a, id_, "none-yet", NOW, "")
    assert introductions.note_outcome(two.a, id_, "met", NOW + timedelta(days=9), "").outcome == "met"
    with pytest.raises(UsageError, match="no outcome"):
        introductions.note_outcome(two.a, id_, "perhaps", NOW, "")
    with two.a.store.reading() as db:
        (figure,) = stored.figures(db)
    assert (figure.role, figure.answer, figure.outcome) == ("asker", "accepted", "met")


def test_two_members_of_one_node_are_introduced_without_any_message(two: Two) -> None:
    other = entry(two.a, "offer", "Lawyers")
    asked = introductions.ask(two.a, other, two.need, "Hi", "en", ASKER, "Sam", NOW)
    assert (asked.role, asked.undelivered, asked.own.handle) == ("both", False, two.need)
    as_asked = introductions.introduction(two.a, asked.id, "asked")
    assert as_asked.other.details is None and as_asked.may("asked") == {"accept", "decline"}
    assert asked.may("asker") == {"take-back", "forget"}
    assert introductions.introduction(two.a, asked.id).asker.details is None  # the secretariat waits, too
    done = introductions.accept(two.a, asked.id, ASKED, NOW, "Kim")
    assert (done.state, done.other.details) == ("introduced", ASKER)
    as_asker = introductions.introduction(two.a, asked.id, "asker")
    assert as_asker.other.details == ASKED
    assert [step.by for step in as_asker.steps] == ["Sam", ""] and [step.by for step in done.steps] == ["", "Kim"]
    assert "forget" not in as_asker.may("asker") and "forget" in as_asker.may()  # the other still needs it
    assert introductions.role_of(done, other) == "asked" and introductions.role_of(done, two.need) == "asker"
    with two.a.store.reading() as db:
        assert stored.unconfirmed(db) == []


def test_an_entry_shows_its_own_introductions_and_no_others(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    more = entry(two.b, "need", "Another")
    assert [one.id for one in introductions.introductions(two.b, ours=two.offer)] == [id_]
    assert introductions.introductions(two.b, ours=more) == []
    side = Side(str(uuid.uuid4()), 1, "asked", two.offer, utc_text(NOW), own=Spoken(more))  # claims to be another's
    hearing.taken(two.b, network_of(two.b, two.a), [side], [], NOW)
    assert introductions.introductions(two.b, ours=more) == []
    with pytest.raises(NotFoundError):
        introductions.role_of(introductions.introduction(two.b, side.introduction), more)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_what_cannot_be_asked_says_why(two: Two) -> None:
    def ask(theirs: str, ours: str = "", details: Details = ASKER, text: str = "") -> None:
        introductions.ask(two.a, theirs, ours, text, "", details, "", NOW)

    for theirs, ours, error in (
        (str(uuid.uuid4()), "", NotFoundError),
        (two.offer, str(uuid.uuid4()), NotFoundError),
        (two.need, two.need, UsageError),
    ):
        with pytest.raises(error):
            ask(theirs, ours)
    for details, why in (
        (Details("", ("a@b.example",)), "nobody is named"),
        (Details("Ana"), "no way to reach"),
        (Details("Ana", ("nobody",)), "no e-mail address"),
        (Details("Ana", (), ("call me",)), "no telephone number"),
    ):
        with pytest.raises(UsageError, match=why):
            ask(two.offer, two.need, details)
    with pytest.raises(UsageError, match="characters"):
        ask(two.offer, two.need, ASKER, "x" * 4001)
    closed = entry(two.a, "need", "Over", open_until="2026-11-01")
    with pytest.raises(ChangedError, match="open until"):
        ask(two.offer, closed)
    assert introductions.introductions(two.a) == []


def test_nobody_asks_twice_for_the_same_two_but_may_again_after_it_ended(two: Two) -> None:
    id_ = two.ask().id
    with pytest.raises(AskedAlreadyError) as refused:
        two.ask()
    assert refused.value.introduction == id_
    introductions.take_back(two.a, id_, NOW, "")
    assert two.ask().id != id_


def test_whoever_was_asked_does_not_ask_back(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    with pytest.raises(AskedAlreadyError) as refused:
        introductions.ask(two.b, two.need, two.offer, "", "", ASKED, "", NOW)
    assert refused.value.introduction == id_


def test_stale_answers_are_refused_and_change_nothing(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    introductions.take_back(two.a, id_, NOW, "Sam")
    two.both()
    with pytest.raises(OutOfOrderError, match="taken back"):
        two.accept(id_)
    with pytest.raises(OutOfOrderError, match="taken back"):
        introductions.decline(two.b, id_, "", NOW, "")
    with pytest.raises(OutOfOrderError):
        introductions.take_back(two.a, id_, NOW, "")
    assert two.states(id_) == ("taken-back", "taken-back")


def test_an_ask_about_what_is_not_there_is_declined_by_the_node_alike_for_what_may_not_be_read(two: Two) -> None:
    network = network_of(two.b, two.a)
    hidden = entry(two.b, "offer", "In confidence", "partners")
    answers = []
    for about in (hidden, str(uuid.uuid4()), network.network and two.need):
        side = Side(str(uuid.uuid4()), 1, "asked", about, utc_text(NOW), text="We would like")
        hearing.taken(two.b, network, [side], [], NOW)
        with two.b.store.reading() as db:
            (answer,) = [one for one in hearing.sides_for(db, network) if one.introduction == side.introduction]
        answers.append(msgspec.structs.replace(answer, introduction=hidden, about=hidden))
    assert len({msgspec.json.encode(one) for one in answers}) == 1 and answers[0].stance == "declined"
    assert introductions.introductions(two.b) == [] and b"We would like" not in on_disk(two.b)
    with two.b.store.reading() as db:
        assert stored.figures(db) == []
    with two.b.store.writing() as db:
        feeds.set_partner(db, network, True)
    side = Side(str(uuid.uuid4()), 1, "asked", hidden, utc_text(NOW))
    hearing.taken(two.b, network, [side], [], NOW)
    assert [one.state for one in introductions.introductions(two.b)] == ["waiting"]
    assert introductions.sweep(two.b, NOW + introductions.ONLY_ANSWERED + timedelta(days=1)) == 0


def test_an_ask_about_what_is_over_is_declined_and_a_person_may_still_accept(two: Two) -> None:
    edits.edit(two.b, two.offer, {"open_until": "2026-11-01"}, NOW)
    id_ = two.ask().id
    two.both()
    assert two.states(id_) == ("declined", "declined")
    assert introductions.introduction(two.b, id_).steps[0].act == "closed"
    two.accept(id_)
    two.both()
    assert two.states(id_) == ("introduced", "introduced")


def test_somebody_elses_introduction_cannot_be_answered_or_overtaken(two: Two, tmp_path: Path) -> None:
    id_ = two.ask().id
    two.both()
    with Nodes(tmp_path / "more") as nodes:
        third = nodes.home("Third Network")
        pin(two.a, third)
        other = network_of(two.a, third)
        side = Side(id_, 1, "accepted", two.offer, utc_text(NOW), seen=1, heard="asked", details=Details("Mallory"))
        hearing.taken(two.a, other, [side], [Seen(id_, 1)], NOW)
        with two.a.store.reading() as db:
            assert hearing.sides_for(db, other) == () and hearing.unanswered(db, other) == ()
    assert introductions.introduction(two.a, id_).state == "waiting"


def test_one_network_asks_only_so_much_a_day_and_has_only_so_much_waiting(two: Two) -> None:
    network = network_of(two.b, two.a)
    asks = [Side(str(uuid.uuid4()), 1, "asked", two.offer, utc_text(NOW)) for _ in range(MAX_WAITING + 9)]
    hearing.taken(two.b, network, asks, [], NOW)
    assert len(introductions.introductions(two.b)) == MAX_ASKS_A_DAY
    with two.b.store.reading() as db:
        assert len(hearing.unanswered(db, network)) == MAX_ASKS_A_DAY  # the others are not confirmed
    for day in range(1, 6):
        hearing.taken(two.b, network, asks, [], NOW + timedelta(days=day, hours=day))
    assert len(introductions.introductions(two.b)) == MAX_WAITING


# --- what is left of it -----------------------------------------------------------------------------------------------


def test_erasing_an_entry_ends_its_introductions_and_leaves_no_word_on_either_side(two: Two) -> None:
    id_ = two.introduced()
    assert on_disk(two.b) >= {b"Ana Asker", b"With pleasure"}
    erasure.erase(two.b, two.offer, NOW)
    assert on_disk(two.b) == set()
    two.both()
    assert two.states(id_) == ("taken-back", "taken-back")
    assert introductions.introduction(two.a, id_).asked.details is None
    with two.b.store.reading() as db:
        assert [figure.answer for figure in stored.figures(db)] == ["accepted"]
    introductions.sweep(two.a, NOW + timedelta(days=31))
    erasure.settle(two.a)
    assert on_disk(two.a) == set()


def test_an_entry_that_another_network_erases_leaves_no_title_here(two: Two) -> None:
    id_ = two.introduced()
    with two.a.store.writing() as db:
        feed = feeds.feed(db, network_of(two.a, two.b), "public")
        assert feed is not None
        records.apply(db, feed.id, [erase(feed.commitments, key_of(two.offer))], 2)
    erasure.settle(two.a)
    found = introductions.introduction(two.a, id_)
    assert found.emptied and found.asked.titles == {} and on_disk(two.a) == set()


def listed(home: Home, source: Home, *changes: Any) -> None:
    """What another edition of a network says arrives, or is signed."""
    with home.store.writing() as db:
        feed = feeds.feed(db, feeds.named(db, source.network.network), "public")
        assert feed is not None
        records.apply(db, feed.id, [change(feed.commitments) for change in changes], 2)


def housed(source: Home, *homes: Home) -> tuple[str, str]:
    """An organisation of a network, called Canary, and an offer of it, as these nodes have read them."""
    house, offer = str(uuid.uuid4()), str(uuid.uuid4())
    named = edits.body_of({"kind": "organization", "names": {"en": "Canary"}})
    place = edits.body_of({"kind": "exchange", "type": "offer", "titles": {"en": "A place"}, "organization": house})
    changes = [partial(put, handle=one, salt=bytes(32), body=body) for one, body in ((house, named), (offer, place))]
    for home in homes:
        listed(home, source, *changes)
    return house, offer


def test_the_name_of_an_organisation_that_is_erased_is_nowhere_any_more(two: Two) -> None:
    house, offer = housed(two.b, two.a, two.b)
    asked = introductions.ask(two.a, offer, two.need, "", "", ASKER, "", NOW).id
    asking = introductions.ask(two.b, two.need, offer, "", "", ASKED, "", NOW + timedelta(hours=1)).id
    two.both()
    two.accept(asked)
    two.both()
    for id_ in (asked, asking):
        one = introductions.introduction(two.a, id_)
        assert "Canary" in (one.asked.organization, one.asker.organization)
    erasure.erase(two.b, house, NOW)
    listed(two.b, two.b, partial(erase, key=key_of(house)))
    erasure.settle(two.b)
    assert not any(b"Canary" in path.read_bytes() for path in two.b.path.rglob("*") if path.is_file())
    two.both()
    for home in (two.a, two.b):
        with home.store.reading() as db:
            assert not any(b"Canary" in msgspec.json.encode(kept.body) for kept in stored.everything(db))
            assert stored.unconfirmed(db) == []
    assert introductions.introduction(two.a, asked).asked.details == ASKED
    assert two.states(asked)[1] == "introduced" and two.states(asking)[0] == "waiting"


def test_an_organisation_that_another_network_erases_is_named_no_more(two: Two) -> None:
    house, offer = housed(two.b, two.a)
    id_ = introductions.ask(two.a, offer, "", "", "", ASKER, "", NOW).id
    assert introductions.introduction(two.a, id_).asked.organization == "Canary"
    listed(two.a, two.b, partial(erase, key=key_of(house)))
    with two.a.store.writing() as db:
        destruction.owe(db, prompt=True)
    erasure.settle(two.a)
    own = Spoken(offer, "offer", {"en": "A place"}, "Canary")
    side = Side(id_, 1, "accepted", offer, utc_text(NOW), seen=1, heard="asked", own=own, details=ASKED)
    hearing.taken(two.a, network_of(two.a, two.b), [side], [], NOW)  # was on its way
    found = introductions.introduction(two.a, id_)
    assert (found.state, found.asked.organization) == ("introduced", "")
    erasure.settle(two.a)
    assert not any(b"Canary" in path.read_bytes() for path in two.a.path.rglob("*") if path.is_file())


def test_what_the_other_side_takes_away_is_destroyed_at_once_with_the_handle_of_what_it_erased(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    erasure.erase(two.a, two.need, NOW)
    two.both()
    with two.b.store.reading() as db:
        assert destruction.is_owed(db)
        kept = stored.one(db, id_)
    assert kept is not None and kept.asking != two.need and two.need not in msgspec.json.encode(kept.body).decode()
    erasure.settle(two.b)
    assert on_disk(two.b) == set() and introductions.introduction(two.b, id_).state == "taken-back"


def test_details_that_wait_are_told_to_nobody_who_has_taken_back(two: Two) -> None:
    id_ = two.ask().id
    two.tell(two.a, two.b)
    two.accept(id_)
    introductions.take_back(two.a, id_, NOW, "")
    two.tell(two.a, two.b)
    with two.b.store.reading() as db:
        (said,) = hearing.sides_for(db, network_of(two.b, two.a))
        assert stored.unconfirmed(db) == []
    assert (said.stance, said.details, said.text, said.own.titles) == ("accepted", Details(), "", {})


def test_withdrawing_an_entry_ends_its_introductions(two: Two) -> None:
    waiting, done = two.ask().id, entry(two.a, "need", "Another")
    edits.withdraw(two.a, done, NOW)
    assert introductions.introduction(two.a, waiting).state == "waiting"
    edits.withdraw(two.a, two.need, NOW)
    two.both()
    assert introductions.introduction(two.a, waiting).state == "taken-back"


def test_what_is_introduced_outlives_an_entry_that_is_withdrawn(two: Two) -> None:
    id_ = two.introduced()
    edits.withdraw(two.a, two.need, NOW)
    two.both()
    assert two.states(id_) == ("introduced", "introduced")


def test_what_ended_is_emptied_after_thirty_days_and_cannot_come_back(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    introductions.decline(two.b, id_, "We would like to, but", NOW, "")
    two.both()
    for home in (two.a, two.b):
        assert introductions.sweep(home, NOW + timedelta(days=29)) == 0
        assert introductions.sweep(home, NOW + timedelta(days=31)) == 1
        erasure.settle(home)
        assert on_disk(home) == set()
        assert introductions.introduction(home, id_).may() == frozenset()
    with pytest.raises(OutOfOrderError):
        two.accept(id_, NOW + timedelta(days=32))
    two.both(NOW + timedelta(days=32))
    assert two.states(id_) == ("taken-back", "taken-back")


def test_forgetting_leaves_figures_and_nothing_else_and_stays_so(two: Two) -> None:
    id_ = two.introduced()
    found = introductions.forget(two.a, id_, NOW)
    assert (found.state, found.emptied, found.undelivered) == ("introduced", True, False)
    assert on_disk(two.a) == set()
    two.both()
    assert on_disk(two.a) == set() and introductions.introduction(two.b, id_).state == "introduced"
    with two.a.store.reading() as db:
        assert [one.state for one in stored.figures(db)] == ["introduced"]


def test_forgetting_what_is_open_ends_it(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    introductions.forget(two.b, id_, NOW)
    two.both()
    assert two.states(id_) == ("taken-back", "taken-back") and on_disk(two.b) == set()


def test_what_is_hidden_in_an_emergency_is_out_of_sight_and_says_nothing(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    two.accept(id_)
    hiding.hide(two.b, two.offer, NOW)
    with pytest.raises(NotFoundError):
        introductions.introduction(two.b, id_)
    assert introductions.introductions(two.b) == []
    with two.b.store.reading() as db:
        network = network_of(two.b, two.a)
        assert (hearing.sides_for(db, network), hearing.unanswered(db, network)) == ((), ())
        assert stored.unconfirmed(db) == [] and introductions.news(db, NOW) == [] and stored.figures(db) == []
    two.both()
    assert introductions.introduction(two.a, id_).state == "waiting"
    hiding.unhide(two.b, two.offer, NOW)
    two.both()
    assert two.states(id_) == ("introduced", "introduced")


def test_a_network_that_is_let_go_of_is_told_apart(two: Two) -> None:
    id_ = two.introduced()
    network = network_of(two.a, two.b)
    following.block(two.a, network)
    assert introductions.introduction(two.a, id_).cut == "blocked"
    following.block(two.a, network, False)
    with two.a.store.writing() as db:
        feeds.freeze(db, network, "split-view")
    assert introductions.introduction(two.a, id_).cut == "frozen"
    following.unfollow(two.a, network)
    found = introductions.introduction(two.a, id_)
    assert (found.cut, found.network_name) == ("unfollowed", "Answering Network")


# --- a backup is restored ---------------------------------------------------------------------------------------------


def back_up(home: Home, to: Path) -> None:
    with home.store.reading() as db, closing(sqlite.connect(str(to))) as copy:
        db.conn.backup(copy)


def go_back(home: Home, to: Path, now: datetime) -> None:
    """The database of an older day; whatever was newer is lost."""
    with closing(Store(to)) as old:
        copies.replace(home.store, old)
    with home.store.writing() as db:
        hearing.after_restore(db, None, now)


LATER = NOW + timedelta(hours=5)


def test_a_restored_node_does_not_take_back_that_it_took_back(two: Two, tmp_path: Path) -> None:
    id_ = two.ask().id
    back_up(two.a, tmp_path / "copy")
    introductions.take_back(two.a, id_, NOW, "")
    two.both()
    go_back(two.a, tmp_path / "copy", LATER)
    assert introductions.introduction(two.a, id_).state == "waiting"
    two.both(LATER)
    assert two.states(id_) == ("taken-back", "taken-back")


def test_a_restored_node_hears_again_that_it_accepted(two: Two, tmp_path: Path) -> None:
    back_up(two.b, tmp_path / "copy")  # before anything was asked
    id_ = two.introduced()
    go_back(two.b, tmp_path / "copy", LATER)
    two.both(LATER)
    assert two.states(id_) == ("introduced", "introduced")
    assert introductions.introduction(two.b, id_).other.details == ASKER


def test_what_was_forgotten_does_not_come_back_with_a_backup(two: Two, tmp_path: Path) -> None:
    id_ = two.introduced()
    back_up(two.b, tmp_path / "copy")
    introductions.forget(two.b, id_, NOW)
    assert id_.encode() not in (two.b.path / forgotten.NAME).read_bytes()
    go_back(two.b, tmp_path / "copy", LATER)
    assert introductions.forget_again(two.b, forgotten.kept(two.b.path), LATER) == 1
    assert introductions.forget_again(two.b, forgotten.kept(two.b.path), LATER) == 0
    erasure.settle(two.b)
    two.both(LATER)
    found = introductions.introduction(two.b, id_)
    assert (found.state, found.emptied, on_disk(two.b)) == ("introduced", True, set())
    (two.b.path / forgotten.NAME).write_bytes(b"nothing\n")
    with pytest.raises(BrokenStoreError):
        forgotten.kept(two.b.path)


def test_a_restored_node_that_has_lost_what_it_asked_withdraws_it(two: Two, tmp_path: Path) -> None:
    back_up(two.a, tmp_path / "copy")
    id_ = two.introduced()
    go_back(two.a, tmp_path / "copy", LATER)
    two.both(LATER)
    assert introductions.introduction(two.b, id_).state == "taken-back" and introductions.introductions(two.a) == []


def test_nobody_can_tell_a_node_that_was_not_restored_what_it_said(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    side = Side(
        id_, 5, "asked", two.offer, utc_text(NOW), seen=3, heard="accepted", own=Spoken(two.need), details=ASKER
    )
    hearing.taken(two.b, network_of(two.b, two.a), [side], [], NOW)
    assert introductions.introduction(two.b, id_).state == "waiting"


# --- what is new ------------------------------------------------------------------------------------------------------


def test_news_are_for_whoever_keeps_the_entry(two: Two) -> None:
    id_ = two.ask().id
    two.both()
    with two.b.store.reading() as db:
        (news,) = introductions.news(db, NOW)
    assert (news.what, news.handle, news.side) == ("asked", two.offer, "asked")
    two.accept(id_)
    two.both()
    with two.a.store.reading() as db:
        assert [one.what for one in introductions.news(db, NOW)] == ["accepted"]
        assert [one.what for one in introductions.news(db, NOW + timedelta(days=30))] == ["accepted", "outcome"]
        assert stored.waiting(db, NOW - timedelta(days=7), NOW) == (0, 1, 0)
        assert stored.waiting(db, NOW + timedelta(days=1), NOW + timedelta(days=1)) == (0, 0, 1)
    with two.b.store.reading() as db:
        assert [one.what for one in introductions.news(db, NOW)] == ["introduced"]


def test_details_may_come_from_the_contact_of_the_organisation(two: Two) -> None:
    organization = edits.add(two.a, "organization", {"names": {"en": "Harbour Aid"}}, NOW).handle
    own = entry(two.a, "need", "Interpreters", organization=organization)
    assert reaching.suggested_details(two.a, own) is None
    edits.add(two.a, "contact", {"organization": organization, "emails": ["desk@harbour.example"]}, NOW)
    assert reaching.suggested_details(two.a, own) == Details("Harbour Aid", ("desk@harbour.example",))


def test_a_move_to_another_circle_keeps_introductions(two: Two) -> None:
    id_ = two.ask().id
    moved = edits.edit(two.a, two.need, {}, NOW, circle="partners")
    assert moved.handle != two.need
    assert [one.id for one in introductions.introductions(two.a, ours=moved.handle)] == [id_]
    two.both()
    two.accept(id_)
    two.both()
    assert two.states(id_) == ("introduced", "introduced")
    with two.a.store.reading() as db:
        kept = stored.one(db, id_)
    assert kept is not None and two.need not in msgspec.json.encode(kept.body).decode()


def test_two_years_of_introductions_are_told_in_messages_of_one_size(two: Two) -> None:
    network = network_of(two.a, two.b)
    kept = introductions.introduction(two.a, two.ask().id)
    with two.a.store.writing() as db:
        one = stored.one(db, kept.id)
        assert one is not None and one.held.own is not None
        for number in range(stored.MAX_TOLD + 20):
            id_ = str(uuid.UUID(int=number, version=4))
            side = msgspec.structs.replace(one.held.own, introduction=id_)
            body = msgspec.structs.replace(one.body, held=msgspec.structs.replace(one.held, own=side, delivered=1))
            stored.save(db, one._replace(id=id_, body=body, undelivered=None))
    with two.a.store.reading() as db:
        told = hearing.sides_for(db, network)
    assert len(told) == stored.MAX_TOLD and told[0].introduction == kept.id


# --- what may be told of entries, to whom -----------------------------------------------------------------------------


@pytest.mark.parametrize("circle", ["public", "casework"])
def test_agreeing_tells_of_an_entry_what_the_other_may_read_and_nothing_newer(two: Two, circle: str) -> None:
    id_ = two.ask().id
    two.both()
    circles.add(two.b, "casework", NOW)
    fields = {"titles": {"en": "A case"}, "organization": "Her lawyer"}
    edited = edits.edit(two.b, two.offer, fields, NOW, circle=circle)
    two.accept(id_)
    two.both()
    told = introductions.introduction(two.a, id_).asked
    assert (told.titles, told.organization) == ({"en": "A place"}, "Hilltop Aid")
    with two.a.store.reading() as db:
        assert edited.handle == two.offer or not any(edited.handle in str(kept) for kept in stored.everything(db))


def test_nobody_asks_for_an_entry_of_which_the_other_may_not_know(two: Two) -> None:
    ours = entry(two.a, "need", "Among partners", "partners")
    with pytest.raises(NotForThemError, match="in the circle partners, which Answering Network does not read"):
        introductions.preview(two.a, two.offer, ours, "", "", ASKER, NOW)
    with two.a.store.writing() as db:
        feeds.set_partner(db, network_of(two.a, two.b), True)
    assert introductions.preview(two.a, two.offer, ours, "", "", ASKER, NOW).now.own.titles == {"en": "Among partners"}
    hill = edits.add(two.a, "organization", {"names": {"en": "Hill"}}, NOW, "partners").handle
    other = entry(two.a, "need", "In public", organization=hill)
    assert introductions.preview(two.a, two.offer, other, "", "", ASKER, NOW).now.own.organization == "Hill"
    with two.a.store.writing() as db:
        feeds.set_partner(db, network_of(two.a, two.b), False)
    assert introductions.preview(two.a, two.offer, other, "", "", ASKER, NOW).now.own.organization == ""


def test_a_hidden_entry_is_answered_as_one_that_never_was(two: Two) -> None:
    hidden = entry(two.b, "offer", "Soon gone")
    hiding.hide(two.b, hidden, NOW)
    network = network_of(two.b, two.a)
    answers: set[str] = set()
    for about, own in ((hidden, ""), (str(uuid.uuid4()), ""), (str(uuid.uuid4()), hidden)):
        side = Side(str(uuid.uuid4()), 1, "asked", about, utc_text(NOW), own=Spoken(own))
        hearing.taken(two.b, network, [side], [], NOW)
        with two.b.store.reading() as db:
            answers.update(one.stance for one in hearing.sides_for(db, network) if one.about == about)
            assert side.introduction in {one.introduction for one in hearing.sides_for(db, network)}
    assert answers == {"declined"} and introductions.introductions(two.b) == []


@pytest.mark.parametrize("cut", ["blocked", "frozen", "unfollowed"])
def test_nothing_is_answered_or_heard_while_nothing_travels(two: Two, cut: str) -> None:
    id_ = two.ask().id
    two.both()
    there = network_of(two.b, two.a)
    if cut == "blocked":
        following.block(two.b, there)
    elif cut == "unfollowed":
        following.unfollow(two.b, there)
    else:
        with two.b.store.writing() as db:
            feeds.freeze(db, there, "split-view")
    assert introductions.introduction(two.b, id_).may() == {"forget"}
    with pytest.raises(OutOfOrderError, match=f"Asking Network is {cut}"):
        two.accept(id_)
    side = Side(str(uuid.uuid4()), 1, "asked", two.offer, utc_text(NOW))
    with suppress(NotFoundError):
        hearing.taken(two.b, there, [side], [], NOW)  # as it was known when the answer was asked for
    assert len(introductions.introductions(two.b)) == 1


def test_an_address_that_would_take_for_ever_to_look_at_is_refused_at_once() -> None:
    long = ("a@" + "a." * 31_000 + "@", "a@" + "a." * 120 + "@", "a@" + "." * 200 + "@")
    for bad in (*long, "a\0b@x.example", "a\u202eb@x.example", "a@.b", "a@b."):
        with pytest.raises(UsageError, match="is no e-mail address"):
            reaching.checked(Details("A", (bad,)))
    with pytest.raises(UsageError, match="nobody is named"):
        reaching.checked(Details("\u202e\u200b", ("a@x.example",)))
    found = reaching.checked(Details("\u202eAna\u202c", ("a.b@mail.x.example",)))
    assert found == Details("Ana", ("a.b@mail.x.example",))


def test_only_the_last_outcome_is_kept(two: Two) -> None:
    id_ = two.introduced()
    for outcome in ("met", "not-met", "partly-met"):
        introductions.note_outcome(two.a, id_, outcome, NOW, "Sam")
    assert [step.act for step in introductions.introduction(two.a, id_).steps] == ["asked", "outcome"]


def test_a_member_does_not_hear_which_networks_are_known_here(two: Two) -> None:
    for name in ("Nobody", "Answering Network"):
        with pytest.raises(NotFoundError, match="no such need or offer"):
            introductions.preview(two.a, f"{name}:{uuid.uuid4()}", "", "", "", ASKER, NOW, circles={"public"})
