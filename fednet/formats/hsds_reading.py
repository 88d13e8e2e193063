"""HSDS 3.0 in: organisations and services as JSON, one or many, with or without the envelope of the API.

Whatever the file is about (organisations with their services, services with their organisations, services at
locations), it becomes organisations and their contacts. What HSDS prescribes and the file does not keep to is said in
words, as is every service, term, country or language that we do not know; what a record has no field for is counted in
a note. `fednet.formats.hsds_tables` reads the tabular form into the same objects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from fednet.formats import hsds_terms
from fednet.formats.admission import admitted
from fednet.formats.hsds_objects import PROFILE_FIELDS, TaxonomyTerm
from fednet.formats.reading import Entry, Reading, RowError, UnreadableFileError, bounded, identity, shown
from fednet.listing import languages, places, vocabulary

Object = dict[str, Any]

MAX_OBJECTS = 200_000
MAX_DEPTH = 64

_TELLING = PROFILE_FIELDS | frozenset(
    "alternate_name tax_status tax_id year_incorporated legal_status logo uri parent_organization_id funding contacts "
    "phones locations programs organization_identifiers attributes metadata services organization_id program_id url "
    "status interpretation_services application_process fees_description wait_time fees accreditations "
    "eligibility_description minimum_age maximum_age assured_date assurer_email licenses alert last_modified schedules "
    "service_areas service_at_locations languages organization cost_options program required_documents".split()
)
"""Names of fields of organisations and services that few other formats have."""

_HELD = frozenset(
    "id name alternate_name description email website contacts phones locations organization_identifiers attributes "
    "services organization organization_id url status assured_date eligibility_description service_areas "
    "service_at_locations languages last_modified metadata".split()
)
"""Fields of organisations and services that are read."""

_STATUSES = ("active", "inactive", "defunct", "temporarily closed")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s]+")


# --- is it HSDS? ------------------------------------------------------------------------------------------------------


def is_hsds(document: Any) -> bool:
    """Whether a JSON document is HSDS: the envelope of the API, one of its objects, or a list of them."""
    if _is_envelope(document) or _is_front(document):
        return True
    objects = document if isinstance(document, list) else [document]
    return bool(objects) and all(isinstance(one, dict) and _is_object(one) for one in objects[:20])


def _is_envelope(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and isinstance(document.get("contents"), list)
        and (bool(document.keys() & {"total_items", "total_pages", "page_number"}) or document.keys() == {"contents"})
    )


def _is_front(document: Any) -> bool:
    """What an API answers at its own address."""
    told = {"version", "openapi_url"}
    return isinstance(document, dict) and told <= document.keys() <= {*told, "profile"}


def _is_object(one: Object) -> bool:
    if "kind" in one or "id" not in one or "location_type" in one:
        return False
    if one.keys() >= {"location", "service"} or (one.keys() & {"taxonomy_terms", "taxonomy_detail"}):
        return True
    return "name" in one and len(one.keys() & _TELLING) >= 1 and _is_uuid(one["id"])


def _is_uuid(found: Any) -> bool:
    try:
        return isinstance(found, str) and bool(UUID(found))
    except ValueError:
        return False


# --- reading ----------------------------------------------------------------------------------------------------------


class _Gathered(msgspec.Struct):
    """One organisation while the objects that speak of it are read."""

    number: int
    id: str
    about: Object = {}
    services: list[Object] = []
    locations: list[Object] = []


def read_documents(documents: Iterable[Any], name: str, refused: list[RowError] | None = None) -> Reading:
    """All organisations in HSDS documents (a whole file, or the lines of one)."""
    found = _Found([] if refused is None else refused)
    for document in documents:
        found.take(document)
    return found.reading(name)


class _Found:
    """What has been read of a file so far."""

    def __init__(self, refused: list[RowError]) -> None:
        self.refused = refused
        self.notes: list[str] = []
        self.organizations: dict[str, _Gathered] = {}
        self.left_out: Counter[str] = Counter()
        self.number = 0
        self.terms = 0

    def take(self, document: Any) -> None:
        if _is_front(document):
            hint = "save what it answers at /organizations?format=ndjson and at /services?format=ndjson&full=true"
            raise UnreadableFileError("this tells where an HSDS API is, and holds nothing of it", hint=hint)
        if _is_envelope(document):
            pages, page = document.get("total_pages"), document.get("page_number")
            if isinstance(pages, int) and pages > 1:
                self.notes.append(f"this is page {page} of {pages}: the others are files of their own")
            document = document["contents"]
        for one in document if isinstance(document, list) else [document]:
            self.number += 1
            if self.number > MAX_OBJECTS:
                raise UnreadableFileError(f"more than {MAX_OBJECTS:,} objects", hint="import the file in parts")
            if isinstance(one, dict):
                self._object(one)
            else:
                self._refuse("", one, "is no object of HSDS")

    def _object(self, one: Object) -> None:
        if isinstance(one.get("service"), dict):
            self._service({**one["service"], "service_at_locations": [one]})
        elif one.keys() & {"status", "organization", "organization_id", "service_areas", "service_at_locations"}:
            self._service(one)
        elif one.keys() & {"taxonomy", "taxonomy_detail", "taxonomy_terms", "parent_id", "version"}:
            self._check(one, ("id", "name", "description"))
            self.terms += 1
        else:
            self._organization(one)

    def _organization(self, one: Object) -> _Gathered | None:
        id = one.get("id")
        if not isinstance(id, str) or id not in self.organizations:
            self._check(one, ("id", "name", "description"))
        if not isinstance(id, str) or not id:
            self._refuse("id", id, "is missing: without it an organisation cannot be told from others")
            return None
        known = self.organizations.get(id)
        if known is None:
            known = self.organizations[id] = _Gathered(self.number, id)
        known.about = one | known.about if len(known.about) > len(one) else known.about | one
        for service in _objects(one, "services"):
            if service.keys() > {"id", "name", "status"}:
                self._check(service, ("id", "name", "status"))
            _add(known.services, service)
        for place in _objects(one, "locations"):
            _add(known.locations, place)
        return known

    def _service(self, one: Object) -> None:
        self._check(one, ("id", "name", "status"))
        owner = one.get("organization")
        known = self._organization(owner) if isinstance(owner, dict) else None
        if known is None and isinstance(id := one.get("organization_id"), str):
            known = self.organizations.setdefault(id, _Gathered(self.number, id))
        if known is None:
            self._refuse("organization", one.get("name"), "names no organisation: a service is listed with its own")
            return
        _add(known.services, one)

    # what HSDS prescribes

    def _check(self, one: Object, required: tuple[str, ...]) -> None:
        for name in required:
            if one.get(name) is None or (one[name] == "" and name != "description"):
                self._refuse(name, None, f"is missing in {_called(one)}: HSDS 3.0 requires it")
        for name, value in one.items():
            if isinstance(value, str) and value:
                self._check_text(name, value)

    def _check_text(self, name: str, value: str) -> None:
        if name == "id" or name.endswith("_id"):
            if not _is_uuid(value) and name not in ("tax_id",):
                self._refuse(name, value, "is no UUID, as HSDS 3.0 wants it")
        elif name in ("website", "url", "uri") and not _URI.fullmatch(value):
            self._refuse(name, value, "is no web address: write it as https://example.org")
        elif name in ("email", "assurer_email") and not _EMAIL.fullmatch(value):
            self._refuse(name, value, "is no e-mail address")
        elif name == "status" and value not in _STATUSES:
            self._refuse(name, value, f"is no status of a service: HSDS 3.0 has {', '.join(_STATUSES)}")
        elif name == "assured_date" and _day(value) is None:
            self._refuse(name, value, "is no day: write it as 2026-11-21")

    def _refuse(self, column: str, found: Any, reason: str) -> None:
        self.refused.append(RowError(self.number, column, "" if found is None else shown(found), reason))

    # what becomes of it

    def reading(self, name: str) -> Reading:
        entries: list[Entry] = []
        for one in self.organizations.values():
            self.number = one.number
            entries += self._entries(one)
        if not self.organizations and not self.refused:
            what = "terms of taxonomies only" if self.terms else "no organisation and no service"
            raise UnreadableFileError(f"{name} holds {what}", hint="import the file of organisations or of services")
        if self.left_out:
            told = ", ".join(f"{field} ({count:,})" for field, count in self.left_out.most_common())
            self.notes.append(f"left out, for records have no field for it: {told}")
        return Reading(entries, bounded(self.refused, self.notes), self.notes)

    def _entries(self, one: _Gathered) -> list[Entry]:
        if not one.about.get("name") and not one.about.get("names"):
            names = ", ".join(_called(service) for service in one.services[:3])
            reason = "is not in this file: import it together with the file of organisations"
            self._refuse("organization_id", one.id, f"{reason} (its services: {names})" if names else reason)
            return []
        source = _source(one)
        fields = self._fields(one)
        entry = admitted(one.number, source, fields, self.refused, _COLUMNS)
        if entry is None:
            return []
        name = str(next(iter(entry.fields["names"].values())))
        return [entry, *self._contacts(one, source, name)]

    def _fields(self, one: _Gathered) -> Object:
        about = one.about
        for field in [*about, *(field for service in one.services for field in service)]:
            if field not in _HELD and field not in PROFILE_FIELDS:
                self.left_out[field] += 1
        running = [service for service in one.services if service.get("status", "active") == "active"]
        ended = len(one.services) - len(running)
        if ended:
            self.notes.append(f"{_called(about)}: {ended} service(s) that are not active were left out")
        attributes = [*_objects(about, "attributes"), *(a for s in running for a in _objects(s, "attributes"))]
        places_of = self._places(one)
        fields: Object = {
            "kind": "organization",
            "names": {"und": about.get("name")},
            "acronym": _text(about, "alternate_name"),
            "description": {"und": _text(about, "description")} if _text(about, "description") else None,
            "website": _web(about),
            "identifiers": list(self._identifiers(about)),
            "seat": self._seat(places_of),
            "countries": list(dict.fromkeys(self._areas(running))),
            "languages": list(dict.fromkeys(self._languages(running, places_of))),
            "services": list(dict.fromkeys(self._services(running))),
            "client_groups": list(dict.fromkeys(self._client_groups(running, attributes))),
            "type": self._type(attributes),
            "confirmed": self._confirmed(one.services),
        }
        return {name: value for name, value in (fields | _of_profile(about)).items() if value not in (None, "", [], {})}

    def _identifiers(self, about: Object) -> Iterator[Object]:
        for one in _objects(about, "organization_identifiers"):
            scheme = _text(one, "identifier_scheme") or _text(one, "identifier_type")
            if scheme and (value := _text(one, "identifier")):
                yield {"scheme": scheme, "value": value}
            else:
                self._refuse("organization_identifiers", _text(one, "identifier"), "names no register or no number")

    # services and terms

    def _services(self, running: list[Object]) -> Iterator[str]:
        for service in running:
            codes = [code for one in _objects(service, "attributes") for code in _service_codes(one)]
            named = (vocabulary.SERVICES.find(text) for text in _namings(service))
            found = codes or [code for code in named if code]
            yield from found
            if not found and _namings(service):
                near = next((code for text in _namings(service) if (code := _near(text))), None)
                meant = f"; did you mean {vocabulary.SERVICES.name(near)!r}?" if near else ""
                self._refuse("services", service.get("name"), f"is no service we know{meant}")

    def _client_groups(self, running: list[Object], attributes: list[Object]) -> Iterator[str]:
        for one in attributes:
            if groups := _found_in(vocabulary.CLIENT_GROUPS, one):
                yield from groups
            elif not (_ours(one) or _service_codes(one) or _found_in(vocabulary.ORGANIZATION_TYPES, one)):
                self._refuse("attributes", _term_name(one), "is no service, client group or type that we know")
        for service in running:
            told = _text(service, "eligibility_description")
            parts = [vocabulary.CLIENT_GROUPS.find(part) for part in re.split(r"[;,]", told) if part.strip()]
            yield from filter(None, parts)
            if told and not all(parts):
                self.left_out["eligibility_description"] += 1

    def _type(self, attributes: list[Object]) -> str | None:
        of_types = (one for one in attributes if not _service_codes(one) or _is_ours(one, "organization-types"))
        return next((code for one in of_types for code in _found_in(vocabulary.ORGANIZATION_TYPES, one)), None)

    def _confirmed(self, services: list[Object]) -> Object | None:
        days = [day for service in services if (day := _day(_text(service, "assured_date")))]
        return {"at": max(days)} if days else None

    # places and languages

    def _places(self, one: _Gathered) -> list[Object]:
        found = list(one.locations)
        for service in one.services:
            for at in _objects(service, "service_at_locations"):
                if isinstance(place := at.get("location"), dict):
                    _add(found, place)
        return found

    def _seat(self, found: list[Object]) -> Object | None:
        if len(found) > 1:
            self.left_out["locations beside the first"] += len(found) - 1
        for place in found:
            address = next(
                (a for a in _objects(place, "addresses") if a.get("address_type") == "physical"),
                next(iter(_objects(place, "addresses")), {}),
            )
            country = places.country_code(_text(address, "country")) if _text(address, "country") else None
            if _text(address, "country") and country is None:
                self._refuse("country", _text(address, "country"), "is no country we know")
            seat = {
                "country": country,
                "place": _text(address, "city") or _text(place, "name"),
                "latitude_e6": self._e6(place, "latitude", 90),
                "longitude_e6": self._e6(place, "longitude", 180),
            }
            if seat["latitude_e6"] is None or seat["longitude_e6"] is None:
                seat["latitude_e6"] = seat["longitude_e6"] = None
            told = {name: value for name, value in seat.items() if value not in (None, "")}
            if told and not _is_postal(place):
                return told
        return None

    def _e6(self, place: Object, name: str, most: int) -> int | None:
        value = place.get(name)
        try:
            degrees = float(value) if value not in (None, "") and not isinstance(value, bool) else None
        except (TypeError, ValueError, OverflowError):
            degrees = float("nan")
        if degrees is None:
            return None
        if not -most <= degrees <= most:
            self._refuse(name, value, f"is no {name}: from -{most} to {most}")
            return None
        return round(degrees * 1_000_000)

    def _areas(self, running: list[Object]) -> Iterator[str]:
        for area in (area for service in running for area in _objects(service, "service_areas")):
            for text in (_text(area, "extent"), _text(area, "name")):
                code = places.country_code(text) or places.region_code(text) if text else None
                if code:
                    yield code
                    break
            else:
                self.left_out["service areas that are no country or region"] += 1

    def _languages(self, running: list[Object], found: list[Object]) -> Iterator[str]:
        for one in (spoken for holder in [*running, *found] for spoken in _objects(holder, "languages")):
            texts = (_text(one, "code"), _text(one, "name"))
            tag = next((tag for text in texts if text and (tag := languages.find(text))), None)
            if tag:
                yield tag
            elif any(texts):
                self._refuse("languages", _text(one, "name") or _text(one, "code"), "is no language we know")

    # contacts

    def _contacts(self, one: _Gathered, source: str, name: str) -> Iterator[Entry]:
        """The organisation's own contact, and one for each person."""
        found: dict[str, Object] = {}
        holders = [one.about, *one.services, *(p for p in self._places(one))]
        own = found.setdefault("", {"emails": [], "phones": []})
        own["emails"] += [_text(one.about, "email")]
        for holder in holders:
            own["phones"] += [_number(phone) for phone in _objects(holder, "phones")]
            for contact in _objects(holder, "contacts"):
                person = _text(contact, "name")
                into = found.setdefault(identity(person) or person, {"person": person, "emails": [], "phones": []})
                into["emails"].append(_text(contact, "email"))
                into["phones"] += [_number(phone) for phone in _objects(contact, "phones")]
        own["emails"] += [_text(service, "email") for service in one.services]
        own |= _where(self._places(one))
        only = [person for person, told in found.items() if person or any(told["emails"] + told["phones"])]
        if len(only) == 1 and only[0]:  # nobody else could be meant by the address and the hours
            found[only[0]] = {name: own[name] for name in ("address", "hours") if name in own} | found[only[0]]
            found.pop("")
        for person, told in found.items():
            fields = {field: _unique(value) if isinstance(value, list) else value for field, value in told.items()}
            fields["emails"] = [email for email in fields["emails"] if _EMAIL.fullmatch(email)]
            fields = {field: value for field, value in fields.items() if value}
            if fields.keys() - {"person"}:
                reference = {"source": source, "name": name}
                at = f"{source}#contact" + (f"/{person}" if person else "")
                body = {"kind": "contact", "organization": reference} | fields
                if entry := admitted(self.number, at, body, self.refused):
                    yield entry


_COLUMNS = {
    "names": "name",
    "acronym": "alternate_name",
    "seat": "locations",
    "identifiers": "organization_identifiers",
}


def _of_profile(about: Object) -> Object:
    """What our own profile says beside HSDS, in the fields of a record."""
    source = about.get("source")
    confirmed = source.get("confirmed") if isinstance(source, dict) else None
    renamed = {"descriptions": "description", "original_language": "original"}
    renamed |= {"countries_served": "countries", "languages_spoken": "languages"}
    found = {renamed.get(name, name): about.get(name) for name in PROFILE_FIELDS - {"circle", "source", "same_as"}}
    return {
        name: value for name, value in (found | {"confirmed": confirmed}).items() if value not in (None, "", [], {})
    }


def _source(one: _Gathered) -> str:
    """The key that stays the same: the handle that our own profile tells, else the id in HSDS."""
    source = one.about.get("source")
    handle = source.get("handle") if isinstance(source, dict) else None
    return f"handle:{handle}" if _is_uuid(handle) else f"hsds:{one.id.lower()}"


def _where(found: list[Object]) -> Object:
    """Street address and hours, as one text each."""
    addresses = [address for place in found for address in _objects(place, "addresses")]
    street = next((text for address in addresses if (text := _street(address))), "")
    hours = [_text(one, "description") for place in found for one in _objects(place, "schedules")]
    return {"address": street, "hours": "; ".join(_unique(hours))}


def _street(address: Object) -> str:
    """An address in one line; what stands in the seat already is not an address by itself."""
    street = [_text(address, "address_1"), _text(address, "address_2")]
    if not any(street):
        return ""
    if not any(_text(address, name) for name in ("postal_code", "state_province", "region", "address_2")):
        return street[0]
    town = [_text(address, "postal_code"), _text(address, "city"), _text(address, "region")]
    return ", ".join(_unique([*street, " ".join(filter(None, town)), _text(address, "state_province")]))


def _is_postal(place: Object) -> bool:
    return place.get("location_type") == "postal" and not any(
        address.get("address_type") == "physical" for address in _objects(place, "addresses")
    )


def _web(about: Object) -> str | None:
    found = _text(about, "website")
    return found if _URI.fullmatch(found) else None


def _number(phone: Object) -> str:
    extension = phone.get("extension")
    number = _text(phone, "number").strip('" ')
    return f"{number} ext. {extension}" if number and extension not in (None, "") else number


# terms


def _service_codes(attribute: Object) -> list[str]:
    """The services that a term stands for; none for one of another taxonomy of ours."""
    if any(_is_ours(attribute, name) for name in ("client-groups", "organization-types")):
        return []
    return _found_in(vocabulary.SERVICES, attribute) or _of_open_eligibility(attribute)


def _of_open_eligibility(attribute: Object) -> list[str]:
    slug = _text(_term(attribute), "code")
    codes = [term.code for term in vocabulary.SERVICES if slug and term.hsds == slug]
    return codes if len(codes) == 1 else []


def _found_in(terms: vocabulary.Vocabulary, attribute: Object) -> list[str]:
    ours = _ours(attribute)
    if ours is not None:
        return [ours.code] if hsds_terms.vocabulary_of(ours.taxonomy) is terms else []
    namings = (_text(_term(attribute), "code"), _text(_term(attribute), "name"), _text(attribute, "value"))
    return [code for text in namings if text and (code := terms.find(text))][:1]


def _ours(attribute: Object) -> TaxonomyTerm | None:
    ids = (_term(attribute).get("id"), attribute.get("taxonomy_term_id"))
    return next((term for id in ids if isinstance(id, str) and (term := hsds_terms.term_by_id(id.lower()))), None)


def _is_ours(attribute: Object, taxonomy: str) -> bool:
    ours = _ours(attribute)
    return ours is not None and ours.taxonomy == taxonomy


def _term(attribute: Object) -> Object:
    found = attribute.get("taxonomy_term")
    return found if isinstance(found, dict) else {}


def _term_name(attribute: Object) -> str:
    return _text(_term(attribute), "name") or _text(attribute, "value") or _text(attribute, "taxonomy_term_id")


def _near(text: str) -> str | None:
    """The service that was probably meant: one spelt much like it, or named by one of its words."""
    words = (vocabulary.SERVICES.find(word) for word in re.findall(r"\w{4,}", text))
    return vocabulary.SERVICES.near(text) or next(filter(None, words), None)


def _namings(service: Object) -> list[str]:
    return [text for name in ("name", "alternate_name") if (text := _text(service, name))]


# values


def _text(one: Mapping[str, Any], name: str) -> str:
    found = one.get(name)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)
    return found.strip() if isinstance(found, str) else ""


def _objects(one: Mapping[str, Any], name: str) -> list[Object]:
    found = one.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _called(one: Object) -> str:
    return shown(one.get("name") or one.get("id") or "an object without a name", 60)


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _unique(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]


def _add(objects: list[Object], one: Object) -> None:
    """Add an object, or what is new of one that is there already."""
    for at, known in enumerate(objects):
        if one.get("id") is not None and known.get("id") == one["id"]:
            objects[at] = one | known if len(known) > len(one) else known | one
            return
    objects.append(one)
