"""Being put in touch, from the desk: asking with a preview, answering, details only after both said yes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fednet.feed.introduction import Side, Spoken
from fednet.node import edits, hearing, introductions
from fednet.node import home as homes
from fednet.node.introductions import Introduction
from fednet.node.publish import publish
from fednet.store import acts
from tests.asgi import Answer
from tests.node.nodes import pin
from tests.web.exchanged import (
    CLOSED_OFFER,
    FOLLOWED,
    OFFER,
    REACHED,
    THEIR_NEED,
    THEIRS,
    Place,
    answered_by_others,
    asked_by_others,
    inputs,
    look_and_send,
    place,
    posted,
)
from tests.web.place import NOW, followed
from tests.web.signed_in import Browser, client_as

NEW = "/workspace/introductions/new"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = place(tmp_path_factory.mktemp("introductions"))
    yield found
    found.home.close()


@pytest.fixture
def editor(world: Place) -> Browser:
    return client_as(world.home, "editor")


@pytest.fixture
def ours(world: Place) -> str:
    """A need of the test's own."""
    return posted(world.home, "need", "A lawyer & more", world.boat, themes=["legal-aid"])


def ask(editor: Browser, ours: str, **fields: Any) -> tuple[Answer, Answer]:
    given = {"theirs": OFFER, "ours": ours, "text": "We would <like> to meet.", "language": "en", **REACHED}
    return look_and_send(editor, NEW, given | fields)


def made(world: Place, answer: Answer) -> Introduction:
    assert answer.status == 303, answer.text
    id_ = answer.headers["location"].removeprefix("/workspace/introductions/").partition("?")[0]
    return introductions.introduction(world.home, id_)


def count(world: Place) -> int:
    return len(introductions.introductions(world.home))


# --- asking -----------------------------------------------------------------------------------------------------------


def test_what_they_read_now_and_what_only_later_is_shown_before_it_is_sent(
    world: Place, editor: Browser, ours: str
) -> None:
    before = count(world)
    look = editor.form(NEW, {"theirs": OFFER, "ours": ours, "text": "A word.", "do": "look", **REACHED})
    now = look.text[look.text.index("They read now") : look.text.index("They read only when they have said yes")]
    later = look.text[look.text.index("They read only when they have said yes") : look.text.index("Send it")]
    assert "A word." in now and "A lawyer &amp; more" in now and "Paper Boat" in now
    assert "noor@boat.example" in later and not any(one in now for one in ("noor@", "Noor", "000 000", "Mornings"))
    assert (look.status, count(world)) == (200, before)


def test_an_ask_is_kept_and_says_that_it_waits(world: Place, editor: Browser, ours: str) -> None:
    _look, sent = ask(editor, ours)
    one = made(world, sent)
    assert (one.state, one.role, one.own.handle, one.other.handle) == ("waiting", "asker", ours, OFFER)
    page = editor.get(sent.headers["location"])
    for words in ("Asked.", "waits for an answer", "waits to be delivered", "We would &lt;like&gt; to meet."):
        assert words in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "Lawyers on &lt;secondment&gt;" in editor.get("/workspace/introductions").text


def test_what_was_changed_after_looking_is_looked_at_again(world: Place, editor: Browser, ours: str) -> None:
    look = editor.form(NEW, {"theirs": OFFER, "ours": ours, "text": "One.", "do": "look", **REACHED})
    sent = inputs(look.text, NEW) | {"do": "send", "text": "Two."}
    before = count(world)
    again = editor.form(NEW, sent)
    assert again.status == 200 and "You have changed something since" in again.text and count(world) == before
    assert editor.form(NEW, inputs(again.text, NEW) | {"do": "send"}).status == 303


def test_two_clicks_ask_once(world: Place, editor: Browser, ours: str) -> None:
    look = editor.form(NEW, {"theirs": OFFER, "ours": ours, "do": "look", **REACHED})
    sent, before = inputs(look.text, NEW) | {"do": "send"}, count(world)
    first, second = editor.form(NEW, sent), editor.form(NEW, sent)
    assert first.headers["location"] == second.headers["location"] and count(world) == before + 1


def test_asking_once_more_leads_to_the_one_that_there_is_and_keeps_what_was_typed(
    world: Place, editor: Browser, ours: str
) -> None:
    one = made(world, ask(editor, ours)[1])
    again = editor.form(NEW, {"theirs": OFFER, "ours": ours, "text": "Once more.", "do": "look", **REACHED})
    assert again.status == 409 and f"/workspace/introductions/{one.id}" in again.text and "Once more." in again.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"emails": "nobody"}, "emails"),
        ({"phones": "call me"}, "phones"),
        ({"name": ""}, "name"),
        ({"emails": "", "phones": ""}, "emails"),
        ({"emails": ", ".join(f"a{at}@b.example" for at in range(6))}, "emails"),
        ({"text": "x" * 4_001}, "text"),
        ({"note": "x" * 501}, "note"),
    ],
)
def test_what_nobody_could_be_reached_by_is_told_at_its_field(
    world: Place, editor: Browser, ours: str, fields: dict[str, str], field: str
) -> None:
    given = {"theirs": OFFER, "ours": ours, "text": "Kept <as> typed.", "do": "look", **REACHED}
    page = editor.form(NEW, given | fields)
    assert page.status == 422
    assert f'id="{field}-error"' in page.text and 'aria-invalid="true"' in page.text
    assert fields.get("text", "Kept &lt;as&gt; typed.") in page.text


def test_how_to_be_reached_is_filled_in_only_on_demand_from_the_listed_contact(
    world: Place, editor: Browser, ours: str
) -> None:
    assert "office@boat.example" not in editor.get(f"{NEW}?theirs={OFFER}&ours={ours}").text
    filled = editor.form(NEW, {"theirs": OFFER, "ours": ours, "text": "Stays.", "do": "fill"})
    assert filled.status == 200
    for words in ("office@boat.example", "+66 55 111 111", "Ari", "Stays."):
        assert words in filled.text
    nobody = posted(world.home, "need", "Of nobody listed", "Somebody")
    assert editor.form(NEW, {"theirs": OFFER, "ours": nobody, "do": "fill"}).status == 422


def test_an_entry_that_is_over_or_was_closed_meanwhile_is_told_and_loses_nothing_typed(
    world: Place, editor: Browser, ours: str
) -> None:
    over = editor.form(NEW, {"theirs": CLOSED_OFFER, "ours": ours, "text": "Long words.", "do": "look", **REACHED})
    assert over.status == 409 and "Long words." in over.text and "noor@boat.example" in over.text
    edits.edit(world.home, ours, {"state": "closed"}, NOW)
    closed = editor.form(NEW, {"theirs": OFFER, "ours": ours, "text": "Long words.", "do": "look", **REACHED})
    assert closed.status == 409 and "Long words." in closed.text
    room = posted(world.home, "offer", "A room", world.house)
    publish(world.home, NOW)
    edits.edit(world.home, room, {"state": "closed"}, NOW)
    member = {"theirs": room, "ours": world.lawyer, "do": "look", **REACHED}
    assert editor.form(NEW, member).status == 409, "a member's that is closed, which is not signed yet"


def test_an_ask_says_whom_it_goes_to_what_was_asked_before_and_which_address_they_would_read(
    world: Place, editor: Browser, ours: str
) -> None:
    one = made(world, ask(editor, ours)[1])
    answered_by_others(world, one, "declined")
    page = editor.get(f"{NEW}?theirs={OFFER}&ours={ours}").text
    before = page[page.index("Introductions about this entry that there are already") :]
    assert f"/workspace/introductions/{one.id}" in before and "declined" in before
    look, _sent = ask(editor, ours, text="Write to mina@harbour.example, or call 020 7946 0000.")
    assert "This goes to <bdi>Canadian Example Council</bdi>." in look.text
    for found in ("mina@harbour.example", "020 7946 0000"):
        assert f"They read <bdi>{found}</bdi> at once" in look.text


def test_an_entry_that_two_networks_list_under_one_handle_is_not_asked_about(tmp_path: Path) -> None:
    own = place(tmp_path)
    followed(own.home, "Copying Council", [{**FOLLOWED[1], "titles": {"en": "Lawyers, too"}}], first=1)
    editor = client_as(own.home, "editor")
    page = editor.get(f"{NEW}?theirs={OFFER}").text
    assert "several networks list an entry under this handle" in page.lower() and "Copying Council" in page
    assert f'action="{NEW}"' not in page
    answer = editor.form(NEW, {"theirs": OFFER, "do": "look", **REACHED})
    assert answer.status == 409 and introductions.introductions(own.home) == []
    own.home.close()


def test_what_they_ask_is_looked_at_again_when_they_change_it(world: Place, editor: Browser) -> None:
    id_ = asked_by_others(world, 41, world.training, "Could you train us?")
    action = f"/workspace/introductions/{id_}/accept"
    look = editor.form(action, {**REACHED, "do": "look"})
    side = Side(id_, 2, "asked", world.training, "2026-11-20T10:00:00Z", own=Spoken(THEIR_NEED), text="Our debts?")
    hearing.taken(world.home, world.network, [side], [], NOW)
    again = editor.form(action, inputs(look.text, action) | {"do": "send"})
    assert again.status == 200 and "Something was changed since" in again.text and "Our debts?" in again.text
    assert introductions.introduction(world.home, id_).state == "waiting"


def test_nobody_asks_about_what_is_not_listed(world: Place, editor: Browser, ours: str) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    assert editor.get(f"{NEW}?theirs={gone}").status == 404
    page = editor.form(NEW, {"theirs": gone, "ours": ours, "text": "Long words.", "do": "look", **REACHED})
    assert page.status == 404 and "Long words." in page.text


# --- answers of theirs ------------------------------------------------------------------------------------------------


def test_details_of_the_others_are_shown_when_both_have_said_yes_and_not_before(
    world: Place, editor: Browser, ours: str
) -> None:
    one = made(world, ask(editor, ours)[1])
    address = f"/workspace/introductions/{one.id}"
    assert "How to reach them" not in editor.get(address).text
    answered_by_others(world, one, "accepted", "With pleasure.")
    page = editor.get(address).text
    heard = ("With pleasure.", "introduced", "We heard that they say yes.")
    for words in (*THEIRS.emails, *THEIRS.phones, THEIRS.name, *heard):
        assert words in page


def test_an_introduction_that_was_declined_says_so_and_shows_no_details(
    world: Place, editor: Browser, ours: str
) -> None:
    one = made(world, ask(editor, ours)[1])
    answered_by_others(world, one, "declined", "Not this year.")
    page = editor.get(f"/workspace/introductions/{one.id}").text
    assert "We heard that they say no." in page and "Not this year." in page and "How to reach them" not in page


def test_an_outcome_is_noted_and_leads_on(world: Place, editor: Browser, ours: str) -> None:
    one = made(world, ask(editor, ours)[1])
    address = f"/workspace/introductions/{one.id}"
    assert editor.form(f"{address}/outcome", outcome="met").status == 409, "nobody has answered"
    answered_by_others(world, one, "accepted")
    assert editor.form(f"{address}/outcome").status == 400, "nothing was chosen"
    assert editor.form(f"{address}/outcome", outcome="met").headers["location"] == f"{address}?done=outcome"
    page = editor.get(address).text
    assert "It led to what was needed" in page
    assert f"/workspace/records/twinning/new?introduction={one.id}" in page
    assert f"/workspace/exchange/{ours}/close" in page


# --- our answers ------------------------------------------------------------------------------------------------------


def test_saying_yes_shows_first_what_they_will_read(world: Place, editor: Browser) -> None:
    id_ = asked_by_others(world, 1, world.training, "Could you <train> us?")
    address = f"/workspace/introductions/{id_}"
    page = editor.get(address).text
    assert "Could you &lt;train&gt; us?" in page and "Canadian Example Council" in page and "edition 1" in page
    assert "maya@maple.example" not in page
    look, sent = look_and_send(editor, f"{address}/accept", {**REACHED, "text": "Yes!", "language": "fr"})
    assert "And how to reach you" in look.text and "noor@boat.example" in look.text
    assert sent.headers["location"] == f"{address}?done=accepted"
    one = introductions.introduction(world.home, id_)
    assert one.state == "accepted" and one.own.details is not None and one.own.text == "Yes!"
    assert "Both have said yes. How to reach them comes" in editor.get(address).text


def test_two_clicks_on_yes_say_it_once_and_lead_to_the_same_page(world: Place, editor: Browser) -> None:
    id_ = asked_by_others(world, 2, world.training)
    action = f"/workspace/introductions/{id_}/accept"
    look = editor.form(action, {**REACHED, "do": "look"})
    sent = inputs(look.text, action) | {"do": "send"}
    first, second = editor.form(action, sent), editor.form(action, sent)
    assert first.status == second.status == 303 and first.headers["location"] == second.headers["location"]
    other_page = editor.form(action, sent | {"form": "another"})
    assert other_page.status == 409, "somebody else's page from before"
    assert [step.act for step in introductions.introduction(world.home, id_).steps].count("accepted") == 1


def test_an_outcome_may_be_said_anew_and_back(world: Place, editor: Browser, ours: str) -> None:
    one = made(world, ask(editor, ours)[1])
    answered_by_others(world, one, "accepted")
    action = f"/workspace/introductions/{one.id}/outcome"
    for outcome in ("met", "none-yet", "met"):
        form = inputs(editor.get(f"/workspace/introductions/{one.id}").text, action)
        assert editor.form(action, form | {"outcome": outcome}).status == 303
        assert introductions.introduction(world.home, one.id).outcome == outcome


def test_no_is_said_with_or_without_a_word_and_may_become_yes(world: Place, editor: Browser) -> None:
    id_ = asked_by_others(world, 3, world.training)
    address = f"/workspace/introductions/{id_}"
    assert editor.form(f"{address}/decline", text="Ask again in spring.").headers["location"].endswith("done=declined")
    page = editor.get(address).text
    assert "We said no." in page and "Ask again in spring." in page
    assert look_and_send(editor, f"{address}/accept", dict(REACHED))[1].status == 303
    assert introductions.introduction(world.home, id_).state == "accepted"


def test_what_was_typed_is_not_lost_when_the_other_side_has_taken_it_back(world: Place, editor: Browser) -> None:
    id_ = asked_by_others(world, 4, world.training)
    action = f"/workspace/introductions/{id_}/accept"
    look = editor.form(action, {**REACHED, "text": "We are glad to.", "do": "look"})
    back = Side(id_, 2, "withdrawn", world.training, "2026-11-21T11:00:00Z")
    hearing.taken(world.home, world.network, [back], [], NOW)
    stale = editor.form(action, inputs(look.text, action) | {"do": "send"})
    assert stale.status == 409
    for words in ("This has gone on meanwhile", "What you had written", "We are glad to.", "noor@boat.example"):
        assert words in stale.text
    assert f'action="{action}"' not in stale.text


def test_taking_back_and_forgetting_need_a_tick(world: Place, editor: Browser, ours: str) -> None:
    one = made(world, ask(editor, ours)[1])
    address = f"/workspace/introductions/{one.id}"
    for act, after in (
        ("take-back", f"{address}?done=take-back"),
        ("forget", "/workspace/introductions?done=forgotten"),
    ):
        assert editor.form(f"{address}/{act}").status == 400
        assert editor.form(f"{address}/{act}", sure="1").headers["location"] == after
    page = editor.get(address).text
    assert "are destroyed here" in page
    assert not any(words in page for words in ("We would", "noor@boat.example", "Noor"))


def test_an_address_of_nothing_is_not_found_nor_is_a_part_of_an_id(world: Place, editor: Browser, ours: str) -> None:
    one = made(world, ask(editor, ours)[1])
    for id_ in (one.id[:8], "00000000-0000-4000-8000-000000000000", "é", one.id.upper()):
        assert editor.get(f"/workspace/introductions/{id_}").status == 404, id_


# --- who may see what -------------------------------------------------------------------------------------------------


def test_an_auditor_sees_that_and_when_but_no_words_and_no_details(world: Place, editor: Browser, ours: str) -> None:
    one = made(world, ask(editor, ours)[1])
    answered_by_others(world, one, "accepted", "With pleasure.")
    auditor = client_as(world.home, "auditor")
    page = auditor.get(f"/workspace/introductions/{one.id}").text
    assert "We asked to be introduced." in page and "21 November 2026" in page
    for words in ("We would", "With pleasure.", "maya@", "Maya", "noor@", "Noor"):
        assert words not in page
    body = page[page.index('<div class="desk-page">') :]
    assert 'method="post"' not in body
    assert auditor.form(f"/workspace/introductions/{one.id}/forget", sure="1").status == 403


def test_the_audit_log_holds_which_introduction_and_nothing_that_was_said(
    world: Place, editor: Browser, ours: str
) -> None:
    one = made(world, ask(editor, ours)[1])
    editor.form(f"/workspace/introductions/{one.id}/take-back", sure="1")
    with world.home.store.reading() as db:
        newest = acts.latest(db, limit=2)
    assert [(act.act, act.subject) for act in newest] == [
        ("take-introduction-back", one.id),
        ("ask-introduction", one.id),
    ]


def test_lists_show_what_waits_for_us_first(world: Place, editor: Browser, ours: str) -> None:
    id_ = asked_by_others(world, 9, world.training)
    made(world, ask(editor, ours)[1])
    page = editor.get("/workspace/introductions").text
    assert page.index("Wait for our answer") < page.index(id_) < page.index("Wait for the others")
    for show in ("introduced", "ended", "nonsense"):
        assert editor.get(f"/workspace/introductions?show={show}").status == 200


# --- by file ----------------------------------------------------------------------------------------------------------


def test_two_nodes_that_exchange_files_only_introduce_two_by_their_pages(world: Place, tmp_path: Path) -> None:
    theirs, _ = homes.create(tmp_path / "node", "Network of Files", None, tmp_path / "recovery.txt")
    maple = edits.add(theirs, "organization", {"names": {"en": "Maple"}}, NOW).handle
    offer = posted(theirs, "offer", "Teachers", maple, themes=["education-language"])
    publish(theirs, NOW)
    here, there = client_as(world.home, "administrator"), client_as(theirs, "administrator")
    us = pin(theirs, world.home).network
    them = pin(world.home, theirs).network
    _carried(here, there.form("/workspace/peers/own/bundle").body)

    need = posted(world.home, "need", "Somebody who teaches", world.house)
    given = {"theirs": offer, "ours": need, "text": "By file.", "language": "en", **REACHED}
    one = made(world, look_and_send(here, NEW, given)[1])
    page = here.get(f"/workspace/introductions/{one.id}").text
    assert "take a file to them" in page and f'action="/workspace/peers/{them}/bundle"' in page
    assert "1 introduction waits to be delivered" in here.get(f"/workspace/peers/{them}").text
    assert "1 introduction waits to be delivered." in here.get("/workspace/peers").text

    said = _carried(there, here.form(f"/workspace/peers/{them}/bundle").body)
    assert "taken: what they ask or answer in introductions" in said and 'href="/workspace/introductions"' in said
    address = f"/workspace/introductions/{one.id}"
    assert "By file." in there.get(address).text and "noor@" not in there.get(address).text
    reached = {"name": "Maya", "emails": "maya@maple.example"}
    assert look_and_send(there, f"{address}/accept", reached)[1].status == 303
    _carried(here, there.form(f"/workspace/peers/{us}/bundle").body)
    page = here.get(address).text
    assert "maya@maple.example" in page and "How to reach us is still on its way" in page and "Each was" not in page
    _carried(there, here.form(f"/workspace/peers/{them}/bundle").body)
    assert "noor@boat.example" in there.get(address).text
    _carried(here, there.form(f"/workspace/peers/{us}/bundle").body)
    assert "Each was told how to reach the other." in here.get(address).text
    theirs.close()


def _carried(browser: Browser, content: bytes) -> str:
    """What the page says of a file that is read in the browser."""
    field = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{browser.token}\r\n'.encode()
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n'
    body = field + head + content + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    return browser.post("/workspace/peers/bundle", body, content_type=kind, sec_fetch_site="same-origin").text
