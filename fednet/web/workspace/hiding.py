"""Hiding in an emergency, on one page that works on a telephone in a hurry: what, who goes with it, done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.directory.cards import card
from fednet.directory.search import OPERATOR
from fednet.errors import ChangedError, FednetError, NotFoundError
from fednet.listing import places
from fednet.listing.check import is_handle
from fednet.node import cosigning, hiding
from fednet.node.hiding import ABOUT, NAMED, ONLY, SEAT, SERVES, Act, Going, Heard
from fednet.node.home import Home
from fednet.web import doors as doorway
from fednet.web import show
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.public.parties import page_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

SHOWN = 200
"""Records of one act that are named on the page."""
LOOKED_AT = 60
"""Organisations of one act of which it is said who else lists them."""

REASONS = {
    NAMED: noted("you named it"),
    SEAT: noted("is there"),
    ONLY: noted("is for that country alone"),
    SERVES: noted("serves it among others"),
    ABOUT: noted("is about one that goes"),
}
DONE = {
    "hidden": noted(
        "Hidden, and signed. Followers let go of it as they hear of it. What other networks themselves list of the "
        "same stays listed: ask them to hide it, too."
    ),
    "signed": noted("Signed. Followers let go of it as they hear of it."),
    "back": noted("Put back. The next edition lists it again."),
    "gone": noted(
        "Put back. What was about an entry that was erased or withdrawn meanwhile is destroyed, and does not come back."
    ),
    "stuck": noted(
        "Put back. Some records that had named it were changed meanwhile, and do not name it again: look at them."
    ),
}


class Standing(NamedTuple):
    """An act of hiding that stands: what it hides, the circles where it is not signed yet, and who has confirmed it.

    `titles` are names and kinds. `heard` has each network once: it has let go when it has in every circle.
    """

    act: Act
    titles: Sequence[tuple[str, str]]
    unsigned: Sequence[str]
    heard: Sequence[Heard]


class Elsewhere(NamedTuple):
    """What another network lists of an organisation or event that goes from ours; hiding ours does not touch it."""

    title: str
    page: str | None
    networks: list[str]


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock, allow_private: bool) -> list[Route]:
    pages = Hiding(home, templates, clock, allow_private)
    return [
        doors.route("GET", "/workspace/hide", pages.begin),
        doors.route("GET", "/workspace/hide/{handle}", pages.record),
        doors.route("POST", "/workspace/hide/look", pages.look),
        doors.route("POST", "/workspace/hide", pages.hide),
        doors.route("POST", "/workspace/hide/sign", pages.sign),
        doors.route("POST", "/workspace/hide/undo", pages.undo),
    ]


class Hiding:
    """The page, and what it does."""

    def __init__(self, home: Home, templates: Templates, clock: Clock, allow_private: bool) -> None:
        self.home, self.templates, self.clock, self.allow_private = home, templates, clock, allow_private

    def begin(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What to hide, and what is hidden."""
        return self._page(request, done=done(asked, DONE))

    def record(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What would go with a record."""
        return self._plan(request, request.path_params["handle"], False)

    def look(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """What would go: with a country, or with a record, of which several may be called so."""
        text, country = first(asked, "text"), first(asked, "country")
        try:
            if country and not text:
                return self._plan(request, hiding.asked_for(country), "serving" in asked)
            found = hiding.found(self.home, text)
        except FednetError as error:
            return self._page(request, error=error, text=text, status=error.status)
        if len(found) == 1:
            return self._plan(request, found[0].handle, False)
        return self._page(request, text=text, found=found)

    def hide(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Hide, and sign at once."""
        what, serving, shown = first(asked, "what"), "serving" in asked, first(asked, "shown")
        now = self.clock()
        try:
            what = hiding.asked_for(what)
            doorway.about(request, what)
            hiding.hide(self.home, what, now, serving=serving, expected=shown)
        except ChangedError as error:
            return self._plan(request, what, serving, error=error)
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return self._signed(request, "hidden")

    def sign(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Sign what is hidden and could not be signed before."""
        return self._signed(request, "signed")

    def undo(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Put back what an act hid, or one record."""
        what = first(asked, "what")
        try:
            doorway.about(request, hiding.asked_for(what))
            restored = hiding.unhide(self.home, what, self.clock())
            doorway.about(request, restored.renamed.get(what, what))
        except FednetError as error:
            return self._page(request, error=error, status=error.status)
        return see(f"/workspace/hide?done={'stuck' if restored.stuck else 'gone' if restored.gone else 'back'}")

    def _signed(self, request: Request, done: str) -> Response:
        try:
            cosign = cosigning.by_witnesses(self.home, allow_private=self.allow_private)
            hiding.spread(self.home, self.clock(), cosign=cosign)
        except FednetError as error:  # it is hidden all the same, and the page says where it is not signed
            return self._page(request, error=error, status=error.status)
        return see(f"/workspace/hide?done={done}")

    def _plan(self, request: Request, what: str, serving: bool, error: FednetError | None = None) -> Response:
        try:
            planned = hiding.planned(self.home, what, serving=serving)
        except FednetError as refusal:
            return self._page(request, error=refusal, status=refusal.status)
        of = {reason: sum(one.reason == reason for one in planned.going) for reason in hiding.REASONS}
        return self._shown(
            request,
            "desk/hide-look.html",
            error.status if error else 200,
            error=error,
            what=what,
            country=None if is_handle(what) else what,
            serving=serving,
            planned=planned,
            going=[(one, _(REASONS[one.reason])) for one in planned.going[:SHOWN]],
            counts=[(_(REASONS[reason]), count) for reason, count in of.items() if count],
            elsewhere=list(self._elsewhere(planned.going)),
        )

    def _elsewhere(self, going: Iterable[Going]) -> Iterator[Elsewhere]:
        """What stays listed by others, as far as it is known to be the same; of the first `LOOKED_AT` that go."""
        named = [one for one in going if one.kind == "organization"]
        for one in named[:LOOKED_AT]:
            try:
                others = [said.hit for said in card(self.home.store, one.handle, OPERATOR, self.clock()).statements]
            except NotFoundError:  # it was never signed, so that nobody else can be on a card with it
                continue
            others = [hit for hit in others if hit.network != self.home.network.network]
            if others:
                networks = list(dict.fromkeys(hit.network_name for hit in others))
                yield Elsewhere(one.title, page_of(others[0].kind, others[0].handle), networks)

    def _page(self, request: Request, status: int = 200, **values: Any) -> Response:
        found: list[Going] | None = values.pop("found", None)
        usual = {"error": None, "done": "", "text": ""}
        acts = [self._standing(act) for act in hiding.acts(self.home)]
        return self._shown(
            request,
            "desk/hide.html",
            status,
            **{**usual, **values},
            found=found,
            acts=acts,
            countries=sorted(
                ((code, show.country(code)) for code in places.codes()), key=lambda one: show.sort_key(one[1])
            ),
        )

    def _standing(self, act: Act) -> Standing:
        unsigned, heard = hiding.heard(self.home, act.hidden)
        some = act.hidden[:SHOWN]
        kinds = [str(msgspec.json.decode(row.body).get("kind", "")) for row in some]
        titles = list(zip(hiding.titles(self.home, some), kinds, strict=True))
        return Standing(act, titles, unsigned, _by_network(heard))

    def _shown(self, request: Request, name: str, status: int, **values: Any) -> Response:
        return self.templates.page(name, request, status, **values)


def _by_network(heard: Iterable[Heard]) -> list[Heard]:
    """Each network once, whatever circles it reads: as it is in the one where least is confirmed."""
    found: dict[str, Heard] = {}
    for one in heard:
        before = found.get(one.network.network)
        if before is None or (before.confirmed and not one.confirmed):
            found[one.network.network] = one
    return list(found.values())
