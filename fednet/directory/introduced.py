"""The introductions of a year as they may be told: small counts are not, nor what would give them away.

An introduction belongs to the year in which it was asked, whatever became of it later, so that years have nothing in
common; all that a report says of introductions is taken from these tables. The rules are those of
`fednet.directory.suppressing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from statistics import median_low

import msgspec

from fednet.directory.suppressing import Told, alone, has_few, parts, within
from fednet.store.introductions import Figure

ANSWERS = ("accepted", "declined", "taken-back", "unanswered")
OUTCOMES = ("met", "partly-met", "not-met", "not-told")


class Networked(msgspec.Struct, frozen=True):
    """Introductions with one network: asked, whoever asked whom, and accepted."""

    asked: Told
    accepted: Told


class Introduced(msgspec.Struct, frozen=True):
    """The introductions that were asked in a year, as they stand. `outcomes` are those of the accepted ones, `days` is
    the median until an answer came."""

    year: int
    asked: Told
    answers: dict[str, Told]
    outcomes: dict[str, Told]
    days: int | None
    networks: dict[str, Networked]


def by_year(figures: Iterable[Figure], known: Iterable[str], years: Collection[int]) -> Iterable[Introduced]:
    """What may be told of each of these years; `known` are the networks with which there may be introductions."""
    asked: dict[int, list[Figure]] = {year: [] for year in years}
    for one in figures:
        year = int(one.asked_at[:4])
        if year in asked:
            asked[year].append(one)
    for year, those in asked.items():
        yield introduced(year, those, dict.fromkeys([*known, *(one.network for one in those)]))


def introduced(year: int, figures: Sequence[Figure], networks: Iterable[str]) -> Introduced:
    """What may be told of the introductions that were asked in a year, with `networks`: all with which there might be
    any, lest it tells something that one is missing."""
    answers = Counter(map(answer_of, figures))
    whole = parts({name: answers[name] for name in ANSWERS})
    accepted = whole.of["accepted"]
    outcomes = Counter(map(_outcome_of, (one for one in figures if answer_of(one) == "accepted")))
    return Introduced(
        year=year,
        asked=whole.total,
        answers=whole.of,
        outcomes=alone(accepted, {name: outcomes[name] for name in OUTCOMES}),
        days=median(_answered_after(figures)) if isinstance(accepted, int) and accepted else None,
        networks=_by_network(whole.total, accepted, figures, networks),
    )


def _by_network(
    asked: Told, accepted: Told, figures: Sequence[Figure], networks: Iterable[str]
) -> dict[str, Networked]:
    """How many were accepted is told of all networks or of none: rows and columns together tell too much."""
    counts = {network: Counter[bool]() for network in networks}
    for one in figures:
        counts[one.network][answer_of(one) == "accepted"] += 1
    rows = within(asked, {network: count[True] + count[False] for network, count in counts.items()})
    cells = (count[said] for count in counts.values() for said in (True, False))
    whole = isinstance(asked, int) and isinstance(accepted, int) and not has_few(cells)
    return {network: Networked(rows[network], count[True] if whole else "untold") for network, count in counts.items()}


def answer_of(figure: Figure) -> str:
    """One of ANSWERS: what was said last, or that it was taken back before anything was said."""
    return figure.answer or ("taken-back" if figure.state == "taken-back" else "unanswered")


def _outcome_of(figure: Figure) -> str:
    return figure.outcome if figure.outcome in OUTCOMES else "not-told"


def _answered_after(figures: Iterable[Figure]) -> list[int]:
    """Days until each answer."""
    moments = [(one.asked_at, one.answered_at) for one in figures]
    return [
        max(0, (datetime.fromisoformat(answered) - datetime.fromisoformat(asked)).days)
        for asked, answered in moments
        if answered
    ]


def median(values: Collection[int]) -> int | None:
    """One of the values, the lower of two in the middle; None of none."""
    return median_low(values) if values else None
