"""The labelled needs and offers: what fits is what a careful person would choose, more often than by searching."""

from __future__ import annotations

from pathlib import Path

from tests.measure.exchange import labelled, measured


def test_nine_of_ten_needs_have_an_expected_offer_among_the_first_three_and_more_than_by_searching(
    tmp_path: Path,
) -> None:
    found = measured(tmp_path)
    fits = found["fits", "all"]
    assert fits.hits >= 0.9
    assert fits.hits > found["its words one by one", "all"].hits > found["text search", "all"].hits
    assert fits.invented < found["its words one by one", "all"].invented


def test_the_labels_name_what_is_there_and_each_half_has_its_share() -> None:
    rows = labelled()
    ids = {row.id for row in rows}
    needs = [row for row in rows if row.is_need]
    assert len(rows) == len(ids) >= 64 and all(ids.issuperset(row.expected) for row in rows)
    assert all(len(row.expected) <= 3 for row in needs) and not any(row.expected for row in rows if not row.is_need)
    assert 0.4 < sum(row.is_tuned for row in needs) / len(needs) < 0.6
