"""HSDS 3.0 under `/hsds/`: organisations and their services for programs of referral and information services.

```
GET /hsds/services?taxonomy_term_id=...&page=2
{"total_items": 412, "total_pages": 9, "page_number": 2, "size": 50, "first_page": false, "last_page": false,
 "empty": false, "contents": [...]}
```
Addresses and parameters are those of HSDS's own OpenAPI document. Answers are plain HSDS 3.0; `profile=true` adds the
fields of `fednet.formats.hsds_profile`. A parameter that there is, but that this node cannot answer, is refused: an
answer without it would be a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fednet.directory import statements
from fednet.directory.identifiers import SERVICE
from fednet.directory.query import one
from fednet.directory.search import PUBLIC, Reader
from fednet.directory.statements import Part
from fednet.errors import NotFoundError, UsageError
from fednet.formats import hsds, hsds_profile, hsds_terms
from fednet.formats.hsds import Statement
from fednet.formats.hsds_objects import (
    VERSION,
    Organization,
    Service,
    ServiceAtLocation,
    Taxonomy,
    TaxonomyTerm,
)
from fednet.listing import text, vocabulary
from fednet.node.home import Home
from fednet.store.database import Store
from fednet.web.asking import Asked, Clock, asked
from fednet.web.callers import Callers, headers_for
from fednet.web.programs.addresses import JSON, Address, Described
from fednet.web.programs.hsds_addresses import (
    ADDRESSES,
    DEFAULT_PER_PAGE,
    MAX_FULL,
    MAX_ITEMS,
    MAX_MINIMAL,
    MAX_PER_PAGE,
    NDJSON,
    UNANSWERED,
    About,
    Minimal,
    Page,
)
from fednet.web.sending import base_of, sent

T = TypeVar("T")


# --- what is asked for ------------------------------------------------------------------------------------------------


class Wanted(msgspec.Struct, frozen=True):
    """Which part of a list, and how it is written."""

    page: int
    per_page: int
    all: bool
    full: bool = False
    full_service: bool = False
    minimal: bool = False
    profile: bool = False

    @property
    def start(self) -> int:
        return (self.page - 1) * self.per_page


class _Given:
    """The parameters of one request: each is taken once; what is left over is not known here."""

    def __init__(self, given: Asked, known: Iterable[str | Described]) -> None:
        self._given = given
        names = [one if isinstance(one, str) else one.name for one in known]
        for name in given:
            if name in UNANSWERED:
                raise UsageError(f"{name} is not answered here: {UNANSWERED[name]}", hint="leave it out")
            if name not in names:
                raise UsageError(f"there is no parameter {name[:40]!r}", hint=f"use {', '.join(names)}" * bool(names))

    def text(self, name: str) -> str:
        return one(self._given.get(name, [""]), name).strip()

    def yes(self, name: str) -> bool:
        found = self.text(name).lower()
        if found not in ("", "true", "false", "1", "0"):
            raise UsageError(f"{name}: {found[:40]!r} is neither true nor false", hint=f"{name}=true")
        return found in ("true", "1")

    def whole(self, name: str, usual: int, most: int) -> int:
        found = self.text(name) or str(usual)
        if not (found.isascii() and found.isdigit() and len(found) < 12 and 1 <= int(found) <= most):
            raise UsageError(f"{name}: {found[:40]!r} is no whole number from 1 to {most}")
        return int(found)

    def moment(self, name: str) -> datetime | None:
        found = self.text(name)
        try:
            moment = datetime.fromisoformat(found.replace(" ", "+")) if found else None
        except ValueError:
            raise UsageError(f"{name}: {found[:40]!r} is no day and no instant", hint=f"{name}=2026-11-21") from None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def wanted(self) -> Wanted:
        form = self.text("format") or "json"
        if form not in ("json", "ndjson"):
            raise UsageError(f"format: {form[:40]!r} is neither json nor ndjson")
        full = self.yes("full") or self.yes("full_service")
        minimal = self.yes("minimal")
        most = MAX_MINIMAL if minimal else MAX_FULL if full else MAX_PER_PAGE
        per_page = self.whole("per_page", MAX_MINIMAL if minimal else DEFAULT_PER_PAGE, most)
        return Wanted(
            page=self.whole("page", 1, MAX_ITEMS // per_page),
            per_page=per_page,
            all=form == "ndjson",
            full=full,
            full_service=self.yes("full_service"),
            minimal=minimal,
            profile=self.yes("profile"),
        )


def of_services(given: _Given, located: bool) -> statements.Asked:
    """Which services: parameters narrow each other. A term or taxonomy that there is not is borne by none."""
    codes = frozenset(vocabulary.SERVICES.codes)
    groups: frozenset[str] | None = None
    if term := given.text("taxonomy_term_id").lower():
        group = hsds_terms.client_group_bearing(term)
        groups = frozenset([group]) if group else None
        codes = codes if group else hsds_terms.codes_bearing(term)
    if taxonomy := given.text("taxonomy_id").lower():
        found = _taxonomy(taxonomy)
        if found == "client-groups":
            groups = groups or frozenset(vocabulary.CLIENT_GROUPS.codes)
        elif found == hsds_terms.OPEN_ELIGIBILITY:
            codes &= {term.code for term in vocabulary.SERVICES if term.hsds}
        elif found != "services":
            codes = frozenset()
    search = given.text("search")
    if code := vocabulary.SERVICES.find(search) if search else None:
        codes, search = codes & {code}, ""
    organization = given.text("organization_id") or None
    return statements.Asked(
        text=search,
        organization=organization,
        codes=codes,
        client_groups=groups,
        located=located,
        since=given.moment("modified_after"),
    )


def _taxonomy(id: str) -> str | None:
    return next((taxonomy.name for taxonomy in hsds_terms.taxonomies() if taxonomy.id == id), None)


# --- answers ----------------------------------------------------------------------------------------------------------

Answer = Callable[[_Given, Reader, Request], Any]


def routes(home: Home, callers: Callers, clock: Clock) -> list[Route]:
    """All addresses below `/hsds/`."""
    answers = _Answers(home.store, clock)
    found: dict[str, Answer] = {
        "/hsds/": lambda given, reader, request: _about(home, request),
        "/hsds/organizations": answers.organizations,
        "/hsds/organizations/{id}": answers.organization,
        "/hsds/services": answers.services,
        "/hsds/services/{id}": answers.service,
        "/hsds/service_at_locations": answers.at_locations,
        "/hsds/service_at_locations/{id}": answers.at_location,
        "/hsds/taxonomies": answers.taxonomies,
        "/hsds/taxonomies/{id}": answers.taxonomy,
        "/hsds/taxonomy_terms": answers.taxonomy_terms,
        "/hsds/taxonomy_terms/{id}": answers.taxonomy_term,
        "/hsds/profile": lambda given, reader, request: hsds_profile.description(
            f"{base_of(home, request)}/hsds/profile"
        ),
        "/hsds/profile/{name}": answers.patch,
    }
    return [_route(address, callers, found[address.path]) for address in ADDRESSES]


def _route(address: Address, callers: Callers, answer: Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        reader = await callers.reader(request)
        given = _Given(await asked(request), address.parameters)
        found = await run_in_threadpool(answer, given, reader, request)
        if isinstance(found, Iterator):
            if request.method == "HEAD":
                found = iter(())
            headers = headers_for(reader) if reader != PUBLIC else {"Cache-Control": "no-store"}
            return StreamingResponse(_lines(found), media_type=NDJSON, headers=headers)
        return sent(request, msgspec.json.encode(found), JSON, reader)

    return Route(address.path, endpoint, methods=["GET"])


def _lines(found: Iterator[Any]) -> Iterator[bytes]:
    """Objects a line each, some lines at a time."""
    held = bytearray()
    for one_of_them in found:
        held += msgspec.json.encode(one_of_them) + b"\n"
        if len(held) > 1 << 16:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def _about(home: Home, request: Request) -> About:
    base = base_of(home, request)
    return About(VERSION, f"{base}/hsds/profile", f"{base}/openapi.json")


def page_of(contents: Sequence[T], total: int, wanted: Wanted) -> Page[T]:
    """A page as HSDS has it."""
    pages = -(-total // wanted.per_page)
    return Page(
        total_items=total,
        total_pages=pages,
        page_number=wanted.page,
        size=len(contents),
        first_page=wanted.page == 1,
        last_page=wanted.page >= pages,
        empty=not contents,
        contents=list(contents),
    )


class _Answers:
    """One function an address."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock

    # organisations and services

    def organizations(self, given: _Given, reader: Reader, request: Request) -> Any:
        wanted = given.wanted()
        asked = statements.Asked(text=given.text("search"))

        def written(statement: Statement) -> Organization:
            return hsds.full(statement, wanted.full_service) if wanted.full else hsds.basic(statement)

        if wanted.all:
            return map(written, statements.all_organizations(self.store, asked, reader, self.clock, wanted.profile))
        found = statements.organizations(
            self.store, asked, reader, self.clock(), wanted.start, wanted.per_page, wanted.profile
        )
        return page_of([written(statement) for statement in found.statements], found.total, wanted)

    def organization(self, given: _Given, reader: Reader, request: Request) -> Organization:
        profile = given.yes("profile")
        found = statements.organization(self.store, request.path_params["id"], reader, self.clock(), profile)
        return hsds.full(found, given.yes("full_service"))

    def services(self, given: _Given, reader: Reader, request: Request) -> Any:
        def written(part: Part, wanted: Wanted) -> Service | Minimal:
            if wanted.minimal:
                return Minimal(part[0].part(SERVICE, part[1]), part[0].modified)
            return hsds.full_service(*part) if wanted.full else hsds.basic_service(*part)

        return self._parts(given, reader, written, located=False)

    def service(self, given: _Given, reader: Reader, request: Request) -> Service:
        found = statements.service(self.store, request.path_params["id"], reader, self.clock(), given.yes("profile"))
        return hsds.full_service(*found)

    def at_locations(self, given: _Given, reader: Reader, request: Request) -> Any:
        def written(part: Part, wanted: Wanted) -> ServiceAtLocation:
            return hsds.full_at_location(*part) if wanted.full else hsds.basic_at_location(*part)

        return self._parts(given, reader, written, located=True)

    def at_location(self, given: _Given, reader: Reader, request: Request) -> ServiceAtLocation:
        found = statements.service_at_location(
            self.store, request.path_params["id"], reader, self.clock(), given.yes("profile")
        )
        return hsds.full_at_location(*found)

    def _parts(self, given: _Given, reader: Reader, written: Callable[[Part, Wanted], T], located: bool) -> Any:
        wanted = given.wanted()
        asked = of_services(given, located)
        if wanted.all:
            every = statements.all_services(self.store, asked, reader, self.clock, wanted.profile)
            return (written(part, wanted) for part in every)
        found = statements.services(
            self.store, asked, reader, self.clock(), wanted.start, wanted.per_page, wanted.profile
        )
        return page_of([written(part, wanted) for part in found.parts], found.total, wanted)

    # terms

    def taxonomies(self, given: _Given, reader: Reader, request: Request) -> Any:
        sought = text.key(given.text("search"))
        found = [one for one in hsds_terms.taxonomies() if sought in text.key(f"{one.name} {one.description}")]
        return _listed(found, given.wanted())

    def taxonomy(self, given: _Given, reader: Reader, request: Request) -> Taxonomy:
        id = request.path_params["id"].lower()
        return _only((one for one in hsds_terms.taxonomies() if one.id == id), "taxonomy")

    def taxonomy_terms(self, given: _Given, reader: Reader, request: Request) -> Any:
        taxonomy, parent = given.text("taxonomy_id").lower(), given.text("parent_id").lower()
        top, search = given.yes("top_only"), given.text("search")
        found = [
            term
            for term in hsds_terms.taxonomy_terms()
            if (not taxonomy or term.taxonomy_id == taxonomy)
            and (not parent or term.parent_id == parent)
            and not (top and term.parent_id)
            and (not search or hsds_terms.is_named(term, search))
        ]
        return _listed(found, given.wanted())

    def taxonomy_term(self, given: _Given, reader: Reader, request: Request) -> TaxonomyTerm:
        found = hsds_terms.term_by_id(request.path_params["id"].lower())
        return _only([found] if found else [], "term")

    def patch(self, given: _Given, reader: Reader, request: Request) -> Any:
        name = request.path_params["name"]
        return _only([hsds_profile.PATCHES[name]] if name in hsds_profile.PATCHES else [], "part of the profile")


def _listed(found: Sequence[T], wanted: Wanted) -> Any:
    if wanted.all:
        return iter(found)
    return page_of(found[wanted.start : wanted.start + wanted.per_page], len(found), wanted)


def _only(found: Iterable[T], what: str) -> T:
    for one_of_them in found:
        return one_of_them
    raise NotFoundError(f"there is no such {what}")
