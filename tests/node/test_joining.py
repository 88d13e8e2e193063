from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fednet.errors import ChangedError, NotFoundError, UsageError
from fednet.listing import ListingError
from fednet.node import edits, erasure, joining, publish
from fednet.node import home as homes
from fednet.node.home import Home, Joining
from fednet.node.joining import Applied, Approved
from fednet.store import accounts, applications, letters
from tests.web.place import NOW

MEMBERS = ("Maple House", "Lantern House", "Paper Boat")


def opened(path: Path, **joins: Any) -> Home:
    """A network of three members that may be joined."""
    home, _ = homes.create(path / "node", "Example Network", None, path / "key.txt")
    asked = {"open": True, "categories": ("full", "associate"), "endorsements": 2, "term_months": 12, **joins}
    home.config = msgspec.structs.replace(home.config, joining=Joining(**asked))
    for name in MEMBERS:
        fields = {"names": {"en": name}, "membership": {"category": "full", "since": "2020"}}
        edits.add(home, "organization", fields, NOW)
    publish.publish(home, NOW)
    return home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = opened(tmp_path)
    yield made
    made.close()


def filled(home: Home, number: int = 1, **more: Any) -> dict[str, Any]:
    with home.store.reading() as db:
        endorsers = tuple(joining.members(db, home))[:2]
    return {
        "organization": {"names": {"en": f"Applicant {number}"}, "services": ["legal-aid"], "website": "a.example"},
        "contact": {"emails": [f"applicant-{number}@a.example"], "person": f"Somebody {number}"},
        "category": "full",
        "why": "We wish to.",
        "documents": ("https://a.example/statutes",),
        "endorsers": endorsers,
        **more,
    }


def applied(home: Home, number: int = 1, now: datetime = NOW, **more: Any) -> Applied:
    return joining.apply(home, joining.read(home, filled(home, number, **more)), "fr", now)


def ignored(*_: Any) -> None:
    """No letter is written."""


def test_approval_makes_entry_contact_and_account_at_once(home: Home) -> None:
    found = applied(home)
    made = joining.approve(home, found.id, NOW)
    with home.store.reading() as db:
        entry, contact = edits.find(db, home, made.handle), edits.find(db, home, made.contact)
        account = accounts.by_email(db, "applicant-1@a.example")
    assert entry.circle == "public" and contact.circle == "partners"
    assert entry.fields["membership"] == {"category": "full", "since": "2026-11-21", "until": "2027-11-21"}
    assert entry.fields["confirmed"] == contact.fields["confirmed"] == {"at": "2026-11-21", "by": "Applicant 1"}
    assert contact.fields["organization"] == made.handle and contact.fields["emails"] == ["applicant-1@a.example"]
    assert account is not None
    assert (account.role, account.organization, account.language) == ("organization", made.handle, "fr")


def test_whoever_asks_not_to_be_public_is_listed_for_partners_and_members_only(home: Home) -> None:
    made = joining.approve(home, applied(home, circle="partners").id, NOW)
    with home.store.reading() as db:
        assert edits.find(db, home, made.handle).circle == "partners"


def test_nothing_is_approved_when_the_account_cannot_be_made(home: Home) -> None:
    first, second = applied(home, 1), applied(home, 2, contact={"emails": ["applicant-1@a.example"]})
    joining.approve(home, first.id, NOW)
    with home.store.reading() as db:
        before = db.execute("SELECT count(*) FROM draft").fetchone()
    with pytest.raises(UsageError, match="account"):
        joining.approve(home, second.id, NOW)
    with home.store.reading() as db:
        assert db.execute("SELECT count(*) FROM draft").fetchone() == before
        assert joining.find(db, second.id).state == "waits"


def test_a_letter_that_cannot_be_written_undoes_the_approval(home: Home) -> None:
    found = applied(home)

    def tell(*_: Any) -> None:
        raise UsageError("no letter")

    with pytest.raises(UsageError):
        joining.approve(home, found.id, NOW, tell)
    with home.store.reading() as db:
        assert joining.find(db, found.id).state == "waits"
        assert accounts.by_email(db, "applicant-1@a.example") is None


@pytest.mark.parametrize(
    "field, value, where",
    [
        ("category", "emperor", "category"),
        ("documents", ("file:///etc/passwd",), "documents"),
        ("documents", ("javascript:alert(1)",), "documents"),
        ("contact", {"person": "Nobody"}, "emails"),
        ("contact", {"emails": ["nobody"]}, "emails"),
        ("organization", {}, "names"),
        ("organization", {"names": {"en": "A"}, "services": ["witchcraft"]}, "services"),
        ("endorsers", (), "endorsers"),
        ("endorsers", ("00000000-0000-4000-8000-000000000001",) * 2, "endorsers"),
        ("why", "long" * 2_000, "why"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(home: Home, field: str, value: Any, where: str) -> None:
    with pytest.raises(ListingError) as refused:
        joining.read(home, filled(home, **{field: value}))
    assert refused.value.field.partition(".")[0] == where


def test_an_applicant_cannot_make_itself_a_member_or_confirmed_or_of_another_kind(home: Home) -> None:
    organization = {
        "names": {"en": "Sly"},
        "membership": {"category": "founder"},
        "confirmed": {"at": "2026-01-01", "by": "the network"},
        "kind": "network",
        "groups": ["00000000-0000-4000-8000-000000000001"],
        "x": 1,
    }
    form = joining.read(home, filled(home, organization=organization))
    assert form.organization == {"names": {"en": "Sly"}}


def test_so_many_wait_and_no_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(joining.MAX_OF_ONE):
        applied(home, 1)
    with pytest.raises(UsageError, match="e-mail address already"):
        applied(home, 1, contact={"emails": ["APPLICANT-1@a.example"]})
    monkeypatch.setattr(joining, "MAX_OPEN", joining.MAX_OF_ONE)
    with pytest.raises(UsageError, match="too many"):
        applied(home, 2)


def test_what_was_declined_is_destroyed_after_ninety_days_and_what_was_withdrawn_at_once(home: Home) -> None:
    declined, withdrawn = applied(home, 1), applied(home, 2)
    joining.decline(home, [declined.id], "not yet", NOW)
    joining.withdraw(home, withdrawn.id, NOW)
    with home.store.reading() as db:
        assert joining.form_of(joining.find(db, withdrawn.id)) is None
        assert joining.form_of(joining.find(db, declined.id)) is not None
        assert applications.endorsements(db, withdrawn.id) == []
    assert joining.sweep(home, NOW + timedelta(days=90)) == 0
    assert joining.sweep(home, NOW + timedelta(days=90, seconds=1)) == 1
    with home.store.reading() as db:
        gone = joining.find(db, declined.id)
        assert (gone.fields, gone.email, gone.reason, gone.messages) == ({}, "", None, ())
        for secret in (declined.secret, withdrawn.secret):
            with pytest.raises(NotFoundError):
                joining.by_secret(db, secret, NOW)


def test_nobody_approves_or_endorses_what_the_applicant_has_changed_since_they_looked(home: Home) -> None:
    found = applied(home)
    with home.store.reading() as db:
        first, second = (one.organization for one in applications.endorsements(db, found.id))
        seen = joining.version_of(joining.find(db, found.id))
    joining.ask_endorsers(home, found.id, NOW, ignored)
    joining.endorse(home, found.id, first, "endorsed", "Ann", NOW, seen=seen)
    joining.change(home, found.id, joining.read(home, filled(home, organization={"names": {"en": "Other"}})), NOW)
    with pytest.raises(ChangedError, match="changed"):
        joining.endorse(home, found.id, second, "endorsed", "Bo", NOW, seen=seen)
    with pytest.raises(ChangedError, match="changed"):
        joining.approve(home, found.id, NOW, seen=seen)
    with home.store.reading() as db:
        verdicts = [(one.verdict, one.said_at, one.said_by) for one in applications.endorsements(db, found.id)]
        now = joining.version_of(joining.find(db, found.id))
    assert verdicts == [(None, None, None)] * 2, "what was said was said of something else"
    joining.endorse(home, found.id, first, "declined", "Ann", NOW, seen=now)
    joining.answer(home, found.id, "One thing more.", NOW)
    with pytest.raises(ChangedError, match="changed"):
        joining.approve(home, found.id, NOW, seen=now)
    with home.store.reading() as db:
        now = joining.version_of(joining.find(db, found.id))
    joining.approve(home, found.id, NOW, seen=now)


def test_who_sends_the_same_again_keeps_those_who_spoke_for_it(home: Home) -> None:
    found = applied(home)
    joining.ask_endorsers(home, found.id, NOW, ignored)
    with home.store.reading() as db:
        first = applications.endorsements(db, found.id)[0].organization
    joining.endorse(home, found.id, first, "endorsed", "Ann", NOW)
    joining.change(home, found.id, joining.read(home, filled(home)), NOW)
    with home.store.reading() as db:
        assert [one.verdict for one in applications.endorsements(db, found.id)] == ["endorsed", None]


def test_nothing_about_people_stays_in_an_application_that_became_records(home: Home) -> None:
    declined, found = applied(home), applied(home)
    joining.decline(home, [declined.id], "not yet", NOW)
    joining.approve(home, found.id, NOW)
    erasure.settle(home)
    with home.store.reading() as db:
        kept, earlier = joining.find(db, found.id), joining.find(db, declined.id)
        told = joining.form_of(kept)
    assert told is not None and (told.contact, kept.email) == ({}, "") and told.why == "We wish to."
    assert (earlier.fields, earlier.email) == ({}, "")
    assert joining.sweep(home, NOW + timedelta(days=91)) == 1, "and nothing at all in the end"
    with home.store.reading() as db:
        assert joining.find(db, found.id).fields == {}


def test_many_are_declined_for_one_reason_all_or_none(home: Home) -> None:
    ids = [applied(home, number).id for number in (1, 2, 3)]
    joining.withdraw(home, ids[2], NOW)
    with pytest.raises(ChangedError):
        joining.decline(home, ids, "full", NOW)
    told: list[str] = []
    joining.decline(home, ids[:2], "full", NOW, lambda _, one: told.append(one.email))
    with home.store.reading() as db:
        assert [(one.state, one.reason) for one in (joining.find(db, id_) for id_ in ids[:2])] == [
            ("declined", "full")
        ] * 2
    assert told == ["applicant-1@a.example", "applicant-2@a.example"]


def test_a_member_speaks_once_and_only_when_it_was_asked(home: Home) -> None:
    found = applied(home)
    with home.store.reading() as db:
        first, second, other = joining.members(db, home)
    with pytest.raises(ChangedError):
        joining.endorse(home, found.id, first, "endorsed", "Ann", NOW)
    secrets = joining.ask_endorsers(home, found.id, NOW, ignored)
    assert set(secrets) == {first, second}
    assert [one.name for one in joining.endorsements_for(home, first)] == ["Applicant 1"]
    assert joining.endorsements_for(home, other) == []
    joining.endorse(home, found.id, first, "endorsed", "", NOW, secret=secrets[first])
    joining.endorse(home, found.id, second, "declined", "Ann", NOW)
    for handle in (first, second, other):
        with pytest.raises(ChangedError):
            joining.endorse(home, found.id, handle, "endorsed", "", NOW)
    assert [one.verdict for one in joining.endorsements_for(home, second)] == ["declined"]
    with home.store.reading() as db, pytest.raises(NotFoundError):
        joining.endorsing(db, secrets[first], NOW)


def test_members_are_reached_by_their_accounts_else_by_their_contacts(home: Home) -> None:
    made = joining.approve(home, applied(home).id, NOW)
    with home.store.writing() as db:
        first = next(handle for handle, name in joining.members(db, home).items() if name in MEMBERS)
        assert joining.reached(db, home, first) == []
        assert [one.email for one in joining.reached(db, home, made.handle)] == ["applicant-1@a.example"]
        accounts.set_ended(db, made.account.id, NOW)
        edits.edit_in(db, home, made.contact, {"emails": ["office@a.example", "two@a.example"]}, NOW)
        assert [one.email for one in joining.reached(db, home, made.handle)] == ["office@a.example"]


def test_a_member_that_moves_to_another_circle_takes_its_application_and_endorsements_along(home: Home) -> None:
    made = joining.approve(home, applied(home, 1).id, NOW)
    publish.publish(home, NOW)
    second = applied(home, 2, endorsers=(made.handle, next(iter(_others(home, made.handle)))))
    secret = joining.ask_endorsers(home, second.id, NOW, ignored)[made.handle]
    with home.store.writing() as db:
        letters.remember(db, "term-60", f"{made.handle} 2027-11-21", NOW)
        letters.put(db, "a@a.example", "Subject", "Text", NOW, about=made.handle)
    moved = edits.edit(home, made.handle, {}, NOW, circle="partners").handle
    assert moved != made.handle
    with home.store.reading() as db:
        assert joining.endorsing(db, secret, NOW)[1] == moved
        assert letters.reminded(db, "term-60", f"{moved} 2027-11-21")
        assert [one.about for one in letters.waiting(db)] == [moved]
        assert {one.handle for one in applications.of_state(db, ["approved"])} == {moved}
        assert made.handle not in applications.handles(db)
    joining.endorse(home, second.id, moved, "endorsed", "", NOW, secret=secret)


def _others(home: Home, handle: str) -> list[str]:
    with home.store.reading() as db:
        return [one for one in joining.members(db, home) if one != handle]


def test_an_erased_member_leaves_nothing_of_its_application_in_any_file(home: Home) -> None:
    word = "Zyqqvortex"
    organization = {"names": {"en": f"{word} House"}}
    contact = {"emails": [f"{word}@a.example"], "person": f"Ms {word}"}
    found = applied(
        home, organization=organization, contact=contact, why=f"{word} asks", documents=(f"https://{word}.example",)
    )
    joining.ask_endorsers(home, found.id, NOW, ignored)
    joining.ask_back(home, found.id, f"Are you {word}?", NOW, ignored)
    joining.answer(home, found.id, f"Yes, {word}", NOW)

    def tell(db: Any, made: Approved) -> None:
        letters.put(db, f"{word}@a.example", f"Welcome {word}", f"Dear {word}", NOW, about=made.handle)
        letters.put(db, f"{word}@a.example", f"Again {word}", f"Dear {word}", NOW, about=applications.about(found.id))

    made = joining.approve(home, found.id, NOW, tell)
    with home.store.writing() as db:
        letters.remember(db, "term-60", f"{made.handle} 2027-11-21", NOW)
        accounts.delete(db, made.account.id)
    publish.publish(home, NOW)
    assert traces(home, word, made.handle)
    for handle in (made.contact, made.handle):
        erasure.erase(home, handle, NOW)
    publish.publish(home, NOW)
    assert erasure.settle(home)
    home.close()
    assert traces(home, word, made.handle) == []


def traces(home: Home, *words: str) -> list[str]:
    """Files of the node in which one of the words stands, in small letters or as written."""
    forms = [form.encode() for word in words for form in (word, word.lower())]
    files = [path for path in home.path.rglob("*") if path.is_file() and path.name != "tombstones.jsonl"]
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


# --- the whole life of applications, against a model ------------------------------------------------------------------


class Lives(RuleBasedStateMachine):
    """Any number of people act on applications in any order; each act does what the model says, or nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.home = opened(Path(self._folder.name))
        self.now = NOW
        self.states: dict[int, str] = {}
        self.secrets: dict[int, str] = {}
        self.asked: dict[int, dict[str, str]] = {}
        self.verdicts: dict[tuple[int, str], str] = {}
        self.whys: dict[int, str] = {}
        self.used: set[str] = set()
        self.said: dict[int, int] = {}
        self.made: dict[int, Approved] = {}

    def teardown(self) -> None:
        self.home.close()
        self._folder.cleanup()

    @initialize()
    def begun(self) -> None:
        self.apply()

    def _tried(self, id_: int, after: str, act: Any) -> bool:
        """Whether an act was done: exactly when the application is open."""
        self.now += timedelta(hours=1)
        if self.states[id_] in ("waits", "asked"):
            act()
            self.states[id_] = after
            return True
        with pytest.raises(ChangedError):
            act()
        return False

    def _one(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.states)))

    @rule()
    @precondition(lambda self: len(self.states) < 4)
    def apply(self) -> None:
        found = applied(self.home, len(self.states) + 1, self.now)
        self.states[found.id], self.secrets[found.id] = "waits", found.secret
        self.asked[found.id], self.said[found.id], self.whys[found.id] = {}, 0, "We wish to."

    @rule(data=st.data())
    def ask_back(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        self.said[id_] += self._tried(
            id_, "asked", lambda: joining.ask_back(self.home, id_, "who are you?", self.now, ignored)
        )

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        self.said[id_] += self._tried(id_, "waits", lambda: joining.answer(self.home, id_, "we are we", self.now))

    @rule(data=st.data(), why=st.sampled_from(["We wish to.", "for another reason"]))
    def change(self, data: st.DataObject, why: str) -> None:
        """Who has spoken for what it was has not spoken for another."""
        id_ = self._one(data)
        form = joining.read(self.home, filled(self.home, id_, why=why))
        if self._tried(id_, "waits", lambda: joining.change(self.home, id_, form, self.now)):
            if why != self.whys[id_]:
                self.verdicts = {one: said for one, said in self.verdicts.items() if one[0] != id_}
            self.whys[id_] = why

    @rule(data=st.data())
    def ask_endorsers(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        found: dict[str, str] = {}
        if self._tried(
            id_,
            self.states[id_],
            lambda: found.update(joining.ask_endorsers(self.home, id_, self.now, ignored)),
        ):
            self.asked[id_] |= found

    @rule(data=st.data(), verdict=st.sampled_from(["endorsed", "declined"]))
    def endorse(self, data: st.DataObject, verdict: str) -> None:
        id_ = self._one(data)
        handle = data.draw(st.sampled_from(sorted(self.asked[id_]) or ["00000000-0000-4000-8000-000000000009"]))
        open_ = self.states[id_] in ("waits", "asked")
        if open_ and handle in self.asked[id_] and (id_, handle) not in self.verdicts:
            secret = self.asked[id_][handle]
            usable = None if secret in self.used else secret  # else on its own page
            joining.endorse(self.home, id_, handle, verdict, "", self.now, secret=usable)
            self.used.add(secret)
            self.verdicts[id_, handle] = verdict
        else:
            with pytest.raises(ChangedError):
                joining.endorse(self.home, id_, handle, verdict, "", self.now)

    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        found: list[Approved] = []
        if self._tried(id_, "approved", lambda: found.append(joining.approve(self.home, id_, self.now))):
            self.made[id_] = found[0]

    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        self._tried(id_, "declined", lambda: joining.decline(self.home, [id_], "no", self.now))

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        id_ = self._one(data)
        self._tried(id_, "withdrawn", lambda: joining.withdraw(self.home, id_, self.now))

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        with self.home.store.reading() as db:
            for id_, state in self.states.items():
                found = joining.find(db, id_)
                assert found.state == state
                assert (found.decided_at is None) == (state in ("waits", "asked"))
                if state == "withdrawn":
                    assert found.fields == {} and found.messages == () and not applications.endorsements(db, id_)
                    continue
                assert len(found.messages) == self.said[id_]
                assert joining.by_secret(db, self.secrets[id_], self.now).id == id_
                said = {one.organization: one.verdict for one in applications.endorsements(db, id_) if one.verdict}
                assert said == {handle: verdict for (one, handle), verdict in self.verdicts.items() if one == id_}
            made = db.execute("SELECT count(*) FROM draft").fetchone()[0]
            assert made == 2 * len(self.made)
            listed = {one.organization for one in accounts.accounts(db)}
            assert listed == {one.handle for one in self.made.values()}


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=12, stateful_step_count=18, deadline=None)
