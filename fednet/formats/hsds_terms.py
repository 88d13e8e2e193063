"""The taxonomies of HSDS: our vocabularies, and the terms of Open Eligibility that theirs correspond to."""

from __future__ import annotations

from functools import cache
from uuid import uuid5

from fednet.formats.hsds_objects import NAMESPACE, Taxonomy, TaxonomyTerm
from fednet.listing import vocabulary
from fednet.listing.term import Term, Vocabulary
from fednet.listing.text import key

OPEN_ELIGIBILITY = "Open Eligibility"

_VOCABULARIES: dict[str, tuple[Vocabulary, str]] = {
    "services": (vocabulary.SERVICES, "What organisations do, as networks for refugee rights name it."),
    "client-groups": (vocabulary.CLIENT_GROUPS, "The people whom organisations serve."),
    "organization-types": (vocabulary.ORGANIZATION_TYPES, "What kind of organisation it is."),
}


def vocabulary_of(taxonomy: str | None) -> Vocabulary | None:
    """The vocabulary that a taxonomy of ours is; None for any other."""
    return _VOCABULARIES[taxonomy][0] if taxonomy in _VOCABULARIES else None


@cache
def taxonomies() -> tuple[Taxonomy, ...]:
    """Our three vocabularies, and the part of Open Eligibility that their terms correspond to."""
    ours = (Taxonomy(_taxonomy_id(name), name, about, version="1") for name, (_, about) in _VOCABULARIES.items())
    about = "The terms of the Open Eligibility taxonomy (CC BY-SA 3.0) that are nearest to ours."
    return (
        *ours,
        Taxonomy(_taxonomy_id(OPEN_ELIGIBILITY), OPEN_ELIGIBILITY, about, uri="http://openeligibility.org"),
    )


@cache
def taxonomy_terms() -> tuple[TaxonomyTerm, ...]:
    """All terms of all taxonomies; parents before their children."""
    ours = (_of_vocabulary(name, term) for name, (terms, _) in _VOCABULARIES.items() for term in terms)
    return (*ours, *(_of_open_eligibility(slug) for slug in _slugs()))


def term_by_id(id: str) -> TaxonomyTerm | None:
    """The term of that id, if there is one."""
    return _terms_by_id().get(id)


@cache
def _terms_by_id() -> dict[str, TaxonomyTerm]:
    return {term.id: term for term in taxonomy_terms()}


def _of_vocabulary(taxonomy: str, term: Term) -> TaxonomyTerm:
    """A term of one of our vocabularies, under its English name."""
    detail = _detail(taxonomy)
    return TaxonomyTerm(
        id=_term_id(taxonomy, term.code),
        code=term.code,
        name=term.names["en"],
        description=term.definition,
        taxonomy=taxonomy,
        taxonomy_detail=detail,
        language="en",
        taxonomy_id=detail.id,
    )


def codes_bearing(id: str) -> frozenset[str]:
    """The codes whose services bear the term of that id: the code's own, or one of Open Eligibility above it."""
    return frozenset(
        term.code
        for term in vocabulary.SERVICES
        if id == _term_id("services", term.code)
        or any(id == _term_id(OPEN_ELIGIBILITY, slug) for slug in _lineage(term.hsds))
    )


def is_named(term: TaxonomyTerm, sought: str) -> bool:
    """Whether those words stand in a term, or in one of its names in any language that we carry."""
    known = vocabulary_of(term.taxonomy)
    also = known.term(term.code) if known else None
    texts = (term.code, term.name, term.description, *(also.names.values() if also else ()))
    return key(sought) in key("\n".join((*texts, *(also.synonyms if also else ()))))


def client_group_bearing(id: str) -> str | None:
    """The client group that the term of that id is, if it is one."""
    found = term_by_id(id)
    return found.code if found and found.taxonomy == "client-groups" else None


def _of_open_eligibility(slug: str) -> TaxonomyTerm:
    parent, _, last = slug.rpartition(":")
    detail = _detail(OPEN_ELIGIBILITY)
    return TaxonomyTerm(
        id=_term_id(OPEN_ELIGIBILITY, slug),
        code=slug,
        name=last.replace("_", " ").capitalize(),
        description="",
        parent_id=_term_id(OPEN_ELIGIBILITY, parent) if parent else None,
        taxonomy=OPEN_ELIGIBILITY,
        taxonomy_detail=detail,
        language="en",
        taxonomy_id=detail.id,
    )


def _slugs() -> list[str]:
    used = (term.hsds for terms, _ in _VOCABULARIES.values() for term in terms)
    return sorted({slug for used_slug in used for slug in _lineage(used_slug)})


def _lineage(slug: str) -> list[str]:
    """`a:b:c` and all above it: `a`, `a:b`, `a:b:c`."""
    parts = slug.split(":") if slug else []
    return [":".join(parts[: at + 1]) for at in range(len(parts))]


@cache
def _detail(name: str) -> Taxonomy:
    return next(taxonomy for taxonomy in taxonomies() if taxonomy.name == name)


def _taxonomy_id(name: str) -> str:
    return str(uuid5(NAMESPACE, f"taxonomy\n{name}"))


def _term_id(taxonomy: str, code: str) -> str:
    return str(uuid5(NAMESPACE, f"taxonomy\n{taxonomy}\n{code}"))


def term(taxonomy: str, code: str) -> TaxonomyTerm | None:
    """The term of that code in the taxonomy of that name, if there is one."""
    return term_by_id(_term_id(taxonomy, code))
