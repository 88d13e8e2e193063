"""Twinnings: two organisations that learn from one another, as one or both of their networks state it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory import twinnings
from fednet.directory.search import Reader
from fednet.directory.twinnings import Card, Wanted, parse_wanted
from fednet.errors import NotFoundError, UsageError
from fednet.listing import Activity
from fednet.listing.differences import Compared
from fednet.listing.vocabulary import THEMES, TWINNING_STATES
from fednet.node.home import Home
from fednet.node.own_names import OwnNames
from fednet.web import show
from fednet.web.asking import Asked, Clock, given, number_from
from fednet.web.doors import Doors
from fednet.web.policy import may
from fednet.web.public.comparing import Row, Side
from fednet.web.public.pages import for_reader
from fednet.web.public.parties import MAX_NAMED, Parties, Party
from fednet.web.public.twinned import line, twins
from fednet.web.show import Templates, Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

MOST = 15
"""Twinnings on one page."""
MAX_ACTIVITIES = 60
MAX_APART = 6
TEXT = 9_000
"""Bytes of one text of a twinning on its page, over all languages and sides."""

LABELS = {
    "titles": noted("Title"),
    "state": noted("State"),
    "start": noted("Begins"),
    "end": noted("Ends"),
    "themes": noted("Themes"),
    "goals": noted("Goals"),
    "activities": noted("What they do"),
    "outcome": noted("What came of it"),
}


class Done(NamedTuple):
    """An activity: when, in words, and what."""

    when: str
    texts: list[Text]


class Other(NamedTuple):
    """What else is said under the same number: whose word, and where."""

    network: str
    url: str


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    site = Twinnings(home, templates, clock)
    return [
        doors.route("GET", "/twinnings", for_reader(site.twinnings)),
        doors.route("GET", "/twinnings/{handle}", for_reader(site.twinning)),
    ]


class Twinnings:
    """The pages of twinnings of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self.parties = Parties(home, clock)

    def twinnings(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        start = number_from(asked, "start")
        asked.pop("start", None)
        form = {
            "asked": asked,
            "states": [(term.code, show.term(term.code)) for term in TWINNING_STATES],
            "themes": [(term.code, show.term(term.code)) for term in THEMES],
            "networks": self.parties.network_names(visitor.reader),
        }
        try:
            wanted = parse_wanted(**given(asked))
            found = twinnings.twinnings(self.home.store, wanted, visitor.reader, self.clock(), start, MOST)
        except (UsageError, NotFoundError) as error:
            return self.page("twinnings.html", request, error=error, wanted=Wanted(), **form)
        pairs = [(name, value) for name, values in asked.items() for value in values]
        following = show.address("/twinnings", [*pairs, ("start", str(start + MOST))])
        return self.page(
            "twinnings.html",
            request,
            error=None,
            wanted=wanted,
            total=found.total,
            lines=[line(card, self.parties, visitor.reader) for card in found.cards],
            following=following if found.total > start + MOST else "",
            first=show.address("/twinnings", pairs) if start else "",
            **form,
        )

    def twinning(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        reader = visitor.reader
        card = twinnings.twinning(self.home.store, request.path_params["handle"], reader, self.clock())
        ours = next((one for one in card.statements if self.parties.is_ours(one.hit)), None)
        return self.page(
            "twinning.html",
            request,
            card=card,
            hit=card.first.hit,
            record=card.first.record,
            mine=ours.hit if ours else None,
            ours=ours is not None,
            names=show.names(card.first.record, show.PAGE_NAMES),
            twins=twins(card, self.parties, reader),
            rows=list(rows(card)),
            resources=self._named(card, lambda record: record.resources, reader),
            exchanges=self._named(card, lambda record: record.exchanges, reader),
            apart=[Other(one.hit.network_name, f"/twinnings/{one.hit.handle}") for one in card.apart[:MAX_APART]],
            to_state=self._to_state(card, visitor) if ours is None else "",
            state=None,
            days=0,
        )

    def _named(self, card: Card, handles: Callable[[Any], Sequence[str]], reader: Reader) -> list[Party]:
        """What the statements point to, each once, as far as the reader may see it: each speaks of what its own network
        lists."""
        named = dict.fromkeys((handle, one.hit.network) for one in card.statements for handle in handles(one.record))
        found = (self.parties.party(handle, reader, network) for handle, network in list(named)[:MAX_NAMED])
        return [party for party in found if party is not None and party.url]

    def _to_state(self, card: Card, visitor: Visitor) -> str:
        """Where this network can state it, too: when one of the two is its own, by handle or by name."""
        to = "/workspace/records/twinning/new"
        if not may(visitor.role, to):
            return ""
        own, names = self.home.network.network, OwnNames(self.home)
        is_ours = any(
            names.handle(twin.name, ("organization",)) if not twin.handle else twin.network == own
            for twin in card.twins
        )
        return show.address(to, [("from", card.first.hit.handle)]) if is_ours else ""


# --- fields -----------------------------------------------------------------------------------------------------------


def rows(card: Card) -> Iterable[Row]:
    """The fields in which anything is said; the title only where the two contradict each other."""
    for field in card.fields:
        if field.name != "titles" or field.differs:
            yield _row(field, card)


def _row(field: Compared, card: Card) -> Row:
    names = [one.hit.network_name for one in card.statements]
    differs = len(field.differs) > 1
    shown = _shown(field.name, len(names) if differs else 1)
    sides = [Side(name, shown([said.value for said in field.said if at in said.by])) for at, name in enumerate(names)]
    saying = sorted({at for said in field.said for at in said.by})
    by = [names[at] for at in saying] if len(saying) < len(names) else []
    values = shown(_exact([said.value for said in field.said], field.name))
    return Row(field.name, _(LABELS[field.name]), differs, sides, values, by)


def _exact(values: list[Any], name: str) -> list[Any]:
    """Of dates that contradict nothing the one that says most."""
    return [max(values, key=len)] if name in ("start", "end") else values


def _shown(name: str, share: int) -> Callable[[list[Any]], list[Any]]:
    match name:
        case "titles" | "goals" | "outcome":
            return lambda values: show.within(_texts(values), TEXT // share)
        case "activities":
            return lambda values: _activities(values, MAX_ACTIVITIES // share)
        case _:
            return lambda values: values


def _texts(values: Iterable[tuple[str, str]]) -> list[Text]:
    """Those in the reader's language first."""
    return [show.text_in(tag, text) for tag, text in sorted(values, key=lambda one: show.is_foreign(one[0]))]


def _activities(values: Sequence[Activity], most: int) -> list[Done]:
    """In the order of their dates; those without at the end."""
    ordered = sorted(values, key=lambda one: one.date or "~")[:most]
    return [
        Done(one.date or "", show.within(_texts(one.text.items()), TEXT // max(1, len(ordered)))) for one in ordered
    ]
