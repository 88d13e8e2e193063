"""The desk's needs and offers: unmet ones first with what fits, pairs that do not, and how entries end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fednet.node import dismissing, edits, introductions
from fednet.node import home as homes
from fednet.node.publish import publish
from fednet.store import acts
from tests.web.exchanged import OFFER, THEIRS, Place, place, posted
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as

DESK = "/workspace/exchange"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = place(tmp_path_factory.mktemp("exchange"))
    yield found
    found.home.close()


@pytest.fixture
def editor(world: Place) -> Browser:
    return client_as(world.home, "editor")


def test_needs_that_nothing_fits_come_first_and_what_fits_is_shown_with_reasons(world: Place, editor: Browser) -> None:
    unmet = posted(world.home, "need", "Somebody who repairs boats", world.house, themes=["livelihoods"])
    publish(world.home, NOW)
    page = editor.get(DESK).text
    assert page.index(unmet) < page.index(world.lawyer)
    assert "Nobody has offered this yet." in page
    assert "Lawyers on &lt;secondment&gt;" in page and "Both are about: <bdi>Legal aid</bdi>." in page
    assert f"/workspace/introductions/new?theirs={OFFER}&amp;ours={world.lawyer}" in page
    assert f"{DESK}/{unmet}/close" in page and f"/workspace/record/{unmet}/views" in page
    edits.withdraw(world.home, unmet, NOW)
    publish(world.home, NOW)


def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    page = client_as(home, "editor").get(DESK).text
    assert "No need or offer of yours is listed yet." in page
    assert "/workspace/records/exchange/new" in page and "/workspace/import" in page
    for show in ("ending", "closed", "dismissed"):
        assert "None." in client_as(home, "auditor").get(f"{DESK}?show={show}").text
    home.close()


def test_what_waits_to_be_signed_is_told(world: Place, editor: Browser) -> None:
    posted(world.home, "offer", "A room", world.house)
    assert "1 new entry waits to be signed" in editor.get(DESK).text
    publish(world.home, NOW)
    assert "waits to be signed" not in editor.get(DESK).text


def test_a_dismissed_pair_stays_away_until_it_is_put_back(world: Place, editor: Browser) -> None:
    pair = {"need": world.interpreters, "offer": world.training}
    assert editor.form(f"{DESK}/dismiss", pair).headers["location"] == f"{DESK}?done=dismissed"
    assert dismissing.dismissed(world.home) == [(world.interpreters, world.training)]
    link = f"theirs={world.training}&amp;ours={world.interpreters}"
    assert link not in editor.get(DESK).text
    listed = editor.get(f"{DESK}?show=dismissed").text
    assert "Interpreters at interviews" in listed and "Training of interpreters" in listed
    assert editor.form(f"{DESK}/put-back", pair).headers["location"] == f"{DESK}?show=dismissed&done=back"
    assert link in editor.get(DESK).text


@pytest.mark.parametrize("act", ["dismiss", "put-back"])
def test_only_a_pair_of_handles_is_dismissed(world: Place, editor: Browser, act: str) -> None:
    assert editor.form(f"{DESK}/{act}", need="<b>", offer=OFFER).status == 400
    assert editor.form(f"{DESK}/{act}").status == 400


def test_an_introduction_that_is_under_way_is_shown_instead_of_the_button_to_ask(world: Place, editor: Browser) -> None:
    ask = f"/workspace/introductions/new?theirs={OFFER}&amp;ours={world.lawyer}"
    assert ask in editor.get(DESK).text
    one = introductions.ask(world.home, OFFER, world.lawyer, "", "en", THEIRS, "", NOW)
    page = editor.get(DESK).text
    assert ask not in page and f"/workspace/introductions/{one.id}" in page
    offer = editor.get(f"/exchange/{OFFER}").text
    assert "You are being introduced already" in offer and f"/workspace/introductions/{one.id}" in offer
    assert one.id not in client_as(world.home, "organization", organization=world.house).get(f"/exchange/{OFFER}").text
    introductions.take_back(world.home, one.id, NOW, "")
    assert ask in editor.get(DESK).text


def test_what_speaks_against_a_match_is_told_however_much_speaks_for_it(world: Place, editor: Browser) -> None:
    many = {"themes": ["legal-aid", "detention"], "client_groups": ["children"], "countries": ["TH"]}
    need = posted(world.home, "need", "A mentor of lawyers", world.boat, **many, modality="mentoring", languages=["fr"])
    posted(world.home, "offer", "Lawyers who mentor", world.house, **many, modality="mentoring", languages=["en"])
    publish(world.home, NOW)
    page = editor.get(DESK).text
    assert "But they have no language in common." in page[page.index(need) :]


def test_closing_asks_what_came_of_it_and_opening_again_takes_that_back(world: Place, editor: Browser) -> None:
    handle = posted(world.home, "need", "Closed & opened", world.boat)
    address = f"{DESK}/{handle}/close"
    wrong = editor.form(address, do="close", outcome_note="Kept as typed")
    assert wrong.status == 422 and "Kept as typed" in wrong.text and "say what came of it" in wrong.text
    closed = editor.form(address, do="close", outcome="met", outcome_note="Maple House sent somebody.")
    assert closed.headers["location"] == f"{DESK}?done=closed"
    fields = _fields(world, handle)
    assert (fields["state"], fields["outcome"], fields["closed"]) == ("closed", "met", "2026-11-21")
    assert fields["outcome_note"] == {"en": "Maple House sent somebody."}
    assert handle in editor.get(f"{DESK}?show=closed").text
    assert "Open it again" in editor.get(address).text
    assert editor.form(address, do="again").headers["location"] == f"{DESK}?done=again"
    assert _fields(world, handle)["state"] == "open" and "outcome" not in _fields(world, handle)


def test_closing_warns_of_what_would_be_told_to_everybody_and_of_what_changed_meanwhile(
    world: Place, editor: Browser
) -> None:
    handle = posted(world.home, "need", "Told to all", world.boat)
    address = f"{DESK}/{handle}/close"
    stale = re.findall(r'name="base" value="(\w+)"', editor.get(address).text)[0]
    for note in ("Ask noor@boat.example", "Ring 020 7946 0000"):
        warned = editor.form(address, do="close", outcome="met", outcome_note=note)
        assert warned.status == 422 and note in warned.text and "Nothing is saved yet." in warned.text
        assert _fields(world, handle).get("state") != "closed"
    assert editor.form(address, do="close", outcome="met", outcome_note="x" * 2001).status == 422
    sure = {"outcome": "met", "outcome_note": "Ask noor@boat.example", "understood": "yes", "base": stale}
    assert editor.form(address, sure, do="close").status == 303
    late = editor.form(address, do="close", outcome="not-met", base=stale)
    assert late.status == 409 and _fields(world, handle)["outcome"] == "met"


def test_what_ends_soon_can_be_left_open_for_longer_but_not_until_a_day_that_has_passed(
    world: Place, editor: Browser
) -> None:
    handle = posted(world.home, "offer", "Two rooms", world.house, posted="2026-01-01", open_until="2026-11-25")
    assert handle in editor.get(f"{DESK}?show=ending").text
    address = f"{DESK}/{handle}/close"
    for day in ("2026-11-01", "soon", ""):
        assert editor.form(address, do="longer", open_until=day).status == 422, day
    assert editor.form(address, do="longer", open_until="2027-05-31").headers["location"] == f"{DESK}?done=longer"
    assert _fields(world, handle)["open_until"] == "2027-05-31"
    assert handle not in editor.get(f"{DESK}?show=ending").text


def test_only_needs_and_offers_are_closed(world: Place, editor: Browser) -> None:
    assert editor.get(f"{DESK}/{world.boat}/close").status == 404
    assert editor.get(f"{DESK}/{OFFER}/close").status == 404, "not ours"
    assert editor.form(f"{DESK}/{world.lawyer}/close", do="nothing").status == 422


def test_an_auditor_looks_and_is_shown_no_button(world: Place) -> None:
    auditor = client_as(world.home, "auditor")
    for show in ("open", "ending", "closed", "dismissed"):
        page = auditor.get(f"{DESK}?show={show}").text
        body = page[page.index('<div class="desk-page">') :]
        assert 'method="post"' not in body and "/introductions/new" not in body


def test_acts_on_entries_are_in_the_log_with_the_entry(world: Place, editor: Browser) -> None:
    editor.form(f"{DESK}/{world.lawyer}/close", do="longer", open_until="2027-05-31")
    with world.home.store.reading() as db:
        newest = acts.latest(db, limit=1)[0]
    assert (newest.act, newest.subject, newest.outcome) == ("close-exchange", world.lawyer, "done")


def _fields(world: Place, handle: str) -> dict[str, object]:
    with world.home.store.reading() as db:
        return edits.find(db, world.home, handle).fields
