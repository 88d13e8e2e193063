"""Whether an offer meets a need, from the two records alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from fednet import listing
from fednet.listing import Exchange
from fednet.listing import fit as rules
from fednet.listing.features import features, words
from fednet.listing.fit import LEAST, MOST, REASONS, Fit, fit
from tests.listing.entries import EXCHANGES


def entry(type: str = "need", title: str | dict[str, str] = "x", **fields: Any) -> Exchange:
    titles = title if isinstance(title, dict) else {"en": title}
    parsed = listing.parse(listing.encode({"kind": "exchange", "type": type, "titles": titles, **fields}))
    assert isinstance(parsed, Exchange)
    return parsed


def met(need: Exchange, offer: Exchange) -> Fit:
    found = fit(need, offer)
    assert found is not None
    return found


def codes(need: Exchange, offer: Exchange) -> dict[str, tuple[str, ...]]:
    return {reason.code: reason.terms for reason in met(need, offer).reasons}


def score(need: Exchange, offer: Exchange) -> int:
    found = fit(need, offer)
    return found.score if found else 0


LEGAL: dict[str, Any] = {"themes": ["legal-aid"], "modality": "training"}


def test_the_same_theme_and_way_fit_and_each_reason_has_its_points() -> None:
    need = entry(**LEGAL, countries=["TH"], languages=["th", "en"], stage="emerging")
    offer = entry("offer", "Course in law", **LEGAL, countries=["035"], languages=["en-GB"], stage="traditional")
    found = met(need, offer)
    assert {reason.code: reason.terms for reason in found.reasons} == {
        "themes": ("legal-aid",),
        "modality": ("training",),
        "countries": ("TH",),
        "languages": ("en",),
        "stage-helps": ("emerging", "traditional"),
    }
    assert found.score == sum(reason.points for reason in found.reasons)
    assert [reason.points for reason in found.reasons] == sorted((r.points for r in found.reasons), reverse=True)


def test_a_narrower_or_broader_theme_counts_less_than_the_same_one() -> None:
    need = entry(**LEGAL)
    same, near = entry("offer", **LEGAL), entry("offer", themes=["status-determination"], modality="training")
    assert score(need, near) < score(need, same)
    assert codes(need, near)["themes-near"] == ("legal-aid", "status-determination")


def test_people_of_a_narrower_group_are_near() -> None:
    need = entry(**LEGAL, client_groups=["unaccompanied-minors"])
    assert codes(need, entry("offer", **LEGAL, client_groups=["children"]))["groups-near"] == (
        "unaccompanied-minors",
        "children",
    )


def test_what_is_for_others_counts_against_it() -> None:
    need, offer = entry(**LEGAL, client_groups=["youth"]), entry("offer", **LEGAL, client_groups=["older-people"])
    assert codes(need, offer)["groups-other"] == ()
    assert score(need, offer) < score(need, entry("offer", **LEGAL))


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("legal-aid", {"fr": "Nous cherchons une aide juridique"}),
        ("legal-aid", {"es": "Asistencia jurídica en la frontera"}),
        ("legal-aid", {"ar": "نبحث عن المساعدة القانونية"}),
        ("legal-aid", {"my": "ဥပဒေအကူအညီ လိုအပ်သည်"}),
        ("status-determination", {"en": "An RSD officer"}),
    ],
)
def test_a_theme_that_the_text_names_counts_less_than_one_that_is_said(said: str, named: dict[str, str]) -> None:
    offer = entry("offer", themes=[said], modality="training")
    assert codes(entry(title=named, modality="training"), offer)["themes-named"] == (said,)
    assert score(entry(title=named, modality="training"), offer) < score(
        entry(themes=[said], modality="training"), offer
    )


def test_a_theme_and_the_people_it_is_about_belong_together() -> None:
    need = entry(client_groups=["unaccompanied-minors"], modality="training", countries=["GR"])
    offer = entry("offer", themes=["child-protection"], modality="training", countries=["GR"])
    assert codes(need, offer)["related"] == ("child-protection", "unaccompanied-minors")


def test_a_placement_meets_a_need_for_one_better_than_a_secondment_and_a_list_does_not() -> None:
    need = entry(themes=["legal-aid"], modality="placement")
    offered = [entry("offer", themes=["legal-aid"], modality=way) for way in ("placement", "secondment", "list")]
    scores = [score(need, offer) for offer in offered]
    assert scores[0] > scores[1] > scores[2] == 0


def test_what_says_no_way_is_neither_better_nor_worse_for_it() -> None:
    need = entry(themes=["legal-aid"], modality="placement")
    assert codes(need, entry("offer", themes=["legal-aid"])).keys() == {"themes"}


def test_no_language_in_common_counts_against_it() -> None:
    need = entry(**LEGAL, languages=["es"])
    french, silent = entry("offer", **LEGAL, languages=["fr"]), entry("offer", **LEGAL)
    assert score(need, french) < score(need, silent) < score(need, entry("offer", **LEGAL, languages=["es-MX"]))
    assert codes(need, french)["languages-none"] == ()


def test_where_it_is_offered_counts_but_people_travel_to_a_study_visit() -> None:
    need = entry(themes=["legal-aid"], countries=["TH"])
    near, far = (entry("offer", themes=["legal-aid"], countries=[country]) for country in ("VN", "BR"))
    everywhere = entry("offer", themes=["legal-aid"], countries=["001"])
    visit = entry("offer", themes=["legal-aid"], countries=["BR"], modality="study-visit")
    assert codes(need, near)["region"] == ("035",)
    assert codes(need, everywhere)["everywhere"] == ()
    assert score(need, near) > score(need, visit) > score(need, far)


def test_traditional_countries_help_emerging_ones_and_peers_help_each_other() -> None:
    need = entry(**LEGAL, stage="emerging")
    helps, peer, silent = (entry("offer", **LEGAL, stage=stage) for stage in ("traditional", "emerging", None))
    assert score(need, helps) > score(need, peer) > score(need, silent)
    assert codes(need, peer)["stage-peers"] == ("emerging",)


def test_money_meets_who_asks_for_money() -> None:
    asks, teaches = entry(themes=["grants"], title="Costs of a course"), entry(themes=["training"], modality="training")
    fund = entry("funding", "For courses", modality="training")
    assert "money" in codes(asks, fund)
    assert score(asks, fund) > score(teaches, fund)


@pytest.mark.parametrize("ended", [{"state": "closed"}, {"state": "matched"}])
def test_what_is_closed_or_agreed_fits_nothing(ended: dict[str, str]) -> None:
    assert fit(entry(**LEGAL, **ended), entry("offer", **LEGAL)) is None
    assert fit(entry(**LEGAL), entry("offer", **LEGAL, **ended)) is None


def test_two_that_are_open_on_no_common_day_do_not_fit() -> None:
    need = entry(**LEGAL, posted="2026-06-01")
    assert fit(need, entry("offer", **LEGAL, open_until="2026-05-31")) is None
    assert fit(need, entry("offer", **LEGAL, open_until="2026-06-01")) is not None


def test_an_organisation_never_meets_itself() -> None:
    need = entry(**LEGAL, organization="Delta Paralegals")
    assert fit(need, entry("offer", **LEGAL, organization="delta paralegals")) is None
    assert fit(need, entry("offer", **LEGAL, organization="Delta")) is not None


def test_a_need_does_not_meet_a_need() -> None:
    assert fit(entry(**LEGAL), entry(**LEGAL)) is None
    assert fit(entry("offer", **LEGAL), entry("offer", **LEGAL)) is None


def test_way_language_and_stage_alone_are_no_subject() -> None:
    same: dict[str, Any] = {"modality": "twinning", "languages": ["fr"], "stage": "emerging", "countries": ["BF"]}
    assert fit(entry(title="a", **same), entry("offer", "b", **same)) is None


def test_words_in_common_are_shown_as_the_need_writes_them() -> None:
    need = entry(title="Braille printers for libraries", themes=["disability-inclusion"])
    offer = entry("offer", "We give away a braille printer", themes=["disability-inclusion"])
    assert codes(need, offer)["words"] == ("braille", "printers")


def test_scripts_without_spaces_are_compared_in_runs_of_letters() -> None:
    assert words(["義務律師"]).keys() == {"义务", "务律", "律师"}
    assert set(words(["ทนายความ"])) & set(words(["ต้องการทนายความ"])) == set(words(["ทนายความ"]))


@given(EXCHANGES, EXCHANGES)
def test_any_two_records_are_compared_without_error_and_their_score_is_its_reasons(
    one: Exchange, two: Exchange
) -> None:
    found = fit(one, two)
    if found is not None:
        assert LEAST <= found.score == min(MOST, sum(reason.points for reason in found.reasons)) <= MOST
        assert {reason.code for reason in found.reasons} <= REASONS.keys()
        assert features(one).type == 0


def test_the_guide_lists_every_reason_with_its_points() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "matching.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", guide, re.MULTILINE))
    kin = sorted({points for row in rules.MODALITY for points in row if 0 < points < rules.SAME_MODALITY})
    stages = sorted({points for row in rules.STAGE for points in row if points}, reverse=True)
    more = rules.THEME_MORE
    assert told == {
        "themes": f"{rules.THEME}, several {rules.THEME + more}, wide {rules.THEME_WIDE}",
        "themes-named": (
            f"{rules.THEME_NAMED} or {rules.THEME_BOTH_NAMED}, several {more} more, wide {rules.THEME_WIDE_NAMED}"
        ),
        "themes-near": f"{rules.THEME_CLOSE}, {rules.THEME_SIBLING}",
        "related": f"{rules.RELATED}",
        "groups": f"{rules.GROUP}, wide {rules.GROUP_WIDE}",
        "groups-named": f"{rules.GROUP_NAMED}",
        "groups-near": f"{rules.GROUP_CLOSE}, {rules.GROUP_SIBLING}",
        "groups-other": f"{rules.GROUP_OTHER}",
        "modality": f"{rules.SAME_MODALITY}",
        "modality-named": f"{rules.SAME_NAMED}",
        "modality-kin": f"{kin[0]} to {kin[-1]}",
        "modality-other": f"{rules.OTHER_MODALITY}",
        "money": f"{rules.MONEY}",
        "money-wanted": f"{rules.MONEY_WANTED}",
        "funding": f"{rules.FUNDING}",
        "countries": f"{rules.COUNTRY}, partly {rules.COUNTRY_PARTLY}",
        "countries-named": f"{rules.COUNTRY_NAMED}",
        "region": f"{rules.REGION}",
        "everywhere": f"{rules.EVERYWHERE}",
        "countries-other": f"{rules.ELSEWHERE}",
        "languages": f"{rules.LANGUAGE}",
        "languages-none": f"{rules.NO_LANGUAGE}",
        "stage-helps": ", ".join(map(str, stages)),
        "stage-peers": f"{stages[-1]}",
        "words": f"up to {rules.WORDS}",
    }
    assert told.keys() == REASONS.keys()
