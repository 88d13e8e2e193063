"""What an export wrote comes back: as it was, whatever is in it, and as a person corrected it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet import formats, listing
from fednet.formats import exported
from fednet.formats.calendar_writer import calendar_of
from fednet.formats.export import as_csv, as_json_lines, as_xlsx, table_of, without_controls
from fednet.formats.linked import document
from fednet.formats.reading import Told
from fednet.formats.rows import bare
from fednet.formats.vcard import cards_of
from fednet.listing import vocabulary
from fednet.listing.fields import ListingError
from fednet.node import edits
from fednet.node.home import Home, create
from fednet.node.import_plan import Imported
from fednet.node.imports import import_reading
from fednet.node.publish import publish

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)

HANDLE = "0190a6a4-0000-7000-8000-{:012x}"
NASTY = (
    "=1+1", "'=1+1", "''-x", "+66 2 555 0100", "@sum", "-", "＝1", "#N/A", "#org +name", "_x0041_", "a\r\nb", "a\nb",
    "a; b", "a | b", '{"a": 1}', "[1]", "[", "yes", "1", "2026-05-31", "Danish Refugee Council (DRC)", "UNHCR",
    "\ufffe", "a\uffffb", "\x00", "\x1b[1m", "\x85", "\u2028", "\U0010ffff",
    "\u200bzero", "no\u00a0break", "\u202eright", "ကျောင်း", "ေက်ာင္း", "ศูนย์", "عون", '"', "a,b",
)  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(min_size=1, max_size=12)
tags = st.sampled_from(("en", "fr", "th", "zh-Hant", "und", "my", "ar"))
translated = st.dictionaries(tags, texts, min_size=1, max_size=3)
days = st.dates().map(lambda day: day.isoformat())
single = st.none() | st.booleans() | st.integers(-9, 9) | texts
unknown = single | st.lists(single | st.lists(single, max_size=2), max_size=2)


def several(values: Any) -> Any:
    return st.lists(values, max_size=3, unique_by=repr)


def terms(terms: vocabulary.Vocabulary) -> Any:
    return st.sampled_from(sorted(terms.codes))


def fixed(**optional: Any) -> Any:
    return st.fixed_dictionaries({}, optional=optional)


COMMON = {
    "confirmed": fixed(by=texts) | st.just({"at": "2026-05-01", "by": "=us"}),
    "future": unknown,
    "network": unknown,
    "description": translated,
}
ORGANIZATIONS = st.fixed_dictionaries(
    {"kind": st.just("organization"), "names": translated},
    optional=COMMON
    | {
        "acronym": texts,
        "former_names": several(texts),
        "website": st.sampled_from(("https://a.example/?q=1;2", "http://b.example/é")),
        "identifiers": several(
            st.fixed_dictionaries({"scheme": st.sampled_from(("XX-A", "a:b", "a;b")), "value": texts})
        ),
        "type": terms(vocabulary.ORGANIZATION_TYPES),
        "seat": fixed(
            country=st.sampled_from(("TH", "NO")),
            place=texts,
            latitude_e6=st.integers(-90_000_000, 90_000_000),
            longitude_e6=st.integers(-180_000_000, 180_000_000),
        ),
        "countries": several(st.sampled_from(("TH", "035", "CA"))),
        "services": several(terms(vocabulary.SERVICES)),
        "client_groups": several(terms(vocabulary.CLIENT_GROUPS)),
        "languages": several(st.sampled_from(("th", "my", "zh-Hant"))),
        "membership": fixed(category=texts, since=days, until=st.just("2027-01")),
        "refugee_led": st.booleans(),
        "contact": st.fixed_dictionaries({"emails": several(texts)}),
        "source": texts,
    },
)
EVENTS = st.fixed_dictionaries(
    {"kind": st.just("event"), "titles": translated, "type": terms(vocabulary.EVENT_TYPES)},
    optional=COMMON
    | {
        "status": terms(vocabulary.EVENT_STATUSES),
        "mode": terms(vocabulary.EVENT_MODES),
        "place": texts | fixed(country=st.just("CA"), place=texts),
        "hosts": several(texts),
        "speakers": several(texts),
        "audience": several(texts),
        "themes": several(terms(vocabulary.THEMES)),
        "fund_note": translated,
        "uid": texts,
        "sequence": st.integers(0, 99),
        "exdates": several(st.just("2026-05-19T10:00")),
    },
).flatmap(
    lambda fields: st.sampled_from(
        (
            {"start": "2026-05-12T10:00", "end": "2026-05-12T12:00:30", "zone": "Asia/Bangkok", "rrule": "FREQ=DAILY"},
            {"start": "2026-05-12", "end": "2026-05-13", "all_day": True},
            {"start": "2026-05-12", "end": "2026-05-20", "all_day": True},
            {"start": "2026-05-12", "all_day": True},
        )
    ).map(lambda when: fields | when)
)
SUBJECTS = [{"network": "a", "handle": HANDLE.format(n)} for n in (1, 2)]
TWINS = [{"network": "a", "handle": HANDLE.format(1), "name": "One, of a"}, {"name": "Two; or more"}]
OTHERS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("person"), "name": texts}, optional=COMMON | {"expertise": several(texts)}),
    st.fixed_dictionaries({"kind": st.just("group"), "names": translated}, optional=COMMON | {"roles": several(texts)}),
    st.fixed_dictionaries(
        {"kind": st.just("exchange"), "titles": translated, "type": terms(vocabulary.EXCHANGE_TYPES)},
        optional=COMMON
        | {
            "open_until": days,
            "posted": st.just("2000-01-01"),
            "closed": st.just("2000-01-02"),
            "modality": terms(vocabulary.MODALITIES),
            "outcome": terms(vocabulary.EXCHANGE_OUTCOMES),
            "outcome_note": translated,
        },
    ),
    st.fixed_dictionaries(
        {"kind": st.just("twinning"), "organizations": st.just(TWINS)},
        optional={
            "titles": translated,
            "goals": translated,
            "start": st.sampled_from(["2026", "2026-11", "2026-11-21"]),
            "end": days,
            "activities": several(fixed(date=st.just("2026-11"), text=translated)),
            "outcome": translated,
            "state": terms(vocabulary.TWINNING_STATES),
            "themes": several(terms(vocabulary.THEMES)),
            "resources": st.just([HANDLE.format(9)]),
            "uid": texts,
        },
    ),
    st.fixed_dictionaries(
        {"kind": st.just("resource"), "titles": translated},
        optional=COMMON | {"date": st.just("2026-11"), "url": st.just("https://a.example")},
    ),
    st.fixed_dictionaries(
        {"kind": st.just("opinion"), "verdict": st.just("same"), "subjects": st.just(SUBJECTS)},
        optional={"reason": texts},
    ),
)


def valid(fields: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return listing.normalize(fields)
    except ListingError:
        return None


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = draw((ORGANIZATIONS | EVENTS | OTHERS).map(valid).filter(bool))
    return found


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    return [("n", HANDLE.format(at), draw(bodies())) for at in range(draw(st.integers(1, 3)))]


def read(content: bytes, suffix: str) -> formats.Reading:
    return formats.read_file(f"all{suffix}", content, Told())


@settings(max_examples=150, deadline=None)
@given(tables())
def test_whatever_is_listed_comes_back_from_a_table_as_it_was(rows: list[Any]) -> None:
    found = read(as_csv(rows), ".csv")
    assert found.refused == []
    assert {entry.source: entry.fields for entry in found.entries} == {f"handle:{h}": f for _, h, f in rows}


@settings(max_examples=25, deadline=None)
@given(tables())
def test_and_from_a_workbook(rows: list[Any]) -> None:
    found = read(as_xlsx(rows), ".xlsx")
    assert found.refused == []
    assert {entry.source: entry.fields for entry in found.entries} == {f"handle:{h}": f for _, h, f in rows}


@pytest.mark.parametrize("text", ["x" * 32_001, "a _ #" * 9_000, "=" * 33_000])
@pytest.mark.parametrize(("suffix", "written"), [(".csv", as_csv), (".xlsx", as_xlsx)])
def test_a_text_longer_than_a_cell_comes_back(text: str, suffix: str, written: Any) -> None:
    fields = {"kind": "organization", "names": {"en": "Port"}, "description": {"en": text, "fr": "Port"}}
    found = read(written([("n", HANDLE.format(1), fields)]), suffix)
    assert [entry.fields for entry in found.entries] == [fields]


@given(st.text() | st.sampled_from(NASTY))
def test_what_is_defused_is_no_formula_and_comes_back(cell: str) -> None:
    defused = exported.defused(cell)
    assert defused[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
    if cell == cell.strip():  # what begins with white space stands in `extra`
        assert bare(defused) == cell


@given(tables())
@settings(max_examples=50, deadline=None)
def test_no_cell_of_a_table_begins_a_formula_or_is_too_long(rows: list[Any]) -> None:
    for row in csv.reader(io.StringIO(as_csv(rows).decode("utf-8-sig"), newline="")):
        assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r＝＋－＠")]
        assert all(len(cell) <= exported.MAX_CELL + 1 for cell in row)


def test_a_workbook_has_text_and_nothing_else() -> None:
    rows = [("n", HANDLE.format(1), {"kind": "organization", "names": {"en": "=1"}, "website": "https://a.example"})]
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(rows))).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_of_very_many_languages_the_rare_ones_share_a_column() -> None:
    tags = [f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"]
    common = {"kind": "organization", "names": {"en": "Harbour"}}
    many = {"kind": "organization", "names": dict.fromkeys(tags, "Port")}
    table = table_of([("n", "1", common), ("n", "2", common), ("n", "3", many)])
    assert len(table[0]) <= exported.MAX_COLUMNS + 5 and "names:en" in table[0]


def test_a_table_begins_with_what_a_row_is_and_ends_with_what_no_column_holds() -> None:
    fields = {"kind": "organization", "names": {"en": "Port"}, "seat": {"country": "CA"}, "future": {"x": [1]}}
    header, row = table_of([("n", "h", fields)], {("n", "h"): "partners", ("m", "h"): "public"})
    assert header == ["kind", "network", "handle", "circle", "names:en", "seat.country", "extra"]
    assert row == ["organization", "n", "h", "partners", "Port", "CA", '{"future": {"x": [1]}}']


def test_what_a_person_corrected_is_understood_as_everywhere() -> None:
    fields = {"kind": "organization", "names": {"en": "Port"}, "services": ["housing"], "seat": {"country": "CA"}}
    table = table_of([("n", HANDLE.format(1), fields)])
    at = {header: table[0].index(header) for header in table[0]}
    table[1][at["services"]] = "aide juridique; Logement"
    table[1][at["seat.country"]] = "Atlantis"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(table)
    found = read(out.getvalue().encode(), ".csv")
    assert found.entries[0].fields["services"] == ["legal-aid", "housing"]
    assert [(error.line, error.column, error.found) for error in found.refused] == [(2, "seat.country", "Atlantis")]


def test_rows_that_a_person_added_are_read_as_any_table() -> None:
    table = table_of([("n", HANDLE.format(1), {"kind": "organization", "names": {"en": "Port"}})])
    table.append(["organization", "", "", "", "Danish Refugee Council (DRC)"])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    old, new = read(out.getvalue().encode(), ".csv").entries
    assert old.source == f"handle:{HANDLE.format(1)}" and old.fields == {
        "kind": "organization",
        "names": {"en": "Port"},
    }
    assert new.fields["acronym"] == "DRC" and not new.source.startswith("handle:")


def test_a_damaged_extra_cell_costs_nothing_else() -> None:
    content = as_csv([("n", HANDLE.format(1), {"kind": "organization", "names": {"en": "Port"}, "future": [1]})])
    found = read(content.replace(b"future", b'fut"ure'), ".csv")
    assert [entry.fields["names"] for entry in found.entries] == [{"en": "Port"}]
    assert [error.column for error in found.refused] == ["extra"]


# --- nodes


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create(tmp_path / "node", "Example Network", None, None)[0]


def brought(home: Home, content: bytes, suffix: str = ".csv", all_rows: bool = False) -> Imported:
    return import_reading(home, read(content, suffix), f"all{suffix}", NOW, all_rows=all_rows)


def listed(home: Home) -> dict[str, Any]:
    """What a node lists: fields and circle, by handle."""
    from fednet.directory.search import OPERATOR, parse_query, search

    found = [search(home.store, parse_query(kind=kind, limit=1000), OPERATOR, NOW).hits for kind in listing.KINDS]
    return {hit.handle: (hit.fields, hit.circle) for hits in found for hit in hits}


def exported_from(home: Home) -> bytes:
    found = listed(home)
    rows = [(home.network.network, handle, fields) for handle, (fields, _) in found.items()]
    return as_csv(rows, {(home.network.network, handle): circle for handle, (_, circle) in found.items()})


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(added=st.lists(bodies(), min_size=1, max_size=5))
def test_an_export_changes_nothing_at_home_and_makes_the_same_records_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, added: list[dict[str, Any]]
) -> None:
    home = create(tmp_path_factory.mktemp("a") / "node", "A", None, None)[0]
    for fields in added:
        edits.add(home, fields["kind"], fields, NOW)
    publish(home, NOW)
    before = listed(home)
    again = brought(home, exported_from(home))
    assert (again.count("added"), again.count("changed"), again.refused) == (0, 0, ())
    other = create(tmp_path_factory.mktemp("b") / "node", "B", None, None)[0]
    fresh = brought(other, exported_from(home), all_rows=True)
    publish(other, NOW)
    assert (fresh.count("added"), fresh.refused) == (len(before), ())
    by_body = lambda found: sorted(map(repr, found.values()))  # noqa: E731
    assert by_body(listed(other)) == by_body(before)
    for one in (home, other):
        one.close()


@settings(max_examples=10, deadline=None)
@given(added=st.lists(EVENTS.map(valid).filter(bool), min_size=1, max_size=4))
def test_the_calendar_of_a_node_imported_again_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, added: list[dict[str, Any]]
) -> None:
    home = create(tmp_path_factory.mktemp("a") / "node", "A", None, None)[0]
    for at, fields in enumerate(added):
        uid = {"uid": f"{at}-meeting@here.example"} if "uid" in fields else {}
        edits.add(home, "event", fields | uid, NOW)
    publish(home, NOW)
    before = listed(home)
    rows = [(home.network.network, handle, fields) for handle, (fields, _) in before.items()]
    again = brought(home, calendar_of(without_controls(rows)), ".ics")
    assert (again.count("added"), again.count("changed")) == (0, 0)
    assert {one.reason for one in again.refused} <= {"the event has no title"}  # but characters that a line cannot hold
    assert listed(home) == before
    home.close()


def test_an_event_that_was_moved_in_a_calendar_moves_and_keeps_what_a_calendar_cannot_say(home: Home) -> None:
    fields = {
        "titles": {"en": "Consultation", "fr": "Consultation des membres"},
        "type": "meeting",
        "start": "2027-05-12T10:00",
        "end": "2027-05-12T12:00",
        "zone": "Asia/Bangkok",
        "place": {"country": "CA", "place": "Winnipeg"},
        "uid": "consultation@here.example",
    }
    own = edits.add(home, "event", fields, NOW)
    publish(home, NOW)
    content = calendar_of([(home.network.network, own.handle, own.fields)])
    (outcome,) = brought(home, content.replace(b"20270512T1", b"20270513T1"), ".ics").records
    assert (outcome.handle, outcome.fields) == (own.handle, ("end", "sequence", "start"))
    with home.store.reading() as db:
        assert edits.find(db, home, own.handle).fields["place"] == fields["place"]


def test_rows_of_other_networks_are_left_out_and_counted(home: Home) -> None:
    ours = edits.add(home, "organization", {"names": {"en": "Port"}}, NOW)
    rows = [
        (home.network.network, ours.handle, ours.fields),
        ("another", HANDLE.format(7), {"kind": "organization", "names": {"en": "Quay"}}),
        (
            "another",
            HANDLE.format(8),
            {"kind": "event", "titles": {"en": "Day"}, "type": "meeting", "start": "2027-05-01", "all_day": True},
        ),
    ]
    for content, suffix in ((as_csv(rows), ".csv"), (as_xlsx(rows), ".xlsx"), (as_json_lines(rows), ".jsonl")):
        found = brought(home, content, suffix)
        assert [(one.handle, one.outcome) for one in found.records] == [(ours.handle, "unchanged")]
        assert found.left_out == 2
        assert (
            found.notes[0] == "2 records are listed by another, not by this network: left out (--all-rows takes them)"
        )
    found = brought(home, calendar_of(rows), ".ics")
    assert (found.left_out, found.records) == (1, ())
    taken = brought(home, as_csv(rows), all_rows=True)
    assert (taken.count("added"), taken.left_out) == (2, 0)
    assert brought(home, as_csv(rows)).count("unchanged") == 3  # they are ours now


def test_a_contact_of_an_organisation_that_is_not_listed_comes_back_from_a_table_as_from_lines(home: Home) -> None:
    fields = {"kind": "contact", "organization": HANDLE.format(9), "phones": ["+66 2 555 0100"]}
    rows = [(home.network.network, HANDLE.format(5), fields)]
    for content, suffix in ((as_csv(rows), ".csv"), (as_json_lines(rows), ".jsonl")):
        found = brought(home, content, suffix)
        assert (len(found.records), found.refused) == (1, ())


@given(said=st.text(min_size=1, max_size=30) | st.sampled_from(NASTY))
def test_no_character_spoils_a_file_of_any_form(said: str) -> None:
    fields = valid(
        {"kind": "organization", "names": {"en": said}, "acronym": said, "description": {"en": f"x {said} x"}}
    )
    if fields is None:
        return
    rows = [("n", HANDLE.format(1), fields)]
    for suffix, content in ((".csv", as_csv(rows)), (".xlsx", as_xlsx(rows)), (".jsonl", as_json_lines(rows))):
        (entry,) = read(content, suffix).entries
        assert entry.fields == fields
    assert json.loads(msgspec.json.encode(document(rows)))["@graph"]
    cards = cards_of(without_controls(rows)).decode()
    assert not [char for char in cards if (char < " " and char not in "\r\n\t") or char in "\ufffe\uffff"]


def test_the_same_table_makes_the_same_workbook() -> None:
    rows = [("n", HANDLE.format(1), {"kind": "organization", "names": {"en": "Port"}})]
    with zipfile.ZipFile(io.BytesIO(as_xlsx(rows))) as book:
        assert {one.date_time for one in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in book.read("docProps/core.xml")


def test_references_follow_their_records_into_another_node(tmp_path: Path, home: Home) -> None:
    group = edits.add(home, "group", {"names": {"en": "Legal group"}}, NOW)
    port = edits.add(home, "organization", {"names": {"en": "Port"}, "groups": [group.handle]}, NOW)
    edits.add(home, "contact", {"organization": port.handle, "emails": ["a@port.example"]}, NOW)
    edits.add(home, "person", {"name": "N.", "organization": port.handle}, NOW)
    day = {"type": "meeting", "start": "2026-12-01", "all_day": True}
    whole = edits.add(home, "event", {"titles": {"en": "Consultation"}, "hosts": [port.handle], **day}, NOW)
    edits.add(home, "event", {"titles": {"en": "Session"}, "parent": whole.handle, **day}, NOW)
    publish(home, NOW)
    other = create(tmp_path / "other", "Other", None, None)[0]
    assert brought(other, exported_from(home), all_rows=True).refused == ()
    publish(other, NOW)
    found = listed(other)
    by_name = {str(f.get("names") or f.get("titles") or f["kind"]): (h, f) for h, (f, _) in found.items()}
    port_now = by_name["{'en': 'Port'}"]
    assert port_now[1]["groups"] == [by_name["{'en': 'Legal group'}"][0]]
    assert by_name["contact"][1]["organization"] == by_name["person"][1]["organization"] == port_now[0]
    assert by_name["{'en': 'Consultation'}"][1]["hosts"] == [port_now[0]]
    assert by_name["{'en': 'Session'}"][1]["parent"] == by_name["{'en': 'Consultation'}"][0]
    assert {circle for f, circle in found.values() if f["kind"] in ("contact", "person")} == {"partners"}
    other.close()


def test_what_was_for_partners_is_for_partners_elsewhere(tmp_path: Path, home: Home) -> None:
    edits.add(home, "organization", {"names": {"en": "Port"}}, NOW, "partners")
    publish(home, NOW)
    other = create(tmp_path / "other", "Other", None, None)[0]
    (outcome,) = brought(other, exported_from(home), all_rows=True).records
    assert outcome.circle == "partners"
    other.close()


def test_a_service_taken_out_of_the_table_is_taken_out(home: Home) -> None:
    edits.add(home, "organization", {"names": {"en": "Port"}, "services": ["housing", "legal-aid"]}, NOW)
    publish(home, NOW)
    (outcome,) = brought(home, exported_from(home).replace(b"housing; legal-aid", b"legal-aid")).records
    assert outcome.outcome == "changed"
    with home.store.reading() as db:
        assert edits.find(db, home, outcome.handle).fields["services"] == ["legal-aid"]
