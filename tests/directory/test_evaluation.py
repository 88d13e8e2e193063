"""The report of a period: what is public by days, what is not by years, and the two questions answered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory import answers, figures
from fednet.directory.evaluation import LONGEST, Period, Report, Row, report, usual
from fednet.errors import NotFoundError, UsageError
from fednet.store import introductions
from fednet.store.feeds import Network
from tests.directory.test_introduced import figure
from tests.directory.world import NOW, World

YEAR = Period(date(2025, 11, 22), date(2026, 11, 21))


class Place:
    """Two networks with needs and offers; `figures` stand in for the introductions of this node."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.own, self.other = world.network("Ours", own=True), world.network("Theirs")
        self.figures: list[introductions.Figure] = []
        monkeypatch.setattr(introductions, "figures", lambda db: self.figures)

    def posts(self, network: Network, type_: str = "need", circle: str = "public", **fields: Any) -> str:
        body = {"kind": "exchange", "type": type_, "titles": {"en": "A thing"}, "posted": "2026-05-01"} | fields
        return self.world.lists(network, body, circle=circle)[0]

    def report(self, period: Period = YEAR, network: str = "") -> Report:
        return report(self.world.store, period, network, NOW)

    def told(self, network: str = "") -> str:
        found = self.report(network=network)
        return "\n".join(map(answers.sentence, [*answers.is_needed(found), *answers.is_met(found)]))


@pytest.fixture
def place(world: World, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(world, monkeypatch)


LEGAL: dict[str, Any] = {"themes": ["legal-aid"], "modality": "training", "countries": ["TH"]}


def test_needs_have_a_match_or_none_by_theme_region_and_stage(place: Place) -> None:
    place.posts(place.own, **LEGAL, stage="emerging", organization="Aster")
    place.posts(place.own, themes=["housing"], countries=["CL"], organization="Birch")
    place.posts(place.other, "offer", **LEGAL, organization="Cedar")
    place.posts(place.other, "funding", titles={"en": "Small grants"}, themes=["livelihoods"], organization="Dahlia")
    public = place.report().public
    assert public.all == Row("", 2, 1, 1, 1, 1)
    assert {row.code: (row.needs, row.matched, row.unmet, row.offers) for row in public.themes} == {
        "housing": (1, 0, 1, 0),
        "legal-aid": (1, 1, 0, 1),
        "livelihoods": (0, 0, 0, 0),
    }
    assert {row.code: (row.matched, row.unmet) for row in public.regions} == {"035": (1, 0), "005": (0, 1), "": (0, 0)}
    assert [row.code for row in public.stages] == ["emerging", ""]
    assert public.score and 40 <= public.score <= 100


def test_a_need_had_a_match_though_it_was_closed_since_or_is_over(place: Place) -> None:
    place.posts(place.other, "offer", **LEGAL)
    place.posts(place.own, **LEGAL, open_until="2026-06-30")
    place.posts(place.own, **LEGAL, state="closed", closed="2026-07-01", outcome="not-met")
    place.posts(place.own, themes=["housing"], state="closed", closed="2026-07-01", outcome="met")
    public = place.report().public
    assert (public.all.needs, public.all.matched) == (3, 3)
    assert public.closed == {"met": 1, "not-met": 1} and (public.met, public.over) == (1, 1)


def test_what_came_after_a_need_was_closed_did_not_meet_it(place: Place) -> None:
    place.posts(place.own, **LEGAL, posted="2026-03-01", state="closed", closed="2026-04-01", outcome="not-met")
    place.posts(place.other, "offer", **LEGAL, posted="2026-10-01")
    assert place.report().public.all.matched == 0


@pytest.mark.parametrize(
    ("posted", "counts"), [("2025-11-21", 0), ("2025-11-22", 1), ("2026-11-21", 1), ("2026-11-22", 0)]
)
def test_both_ends_of_a_period_are_in_it(place: Place, posted: str, counts: int) -> None:
    place.posts(place.own, posted=posted)
    assert place.report().public.all.needs == counts


def test_what_does_not_say_when_it_was_posted_counts_from_when_it_was_signed(place: Place) -> None:
    place.world.lists(
        place.own, {"kind": "exchange", "type": "need", "titles": {"en": "Old"}}, issued=NOW - timedelta(days=700)
    )
    assert place.report().public.all.needs == 0
    assert place.report(Period(date(2024, 12, 1), date(2024, 12, 31))).public.all.needs == 1


def test_days_until_the_first_match_count_from_the_later_of_the_two(place: Place) -> None:
    place.posts(place.own, **LEGAL, posted="2026-05-01")
    place.posts(place.other, "offer", **LEGAL, posted="2026-05-11")
    place.posts(place.other, "offer", **LEGAL, posted="2026-08-01")
    assert place.report().public.days == 10


def test_a_network_counts_for_what_it_posted_and_what_others_offer_it(place: Place) -> None:
    place.posts(place.own, **LEGAL)
    place.posts(place.other, "offer", **LEGAL)
    ours, theirs = (place.report(network=name).public.all for name in ("Ours", "Theirs"))
    assert (ours.needs, ours.matched, ours.offers) == (1, 1, 0) and (theirs.needs, theirs.offers) == (0, 1)
    with pytest.raises(NotFoundError):
        place.report(network="Nobody")


def test_what_is_not_public_is_in_no_public_figure(place: Place) -> None:
    place.posts(place.own, **LEGAL)
    before = place.report().public
    for _ in range(6):
        place.posts(place.own, "offer", "partners", **LEGAL)
        place.posts(place.own, "need", "partners", **LEGAL)
    place.posts(place.other, "offer", "partners", **LEGAL)
    found = place.report()
    assert found.public == before
    kept = {one.year: one for one in found.restricted}
    assert (kept[2026].needs, kept[2026].matched, kept[2026].unmet, kept[2026].offers) == (6, 6, 0, 6)
    assert kept[2025].needs == 0 and place.report(network="Ours").restricted == ()


def test_few_entries_that_are_not_public_are_told_as_few(place: Place) -> None:
    place.posts(place.own, "need", "partners")
    [kept] = [one for one in place.report().restricted if one.year == 2026]
    assert (kept.needs, kept.unmet, kept.offers) == ("few", "few", 0)


def test_what_others_let_this_node_read_in_confidence_is_counted_nowhere(place: Place) -> None:
    before = place.report()
    for _ in range(9):
        place.posts(place.other, "offer", "partners")
    assert place.report() == before


def test_a_twinning_that_both_networks_state_counts_once(place: Place) -> None:
    from tests.directory.test_twinnings import Two

    two = Two.__new__(Two)
    two.world, two.own, two.other = place.world, place.own, place.other
    [two.aster], [two.cedar] = (
        place.world.lists(network, {"kind": "organization", "names": {"en": name}})
        for network, name in ((place.own, "Aster House"), (place.other, "Cedar Centre"))
    )
    two.states(place.own, start="2026-03", state="active")
    two.states(place.other, start="2026-03", state="active")
    two.states(place.other, uid="urn:uuid:2", start="2024", end="2026-02", state="ended")
    two.states(place.other, uid="urn:uuid:3", end="9999", state="ended")
    two.states(place.other, uid="urn:uuid:4", end="9999-12", state="ended")
    public = place.report().public
    assert (public.begun, public.ended) == (1, 1)


def test_the_questions_are_answered_with_figures(place: Place) -> None:
    for _ in range(6):
        place.posts(place.own, **LEGAL)
    place.posts(place.own, themes=["housing"], countries=["CL"])
    place.posts(place.own, themes=["housing"], countries=["CL"])
    place.posts(place.other, "offer", **LEGAL)
    place.figures = [figure(outcome="met", network=place.other.network)] * 7 + [figure("declined")] * 5
    said = place.told()
    assert "Of 8 needs posted, 6 had a match and 2 had none." in said
    assert "Most needs without a match are about Housing: 2 of 2." in said
    assert "Of 12 introductions asked in 2026, 7 were accepted." in said and "met 7, partly 0, not met 0" in said
    assert "No introduction was asked in 2025." in said and "too few" not in said
    assert "Of 7 introductions asked in 2026, 7 were accepted." in place.told("Theirs")


def test_too_few_figures_are_said_to_be_too_few(place: Place) -> None:
    place.posts(place.own)
    place.figures = [figure(outcome="met")] * 2
    said = place.told()
    assert "Needs posted: 1. That is too few to say anything." in said
    assert "Introductions asked in 2026: fewer than 5. Accepted: fewer than 5." in said
    assert "That is too few to say whether this way works." in said
    assert "Introductions between other networks are not known here." in said


def test_of_a_total_that_would_give_one_away_the_least_is_told(place: Place) -> None:
    place.figures = [figure()] * 9 + [figure("declined")]
    assert "Introductions asked in 2026: at least 10. Accepted: 9." in place.told()


def test_the_table_holds_every_figure_and_is_no_formula(place: Place) -> None:
    place.posts(place.own, **LEGAL)
    place.figures = [figure()] * 9 + [figure("declined")] * 2
    text = figures.as_csv(place.report()).decode("utf-8-sig")
    for line in (
        "posted,all,needs,1",
        "theme,Legal aid,needs without a match,1",
        "region,Southeast Asia,needs,1",
        "stage,not said,needs,1",
        "introductions,2026,asked,not told",
        "introductions,2026,accepted,9",
        "introductions,2026,declined,fewer than 5",
        "own entries that are not public,2026,needs,0",
    ):
        assert line in text.splitlines()
    assert "introductions,2026,asked,not told" in figures.as_csv(place.report(network="Ours")).decode()


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2026, 2, 1), date(2026, 1, 1)),
        Period(date(1900, 1, 1), date(1901, 1, 1)),
        Period(date(1990, 1, 1), date(1990, 1, 1) + LONGEST + timedelta(days=1)),
    ],
)
def test_days_in_the_wrong_order_or_too_many_are_refused(place: Place, period: Period) -> None:
    with pytest.raises(UsageError):
        place.report(period)


@given(st.dates(date(1971, 1, 1), date(2100, 1, 1)))
def test_the_usual_period_is_a_year_that_ends_today(today: date) -> None:
    found = usual(today)
    assert found.until == today and 364 <= (today - found.since).days <= 365
    assert found.since.replace(year=2000) > today.replace(year=2000) or found.since.day == found.since.month == 1
