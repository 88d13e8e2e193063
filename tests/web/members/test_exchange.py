"""Members' needs and offers: what fits them, introductions of their own entries and of no other, how they end."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from fednet.feed.introduction import Side, Spoken
from fednet.node import circles, edits, hearing, introductions
from fednet.node import proposals as proposer
from fednet.node.home import Joining
from fednet.node.introductions import Introduction
from fednet.store import circles as stored_circles
from fednet.store import proposals
from tests.web.exchanged import OFFER, REACHED, THEIR_NEED, THEIRS, Place, asked_by_others, look_and_send, place, posted
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    found = place(tmp_path_factory.mktemp("exchange"))
    yield found
    found.home.close()


@pytest.fixture
def world(template: Place) -> Place:
    set_waits(template, False)
    return template


def set_waits(world: Place, waits: bool) -> None:
    home = world.home
    home.config = msgspec.structs.replace(home.config, joining=Joining(edits_need_approval=waits))


@pytest.fixture
def boat(world: Place) -> Browser:
    return client_as(world.home, "organization", organization=world.boat)


@pytest.fixture
def house(world: Place) -> Browser:
    return client_as(world.home, "organization", organization=world.house)


@pytest.fixture
def need(world: Place) -> str:
    """A need of the first member, of the test's own."""
    return posted(world.home, "need", "Interpreters & more", world.boat, themes=["interpretation"])


@pytest.fixture
def between(world: Place, need: str) -> Introduction:
    """The first member has asked the second."""
    return introductions.ask(world.home, world.training, need, "Could you <train> us?", "en", THEIRS, "Maya", NOW)


def under(entry: str, id_: str = "", act: str = "") -> str:
    return "/".join(filter(None, [f"/member/exchange/{entry}/introductions", id_, act]))


# --- own entries ------------------------------------------------------------------------------------------------------


def test_a_member_sees_what_fits_its_own_entry_with_reasons(world: Place, boat: Browser) -> None:
    page = boat.get(f"/member/exchange/{world.lawyer}").text
    assert "Lawyers on &lt;secondment&gt;" in page and "Both are about: <bdi>Legal aid</bdi>." in page
    assert f"{under(world.lawyer)}/new?theirs={OFFER}" in page
    assert f'href="/member/exchange/{world.lawyer}"' in boat.get("/member").text


def test_an_entry_that_waits_to_be_signed_is_told_so(boat: Browser, need: str) -> None:
    assert "It waits to be signed" in boat.get(f"/member/exchange/{need}").text


def test_other_members_entries_and_other_kinds_have_no_such_page(world: Place, boat: Browser, house: Browser) -> None:
    assert house.get(f"/member/exchange/{world.lawyer}").status == 403
    assert house.get(f"/member/exchange/{world.lawyer}/close").status == 403
    assert house.get(f"{under(world.lawyer)}/new?theirs={OFFER}").status == 403
    assert boat.get(f"/member/exchange/{world.boat}").status == 404
    assert boat.get(f"/member/exchange/{OFFER}").status == 403


def test_a_member_says_that_two_do_not_fit_only_of_its_own_entry(world: Place, boat: Browser, house: Browser) -> None:
    pair = {"need": world.interpreters, "offer": world.training}
    here = f"/member/exchange/{world.interpreters}"
    assert boat.form(f"/member/exchange/{world.lawyer}/dismiss", pair).status == 400
    assert boat.form(f"{here}/dismiss", pair).headers["location"] == f"{here}?done=dismissed"
    page = boat.get(here).text
    assert f"{under(world.interpreters)}/new?theirs={world.training}" not in page and "Put it back" in page
    assert boat.form(f"{here}/put-back", pair).headers["location"] == f"{here}?done=back"
    assert f"{under(world.interpreters)}/new?theirs={world.training}" in boat.get(here).text


def test_for_which_entry_to_ask_is_chosen_those_that_fit_first(world: Place, boat: Browser) -> None:
    page = boat.get(f"/member/exchange?theirs={OFFER}").text
    assert "Lawyers on &lt;secondment&gt;" in page
    links = [page.index(f"{under(one)}/new?theirs={OFFER}") for one in (world.lawyer, world.interpreters)]
    assert links == sorted(links) and world.training not in page
    assert boat.get("/member/exchange").status == 200
    assert boat.get("/member/exchange?theirs=00000000-0000-4000-8000-000000000000").status == 404


def test_closing_is_saved_or_waits_for_approval_as_the_network_wishes(world: Place, boat: Browser, need: str) -> None:
    address = f"/member/exchange/{need}/close"
    assert boat.form(address, do="close", outcome="met").headers["location"] == f"/member/exchange/{need}?done=closed"
    set_waits(world, True)
    assert boat.form(address, do="again").headers["location"] == f"/member/exchange/{need}?done=proposed"
    with world.home.store.reading() as db:
        assert edits.find(db, world.home, need).fields["state"] == "closed"
        assert [one.handle for one in proposals.waiting(db)] == [need]


def test_before_approving_the_secretariat_sees_who_will_read_what(world: Place, boat: Browser) -> None:
    set_waits(world, True)
    assert boat.account is not None
    by = proposer.proposer(boat.account)
    fields = {"type": "need", "titles": {"en": "A quiet need"}, "organization": world.boat}
    sent = proposer.submit(world.home, by, "exchange", None, fields, "partners", NOW, waits=True)
    page = client_as(world.home, "editor").get(f"/workspace/edits/{sent.id}").text  # type: ignore[union-attr]
    seen = page[page.index("Who will see it, once it is approved") :]
    everybody, partners = seen.index("Everybody"), seen.index("Partner networks")
    assert "Nothing of it." in seen[everybody:partners] and "A quiet need" in seen[partners:]


# --- introductions ----------------------------------------------------------------------------------------------------


def test_a_member_asks_for_its_own_entry_and_no_other(world: Place, boat: Browser, need: str) -> None:
    action = f"{under(need)}/new"
    given = {"theirs": OFFER, "ours": world.training, "text": "Hello.", **REACHED}
    look, sent = look_and_send(boat, action, given)
    assert "Interpreters &amp; more" in look.text and "Training of interpreters" not in look.text
    assert sent.headers["location"].startswith(under(need))
    id_ = sent.headers["location"].rpartition("/")[2].partition("?")[0]
    one = introductions.introduction(world.home, id_)
    assert (one.asker.handle, one.asked.handle, one.steps[0].by) == (need, OFFER, boat.account and boat.account.name)
    assert boat.get(sent.headers["location"]).headers["cache-control"] == "no-store"


def test_between_two_members_the_other_one_answers_and_each_reads_the_others_details_only_then(
    world: Place, boat: Browser, house: Browser, need: str, between: Introduction
) -> None:
    assert "waits for your answer" in house.get(f"/member/exchange/{world.training}").text
    assert "waits for your answer" in house.get("/member").text
    assert "waits for your answer" not in boat.get(f"/member/exchange/{need}").text
    asked = house.get(under(world.training, between.id)).text
    assert "Could you &lt;train&gt; us?" in asked and "maya@maple.example" not in asked
    assert "maya@maple.example" in boat.get(under(need, between.id)).text, "one's own"
    _look, sent = look_and_send(house, under(world.training, between.id, "accept"), dict(REACHED))
    assert sent.headers["location"] == f"{under(world.training, between.id)}?done=accepted-here"
    assert "maya@maple.example" in house.get(under(world.training, between.id)).text
    assert "noor@boat.example" in boat.get(under(need, between.id)).text


def test_of_two_members_neither_learns_before_who_did_it_on_the_other_side(
    world: Place, boat: Browser, house: Browser, need: str
) -> None:
    one = introductions.ask(world.home, world.training, need, "", "en", THEIRS, "Somebody of Boat", NOW)
    assert "Somebody of Boat" in boat.get(under(need, one.id)).text
    assert "Somebody of Boat" not in house.get(under(world.training, one.id)).text
    introductions.decline(world.home, one.id, "", NOW, "Somebody of House")
    assert "Somebody of House" not in boat.get(under(need, one.id)).text
    assert "Somebody of House" in client_as(world.home, "editor").get(f"/workspace/introductions/{one.id}").text


def test_what_the_network_keeps_of_a_member_in_an_inner_circle_is_not_filled_in_for_it(
    world: Place, house: Browser
) -> None:
    with world.home.store.writing() as db:
        stored_circles.add(db, "office", NOW)
    edits.add(world.home, "contact", {"organization": world.house, "emails": ["kept@office.example"]}, NOW, "office")
    page = house.form(f"{under(world.training)}/new", theirs=THEIR_NEED, do="fill")
    assert page.status == 422 and "kept@office.example" not in page.text
    staff = {"theirs": THEIR_NEED, "ours": world.training, "do": "fill"}
    assert "kept@office.example" in client_as(world.home, "editor").form("/workspace/introductions/new", staff).text


def test_a_part_of_an_id_tells_nothing_of_others(world: Place, boat: Browser, need: str) -> None:
    begun = [asked_by_others(world, number, world.training) for number in (31, 32)]
    for part in (begun[0][:7], begun[0][:4], "zzzz"):
        assert boat.get(under(need, part)).status == 404


def test_the_asking_member_does_not_answer_in_the_others_place_nor_the_other_way_round(
    boat: Browser, house: Browser, world: Place, need: str, between: Introduction
) -> None:
    page = boat.get(under(need, between.id)).text
    assert "Say yes" not in page and "Take it back" in page
    assert boat.form(under(need, between.id, "decline")).status == 409
    assert boat.form(under(need, between.id, "accept"), dict(REACHED)).status == 409
    assert house.form(under(world.training, between.id, "take-back"), sure="1").status == 409
    assert introductions.introduction(world.home, between.id).state == "waiting"


def test_an_introduction_is_found_only_below_an_entry_that_it_is_about(
    world: Place, boat: Browser, house: Browser, need: str, between: Introduction
) -> None:
    assert boat.get(under(need, between.id)).status == 200
    assert boat.get(under(world.lawyer, between.id)).status == 404, "own, but another entry"
    assert house.get(under(need, between.id)).status == 403, "not its own"
    other = asked_by_others(world, 21, world.training)
    assert boat.get(under(need, other)).status == 404
    assert house.get(under(world.training, other)).status == 200
    assert boat.form(under(world.lawyer, between.id, "forget"), sure="1").status == 404


def test_an_organisation_reads_nothing_of_others_introductions_in_its_lists(
    world: Place, boat: Browser, house: Browser
) -> None:
    other = asked_by_others(world, 22, world.training, "For the house alone.")
    assert other in house.get(f"/member/exchange/{world.training}").text
    for path in ("/member", f"/member/exchange/{world.interpreters}", f"/member/exchange/{world.lawyer}"):
        page = boat.get(path).text
        assert other not in page and "For the house alone." not in page
    for path in ("/workspace/introductions", f"/workspace/introductions/{other}"):
        assert boat.get(path).status == 403


def test_whoever_names_an_entry_that_is_not_theirs_as_their_side_is_not_believed(world: Place, boat: Browser) -> None:
    """The other network says that it asks for an entry whose handle is one of ours: no page opens by that."""
    side = Side("00000023-1111-4111-8111-111111111111", 1, "asked", world.training, "2026-11-20T10:00:00Z",
                own=Spoken(world.lawyer, "need", {"en": "Forged"}, "Paper Boat"), text="Forged words")  # fmt: skip
    hearing.taken(world.home, world.network, [side], [], NOW)
    assert boat.get(under(world.lawyer, side.introduction)).status == 404
    assert "Forged" not in boat.get(f"/member/exchange/{world.lawyer}").text


def test_entries_that_only_the_secretariat_may_read_are_not_asked_about(world: Place, boat: Browser, need: str) -> None:
    circles.add(world.home, "inner", NOW)
    secret = edits.add(world.home, "exchange", {"type": "offer", "titles": {"en": "Hidden help"}}, NOW, "inner").handle
    assert boat.get(f"{under(need)}/new?theirs={secret}").status == 404
    page = boat.form(f"{under(need)}/new", {"theirs": secret, "do": "look", **REACHED})
    assert page.status == 404 and "Hidden help" not in page.text


def test_their_need_can_be_asked_about_from_an_offer_of_ours(house: Browser, world: Place) -> None:
    assert house.get(f"{under(world.training)}/new?theirs={THEIR_NEED}").status == 200
