"""Forms of entries: which fields each kind has on its form, the form as it is drawn, and back to a record.

`form` is drawn by templates/entry.html. `read` gives all fields of the record: those the form does not show, or that
came back as they were shown, are as before, to the byte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from fednet.listing import KINDS, ListingError, languages, places
from fednet.listing.check import RULES
from fednet.listing.places import LOCALES
from fednet.listing.vocabulary import (
    CLIENT_GROUPS,
    EVENT_MODES,
    EVENT_STATUSES,
    EVENT_TYPES,
    EXCHANGE_OUTCOMES,
    EXCHANGE_STATES,
    EXCHANGE_TYPES,
    GROUP_TYPES,
    MODALITIES,
    ORGANIZATION_TYPES,
    RESOURCE_TYPES,
    SERVICES,
    STAGES,
    THEMES,
    TWINNING_STATES,
)
from fednet.web import show
from fednet.web.entry.entry_widgets import (
    EVERY,
    MOST_OFFERED,
    PARTIES,
    Choice,
    Choices,
    Context,
    Fields,
    Handles,
    InOriginal,
    Line,
    Lines,
    Named,
    Original,
    Paragraph,
    Part,
    Parties,
    Parts,
    Repeats,
    Rows,
    Said,
    Sent,
    Texts,
    Translated,
    Twins,
    When,
    Widget,
    YesNo,
    first,
    indexes,
    part_of,
    same,
)
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.zones import ZONES


class Section(NamedTuple):
    """Widgets that belong together. `closed`: folded away, for few need them."""

    label: str
    widgets: tuple[Widget, ...]
    closed: bool = False


_TERRITORIES_HINT = noted("Names of countries or regions, with commas between them: Thailand, Myanmar")
_LANGUAGES_HINT = noted("Names of languages, with commas between them: Arabic, Dari, English")
_LINE_HINT = noted("One on each line")
_DATE_HINT = noted("A day, a month or a year: 2026-11-21, 2026-11 or 2026")
_PARTY_HINT = noted("The name of an entry of this network, or any other name")

_NAMES = Translated("names", noted("Name"))
_TITLES = Translated("titles", noted("Title"))
_DESCRIPTION = Translated("description", noted("Description"), rows=5)
_THEMES = Choices(name="themes", label=noted("Themes"), vocabulary=THEMES)
_CLIENT_GROUPS = Choices(name="client_groups", label=noted("For whom"), vocabulary=CLIENT_GROUPS)
_LANGUAGES = Named(name="languages", label=noted("Languages"), hint=_LANGUAGES_HINT, of="language")
_SERVED = Named(name="countries", label=noted("Countries and regions"), hint=_TERRITORIES_HINT, of="country")
_WEBSITE = Line(name="website", label=noted("Website"), hint=noted("For example https://example.org"))
_CONFIRMED = Section(
    noted("Confirmation"),
    (
        Parts(
            name="confirmed",
            label=noted("Last confirmed"),
            hint=noted("When somebody last said that all of this is still right, and who (a role or an organisation)"),
            parts=(Part("at", noted("Day"), type="date"), Part("by", noted("By whom"))),
        ),
    ),
    closed=True,
)
_PLACE = (
    Part("place", noted("Town or place")),
    Part("country", noted("Country"), "country"),
    Part("latitude_e6", noted("Latitude in degrees"), "degrees"),
    Part("longitude_e6", noted("Longitude in degrees"), "degrees"),
)
_ORGANIZATION = ("organization",)
_TIMES_HINT = noted("One on each line, as 2026-12-09 10:00, or a day where the event lasts all day")

FIELDS: dict[str, tuple[Section, ...]] = {
    "organization": (
        Section(
            noted("Name and description"),
            (
                Texts(fields=(_NAMES, _DESCRIPTION)),
                Line(name="acronym", label=noted("Acronym")),
                Lines(name="former_names", label=noted("Former names"), hint=_LINE_HINT),
            ),
        ),
        Section(
            noted("What it is"),
            (
                Choice(name="type", label=noted("Kind of organisation"), vocabulary=ORGANIZATION_TYPES),
                YesNo(
                    name="refugee_led",
                    label=noted("Led by refugees"),
                    hint=noted("Only what the organisation says of itself"),
                ),
                _WEBSITE,
                Parts(
                    name="seat",
                    label=noted("Seat"),
                    hint=noted("A town is precise enough; leave out what could put people at risk"),
                    parts=_PLACE,
                ),
            ),
        ),
        Section(
            noted("What it does, where and for whom"),
            (
                Choices(name="services", label=noted("Services"), vocabulary=SERVICES),
                _CLIENT_GROUPS,
                Named(
                    name="countries",
                    label=noted("Countries and regions served"),
                    hint=_TERRITORIES_HINT,
                    of="country",
                ),
                Named(name="languages", label=noted("Languages spoken"), hint=_LANGUAGES_HINT, of="language"),
                Handles(name="groups", label=noted("Groups it belongs to"), kinds=("group",)),
            ),
        ),
        Section(
            noted("Registers and membership"),
            (
                Rows(
                    name="identifiers",
                    label=noted("Numbers in registers"),
                    hint=noted("The list by its code at org-id.guide, as CA-CRA_ACR, and the number there"),
                    parts=(Part("scheme", noted("Register")), Part("value", noted("Number"))),
                ),
                Parts(
                    name="membership",
                    label=noted("Membership"),
                    parts=(
                        Part("category", noted("Category")),
                        Part("since", noted("Since"), hint=_DATE_HINT),
                        Part("until", noted("Until")),
                    ),
                ),
            ),
        ),
        _CONFIRMED,
    ),
    "contact": (
        Section(
            noted("How to reach it"),
            (
                Parties(
                    name="organization",
                    label=noted("Organisation"),
                    hint=noted("The name of an entry of this network"),
                    kinds=_ORGANIZATION,
                    many=False,
                    required=True,
                ),
                Lines(name="emails", label=noted("E-mail addresses"), hint=_LINE_HINT),
                Lines(name="phones", label=noted("Telephone numbers"), hint=_LINE_HINT),
                Paragraph(name="address", label=noted("Postal address")),
                Line(name="hours", label=noted("Opening hours")),
                Line(name="person", label=noted("Contact person")),
                Original(),
            ),
        ),
        _CONFIRMED,
    ),
    "person": (
        Section(
            noted("Who"),
            (
                Line(name="name", label=noted("Name"), required=True),
                Line(name="role", label=noted("Role")),
                Lines(name="expertise", label=noted("Knows about"), hint=_LINE_HINT),
                Parties(
                    name="organization",
                    label=noted("Organisation"),
                    hint=_PARTY_HINT,
                    kinds=_ORGANIZATION,
                    many=False,
                ),
                Named(name="country", label=noted("Country"), of="country", many=False),
                _LANGUAGES,
                Original(),
            ),
        ),
        _CONFIRMED,
    ),
    "group": (
        Section(
            noted("Name and description"),
            (
                Texts(fields=(_NAMES, _DESCRIPTION)),
                Choice(name="type", label=noted("Kind of group"), vocabulary=GROUP_TYPES),
                _SERVED,
                Rows(
                    name="roles",
                    label=noted("Who does what"),
                    hint=noted("Chair, focal person, ...: who, for which country, since and until when"),
                    parts=(
                        Part("role", noted("Role")),
                        Part("holder", noted("Held by"), "party"),
                        Part("country", noted("Country"), "country"),
                        Part("since", noted("Since")),
                        Part("until", noted("Until")),
                    ),
                ),
            ),
        ),
        _CONFIRMED,
    ),
    "event": (
        Section(
            noted("What"),
            (
                Texts(
                    fields=(
                        _TITLES,
                        _DESCRIPTION,
                        Translated("fund_note", noted("Note on a participation fund"), rows=2),
                    )
                ),
                Choice(name="type", label=noted("Kind of event"), vocabulary=EVENT_TYPES, required=True),
                Choice(name="status", label=noted("Status"), vocabulary=EVENT_STATUSES),
            ),
        ),
        Section(
            noted("When"),
            (
                When(),
                Repeats(),
            ),
        ),
        Section(
            noted("Exceptions"),
            (
                Lines(name="exdates", label=noted("But not on"), hint=_TIMES_HINT),
                Lines(name="rdates", label=noted("And also on"), hint=_TIMES_HINT),
                Rows(
                    name="overrides",
                    label=noted("Single times that differ"),
                    hint=noted("When it would have been, and what is different that time"),
                    parts=(
                        Part("recurrence_id", noted("Instead of"), "local"),
                        Part("start", noted("Starts"), "local"),
                        Part("end", noted("Ends"), "local"),
                        Part("status", noted("Status"), EVENT_STATUSES),
                    ),
                ),
            ),
            closed=True,
        ),
        Section(
            noted("Where"),
            (
                Choice(name="mode", label=noted("In person or online"), vocabulary=EVENT_MODES),
                Parts(name="place", label=noted("Place"), parts=_PLACE, bare="place"),
                Line(
                    name="join_url",
                    label=noted("Address to join online"),
                    hint=noted("Whoever may read this entry can join by it"),
                ),
                Line(name="registration_url", label=noted("Address to register")),
                _WEBSITE,
            ),
        ),
        Section(
            noted("Who and what about"),
            (
                Parties(name="hosts", label=noted("Hosts"), hint=_PARTY_HINT, kinds=PARTIES),
                Parties(
                    name="convenors",
                    label=noted("Convened by"),
                    hint=_PARTY_HINT,
                    kinds=PARTIES,
                ),
                Parties(name="speakers", label=noted("Speakers"), hint=_PARTY_HINT, kinds=PARTIES),
                Lines(name="audience", label=noted("For whom"), hint=_LINE_HINT),
                _LANGUAGES,
                _THEMES,
                Parties(
                    name="parent",
                    label=noted("Part of"),
                    hint=noted("The event that this one is a session of"),
                    kinds=("event",),
                    many=False,
                ),
            ),
        ),
        Section(
            noted("For calendar programs"),
            (
                Line(name="uid", label=noted("UID"), hint=noted("Of the calendar that the event comes from")),
                Line(
                    name="sequence",
                    label=noted("Sequence"),
                    hint=noted("Counts the revisions; it rises by itself"),
                    type="number",
                ),
            ),
            closed=True,
        ),
        _CONFIRMED,
    ),
    "exchange": (
        Section(
            noted("What"),
            (
                Choice(name="type", label=noted("Need, offer or funding"), vocabulary=EXCHANGE_TYPES, required=True),
                Texts(
                    fields=(
                        Translated("titles", noted("Title"), noted("In a few words: a trainer in mediation")),
                        Translated(
                            "description",
                            noted("Description"),
                            noted("What for, how much and when; no names or addresses of people"),
                            rows=5,
                        ),
                    )
                ),
                Choice(
                    name="modality",
                    label=noted("Kind of exchange"),
                    hint=noted("How the two would work together, if you know it already"),
                    vocabulary=MODALITIES,
                ),
            ),
        ),
        Section(
            noted("Who, what about and for whom"),
            (
                Parties(
                    name="organization", label=noted("Organisation"), hint=_PARTY_HINT, kinds=_ORGANIZATION, many=False
                ),
                Choices(name="themes", label=noted("Themes"), vocabulary=THEMES, offered=SERVICES),
                _CLIENT_GROUPS,
                Named(
                    name="countries",
                    label=noted("Countries and regions"),
                    hint=noted("Where it is needed, or where you can give it: Thailand, South-eastern Asia"),
                    of="country",
                ),
                Named(
                    name="languages",
                    label=noted("Languages"),
                    hint=noted("In which you can work together: Arabic, Dari, English"),
                    of="language",
                ),
                Choice(
                    name="stage",
                    label=noted("Resettlement country"),
                    hint=noted("How long the country of the organisation has resettled refugees"),
                    vocabulary=STAGES,
                ),
            ),
        ),
        Section(
            noted("Until when"),
            (
                Line(
                    name="open_until",
                    label=noted("Open until"),
                    hint=noted(
                        "You are reminded two weeks before, or later if it is open for a short time only. "
                        "After that day it counts as over."
                    ),
                    type="date",
                ),
            ),
        ),
        Section(
            noted("Posted and closed"),
            (
                Line(
                    name="posted",
                    label=noted("Posted"),
                    hint=noted("Fills itself in when the entry is new"),
                    type="date",
                ),
                Choice(name="state", label=noted("State"), vocabulary=EXCHANGE_STATES),
                Line(name="closed", label=noted("Closed"), type="date"),
                Choice(name="outcome", label=noted("What came of it"), vocabulary=EXCHANGE_OUTCOMES),
                InOriginal(name="outcome_note", label=noted("What came of it, in words")),
            ),
            closed=True,
        ),
        _CONFIRMED,
    ),
    "twinning": (
        Section(
            noted("The two organisations"),
            (
                Twins(
                    name="organizations",
                    label=noted("Organisations"),
                    hint=noted("Two names, of this network or of another one; or of one that is in no directory"),
                ),
            ),
        ),
        Section(
            noted("What for"),
            (
                Texts(
                    fields=(
                        Translated("titles", noted("Title"), noted("Without one it bears the names of the two")),
                        Translated(
                            "goals", noted("Goals"), noted("What each of the two wants to learn or to give"), rows=4
                        ),
                        Translated("outcome", noted("What came of it"), rows=4),
                    )
                ),
                _THEMES,
            ),
        ),
        Section(
            noted("When, and what they do"),
            (
                Choice(name="state", label=noted("State"), vocabulary=TWINNING_STATES),
                Line(name="start", label=noted("Begins"), hint=_DATE_HINT),
                Line(name="end", label=noted("Ends"), hint=noted("Most are planned for a year at first")),
                Rows(
                    name="activities",
                    label=noted("Activities"),
                    hint=noted("What the two do together, and when; in the language of the original"),
                    parts=(
                        Part("date", noted("Day, month or year")),
                        Part("text", noted("What"), "translated"),
                    ),
                ),
            ),
        ),
        Section(
            noted("What belongs to it"),
            (
                Parties(
                    name="resources",
                    label=noted("Models and lessons"),
                    hint=noted("Titles of resources of this network"),
                    kinds=("resource",),
                ),
                Parties(
                    name="exchanges",
                    label=noted("Needs and offers it grew from"),
                    hint=noted("Titles of entries of this network"),
                    kinds=("exchange",),
                ),
                Line(
                    name="uid",
                    label=noted("Common number"),
                    hint=noted("The same in the statements of both networks; it fills itself in"),
                ),
            ),
            closed=True,
        ),
        _CONFIRMED,
    ),
    "resource": (
        Section(
            noted("What"),
            (
                Texts(fields=(_TITLES, _DESCRIPTION)),
                Choice(name="type", label=noted("Kind of resource"), vocabulary=RESOURCE_TYPES),
                Line(name="url", label=noted("Address"), hint=noted("Where it can be read, seen or joined")),
                Line(name="date", label=noted("Date"), hint=_DATE_HINT),
                Named(name="language", label=noted("Language"), of="language", many=False),
                _THEMES,
            ),
        ),
        _CONFIRMED,
    ),
    "network": (
        Section(
            noted("The network in its own words"),
            (
                Texts(fields=(_NAMES, _DESCRIPTION)),
                _WEBSITE,
                Lines(
                    name="emails",
                    label=noted("E-mail addresses of its office"),
                    hint=noted("Everybody reads them, and writes there when an entry is wrong. One a line."),
                ),
                _LANGUAGES,
                Named(
                    name="countries",
                    label=noted("Countries and regions it works in"),
                    hint=_TERRITORIES_HINT,
                    of="country",
                ),
                Line(
                    name="confirm_within_days",
                    label=noted("Days for which a confirmation holds"),
                    hint=noted("After so many days an entry counts as out of date, everywhere; usually 365"),
                    type="number",
                ),
            ),
        ),
        _CONFIRMED,
    ),
}
"""What each kind's form asks, in order. A test holds it to the fields of the record types."""


class Form(NamedTuple):
    """A form to be drawn: its sections, what its inputs hold, and what is wrong, by name of the widget.

    `blank` rows or languages follow what is filled in of the widget `more` was asked of.
    """

    kind: str
    sections: tuple[Section, ...]
    sent: Sent
    errors: Mapping[str, ListingError]
    context: Context
    more: str = ""

    def value(self, name: str) -> str:
        return (self.sent.get(name) or [""])[0]

    def values(self, name: str) -> list[str]:
        return self.sent.get(name, [])

    def rows(self, name: str, blank: int = 1) -> list[int]:
        """The numbers of the rows to draw: those filled in, and blank ones after them."""
        filled = indexes(self.sent, name)
        after = filled[-1] + 1 if filled else 0
        blanks = (3 if name != "texts" else 1) if self.more == name else blank
        return [*filled, *range(after, after + blanks)]

    def looked_up(self, widget: Twins, at: int) -> list[tuple[str, str]]:
        """What the directory offers for one of two names: when it was asked for, or a name is not clear, or one of them
        was picked before."""
        pick = self.value(f"{widget.name}.{at}.pick")
        if self.more != widget.name and self.error(widget) is None and not pick:
            return []
        return widget.offered(self.value(f"{widget.name}.{at}.name"), pick, self.context)

    def error(self, widget: Widget) -> ListingError | None:
        return next((self.errors[name] for name in (widget.name, *widget.covers) if name in self.errors), None)

    def wrong(self) -> Iterator[tuple[Widget, ListingError]]:
        """What is wrong, in the order of the form."""
        for widget in widgets(self.sections):
            if error := self.error(widget):
                yield widget, error

    @property
    def elsewhere(self) -> list[ListingError]:
        """What is wrong with fields that the form does not show."""
        shown = {name for widget in widgets(self.sections) for name in (widget.name, *widget.covers)}
        return [error for name, error in self.errors.items() if name not in shown]

    def is_filled(self, section: Section) -> bool:
        return any(part_of(self.sent, one) for one in section.widgets)

    def every(self) -> list[tuple[str, str]]:
        """How often an event may come again, in words."""
        return [(code, _(text)) for code, text in EVERY.items()]

    def offers(self) -> Iterator[tuple[str, list[str]]]:
        """Lists of what may be written into the inputs that ask for one of them, by the end of their id."""
        shown = list(widgets(self.sections))
        parts = [part for one in shown if isinstance(one, Parts | Rows) for part in one.parts]
        asked = {part.offers() for part in parts} | {
            one.offers for one in shown if isinstance(one, Line | Named | Original)
        }
        if "country" in asked:
            yield "country", _countries(self.context.language)
        if "language" in asked or any(isinstance(one, Texts) for one in shown):
            yield "language", _languages(self.context.language)
        if any(isinstance(one, When) for one in shown):
            yield "zone", ZONES
        kinds = [one.kinds for one in shown if isinstance(one, Parties)] + [PARTIES] * ("party" in asked)
        kinds += [_ORGANIZATION for one in shown if isinstance(one, Twins)]
        for some in dict.fromkeys(kinds):
            yield "-".join(some), [name for _handle, name in self.context.known.offered(some)[:MOST_OFFERED]]


def sections(kind: str, but: Collection[str] = (), only: Collection[str] = ()) -> tuple[Section, ...]:
    """The sections of a kind without the fields `but`, or with none beside `only`."""
    found = []
    for section in FIELDS[kind]:
        kept = tuple(
            widget for widget in section.widgets
            if not but or not set(widget.covers) <= set(but)
            if not only or set(widget.covers) & set(only)
        )  # fmt: skip
        if kept:
            found.append(section._replace(widgets=kept))
    return tuple(found)


def widgets(found: tuple[Section, ...]) -> Iterator[Widget]:
    for section in found:
        yield from section.widgets


def filled(kind: str, fields: Fields, context: Context) -> Sent:
    """The inputs of a record's form, as they are sent back when nobody touches them."""
    found: Sent = {}
    for widget in widgets(FIELDS[kind]):
        found |= widget.filled(fields, context)
    return found


def form(
    kind: str,
    fields: Fields,
    context: Context,
    *,
    asked: Sent | None = None,
    errors: Mapping[str, ListingError] | None = None,
    more: str = "",
    but: Collection[str] = (),
    only: Collection[str] = (),
) -> Form:
    """The form of a record, or as it was `asked` when something is wrong with it."""
    sent = filled(kind, fields, context) if asked is None else asked
    return Form(kind, sections(kind, but, only), sent, errors or {}, context, more)


def read(
    kind: str, asked: Sent, before: Fields, context: Context, *, but: Collection[str] = (), only: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, ListingError]]:
    """The fields of the record, and what the form itself could not read of them, by name of the widget."""
    found, errors = {**before, "kind": kind}, {}
    for widget in widgets(sections(kind, but, only)):
        sent = part_of(asked, widget)
        if same(sent, widget.filled(before, context)) and not _follows(widget, found, before):
            continue
        try:
            found |= widget.read(sent, found if isinstance(widget, Repeats) else before, context)
        except ListingError as error:
            errors[widget.name] = error
    return {name: value for name, value in found.items() if value is not None}, errors


def _follows(widget: Widget, found: Fields, before: Fields) -> bool:
    """Whether a field that nobody touched means something else now: the end of a rule stands in the event's zone."""
    return isinstance(widget, Repeats) and any(found.get(name) != before.get(name) for name in When().covers)


def checked(fields: Mapping[str, Any]) -> dict[str, ListingError]:
    """All that is wrong with single fields; what only shows in the whole is found when it is saved."""
    errors: dict[str, ListingError] = {}
    for name, rule in RULES[fields["kind"]].items():
        try:
            if fields.get(name) is not None:
                rule(fields[name], name)
        except ListingError as error:
            errors[name] = error
    required = [field.name for field in msgspec.structs.fields(KINDS[fields["kind"]]) if field.required]
    for name in required:
        if not fields.get(name):
            errors.setdefault(name, ListingError(name, None, f"is missing: every {fields['kind']} has one"))
    return errors


def said(kind: str, fields: Fields, context: Context) -> list[Said]:
    """What a record says, in words, in the order of its form; then what the form does not know."""
    if kind not in FIELDS:
        return _unknown(fields, {"kind"})
    found = [one for widget in widgets(FIELDS[kind]) for one in widget.said(fields, context)]
    known = {name for widget in widgets(FIELDS[kind]) for name in widget.covers}
    return [*found, *_unknown(fields, known | {"kind"})]


def _unknown(fields: Fields, known: set[str]) -> list[Said]:
    return [Said(name, None, msgspec.json.encode(fields[name]).decode()) for name in fields.keys() - known]


def new(context: Context, kind: str) -> Sent:
    """A form before anybody has written in it: the first language is the reader's own, and the original."""
    sent: Sent = {}
    for widget in widgets(FIELDS[kind]):
        if isinstance(widget, Texts):
            sent |= {"texts.0.language": [languages.name(context.language, context.language)], "original": ["0"]}
        elif isinstance(widget, When):
            sent |= {"when.zone": [context.zone]}
    return sent


@cache
def _countries(language: str) -> list[str]:
    return sorted((places.name(code, language) for code in places.codes()), key=show.sort_key)


@cache
def _languages(language: str) -> list[str]:
    """Languages to choose from while one types: those in which terms are recognised, and those that matter here."""
    tags = dict.fromkeys([*(tag.replace("_", "-") for tag in LOCALES), *languages.MET])
    return sorted({languages.name(tag, language) for tag in tags}, key=show.sort_key)


__all__ = ["FIELDS", "Form", "Section", "checked", "filled", "first", "form", "new", "read", "said", "sections"]
