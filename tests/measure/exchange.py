"""How often what fits a need best is what a careful person would choose, beside plain text search.

`exchange.jsonl` holds fictitious needs, offers and sources of funding, written from what the founding documents name:
NGOs and states, traditional, new and emerging countries, in several languages and scripts, short and vague as people
write them, with fields missing. `expected` (of a need) are the ids that should come first; they were written before any
rule was tuned. Rules were made looking at the half `tuned`; the half `held out` was not looked at.

    python -m tests.measure.exchange
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fednet import listing
from fednet.directory.search import OPERATOR, parse_query, search
from fednet.listing import Exchange
from fednet.listing.fit import LEAST, compared, features
from fednet.listing.naming import key

LABELLED = Path(__file__).with_name("exchange.jsonl")
TOP = 3


class Labelled(NamedTuple):
    id: str
    fields: dict[str, Any]
    expected: tuple[str, ...]

    @property
    def record(self) -> Exchange:
        parsed = listing.parse(listing.encode(self.fields))
        if not isinstance(parsed, Exchange):
            raise ValueError(f"{self.id} is no entry of the exchange")
        return parsed

    @property
    def is_tuned(self) -> bool:
        return sha256(self.id.encode()).digest()[0] % 2 == 0


class Figures(NamedTuple):
    """Of the needs for which something is offered: the share with an expected one among the first three, the mean of
    1/place of the first expected one, the share of all expected that are among the first three, and what was missed."""

    needs: int
    hits: float
    reciprocal: float
    recall: float
    missed: tuple[str, ...]


def labelled() -> list[Labelled]:
    rows = map(msgspec.json.decode, LABELLED.read_bytes().splitlines())
    return [Labelled(row.pop("id"), row, tuple(row.pop("expected", ()))) for row in rows]


Answers = dict[str, list[str]]
"""By the id of a need the ids that are given for it, best first."""


def by_fit(rows: Sequence[Labelled]) -> Answers:
    known = {row.id: features(row.record) for row in rows}
    answers: Answers = {}
    for need in (row for row in rows if row.fields["type"] == "need"):
        found = {row.id: fit.score for row in rows if (fit := compared(known[need.id], known[row.id]))}
        answers[need.id] = sorted(found, key=lambda one: (-found[one], one))
    return answers


def figures(rows: Sequence[Labelled], answers: Answers, wanted: Callable[[Labelled], bool]) -> Figures:
    needs = [row for row in rows if row.expected and wanted(row)]
    places = {
        need.id: [answers[need.id].index(one) for one in need.expected if one in answers[need.id]] for need in needs
    }
    hits = [need.id for need in needs if any(place < TOP for place in places[need.id])]
    first = sum(1 / (1 + min(found)) for found in places.values() if found)
    held = sum(place < TOP for found in places.values() for place in found)
    missed = tuple(need.id for need in needs if need.id not in hits)
    expected = sum(len(need.expected) for need in needs)
    return Figures(len(needs), len(hits) / len(needs), first / len(needs), held / expected, missed)
