"""JSON-LD says what schema.org has words for, of whatever is listed."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.formats import linked
from fednet.formats.linked import Party

THING = "@context @type @id name alternateName description url sameAs identifier"
ORGANIZATION = f"{THING} address location areaServed knowsLanguage makesOffer contactPoint"
EVENT = (
    f"{THING} startDate endDate eventSchedule eventStatus eventAttendanceMode location organizer superEvent inLanguage "
    "about audience"
)
PROPERTIES = {
    "NGO": ORGANIZATION,
    "Organization": ORGANIZATION,
    "GovernmentOrganization": ORGANIZATION,
    "ResearchOrganization": ORGANIZATION,
    "FundingAgency": ORGANIZATION,
    "NewsMediaOrganization": ORGANIZATION,
    "LegalService": ORGANIZATION,
    "Person": f"{THING} jobTitle knowsAbout knowsLanguage address",
    "Event": EVENT,
    "BusinessEvent": EVENT,
    "EducationEvent": EVENT,
    "PropertyValue": f"{THING} propertyID value",
    "PostalAddress": f"{THING} addressLocality addressCountry",
    "Place": f"{THING} geo address",
    "GeoCoordinates": f"{THING} latitude longitude",
    "VirtualLocation": THING,
    "Country": THING,
    "AdministrativeArea": THING,
    "Offer": f"{THING} itemOffered areaServed validFrom validThrough offeredBy",
    "Demand": f"{THING} itemOffered areaServed validFrom validThrough @reverse",
    "Reversed": "seeks",
    "MonetaryGrant": f"{THING} funder",
    "Service": f"{THING} serviceType audience",
    "Audience": f"{THING} audienceType",
    "ContactPoint": f"{THING} email telephone",
    "Schedule": f"{THING} repeatFrequency repeatCount startDate byDay scheduleTimezone exceptDate",
}
"""The properties that schema.org (release 29) gives each type, its own and inherited, as far as we use them."""

NODE = "https://node.example/organizations/1"
PORT: dict[str, Any] = {
    "kind": "organization",
    "names": {"fr": "Maison du port", "th": "บ้านท่าเรือ"},
    "original": "fr",
    "acronym": "MDP",
    "former_names": ["Port"],
    "description": {"fr": "</script><script>alert(1)</script> & \u2028"},
    "identifiers": [{"scheme": "CA-CRA_ACR", "value": "118833714RR0001"}],
    "type": "legal-firm",
    "seat": {"country": "CA", "place": "Montréal", "latitude_e6": 45_500_000, "longitude_e6": -73_561_234},
    "countries": ["CA", "035"],
    "services": ["legal-aid", "housing"],
    "client_groups": ["refugees"],
    "languages": ["fr", "th"],
    "website": "https://port.example",
}
SPRING: dict[str, Any] = {
    "kind": "event",
    "titles": {"en": "Spring consultation"},
    "type": "consultation",
    "start": "2026-03-27T10:00",
    "end": "2026-03-27T12:00",
    "zone": "Europe/Zurich",
    "rrule": "FREQ=WEEKLY;COUNT=4;BYDAY=FR",
    "exdates": ["2026-04-03T10:00"],
    "status": "cancelled",
    "uid": "1@networks.example",
    "mode": "hybrid",
    "place": "Room 1",
    "join_url": "https://meet.example/1",
    "themes": ["detention"],
    "hosts": ["Port House", "0190a6a4-0000-7000-8000-000000000001"],
}


def unknown(node: Any) -> list[str]:
    """The properties in a document that schema.org does not give their type."""
    if isinstance(node, list):
        return [one for inner in node for one in unknown(inner)]
    if not isinstance(node, dict) or "@value" in node:
        return []
    if "@graph" in node:
        return unknown(node["@graph"])
    kind = node.get("@type", "Reversed")
    known = PROPERTIES[kind].split()
    return [f"{kind}.{name}" for name in node if name not in known] + [
        one for inner in node.values() for one in unknown(inner)
    ]


def test_an_organisation_is_told_in_the_words_of_schema_org() -> None:
    contact = {"emails": ["info@port.example"], "phones": ["+1 514 555 0100"], "hours": "Mon"}
    node = linked.organization(PORT, NODE, same=[NODE, "https://node.example/organizations/2"], contacts=[contact])
    assert unknown(linked.standing_alone(node)) == []
    assert node["@type"] == "LegalService" and node["@id"] == NODE
    assert node["name"][0] == {"@language": "fr", "@value": "Maison du port"}
    assert node["identifier"] == {"@type": "PropertyValue", "propertyID": "CA-CRA_ACR", "value": "118833714RR0001"}
    assert node["address"] == {"@type": "PostalAddress", "addressLocality": "Montréal", "addressCountry": "CA"}
    assert node["location"]["geo"]["longitude"] == -73.561234
    assert [area["@type"] for area in node["areaServed"]] == ["Country", "AdministrativeArea"]
    assert [offer["itemOffered"]["serviceType"] for offer in node["makesOffer"]] == ["Legal aid", "Housing"]
    assert node["sameAs"] == "https://node.example/organizations/2"
    assert node["contactPoint"]["email"] == "info@port.example"


def test_an_event_has_its_times_with_their_offset() -> None:
    node = linked.event(SPRING, "https://node.example/events/1", parent="https://node.example/events/2")
    assert unknown(linked.standing_alone(node)) == []
    assert (node["startDate"], node["endDate"]) == ("2026-03-27T10:00:00+01:00", "2026-03-27T12:00:00+01:00")
    assert node["eventStatus"] == "https://schema.org/EventCancelled"
    assert node["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert [place["@type"] for place in node["location"]] == ["Place", "VirtualLocation"]
    assert node["organizer"] == {"@type": "Organization", "name": "Port House"}
    assert node["superEvent"]["@id"] == "https://node.example/events/2"
    schedule = node["eventSchedule"]
    assert (schedule["repeatFrequency"], schedule["repeatCount"]) == ("P1W", 4)
    assert schedule["byDay"] == "https://schema.org/Friday"
    assert schedule["exceptDate"] == "2026-04-03T10:00:00+02:00"  # summer time has begun


def test_hosts_that_are_known_here_have_a_page() -> None:
    node = linked.event(SPRING, "https://node.example/events/1", hosts=[Party("Port", NODE)])
    assert node["organizer"] == {"@type": "Organization", "name": "Port", "url": NODE}


def test_the_last_day_of_an_event_that_lasts_whole_days_is_part_of_it() -> None:
    whole = {"titles": {"en": "x"}, "type": "meeting", "start": "2026-05-12", "end": "2026-05-15", "all_day": True}
    node = linked.event(whole, "urn:uuid:1")
    assert (node["startDate"], node["endDate"]) == ("2026-05-12", "2026-05-14")
    assert linked.event(whole | {"end": None}, "urn:uuid:1")["endDate"] == "2026-05-12"


NEED: dict[str, Any] = {
    "kind": "exchange",
    "type": "need",
    "titles": {"en": "A lawyer", "fr": "Une avocate"},
    "description": {"en": "</script><script>alert(1)</script>"},
    "themes": ["legal-aid", "children"],
    "client_groups": ["children"],
    "countries": ["TH", "035"],
    "organization": "Paper Boat",
    "posted": "2026-10-01",
    "open_until": "2027-03-31",
}


@pytest.mark.parametrize(("type_", "kind"), [("need", "Demand"), ("offer", "Offer"), ("funding", "MonetaryGrant")])
def test_a_need_an_offer_and_a_grant_are_told_with_whose_they_are(type_: str, kind: str) -> None:
    node = linked.exchange(NEED | {"type": type_}, NODE)
    assert node is not None and node["@type"] == kind and unknown(linked.standing_alone(node)) == []
    whose = {
        "need": node.get("@reverse", {}).get("seeks"),
        "offer": node.get("offeredBy"),
        "funding": node.get("funder"),
    }
    assert whose[type_] == {"@type": "Organization", "name": "Paper Boat"}
    named = linked.exchange(NEED | {"organization": NODE[-36:]}, NODE, by=Party("Boat", "https://boat.example/"))
    assert named is not None and named["@reverse"]["seeks"]["url"] == "https://boat.example/"
    assert linked.exchange(NEED | {"type": "unheard-of"}, NODE) is None


def test_nothing_in_a_page_ends_the_element_that_holds_it() -> None:
    written = linked.in_page(linked.organization(PORT, NODE))
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written)["description"]["@value"] == PORT["description"]["fr"]

    class Scripts(HTMLParser):
        seen = 0

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.seen += 1

    parser = Scripts()
    parser.feed(f'<script type="application/ld+json">{written}</script>')
    assert parser.seen == 1


def test_control_characters_of_others_are_nothing() -> None:
    fields = PORT | {"acronym": "P\x85H\x9bO\x1b", "names": {"en": "\x80Port\x9f"}}
    for written in (linked.in_page(linked.organization(fields, NODE)), str(linked.document([("n", "1", fields)]))):
        assert "PHO" in written and "Port" in written
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]|\\\\u00[01]", written)


def test_what_several_networks_list_under_one_handle_are_several_things() -> None:
    def page(kind: str, handle: str) -> str:
        return f"https://node.example/{kind}s/{handle}"

    rows = [("n", "1", PORT), ("m", "1", PORT | {"acronym": "not us"}), ("m", "2", PORT)]
    one, other, alone = (node["@id"] for node in linked.document(rows, page=page)["@graph"])
    assert alone == "https://node.example/organizations/2"
    assert one != other and one.startswith("urn:uuid:") and other.startswith("urn:uuid:")


def test_contacts_groups_and_the_like_are_not_told() -> None:
    rows = [
        ("n", "1", PORT),
        ("n", "2", SPRING),
        ("n", "3", {"kind": "contact", "organization": "1", "emails": ["closed@port.example"]}),
        ("n", "4", {"kind": "person", "name": "N.", "role": "chair", "expertise": ["law"], "country": "CA"}),
    ]
    found = linked.document(rows, page=lambda kind, handle: f"https://node.example/{kind}s/{handle}")
    assert unknown(found) == [] and "closed@" not in json.dumps(found)
    assert [node["@type"] for node in found["@graph"]] == ["LegalService", "Event", "Person"]
    assert found["@graph"][0]["@id"] == "https://node.example/organizations/1"


@pytest.mark.parametrize("field", ["start", "end", "zone", "rrule", "exdates"])
def test_times_that_make_no_sense_are_left_out(field: str) -> None:
    for nonsense in ("soon", "9999-12-31T23:59", "0001-01-01T00:00", "", None, 7, [7], {}):
        node = linked.event(SPRING | {field: nonsense}, "urn:uuid:1")
        assert unknown(node) == []
        for name in ("startDate", "endDate"):
            assert name not in node or datetime.fromisoformat(node[name])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from((PORT, SPRING, NEED)), st.data())
def test_no_record_that_a_peer_could_publish_stops_it(fields: dict[str, Any], data: st.DataObject) -> None:
    from fednet import listing

    name = data.draw(st.sampled_from(sorted(fields)))
    changed = fields | {name: data.draw(values)} if name != "kind" else fields
    try:
        body = listing.encode(changed)
    except listing.ListingError:
        return
    if listing.parse(body) is not None:  # what cannot be parsed is not shown
        assert unknown(linked.document([("n", "1", changed)])) == []
