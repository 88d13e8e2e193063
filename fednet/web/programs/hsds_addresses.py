"""The addresses of HSDS 3.0 below `/hsds/`: what each takes, and what it answers; `hsds.py` answers them.

They are those of HSDS's own OpenAPI document, and the addresses of our profile.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from fednet.formats.hsds_objects import (
    Id,
    Organization,
    Service,
    ServiceAtLocation,
    Taxonomy,
    TaxonomyTerm,
    Uri,
)
from fednet.web.programs.addresses import JSON, Address, Described

T = TypeVar("T")

NDJSON = "application/x-ndjson"
DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 1_000
MAX_FULL = 100
"""Objects on a page that are shown with all that is in them."""
MAX_MINIMAL = 10_000
MAX_ITEMS = 10**9
"""Beyond the item of that number there are no pages."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list, as HSDS 3.0 has it (OpenAPI, `components.schemas.Page`)."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool
    contents: list[T]


class About(msgspec.Struct, frozen=True):
    """What this API is: the version of HSDS, the address of its profile, and of its OpenAPI document."""

    version: str
    profile: Uri
    openapi_url: Uri


class Minimal(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service of which only the id is asked for, and when it changed; the standard calls that so here alone."""

    id: Id
    modified_date: str | None = None


_BOOLEAN = {"type": "boolean"}
_WHOLE = {"type": "integer", "minimum": 1}

_SEARCH = Described("search", "Words, in any language and script.", {"type": "string"}, "legal aid")
_PAGE = Described("page", "Number of the page, from 1.", _WHOLE)
_PER_PAGE = Described("per_page", f"Objects on a page: at most {MAX_PER_PAGE}, with `full` {MAX_FULL}.", _WHOLE)
_FORMAT = Described(
    "format",
    "`json` gives a page; `ndjson` all results, one object a line, without pages.",
    {"type": "string", "enum": ["json", "ndjson"]},
)
_PROFILE = Described("profile", "Write the fields of the profile as well.", _BOOLEAN)
_FULL = Described("full", "Write everything in the objects, not only the fields that hold one value.", _BOOLEAN)
_FULL_SERVICE = Described("full_service", "Write the organisations whole, and their services, too.", _BOOLEAN)
_MINIMAL = Described("minimal", f"Write ids only; a page then has up to {MAX_MINIMAL}.", _BOOLEAN)
_TERM = Described("taxonomy_term_id", "Services that bear this term.", {"type": "string", "format": "uuid"})
_TAXONOMY = Described("taxonomy_id", "Services that bear any term of this taxonomy; terms of it.", _TERM.schema)
_OF = Described("organization_id", "Services of this organisation.", _TERM.schema)
_MODIFIED = Described(
    "modified_after",
    "Services of organisations whose record was signed on or after that day or instant.",
    {"type": "string", "format": "date-time"},
    "2026-11-21T18:00:00Z",
)
_TOP = Described("top_only", "Terms that stand under no other term.", _BOOLEAN)
_PARENT = Described("parent_id", "Terms that stand under this one.", _TERM.schema)

_LISTED = (_SEARCH, _PAGE, _PER_PAGE, _FORMAT)
_OF_SERVICES = (*_LISTED, _TERM, _TAXONOMY, _OF, _MODIFIED, _FULL, _PROFILE)

UNANSWERED = {
    "postcode": "no record has a postcode: seats are told as country and town",
    "proximity": "no record has a postcode to measure from",
}
"""Parameters of HSDS that are refused, and why."""

ADDRESSES = (
    Address(path="/hsds/", summary="HSDS 3.0: version, profile, OpenAPI", answers={JSON: About}, tag="HSDS"),
    Address(
        path="/hsds/organizations",
        summary="Organisations, a statement of one network each",
        parameters=(*_LISTED, _FULL, _FULL_SERVICE, _PROFILE),
        answers={JSON: Page[Organization], NDJSON: None},
        tag="HSDS",
    ),
    Address(
        path="/hsds/organizations/{id}",
        summary="One organisation with everything in it",
        parameters=(_FULL_SERVICE, _PROFILE),
        answers={JSON: Organization},
        refusals=(404,),
        tag="HSDS",
    ),
    Address(
        path="/hsds/services",
        summary="Services of organisations",
        parameters=(*_OF_SERVICES, _MINIMAL),
        answers={JSON: Page[dict[str, Any]], NDJSON: None},
        tag="HSDS",
    ),
    Address(
        path="/hsds/services/{id}",
        summary="One service with everything in it",
        parameters=(_PROFILE,),
        answers={JSON: Service},
        refusals=(404,),
        tag="HSDS",
    ),
    Address(
        path="/hsds/service_at_locations",
        summary="Services where their organisations have their seats",
        parameters=_OF_SERVICES,
        answers={JSON: Page[ServiceAtLocation], NDJSON: None},
        tag="HSDS",
    ),
    Address(
        path="/hsds/service_at_locations/{id}",
        summary="One service at its location with everything in both",
        parameters=(_PROFILE,),
        answers={JSON: ServiceAtLocation},
        refusals=(404,),
        tag="HSDS",
    ),
    Address(
        path="/hsds/taxonomies",
        summary="Lists of terms",
        parameters=_LISTED,
        answers={JSON: Page[Taxonomy], NDJSON: None},
        tag="HSDS",
    ),
    Address(
        path="/hsds/taxonomies/{id}",
        summary="One list of terms",
        answers={JSON: Taxonomy},
        refusals=(404,),
        tag="HSDS",
    ),
    Address(
        path="/hsds/taxonomy_terms",
        summary="Terms",
        parameters=(*_LISTED, _TAXONOMY, _TOP, _PARENT),
        answers={JSON: Page[TaxonomyTerm], NDJSON: None},
        tag="HSDS",
    ),
    Address(
        path="/hsds/taxonomy_terms/{id}",
        summary="One term",
        answers={JSON: TaxonomyTerm},
        refusals=(404,),
        tag="HSDS",
    ),
    Address(path="/hsds/profile", summary="The profile: what it is", answers={JSON: {"type": "object"}}, tag="HSDS"),
    Address(
        path="/hsds/profile/{name}",
        summary="One of its merge patches over the schemas of HSDS 3.0",
        answers={JSON: {"type": "object"}},
        refusals=(404,),
        tag="HSDS",
    ),
)
