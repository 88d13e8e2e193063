"""The figures of docs/matching.md hold, where the real file is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measure.aliases import FILE, counts, half, main, rows

HERE = pytest.mark.skipif(not FILE.exists(), reason="the real file is not on this machine")

SMALL = """Country Code,Lookup,Canonical Name,Normalised Name,Acronym,Normalised Acronym,Type Code,Complete,Used
,Aster House,Aster House,aster house,AH,ah,437,Y,Y
,aster hause,Aster House,aster house,AH,ah,437,Y,Y
,AH,Aster House,aster house,AH,ah,437,Y,Y
CAN,Aster House Canada,Aster House Canada,aster house canada,AH,ah,437,Y,Y
,Birch Gate,Birch Gate,birch gate,,,441,Y,Y
"""


def test_pairs_are_counted_as_the_measurement_says(tmp_path: Path) -> None:
    (tmp_path / "aliases.csv").write_text(SMALL)
    found = counts(rows(tmp_path / "aliases.csv"))
    assert (found.true, found.usable, found.reached) == (3, 3, 3)
    assert (found.joined, found.joined_true, found.precision, found.recall) == (1, 1, 1.0, 1.0)
    assert found.suggested_true == 2
    alone = counts(rows(tmp_path / "aliases.csv", acronyms=False))
    assert (alone.joined, alone.usable) == (0, 0)


@HERE
@pytest.mark.parametrize("part", ["tuned", "held out", "all"])
def test_what_is_joined_by_itself_is_right_and_what_can_be_found_is_found(part: str) -> None:
    found = counts([row for row in rows() if part in ("all", half(row))])
    assert found.joined > 200 and found.precision >= 0.98
    assert found.recall >= 0.85


@HERE
def test_a_name_alone_joins_next_to_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = counts(rows(acronyms=False))
    assert found.joined < 0.01 * found.true
    main([])
    assert "names alone, all" in capsys.readouterr().out
