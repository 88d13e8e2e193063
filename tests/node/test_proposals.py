"""Edits that members propose: three ways by field, one decision each, and no trace of what is erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import ChangedError, ForbiddenError, NotFoundError, UsageError
from fednet.node import accounts, circles, edits, erasure, hiding, proposals
from fednet.node import home as homes
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.proposals import Proposer, merged
from fednet.node.publish import publish
from fednet.store import accounts as people
from fednet.store import destruction, drafts
from fednet.store import proposals as stored
from fednet.store.accounts import Account
from fednet.store.proposals import Proposal
from tests.web.place import NOW

SECRET = "quokkamarzipan"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


@pytest.fixture
def member(home: Home) -> Own:
    own = edits.add(home, "organization", {"names": {"en": "Paper Boat"}, "acronym": "PB"}, NOW)
    publish(home, NOW)
    return own


def propose(home: Home, own: Own, **changes: Any) -> Proposal:
    by = Proposer(own.handle)
    with home.store.reading() as db:
        seen, _ = proposals.as_proposed(db, home, edits.find(db, home, own.handle), by)
    found = proposals.submit(home, by, "organization", seen, changes, seen.circle, NOW, waits=True)
    assert isinstance(found, Proposal)
    return found


def fields(home: Home, handle: str) -> dict[str, Any]:
    with home.store.reading() as db:
        return edits.find(db, home, handle).fields


def find(home: Home, id_: int) -> Proposal:
    with home.store.reading() as db:
        return proposals.find(db, id_)


def test_a_proposal_changes_nothing_until_it_is_approved(home: Home, member: Own) -> None:
    found = propose(home, member, website="https://new.example/", acronym=None)
    assert fields(home, member.handle) == member.fields
    proposals.approve(home, found.id, NOW, seen=found.version)
    assert fields(home, member.handle) == {
        "kind": "organization", "names": {"en": "Paper Boat"}, "website": "https://new.example/"
    }  # fmt: skip
    assert find(home, found.id)._replace(at="") == found._replace(
        state="approved", before=None, body=None, decided_at="2026-11-21T18:30:00Z", at=""
    )


def test_a_second_edit_of_the_same_member_revises_the_first(home: Home, member: Own) -> None:
    first = propose(home, member, website="https://new.example/")
    second = propose(home, member, acronym="PBX")
    assert (second.id, second.before) == (first.id, member.body)
    proposals.approve(home, second.id, NOW)
    assert fields(home, member.handle).items() >= {"website": "https://new.example/", "acronym": "PBX"}.items()


def test_what_the_secretariat_changed_meanwhile_stays(home: Home, member: Own) -> None:
    found = propose(home, member, website="https://new.example/")
    edits.edit(home, member.handle, {"acronym": "OTHER"}, NOW)
    proposals.approve(home, found.id, NOW)
    assert fields(home, member.handle).items() >= {"website": "https://new.example/", "acronym": "OTHER"}.items()


@pytest.mark.parametrize(("side", "expected"), [("mine", "MINE"), ("theirs", "OTHER")])
def test_a_conflict_waits_for_a_person(home: Home, member: Own, side: str, expected: str) -> None:
    found = propose(home, member, acronym="MINE")
    edits.edit(home, member.handle, {"acronym": "OTHER"}, NOW)
    with pytest.raises(ChangedError, match="acronym"):
        proposals.approve(home, found.id, NOW)
    assert find(home, found.id).state == "waits"
    proposals.approve(home, found.id, NOW, **{side: ["acronym"]})
    assert fields(home, member.handle)["acronym"] == expected


def test_a_proposal_that_changed_after_it_was_looked_at_is_not_approved(home: Home, member: Own) -> None:
    found = propose(home, member, acronym="MINE")
    with pytest.raises(ChangedError):
        proposals.approve(home, found.id, NOW, seen="2020-01-01T00:00:00Z")


def test_a_proposal_is_decided_once(home: Home, member: Own) -> None:
    found = propose(home, member, acronym="MINE")
    proposals.decline(home, found.id, "not by post", NOW)
    with pytest.raises(ChangedError):
        proposals.approve(home, found.id, NOW)
    with pytest.raises(ChangedError):
        proposals.withdraw(home, found.id, Proposer(member.handle), NOW)
    assert find(home, found.id).reason == "not by post"


def test_declining_needs_a_reason(home: Home, member: Own) -> None:
    found = propose(home, member, acronym="MINE")
    with pytest.raises(UsageError):
        proposals.decline(home, found.id, "  ", NOW)


def test_nobody_takes_back_what_another_proposed(home: Home, member: Own) -> None:
    found = propose(home, member, acronym="MINE")
    with pytest.raises(NotFoundError):
        proposals.withdraw(home, found.id, Proposer("somebody else"), NOW)


@pytest.mark.parametrize("name", sorted(proposals.NOT_FOR_MEMBERS["organization"]))
def test_members_do_not_change_what_the_network_says_of_them(home: Home, member: Own, name: str) -> None:
    value: Any = {"membership": {"category": "patron"}, "confirmed": {"at": "2026-11-21"}}.get(name, [member.handle])
    with pytest.raises(ForbiddenError):
        propose(home, member, **{name: value})


def test_members_make_no_entries_of_others(home: Home, member: Own) -> None:
    other = edits.add(home, "organization", {"names": {"en": "Another"}}, NOW)
    for kind, made in (
        ("contact", {"organization": other.handle, "emails": ["a@b.example"]}),
        ("exchange", {"organization": other.handle, "type": "need", "titles": {"en": "x"}}),
        ("event", {"hosts": [other.handle], "type": "webinar", "titles": {"en": "x"}, "start": "2026-12-01"}),
        ("group", {"names": {"en": "x"}}),
        ("organization", {"names": {"en": "x"}}),
    ):
        with pytest.raises(ForbiddenError):
            proposals.submit(home, Proposer(member.handle), kind, None, made, "public", NOW, waits=False)


def test_members_put_entries_into_no_circle_but_the_two_of_every_node(home: Home, member: Own) -> None:
    with pytest.raises(ForbiddenError):
        proposals.submit(home, Proposer(member.handle), "organization", member, {}, "secret-circle", NOW, waits=False)


def individual(home: Home, organization: str) -> Account:
    with home.store.writing() as db:
        account, _ = accounts.invite_in(
            db, name="Individual 7", email="seven@example.org", role="individual", organization=organization, now=NOW
        )
    return account


@pytest.mark.parametrize("waits", [True, False])
def test_an_individuals_new_entry_becomes_that_of_their_account(home: Home, member: Own, waits: bool) -> None:
    account = individual(home, member.handle)
    made = {"name": "Individual 7"}
    by = proposals.proposer(account)
    done = proposals.submit(home, by, "person", None, made, "partners", NOW, waits=waits)
    own = proposals.approve(home, done.id, NOW) if isinstance(done, Proposal) else done
    with home.store.reading() as db:
        found = people.account(db, account.id)
    assert found is not None
    assert (found.person, own.circle) == (own.handle, "partners")


def test_what_an_individual_proposed_goes_with_their_account(home: Home, member: Own) -> None:
    account = individual(home, member.handle)
    proposals.submit(home, proposals.proposer(account), "person", None, {"name": SECRET}, "partners", NOW, waits=True)
    with home.store.writing() as db:
        accounts.delete(db, account)
        assert not stored.waiting(db)


def test_an_erased_entry_leaves_no_proposals(home: Home, member: Own) -> None:
    propose(home, member, website=f"https://{SECRET}.example/")
    contact = {"organization": member.handle, "person": SECRET}
    proposals.submit(home, Proposer(member.handle), "contact", None, contact, "partners", NOW, waits=True)
    erasure.erase(home, member.handle, NOW)
    publish(home, NOW)
    destruction.settle(home.store)
    assert not [path for path in home.path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_proposals_that_come_back_with_an_old_database_go_again(home: Home, member: Own) -> None:
    erasure.erase(home, member.handle, NOW)
    publish(home, NOW)
    with home.store.writing() as db:
        stored.add(
            db, proposer=member.handle, handle=member.handle, kind="organization", circle="", before=member.body,
            body=member.body, account_id=None, now=NOW,
        )  # fmt: skip
        destruction.owe(db, prompt=True)
    destruction.settle(home.store)
    with home.store.reading() as db:
        assert not stored.waiting(db)


def test_a_proposal_follows_its_entry_to_another_handle(home: Home, member: Own) -> None:
    found = propose(home, member, acronym="MINE")
    moved = edits.edit(home, member.handle, {}, NOW, circle="partners")
    assert moved.handle != member.handle
    proposals.approve(home, found.id, NOW)
    after = fields(home, moved.handle)
    assert after["acronym"] == "MINE"
    with home.store.reading() as db:
        assert edits.find(db, home, moved.handle).circle == "partners"


# --- three ways, against the slow and obvious -------------------------------------------------------------------------

NAMES = ("a", "b", "c")
sides = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2))


@given(sides, sides, sides)
def test_each_field_comes_from_whoever_changed_it(
    before: dict[str, int], proposed: dict[str, int], now: dict[str, int]
) -> None:
    changes, conflicts = merged(before, proposed, now)
    for name in NAMES:
        base, mine, theirs = before.get(name), proposed.get(name), now.get(name)
        result = changes.get(name) if name in changes else theirs
        if mine == base:
            assert result == theirs
        else:
            assert result == mine
        assert (name in conflicts) == (len({base, mine, theirs}) == 3)


def person_of(home: Home, org: Own) -> Account:
    with home.store.writing() as db:
        account, _ = accounts.invite_in(
            db, name="Ivy", email="ivy@x.example", role="individual", organization=org.handle, now=NOW
        )
    return account


def test_an_individual_has_one_new_entry_waiting_and_one_entry(home: Home, member: Own) -> None:
    by = proposals.proposer(person_of(home, member))
    first, second = (
        proposals.submit(home, by, "person", None, {"name": name}, "partners", NOW, waits=True)
        for name in ("Ivy One", "Ivy Two")
    )
    assert isinstance(first, Proposal) and isinstance(second, Proposal)
    assert second.id == first.id and second.version != first.version
    made = proposals.approve(home, second.id, NOW, seen=second.version)
    assert made.fields["name"] == "Ivy Two"
    late = proposals.submit(home, by, "person", None, {"name": "Ivy Three"}, "partners", NOW, waits=True)
    assert isinstance(late, Proposal)
    with pytest.raises(ChangedError, match="entry already"):
        proposals.approve(home, late.id, NOW)
    with pytest.raises(ChangedError, match="entry already"):
        proposals.submit(home, by, "person", None, {"name": "Ivy Four"}, "partners", NOW, waits=False)


def test_a_revision_of_the_same_second_is_not_what_was_seen(home: Home, member: Own) -> None:
    seen = propose(home, member, acronym="ONE")
    now = propose(home, member, acronym="TWO")
    assert now.at == seen.at
    with pytest.raises(ChangedError, match="changed this proposal"):
        proposals.approve(home, seen.id, NOW, seen=seen.version)


@pytest.mark.parametrize("gone", ["hidden", "withdrawn"])
def test_nothing_new_is_approved_of_an_organisation_that_is_not_listed_now(home: Home, member: Own, gone: str) -> None:
    by, about = Proposer(member.handle), {"organization": member.handle, "emails": ["a@x.example"]}
    contact = proposals.submit(home, by, "contact", None, about, "partners", NOW, waits=True)
    changed = propose(home, member, acronym="NEW")
    assert isinstance(contact, Proposal)
    if gone == "hidden":
        hiding.hide(home, member.handle, NOW)
    else:
        edits.withdraw(home, member.handle, NOW)
    for found in (contact, changed):
        with pytest.raises(ChangedError, match="not listed now"):
            proposals.approve(home, found.id, NOW)
    with home.store.reading() as db:
        assert [one.action for one in drafts.drafts(db, "partners")] == []
    if gone == "hidden":
        hiding.unhide(home, member.handle, NOW)
        proposals.approve(home, contact.id, NOW)


def test_a_network_s_own_move_to_another_circle_stands(home: Home, member: Own) -> None:
    by = Proposer(member.handle)
    found = proposals.submit(
        home, by, "organization", member._replace(draft=False), {"acronym": "NEW"}, "partners", NOW, waits=True
    )
    assert isinstance(found, Proposal) and found.circle == "partners"
    circles.add(home, "shelter", NOW)
    moved = edits.edit(home, member.handle, {}, NOW, "shelter")
    done = proposals.approve(home, found.id, NOW)
    assert (done.handle, done.circle, done.fields["acronym"]) == (moved.handle, "shelter", "NEW")


def test_a_host_takes_no_other_host_out(home: Home, member: Own) -> None:
    other = edits.add(home, "organization", {"names": {"en": "Lantern"}}, NOW).handle
    event = {"titles": {"en": "Meeting"}, "type": "webinar", "start": "2026-12-24"}
    own = edits.add(home, "event", {**event, "hosts": [member.handle, other, "Somebody"]}, NOW)
    by = Proposer(member.handle)
    for waits in (True, False):
        with pytest.raises(ForbiddenError, match="only itself"):
            proposals.submit(home, by, "event", own, {"hosts": [member.handle]}, "public", NOW, waits=waits)
    more = proposals.submit(
        home, by, "event", own, {"hosts": [member.handle, other, "Else"]}, "public", NOW, waits=True
    )
    assert isinstance(more, Proposal), "words are not entries"


def test_what_individuals_proposed_first_goes_with_their_entry(home: Home, member: Own) -> None:
    by = proposals.proposer(person_of(home, member))
    first = proposals.submit(home, by, "person", None, {"name": SECRET}, "partners", NOW, waits=True)
    assert isinstance(first, Proposal)
    proposals.decline(home, first.id, f"no {SECRET}", NOW)
    second = proposals.submit(home, by, "person", None, {"name": f"{SECRET} two"}, "partners", NOW, waits=True)
    assert isinstance(second, Proposal)
    made = proposals.approve(home, second.id, NOW)
    publish(home, NOW)
    erasure.erase(home, made.handle, NOW)
    publish(home, NOW)
    assert traces(home) == []


def test_what_was_declined_first_goes_with_the_contact_that_came_of_it(home: Home, member: Own) -> None:
    by = Proposer(member.handle)
    about = {"organization": member.handle, "emails": [f"{SECRET}@x.example"]}
    first, second = (proposals.submit(home, by, "contact", None, about, "partners", NOW, waits=True) for _ in range(2))
    assert isinstance(first, Proposal) and isinstance(second, Proposal)
    proposals.decline(home, first.id, "why?", NOW)
    made = proposals.approve(home, second.id, NOW)
    publish(home, NOW)
    edits.withdraw(home, made.handle, NOW)  # so that nobody knows any more what it was
    publish(home, NOW)
    erasure.erase(home, made.handle, NOW)
    publish(home, NOW)
    assert traces(home) == []


def test_nothing_of_individuals_stays_when_their_organisation_is_erased(home: Home, member: Own) -> None:
    by = proposals.proposer(person_of(home, member))
    proposals.submit(home, by, "person", None, {"name": SECRET}, "partners", NOW, waits=True)
    erasure.erase(home, member.handle, NOW)
    publish(home, NOW)
    assert traces(home) == []


def test_old_decisions_are_swept(home: Home, member: Own) -> None:
    found = propose(home, member, acronym=SECRET)
    proposals.decline(home, found.id, "no", NOW)
    waits = propose(home, member, website="https://new.example/")
    assert proposals.sweep(home, NOW + proposals.KEPT) == 0
    assert proposals.sweep(home, NOW + proposals.KEPT + timedelta(seconds=1)) == 1
    erasure.settle(home)
    assert traces(home) == []
    assert find(home, waits.id).state == "waits"


def traces(home: Home) -> list[str]:
    """The files of a node in which the secret is found."""
    erasure.settle(home)
    return [path.name for path in home.path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
