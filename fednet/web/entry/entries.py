"""The page that edits one entry: form, preview of who will see it, errors, edits that crossed; whoever saves it.

Used by the desk, by members, and by whoever holds a link: they differ in what `save` does and which fields they see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from fednet import listing
from fednet.directory.naming import Organizations
from fednet.errors import FednetError, ForbiddenError, UsageError
from fednet.listing import ListingError, languages
from fednet.listing.check import UNDETERMINED
from fednet.listing.exchange import CLOSED, open_day
from fednet.node import edits, preview
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.own import title_of
from fednet.node.own_names import OwnNames
from fednet.node.preview import Exposed
from fednet.store import circles as stored
from fednet.store.circles import PARTNERS, PUBLIC
from fednet.web import show, translation
from fednet.web.asking import Asked, Clock
from fednet.web.doors import looked
from fednet.web.entry import entry_forms
from fednet.web.entry.entry_forms import Form
from fednet.web.entry.entry_widgets import Context, Said
from fednet.web.once import Once, form_of
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

Save = Callable[[dict[str, Any], str], Response]

NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_SHOWN = 80
"""Characters of what was typed that a message about it repeats."""
MEMBERS_SEE = frozenset({PUBLIC, PARTNERS})
STAYS = ""
"""Stands, to whoever may not know its name, for the circle in which an entry is."""


class Editing(NamedTuple):
    """What is edited, and how: see `Entries.answer`. `save` takes the changed fields (None: taken out) and a circle.

    `but`: fields that are not shown, and stay. `given`: fields of a new entry that are not shown; `starts`: what its
    form begins with. `circles`: those to choose from (None: all). `values`: more for the template.
    """

    kind: str
    template: str
    save: Save
    own: Own | None = None
    but: Collection[str] = ()
    given: Mapping[str, Any] = NOTHING
    values: Mapping[str, Any] = NOTHING
    circles: Collection[str] | None = None
    button: str = noted("Save")
    starts: Mapping[str, Any] = NOTHING


class Audience(NamedTuple):
    """Somebody who will see something of an entry, or nothing: what, in words."""

    name: str
    readers: tuple[str, ...]
    records: list[tuple[preview.Seen, list[Said]]]


class Crossed(NamedTuple):
    """A field that somebody else changed meanwhile: what stands now, and what was filled in here."""

    field: str
    label: str
    now: str
    yours: str


class Page(NamedTuple):
    """All that templates/entry.html draws. `base` names the version of the entry that the form was made from; of a
    new one, the form."""

    form: Form
    kind: str
    title: str
    base: str
    circle: str
    circles: list[str]
    usual: str
    button: str
    error: FednetError | None = None
    audiences: tuple[Audience, ...] = ()
    crossed: tuple[Crossed, ...] = ()
    exposed: tuple[Exposed, ...] = ()
    warned: bool = False


class Entries:
    """Edits entries of one node."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock
        self._once = Once()
        templates.environment.filters["circle_name"] = circle_name
        templates.environment.filters["audience_name"] = audience_name
        templates.environment.filters["exposure"] = exposure
        templates.environment.filters["known_language"] = known_language
        templates.environment.filters.setdefault("refused", refused)

    def context(self, visitor: Visitor) -> Context:
        """For the forms of a visitor: the secretariat knows all own records by name, others what they may read."""
        seen = None if visitor.staff else MEMBERS_SEE if visitor.account else frozenset({PUBLIC})
        listed = Organizations(self.home.store, visitor.reader, self.clock())
        return Context(translation.speaking(), OwnNames(self.home, seen), self.home.config.zone, listed)

    def answer(self, request: Request, asked: Asked, visitor: Visitor, editing: Editing) -> Response:
        """The page with the form, of GET and of POST; what `save` answers when all is right and was meant.

        A form that is wrong is shown again with what was typed (422), one made from another version of the entry with
        what stands now (409).
        """
        context = self.context(visitor)
        if request.method != "POST":
            return self._shown(request, editing, self._fresh(editing, context))
        if more := entry_forms.first(asked, "more"):
            return self._shown(request, editing, self._typed(editing, context, asked, more=more))
        return self._posted(request, asked, visitor, editing, context)

    def _posted(self, request: Request, asked: Asked, visitor: Visitor, editing: Editing, context: Context) -> Response:
        before = _before(editing)
        but = {*_hidden(editing), *_as_stands(editing.kind, asked)}
        fields, errors = entry_forms.read(editing.kind, asked, before, context, but=but)
        fields |= editing.given
        errors = {**entry_forms.checked(fields), **_over_at_once(before, fields, self.clock()), **errors}
        if errors:
            return self._shown(request, editing, self._typed(editing, context, asked, errors=errors), 422)
        try:
            found = _normalised(fields)
        except FednetError as error:
            return self._shown(request, editing, self._refused(editing, context, asked, error), 422)
        typed = self._typed(editing, context, asked)
        if editing.own is not None and asked.get("base") != [base(editing.own)]:
            crossed = tuple(_crossed(editing.kind, before, found, context))
            return self._shown(request, editing, typed._replace(crossed=crossed, base=base(editing.own)), 409)
        circle = self._circle(asked, editing)
        seen = tuple(preview.exposed(found)) if circle == PUBLIC else ()
        if asked.get("do") == ["look"] or (seen and "understood" not in asked):
            audiences = tuple(self._audiences(visitor, editing, found, circle, context))
            looked = typed._replace(audiences=audiences, exposed=seen, warned=asked.get("do") != ["look"])
            return self._shown(request, editing, looked, 422 if looked.warned else 200)
        try:
            changes = _changes(before if editing.own else {}, found)
            if editing.own is not None:
                return editing.save(changes, circle)
            form = form_of(visitor.account.id if visitor.account else "", asked)
            return self._once.answer(form, lambda: editing.save(changes, circle))
        except (UsageError, ForbiddenError) as error:
            return self._shown(request, editing, self._refused(editing, context, asked, error), 422)

    def _refused(self, editing: Editing, context: Context, asked: Asked, error: FednetError) -> Page:
        """The form again, with what only shows in the whole: at its field, if it is about one."""
        if isinstance(error, ListingError):
            return self._typed(editing, context, asked, errors={error.field.partition(".")[0]: error})
        return self._typed(editing, context, asked)._replace(error=error)

    def _circle(self, asked: Asked, editing: Editing) -> str:
        chosen = (entry_forms.first(asked, "circle") or "").strip()
        return chosen if chosen and chosen in self._circles(editing) else _usual(editing)

    def _circles(self, editing: Editing) -> list[str]:
        """The circles to choose from, that in which the entry is now among them."""
        if editing.kind == edits.NETWORK:
            return [PUBLIC]
        with self.home.store.reading() as db:
            names = stored.names(db)
        kept = [name for name in names if editing.circles is None or name in editing.circles]
        if _usual(editing) in kept:
            return kept
        return [*kept, _usual(editing) if editing.circles is None else STAYS]

    def _fresh(self, editing: Editing, context: Context) -> Page:
        if editing.own is None:
            begun = {**editing.given, **editing.starts}
            sent = {**entry_forms.new(context, editing.kind), **entry_forms.filled(editing.kind, begun, context)}
            form = entry_forms.form(editing.kind, {}, context, asked=sent, but=_hidden(editing))
        else:
            form = entry_forms.form(editing.kind, editing.own.fields, context, but=_hidden(editing))
        return self._page(editing, form, _usual(editing))

    def _typed(
        self, editing: Editing, context: Context, asked: Asked, *, errors: Mapping[str, ListingError] = NOTHING,
        more: str = "",
    ) -> Page:  # fmt: skip
        form = entry_forms.form(editing.kind, {}, context, asked=asked, errors=errors, more=more, but=_hidden(editing))
        page = self._page(editing, form, self._circle(asked, editing))
        return page._replace(base=entry_forms.first(asked, "base") or page.base)

    def _page(self, editing: Editing, form: Form, circle: str) -> Page:
        circles = self._circles(editing)
        return Page(
            form=form,
            kind=editing.kind,
            title=title_of(editing.own.body) if editing.own else "",
            base=base(editing.own) if editing.own else token_urlsafe(16),
            circle=circle if circle in circles else STAYS,
            circles=circles,
            usual=edits.usual_circle(editing.kind),
            button=editing.button,
        )

    def _shown(self, request: Request, editing: Editing, page: Page, status: int = 200) -> Response:
        values = {"own": editing.own, **editing.values, "entry_page": page}
        answer = self.page(editing.template, request, status, **values)
        if status == 200:
            looked(request)
        return answer

    def _audiences(
        self, visitor: Visitor, editing: Editing, fields: Mapping[str, Any], circle: str, context: Context
    ) -> list[Audience]:
        """What each audience will see of the entry, and of what is about it, once it is saved like this.

        Whoever is not of the secretariat is told nothing of circles and records that are not theirs to know of.
        """
        would = Own(editing.own.handle if editing.own else preview.UNSAVED, circle, listing.encode(fields), True)
        told = {*self._circles(editing), preview.OWN}
        audiences = []
        for view in preview.views_with(self.home, would):
            if visitor.staff or view.audience in told:
                shown = [one for one in view.records if one.handle == would.handle or _may_know(visitor, one.circle)]
                records = [(one, entry_forms.said(one.kind, one.fields, context)) for one in shown]
                audiences.append(Audience(view.audience, view.readers if visitor.account else (), records))
        return audiences


def _may_know(visitor: Visitor, circle: str) -> bool:
    return visitor.staff or circle == PUBLIC or (visitor.account is not None and circle in MEMBERS_SEE)


def _as_stands(kind: str, asked: Asked) -> list[str]:
    """Fields that shall stay as somebody else left them meanwhile."""
    kept = asked.get("theirs", ())
    return [name for one in entry_forms.widgets(entry_forms.FIELDS[kind]) if one.name in kept for name in one.covers]


def _before(editing: Editing) -> Mapping[str, Any]:
    return editing.own.fields if editing.own else editing.given


def _hidden(editing: Editing) -> frozenset[str]:
    return frozenset({*editing.but, *editing.given})


def _usual(editing: Editing) -> str:
    return editing.own.circle if editing.own else edits.usual_circle(editing.kind)


def base(own: Own) -> str:
    """Names one version of an entry, its circle included."""
    return sha256(own.circle.encode() + b"\n" + own.body).hexdigest()[:32]


def _over_at_once(before: Mapping[str, Any], fields: Mapping[str, Any], now: datetime) -> dict[str, ListingError]:
    """What is wrong with a last day that is filled in now and is past: the entry would be over when it is saved."""
    until = fields.get("open_until")
    if fields["kind"] != "exchange" or fields.get("state") == CLOSED or not isinstance(until, str):
        return {}
    if until == before.get("open_until") or until >= open_day(now).isoformat():
        return {}
    return {"open_until": ListingError("open_until", until, "is past", hint="give a day that is to come")}


def _normalised(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they would be signed; raises FednetError where they cannot be."""
    found: dict[str, Any] = msgspec.json.decode(edits.body_of(fields))
    return found


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are others now, None for those that are gone."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: after.get(name) for name in names}


def _crossed(kind: str, now: Mapping[str, Any], yours: Mapping[str, Any], context: Context) -> list[Crossed]:
    found = []
    for widget in entry_forms.widgets(entry_forms.FIELDS[kind]):
        standing, here = in_words(widget.said(now, context)), in_words(widget.said(yours, context))
        if standing != here:
            found.append(Crossed(widget.name, widget.label, standing, here))
    return found


def in_words(said: list[Said]) -> str:
    return "\n".join(one.text for one in said)


# --- words ------------------------------------------------------------------------------------------------------------


def circle_name(circle: str) -> str:
    """A circle in words."""
    match circle:
        case "public":
            return _("Everybody")
        case "":
            return _("Whom the network has chosen")
        case "partners":
            return _("Partner networks, and members of this network")
        case _:
            return circle


def audience_name(audience: str) -> str:
    """Who sees an entry, in words."""
    return _("This network's own people") if audience == preview.OWN else circle_name(audience)


NEEDED = {
    "": noted("Please fill this in."),
    "names": noted("A name is needed."),
    "name": noted("A name is needed."),
    "titles": noted("A title is needed."),
}
"""What is said of an empty field that every record has, by its name; of fields that share a label, which one."""


def refused(error: FednetError) -> Markup:
    """What is wrong, without the name of the field: it stands beside it."""
    if not isinstance(error, ListingError):
        said = Markup("{}").format(show.sentence(error.detail))
    elif isinstance(error.found, str) and error.found:
        found = show.bdi(show.short(error.found, MOST_SHOWN))
        said = Markup("{} {}").format(found, show.sentence(error.reason, begins=False))
    elif error.reason.startswith("is missing: every "):
        said = Markup("{}").format(_(NEEDED.get(error.field, NEEDED[""])))
    else:
        said = Markup("{}").format(show.sentence(error.reason))
    if error.hint and "fednet" not in error.hint:
        said += Markup(" {}").format(show.sentence(error.hint))
    return said


def known_language(tag: str | None) -> str | None:
    """A language tag as a page may give it to screen readers; None for none, and for one of no language."""
    return languages.find(tag) if tag and tag != UNDETERMINED else None


EXPOSED = {
    "contact": noted("Everybody in the world will be able to read this contact."),
    "person": noted("Everybody in the world will be able to read this entry of a person."),
    "mail": noted("Everybody in the world will be able to read the e-mail address %(found)s."),
    "phone": noted("Everybody in the world will be able to read the telephone number %(found)s."),
}


def exposure(one: Exposed) -> str:
    """What everybody would read, in a sentence."""
    return _(EXPOSED[one.what]) % {"found": one.found} if one.found else _(EXPOSED[one.what])
