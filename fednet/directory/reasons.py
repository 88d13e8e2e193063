"""Why a record was found, in words: where each word stands or what it names, which filters fit, how far, how fresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fednet import listing
from fednet.directory import freshness
from fednet.directory.query import Query
from fednet.listing import Listing, Organization, languages, places, text, vocabulary
from fednet.store import search as index_search
from fednet.store.search import Clause, Listed, Source

MOST_LETTERS = 80

Field = tuple[str, str]
"""What a text of a record is ("the name in French"), and the text."""


def reasons(
    found: Sequence[Listed],
    distances: Sequence[int | None],
    query: Query,
    clauses: Sequence[Clause],
    sources: Mapping[int, Source],
    confirmed: Sequence[int],
    stale_before: Mapping[int, int],
) -> list[tuple[str, ...]]:
    """For each record, in the order given, what a person would want to know of why it is here.

    `confirmed` are the days (since 1970) of their confirmations, 0 for none.
    """
    parsed = [listing.parse(one.body) for one in found]
    fields = [list(_fields(one)) if one else [] for one in parsed]
    wanted = [clause for clause in clauses if not clause.excluded]
    standing = _standing(fields, wanted)
    return [
        (
            *_words(wanted, query, record, fields[at], standing[at]),
            *_filters(query, record, sources[one.feed_id].name),
            *_distance(query, distances[at]),
            _freshness(confirmed[at] or None, stale_before[one.feed_id]),
        )
        for at, (one, record) in enumerate(zip(found, parsed, strict=True))
        if record is not None
    ]


# --- words ------------------------------------------------------------------------------------------------------------


def _fields(record: Listing) -> Iterator[Field]:
    names: Mapping[str, str] = getattr(record, "names", None) or getattr(record, "titles", None) or {}
    for tag, name in names.items():
        yield f"the name{_in(tag)}", name
    if name := getattr(record, "name", "") or getattr(record, "person", ""):
        yield "the name", name
    if acronym := getattr(record, "acronym", ""):
        yield "the acronym", acronym
    for name in getattr(record, "former_names", ()):
        yield "a former name", name
    for tag, said in getattr(record, "description", {}).items():
        yield f"the description{_in(tag)}", said
    seat = getattr(record, "seat", None) or getattr(record, "place", None)
    if place := seat if isinstance(seat, str) else getattr(seat, "place", ""):
        yield "the place", place
    terms = listing.terms(record)
    yield "another form of the name", terms.names
    yield "the name and the text together", f"{terms.names} {terms.text}"


def _in(tag: str) -> str:
    return "" if tag == "und" else f" in {languages.name(tag)}"


def _standing(fields: Sequence[Sequence[Field]], clauses: Sequence[Clause]) -> list[list[list[Field]]]:
    """For each record and each clause the fields that it finds, by the rules of the index."""
    flat = [(at, field) for at, own in enumerate(fields) for field in own]
    spelt = [clause for clause in clauses if clause.text]
    texts = [text.fold(field[1]) for _, field in flat]
    found = iter(index_search.fields_matching(texts, [clause.text or "" for clause in spelt]))
    matching = [next(found) if clause.text else set() for clause in clauses]
    return [
        [[flat[row][1] for row in sorted(rows) if flat[row][0] == at] for rows in matching] for at in range(len(fields))
    ]


def _words(
    clauses: Sequence[Clause], query: Query, record: Listing, fields: Sequence[Field], standing: Sequence[list[Field]]
) -> Iterator[str]:
    whole = text.key(query.text)
    named = next((what for what, said in fields if whole and text.key(said) == whole), None)
    if named:
        yield f"{_quoted(query.text)} is {named}"
    for clause, where in zip(clauses, standing, strict=True):
        typed = _quoted(clause.typed)
        if clause.shown:
            yield f"{typed} is nowhere: taken for {', '.join(map(_quoted, clause.shown))}"
        meant = [reason for one in clause.meant for reason in _meant(record, *one)]
        yield from (f"{typed} {reason}" for reason in meant)
        if where and not named:
            yield _stands(", ".join(map(_quoted, clause.shown)) or typed, *where[0])


def _stands(typed: str, what: str, said: str) -> str:
    if what.startswith(("another form", "the name and")):
        return f"{typed} stands in {what}"
    return f"{typed} stands in {what}" + ("" if what.startswith("the description") else f": {_short(said)}")


def _meant(record: Listing, parameter: str, code: str) -> Iterator[str]:
    """What a word names, when the record has that."""
    match parameter:
        case "country" | "region":
            yield from (f"names {places.name(code)}: {how}" for how in _where(record, _countries_of(code)))
        case "language" if code in {tag.partition("-")[0] for tag in _codes(record, "languages")}:
            yield f"names a language that is spoken: {languages.name(code)}"
        case "service" if code in _codes(record, "services") + _codes(record, "themes"):
            yield f"names a service that is listed: {vocabulary.SERVICES.name(code)}"
        case "client_group" if code in _codes(record, "client_groups") + _codes(record, "themes"):
            yield f"names people who are served: {vocabulary.CLIENT_GROUPS.name(code)}"
        case "type" if code == getattr(record, "type", None):
            yield f"names the type: {code}"
        case "kind" if listing.KINDS.get(code) is type(record):
            yield f"names the kind of record: {code}"


def _codes(record: Listing, field: str) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(record, field, ())
    return found


def _countries_of(code: str) -> set[str]:
    return set(places.countries_in(code)) or {code} if code.isdigit() else {code}


def _where(record: Listing, wanted: set[str]) -> Iterator[str]:
    seat = getattr(record, "seat", None)
    country = seat.country if seat else getattr(record, "country", None)
    if country in wanted:
        yield f"the seat is in {places.name(country)}"
    served = [code for code in _codes(record, "countries") if _countries_of(code) & wanted]
    if served:
        yield f"works in {', '.join(map(places.name, served[:3]))}"


# --- filters, distance, freshness -------------------------------------------------------------------------------------


def _filters(query: Query, record: Listing, network: str) -> Iterator[str]:
    """The filters, and that it is this network's statement that fits them."""
    fits = list(_fitting(query, record))
    if fits:
        yield f"{network} says: {'; '.join(fits)}"


def _fitting(query: Query, record: Listing) -> Iterator[str]:
    regions = {code for region in query.regions for code in _countries_of(region)}
    where = (reason for asked in (set(query.countries), regions) if asked for reason in _where(record, asked))
    yield from dict.fromkeys(where)
    if isinstance(record, Organization):
        if query.seats and record.seat and record.seat.country in query.seats:
            yield f"the seat is in {places.name(record.seat.country)}"
        if query.types and record.type:
            yield f"it is of the type {vocabulary.ORGANIZATION_TYPES.name(record.type)}"
        if query.refugee_led:
            yield "it is led by refugees"
    services = [code for code in query.services if code in _codes(record, "services") + _codes(record, "themes")]
    if services:
        yield f"service {', '.join(map(vocabulary.SERVICES.name, services))}"
    groups = [g for g in query.client_groups if g in _codes(record, "client_groups") + _codes(record, "themes")]
    if groups:
        yield f"for {', '.join(map(vocabulary.CLIENT_GROUPS.name, groups))}"
    wanted = {tag.partition("-")[0] for tag in query.languages}
    spoken = [tag for tag in _codes(record, "languages") if tag.partition("-")[0] in wanted]
    if spoken:
        yield f"{', '.join(map(languages.name, spoken))} spoken"


def _distance(query: Query, kilometres: int | None) -> Iterator[str]:
    if query.near is not None and kilometres is not None:
        place = query.near if isinstance(query.near, str) else "the place asked for"
        yield f"{kilometres} km from {_short(place)}"


def _freshness(confirmed: int | None, stale_before: int) -> str:
    if confirmed is None:
        return "never confirmed"
    day = freshness.day(confirmed)
    return f"confirmed on {day}" + ("" if confirmed >= stale_before else ", which is long ago for its network")


def _short(said: str) -> str:
    plain = " ".join(said.split())
    return plain if len(plain) <= MOST_LETTERS else plain[: MOST_LETTERS - 3] + "..."


def _quoted(typed: str) -> str:
    plain = _short(typed)
    return plain if plain.startswith('"') else f'"{plain}"'
