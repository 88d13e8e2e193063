from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet import formats
from fednet.directory import statements
from fednet.directory.search import OPERATOR, PUBLIC, Reader
from fednet.errors import NotFoundError
from fednet.formats import hsds, hsds_profile
from fednet.formats.hsds_objects import PROFILE_FIELDS
from fednet.listing import vocabulary
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.imports import import_reading
from fednet.node.publish import publish
from fednet.store import columns
from fednet.web.app import create_app
from fednet.web.programs.hsds_addresses import ADDRESSES, MAX_FULL, MAX_PER_PAGE, UNANSWERED
from tests.asgi import Client
from tests.formats.hsds_schemas import FORMATS, needed, validator
from tests.web.place import FOLLOWED, HOSTILE_NAMES, NOW, OWN, followed, node

NODES = Path(__file__).parents[3] / "nodes"
LISTS = ("organizations", "services", "service_at_locations", "taxonomies", "taxonomy_terms")
SCHEMAS = {
    "organizations": "organization.json",
    "services": "service.json",
    "service_at_locations": "service_at_location.json",
    "taxonomies": "taxonomy.json",
    "taxonomy_terms": "taxonomy_term.json",
}
ORGANIZATIONS = sum(fields["kind"] == "organization" for fields in (*OWN, *FOLLOWED))
SERVICES = sum(len(fields.get("services", ())) for fields in (*OWN, *FOLLOWED) if fields["kind"] == "organization")


def everything(program: Client, address: str) -> list[dict[str, Any]]:
    answer = program.get(f"{address}{'&' if '?' in address else '?'}format=ndjson")
    assert answer.status == 200 and answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def pages(program: Client, address: str, per_page: int) -> Iterator[dict[str, Any]]:
    page, last = 0, False
    while not last:
        page += 1
        answer = program.get(f"{address}{'&' if '?' in address else '?'}per_page={per_page}&page={page}").json
        last = answer["last_page"]
        yield answer


def one_named(program: Client, name: str) -> dict[str, Any]:
    return next(one for one in everything(program, "/hsds/organizations?profile=true") if name in one["names"].values())


# --- the examples, judged ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["aprrn", "ccr", "cpc", "inrr"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """An example node with all that it lists, contacts among it."""
    path = tmp_path_factory.mktemp(request.param)
    home, _ = homes.create(path / "node", f"Example {request.param}", None, path / "recovery.txt")
    for file in ("groups.jsonl", "members.csv"):
        import_reading(home, formats.read(NODES / request.param / file), file, NOW)
    publish(home, NOW)
    yield home
    home.close()


@needed
@pytest.mark.parametrize("profile", [False, True])
@pytest.mark.parametrize("name", LISTS)
def test_every_object_of_every_list_of_every_example_is_hsds(example: Home, name: str, profile: bool) -> None:
    program = Client(create_app(example, clock=lambda: NOW), accept="*/*")
    taken = {_name(parameter) for one in ADDRESSES if one.path == f"/hsds/{name}" for parameter in one.parameters}
    asked = "?profile=true" if profile and "profile" in taken else "?"
    judge, judge_of_pages = validator(SCHEMAS[name], profile), validator("page.json")
    for answer in pages(program, f"/hsds/{name}{asked}", 200):
        assert judge_of_pages.is_valid(answer)
        assert [error.message for one in answer["contents"] for error in judge.iter_errors(one)] == []
    listed = everything(program, f"/hsds/{name}{asked}")
    assert len(listed) == answer["total_items"] > 0
    if "full" in taken:
        nested = everything(program, f"/hsds/{name}{asked}&full=true")[:: 3 if profile else 1]
        assert [error.message for one in nested for error in judge.iter_errors(one)] == []
    for one in listed[:: max(1, len(listed) // 12)]:
        whole = program.get(f"/hsds/{name}/{one['id']}{asked}")
        assert whole.status == 200 and whole.json["id"] == one["id"]
        assert [error.message for error in judge.iter_errors(whole.json)] == []


def _name(parameter: Any) -> str:
    return parameter if isinstance(parameter, str) else str(parameter.name)


@needed
def test_contacts_that_the_operator_sees_are_hsds_as_well(example: Home) -> None:
    asked = statements.Asked()
    judge = validator("organization.json")
    found = list(statements.all_organizations(example.store, asked, OPERATOR, lambda: NOW, False))
    told = [one for one in found if one.contacts]
    assert told
    for one in told[::5]:
        whole = json.loads(_encoded(hsds.full(one, full_services=True)))
        assert [error.message for error in judge.iter_errors(whole)] == [] and whole.keys() & {"email", "phones"}


def _encoded(found: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(found)


def test_an_example_goes_through_hsds_into_a_fresh_node_with_everything(example: Home, tmp_path: Path) -> None:
    found = statements.all_organizations(example.store, statements.Asked(), OPERATOR, lambda: NOW, True)
    (tmp_path / "feed.ndjson").write_bytes(b"\n".join(_encoded(hsds.full(one, full_services=True)) for one in found))
    fresh, _ = homes.create(tmp_path / "node", "Fresh", None, tmp_path / "recovery.txt")
    reading = formats.read(tmp_path / "feed.ndjson")
    assert reading.refused == []
    import_reading(fresh, reading, "feed.ndjson", NOW)
    publish(fresh, NOW)
    assert bodies(fresh) == bodies(example)
    again = import_reading(fresh, reading, "feed.ndjson", NOW)
    assert again.count("unchanged") == len(again.records)
    fresh.close()


def bodies(home: Home) -> list[Any]:
    """What organisations and their contacts say, without handles."""
    found = statements.all_organizations(home.store, statements.Asked(), OPERATOR, lambda: NOW, False)
    said = [(one.organization, [_unordered(told.contact) for told in one.contacts]) for one in found]
    return sorted(map(repr, said))


def _unordered(contact: Any) -> Any:
    return sorted(contact.emails), sorted(contact.phones), contact.person, contact.address, contact.hours


# --- addresses --------------------------------------------------------------------------------------------------------


def test_the_root_tells_version_profile_and_openapi_as_addresses_that_answer(program: Client) -> None:
    about = program.get("/hsds/").json
    assert about["version"] == "3.0" and about.keys() == {"version", "profile", "openapi_url"}
    assert FORMATS.conforms(about["profile"], "uri") and FORMATS.conforms(about["openapi_url"], "uri")
    assert program.get("/hsds").headers["location"].endswith("/hsds/")
    profile = program.get("/hsds/profile").json
    for name, patch in hsds_profile.PATCHES.items():
        assert profile["profile"][name].endswith(f"/hsds/profile/{name}")
        assert program.get(f"/hsds/profile/{name}").json == patch


def test_an_envelope_is_as_hsds_has_it(program: Client) -> None:
    first = program.get("/hsds/organizations?per_page=3").json
    del first["contents"]
    assert first == {
        "total_items": ORGANIZATIONS,
        "total_pages": -(-ORGANIZATIONS // 3),
        "page_number": 1,
        "size": 3,
        "first_page": True,
        "last_page": False,
        "empty": False,
    }
    beyond = program.get("/hsds/organizations?per_page=3&page=99").json
    assert (beyond["empty"], beyond["last_page"], beyond["size"], beyond["contents"]) == (True, True, 0, [])
    nothing = program.get("/hsds/organizations?search=xyzzyplugh").json
    assert (nothing["total_items"], nothing["total_pages"], nothing["first_page"], nothing["last_page"]) == (
        0,
        0,
        True,
        True,
    )


def test_the_head_of_a_long_list_is_told_without_making_it(program: Client) -> None:
    head = program.ask("HEAD", "/hsds/organizations?format=ndjson", b"")
    assert (head.status, head.headers["content-type"], head.body) == (200, "application/x-ndjson", b"")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("per_page", [1, 2, 7, 1000])
def test_the_pages_of_a_list_are_all_of_it_once(program: Client, name: str, per_page: int) -> None:
    found = list(pages(program, f"/hsds/{name}", per_page))
    ids = [one["id"] for page in found for one in page["contents"]]
    assert ids == [one["id"] for one in everything(program, f"/hsds/{name}")]
    assert len(set(ids)) == len(ids) == found[0]["total_items"]
    assert [page["first_page"] for page in found].count(True) == 1 and found[0]["first_page"]


def test_there_is_a_service_for_each_code_of_each_organisation(program: Client) -> None:
    assert program.get("/hsds/services").json["total_items"] == SERVICES
    for one in everything(program, "/hsds/organizations?full=true"):
        own = program.get(f"/hsds/services?organization_id={one['id']}").json
        assert [service["id"] for service in own["contents"]] == [s["id"] for s in one.get("services", [])]


def test_full_nests_what_a_list_leaves_out(program: Client) -> None:
    paper_boat = one_named(program, "Paper Boat Legal Aid Centre")["id"]
    whole = program.get(f"/hsds/organizations/{paper_boat}").json
    assert [service.keys() for service in whole["services"]] == [{"id", "name", "status"}] * 3
    service = program.get(f"/hsds/organizations/{paper_boat}?full_service=true").json["services"][0]
    assert service["attributes"] and service["service_areas"] and service["languages"]
    listed = next(one for one in everything(program, "/hsds/services") if one["id"] == service["id"])
    assert listed["organization"]["id"] == paper_boat and "attributes" not in listed
    assert program.get(f"/hsds/services/{service['id']}").json["attributes"] == service["attributes"]
    (at,) = service["service_at_locations"]
    assert program.get(f"/hsds/service_at_locations/{at['id']}").json["service"]["id"] == service["id"]


def test_minimal_tells_ids_and_when_they_changed(program: Client) -> None:
    answer = program.get("/hsds/services?minimal=true").json
    assert answer["size"] == SERVICES
    assert {tuple(sorted(one)) for one in answer["contents"]} == {("id", "modified_date")}


def test_plain_answers_have_nothing_of_the_profile(program: Client) -> None:
    for one in everything(program, "/hsds/organizations?full_service=true"):
        assert not one.keys() & PROFILE_FIELDS
    paper_boat = one_named(program, "Paper Boat Legal Aid Centre")
    assert paper_boat["membership"] == {"category": "full member", "since": "2019"} and paper_boat["circle"] == "public"
    assert paper_boat["source"]["confirmed"] == {"at": "2026-05-04", "by": "the secretariat"}
    assert UUID(paper_boat["source"]["handle"]).version == 4


def test_what_networks_say_of_one_organisation_is_told_to_be_the_same(program: Client, home: Home) -> None:
    from fednet.directory import matching

    matching.bring_up_to_date(home.store)
    one, other = (one_named(program, name) for name in ("Paper Boat Legal Aid Centre", "Paper Boat Legal Aid Center"))
    assert (one["same_as"], other["same_as"]) == ([other["id"]], [one["id"]])


# --- filters ----------------------------------------------------------------------------------------------------------


def term(program: Client, code: str) -> str:
    return next(str(one["id"]) for one in everything(program, "/hsds/taxonomy_terms") if one["code"] == code)


def taxonomy(program: Client, name: str) -> str:
    return next(str(one["id"]) for one in everything(program, "/hsds/taxonomies") if one["name"] == name)


def names(program: Client, asked: str) -> list[tuple[str, str]]:
    found = everything(program, f"/hsds/services?{asked}")
    return sorted((one["name"], one["organization"]["name"]) for one in found)


def test_services_are_found_by_term_taxonomy_and_words_in_any_language(program: Client) -> None:
    legal = names(program, f"taxonomy_term_id={term(program, 'legal-aid')}")
    assert len(legal) == 3 and {name for name, _ in legal} == {"Legal aid"}
    assert names(program, "search=aide+juridique") == names(program, "search=Legal%20aid") == legal
    above = names(program, f"taxonomy_term_id={term(program, 'human_services:legal')}")
    assert set(above) > set(legal) and {name for name, _ in set(above) - set(legal)} == {
        "Status determination",
        "Interpretation",
    }
    women = names(program, f"taxonomy_term_id={term(program, 'women')}")
    assert {organization for _, organization in women} == {"Maison des Érables"} and len(women) == 2
    for_somebody = names(program, f"taxonomy_id={taxonomy(program, 'client-groups')}")
    assert len(for_somebody) == 3 + 2 + 2
    assert len(names(program, f"taxonomy_id={taxonomy(program, 'services')}")) == SERVICES
    assert names(program, f"taxonomy_id={taxonomy(program, 'organization-types')}") == []


def test_filters_narrow_each_other(program: Client) -> None:
    legal, services = term(program, "legal-aid"), taxonomy(program, "services")
    organization = one_named(program, "Harbour Kapok Legal Aid Centre")["id"]
    assert len(names(program, f"taxonomy_term_id={legal}&taxonomy_id={services}&organization_id={organization}")) == 1
    assert names(program, f"taxonomy_term_id={legal}&organization_id={organization}&search=maple") == []
    assert names(program, f"taxonomy_term_id={NOBODY}") == names(program, f"organization_id={NOBODY}") == []


NOBODY = "00000000-0000-4000-8000-000000000000"


def test_services_signed_since_a_moment_are_those_of_later_editions(program: Client, home: Home) -> None:
    assert program.get("/hsds/services?modified_after=2026-11-21T18:30:00Z").json["total_items"] == 6
    assert program.get("/hsds/services?modified_after=2026-11-21").json["total_items"] == SERVICES
    assert program.get("/hsds/services?modified_after=2026-11-21T20:30:01%2B02:00").json["total_items"] == 0


def test_terms_are_found_by_taxonomy_parent_and_name(program: Client) -> None:
    eligibility = taxonomy(program, "Open Eligibility")
    top = everything(program, f"/hsds/taxonomy_terms?taxonomy_id={eligibility}&top_only=true")
    assert [one["code"] for one in top] == ["human_services", "human_situations"]
    below = everything(program, f"/hsds/taxonomy_terms?parent_id={top[0]['id']}")
    assert below and all(one["code"].count(":") == 1 for one in below)
    assert "legal-aid" in [one["code"] for one in everything(program, "/hsds/taxonomy_terms?search=المساعدة القانونية")]
    assert program.get("/hsds/taxonomies?search=eligibility").json["total_items"] == 1


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        *((f"services?{name}=1", name) for name in UNANSWERED),
        ("services?colour=red", "colour"),
        ("taxonomies?full=true", "full"),
        ("organizations?organization_id=1", "organization_id"),
        ("organizations?page=0", "page"),
        ("organizations?page=-1", "page"),
        ("organizations?page=1.5", "page"),
        ("organizations?page=99999999999999999999", "page"),
        ("organizations?per_page=0", "per_page"),
        (f"organizations?per_page={MAX_PER_PAGE + 1}", "per_page"),
        (f"organizations?per_page={MAX_FULL + 1}&full=true", "per_page"),
        ("organizations?page=1&page=2", "page"),
        ("services?full=perhaps", "full"),
        ("services?format=xml", "xml"),
        ("services?modified_after=yesterday", "yesterday"),
        ("profile?full=true", "full"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(program: Client, address: str, said: str) -> None:
    answer = program.get(f"/hsds/{address}")
    assert answer.status == 400 and said in answer.json["detail"] and answer.json["error"] == "usage"


@pytest.mark.parametrize("name", [*LISTS, "profile"])
@pytest.mark.parametrize("id", [NOBODY, "x", "%00", "é", "../../etc", HOSTILE_NAMES[0][:20]])
def test_what_there_is_not_is_not_found(browser: Client, name: str, id: str) -> None:
    answer = browser.get(f"/hsds/{name}/{quote(id, safe='')}")
    assert answer.status == 404 and answer.json["error"] == "not-found"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(LISTS),
    st.dictionaries(
        st.sampled_from(
            ["search", "page", "per_page", "format", "taxonomy_id", "organization_id", "modified_after", "full", "x"]
        ),
        st.text(max_size=12) | st.sampled_from(["1", "true", "json", "ndjson", NOBODY, "2026-11-21", '"', "-x", "*"]),
        max_size=3,
    ),
)
def test_no_question_is_an_error_of_ours(program: Client, name: str, asked: dict[str, str]) -> None:
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in asked.items())
    assert program.get(f"/hsds/{name}?{query}").status in (200, 400)


def test_what_peers_write_is_text_and_nothing_else(program: Client) -> None:
    listed = {one["name"] for one in everything(program, "/hsds/organizations?full=true")}
    assert set(HOSTILE_NAMES) <= listed
    answer = program.get("/hsds/organizations")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- who may see what -------------------------------------------------------------------------------------------------


def test_contacts_are_told_to_those_who_may_read_them(home: Home, tmp_path: Path) -> None:
    own = node(tmp_path / "own")
    organization = next(one for one in _all(own, PUBLIC) if one.organization.acronym == "PBLAC")
    fields = {"organization": organization.source.handle, "phones": ["+66 55 555 0100"], "emails": ["a@b.example"]}
    edits.add(own, "contact", fields, NOW, "partners")
    edits.add(own, "contact", fields | {"phones": ["+66 55 555 0101"]}, NOW, "public")
    publish(own, NOW)
    for reader, numbers in (
        (PUBLIC, ["+66 55 555 0101"]),
        (Reader(frozenset({"partners"})), ["+66 55 555 0100", "+66 55 555 0101"]),
        (OPERATOR, ["+66 55 555 0100", "+66 55 555 0101"]),
    ):
        found = statements.organization(own.store, organization.id, reader, NOW, False)
        assert sorted(phone.number for phone in hsds.full(found).phones) == numbers
    own.close()


def test_what_is_in_a_closed_circle_is_in_no_answer_to_others(tmp_path: Path) -> None:
    own = node(tmp_path / "own")
    secret = {"names": {"en": "Hidden Harbour"}, "services": ["housing"], "seat": {"country": "TH"}}
    edits.add(own, "organization", secret, NOW, "partners")
    publish(own, NOW)
    followed(own, "A Third", [{"kind": "organization", "names": {"en": "Told in Confidence"}}], "partners")
    (hidden,) = [one for one in _all(own, Reader(frozenset({"partners"}))) if one.circle == "partners"]
    program = Client(create_app(own, clock=lambda: NOW), accept="*/*")
    assert program.get("/hsds/organizations").json["total_items"] == ORGANIZATIONS
    assert program.get("/hsds/organizations?search=harbour").json["total_items"] == 1
    assert program.get(f"/hsds/services?organization_id={hidden.id}").json["total_items"] == 0
    for address in (
        f"organizations/{hidden.id}",
        f"services/{hidden.part('service', 'housing')}",
        f"service_at_locations/{hidden.part('service at location', 'housing')}",
    ):
        shown, nothing = program.get(f"/hsds/{address}"), program.get(f"/hsds/{address[:-36]}{NOBODY}")
        assert (shown.status, shown.body) == (nothing.status, nothing.body)
    partner = Reader(frozenset({"partners"}))
    assert statements.service(own.store, hidden.part("service", "housing"), partner, NOW, False)[1] == "housing"
    assert "Told in Confidence" not in {one.organization.names.get("en") for one in _all(own, partner)}
    own.close()


def _all(home: Home, reader: Reader) -> list[hsds.Statement]:
    return list(statements.all_organizations(home.store, statements.Asked(), reader, lambda: NOW, False))


def test_an_id_stays_when_its_record_changes_and_ends_with_it(tmp_path: Path) -> None:
    own = node(tmp_path / "own")
    before = next(one for one in _all(own, PUBLIC) if one.organization.acronym == "PBLAC")
    service = before.part("service", "legal-aid")
    assert statements.service(own.store, service, PUBLIC, NOW, False)[1] == "legal-aid"
    edits.edit(own, before.source.handle, {"names": {"en": "Paper Ship"}, "services": ["legal-aid", "housing"]}, NOW)
    publish(own, NOW + timedelta(hours=1))
    after = statements.organization(own.store, before.id, PUBLIC, NOW, False)
    assert after.organization.names == {"en": "Paper Ship"} and after.modified == "2026-11-21T19:30:00.000Z"
    assert statements.service(own.store, service, PUBLIC, NOW, False)[0].id == before.id
    assert statements.service(own.store, before.part("service", "housing"), PUBLIC, NOW, False)[1] == "housing"
    edits.withdraw(own, before.source.handle, NOW)
    publish(own, NOW + timedelta(hours=2))
    with pytest.raises(NotFoundError):
        statements.organization(own.store, before.id, PUBLIC, NOW, False)
    with pytest.raises(NotFoundError):
        statements.service(own.store, service, PUBLIC, NOW, False)
    own.close()


def test_pages_of_services_are_what_counting_one_by_one_gives(home: Home) -> None:
    every = list(statements.all_services(home.store, statements.Asked(), PUBLIC, lambda: NOW, False))
    columns.keep(home.store)
    codes = [None, frozenset({"legal-aid"}), frozenset(vocabulary.SERVICES.codes[::2]), frozenset[str]()]
    for wanted in codes:
        expected = [(one.id, code) for one, code in every if wanted is None or code in wanted]
        for start in range(len(expected) + 2):
            asked = statements.Asked(codes=wanted)
            found = statements.services(home.store, asked, PUBLIC, NOW, start, 2, False)
            assert found.total == len(expected)
            assert [(one.id, code) for one, code in found.parts] == expected[start : start + 2]
