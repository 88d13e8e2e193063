"""Questions to the exchange beside the one that was asked: its filters to set and to take off, and further pages.

As `choices` for the search; where a question was asked by POST, its page offers these as buttons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fednet.directory.exchange import Asked, Page
from fednet.listing.vocabulary import MODALITIES
from fednet.web import show
from fednet.web.public.choices import CHOICE, FACET_BYTES, MAX_FACET_VALUES, Choice, Facet, Pairs, question
from fednet.web.translation import gettext as _
from fednet.web.translation import noted, pgettext, speaking

MAX_ENTRIES = 15
"""Entries on one page of the list."""

STATES = {
    "open": noted("Open"),
    "introduced": noted("In touch"),
    "matched": noted("Agreed"),
    "over": noted("Its day has passed"),
    "closed": noted("Closed"),
}
"""What the states of entries are called."""

FACETS = {
    "type": noted("What"),
    "service": noted("Themes"),
    "client_group": noted("For whom"),
    "modality": noted("Kind of exchange"),
    "region": noted("Regions"),
    "country": noted("Countries"),
    "language": noted("Languages"),
    "stage": noted("Country of resettlement"),
    "network": noted("Listed by"),
    "state": noted("State"),
}
"""Filters beside the entries, in the order shown, with their headings."""


def type_(code: str) -> str:
    """What several entries of a type are called."""
    named = {"need": _("Needs"), "offer": _("Offers"), "funding": pgettext("sources of money", "Funding")}
    return named.get(code) or show.term(code)


def state(code: str) -> str:
    return _(STATES[code]) if code in STATES else show.term(code)


CALLED: dict[str, Callable[[str], str]] = {
    "type": type_,
    "service": show.term,
    "client_group": show.term,
    "modality": lambda code: MODALITIES.name(code, speaking()),
    "region": show.country,
    "country": show.country,
    "language": show.language,
    "stage": show.term,
    "network": str,
    "state": lambda code: _("Also what is over") if code == "all" else state(code),
    "unmet": lambda _given: _("Needs that nobody meets yet"),
}
"""What the code of each filter is called."""


def pairs(asked: Asked) -> Pairs:
    """The parameters of a question, without its cursor: what `parse_asked` reads back."""
    values = {
        "text": (asked.text,),
        "type": asked.types,
        "service": asked.services,
        "client_group": asked.client_groups,
        "modality": asked.modalities,
        "region": asked.regions,
        "country": asked.countries,
        "language": asked.languages,
        "stage": asked.stages,
        "network": asked.networks,
        "state": () if asked.state == "open" else (asked.state,),
        "unmet": ("yes",) if asked.unmet else (),
        "limit": (str(asked.limit),) if asked.limit != MAX_ENTRIES else (),
    }
    return [(name, value) for name, given in values.items() for value in given if value]


def facets(page: Page, asked: Asked, networks: Mapping[str, str]) -> list[Facet]:
    """What narrows the entries, for each facet that is not chosen yet and tells them apart."""
    given = pairs(asked)
    chosen = {name for name, _value in given}
    most = min(MAX_FACET_VALUES, FACET_BYTES // (CHOICE + len(question(given))) // len(FACETS))
    found = []
    for name, label in FACETS.items():
        counts = [one for one in page.facets.get(name, {}).items() if one[0]][:most]
        if name == "state" and asked.state == "all":
            rest = [one for one in given if one[0] != "state"]
        elif name in chosen or name == "state":
            continue
        else:
            rest = given
        if not counts or counts == [(counts[0][0], page.total)]:
            continue
        values = [
            Choice(called(name, code, networks), count, question([*rest, (name, code)])) for code, count in counts
        ]
        found.append(Facet(name, _(label), values))
    return found


def chosen(asked: Asked, networks: Mapping[str, str]) -> list[Choice]:
    """The filters that are set, as questions without them."""
    given = pairs(asked)
    return [
        Choice(called(name, value, networks), 0, question([one for one in given if one != (name, value)]))
        for name, value in given
        if name in CALLED
    ]


def called(name: str, code: str, networks: Mapping[str, str]) -> str:
    return networks.get(code) or CALLED[name](code)


def states(asked: Asked) -> list[Choice]:
    """What is open, what nobody meets, and all that there ever was."""
    given = [one for one in pairs(asked) if one[0] not in ("state", "unmet")]
    return [
        Choice(_("Open"), 0, question(given), asked.state == "open" and not asked.unmet),
        Choice(_("Needs that nobody meets yet"), 0, question([*given, ("unmet", "yes")]), asked.unmet),
        Choice(
            _("Also what is over"), 0, question([*given, ("state", "all")]), asked.state == "all" and not asked.unmet
        ),
    ]
