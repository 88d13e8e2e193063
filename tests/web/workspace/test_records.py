from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.errors import NotFoundError
from fednet.node import edits, erasure, hiding
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.node.roll import roll
from fednet.store import acts, circles
from fednet.web.workspace.records import KINDS
from tests.web.place import HOSTILE_NAMES, NOW, node
from tests.web.signed_in import client_as

MANY = 120


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = node(tmp_path)
    yield found
    found.close()


def handle_of(home: Home, title: str, kind: str = "organization") -> str:
    with home.store.reading() as db:
        return next(one.handle for one in roll(db, home, kind) if title in str(one.record))


def own(home: Home, handle: str) -> edits.Own:
    with home.store.reading() as db:
        return edits.find(db, home, handle)


def test_a_list_is_searched_filtered_sorted_and_turned_over(home: Home) -> None:
    for number in range(MANY):
        edits.add(home, "organization", {"names": {"en": f"Bureau {number:03}"}, "seat": {"country": "KE"}}, NOW)
    browser = client_as(home, "editor")
    first = browser.get("/workspace/records/organization").text
    assert "Bureau 000" in first and "Bureau 119" not in first and "Page 1 of 3" in first
    assert "Bureau 119" in browser.get("/workspace/records/organization?page=3").text
    assert browser.get("/workspace/records/organization?page=99").status == 200
    found = browser.get("/workspace/records/organization?text=bureau+kenya+07").text
    assert "Bureau 070" in found and "Bureau 080" not in found
    boat = "Paper Boat Legal Aid Centre"
    for words in ("Thailand", "paper+boat", "pblac", "เรือกระดาษ"):
        assert boat in browser.get(f"/workspace/records/organization?text={words}").text
    assert "Bureau" not in browser.get("/workspace/records/organization?circle=partners").text.partition("desk-page")[2]
    unsigned = browser.get("/workspace/records/organization?state=draft&text=paper").text
    assert boat not in unsigned.partition("desk-page")[2]
    by_country = browser.get("/workspace/records/organization?sort=country").text
    assert by_country.index("Hong Kong") < by_country.index("Kenya")
    assert browser.get("/workspace/records/opinion").status == 404


def test_a_page_says_that_a_record_was_saved_or_that_nothing_differs(home: Home) -> None:
    browser, handle = client_as(home, "editor"), handle_of(home, "Paper Boat")
    for done, told in (("saved", "Saved. It is signed"), ("same", "Nothing differs"), ("confirmed", "Confirmed as")):
        assert told in browser.get(f"/workspace/record/{handle}?done={done}").text
    made = browser.form("/workspace/records/group/new", {"texts.0.names": "New group", "texts.0.language": "en"})
    assert made.status == 303 and "Saved. It is signed" in browser.get(made.headers["location"]).text


def test_what_the_network_says_of_itself_begins_with_its_name(home: Home) -> None:
    with home.store.reading() as db:
        assert edits.of_itself(db, home) is None
    assert f'value="{home.network.name}"' in client_as(home, "editor").get("/workspace/record/network").text


def test_several_entries_are_confirmed_at_once_or_none(home: Home) -> None:
    browser = client_as(home, "editor")
    one, other = handle_of(home, "Lantern"), handle_of(home, "Kapok")
    nobody = "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e"
    assert browser.form("/workspace/records/organization", do="confirm", handle=[one, nobody]).status == 404
    assert "confirmed" not in own(home, one).fields
    answer = browser.form("/workspace/records/organization", do="confirm", handle=[one, other], text="a")
    assert answer.headers["location"] == "/workspace/records/organization?text=a&done=confirmed"
    assert own(home, other).fields["confirmed"]["at"] == NOW.date().isoformat()
    assert browser.form("/workspace/records/organization", do="confirm").status == 400
    assert browser.form("/workspace/records/organization", do="x", handle=one).status == 400


def test_several_entries_move_to_another_circle(home: Home) -> None:
    browser = client_as(home, "editor")
    moving = [handle_of(home, name) for name in ("Lantern", "Kapok")]
    assert browser.form("/workspace/records/organization", do="circle", to="partners", handle=moving).status == 303
    with home.store.reading() as db:
        where = {one.circle for one in roll(db, home, "organization") if one.waits == "new"}
    assert where == {"partners"}
    assert browser.form("/workspace/records/organization", do="circle", to="nowhere", handle=moving).status >= 400


def test_an_entry_is_made_and_changed_by_its_form(home: Home) -> None:
    browser = client_as(home, "editor")
    page = browser.get("/workspace/records/resource/new").text
    fields = form_of(page) | {"texts.0.titles": "A <guide>", "texts.0.language": "en"}
    answer = browser.form("/workspace/records/resource/new", fields | {"do": "save"})
    assert answer.status == 303, answer.text
    address = answer.headers["location"].partition("?")[0]
    handle = address.rpartition("/")[2]
    assert own(home, handle).fields["titles"] == {"en": "A <guide>"}
    with home.store.reading() as db:
        assert acts.latest(db, limit=1)[0][5:] == ("add-record", handle, "done")
    page = browser.get(address).text
    assert "A &lt;guide&gt;" in page and "<guide>" not in page
    answer = browser.form(address, form_of(page) | {"url": "https://lib.example/guide", "do": "save"})
    assert answer.status == 303, answer.text
    assert own(home, handle).fields["url"] == "https://lib.example/guide"
    assert "What was done with this entry" in browser.get(address).text


def form_of(page: str) -> dict[str, str]:
    """The fields of the form of an entry, as a browser would send them."""
    import re
    from html import unescape

    start = page.index("<form", page.index('name="base"') - 400)
    form = page[start : page.index("</form>", start)]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if name and not (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text)
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    found.pop("token", None)
    return found


def test_what_the_network_is_has_one_record_which_is_made_with_its_first_words(home: Home) -> None:
    browser = client_as(home, "administrator")
    page = browser.get("/workspace/record/network")
    assert page.status == 200
    fields = form_of(page.text) | {"texts.0.names": "The Example Network", "texts.0.language": "en", "do": "save"}
    assert browser.form("/workspace/record/network", fields).status == 303
    with home.store.reading() as db:
        itself = edits.of_itself(db, home)
    assert itself is not None and itself.fields["names"] == {"en": "The Example Network"}
    page = browser.get("/workspace/record/network")
    fields = form_of(page.text) | {"texts.0.names": "The Other Network", "do": "save"}
    assert browser.form("/workspace/record/network", fields).status == 303
    with home.store.reading() as db:
        after = edits.of_itself(db, home)
    assert after is not None and after.handle == itself.handle


def test_an_event_is_cancelled_or_withdrawn(home: Home) -> None:
    browser = client_as(home, "editor")
    handle = handle_of(home, "Webinar", "event")
    page = browser.get(f"/workspace/record/{handle}/withdraw").text
    assert "It has not taken place yet" in page
    answer = browser.form(f"/workspace/record/{handle}/withdraw", do="cancel")
    assert answer.headers["location"] == f"/workspace/record/{handle}?done=cancelled"
    assert own(home, handle).fields["status"] == "cancelled"
    assert "Cancel the event" not in browser.get(f"/workspace/record/{handle}/withdraw").text
    answer = browser.form(f"/workspace/record/{handle}/withdraw", do="withdraw")
    assert answer.headers["location"] == "/workspace/records/event?done=withdrawn"
    with pytest.raises(NotFoundError):
        own(home, handle)
    assert "withdrawn, not signed yet" in browser.get("/workspace/records/event").text


def test_an_entry_is_erased_only_by_its_name_and_a_tick(home: Home) -> None:
    browser = client_as(home, "editor")
    handle = handle_of(home, "Lantern")
    address = f"/workspace/record/{handle}/erase"
    title = "خانه فانوس پناهندگان"
    assert title in browser.get(address).text
    for wrong in ({"name": title}, {"understood": "1"}, {"name": "Lantern", "understood": "1"}):
        answer = browser.form(address, wrong)
        assert answer.status == 422 and "Nothing was erased" in answer.text
    assert own(home, handle)
    answer = browser.form(address, {"name": f"  {title} ", "understood": "1"})
    assert answer.headers["location"] == f"/workspace/record/{handle}/erased"
    assert "by the next edition" in browser.get(answer.headers["location"]).text
    publish(home, NOW)
    page = browser.get(answer.headers["location"]).text
    assert "Canadian Example Council" in page and "never sent a receipt" in page
    assert erasure.erased(home, handle) is not None
    assert browser.get(f"/workspace/record/{handle}").status == 404


def test_what_was_withdrawn_can_be_erased_still_and_what_never_was_cannot(home: Home) -> None:
    browser = client_as(home, "editor")
    handle = handle_of(home, "Kapok")
    edits.withdraw(home, handle, NOW)
    publish(home, NOW)
    address = f"/workspace/record/{handle}/erase"
    assert browser.get(address).status == 200
    assert browser.form(address, {"name": handle, "understood": "1"}).status == 303
    assert browser.get("/workspace/record/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e/erase").status == 404
    assert browser.get("/workspace/record/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e/erased").status == 404


def test_who_sees_an_entry_is_told_circle_by_circle(home: Home) -> None:
    handle = handle_of(home, "Individual member", "person")
    page = client_as(home, "auditor").get(f"/workspace/record/{handle}/views").text
    everybody = page[page.index("Everybody</h2>") : page.index("Partner networks")]
    assert "Nothing of it." in everybody
    assert page.count("Individual member 07 (fictitious)") >= 3
    with home.store.reading() as db:
        assert circles.names(db) == ["public", "partners"]


def test_hostile_names_are_text_on_every_page_of_an_entry(home: Home) -> None:
    browser = client_as(home, "administrator")
    for name in HOSTILE_NAMES:
        made = edits.add(home, "organization", {"names": {"en": name}}, NOW)
        for page in ("", "/views", "/withdraw", "/erase"):
            answer = browser.get(f"/workspace/record/{made.handle}{page}")
            assert answer.status == 200
            assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
    assert "<script>alert" not in browser.get("/workspace/records/organization").text


def test_an_entry_is_confirmed_by_one_button(home: Home) -> None:
    handle = handle_of(home, "Kapok")
    client_as(home, "editor").form(f"/workspace/record/{handle}/confirm")
    assert own(home, handle).fields["confirmed"] == {"at": NOW.date().isoformat(), "by": home.network.name}
    later = NOW + timedelta(days=1)
    assert client_as(home, "auditor", clock=lambda: later).form(f"/workspace/record/{handle}/confirm").status == 403


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_its_list_its_form_and_its_pages(home: Home, kind: str) -> None:
    browser, auditor = client_as(home, "editor"), client_as(home, "auditor")
    assert browser.get(f"/workspace/records/{kind}").status == 200
    assert browser.get(f"/workspace/records/{kind}/new").status == 200
    assert auditor.get(f"/workspace/records/{kind}/new").status == 403
    with home.store.reading() as db:
        some = roll(db, home, kind)
    for one in some[:1]:
        for page in ("", "/views", "/withdraw", "/erase"):
            assert browser.get(f"/workspace/record/{one.handle}{page}").status == 200
        page = auditor.get(f"/workspace/record/{one.handle}").text
        assert "Who sees this" in page and 'method="post"' not in page.partition("desk-page")[2]


def test_those_that_are_shown_are_ticked_at_once(home: Home) -> None:
    page = client_as(home, "editor").get("/workspace/records/organization?ticked=1").text
    assert page.count(" checked>") == 3


def test_a_form_of_a_new_entry_that_is_sent_twice_makes_one(home: Home) -> None:
    browser = client_as(home, "editor")
    there = "/workspace/records/organization/new"
    base = re.search(r'name="base" value="([^"]+)"', browser.get(there).text)
    assert base is not None
    fields = {"base": base[1], "texts.0.language": "English", "texts.0.names": "Sent Twice", "do": "save"}
    first, second = browser.form(there, fields), browser.form(there, fields)
    assert (first.status, second.headers["location"]) == (303, first.headers["location"])
    other = browser.form(there, fields | {"texts.0.names": "Sent Later"})
    assert other.headers["location"] != first.headers["location"], "who goes back and types something else means it"
    page = browser.get("/workspace/records/organization").text
    assert page.count("Sent Twice") == page.count("Sent Later") > 0


def test_what_is_hidden_is_marked_in_the_list_and_can_be_erased_from_there(home: Home) -> None:
    browser = client_as(home, "editor")
    org = edits.add(home, "organization", {"names": {"en": "Never Signed"}}, NOW).handle
    hiding.hide(home, org, NOW)
    page = browser.get("/workspace/records/organization?state=hidden").text
    assert "Never Signed" in page and '<span class="mark grave">hidden</span>' in page
    assert f"/workspace/record/{org}/erase" in browser.get("/workspace/hide").text
    assert "Never Signed" in browser.get(f"/workspace/record/{org}/erase").text
    gone = browser.form(f"/workspace/record/{org}/erase", understood="1", name="Never Signed")
    assert gone.status == 303
    assert hiding.acts(home) == []
    assert browser.get(f"/workspace/record/{org}/erase").status == 404
