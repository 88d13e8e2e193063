"""The search page, and what helps while a question is typed: `/` by GET or POST, `/count` and `/suggest`.

A question asked by POST stands in no address and so in no log or history; its page offers every further question as
a button, and nothing that would put it into an address.

```
POST /count      text=legal&region=035      {"said": "12 entries"}
POST /suggest    text=leg                   {"items": [["Legal aid", "Service"], ["Legal Harbour", "Organisation"]]}
```
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fednet.directory.agenda import PARAMETERS as AGENDA_PARAMETERS
from fednet.directory.exchange import PARAMETERS as EXCHANGE_PARAMETERS
from fednet.directory.networks import Network, networks
from fednet.directory.query import Query, parse_query
from fednet.directory.search import FACETS, FLAGS, PUBLIC, Hit, Reader, search
from fednet.errors import NotFoundError, UsageError
from fednet.listing import languages, places, text, vocabulary
from fednet.node.home import Home
from fednet.web import show, translation
from fednet.web.asking import MAX_FIELDS, Asked, Clock, first, given, grouped
from fednet.web.doors import Doors
from fednet.web.programs import api, changes, files
from fednet.web.programs.addresses import JSON
from fednet.web.programs.calendars import subscription
from fednet.web.public import choices, embed, views
from fednet.web.public.choices import Pairs
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import Parties, page_of
from fednet.web.sending import base_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import ngettext, noted
from fednet.web.visitors import Visitor

MAX_ENTRIES = 20
"""Entries on one page of results; the API gives more at once."""
MAX_SUGGESTED = 8
MAX_TERMS = 4
"""What is suggested in all, and how much of it are names of services, places and languages."""
LEAST_TYPED = 2
MAX_NAME = 90
PRIVATE = "private"
"""The parameter that asks for the form whose questions are in no address."""
FIELDS = ("text", "region", "near", "within", "refugee_led", "confirmed")
"""What the form shows; other filters go along unseen."""


class Followed(NamedTuple):
    """Where a question is asked again by programs, and its page by people."""

    page: str
    changes: str
    calendar: str
    calendar_file: str
    frame: str


class Download(NamedTuple):
    """What was found of one kind, as files: where, with which parameters, in which forms (name, what it is called)."""

    label: str
    path: str
    asked: Pairs
    forms: list[tuple[str, str]]

    def url(self, form: str) -> str:
        return show.address(self.path, [*self.asked, ("format", form)])


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    searching = Searching(home, templates, clock)
    return [
        doors.route("GET", "/", for_reader(searching.asked)),
        doors.route("POST", "/", for_reader(searching.sent)),
        doors.route("POST", "/count", searching.count),
        doors.route("POST", "/suggest", searching.suggest),
    ]


class Searching:
    """The search of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home = home
        self.page = templates.page
        self.clock = clock
        self.parties = Parties(home, clock)

    def asked(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The page of a question in an address; the front page where there is none."""
        private = bool(asked.pop(PRIVATE, []))
        return self._page(request, asked, visitor.reader, private)

    def sent(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """The page of a question that was sent: as fields, or whole by one of the page's buttons."""
        if "question" in asked:
            asked = read_question(asked["question"][0])
        found = self._page(request, asked, visitor.reader, private=True)
        found.headers["Cache-Control"] = "no-store"
        return found

    def _page(self, request: Request, asked: Asked, reader: Reader, private: bool) -> HTMLResponse:
        query = None
        try:
            query = self._query(asked)
            results = search(self.home.store, query, reader, self.clock(), facets=(*FACETS, *FLAGS))
        except (UsageError, NotFoundError) as error:
            return self.page("search.html", request, error=error, private=private, **form(asked, query))
        names = self.parties.network_names(reader)
        known = networks(self.home.store, reader, self.clock(), counted=False) if not asked else []
        return self.page(
            "search.html",
            request,
            error=None,
            private=private,
            **form(asked, query),
            page_of=page_of,
            results=results,
            said=show.counted("organization", results.total) if not asked else entries_said(results.total),
            hits=views.entries(results.hits),
            facets=choices.facets(results, query, names),
            chosen=choices.chosen(query, names) if asked else [],
            where=choices.where(results, query),
            sorts=choices.sorts(query),
            why=choices.why(query),
            elsewhere=elsewhere(known),
            pager=choices.pager(choices.pairs(query), query.cursor, results.next),
            followed=None if private else self._followed(request, query),
            downloads=downloads(query, results.facets.get("kind", {})),
        )

    def _query(self, asked: Asked) -> Query:
        """Whoever asks nothing yet is shown organisations, and what else there is."""
        query = parse_query(**given(asked))
        query = query if asked else msgspec.structs.replace(query, kinds=("organization",))
        return msgspec.structs.replace(query, limit=min(query.limit, MAX_ENTRIES))

    def _followed(self, request: Request, query: Query) -> Followed:
        base = base_of(self.home, request)
        asked = choices.pairs(query)
        events = [one for one in asked if one[0] in AGENDA_PARAMETERS and one[0] != "type"]
        changed = [one for one in asked if one[0] in changes.ACCEPTED]
        return Followed(
            base + show.address("/", asked),
            show.address("/feed.json", changed),
            subscription(base, events),
            show.address("/calendar.ics", events),
            embed.line(base, "search", asked) if self.home.config.embed.sites else "",
        )

    def count(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """How much a question would find, in words; none for one that cannot be read (yet)."""
        try:
            query = msgspec.structs.replace(self._query(asked), limit=1)
            total = search(self.home.store, query, visitor.reader, self.clock(), facets=()).total
        except (UsageError, NotFoundError):
            return told({"said": ""})
        return told({"said": entries_said(total)})

    def suggest(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What somebody who types this may mean: terms, places and languages, then public organisations by name."""
        typed = first(asked, "text")[:100]
        if len(typed) < LEAST_TYPED:
            return told({"items": []})
        query = Query(text=typed, kinds=("organization",), limit=MAX_SUGGESTED)
        found = search(self.home.store, query, PUBLIC, self.clock(), facets=())
        named = [] if found.understood else [(called(hit, typed), _("Organisation")) for hit in found.hits]
        items = dict([*terms(typed), *named])
        return told({"items": list(items.items())[:MAX_SUGGESTED]})


def told(found: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(found), media_type=JSON, headers={"Cache-Control": "no-store"})


def read_question(line: str) -> Asked:
    """The parameters of a question in one line. Raises UsageError when there are too many."""
    try:
        return grouped(parse_qsl(line, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise UsageError("the question has too many parts") from None


def entries_said(count: int) -> str:
    return ngettext("%(number)s entry", "%(number)s entries", count) % {"number": show.number(count)}


def form(asked: Asked, query: Query | None) -> dict[str, Any]:
    """What the search form holds. What could not be read stays in its field, to be corrected."""
    typed = {name: " ".join(asked.get(name, [])) for name in FIELDS}
    return {
        "front": not asked,
        "typed": typed | ({"region": query.regions[0]} if query and query.regions else {}),
        "text": typed["text"],
        "narrow": any(typed[name] for name in FIELDS[2:]),
        "regions": regions(),
        "hidden": [one for one in choices.pairs(query) if one[0] not in FIELDS] if query and asked else [],
    }


def regions() -> list[tuple[str, str]]:
    """M49 regions by name, the world left out."""
    found = [(code, show.country(code)) for code in places.region_codes() if code != places.WORLD]
    return sorted(found, key=lambda one: show.sort_key(one[1]))


def elsewhere(known: Iterable[Network]) -> list[tuple[str, str]]:
    """Which other kinds than organisations are listed, of those that pages show, and how many, in words."""
    counted: Counter[str] = Counter()
    for network in known:
        counted.update(network.public.kinds if network.public else {})
    kinds = (kind for kind in show.COUNTED if counted[kind] and kind not in ("organization", "contact"))
    return [(kind, show.counted(kind, counted[kind])) for kind in kinds]


_PATHS = {kind: f"/api/v1/{name}" for name, kind in api.KINDS.items()} | {"exchange": "/api/v1/exchanges"}
_FORMS = {"csv": "CSV", "xlsx": "Excel", "vcf": "vCard", "jsonl": "JSON Lines", "jsonld": "JSON-LD"}


def downloads(query: Query, kinds: Mapping[str, int]) -> list[Download]:
    """What was found, as files, by kind; each holds every network's statement by itself."""
    asked = [one for one in choices.pairs(query) if one[0] not in ("kind", "limit", "sort", "why")]
    unread = {"exchange"} if any(name not in EXCHANGE_PARAMETERS for name, _value in asked) else set()
    return [downloads_of(kind, count, asked) for kind, count in kinds.items() if kind in _PATHS.keys() - unread]


def downloads_of(kind: str, count: int, asked: Pairs) -> Download:
    """The records of one kind that a question finds, as files."""
    forms = [(name, _FORMS[name]) for name in files.offered(kind)]
    return Download(show.counted(kind, count), _PATHS[kind], asked, forms)


# --- what somebody may mean -------------------------------------------------------------------------------------------

_TERMS = (
    (vocabulary.SERVICES, noted("Service")),
    (vocabulary.CLIENT_GROUPS, noted("For whom")),
    (vocabulary.ORGANIZATION_TYPES, noted("Type")),
)


def called(hit: Hit, typed: str) -> str:
    """The name of an organisation in which what was typed stands, else the first."""
    entry = views.entry_of(hit)
    names = [one.text for one in show.names(entry.record)] if entry else [hit.title]
    wanted = text.key(typed)
    fits = (name for name in names if wanted in text.key(name))
    return str(show.shown(show.short(next(fits, names[0]), MAX_NAME)))


def terms(typed: str) -> Iterator[tuple[str, str]]:
    """Names of terms, countries and languages, in the reader's language, of which a word begins as typed."""
    wanted = text.key(typed)
    found = (
        (name, _(kind))
        for plain, name, kind in _known(translation.speaking())
        if wanted and (plain.startswith(wanted) or f" {wanted}" in plain)
    )
    return islice(found, MAX_TERMS)


@cache
def _known(language: str) -> tuple[tuple[str, str, str], ...]:
    """What can be meant by its name: the name as it is compared, the name, and what it is of."""
    named = [(term.names.get(language, term.names["en"]), kind) for terms, kind in _TERMS for term in terms]
    named += [(places.name(code, language), noted("Country")) for code in places.codes()]
    tags = dict.fromkeys((*places.LOCALES, *languages.MET))
    named += [(languages.name(tag, language), noted("Language")) for tag in tags]
    return tuple((text.key(name), name, kind) for name, kind in named)
