"""Imports: what comes again changes nothing, what was newer updates, and all of it can be taken back."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet import formats
from fednet.errors import NotFoundError, UsageError
from fednet.formats import Entry, Reading, corrections
from fednet.node import edits, imports
from fednet.node.home import Home, create
from fednet.node.import_plan import Imported
from fednet.node.imports import import_reading
from fednet.node.own import title_of
from fednet.node.publish import publish
from fednet.node.undo import undo
from fednet.store import drafts

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create(tmp_path / "node", "Example Network", None, None)[0]


def organization(source: str, name: str, **fields: Any) -> Entry:
    return Entry(source, {"kind": "organization", "names": {"en": name}, **fields})


def reading(*entries: Entry) -> Reading:
    return Reading(list(entries), [], [])


def brought(home: Home, *entries: Entry, name: str = "members.csv", **how: Any) -> Imported:
    return import_reading(home, reading(*entries), name, NOW, **how)


def counts(imported: Imported) -> tuple[int, int, int]:
    return imported.count("added"), imported.count("changed"), imported.count("unchanged")


def standing(home: Home, imported: Imported) -> list[dict[str, Any]]:
    with home.store.reading() as db:
        return [edits.find(db, home, record.handle).fields for record in imported.records]


def all_drafts(home: Home) -> dict[str, bytes | None]:
    with home.store.reading() as db:
        return {d.handle: d.body for circle in drafts.circles_with_drafts(db) for d in drafts.drafts(db, circle)}


ROWS = (organization("a", "Aster House", countries=["TH"]), organization("b", "Birch Clinic", services=["legal-aid"]))


def test_the_same_file_again_changes_nothing(home: Home) -> None:
    first = brought(home, *ROWS)
    assert counts(first) == (2, 0, 0)
    again = brought(home, *ROWS)
    assert (counts(again), again.id) == ((0, 0, 2), None)
    publish(home, NOW)
    assert counts(brought(home, *ROWS)) == (0, 0, 2)
    assert all_drafts(home) == {}


def test_a_dry_run_tells_the_same_and_writes_nothing(home: Home) -> None:
    tried = brought(home, *ROWS, dry_run=True)
    assert (counts(tried), tried.id) == ((2, 0, 0), None)
    assert all_drafts(home) == {}
    assert counts(brought(home, *ROWS)) == (2, 0, 0)


def test_a_newer_version_replaces_what_it_gives_and_leaves_the_rest(home: Home) -> None:
    first = brought(home, organization("a", "Aster House", acronym="AH", website="https://aster.example"))
    newer = brought(home, organization("a", "Aster Home", acronym="AHO"))
    assert newer.records[0].fields == ("acronym", "names")
    assert standing(home, first) == [
        {"kind": "organization", "names": {"en": "Aster Home"}, "acronym": "AHO", "website": "https://aster.example"}
    ]


def test_two_language_editions_become_one_record(home: Home) -> None:
    brought(home, organization("a", "Aster House"), name="members-en.csv")
    french = Entry("a", {"kind": "organization", "names": {"fr": "Maison Aster"}})
    imported = brought(home, french, name="members-fr.csv")
    assert standing(home, imported)[0]["names"] == {"en": "Aster House", "fr": "Maison Aster"}


def test_a_guess_at_the_original_language_alone_changes_nothing(home: Home) -> None:
    brought(home, *ROWS)
    assert counts(brought(home, organization("a", "Aster House", countries=["TH"], original="en"))) == (0, 0, 1)


def test_one_file_does_not_take_away_what_another_said(home: Home) -> None:
    brought(home, organization("a", "Aster House", countries=["TH", "MM"]), name="asia.csv")
    imported = brought(home, organization("a", "Aster House", countries=["TD"]), name="chad.xlsx")
    assert standing(home, imported)[0]["countries"] == ["TH", "MM", "TD"]
    assert counts(brought(home, organization("a", "Aster House", countries=["TH", "MM"]), name="asia.csv")) == (0, 0, 1)


def test_a_newer_version_of_a_file_takes_away_what_only_it_had_said(home: Home) -> None:
    brought(home, organization("a", "Aster House", countries=["TH", "MM"]), name="asia 2026.csv")
    brought(home, organization("a", "Aster House", countries=["TD"]), name="chad.xlsx")
    imported = brought(home, organization("a", "Aster House", countries=["TH"]), name="asia 2027.csv")
    assert standing(home, imported)[0]["countries"] == ["TH", "TD"]


def test_contacts_go_to_partners_and_point_to_their_organisation(home: Home) -> None:
    contact = Entry("a#contact", {"kind": "contact", "organization": {"source": "a"}, "emails": ["x@aster.example"]})
    imported = brought(home, contact, organization("a", "Aster House"))
    by_kind = {record.kind: record for record in imported.records}
    assert by_kind["organization"].circle == "public"
    assert by_kind["contact"].circle == "partners"
    assert standing(home, imported)[0]["organization"] == by_kind["organization"].handle


def test_a_contact_finds_the_organisation_of_an_earlier_file(home: Home) -> None:
    handle = brought(home, organization("a", "Aster House")).records[0].handle
    contact = Entry("a#contact", {"kind": "contact", "organization": {"source": "a"}, "phones": ["+66 2 000 0000"]})
    assert standing(home, brought(home, contact, name="phones.csv"))[0]["organization"] == handle


def test_a_contact_of_nobody_we_know_is_refused_in_words(home: Home) -> None:
    lost = Entry("x", {"kind": "contact", "organization": {"source": "?", "name": "Nobody"}, "emails": ["x@y.example"]})
    imported = brought(home, lost, *ROWS)
    assert counts(imported) == (2, 0, 0)
    assert [refusal.reason for refusal in imported.refused] == ["its organisation 'Nobody' is not listed here"]


def test_a_person_keeps_the_name_of_an_organisation_that_is_not_listed(home: Home) -> None:
    about = {"source": "elsewhere", "name": "Elsewhere"}
    imported = brought(home, Entry("p", {"kind": "person", "name": "Member 01", "organization": about}))
    assert standing(home, imported)[0]["organization"] == "Elsewhere"
    assert imported.records[0].circle == "partners"


def test_a_session_points_to_its_consultation(home: Home) -> None:
    whole = {"kind": "event", "titles": {"en": "Consultation"}, "type": "consultation", "start": "2027-05-01"}
    part = whole | {"titles": {"en": "Caucus"}, "parent": "spring@ccr.example"}
    imported = brought(home, Entry("caucus@ccr.example", part), Entry("spring@ccr.example", whole))
    assert standing(home, imported)[0]["parent"] == imported.records[1].handle


def test_known_records_stay_in_their_circle(home: Home) -> None:
    brought(home, *ROWS)
    imported = brought(home, *ROWS, organization("c", "Cedar Network"), circle="partners")
    assert [record.circle for record in imported.records] == ["public", "public", "partners"]
    assert imported.notes == ("2 known records stay in the circle they are in, public",)


def test_an_exported_row_updates_the_record_it_came_from(home: Home) -> None:
    handle = brought(home, *ROWS).records[0].handle
    corrected = brought(home, organization(f"handle:{handle}", "Aster House, corrected"), name="export.csv")
    assert [(record.outcome, record.handle) for record in corrected.records] == [("changed", handle)]


def test_an_exported_event_is_known_by_its_uid(home: Home) -> None:
    own = edits.add(home, "event", {"titles": {"en": "Assembly"}, "type": "webinar", "start": "2027-01-01"}, NOW)
    uid = f"{own.handle}@{home.network.network}.fednet"
    assert counts(brought(home, Entry(uid, own.fields | {"uid": uid}), name="calendar.ics")) == (0, 0, 1)


def test_a_handle_of_another_network_makes_a_record_of_our_own(home: Home) -> None:
    foreign = "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e"
    imported = brought(home, organization(f"handle:{foreign}", "Foreign House"))
    assert imported.records[0].handle != foreign
    assert counts(brought(home, organization(f"handle:{foreign}", "Foreign House"))) == (0, 0, 1)


def test_what_was_withdrawn_comes_back_as_a_new_record(home: Home) -> None:
    handle = brought(home, *ROWS).records[0].handle
    publish(home, NOW)
    edits.withdraw(home, handle, NOW)
    imported = brought(home, *ROWS)
    assert counts(imported) == (1, 0, 1)
    assert imported.records[0].handle != handle


def test_a_record_that_grows_too_large_is_refused_and_stays(home: Home) -> None:
    long = "x" * 40_000
    brought(home, organization("a", "Aster House", description={"en": long}))
    imported = brought(home, organization("a", "Aster House", description={"fr": long.upper()}), *ROWS[1:])
    assert counts(imported) == (1, 0, 0)
    assert "65536 are kept" in imported.refused[0].reason


def test_records_of_an_edition_that_is_being_signed_are_known(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    handles = [record.handle for record in brought(home, *ROWS).records]
    crash = RuntimeError("the power went")

    def crashing(*_: object) -> None:
        raise crash

    with monkeypatch.context() as patched:
        patched.setattr("fednet.node.publish._signed", crashing)
        with pytest.raises(RuntimeError):
            publish(home, NOW)
    again = brought(home, *ROWS[:1], organization("b", "Birch House"))
    assert [(record.outcome, record.handle) for record in again.records] == [
        ("unchanged", handles[0]),
        ("changed", handles[1]),
    ]
    publish(home, NOW)
    assert counts(brought(home, *ROWS[:1], organization("b", "Birch House"))) == (0, 0, 2)


# --- previews, what is remembered of a source, and what disappears from it -------------------------------------------


def file(text: str, name: str = "members 2026.csv") -> imports.File:
    return imports.File(name, text.encode())


LIST = "Nom;Sigle zzz;Pays\nMaison Aster;MA;Thaïlande\nClinique Bouleau;CB;Wakanda\n"


def given_files(home: Home, *texts: str, name: str = "members 2026.csv", **choices: Any) -> Imported:
    found = [file(text, name) for text in texts]
    return imports.import_files(home, found, imports.Choices(**choices), NOW)


def test_a_preview_tells_how_each_column_is_read_and_writes_nothing(home: Home) -> None:
    previewed = imports.preview(home, [file(LIST)], imports.Choices())
    seen = {one.header: one for one in previewed.tried.seen}
    assert (seen["Nom"].field, seen["Nom"].language, seen["Nom"].why) == ("names", "fr", "its header")
    assert (seen["Pays"].filled, seen["Pays"].understood) == (2, 1)
    assert [(one.raw, one.becomes) for one in seen["Pays"].examples] == [("Thaïlande", "TH"), ("Wakanda", "")]
    assert (seen["Sigle zzz"].field, seen["Sigle zzz"].why) == ("", "nobody knows this header")
    assert [one.raw for one in seen["Sigle zzz"].examples] == ["MA", "CB"]
    assert counts(previewed.tried) == (2, 0, 0)
    assert all_drafts(home) == {} and imports.history(home) == []
    assert msgspec.json.encode(previewed)


def test_a_preview_of_a_newer_version_tells_each_field_before_and_after(home: Home) -> None:
    given_files(home, LIST)
    newer = LIST.replace("Maison Aster;MA;Thaïlande", "Maison Aster;MA;Ghana").replace("Wakanda", "Tchad")
    [aster, birch] = imports.preview(home, [file(newer)], imports.Choices()).tried.records
    assert aster.outcome == "added"  # another country of the seat: perhaps another house of that name
    assert [(one.field, one.before, one.after) for one in birch.changes] == [("seat", None, {"country": "TD"})]


def test_what_was_said_of_columns_is_remembered_for_the_next_version(home: Home) -> None:
    given_files(home, LIST, mapping={"Sigle zzz": "acronym"}, kind="organization")
    previewed = imports.preview(home, [file(LIST, "Members_2027 (final).csv")], imports.Choices())
    assert previewed.remembered == {"members": {"columns": {"Sigle zzz": "acronym"}, "kind": "organization"}}
    assert {one.header: one.why for one in previewed.tried.seen}["Sigle zzz"] == "you said so before"
    assert counts(previewed.tried) == (0, 0, 2)
    imported = given_files(home, LIST, mapping={"Sigle zzz": "ignore"})
    assert "Sigle zzz" not in imported.columns
    [known] = imports.mappings(home)
    assert (known.source, known.said["columns"]) == ("members", {"Sigle zzz": "ignore"})
    imports.forget_mapping(home, "members")
    assert imports.mappings(home) == []
    with pytest.raises(NotFoundError):
        imports.forget_mapping(home, "members")


def test_a_remembered_column_that_vanished_is_told_and_no_error(home: Home) -> None:
    given_files(home, LIST, mapping={"Sigle zzz": "acronym"})
    imported = given_files(home, LIST.replace("Sigle zzz", "Sigle"))
    assert "columns that you explained before are not in this file any more: 'Sigle zzz'" in imported.notes
    assert imported.columns["Sigle"] == "acronym"


def test_a_source_may_be_named_where_file_names_do_not_tell(home: Home) -> None:
    given_files(home, LIST, name="export-ab.csv", source="ministry", mapping={"Sigle zzz": "acronym"})
    again = imports.preview(home, [file(LIST, "export-yz.csv")], imports.Choices(source="ministry"))
    assert again.tried.columns["Sigle zzz"] == "acronym"


def test_what_a_source_names_no_more_is_listed_and_stays(home: Home) -> None:
    first = brought(home, *ROWS, name="members 2026.csv")
    second = brought(home, ROWS[0], name="members 2027.csv")
    assert [(one.title, one.handle) for one in second.missing] == [("Birch Clinic", first.records[1].handle)]
    assert len(all_drafts(home)) == 2
    assert [one.title for one in brought(home, ROWS[0], name="members 2028.csv").missing] == ["Birch Clinic"]
    assert brought(home, *ROWS, name="members 2029.csv").missing == ()
    assert brought(home, ROWS[0], name="others.csv").missing == ()


def test_what_another_source_still_names_has_not_disappeared(home: Home) -> None:
    brought(home, *ROWS, name="members.csv")
    brought(home, *ROWS, name="partners.csv")
    imported = brought(home, ROWS[0], name="members.csv", withdraw_missing=True)
    assert imported.missing == () and imported.count("withdrawn") == 0
    assert "1 record that this file names no more is still named by others" in imported.notes
    assert [one.title for one in brought(home, ROWS[0], name="partners.csv").missing] == ["Birch Clinic"]


def test_language_editions_of_a_list_are_sources_of_their_own(home: Home) -> None:
    brought(home, *ROWS, name="members-en.csv")
    assert brought(home, ROWS[0], name="members-fr.csv").missing == ()


def test_what_has_disappeared_is_withdrawn_when_a_person_says_so(home: Home) -> None:
    first = brought(home, *ROWS)
    publish(home, NOW)
    imported = brought(home, ROWS[0], withdraw_missing=True)
    assert (imported.count("withdrawn"), imported.missing) == (1, ())
    assert all_drafts(home) == {first.records[1].handle: None}
    publish(home, NOW)
    assert brought(home, ROWS[0], withdraw_missing=True).id is None
    assert counts(brought(home, *ROWS)) == (1, 0, 1)


def test_nothing_is_withdrawn_while_rows_that_may_be_about_it_cannot_be_read(home: Home) -> None:
    given_files(home, LIST)
    broken = LIST.replace("Clinique Bouleau", "")
    assert len(imports.preview(home, [file(broken)], imports.Choices()).tried.missing) == 1
    with pytest.raises(UsageError, match="1 row could not be read"):
        given_files(home, broken, withdraw_missing=True)


def test_a_file_without_a_row_that_could_be_read_makes_nothing_disappear(home: Home) -> None:
    given_files(home, LIST)
    for nameless in ("Nom zzz;Pays\nMaison Aster;Tchad\n", "Nom zzz;Pays\n", "Nom;Pays\n;Tchad\n"):
        tried = imports.preview(home, [file(nameless)], imports.Choices()).tried
        assert tried.missing == ()
        assert "no row could be read, so that nobody can tell what is not in this file any more" in tried.notes
        for act in (imports.preview, lambda *given: imports.import_files(*given, NOW)):
            with pytest.raises(UsageError, match="no row of the file could be read"):
                act(home, [file(nameless)], imports.Choices(withdraw_missing=True, most_are_gone=True))
    assert len(all_drafts(home)) == 2


def test_more_than_half_of_a_list_is_withdrawn_only_when_a_person_says_that_most_are_gone(home: Home) -> None:
    contact = Entry("a#contact", {"kind": "contact", "organization": {"source": "a"}, "phones": ["+66 2 000"]})
    brought(home, *ROWS, organization("c", "Cedar Network"), contact)
    tried = brought(home, ROWS[0], dry_run=True)
    assert len(tried.missing) == 3
    assert "2 of the 3 that the file named are not in it any more: is it the whole list?" in tried.notes
    for dry_run in (True, False):
        with pytest.raises(UsageError, match="2 of the 3") as refusal:
            brought(home, ROWS[0], withdraw_missing=True, dry_run=dry_run)
        assert "--most-are-gone" in (refusal.value.hint or "")
    assert brought(home, *ROWS, withdraw_missing=True).count("withdrawn") == 2
    other = brought(home, organization("d", "Dogwood"), withdraw_missing=True, most_are_gone=True)
    assert other.count("withdrawn") == 2


def test_an_unchanged_file_changes_nothing_though_another_list_said_otherwise_in_between(home: Home) -> None:
    somalia = organization("a", "Aster House", description={"en": "Works in Bakool"}, acronym="AH", countries=["SO"])
    jordan = organization("a", "Aster house", description={"en": "Works in Amman"}, acronym="AHO", countries=["JO"])
    brought(home, somalia, name="somalia.csv")
    (after,) = standing(home, brought(home, jordan, name="jordan.csv"))
    for name, said in (("somalia.csv", somalia), ("jordan.csv", jordan), ("somalia 2027.csv", somalia)):
        again = brought(home, said, name=name)
        assert (counts(again), standing(home, again)) == ((0, 0, 1), [after])
    assert (after["countries"], after["acronym"]) == (["SO", "JO"], "AHO")
    changed = organization("a", "Aster House", description={"en": "Works in Gedo"}, acronym="AH", countries=["SO"])
    assert brought(home, changed, name="somalia.csv").records[0].fields == ("description",)


def test_what_a_person_corrected_stays_while_the_file_says_what_it_said_before(home: Home) -> None:
    handle = brought(home, organization("a", "Aster House", acronym="AH")).records[0].handle
    edits.edit(home, handle, {"acronym": "AHS"}, NOW)
    assert counts(brought(home, organization("a", "Aster House", acronym="AH"))) == (0, 0, 1)
    assert brought(home, organization("a", "Aster House", acronym="AHT")).records[0].fields == ("acronym",)


def test_what_was_taken_back_is_said_anew_by_the_same_file(home: Home) -> None:
    brought(home, organization("a", "Aster House"))
    second = brought(home, organization("a", "Aster House", acronym="AH"))
    assert undo(home, second.id, NOW).restored == 1
    assert brought(home, organization("a", "Aster House", acronym="AH")).records[0].fields == ("acronym",)


SAID = st.fixed_dictionaries(
    {},
    optional={
        "acronym": st.sampled_from(["A", "B"]),
        "countries": st.lists(st.sampled_from(["TH", "MM", "TD"]), unique=True, min_size=1, max_size=2),
        "description": st.dictionaries(st.sampled_from(["en", "fr"]), st.sampled_from(["x", "y"]), min_size=1),
    },
)
LISTS = st.dictionaries(st.sampled_from(["aster", "birch"]), SAID, min_size=1)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["one.csv", "two.csv", "three.csv"]), LISTS), min_size=1, max_size=6))
def test_the_newest_version_of_every_list_changes_nothing_again(versions: list[tuple[str, dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = create(Path(folder) / "node", "Example Network", None, None)[0]
        newest: dict[str, list[Entry]] = {}
        for name, said in versions:
            newest[name] = [organization(source, source.title(), **fields) for source, fields in said.items()]
            brought(home, *newest[name], name=name)
        for name, given in reversed(newest.items()):
            assert counts(brought(home, *given, name=name)) == (0, 0, len(given))
        home.close()


def test_a_list_that_gets_identifiers_later_is_still_the_same_list(home: Home) -> None:
    before = "name,country,email\nAster House,TH,a@aster.example\nBirch,CA,\nCedar,CA,\nCedar,TH,\nDogwood,,\n"
    first = given_files(home, before)
    rows = ["HRN-1,Aster House,TH,a@aster.example", "HRN-2,Birch,CA,", "HRN-3,Cedar,CA,", "HRN-4,Cedar,TH,"]
    numbered = given_files(home, "\n".join(["member id,name,country,email", *rows, "HRN-5,Dogwood,US,", ""]))
    assert counts(numbered) == (0, 1, 5)  # Dogwood's country is news
    assert numbered.missing == ()
    assert [one.handle for one in numbered.records] == [one.handle for one in first.records]
    renamed = given_files(home, "member id,name,country\nHRN-2,Birch Clinic,CA\nHRN-9,Birch,CA\n")
    assert [one.outcome for one in renamed.records] == ["changed", "added"]
    elsewhere = given_files(home, "member id,name,country\nX-1,Aster House,TH\n", name="ministry.csv")
    assert elsewhere.records[0].outcome == "added"


def test_corrected_rows_update_what_was_refused_and_miss_nothing(home: Home) -> None:
    first = given_files(home, LIST)
    content = corrections.corrected(first.reading.rows, first.refused, first.reading.entries, ".csv")
    assert content is not None
    again = given_files(home, content.decode().replace("Wakanda", "Tchad"), name="refused.csv", withdraw_missing=True)
    assert (counts(again), again.missing, again.refused) == ((0, 1, 0), (), ())
    assert again.records[0].handle == first.records[1].handle
    assert [one.sources for one in imports.history(home)] == [("members",), ("members",)]
    assert counts(given_files(home, LIST.replace("Wakanda", "Tchad"))) == (0, 0, 2)


def test_an_export_that_comes_back_misses_nothing(home: Home, tmp_path: Path) -> None:
    first = brought(home, *ROWS)
    for record in first.records:
        own = edits_of(home, record.handle)
        formats.write(tmp_path / "export.csv", [("n", record.handle, own.fields)])
        back = imports.File("export.csv", (tmp_path / "export.csv").read_bytes())
        assert imports.import_files(home, [back], imports.Choices(), NOW).missing == ()


def edits_of(home: Home, handle: str) -> edits.Own:
    with home.store.reading() as db:
        return edits.find(db, home, handle)


# --- taking back ------------------------------------------------------------------------------------------------------


def test_an_import_that_was_never_signed_leaves_no_trace_when_taken_back(home: Home) -> None:
    brought(home, *ROWS)
    undone = undo(home, None, NOW)
    assert (undone.withdrawn, undone.restored, undone.kept) == (2, 0, ())
    assert all_drafts(home) == {}
    assert counts(brought(home, *ROWS)) == (2, 0, 0)


def test_a_signed_import_is_withdrawn_with_the_next_edition(home: Home) -> None:
    handle = brought(home, *ROWS).records[0].handle
    publish(home, NOW)
    undo(home, None, NOW)
    publish(home, NOW)
    with home.store.reading() as db, pytest.raises(NotFoundError):
        edits.find(db, home, handle)


def test_what_an_import_changed_is_as_before(home: Home) -> None:
    first = brought(home, *ROWS)
    publish(home, NOW)
    before = standing(home, first)
    second = brought(home, organization("a", "Aster Home", website="https://aster.example"))
    undone = undo(home, second.id, NOW)
    assert (undone.withdrawn, undone.restored) == (0, 1)
    assert standing(home, first) == before
    assert all_drafts(home) == {}


def test_what_was_edited_since_is_left_alone_and_named(home: Home) -> None:
    imported = brought(home, *ROWS)
    edited, gone = (record.handle for record in imported.records)
    edits.edit(home, edited, {"acronym": "AH"}, NOW)
    edits.withdraw(home, gone, NOW)
    undone = undo(home, imported.id, NOW)
    assert {kept.title: kept.reason for kept in undone.kept} == {
        "Aster House": "was edited since",
        "Birch Clinic": "was withdrawn since",
    }
    assert standing(home, brought(home, ROWS[0]))[0]["acronym"] == "AH"


def test_imports_are_taken_back_newest_first_and_once(home: Home) -> None:
    first, second = brought(home, ROWS[0]).id, brought(home, ROWS[1]).id
    assert undo(home, None, NOW).id == second
    with pytest.raises(UsageError, match="taken back already"):
        undo(home, second, NOW)
    assert undo(home, None, NOW).id == first
    with pytest.raises(NotFoundError):
        undo(home, None, NOW)
    with pytest.raises(NotFoundError, match="no import 77"):
        undo(home, 77, NOW)


names = st.sampled_from(["Aster", "Birch", "Cedar"])
codes = st.lists(st.sampled_from(["TH", "MM", "TD", "CA"]), unique=True, min_size=1)
files = st.sampled_from(["one.csv", "two.csv"])
entries = st.builds(lambda s, n, c: organization(s, n, countries=c), st.sampled_from("abc"), names, codes)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(files, st.lists(entries, min_size=1, max_size=3), st.booleans()), min_size=1, max_size=4))
def test_taking_back_everything_newest_first_ends_where_it_began(steps: list[tuple[str, list[Entry], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = create(Path(folder) / "node", "Example Network", None, None)[0]
        states = [all_drafts(home)]
        for name, given_entries, _ in steps:
            imported = brought(home, *given_entries, name=name)
            assert counts(brought(home, *given_entries, name=name))[:2] == (0, 0)
            if imported.id is not None:
                states.append(all_drafts(home))
        while len(states) > 1:
            assert all_drafts(home) == states.pop()
            assert undo(home, None, NOW).kept == ()
        assert all_drafts(home) == states[0]
        home.close()


def test_five_thousand_rows_are_one_import(home: Home) -> None:
    rows = [organization(f"row {n}", f"House {n}", countries=["TH"], services=["legal-aid"]) for n in range(5_000)]
    assert counts(brought(home, *rows)) == (5_000, 0, 0)
    assert counts(brought(home, *rows)) == (0, 0, 5_000)
    assert undo(home, None, NOW).withdrawn == 5_000


def test_a_title_is_that_of_the_record() -> None:
    assert title_of(b'{"kind":"organization","names":{"en":"Aster"}}') == "Aster"
    assert title_of(b"not json") == ""


def test_a_name_that_is_known_is_not_said_again_to_be_in_another_language(home: Home) -> None:
    brought(home, Entry("a", {"kind": "organization", "names": {"fr": "ADD"}, "description": {"fr": "Aide"}}))
    said = {"names": {"en": "ADD", "es": "ADD España"}, "description": {"en": "Aid"}, "website": "https://add.example/"}
    (record,) = brought(home, Entry("a", {"kind": "organization", **said}), name="other.csv").records
    with home.store.reading() as db:
        fields = edits.find(db, home, record.handle).fields
    assert fields["names"] == {"fr": "ADD", "es": "ADD España"}
    assert fields["description"] == {"fr": "Aide", "en": "Aid"}
    assert set(record.fields) == {"names", "description", "website"}
