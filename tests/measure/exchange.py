"""How often what fits a need best is what a careful person would choose, beside plain text search.

`exchange.jsonl` holds fictitious needs, offers and sources of funding, written from what the founding documents name:
NGOs and states, traditional, new and emerging countries, in several languages and scripts, short and vague as people
write them, with fields missing, and others that share words with them but not the sense. `expected` (of a need) are the
ids that should come first, written before any rule was; none where nothing fits. Rules are made looking at one half of
the needs alone.

    python -m tests.measure.exchange
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fednet.directory.exchange import entries, matches, parse_asked
from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, search
from fednet.listing.features import words
from fednet.store import columns
from tests.directory.world import NOW, World

LABELLED = Path(__file__).with_name("exchange.jsonl")
TOP = 3


class Labelled(NamedTuple):
    id: str
    fields: dict[str, Any]
    expected: tuple[str, ...]

    @property
    def is_need(self) -> bool:
        return bool(self.fields["type"] == "need")

    @property
    def is_tuned(self) -> bool:
        return sha256(self.id.encode()).digest()[0] % 2 == 0

    @property
    def texts(self) -> list[str]:
        return [*self.fields["titles"].values(), *self.fields.get("description", {}).values()]


def labelled() -> list[Labelled]:
    rows = map(msgspec.json.decode, LABELLED.read_bytes().splitlines())
    return [Labelled(row.pop("id"), row, tuple(row.pop("expected", ()))) for row in rows]


Answers = dict[str, list[str]]
"""By the id of a need the ids that are given for it, best first."""


class Node:
    """A node that lists all of them."""

    def __init__(self, folder: Path, rows: Sequence[Labelled]) -> None:
        world = World(folder)
        columns.keep(world.store)
        own = world.network("Labelled", own=True)
        handles = world.lists(own, *(row.fields for row in rows))
        self.store, self.rows = world.store, rows
        self.ids = {handle: row.id for handle, row in zip(handles, rows, strict=True)}
        self.handles = {row.id: handle for handle, row in zip(handles, rows, strict=True)}
        asked = parse_asked(type=["offer", "funding"], limit="1000")
        self.offered = {self.ids[one.hit.handle] for one in entries(world.store, asked, OPERATOR, NOW).entries}

    def by_fit(self) -> Answers:
        """What the node says fits."""
        return {
            need.id: [
                self.ids[one.offer.hit.handle] for one in matches(self.store, self.handles[need.id], OPERATOR, NOW)
            ]
            for need in self.rows
            if need.is_need
        }

    def by_text(self) -> Answers:
        """What the node's search finds for the words of title and description, all of which must be there."""
        return {need.id: self._found(" ".join(need.texts)) for need in self.rows if need.is_need}

    def by_words(self) -> Answers:
        """What it finds for those words one by one, by how many find it: more than anybody would do."""
        answers: Answers = {}
        for need in (row for row in self.rows if row.is_need):
            found = Counter(one for word in dict.fromkeys(words(need.texts).values()) for one in self._found(word))
            answers[need.id] = sorted(found, key=lambda one: (-found[one], one))
        return answers

    def _found(self, text: str) -> list[str]:
        hits = search(self.store, parse_query(text=text, kind="exchange", limit="200"), OPERATOR, NOW, facets=()).hits
        return [self.ids[hit.handle] for hit in hits if self.ids[hit.handle] in self.offered]


class Figures(NamedTuple):
    """How well needs were answered.

    Of those for which something is offered: the share with an expected one among the first `TOP`, the mean of 1/place
    of the first expected one, the share of all expected that are among the first `TOP`. Of the others: for how many
    something is said to fit. And what was missed.
    """

    needs: int
    hits: float
    reciprocal: float
    recall: float
    unoffered: int
    invented: int
    missed: tuple[str, ...]


def figures(rows: Sequence[Labelled], answers: Answers, wanted: Callable[[Labelled], bool]) -> Figures:
    needs = [row for row in rows if row.is_need and wanted(row)]
    offered = [need for need in needs if need.expected]
    places = {need.id: _places(need, answers[need.id]) for need in offered}
    hits = [need.id for need in offered if min(places[need.id], default=TOP) < TOP]
    others = [need.id for need in needs if not need.expected]
    return Figures(
        len(offered),
        len(hits) / len(offered),
        sum(1 / (1 + min(found)) for found in places.values() if found) / len(offered),
        sum(place < TOP for found in places.values() for place in found) / sum(len(one.expected) for one in offered),
        len(others),
        sum(bool(answers[need]) for need in others),
        tuple(need.id for need in offered if need.id not in hits),
    )


def _places(need: Labelled, answer: Sequence[str]) -> list[int]:
    return [answer.index(one) for one in need.expected if one in answer]


HALVES: dict[str, Callable[[Labelled], bool]] = {
    "tuned": lambda row: row.is_tuned,
    "held out": lambda row: not row.is_tuned,
    "all": lambda row: True,
}


def measured(folder: Path) -> dict[tuple[str, str], Figures]:
    """Figures by how it was answered, and half."""
    rows = labelled()
    node = Node(folder, rows)
    answered = {"fits": node.by_fit(), "text search": node.by_text(), "its words one by one": node.by_words()}
    node.store.close()
    return {
        (how, half): figures(rows, answers, wanted)
        for how, answers in answered.items()
        for half, wanted in HALVES.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", action="store_true", help="also which needs of the tuned half were missed")
    with tempfile.TemporaryDirectory(prefix="fednet-measure-") as folder:
        found = measured(Path(folder))
    print("| answered by | half | needs | top-3 hit rate | MRR | expected in top 3 | something for nothing |")
    print("|---|---|---|---|---|---|---|")
    for (how, half), one in found.items():
        said = f"{one.hits:.2f} | {one.reciprocal:.2f} | {one.recall:.2f} | {one.invented} of {one.unoffered}"
        print(f"| {how} | {half} | {one.needs} | {said} |")
    if parser.parse_args().misses:
        print("missed:", ", ".join(found["fits", "tuned"].missed) or "none")


if __name__ == "__main__":
    main()
