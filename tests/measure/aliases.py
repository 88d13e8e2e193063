"""How well organisations are matched, on names that nobody here made up: `python -m tests.measure.aliases`.

Data: `hdx-name-aliases.csv` (OCHA-DAP/hdx-scraper-operationalpresence). A row is one way in which somebody wrote an
organisation, with the canonical name that OCHA's staff gave it. Two rows are a true pair when `Normalised Name`, the
folded canonical name, is the same.

A row becomes a record, as if a network of its own listed it: `Lookup` is its only name, `Acronym` its acronym,
`Country Code` the country it serves (not its seat: the file says where the name was met), `Type Code` its type. No row
has an address, telephone or register number. Mind that `Acronym` is that of the canonical organisation, copied to all
its rows, and hence close to the answer; so everything is measured a second time without it (`names`), where a row has a
short form only if the name itself spells one.

Usable signals of a pair: the same short form, or the same name once folded. A name that is merely like another is none.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from fednet.listing import Organization, likeness, places, signals
from fednet.listing.likeness import Level, Reason
from fednet.listing.signals import Signals

FILE = Path(__file__).parents[2].parent / "shared/data/organisations/hdx-name-aliases.csv"


class Row(NamedTuple):
    """One way of writing an organisation; `truth` is the folded canonical name."""

    name: str
    truth: str
    found: Signals


class Counts(NamedTuple):
    """Pairs of a set of rows: all true ones, those with a usable signal, and of each level how many, and how many true.

    `reached` counts true pairs with a usable signal that are joined or suggested.
    """

    true: int
    usable: int
    reached: int
    joined: int
    joined_true: int
    suggested: int
    suggested_true: int

    @property
    def precision(self) -> float:
        return self.joined_true / self.joined if self.joined else 1.0

    @property
    def recall(self) -> float:
        """Of joined and suggested together, among true pairs that share a usable signal."""
        return self.reached / self.usable if self.usable else 1.0

    @property
    def overall(self) -> tuple[float, float]:
        """Precision and recall of joined and suggested together, among all pairs."""
        return (
            (self.joined_true + self.suggested_true) / max(1, self.joined + self.suggested),
            (self.joined_true + self.suggested_true) / max(1, self.true),
        )


def rows(file: Path = FILE, *, acronyms: bool = True) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as opened:
        return [_row(row, acronyms) for row in csv.DictReader(opened) if row["Lookup"].strip()]


def _row(row: dict[str, str], acronyms: bool) -> Row:
    country = places.country_code(row["Country Code"]) if row["Country Code"] else None
    listed = Organization(
        names={"und": row["Lookup"]},
        acronym=row["Acronym"] if acronyms else "",
        countries=(country,) if country else (),
        type=row["Type Code"] or None,  # of OCHA's own list, finer than ours
    )
    return Row(row["Lookup"], row["Normalised Name"], signals.signals(listed))


def half(row: Row) -> str:
    """The half that a canonical name belongs to: rules were made looking at `tuned` alone."""
    return "tuned" if sha256(row.truth.encode()).digest()[0] % 2 else "held out"


def levels(among: list[Row]) -> Iterator[tuple[Row, Row, int, Level]]:
    """Every pair that shares a word, as the directory finds them, with reasons and what follows."""
    bearing = defaultdict(list)
    for at, row in enumerate(among):
        for word in signals.words(row.found):
            bearing[word].append(at)
    met = {pair for ats in bearing.values() for pair in combinations(ats, 2)}
    for one, other in sorted(met):
        reasons = likeness.compared(among[one].found, among[other].found)
        yield among[one], among[other], reasons, likeness.level(reasons)


def counts(among: list[Row]) -> Counts:
    sizes = defaultdict(int)
    for row in among:
        sizes[row.truth] += 1
    by_level = {level: [0, 0] for level in Level}
    usable = reached = 0
    for one, other, reasons, level in levels(among):
        same = one.truth == other.truth
        by_level[level][0] += 1
        by_level[level][1] += same
        if same and reasons & (Reason.ACRONYM | Reason.NAME):
            usable += 1
            reached += level is not Level.APART
    true = sum(size * (size - 1) // 2 for size in sizes.values())
    return Counts(true, usable, reached, *by_level[Level.JOINED], *by_level[Level.SUGGESTED])


def table(parts: Iterable[tuple[str, Counts]]) -> Iterator[str]:
    yield (
        "| rows | true pairs | with a usable signal | joined | precision of joined | joined or suggested, of usable | "
        "suggested | of them true | both together: precision / recall of all |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, found in parts:
        precision, recall = found.overall
        yield (
            f"| {name} | {found.true} | {found.usable} | {found.joined} | {found.precision:.3f} | {found.recall:.3f} "
            f"| {found.suggested} | {found.suggested_true} | {precision:.2f} / {recall:.2f} |"
        )


def measured() -> Iterator[tuple[str, Counts]]:
    for what, given in (("with acronym", True), ("names alone", False)):
        everything = rows(acronyms=given)
        for part in ("tuned", "held out"):
            yield f"{what}, {part}", counts([row for row in everything if half(row) == part])
        yield f"{what}, all", counts(everything)


def main(arguments: Sequence[str]) -> None:
    """`--false` lists what is joined and should not be, of the half that rules were made on; `--all-false` of all."""
    if not FILE.exists():
        sys.exit(f"no {FILE.name} in ../shared/data")
    print("\n".join(table(measured())))
    if wanted := {"--false", "--all-false"} & set(arguments):
        shown = [row for row in rows() if "--all-false" in wanted or half(row) == "tuned"]
        for one, other, reasons, level in levels(shown):
            if level is Level.JOINED and one.truth != other.truth:
                print(f"{one.name} / {other.name}: {', '.join(likeness.in_words(reasons))}")


if __name__ == "__main__":
    main(sys.argv[1:])
