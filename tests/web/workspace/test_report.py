"""The evaluation report on its page: the form, what is told and what is not, in every language; and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from fednet.directory import answers
from fednet.node import edits, introductions
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import feeds
from fednet.store.feeds import Network
from fednet.web.workspace import report, twinning
from tests.web import exchanged
from tests.web.exchanged import Place
from tests.web.place import NOW
from tests.web.public.test_pages import LARGEST, Outline, text_of
from tests.web.signed_in import client_as


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = exchanged.place(tmp_path_factory.mktemp("report"))
    for number in range(6):
        id_ = exchanged.asked_by_others(found, number, found.lawyer, text="A word in confidence")
        if number < 5:
            introductions.accept(found.home, id_, exchanged.THEIRS, NOW, "")
    edits.add(found.home, "exchange", {"type": "need", "titles": {"en": "Kept from the public"}}, NOW, "partners")
    publish(found.home, NOW)
    yield found
    found.home.close()


def test_the_page_answers_both_questions_for_the_last_twelve_months(place: Place) -> None:
    answer = client_as(place.home, "auditor").get("/workspace/report")
    page = text_of(answer.text)
    assert answer.status == 200 and len(answer.body) < LARGEST and Outline(answer.text).elements
    assert 'value="2025-11-22"' in answer.text and 'value="2026-11-21"' in answer.text
    assert "Is there a need for matching needs and offers?" in page and "Needs posted: 3." in page
    assert "Introductions asked in 2026: at least 6. Accepted: 5." in page
    assert "accepted 5 declined 0 taken back before an answer 0 without an answer fewer than 5" in page
    assert "Our entries that are not public" in page and "2026 fewer than 5" in page
    assert "By theme" in page and "By region" in page


def test_nothing_that_is_not_public_is_named(place: Place) -> None:
    page = client_as(place.home, "editor").get("/workspace/report").text
    for word in ("Kept from the public", "A word in confidence", "maya@maple.example", place.lawyer):
        assert word not in page


def test_a_period_and_a_network_are_chosen(place: Place) -> None:
    browser = client_as(place.home, "editor")
    page = text_of(browser.get("/workspace/report?from=2026-01-01&to=2026-12-31&network=canadian").text)
    assert "1 January 2026 to 31 December 2026 · Canadian Example Council" in page
    assert "Introductions asked in 2026: not told. Accepted: not told." in page
    assert "not public" not in page.partition("Introductions asked in 2026 asked")[0]
    chosen = browser.get(f"/workspace/report?network={place.network.network}").text
    assert f'<option value="{place.network.network}" selected>' in chosen


@pytest.mark.parametrize(
    "query", ["from=yesterday", "from=2026-02-01&to=2026-01-01", "network=nobody", "to=0001-01-01"]
)
def test_what_cannot_be_read_stays_in_the_form(place: Place, query: str) -> None:
    answer = client_as(place.home, "editor").get(f"/workspace/report?{query}")
    assert answer.status in (400, 404, 422) and 'role="alert"' in answer.text and "<article" not in answer.text
    name, _, typed = query.partition("&")[0].partition("=")
    assert name == "network" or f'value="{typed}"' in answer.text


def test_the_table_holds_the_same(place: Place) -> None:
    answer = client_as(place.home, "editor").get("/workspace/report.csv?from=2026-01-01&to=2026-11-21")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv")
    assert 'filename="report-2026-01-01-2026-11-21.csv"' in answer.headers["content-disposition"]
    lines = answer.body.decode("utf-8-sig").splitlines()
    assert "introductions,2026,accepted,5" in lines and "introductions,2026,unanswered,fewer than 5" in lines
    assert client_as(place.home, "editor").get("/workspace/report.csv?from=never").status == 400


def test_sentences_are_those_of_the_command_line() -> None:
    assert report.SENTENCES == answers.SENTENCES
    assert report.ANSWERS.keys() >= {"accepted", "declined", "taken-back", "unanswered"}


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_it_is_told_in_every_language(place: Place, language: str) -> None:
    answer = client_as(place.home, "editor").get("/workspace/report", accept_language=language)
    assert answer.status == 200 and f'<html lang="{language}"' in answer.text


# --- a twinning from an introduction that went well -------------------------------------------------------------------


def test_a_twinning_begins_with_the_organisations_of_an_introduction_and_none_of_its_words(place: Place) -> None:
    found = introductions.introductions(place.home)[-1]
    answer = client_as(place.home, "editor").get(f"/workspace/records/twinning/new?introduction={found.id}")
    names = re.findall(r'name="organizations\.\d\.name"[^>]* value="([^"]*)"', answer.text)
    assert names[0].startswith("Clinic") and names[1] == "Paper Boat"
    assert 'value="2026-11-21"' in answer.text and 'value="2027-11-20"' in answer.text
    for word in ("A word in confidence", "maya@maple.example", "Maya (fictitious)"):
        assert word not in answer.text


def test_what_is_not_public_is_not_said_to_have_led_to_it(place: Place) -> None:
    kept = exchanged.posted(place.home, "need", "A need for partners", place.boat)
    moved = edits.edit(place.home, kept, {}, NOW, "partners").handle
    with place.home.store.writing() as db:
        feeds.set_partner(db, place.network, True)
    found = _introduced(place.home, place.network, moved, place)
    begun = twinning.begun(place.home, "twinning", {"introduction": found.id}, NOW)
    assert "exchanges" not in begun.starts
    public = introductions.introductions(place.home, ours=place.lawyer)[0]
    assert twinning.begun(place.home, "twinning", {"introduction": public.id}, NOW).starts["exchanges"] == [
        place.lawyer
    ]


def _introduced(home: Home, network: Network, ours: str, place: Place) -> introductions.Introduction:
    asked = introductions.ask(home, exchanged.OFFER, ours, "Please.", "en", exchanged.THEIRS, "", NOW)
    exchanged.answered_by_others(place, asked, "accepted")
    return introductions.introduction(home, asked.id)
