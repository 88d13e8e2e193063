"""Records that move to another circle: the old one goes, references follow, imports remember."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.errors import NotFoundError, UsageError
from fednet.feed.record import key_of
from fednet.formats.reading import Entry, Reading
from fednet.listing.references import repointed
from fednet.node import circles, edits, import_plan, imports, publish
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.undo import undo
from fednet.store import drafts, feeds, records
from tests.node.nodes import NOW, Nodes, organization


@pytest.fixture
def home(nodes: Nodes) -> Home:
    made = nodes.home("Example")
    circles.add(made, "board", NOW)
    return made


def add(home: Home, kind: str, circle: str | None = None, **fields: Any) -> str:
    return edits.add(home, kind, fields, NOW, circle).handle


def named(home: Home, word: str = "Alpha", circle: str | None = None) -> str:
    return edits.add(home, "organization", organization(word), NOW, circle).handle


def publish_all(home: Home) -> None:
    publish.publish(home, NOW)


def find(home: Home, handle: str) -> Own:
    with home.store.reading() as db:
        return edits.find(db, home, handle)


def stands(home: Home, circle: str, handle: str) -> str:
    """`listed`, `erased` or `absent`, in the newest edition of a circle."""
    with home.store.reading() as db:
        feed = feeds.feed(db, home.network, circle)
        found = records.record(db, feed.id, feed.commitments, key_of(handle)) if feed else None
    return "absent" if found is None else "listed" if hasattr(found, "body") else "erased"


def moved(home: Home, handle: str, circle: str, **fields: Any) -> Own:
    return edits.edit(home, handle, fields, NOW, circle)


# --- the record


def test_a_narrowed_record_is_erased_where_it_was_and_listed_anew(home: Home) -> None:
    old = named(home)
    publish_all(home)
    own = moved(home, old, "partners", acronym="NEW")
    assert own.handle != old and own.circle == "partners" and own.fields["acronym"] == "NEW"
    with pytest.raises(NotFoundError):
        find(home, old)
    publish_all(home)
    assert (stands(home, "public", old), stands(home, "partners", own.handle)) == ("erased", "listed")
    assert stands(home, "partners", old) == "absent"


def test_a_widened_record_is_just_dropped_where_it_was(home: Home) -> None:
    old = named(home, circle="partners")
    publish_all(home)
    new = moved(home, old, "public").handle
    publish_all(home)
    assert (stands(home, "partners", old), stands(home, "public", new)) == ("absent", "listed")


def test_between_restricted_circles_it_is_erased(home: Home) -> None:
    old = named(home, circle="partners")
    publish_all(home)
    new = moved(home, old, "board").handle
    publish_all(home)
    assert (stands(home, "partners", old), stands(home, "board", new)) == ("erased", "listed")


def test_what_was_never_signed_moves_as_it_is(home: Home) -> None:
    handle = named(home)
    assert moved(home, handle, "board").handle == handle
    publish_all(home)
    assert (stands(home, "public", handle), stands(home, "board", handle)) == ("absent", "listed")


def test_an_edition_that_is_being_signed_counts_as_signed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    old = named(home)
    with monkeypatch.context() as breaking:
        breaking.setattr("fednet.node.publish._signed", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            publish_all(home)
    new = moved(home, old, "partners").handle
    publish_all(home)
    assert new != old and (stands(home, "public", old), stands(home, "partners", new)) == ("erased", "listed")


def test_moving_to_where_it_is_changes_nothing(home: Home) -> None:
    handle = named(home)
    publish_all(home)
    assert edits.edit(home, handle, {}, NOW, "public") == Own(handle, "public", find(home, handle).body, False)


def test_an_unknown_circle_is_refused_and_nothing_moves(home: Home) -> None:
    handle = named(home)
    publish_all(home)
    with pytest.raises(UsageError, match="there is no circle 'youth'"):
        moved(home, handle, "youth")
    assert find(home, handle).circle == "public"


def test_a_moved_record_can_be_withdrawn(home: Home) -> None:
    old = named(home)
    publish_all(home)
    new = moved(home, old, "partners").handle
    edits.withdraw(home, new, NOW)
    publish_all(home)
    assert (stands(home, "public", old), stands(home, "partners", new)) == ("erased", "absent")


def test_there_and_back_again(home: Home) -> None:
    handles = [named(home)]
    for circle in ("partners", "board", "public"):
        publish_all(home)
        handles.append(moved(home, handles[-1], circle).handle)
    publish_all(home)
    assert len(set(handles)) == 4
    assert [stands(home, "public", handle) for handle in handles] == ["erased", "absent", "absent", "listed"]


# --- references


def test_references_follow_in_every_field(home: Home) -> None:
    old = named(home)
    referring = {
        "contact": add(home, "contact", organization=old, emails=["a@b.example"]),
        "person": add(home, "person", name="Somebody", organization=old),
        "exchange": add(home, "exchange", "partners", type="need", titles={"en": "X"}, organization=old),
        "group": add(home, "group", "partners", names={"en": "G"}, roles=[{"role": "chair", "holder": old}]),
        "member": edits.add(home, "organization", organization("Beta", groups=[old]), NOW, "partners").handle,
        "event": add(home, "event", "partners", titles={"en": "E"}, type="webinar", start="2026-12-01", all_day=True,
                     hosts=[old, "Somebody"], convenors=[old], speakers=[old], parent=old),
    }  # fmt: skip
    subjects = [{"network": home.network.network, "handle": old}, {"network": "a" * 32, "handle": edits.new_handle()}]
    referring["opinion"] = add(home, "opinion", "partners", verdict="same", subjects=subjects)
    publish_all(home)
    waiting = add(home, "contact", organization=old, phones=["+66 2 123 4567"])
    new = moved(home, old, "partners").handle
    for name, handle in {**referring, "waiting": waiting}.items():
        body = find(home, handle).body
        assert old.encode() not in body and new.encode() in body, name
    assert find(home, referring["event"]).fields["hosts"] == [new, "Somebody"]
    publish_all(home)
    assert all(stands(home, "partners", handle) == "listed" for handle in referring.values())


def test_a_reference_that_readers_may_not_follow_any_more_is_taken_out(home: Home) -> None:
    old = named(home)
    event = add(home, "event", titles={"en": "E"}, type="webinar", start="2026-12-01", all_day=True,
                hosts=[old], speakers=[old, "Somebody"], parent=old)  # fmt: skip
    group = add(home, "group", names={"en": "G"}, roles=[{"role": "chair", "holder": old, "since": "2020"}])
    publish_all(home)
    new = moved(home, old, "partners").handle
    found = find(home, event)
    assert old.encode() not in found.body and new.encode() not in found.body
    assert found.fields["speakers"] == ["Somebody"] and not {"hosts", "parent"} & found.fields.keys()
    assert find(home, group).fields["roles"] == [{"role": "chair", "since": "2020"}]


def test_nothing_is_left_without_what_it_is_about(home: Home) -> None:
    old = named(home)
    contact = add(home, "contact", "public", organization=old, emails=["a@b.example"])
    publish_all(home)
    with pytest.raises(UsageError, match=f"contact {contact} in public"):
        moved(home, old, "partners")
    assert find(home, old).circle == "public"
    moved(home, contact, "partners")
    moved(home, old, "partners")


def test_a_move_between_restricted_circles_makes_no_public_draft(home: Home) -> None:
    secret = named(home, circle="partners")
    event = add(home, "event", titles={"en": "E"}, type="webinar", start="2026-12-01", all_day=True, hosts=[secret])
    publish_all(home)
    moved(home, secret, "board")
    with home.store.reading() as db:
        assert drafts.circles_with_drafts(db) == ["partners", "board"]
    assert find(home, event).fields["hosts"] == [secret]


LEAVES = st.sampled_from(["old", "x", "", 3, None, True])
VALUES = st.recursive(LEAVES, lambda of: st.lists(of, max_size=3) | st.dictionaries(st.sampled_from("abc"), of))


@given(VALUES)
def test_nothing_but_the_reference_changes(value: Any) -> None:
    body = listing.encode({"kind": "unheard-of", "value": value})
    assert repointed(body, "absent", None) == repointed(body, "absent", "new") == body
    there = repointed(body, "old", "new")
    assert there is not None and repointed(there, "new", "old") == body
    gone = repointed(body, "old", None)
    assert gone is not None and b'"old"' not in gone


# --- imports


def reading(**fields: Any) -> Reading:
    about = Entry("imported", {**organization("Imported"), **fields})
    contact = {"kind": "contact", "organization": {"source": "imported"}, "emails": ["imported@closed.example"]}
    return Reading([about, Entry("contact of imported", contact)], [], [])


def imported(home: Home, **fields: Any) -> import_plan.Imported:
    return imports.import_reading(home, reading(**fields), "members.csv", NOW)


def test_a_file_that_comes_again_finds_what_was_moved(home: Home) -> None:
    first = imported(home)
    publish_all(home)
    new = moved(home, first.records[0].handle, "partners").handle
    publish_all(home)
    again = imported(home)
    assert [one.outcome for one in again.records] == ["unchanged", "unchanged"]
    assert again.records[0].handle == new and again.records[0].circle == "partners"
    assert imported(home, acronym="IMP").records[0].outcome == "changed"


@pytest.mark.parametrize("signed_before", [False, True])
@pytest.mark.parametrize("signed_after", [False, True])
def test_an_import_is_taken_back_after_a_move(home: Home, signed_before: bool, signed_after: bool) -> None:
    first = imported(home)
    old, contact = (one.handle for one in first.records)
    if signed_before:
        publish_all(home)
    new = moved(home, old, "partners").handle
    if signed_after:
        publish_all(home)
    undone = undo(home, None, NOW + timedelta(hours=1))
    assert (undone.withdrawn, undone.kept) == (2, ())
    publish_all(home)
    for handle in (old, new, contact):
        with pytest.raises(NotFoundError):
            find(home, handle)
        assert stands(home, "partners", handle) == "absent"


def test_what_a_later_import_changed_is_as_before_in_its_new_circle(home: Home) -> None:
    imported(home)
    publish_all(home)
    imported(home, acronym="IMP")
    publish_all(home)
    with home.store.reading() as db:
        [old] = drafts.imported(db, ["organization:imported"]).values()
    new = moved(home, old, "partners").handle
    publish_all(home)
    undo(home, None, NOW)
    assert "acronym" not in find(home, new).fields and find(home, new).circle == "partners"
