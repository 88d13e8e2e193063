from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet import formats, listing
from fednet.errors import FednetError
from fednet.formats import hsds, hsds_objects, hsds_profile, hsds_reading, hsds_tables, hsds_terms
from fednet.formats.hsds import Statement, Told
from fednet.formats.hsds_objects import Source
from fednet.formats.reading import Reading, UnreadableFileError
from fednet.listing import vocabulary
from tests.formats.hsds_schemas import FORMATS, HSDS, MOCKS, needed, schemas, validator
from tests.formats.hsds_schemas import formats as named_formats

HANDLE = "00000000-0000-4000-8000-000000000001"
CONTACT = "00000000-0000-4000-8000-000000000002"
SOURCE = Source("network-id", "Example Network", HANDLE, 1, 7, verified_at="2026-11-21T18:30:00Z")
PROFILE = Path(__file__).parents[2] / "protocol/hsds/profile"

PAPER_BOAT: dict[str, Any] = {
    "kind": "organization",
    "original": "th",
    "names": {"th": "ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษ", "en": "Paper Boat Legal Aid Centre"},
    "acronym": "PBLAC",
    "former_names": ["Raft"],
    "type": "legal-firm",
    "seat": {"country": "TH", "place": "Mae Sot", "latitude_e6": 16_713_000, "longitude_e6": 98_574_000},
    "countries": ["TH", "035"],
    "services": ["legal-aid", "child-protection"],
    "client_groups": ["asylum-seekers", "unaccompanied-minors"],
    "languages": ["th", "my"],
    "website": "https://paper-boat.example/",
    "description": {"en": "Legal advice.", "th": "ให้คำปรึกษาทางกฎหมาย"},
    "identifiers": [{"scheme": "TH-MOI", "value": "0994000-1"}],
    "membership": {"category": "full member", "since": "2019"},
    "refugee_led": False,
    "confirmed": {"at": "2026-05-04", "by": "the secretariat"},
}
DESK: dict[str, Any] = {
    "kind": "contact",
    "organization": HANDLE,
    "emails": ["desk@paper-boat.example", "press@paper-boat.example"],
    "phones": ["+66 55 555 0100"],
    "address": "1 Moei Road",
    "hours": "Monday to Friday, 9 to 17",
}


def statement(fields: dict[str, Any], *contacts: dict[str, Any], profile: bool = False) -> Statement:
    told = tuple(
        Told(CONTACT[:-1] + str(at), "partners", msgspec.convert(one, listing.Contact))
        for at, one in enumerate(contacts, 2)
    )
    return Statement(msgspec.convert(fields, listing.Organization), SOURCE, "public", told, profile=profile)


def written(found: Any) -> Any:
    return json.loads(msgspec.json.encode(found))


def read(*documents: Any) -> Reading:
    return hsds_reading.read_documents(documents, "feed.json")


def organization(found: Reading) -> dict[str, Any]:
    (fields,) = [entry.fields for entry in found.entries if entry.fields["kind"] == "organization"]
    return fields


def ids(found: Any) -> list[str]:
    match found:
        case dict():
            own = [value for name, value in found.items() if name == "id"]
            return own + [id for value in found.values() for id in ids(value)]
        case list():
            return [id for one in found for id in ids(one)]
        case _:
            return []


# --- out --------------------------------------------------------------------------------------------------------------


def test_every_id_is_a_uuid_of_version_5_and_stays_over_editions() -> None:
    before = written(hsds.full(statement(PAPER_BOAT, DESK), full_services=True))
    later = msgspec.structs.replace(SOURCE, edition=8, epoch=2, verified_at="2027-01-01T00:00:00Z")
    after = msgspec.structs.replace(statement(PAPER_BOAT, DESK), source=later)
    assert ids(before) == ids(written(hsds.full(after, full_services=True)))
    assert {UUID(id).version for id in ids(before)} == {5}


def test_two_networks_that_list_one_handle_have_ids_of_their_own() -> None:
    copied = msgspec.structs.replace(SOURCE, network="another-network")
    one, other = (
        ids(written(hsds.full(msgspec.structs.replace(statement(PAPER_BOAT), source=source), full_services=True)))
        for source in (SOURCE, copied)
    )
    terms = {term.id for term in hsds_terms.taxonomy_terms()} | {taxonomy.id for taxonomy in hsds_terms.taxonomies()}
    assert not (set(one) & set(other)) - terms


def test_a_service_bears_its_type_its_client_groups_and_its_term_of_open_eligibility() -> None:
    found = hsds.full_service(statement(PAPER_BOAT), "legal-aid")
    assert [(one.taxonomy_term.taxonomy, one.taxonomy_term.code) for one in found.attributes] == [
        ("services", "legal-aid"),
        ("Open Eligibility", "human_services:legal:advocacy_legal_aid"),
        ("client-groups", "asylum-seekers"),
        ("client-groups", "unaccompanied-minors"),
    ]
    assert [area.extent for area in found.service_areas] == ["TH", "035"] and found.assured_date == "2026-05-04"


def test_a_code_of_a_newer_version_is_no_service_and_no_error() -> None:
    found = hsds.full(statement(PAPER_BOAT | {"services": ["legal-aid", "teleport"], "client_groups": ["martians"]}))
    assert [service.name for service in found.services] == ["Legal aid"]


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("https://example.org", "https://example.org"),
        ("https://exämple.org/ü ä?q=ñ", "https://xn--exmple-cua.org/%C3%BC%20%C3%A4?q=%C3%B1"),
        ("http://example.org:8080/a%20b", "http://example.org:8080/a%20b"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://[::1]/", "https://[::1]/"),
        ("https://[broken/", None),
        ("https://example.org:99999/", None),
        ("https:///nothing", None),
        (None, None),
    ],
)
def test_an_address_is_written_as_a_uri_or_not_at_all(address: str | None, uri: str | None) -> None:
    assert hsds.uri(address) == uri


def test_terms_stand_under_terms_that_there_are() -> None:
    known = {term.id for term in hsds_terms.taxonomy_terms()}
    assert len(known) == len(hsds_terms.taxonomy_terms())
    assert all(term.parent_id in known for term in hsds_terms.taxonomy_terms() if term.parent_id)
    assert all(hsds_terms.term_by_id(id) for id in known) and hsds_terms.term_by_id("nothing") is None


def test_the_codes_of_a_term_are_those_whose_services_bear_it() -> None:
    for code in vocabulary.SERVICES.codes:
        borne = {one.taxonomy_term_id for one in hsds.full_service(statement(PAPER_BOAT), code).attributes}
        for id in borne - {term.id for term in hsds_terms.taxonomy_terms() if term.taxonomy == "client-groups"}:
            assert code in hsds_terms.codes_bearing(id)


# --- judged by the schemas of HSDS ------------------------------------------------------------------------------------


@needed
def test_every_format_of_the_schemas_is_really_checked() -> None:
    used = {name for schema in schemas(profile=True).values() for name in named_formats(schema)}
    assert used == {"uuid", "uri", "email", "date", "date-time"} and used <= FORMATS.checkers.keys()


@needed
@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "1"},
        {"website": "paper boat"},
        {"email": "desk"},
        {"name": None},
        {"colour": "red"},
        {"services": [{"id": HANDLE, "name": "x", "status": "open"}]},
        {"services": [{"id": HANDLE, "name": "x", "status": "active", "assured_date": "yesterday"}]},
        {"services": [{"id": HANDLE, "name": "x", "status": "active", "last_modified": "today"}]},
        {"locations": [{"id": HANDLE, "location_type": "physical", "latitude": "16"}]},
        {"locations": [{"id": HANDLE, "location_type": "physical", "country": "TH"}]},
        {"source": written(SOURCE)},
    ],
)
def test_the_judge_finds_what_is_wrong(wrong: dict[str, Any]) -> None:
    judge = validator("organization.json")
    right = written(hsds.full(statement(PAPER_BOAT, DESK), full_services=True))
    assert judge.is_valid(right) and not judge.is_valid(right | wrong)


@needed
def test_plain_output_is_hsds_and_that_of_the_profile_is_the_profile() -> None:
    for profile in (False, True):
        said = statement(PAPER_BOAT, DESK, DESK | {"person": "A. Secretary"}, profile=profile)
        for name, found in (
            ("organization.json", hsds.basic(said)),
            ("organization.json", hsds.full(said)),
            ("organization.json", hsds.full(said, full_services=True)),
            ("service.json", hsds.basic_service(said, "legal-aid")),
            ("service.json", hsds.full_service(said, "legal-aid")),
            ("service_at_location.json", hsds.basic_at_location(said, "legal-aid")),
            ("service_at_location.json", hsds.full_at_location(said, "legal-aid")),
        ):
            assert [error.message for error in validator(name, profile).iter_errors(written(found))] == []
            assert validator(name).is_valid(written(found)) != profile


@needed
def test_terms_and_taxonomies_are_hsds() -> None:
    judge_of_terms, judge_of_taxonomies = validator("taxonomy_term.json"), validator("taxonomy.json")
    assert all(judge_of_terms.is_valid(written(term)) for term in hsds_terms.taxonomy_terms())
    assert all(judge_of_taxonomies.is_valid(written(taxonomy)) for taxonomy in hsds_terms.taxonomies())


def test_the_profile_in_the_repository_is_fresh() -> None:
    assert {path.name: path.read_text("utf-8") for path in PROFILE.glob("*.json")} == hsds_profile.files(), "make docs"


def test_the_profile_has_the_fields_that_are_written() -> None:
    assert hsds_profile.PATCHES["organization.json"]["properties"].keys() == hsds_objects.PROFILE_FIELDS
    assert set(hsds_objects.Organization.__struct_fields__) > hsds_objects.PROFILE_FIELDS


# --- in and out again -------------------------------------------------------------------------------------------------

_TEXT = st.text("abc äöü ก鷺ß&<>'\"\\/", min_size=1, max_size=30).map(str.strip).filter(bool)
_LIST = {"max_size": 4, "unique": True}
_ORGANIZATIONS = st.fixed_dictionaries(
    {"kind": st.just("organization"), "names": st.dictionaries(st.sampled_from(["en", "th", "fr"]), _TEXT, min_size=1)},
    optional={
        "original": st.sampled_from(["en", "th", "fr"]),
        "acronym": _TEXT,
        "former_names": st.lists(_TEXT, **_LIST),
        "description": st.dictionaries(st.sampled_from(["en", "th"]), _TEXT, min_size=1),
        "website": st.sampled_from(["https://example.org", "http://a.example/b?c=d#e", "https://a.example:8443/%20"]),
        "identifiers": st.lists(st.fixed_dictionaries({"scheme": _TEXT, "value": _TEXT}), max_size=2),
        "type": st.sampled_from(vocabulary.ORGANIZATION_TYPES.codes),
        "seat": st.fixed_dictionaries(
            {"country": st.sampled_from(["TH", "CA", "GB"])},
            optional={"place": _TEXT, "latitude_e6": st.integers(-(9 * 10**7), 9 * 10**7)},
        ).map(lambda seat: seat | ({"longitude_e6": 1} if "latitude_e6" in seat else {})),
        "countries": st.lists(st.sampled_from(["TH", "MM", "CD", "035", "001"]), **_LIST),
        "services": st.lists(st.sampled_from(vocabulary.SERVICES.codes), **_LIST),
        "client_groups": st.lists(st.sampled_from(vocabulary.CLIENT_GROUPS.codes), **_LIST),
        "languages": st.lists(st.sampled_from(["th", "my", "zh-Hant", "ksw", "pt-BR"]), **_LIST),
        "membership": st.just({"category": "full member", "since": "2019", "until": "2026-11"}),
        "refugee_led": st.booleans(),
        "confirmed": st.just({"at": "2026-05-04T10:00:00Z", "by": "the secretariat"}),
    },
).map(listing.normalize)
_EMAILS = st.lists(st.sampled_from(["a@example.org", "b.c@example.org", "d@ex.example.org"]), **_LIST)
_CONTACTS = st.fixed_dictionaries(
    {"kind": st.just("contact"), "organization": st.just(HANDLE), "emails": _EMAILS.filter(bool)},
    optional={
        "person": _TEXT,
        "phones": st.lists(st.sampled_from(["+66 1", "+1 2"]), **_LIST),
        "address": _TEXT,
        "hours": _TEXT,
    },
).map(listing.normalize)


def held(fields: dict[str, Any], contact: dict[str, Any] | None = None) -> dict[str, Any]:
    """What plain HSDS can hold of an organisation: one language, and places and languages where there is what has them.

    Services have areas and a day of assurance; services and locations have languages.
    """
    listed = msgspec.convert(fields, listing.Organization)
    name = listing.display(listed.names, listed.original)
    spoken = next(tag for tag, text in listed.names.items() if text == name)
    known = {name: fields[name] for name in (*_PLAIN, *_OF_SERVICES) if name in fields}
    known["names"] = {"und": name}
    if listed.description:
        known["description"] = {"und": listing.display(listed.description, spoken)}
    if "confirmed" in known:
        known["confirmed"] = {"at": known["confirmed"]["at"][:10]}
    located = listed.seat or (contact or {}).keys() & {"address", "hours"}
    if not listed.services:
        known = {name: value for name, value in known.items() if name not in _OF_SERVICES}
        known |= {"languages": fields["languages"]} if "languages" in fields and located else {}
    return known


_PLAIN = ("kind", "acronym", "website", "identifiers", "seat", "services", "client_groups", "type")
_OF_SERVICES = ("countries", "languages", "confirmed")


def unordered(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(map(str, value)) if isinstance(value, list) else value for name, value in fields.items()}


@settings(max_examples=120, deadline=None)
@given(_ORGANIZATIONS, _CONTACTS)
def test_what_hsds_can_hold_comes_back(fields: dict[str, Any], contact: dict[str, Any]) -> None:
    found = read(written(hsds.full(statement(fields, contact), full_services=True)))
    assert found.refused == [] and organization(found) == held(fields, contact)
    (back,) = [entry.fields for entry in found.entries if entry.fields["kind"] == "contact"]
    assert unordered(back | {"organization": HANDLE}) == unordered(contact)


@settings(max_examples=120, deadline=None)
@given(_ORGANIZATIONS)
def test_with_the_profile_everything_comes_back(fields: dict[str, Any]) -> None:
    found = read(written(hsds.full(statement(fields, profile=True), full_services=True)))
    assert found.refused == [] and organization(found) == fields


def test_lists_of_services_give_the_organisations_back() -> None:
    said = statement(PAPER_BOAT)
    listed = {"contents": [written(hsds.full_service(said, code)) for code in said.services], "total_items": 2}
    assert organization(read(listed)) == held(PAPER_BOAT)
    at_locations = [written(hsds.full_at_location(said, code)) for code in said.services]
    assert organization(read(at_locations)) == held(PAPER_BOAT)


# --- in ---------------------------------------------------------------------------------------------------------------


@needed
def test_the_examples_of_hsds_are_read_in_every_form() -> None:
    for path in ("examples/service_full.json", "examples/organization_full.json", "examples/tabular.json"):
        found = formats.read(HSDS / path)
        assert organization(found)["names"] == {"und": "Example Organization Inc."}, path
        assert organization(found)["seat"] == {"country": "US", "place": "MyCity"}
        assert "Community Counselling" in {error.found for error in found.refused}
        assert any("wait_time" in note for note in found.notes)
    assert organization(formats.read(HSDS / "examples/csv")) == organization(found)


@needed
def test_a_package_is_read_from_an_archive_as_from_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "package.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (HSDS / "examples/csv").iterdir():
            archive.write(path, f"data/{path.name}")
    assert formats.read(tmp_path / "package.zip").entries == formats.read(HSDS / "examples/csv").entries


@needed
@pytest.mark.parametrize("path", sorted(MOCKS.rglob("*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_feeds_of_others_are_imported_or_refused_in_words(path: Path) -> None:
    try:
        found = formats.read(path)
    except FednetError as error:
        assert error.detail
        assert not path.stem.startswith(("organization", "service_")), error.detail
        return
    if path.stem.startswith(("organization", "service_")):
        assert [entry for entry in found.entries if entry.fields["kind"] == "organization"]


@needed
def test_what_a_failing_feed_gets_wrong_is_said() -> None:
    said = {(error.column, error.found) for error in formats.read(MOCKS / "V3.0-UK-Fail/service_full.json").refused}
    assert {("url", "example/counselling"), ("email", "email-example_com")} <= said
    missing = formats.read(MOCKS / "V3.0-UK-Fail/service_list.json").refused
    assert [error.line for error in missing if error.column == "name"] == [1, 2, 3, 4]


ORGANIZATION = {"id": HANDLE, "name": "Lantern House", "description": ""}
SERVICE = {"id": CONTACT, "name": "Legal advice", "status": "active", "organization_id": HANDLE}


def test_an_id_of_hsds_is_the_source_and_our_own_handle_where_it_is_told() -> None:
    (entry,) = read(ORGANIZATION | {"services": []}).entries
    assert entry.source == f"hsds:{HANDLE}"
    (entry,) = read(ORGANIZATION | {"services": [], "source": {"handle": CONTACT}}).entries
    assert entry.source == f"handle:{CONTACT}"


@pytest.mark.parametrize(
    ("service", "codes", "said"),
    [
        ({}, ["legal-aid"], None),
        ({"name": "Aide juridique"}, ["legal-aid"], None),
        ({"status": "defunct"}, [], None),
        ({"name": "Juggling"}, [], "is no service we know"),
        ({"name": "Trauma counselling for all"}, [], "did you mean 'Psychosocial support'"),
        ({"name": "X", "attributes": [{"id": "1", "taxonomy_term": {"name": "Housing"}}]}, ["housing"], None),
        (
            {"attributes": [{"id": "1", "taxonomy_term": {"code": "human_services:housing"}}], "name": "X"},
            ["housing"],
            None,
        ),
        ({"attributes": [{"id": "1", "taxonomy_term": {"name": "Juggling"}}]}, ["legal-aid"], "no service, client"),
    ],
)
def test_services_are_known_by_terms_and_names_or_named_as_unknown(
    service: dict[str, Any], codes: list[str], said: str | None
) -> None:
    found = read(ORGANIZATION | {"services": [SERVICE | service]})
    assert organization(found).get("services", []) == codes
    assert [error.reason for error in found.refused if said is None or said not in error.reason] == []
    assert bool(found.refused) == bool(said)


def test_a_service_without_its_organisation_is_refused_with_what_to_do() -> None:
    found = read(SERVICE)
    assert found.entries == [] and "together with the file of organisations" in found.refused[0].reason
    assert "Legal advice" in found.refused[0].reason


@pytest.mark.parametrize(
    "document",
    [
        {"total_items": 1, "contents": [1, None, "x", []]},
        {"id": HANDLE, "name": ["x"], "services": "none", "locations": [[]], "contacts": {"a": 1}},
        {"id": {"a": 1}, "name": "x", "services": []},
        {"contents": []},
        ORGANIZATION | {"locations": [{"id": 1, "latitude": "NaN", "longitude": [], "addresses": [{"country": 5}]}]},
        ORGANIZATION | {"locations": [{"latitude": 10**400, "longitude": -1e999}]},
        ORGANIZATION | {"locations": [{"latitude": 1e999, "longitude": True}], "names": 5, "membership": []},
        ORGANIZATION | {"services": [SERVICE | {"status": None, "assured_date": 5, "attributes": [{"id": {}}]}]},
        ORGANIZATION | {"names": {"xx-nope": "x"}, "countries_served": ["Atlantis"], "source": "mine"},
        ORGANIZATION | {"phones": [{"number": None}, {"extension": {}}], "email": 5, "services": []},
    ],
)
def test_odd_objects_raise_nothing_but_our_errors(document: dict[str, Any]) -> None:
    try:
        found = read(document)
    except FednetError:
        return
    assert all(listing.check(entry.fields) for entry in found.entries if entry.fields["kind"] == "organization")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "id name services service organization locations location addresses phones contacts attributes "
                "taxonomy_term code status languages service_areas names source handle latitude contents".split()
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(_JSON)
def test_any_json_is_read_or_refused(document: Any) -> None:
    try:
        assert isinstance(hsds_reading.is_hsds(document), bool)
        read(document)
    except FednetError:
        pass


def test_terms_alone_are_nothing_to_import() -> None:
    with pytest.raises(UnreadableFileError, match="terms of taxonomies only"):
        read([written(term) for term in hsds_terms.taxonomy_terms()])


def test_other_json_is_not_taken_for_hsds() -> None:
    for document in (
        [{"id": HANDLE, "name": "x", "country": "TH"}],
        {"kind": "organization", "id": HANDLE, "name": "x", "services": []},
        {"type": "FeatureCollection", "features": []},
        {"contents": "x"},
        [],
        5,
    ):
        assert not hsds_reading.is_hsds(document)


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def test_an_archive_that_unpacks_to_far_more_is_not_unpacked() -> None:
    bomb = packed(organizations=b"id,name\n" + b"0" * (32 << 20))
    with pytest.raises(UnreadableFileError, match="too large when unpacked"):
        hsds_tables.read_package(bomb, "package.zip")


def test_an_archive_that_states_less_than_it_holds_is_refused() -> None:
    content = b"id,name,description\n" + HANDLE.encode() + b",Lantern House,\n"
    honest, size = packed(organizations=content), len(content).to_bytes(4, "little")
    assert hsds_tables.is_package(honest) and honest.count(size)
    with pytest.raises(FednetError):
        hsds_tables.read_package(honest.replace(size, (8).to_bytes(4, "little")), "package.zip")


def test_an_archive_without_organisations_is_a_workbook_or_nothing() -> None:
    assert not hsds_tables.is_package(packed(people=b"id\n"))
    with pytest.raises(UnreadableFileError, match="no organisations"):
        hsds_tables.read_package(packed(organizations=b"id,name\n"), "package.zip")


@pytest.mark.parametrize("at", range(60, 400, 20))
def test_a_damaged_archive_is_refused_in_words(at: int) -> None:
    rows = "".join(f"{number},N{number * 7919},d{number}\n" for number in range(400))
    damaged = bytearray(packed(organizations=b"id,name,description\n" + rows.encode()))
    damaged[at] ^= 0x5A
    with pytest.raises(UnreadableFileError, match="damaged"):
        hsds_tables.read_package(bytes(damaged), "package.zip")
