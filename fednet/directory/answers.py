"""The two questions of the proposal of 2003, answered from a report in sentences with figures.

Where there are too few figures to say, they say that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fednet.directory.evaluation import Report
from fednet.directory.introduced import Introduced, Networked
from fednet.directory.suppressing import FEWEST, Told
from fednet.listing.vocabulary import THEMES


class Said(msgspec.Struct, frozen=True):
    """A sentence: `SENTENCES[code]`, filled in with counts, codes (`theme`) and years."""

    code: str
    values: dict[str, Any]


NEEDED = "Is there a need for matching needs and offers?"
MET = "Does this way of doing it meet that need?"

SENTENCES = {
    "needs-few": "Needs posted: %(needs)s. That is too few to say anything.",
    "needs": "Of %(needs)s needs posted, %(matched)s had a match and %(unmet)s had none.",
    "offers": "Offers posted: %(offers)s. Sources of funding: %(funding)s.",
    "days": "Days until the first match of a need could be seen, at the median: %(days)s.",
    "theme": "Most needs without a match are about %(theme)s: %(unmet)s of %(needs)s.",
    "none-asked": "No introduction was asked in %(year)s.",
    "introduced": "Of %(asked)s introductions asked in %(year)s, %(accepted)s were accepted.",
    "introduced-partly": "Introductions asked in %(year)s: %(asked)s. Accepted: %(accepted)s.",
    "introduced-least": "Introductions asked in %(year)s: at least %(least)s. Accepted: %(accepted)s.",
    "answered": "Days until an answer came, at the median: %(days)s.",
    "outcomes": "What came of those accepted in %(year)s: met %(met)s, partly %(partly_met)s, not met %(not_met)s.",
    "closed": "Needs closed as met through this exchange, wholly or in part: %(met)s.",
    "closed-none": "No need was closed as met through this exchange.",
    "twinnings": "Twinnings begun: %(begun)s. Ended: %(ended)s.",
    "too-few": "That is too few to say whether this way works.",
    "unknown": "Introductions between other networks are not known here.",
}
"""What a sentence says, in English."""

_WORDS = {"few": "fewer than 5", "many": "5 or more", "untold": "not told"}


def counted(count: Told) -> str:
    """A count in English words."""
    return f"{count:,}" if isinstance(count, int) else _WORDS[count]


def sentence(said: Said) -> str:
    """A sentence in English."""
    values = {
        name: value if name == "year" else counted(value) for name, value in said.values.items() if name != "theme"
    }
    if "theme" in said.values:
        values["theme"] = THEMES.name(said.values["theme"])
    return SENTENCES[said.code] % values


def is_needed(report: Report) -> Iterator[Said]:
    """Is there a need for matching needs and offers?"""
    public, of = report.public, report.public.all
    if of.needs < FEWEST:
        yield Said("needs-few", {"needs": of.needs})
    else:
        yield Said("needs", {"needs": of.needs, "matched": of.matched, "unmet": of.unmet})
    yield Said("offers", {"offers": of.offers, "funding": of.funding})
    if public.days is not None:
        yield Said("days", {"days": public.days})
    worst = next((row for row in public.themes if row.code and row.unmet > 1), None)
    if worst is not None:
        yield Said("theme", {"theme": worst.code, "unmet": worst.unmet, "needs": worst.needs})


def is_met(report: Report) -> Iterator[Said]:
    """Does this way of doing it meet that need?"""
    public = report.public
    told = [said for year in report.introduced for said in _of_year(year, report.network)]
    yield from told
    yield Said("closed", {"met": public.met}) if public.met else Said("closed-none", {})
    if public.begun or public.ended:
        yield Said("twinnings", {"begun": public.begun, "ended": public.ended})
    if public.met < FEWEST and not any(said.code in ("introduced", "introduced-least") for said in told):
        yield Said("too-few", {})
    yield Said("unknown", {})


def _of_year(year: Introduced, only: tuple[str, str] | None) -> Iterator[Said]:
    if only is not None:
        of = year.networks.get(only[0], Networked("untold", "untold"))
        yield _asked(year.year, of.asked, of.accepted, None)
        return
    yield _asked(year.year, year.asked, year.answers["accepted"], _least(year))
    if year.days is not None:
        yield Said("answered", {"days": year.days})
    of_those = year.outcomes
    if any(count not in (0, "few", "untold") for count in of_those.values()):
        counts = {name.replace("-", "_"): of_those[name] for name in ("met", "partly-met", "not-met")}
        yield Said("outcomes", {"year": year.year, **counts})


def _asked(year: int, asked: Told, accepted: Told, least: int | None) -> Said:
    if asked == 0:
        return Said("none-asked", {"year": year})
    if isinstance(asked, int) and isinstance(accepted, int):
        return Said("introduced", {"year": year, "asked": asked, "accepted": accepted})
    if asked == "untold" and isinstance(accepted, int) and least is not None:
        return Said("introduced-least", {"year": year, "least": least, "accepted": accepted})
    return Said("introduced-partly", {"year": year, "asked": asked, "accepted": accepted})


def _least(year: Introduced) -> int:
    """How many were asked at least, by what is told of the answers."""
    return sum(count if isinstance(count, int) else 1 for count in year.answers.values())
