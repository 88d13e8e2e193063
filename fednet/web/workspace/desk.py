"""The desk of a secretariat: what waits for somebody, the first steps of a new node, what was done last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet import listing
from fednet.directory import twinnings, waiting
from fednet.directory.due import due
from fednet.directory.search import OPERATOR
from fednet.directory.waiting import LAST_BACKUP, Waits
from fednet.errors import UsageError
from fednet.listing.exchange import open_day
from fednet.node import edits, ending, standing, terms
from fednet.node.home import Home
from fednet.store import acts, drafts, feeds, introductions
from fednet.store import search as index_search
from fednet.store import waiting as lying
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, see
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import ngettext
from fednet.web.visitors import Visitor
from fednet.web.workspace import act_words

ACTS_SHOWN = 8
ASIDE = "steps_aside"
"""The setting that names first steps which somebody has taken elsewhere, or does not want."""


def waits(home: Home, now: datetime) -> list[Waits]:
    """All that waits: what the database tells, and what only the node knows."""
    found = waiting.waiting(home.store, now)
    found.append(Waits("halted", int(standing.halted(home) is not None)))
    found.append(Waits("term", len(terms.ending(home, now))))
    with home.store.reading() as db:
        ends = ending.ending(db, home, open_day(now))
    over = sum(one.is_over for one in ends)
    found += [Waits("over", over), Waits("ends-soon", len(ends) - over)]
    found.append(Waits("twinning", twinnings.unstated(home.store, home.network.network, OPERATOR, now, 0).total))
    return waiting.in_order(found)


ADDRESSES: dict[str, str] = {
    "halted": "/workspace/publish",
    "frozen": "/workspace/peers",
    "application": "/workspace/applications",
    "edit": "/workspace/edits",
    "introduction": "/workspace/introductions",
    "answer": "/workspace/introductions",
    "outcome": "/workspace/introductions?show=introduced",
    "confirmation": "/workspace/confirmations",
    "unconfirmed": "/workspace/confirmations",
    "match": "/workspace/matches",
    "twinning": "/workspace/records/twinning",
    "refused-rows": "/workspace/import",
    "term": "/workspace/terms",
    "over": "/workspace/exchange?show=ending",
    "ends-soon": "/workspace/exchange?show=ending",
    "letter": "/workspace/letters",
    "failing": "/workspace/peers",
    "silent": "/workspace/peers",
    "unsigned": "/workspace/publish",
    "backup": "/workspace/backups",
    "rehearsal": "/workspace/backups",
    "witness": "/workspace/keys",
}


def address(one: Waits) -> str:
    """Where to see to it."""
    return ADDRESSES[one.what]


def said(one: Waits) -> str:
    """A line in the reader's language."""
    return _SAID[one.what](one) % {"number": one.number, "name": one.subject}


_SAID: dict[str, Callable[[Waits], str]] = {
    "halted": lambda _one: _("This node signs nothing at this moment, so that nothing leaves it"),
    "frozen": lambda _one: _("%(name)s has contradicted itself: somebody has to decide what counts"),
    "application": lambda one: ngettext(
        "%(number)d organisation asks to join", "%(number)d organisations ask to join", one.number
    ),
    "edit": lambda one: ngettext(
        "%(number)d edit of a member waits to be approved",
        "%(number)d edits of members wait to be approved",
        one.number,
    ),
    "introduction": lambda one: ngettext(
        "%(number)d introduction waits for an answer", "%(number)d introductions wait for an answer", one.number
    ),
    "answer": lambda one: ngettext(
        "%(number)d introduction was answered this week", "%(number)d introductions were answered this week", one.number
    ),
    "outcome": lambda one: ngettext(
        "%(number)d introduction was made a month ago: somebody should say what came of it",
        "%(number)d introductions were made a month ago: somebody should say what came of them",
        one.number,
    ),
    "confirmation": lambda one: ngettext(
        "%(number)d entry should be confirmed again", "%(number)d entries should be confirmed again", one.number
    ),
    "unconfirmed": lambda one: ngettext(
        "%(number)d entry was never confirmed", "%(number)d entries were never confirmed", one.number
    ),
    "match": lambda one: ngettext(
        "%(number)d pair of entries may be one and the same",
        "%(number)d pairs of entries may be one and the same",
        one.number,
    ),
    "twinning": lambda one: ngettext(
        "%(number)d twinning with an organisation of this network is stated by the other side's network alone",
        "%(number)d twinnings with organisations of this network are stated by the other side's network alone",
        one.number,
    ),
    "refused-rows": lambda one: ngettext(
        "%(number)d value or row of an import was not understood",
        "%(number)d values or rows of imports were not understood",
        one.number,
    ),
    "term": lambda one: ngettext(
        "%(number)d membership ends soon, or has ended", "%(number)d memberships end soon, or have ended", one.number
    ),
    "over": lambda one: ngettext(
        "%(number)d need or offer is over: somebody should say what came of it",
        "%(number)d needs or offers are over: somebody should say what came of them",
        one.number,
    ),
    "ends-soon": lambda one: ngettext(
        "%(number)d need or offer is open for a few more days",
        "%(number)d needs or offers are open for a few more days",
        one.number,
    ),
    "letter": lambda one: ngettext(
        "%(number)d letter could not be sent", "%(number)d letters could not be sent", one.number
    ),
    "failing": lambda _one: _("%(name)s could not be read the last time"),
    "silent": lambda _one: _("%(name)s has not been heard of for long"),
    "unsigned": lambda one: ngettext(
        "%(number)d change waits to be signed, and to leave this node",
        "%(number)d changes wait to be signed, and to leave this node",
        one.number,
    ),
    "backup": lambda one: (
        ngettext("The last backup is %(number)d day old", "The last backup is %(number)d days old", one.number)
        if one.subject
        else _("No backup of this node was ever made here")
    ),
    "rehearsal": lambda _one: _("Nobody has rehearsed yet what it takes to restore a backup"),
    "witness": lambda one: ngettext(
        "One more witness is needed, so that nobody can be shown another list than everybody else",
        "Two witnesses are needed, so that nobody can be shown another list than everybody else",
        one.number,
    ),
}


class Step(NamedTuple):
    """One of the first things to do on a new node; `aside`: a person says that it is done, for nobody can see it."""

    name: str
    text: str
    address: str
    done: bool
    aside: bool = True


def steps(db: Database, home: Home) -> list[Step]:
    """The first steps, in order, those that are done with them."""
    aside = set((drafts.setting(db, ASIDE) or "").split())
    done = {
        "describe": edits.of_itself(db, home) is not None,
        "import": _lists_anything(db, home),
        "backup": drafts.setting(db, LAST_BACKUP) is not None,
        "follow": bool(feeds.peers(db)),
    }
    found = [
        Step("recovery", _("Print the sheet with the recovery key, and put it away safely"), "/workspace/keys", False),
        Step("describe", _("Say what your network is"), "/workspace/record/network", False),
        Step("import", _("Bring in your members: from a list, or one by one"), "/workspace/import", False),
        Step("backup", _("Make a first backup"), "/workspace/backups", False),
        Step("follow", _("Follow another network"), "/workspace/peers", False),
    ]
    return [one._replace(done=one.name in aside or done.get(one.name, False)) for one in found]


def _lists_anything(db: Database, home: Home) -> bool:
    own = feeds.feeds(db, home.network)
    organizations = listing.KIND_NUMBERS["organization"]
    listed = any(index_search.counts(db, feed.id).get(organizations) for feed in own)
    return listed or any(draft.body is not None for circle in drafts.circles_with_drafts(db)
                         for draft in drafts.drafts(db, circle, 1))  # fmt: skip


def badges(home: Home, now: datetime) -> dict[str, int]:
    """Address of a page of the desk -> how much waits there, as far as that is quickly told."""
    with home.store.reading() as db:
        counted = lying.counted(db)
        refused = sum(one.summary["refused"] for one in lying.refused(db))
        asks = introductions.waiting(db, now, now).asks
    return {
        "/workspace/applications": counted.applications,
        "/workspace/edits": counted.edits,
        "/workspace/introductions": asks,
        "/workspace/import": refused,
        "/workspace/publish": counted.drafts,
        "/workspace/confirmations": due(home.store, now, limit=0).total,
    }


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    desk = Desk(home, templates, clock)
    templates.environment.filters.update(deed=act_words.deed, outcome=act_words.outcome)
    templates.environment.globals["desk_badges"] = lambda: badges(home, clock())
    return [
        doors.route("GET", "/workspace", desk.waits),
        doors.route("POST", "/workspace/steps", desk.set_aside),
    ]


class Desk:
    """The first page of the desk."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def waits(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        found = waits(self.home, self.clock())
        with self.home.store.reading() as db:
            first = steps(db, self.home)
            lately = acts.latest(db, limit=ACTS_SHOWN)
        return self.page(
            "desk/home.html",
            request,
            waits=[(said(one), address(one), one) for one in found],
            steps=[] if all(step.done for step in first) else first,
            acts=lately,
        )

    def set_aside(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        name = first(asked, "step")
        with self.home.store.writing() as db:
            if name not in {step.name for step in steps(db, self.home)}:
                raise UsageError("there is no such step")
            aside = set((drafts.setting(db, ASIDE) or "").split()) | {name}
            drafts.set_setting(db, ASIDE, " ".join(sorted(aside)))
        return see("/workspace")
