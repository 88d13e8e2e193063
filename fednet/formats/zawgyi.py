"""Burmese that was typed in Zawgyi, a font that gave the letters of Unicode other meanings: found, and converted.

A short cell in Zawgyi may pass for Unicode. So what is doubtful follows the rest of its column, and what is certain is
judged by itself: in one column both occur, where rows came from different people.
"""

from __future__ import annotations

import re

import msgspec

from fednet.formats.reading import shown
from fednet.formats.table import Row, Sheet

_MYANMAR = re.compile("[\u1000-\u109f]")


def in_unicode(sheet: Sheet) -> Sheet:
    """The sheet with its Zawgyi cells converted; `raw` holds what they were, and a note says how many there are."""
    cells = {(row.line, at): text for row in sheet.rows for at, text in enumerate(row.cells) if _MYANMAR.search(text)}
    if not cells:
        return sheet
    from fednet.listing import zawgyi  # its model is a megabyte, and most files hold no Burmese

    by_column: dict[int, list[str]] = {}
    for (_, at), text in cells.items():
        by_column.setdefault(at, []).append(text)
    mostly = {at: zawgyi.is_zawgyi("\n".join(texts)) for at, texts in by_column.items()}
    converted: dict[tuple[int, int], str] = {}
    for place, text in cells.items():
        if zawgyi.is_zawgyi(text) or (mostly[place[1]] and zawgyi.probability(text) > zawgyi.DOUBTFUL):
            converted[place] = zawgyi.to_unicode(text)
    changed = {place: text for place, text in converted.items() if text != cells[place]}
    if not changed:
        return sheet
    (line, at), after = next(iter(changed.items()))
    counted = "1 cell was" if len(changed) == 1 else f"{len(changed):,} cells were"
    note = (
        f"{counted} typed in Zawgyi and converted to Unicode: line {line}: "
        f"{shown(cells[line, at], 40)!r} became {shown(after, 40)!r}; --keep-zawgyi leaves them as they are"
    )
    rows = [
        Row(row.line, [changed.get((row.line, at), text) for at, text in enumerate(row.cells)]) for row in sheet.rows
    ]
    raw = sheet.raw | {place: cells[place] for place in changed}
    return msgspec.structs.replace(sheet, rows=rows, raw=raw, notes=[*sheet.notes, note])
