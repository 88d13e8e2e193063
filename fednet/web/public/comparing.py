"""The card of an organisation made ready for its page: fields as rows, with the sides that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from fednet.directory.cards import Card, Related, Said, Statement
from fednet.directory.freshness import State
from fednet.directory.library import roles_on
from fednet.directory.search import Hit
from fednet.listing import Membership, Organization
from fednet.listing.differences import Compared
from fednet.listing.group import Role
from fednet.web import show
from fednet.web.show import Text
from fednet.web.translation import gettext as _
from fednet.web.translation import noted

MAX_SIDES = 6
"""Statements shown on a page; the API gives all."""
MOST = 10
"""Contacts, groups, events, needs and offers shown on a page, of each."""
TAGS = 60
LEAST_TAGS = 5
"""Codes of one field shown on a page, over all sides."""

LABELS = {
    "names": noted("Names"),
    "acronym": noted("Acronym"),
    "description": noted("Description"),
    "type": noted("Kind"),
    "refugee_led": noted("Refugee-led"),
    "seat": noted("Seat"),
    "services": noted("Services"),
    "client_groups": noted("For whom"),
    "countries": noted("Works in"),
    "languages": noted("Languages spoken"),
    "website": noted("Website"),
    "former_names": noted("Formerly"),
    "identifiers": noted("Registered as"),
}
IN_THE_HEAD = frozenset({"names", "acronym"})
"""Fields that the head of the page shows, unless they contradict each other; of one statement, its description too."""


class Side(NamedTuple):
    """What one network says in a field."""

    name: str
    values: list[Any]


class Row(NamedTuple):
    """A field: `sides` where they differ, else `values` taken together; `by` names who says it, unless all do.

    Of codes at most `most` are shown.
    """

    name: str
    label: str
    differs: bool
    sides: list[Side]
    values: list[Any]
    by: list[str]
    most: int = TAGS


class Standing(NamedTuple):
    """One statement in the strip above the fields."""

    hit: Hit
    record: Organization
    state: State
    days: int
    asked: bool


class Member(NamedTuple):
    """What kind of member it is, of which network."""

    name: str
    membership: Membership


class Because(NamedTuple):
    """Why two statements are one organisation: the networks' names, what they have in common, who said so."""

    one: str
    other: str
    reasons: tuple[str, ...]
    same: tuple[str, ...]
    different: tuple[str, ...]


def rows(card: Card) -> list[Row]:
    """The fields in which anything is said, but for those that the head of the page shows."""
    statements = card.statements[:MAX_SIDES]
    apart = IN_THE_HEAD if len(statements) > 1 else IN_THE_HEAD | {"description"}
    return [
        _row(field, statements)
        for field in card.fields
        if field.name in LABELS and (field.differs or field.name not in apart)
    ]


def _row(field: Compared, statements: Sequence[Statement]) -> Row:
    share = max(1, len(statements))
    shown = _shown(field.name, share)
    sides = [
        Side(statement.hit.network_name, shown([said.value for said in field.said if at in said.by]))
        for at, statement in enumerate(statements)
    ]
    everybody = {at for said in field.said for at in said.by if at < len(statements)}
    by = [] if len(everybody) == len(statements) else [statements[at].hit.network_name for at in sorted(everybody)[:3]]
    values = _shown(field.name, 1)([said.value for said in field.said])
    differs = sum(at < len(statements) for at in field.differs) > 1
    most = max(LEAST_TAGS, TAGS // 2 // share) if differs else TAGS
    return Row(field.name, _(LABELS[field.name]), differs, sides, values, by, most)


def _shown(name: str, share: int) -> Callable[[list[Any]], list[Any]]:
    """How the values of a field are cut to what a page may take, as one of so many sides."""
    match name:
        case "names":
            return lambda values: show.within(_texts(values), _share(show.PAGE_NAMES, share))
        case "description":
            return lambda values: show.within(_texts(values), _share(show.PAGE_TEXT, share))
        case "former_names" | "identifiers":
            return lambda values: values[: max(2, 12 // share)]
        case _:
            return lambda values: values


def _share(size: int, sides: int) -> int:
    """Bytes for one of so many sides: the head and the strip take some as well, where there are several."""
    return size if sides == 1 else size * 2 // 3 // sides


def _texts(values: list[tuple[str, str]]) -> list[Text]:
    """Those in the reader's language first, the others as they come."""
    return [Text(tag, text) for tag, text in sorted(values, key=lambda one: show.is_foreign(one[0]))]


def strip(card: Card) -> list[Standing]:
    """The statements, newest confirmation first."""
    return [
        Standing(one.hit, one.record, one.state, one.days, at == card.asked)
        for at, one in enumerate(card.statements[:MAX_SIDES])
    ]


def names(card: Card) -> list[Text]:
    """All that it is called: as the statement asked for has it, then what others add in further languages."""
    texts = dict(card.statements[card.asked].record.names)
    for statement in card.statements:
        for tag, text in statement.record.names.items():
            texts.setdefault(tag, text)
    found = show.in_order(texts, card.statements[card.asked].record.original)
    return show.within(show.distinct(found), show.PAGE_NAMES)


def members(card: Card) -> list[Member]:
    return [
        Member(one.hit.network_name, one.record.membership)
        for one in card.statements[:MAX_SIDES]
        if one.record.membership is not None
    ]


def offices(card: Card, today: date) -> list[tuple[Related, list[Role]]]:
    """The groups in which it holds a role today, with these roles."""
    handles = {one.hit.handle for one in card.statements}
    held = ((one, roles_on(getattr(one.record, "roles", ()), today).now) for one in card.offices[:MOST])
    found = [(one, [role for role in roles if role.holder in handles]) for one, roles in held]
    return [(one, roles) for one, roles in found if roles]


def because(card: Card) -> Iterator[Because]:
    """The reasons for every two statements that have any, as far as they are shown."""
    names = [one.hit.network_name for one in card.statements]
    for one in card.why:
        if max(one.one, one.other) < MAX_SIDES:
            first, second = (_called(card, names, at) for at in (one.one, one.other))
            yield Because(first, second, one.reasons, one.same, one.different)


def _called(card: Card, names: list[str], at: int) -> str:
    """A statement by its network, and by its handle too where that network has several on the card."""
    return names[at] if names.count(names[at]) == 1 else f"{names[at]} ({card.statements[at].hit.handle[:8]})"


def apart(card: Card) -> list[Said]:
    """What networks hold that the reasons above do not say: of another record, or what does not count here."""
    on_it = {(one.hit.network, one.hit.handle) for one in card.statements}
    told = {name for why in card.why for name in (*why.same, *why.different)}
    return [one for one in card.opinions if not (on_it >= set(one.subjects) and one.network_name in told)]
