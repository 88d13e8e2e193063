"""Forms of entries: nothing is lost on the way to a form and back, and every field has its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fednet.web
from fednet import listing
from fednet.directory.naming import Called
from fednet.listing import languages, places, vocabulary
from fednet.listing.check import MAX_E6
from fednet.listing.term import Vocabulary
from fednet.listing.text import key
from fednet.web.entry import entry_forms
from fednet.web.entry.entry_widgets import Context, Sent, Twins, same

HANDLE = "{:08d}-0000-4000-8000-000000000000"
NAMED = {HANDLE.format(at): name for at, name in enumerate(["Paper Boat", "Lantern House", "Same Name", "Same Name"])}


class Names:
    """Own records by name, two of which bear the same one."""

    def name(self, handle: str) -> str | None:
        return NAMED.get(handle)

    def handle(self, name: str, kinds: tuple[str, ...]) -> str | None:
        found = [handle for handle, one in NAMED.items() if one == name]
        return found[0] if len(found) == 1 else None

    def offered(self, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
        return sorted(NAMED.items())


CONTEXTS = [Context(language, Names()) for language in ("en", "fr", "es", "ar")]

text = st.text("abc ÄéßЖ中ع္,;·<>\"'&\n\u200f", min_size=1, max_size=12).map(lambda one: one.strip()).filter(bool)
line = text.map(lambda one: " ".join(one.split())).filter(bool)
tags = st.sampled_from(["en", "fr", "ar", "zh-Hant", "pt-BR", "und", "rhg", "my"])
texts = st.dictionaries(tags, text, min_size=1, max_size=3)
countries = st.sampled_from([*places.codes()])
territories = st.lists(st.sampled_from([*places.codes(), *places.region_codes()]), unique=True, min_size=1, max_size=4)
tongues = st.lists(st.sampled_from(["en", "ar", "my", "zh-Hant", "prs", "gaa"]), unique=True, min_size=1)
lines = st.lists(line, unique=True, min_size=1, max_size=3)
days = st.dates().map(lambda day: day.isoformat())
urls = st.sampled_from(["https://example.org/", "http://a.example/b?c=d&e=f"])
handles = st.sampled_from(sorted(NAMED))
parties = st.lists(st.one_of(handles, line), unique=True, min_size=1, max_size=4)
place = st.fixed_dictionaries(
    {},
    optional={
        "country": countries,
        "place": line,
        "latitude_e6": st.integers(-90 * MAX_E6, 90 * MAX_E6),
        "longitude_e6": st.integers(-180 * MAX_E6, 180 * MAX_E6),
    },
).filter(bool)


def one(terms: Vocabulary) -> st.SearchStrategy[str]:
    return st.sampled_from([*terms.codes, "of-a-newer-version"])


def some(terms: Vocabulary) -> st.SearchStrategy[list[str]]:
    return st.lists(one(terms), unique=True, min_size=1, max_size=5)


def row(needed: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({needed: parts.pop(needed)}, optional=parts)


single = text.map(lambda one: {"und": one})
"""A text that is shown in one language; in none, for then it is that of the record."""
twins = line.map(lambda name: {"name": name}) | st.sampled_from(
    [{"name": name, "handle": handle} for handle, name in NAMED.items() if name != "Same Name"]
)


def named(twin: dict[str, Any]) -> str:
    return key(twin["name"]) or str(twin["name"])


EVERY = {
    "original": st.sampled_from(["en", "fr", "zh-Hant"]),
    "confirmed": row("at", at=days, by=line),
    "novelty": line,
}
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "organization": {
        "names": texts, "acronym": line, "former_names": lines, "description": texts, "website": urls,
        "identifiers": st.lists(st.fixed_dictionaries({"scheme": line, "value": line}), min_size=1, max_size=3),
        "type": one(vocabulary.ORGANIZATION_TYPES), "seat": place, "countries": territories,
        "services": some(vocabulary.SERVICES), "client_groups": some(vocabulary.CLIENT_GROUPS), "languages": tongues,
        "groups": st.lists(handles, unique=True, min_size=1), "refugee_led": st.booleans(),
        "membership": row("category", category=line, since=days, until=days),
    },
    "contact": {
        "organization": handles, "emails": st.just(["a@b.example", "c@d.example"]), "phones": lines, "address": text,
        "hours": line, "person": line,
    },
    "person": {
        "name": line, "role": line, "expertise": lines, "organization": st.one_of(handles, line), "country": countries,
        "languages": tongues,
    },
    "group": {
        "names": texts, "type": one(vocabulary.GROUP_TYPES), "countries": territories, "description": texts,
        "roles": st.lists(
            row("role", role=line, holder=st.one_of(handles, line), country=countries, since=days, until=days),
            min_size=1, max_size=3,
        ),
    },
    "exchange": {
        "type": one(vocabulary.EXCHANGE_TYPES), "titles": texts, "description": texts,
        "organization": st.one_of(handles, line), "themes": some(vocabulary.THEMES),
        "client_groups": some(vocabulary.CLIENT_GROUPS), "modality": one(vocabulary.MODALITIES),
        "countries": territories, "languages": tongues, "stage": one(vocabulary.STAGES), "open_until": days,
        "state": one(vocabulary.EXCHANGE_STATES), "posted": days, "closed": days,
        "outcome": one(vocabulary.EXCHANGE_OUTCOMES), "outcome_note": single,
    },
    "twinning": {
        "organizations": st.lists(twins, unique_by=named, min_size=2, max_size=2), "titles": texts, "goals": texts,
        "outcome": texts, "start": st.sampled_from(["2026", "2026-11"]), "end": st.sampled_from(["2027", "2027-06-30"]),
        "state": one(vocabulary.TWINNING_STATES),
        "activities": st.lists(row("text", text=single, date=days), unique_by=str, min_size=1, max_size=3),
        "themes": some(vocabulary.THEMES), "resources": st.lists(handles, unique=True, min_size=1),
        "exchanges": st.lists(handles, unique=True, min_size=1), "uid": line,
    },
    "resource": {
        "titles": texts, "type": one(vocabulary.RESOURCE_TYPES), "description": texts, "url": urls, "date": days,
        "language": st.sampled_from(["en", "zh-Hant"]), "themes": some(vocabulary.THEMES),
    },
    "network": {
        "names": texts, "description": texts, "website": urls,
        "emails": st.just(["office@example.org", "b@example.org"]), "languages": tongues, "countries": territories,
        "confirm_within_days": st.integers(1, 3_650),
    },
    "event": {
        "titles": texts, "type": one(vocabulary.EVENT_TYPES), "description": texts, "fund_note": texts,
        "status": one(vocabulary.EVENT_STATUSES), "sequence": st.integers(0, 9), "uid": line,
        "mode": one(vocabulary.EVENT_MODES), "place": st.one_of(line, place), "join_url": urls,
        "registration_url": urls, "website": urls, "audience": lines, "languages": tongues,
        "themes": some(vocabulary.THEMES), "hosts": parties, "convenors": parties, "speakers": parties,
        "parent": handles, "exdates": st.just(["2026-12-09T10:00"]), "rdates": st.just(["2026-12-10T10:00"]),
        "overrides": st.lists(
            row(
                "recurrence_id", recurrence_id=st.just("2026-12-09T09:00"), start=st.just("2026-12-09T10:00:30"),
                status=one(vocabulary.EVENT_STATUSES), titles=texts,
            ),
            min_size=1, max_size=2,
        ),
    },
}  # fmt: skip
WHEN = st.sampled_from(
    [
        {"start": "2026-12-02T10:00", "end": "2026-12-02T11:30", "zone": "America/New_York"},
        {"start": "2026-12-02T10:00:30", "zone": "Asia/Bangkok", "end": "2026-12-05T09:00"},
        {"start": "2026-12-02T10:00", "zone": "UTC"},
        {"start": "2026-12-10", "end": "2026-12-13", "all_day": True},
        {"start": "2026-12-10", "end": "2026-12-11", "all_day": True},
        {"start": "2026-12-30", "all_day": True, "zone": "Asia/Tokyo"},
    ]
)
RULES = st.sampled_from(
    [
        "FREQ=DAILY", "FREQ=WEEKLY;COUNT=6", "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270301T045959Z",
        "FREQ=MONTHLY;BYDAY=1WE;COUNT=3", "FREQ=MONTHLY;BYDAY=2TH", "FREQ=YEARLY;UNTIL=20301231",
        "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=6", "FREQ=MONTHLY;UNTIL=20270301T000000Z", "FREQ=MONTHLY;BYDAY=-1WE",
    ]
)  # fmt: skip


@st.composite
def records(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A record of a kind, with any of its fields."""
    known = {**EVERY, **FIELDS[kind]}
    required = {one.name for one in msgspec.structs.fields(listing.KINDS[kind]) if one.required} & known.keys()
    found = draw(
        st.fixed_dictionaries(
            {name: known[name] for name in sorted(required)},
            optional={name: known[name] for name in sorted(known.keys() - required)},
        )
    )
    if kind == "event":
        found |= draw(WHEN)
        if draw(st.booleans()):
            found["rrule"] = draw(RULES)
    return {"kind": kind, **found}


def sent_back(sent: Sent) -> Sent:
    """What a browser makes of it: line ends of its own in areas, none in lines, nothing empty."""
    return {
        name: [
            one.replace("\n", "\r\n") if name.rpartition(".")[2] in AREAS else one.replace("\n", "") for one in values
        ]
        for name, values in sent.items()
        if any(one.strip() for one in values)
    }


AREAS = {
    "description",
    "fund_note",
    "former_names",
    "emails",
    "phones",
    "address",
    "expertise",
    "audience",
    "goals",
    "outcome",
    "outcome_note",
    "exdates",
    "rdates",
}


@pytest.mark.parametrize("kind", entry_forms.FIELDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), context=st.sampled_from(CONTEXTS))
def test_a_form_that_nobody_touched_changes_nothing(kind: str, context: Context, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    sent = sent_back(entry_forms.filled(kind, record, context))
    assert entry_forms.read(kind, sent, record, context) == (record, {})


@pytest.mark.parametrize("kind", entry_forms.FIELDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), context=st.sampled_from(CONTEXTS))
def test_what_a_form_shows_is_read_back_as_the_same_record(kind: str, context: Context, data: st.DataObject) -> None:
    record = data.draw(records(kind).filter(lambda one: "of-a-newer-version" not in str(one)))
    record.pop("novelty", None)
    for override in record.get("overrides", ()):
        override.pop("titles", None)
    for found in record.values():  # what is checked has no text without a language beside the original
        if isinstance(found, dict) and record.get("original") in found:
            found.pop("und", None)
    if isinstance(record.get("place"), dict) and record["place"].keys() == {"place"}:
        record["place"] = record["place"]["place"]
    if kind == "exchange" and (record.get("state") == "open" or record.get("posted", "") > record.get("closed", "9")):
        for name in ("outcome", "outcome_note", "closed"):  # nothing came of what is open yet
            record.pop(name, None)
    found, errors = entry_forms.read(kind, entry_forms.filled(kind, record, context), {}, context)
    assert not errors
    assert on_one_line(listing.normalize(found)) == on_one_line(listing.normalize(record))


def on_one_line(value: Any) -> Any:
    """Inputs of one line make spaces of line ends."""
    match value:
        case dict():
            return {name: on_one_line(one) for name, one in value.items()}
        case list():
            return [on_one_line(one) for one in value]
        case str():
            return " ".join(value.split())
        case _:
            return value


@pytest.mark.parametrize("kind", entry_forms.FIELDS)
def test_every_field_of_a_kind_is_on_its_form(kind: str) -> None:
    covered = [name for widget in entry_forms.widgets(entry_forms.FIELDS[kind]) for name in widget.covers]
    assert sorted(covered) == sorted({one.name for one in msgspec.structs.fields(listing.KINDS[kind])})


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(CONTEXTS))
def test_two_forms_say_the_same_exactly_when_their_records_do(data: st.DataObject, context: Context) -> None:
    kind = data.draw(st.sampled_from(sorted(entry_forms.FIELDS)))
    one, other = data.draw(records(kind)), data.draw(records(kind))
    shown = [entry_forms.filled(kind, record, context) for record in (one, other)]
    if not same(*shown):
        assert one != other


CONTEXT = CONTEXTS[0]


def read(kind: str, before: dict[str, Any], **sent: str | list[str]) -> dict[str, Any]:
    """What becomes of a record whose form is sent with these inputs changed (`__` for a dot)."""
    asked = entry_forms.filled(kind, before, CONTEXT)
    for name, value in sent.items():
        asked[name.replace("__", ".")] = [value] if isinstance(value, str) else value
    found, errors = entry_forms.read(kind, {name: one for name, one in asked.items() if one != [""]}, before, CONTEXT)
    assert not errors
    return listing.normalize(found)


EVENT = {
    "kind": "event",
    "titles": {"en": "Meeting"},
    "type": "webinar",
    "start": "2026-12-02T10:00",
    "zone": "America/New_York",
}


NEED = {"kind": "exchange", "type": "need", "titles": {"en": "A trainer"}, "original": "en"}


def test_what_came_of_it_is_written_in_the_language_of_the_original_beside_its_translations() -> None:
    before = {**NEED, "outcome_note": {"fr": "Trouvé", "en": "Found"}}
    assert read("exchange", before, outcome_note="Found in May")["outcome_note"] == {
        "fr": "Trouvé",
        "en": "Found in May",
    }
    assert read("exchange", NEED, outcome_note="Found")["outcome_note"] == {"en": "Found"}


TWINNING = {
    "kind": "twinning",
    "organizations": [{"name": "Paper Boat", "handle": HANDLE.format(0)}, {"name": "Other"}],
}


def test_the_two_are_own_organisations_by_name_or_any_other_name() -> None:
    found = read("twinning", TWINNING, organizations__0__name="Lantern House", organizations__1__name="Somebody else")
    assert found["organizations"] == [{"name": "Lantern House", "handle": HANDLE.format(1)}, {"name": "Somebody else"}]


def test_an_activity_is_written_in_the_original_and_keeps_its_translations() -> None:
    told = {**TWINNING, "original": "en", "activities": [{"date": "2026-05", "text": {"fr": "Visite", "en": "Visit"}}]}
    found = read("twinning", told, activities__0__text="A visit", activities__1__text="Another one")
    assert found["activities"] == [
        {"date": "2026-05", "text": {"fr": "Visite", "en": "A visit"}},
        {"text": {"en": "Another one"}},
    ]


class Elsewhere:
    """A directory in which one organisation is listed by two networks, and another one by one."""

    LISTED = (
        Called("n1", "First", HANDLE.format(7), "Birch Clinic"),
        Called("n2", "Second", HANDLE.format(8), "Birch Clinic"),
        Called("n2", "Second", HANDLE.format(9), "Cedar House"),
    )

    def called(self, name: str) -> list[Called]:
        return [one for one in self.LISTED if one.name == name]

    def found(self, words: str) -> list[Called]:
        return [one for one in self.LISTED if words in one.name]

    def one(self, network: str, handle: str) -> Called | None:
        return next((one for one in self.LISTED if (one.network, one.handle) == (network, handle)), None)


def sent_of(first: str, second: str, pick: str = "") -> Sent:
    found = {"organizations.0.name": [first], "organizations.1.name": [second], "organizations.1.pick": [pick]}
    return {name: values for name, values in found.items() if values != [""]}


def test_the_two_are_found_in_the_directory_and_where_several_are_called_so_one_is_picked() -> None:
    context = Context("en", Names(), "UTC", Elsewhere())
    cedar = {"network": "n2", "handle": HANDLE.format(9), "name": "Cedar House"}
    birch = {"network": "n1", "handle": HANDLE.format(7), "name": "Birch Clinic"}

    def became(sent: Sent) -> Any:
        found, errors = entry_forms.read("twinning", sent, {}, context)
        return errors or found["organizations"][1]

    assert became(sent_of("Paper Boat", "Cedar House")) == cedar
    assert set(became(sent_of("Paper Boat", "Birch Clinic"))) == {"organizations"}
    assert became(sent_of("Paper Boat", "Birch Clinic", f"n1:{HANDLE.format(7)}")) == birch
    assert became(sent_of("Paper Boat", "Birch Clinic (First)")) == birch
    assert became(sent_of("Paper Boat", "Dogwood")) == {"name": "Dogwood"}
    whole = {"kind": "twinning", "organizations": [{"name": "Paper Boat", "handle": HANDLE.format(0)}, birch]}
    assert entry_forms.filled("twinning", whole, context)["organizations.1.name"] == ["Birch Clinic (First)"]
    asked = entry_forms.form("twinning", {}, context, asked=sent_of("Paper Boat", "Birch"), more="organizations")
    (widget,) = [one for one in entry_forms.widgets(asked.sections) if isinstance(one, Twins)]
    assert [value for value, _shown in asked.looked_up(widget, 1)] == [f"n{n}:{HANDLE.format(6 + n)}" for n in (1, 2)]


def test_countries_are_read_in_any_language() -> None:
    found = read("organization", {"kind": "organization", "names": {"en": "x"}}, countries="تايلاند، Birmanie, KH")
    assert found["countries"] == ["TH", "MM", "KH"]


def test_whole_days_end_on_their_last_day_on_the_form_and_on_the_next_in_the_record() -> None:
    days = {**EVENT, "start": "2026-12-10", "end": "2026-12-13", "all_day": True}
    assert entry_forms.filled("event", days, CONTEXT)["when.last"] == ["2026-12-12"]
    assert read("event", days, when__last="2026-12-14")["end"] == "2026-12-15"


def test_a_rule_ends_with_its_last_day_where_the_event_is() -> None:
    found = read("event", EVENT, rrule__every="weekly", rrule__until="2027-02-28")
    assert found["rrule"] == "FREQ=WEEKLY;UNTIL=20270301T045959Z"
    moved = read("event", found, when__zone="Asia/Bangkok")
    assert moved["rrule"] == "FREQ=WEEKLY;UNTIL=20270228T165959Z"


def test_every_month_on_the_same_weekday_follows_the_day_of_the_event() -> None:
    found = read("event", EVENT, rrule__every="monthly-weekday", rrule__count="3")
    assert found["rrule"] == "FREQ=MONTHLY;BYDAY=1WE;COUNT=3"
    assert read("event", found, when__day="2026-12-31")["rrule"] == "FREQ=MONTHLY;BYDAY=-1TH;COUNT=3"


def test_a_name_of_an_own_record_becomes_its_handle_and_another_name_stays() -> None:
    found = read("event", EVENT, hosts__0="Paper Boat", hosts__1="Somebody else", hosts__2="Same Name")
    assert found["hosts"] == [HANDLE.format(0), "Somebody else", "Same Name"]


def test_an_override_keeps_what_the_form_does_not_know() -> None:
    before = {**EVENT, "overrides": [{"recurrence_id": "2026-12-09T10:00", "titles": {"en": "That time"}}]}
    found = read("event", before, overrides__0__status="cancelled")
    assert found["overrides"] == [
        {"recurrence_id": "2026-12-09T10:00", "titles": {"en": "That time"}, "status": "cancelled"}
    ]


def test_a_language_that_nobody_knows_is_refused_where_it_was_written() -> None:
    sent = {"texts.0.language": ["Atlantean"], "texts.0.names": ["x"]}
    _, errors = entry_forms.read("organization", sent, {}, CONTEXT)
    assert list(errors) == ["texts"]


def test_a_text_in_no_language_beside_the_original_is_refused_and_not_lost() -> None:
    sent = {"texts.0.language": ["French"], "texts.0.names": ["un"], "texts.1.names": ["two"], "original": ["0"]}
    _, errors = entry_forms.read("organization", sent, {}, CONTEXT)
    assert list(errors) == ["texts"]


def test_two_texts_in_one_language_are_refused() -> None:
    sent = {f"texts.{at}.{name}": [value] for at in (0, 1) for name, value in (("language", "French"), ("names", "x"))}
    _, errors = entry_forms.read("organization", sent, {}, CONTEXT)
    assert list(errors) == ["texts"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {
        "kind": "organization",
        "website": "javascript:alert(1)",
        "countries": ["Atlantis"],
        "languages": ["Elvish"],
    }
    assert set(entry_forms.checked(wrong)) == {"website", "countries", "languages", "names"}


def test_what_an_entry_says_in_words_names_every_field_that_it_has() -> None:
    record = {**EVENT, "hosts": [HANDLE.format(0)], "rrule": "FREQ=WEEKLY;COUNT=6", "novelty": "x"}
    said = {one.label: one.text for one in entry_forms.said("event", record, CONTEXT)}
    assert said["Hosts"] == "Paper Boat"
    assert said["novelty"] == '"x"'
    assert {"Title", "When", "Comes again", "Kind of event"} <= said.keys()


def test_texts_of_records_never_reach_a_template_unescaped() -> None:
    templates = Path(fednet.web.__file__).parent / "templates"
    for name in ("entry.html", "desk/edit.html", "member-edit.html", "confirm.html"):
        assert not re.search(r"\|\s*safe", (templates / name).read_text("utf-8"))


def test_names_that_a_form_shows_are_read_back_in_all_languages() -> None:
    for context in CONTEXTS:
        for code in places.codes():
            record = {"kind": "person", "name": "x", "country": code}
            sent = entry_forms.filled("person", record, context)
            assert entry_forms.read("person", sent, {"kind": "person"}, context)[0]["country"] in (
                code, places.name(code, context.language),
            )  # fmt: skip
        assert all(languages.find(name) for name in dict(_offers(context))["language"])


def _offers(context: Context) -> list[tuple[str, list[str]]]:
    return list(entry_forms.form("person", {}, context).offers())
