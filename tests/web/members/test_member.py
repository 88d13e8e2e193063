"""Members' own place, edits that wait for approval, and links that ask whether an entry is still right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fednet.web
from fednet.node import circles, edits, erasure
from fednet.node.home import Home, Joining, Mail
from fednet.node.own_names import OwnNames
from fednet.node.publish import publish
from fednet.store import acts
from fednet.store import proposals as stored
from fednet.web.members import confirming
from tests.asgi import Answer
from tests.web.place import HOSTILE_NAMES, NOW, node
from tests.web.signed_in import Browser, client_as


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = node(tmp_path_factory.mktemp("member"))
    yield found
    found.close()


@pytest.fixture
def home(template: Home) -> Home:
    """A node with an organisation of the test's own; edits of members wait for approval."""
    set_waits(template, True)
    return template


def set_waits(home: Home, waits: bool) -> None:
    home.config = msgspec.structs.replace(home.config, joining=Joining(edits_need_approval=waits))


@pytest.fixture
def org(home: Home) -> str:
    own = edits.add(home, "organization", {"names": {"en": "Quiet House"}, "acronym": "QH", "countries": ["TH"]}, NOW)
    publish(home, NOW)
    return own.handle


@pytest.fixture
def member(home: Home, org: str) -> Browser:
    return client_as(home, "organization", organization=org)


@pytest.fixture
def editor(home: Home) -> Browser:
    return client_as(home, "editor")


def filled(browser: Browser, url: str) -> dict[str, Any]:
    """The inputs of the form of a page, as a browser sends them when nobody touches them."""
    page = browser.get(url)
    assert page.status == 200, page.text
    return inputs(page.text)


def inputs(text: str) -> dict[str, Any]:
    text = text[text.index('class="form entry"') :]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", text):
        attributes = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if attributes.get("type") not in ("checkbox", "radio") or " checked" in tag:
            found.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    for name, body in re.findall(r'<textarea id="[^"]*" name="([^"]*)"[^>]*>(.*?)</textarea>', text, re.DOTALL):
        found[name] = [unescape(body)]
    for name, body in re.findall(r'<select id="[^"]*" name="([^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        found[name] = [unescape(one) for one in re.findall(r'value="([^"]*)" selected', body)]
    found.pop("token", None)
    found.pop("theirs", None)
    return found


def send(browser: Browser, url: str, **changes: Any) -> Answer:
    """Fill in a form (`__` for a dot) and save."""
    sent = filled(browser, url) | {"do": "save"}
    return browser.form(url, sent | {name.replace("__", "."): value for name, value in changes.items()})


def fields(home: Home, handle: str) -> dict[str, Any]:
    with home.store.reading() as db:
        return edits.find(db, home, handle).fields


def newest(home: Home) -> stored.Proposal:
    with home.store.reading() as db:
        return stored.waiting(db)[-1]


def test_a_member_sees_its_entry_and_what_it_may_add(member: Browser) -> None:
    page = member.get("/member")
    assert page.status == 200
    assert "Quiet House" in page.text
    for kind in ("contact", "event", "exchange"):
        assert f'href="/member/new/{kind}"' in page.text
    assert member.get("/member/new/organization").status == 404
    assert member.get("/member/new/nothing").status == 404


def test_one_click_confirms_in_the_name_of_the_organisation(home: Home, org: str, member: Browser) -> None:
    assert member.form(f"/member/records/{org}/confirm").headers["location"] == "/member?done=confirmed"
    assert fields(home, org)["confirmed"] == {"at": "2026-11-21", "by": "Quiet House"}


def test_an_edit_waits_is_seen_as_a_difference_and_is_approved(
    home: Home, org: str, member: Browser, editor: Browser
) -> None:
    saved = send(member, f"/member/records/{org}", website="quiet.example", countries="Thailand, Birmanie")
    assert saved.headers["location"] == "/member?done=proposed"
    assert "website" not in fields(home, org)
    found = newest(home)
    page = editor.get(f"/workspace/edits/{found.id}").text
    assert "<ins>https://quiet.example</ins>" in page
    assert "Thailand<ins>" in page
    approved = editor.form(f"/workspace/edits/{found.id}/approve", seen=found.version)
    assert approved.headers["location"] == "/workspace/edits?done=approved"
    assert fields(home, org)["website"] == "https://quiet.example"
    assert fields(home, org)["countries"] == ["TH", "MM"]


def test_where_the_network_wishes_so_an_edit_is_saved_at_once(home: Home, org: str, member: Browser) -> None:
    set_waits(home, False)
    assert send(member, f"/member/records/{org}", acronym="QHX").headers["location"] == "/member?done=saved"
    assert fields(home, org)["acronym"] == "QHX"


def test_a_member_reads_why_an_edit_was_declined(home: Home, org: str, member: Browser, editor: Browser) -> None:
    send(member, f"/member/records/{org}", acronym="NO")
    found = newest(home)
    assert editor.form(f"/workspace/edits/{found.id}/decline").status == 400
    editor.form(f"/workspace/edits/{found.id}/decline", reason="please use the legal name")
    assert "please use the legal name" in member.get("/member").text
    assert "please use the legal name" in member.get(f"/member/edits/{found.id}").text


def test_a_member_takes_an_edit_back(home: Home, org: str, member: Browser) -> None:
    send(member, f"/member/records/{org}", acronym="NO")
    found = newest(home)
    assert member.form(f"/member/edits/{found.id}/withdraw").headers["location"] == "/member?done=taken-back"
    with home.store.reading() as db:
        assert stored.proposal(db, found.id).state == "withdrawn"  # type: ignore[union-attr]


def test_an_edit_of_another_member_is_nobodys_business(home: Home, org: str, member: Browser) -> None:
    send(member, f"/member/records/{org}", acronym="NO")
    found = newest(home)
    other = edits.add(home, "organization", {"names": {"en": "Another"}}, NOW)
    stranger = client_as(home, "organization", organization=other.handle)
    assert stranger.get(f"/member/edits/{found.id}").status == 404
    assert stranger.form(f"/member/edits/{found.id}/withdraw").status == 404
    assert stranger.get("/member/edits/none").status == 404


def test_fields_of_the_network_are_not_on_a_members_form_and_not_taken_from_one(
    home: Home, org: str, member: Browser
) -> None:
    edits.edit(home, org, {"membership": {"category": "full"}}, NOW)
    set_waits(home, False)
    assert "membership.category" not in filled(member, f"/member/records/{org}")
    send(member, f"/member/records/{org}", acronym="QHX", membership__category="patron")
    assert fields(home, org)["membership"] == {"category": "full"}


def test_what_is_wrong_stands_at_its_field_with_all_that_was_typed(org: str, member: Browser) -> None:
    answer = send(member, f"/member/records/{org}", website="javascript:alert(1)", countries="Atlantis", acronym="KEPT")
    assert answer.status == 422
    assert 'href="#website"' in answer.text
    assert 'href="#countries"' in answer.text
    kept = inputs(answer.text)
    assert (kept["website"], kept["countries"], kept["acronym"]) == (["javascript:alert(1)"], ["Atlantis"], ["KEPT"])
    assert answer.text.count('aria-invalid="true"') == 2


def test_a_language_is_added_without_a_script(org: str, member: Browser) -> None:
    url = f"/member/records/{org}"
    more = member.form(url, filled(member, url) | {"more": "texts"})
    assert more.status == 200
    sent = inputs(more.text)
    assert "texts.1.names" in sent
    sent |= {"texts.1.language": ["Français"], "texts.1.names": ["Maison tranquille"], "do": ["save"]}
    assert member.form(url, sent).status == 303


def test_a_preview_shows_each_audience_and_changes_nothing(home: Home, org: str, member: Browser) -> None:
    edits.add(home, "contact", {"organization": org, "emails": ["closed@quiet.example"]}, NOW)
    url = f"/member/records/{org}"
    page = member.form(url, filled(member, url) | {"acronym": "NEW", "do": "look"})
    assert page.status == 200
    everybody, partners = page.text.split('class="audience"')[1:3]
    assert "closed@quiet.example" not in everybody
    assert "closed@quiet.example" in partners
    assert fields(home, org)["acronym"] == "QH"
    with home.store.reading() as db:
        assert not stored.by(db, org)
        assert all(one.subject != org for one in acts.latest(db))


def test_an_address_becomes_public_only_when_that_was_meant(home: Home, org: str, member: Browser) -> None:
    set_waits(home, False)
    url = "/member/new/contact"
    sent = filled(member, url) | {"emails": "a@quiet.example", "circle": "public", "do": "save"}
    warned = member.form(url, sent)
    assert warned.status == 422
    assert 'name="understood"' in warned.text
    assert member.form(url, sent | {"understood": "yes"}).headers["location"] == "/member?done=saved"
    assert member.form(url, sent | {"circle": "partners"}).headers["location"] == "/member?done=saved"


def test_what_changed_meanwhile_is_shown_beside_what_was_typed(home: Home, org: str, member: Browser) -> None:
    set_waits(home, False)
    url = f"/member/records/{org}"
    sent = filled(member, url) | {"acronym": "MINE", "do": "save"}
    edits.edit(home, org, {"acronym": "OTHER", "website": "https://other.example/"}, NOW)
    crossed = member.form(url, sent)
    assert crossed.status == 409
    assert "OTHER" in crossed.text
    again = inputs(crossed.text)
    member.form(url, again | {"theirs": "website", "do": "save"})
    assert fields(home, org).items() >= {"acronym": "MINE", "website": "https://other.example/"}.items()


def test_a_form_that_was_wrong_still_notices_what_changed_meanwhile(home: Home, org: str, member: Browser) -> None:
    set_waits(home, False)
    url = f"/member/records/{org}"
    sent = filled(member, url) | {"website": "no address at all", "do": "save"}
    edits.edit(home, org, {"acronym": "OTHER"}, NOW)
    wrong = member.form(url, sent)
    assert wrong.status == 422
    assert member.form(url, inputs(wrong.text) | {"website": "", "do": "save"}).status == 409


def test_an_event_is_announced_with_its_organisation_as_host(home: Home, org: str, member: Browser) -> None:
    set_waits(home, False)
    saved = send(
        member, "/member/new/event", texts__0__titles="Open evening", type="webinar", when__day="2026-12-02",
        when__time="18:00", when__zone="Asia/Bangkok",
    )  # fmt: skip
    assert saved.headers["location"] == "/member?done=saved", saved.text
    page = member.get("/member").text
    assert "Open evening" in page
    handle = re.findall(r'/member/records/([0-9a-f-]{36})">\s*<bdi>Open evening', page)[0]
    assert fields(home, handle)["hosts"] == [org]
    gone = member.form(f"/member/records/{handle}/withdraw")
    assert gone.status == 422
    assert member.form(f"/member/records/{handle}/withdraw", sure="yes").headers["location"].endswith("withdrawn")


def test_a_new_entry_that_was_declined_is_corrected_from_what_was_sent(
    home: Home, org: str, member: Browser, editor: Browser
) -> None:
    send(member, "/member/new/exchange", type="need", texts__0__titles="A lawyer", texts__0__description="Soon")
    first = newest(home)
    editor.form(f"/workspace/edits/{first.id}/decline", reason="where?")
    url = re.findall(r'href="(/member/new/[^"]*)"', member.get(f"/member/edits/{first.id}").text)[0]
    send(member, url, countries="Thailand")
    second = newest(home)
    assert msgspec.json.decode(second.body or b"")["description"] == {"en": "Soon"}
    third = send(member, f"/member/new/exchange?from={second.id}", countries="Chad")
    assert third.status == 303
    with home.store.reading() as db:
        assert [one.state for one in stored.by(db, org)] == ["waits", "withdrawn", "declined"]
    assert member.get(f"/member/new/event?from={second.id}").status == 404
    assert member.get("/member/new/event?from=x").status == 404


def test_what_is_refused_in_the_end_is_told_on_the_form_with_all_that_was_typed(home: Home, member: Browser) -> None:
    answer = send(
        member, "/member/new/event", texts__0__titles="Of somebody else", type="webinar", when__day="2026-12-02",
        hosts__0="Another",
    )  # fmt: skip
    assert answer.status == 422
    assert inputs(answer.text)["texts.0.titles"] == ["Of somebody else"]


def test_an_individual_makes_changes_and_erases_their_own_entry(home: Home, org: str, editor: Browser) -> None:
    person = client_as(home, "individual", organization=org)
    assert send(person, "/member/new/person", name="Individual 9").headers["location"] == "/member?done=proposed"
    found = newest(home)
    editor.form(f"/workspace/edits/{found.id}/approve", seen=found.version)
    page = person.get("/member").text
    handle = re.findall(r"/member/records/([0-9a-f-]{36})/confirm", page)[0]
    set_waits(home, False)
    send(person, f"/member/records/{handle}", role="Volunteer")
    assert fields(home, handle)["role"] == "Volunteer"
    publish(home, NOW)
    assert person.form(f"/member/records/{handle}/erase").status == 422
    erased = person.form(f"/member/records/{handle}/erase", sure="yes")
    assert erased.headers["location"] == f"/member/erased/{handle}"
    publish(home, NOW)
    assert person.get(f"/member/erased/{handle}").status == 200
    assert "Individual 9" not in person.get("/member").text


def test_an_organisation_sees_people_but_does_not_change_them(home: Home, org: str, member: Browser) -> None:
    person = edits.add(home, "person", {"name": "Individual 9", "organization": org}, NOW)
    assert member.get(f"/member/records/{person.handle}").status == 403
    assert member.form(f"/member/records/{person.handle}/erase", sure="yes").status == 403


def test_hostile_names_are_text_wherever_they_are_edited(home: Home, editor: Browser) -> None:
    set_waits(home, True)
    for name in HOSTILE_NAMES:
        own = edits.add(home, "organization", {"names": {"en": name}, "acronym": name[:50]}, NOW)
        browser = client_as(home, "organization", organization=own.handle)
        send(browser, f"/member/records/{own.handle}", acronym=f"{name[:40]} NEW")
        found = newest(home)
        for shown in (
            browser.get("/member"),
            browser.get(f"/member/records/{own.handle}"),
            browser.get(f"/member/records/{own.handle}/withdraw"),
            browser.get(f"/member/edits/{found.id}"),
            editor.get("/workspace/edits"),
            editor.get(f"/workspace/edits/{found.id}"),
        ):
            assert shown.status == 200
            assert not re.search(r"<script>alert|<img src=x|\u202e", shown.text)
        assert name.split()[0][:200] in inputs(browser.get(f"/member/records/{own.handle}").text)["texts.0.names"][
            0
        ] or ("\u202e" in name)


# --- links ------------------------------------------------------------------------------------------------------------


def link(home: Home, handle: str) -> str:
    (found,) = confirming.ask(home, [handle], NOW).links
    return found.url


def test_a_link_confirms_with_one_click_and_works_once(home: Home, org: str) -> None:
    stranger, url = client_as(home, "anybody"), link(home, org)
    page = stranger.get(url)
    assert "Quiet House" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "confirmed" not in fields(home, org)
    assert stranger.form(url, right="yes").status == 200
    assert fields(home, org)["confirmed"] == {"at": "2026-11-21", "by": "Quiet House"}
    assert stranger.get(url).status == 404


def test_what_is_changed_by_a_link_always_waits(home: Home, org: str) -> None:
    set_waits(home, False)
    stranger, url = client_as(home, "anybody"), link(home, org)
    sent = filled(stranger, f"{url}?change=yes") | {"acronym": "BY LINK", "do": "save"}
    assert stranger.form(url, sent).status == 200
    assert fields(home, org)["acronym"] == "QH"
    found = newest(home)
    assert (found.proposer, found.account_id) == (stored.by_link(org), None)
    assert stranger.get(url).status == 404


def test_what_is_changed_by_a_link_is_neither_shown_nor_mixed_with_what_waits_of_the_organisation(
    home: Home, org: str, member: Browser, editor: Browser
) -> None:
    send(member, f"/member/records/{org}", website="quiet.example")
    first = newest(home)
    stranger, url = client_as(home, "anybody"), link(home, org)
    assert "quiet.example" not in stranger.get(f"{url}?change=yes").text
    sent = filled(stranger, f"{url}?change=yes") | {"acronym": "BY LINK", "do": "save"}
    assert stranger.form(url, sent).status == 200
    found = newest(home)
    assert found.id != first.id
    assert "somebody with a link" in editor.get(f"/workspace/edits/{found.id}").text
    for one in (first, found):
        assert editor.form(f"/workspace/edits/{one.id}/approve", seen=one.version).status == 303
    assert fields(home, org).items() >= {"website": "https://quiet.example", "acronym": "BY LINK"}.items()


def test_a_conflict_is_shown_and_decided_on_the_page(home: Home, org: str, member: Browser, editor: Browser) -> None:
    send(member, f"/member/records/{org}", acronym="MINE")
    edits.edit(home, org, {"acronym": "OTHER"}, NOW)
    found = newest(home)
    assert 'name="keep.acronym"' in editor.get(f"/workspace/edits/{found.id}").text
    url = f"/workspace/edits/{found.id}/approve"
    assert editor.form(url, seen=found.version).status == 409
    assert editor.form(url, {"seen": found.version, "keep.acronym": "now"}).status == 303
    assert fields(home, org)["acronym"] == "OTHER"


def test_whoever_holds_a_link_learns_of_nothing_but_its_entry(home: Home, org: str) -> None:
    edits.add(home, "contact", {"organization": org, "emails": ["closed@quiet.example"]}, NOW)
    stranger, url = client_as(home, "anybody"), link_of(home, org)
    looked = stranger.form(url, filled(stranger, f"{url}?change=yes") | {"do": "look"})
    assert looked.status == 200
    assert "closed@quiet.example" not in looked.text
    assert "Individual member 07" not in looked.text


def link_of(home: Home, handle: str) -> str:
    return next(one.url for one in confirming.ask(home, [handle], NOW).links)


def test_a_newer_link_ends_the_one_before(home: Home, org: str) -> None:
    first, second = link(home, org), link(home, org)
    stranger = client_as(home, "anybody")
    assert stranger.get(first).status == 404
    assert stranger.get(second).status == 200


@pytest.mark.parametrize("kind", ["event", "exchange", "contact"])
def test_a_link_changes_whatever_an_organisation_keeps_and_is_not_used_up_by_a_form_that_is_refused(
    home: Home, org: str, kind: str
) -> None:
    made = {
        "event": {
            "titles": {"en": "A talk"},
            "type": "webinar",
            "start": "2026-12-02",
            "all_day": True,
            "hosts": [org],
        },
        "exchange": {"type": "need", "titles": {"en": "A need"}, "organization": org},
        "contact": {"emails": ["a@quiet.example"], "organization": org},
    }
    handle = edits.add(home, kind, made[kind], NOW, "partners").handle
    stranger, url = client_as(home, "anybody"), link_of(home, handle)
    sent = filled(stranger, f"{url}?change=yes") | {"do": "save"}
    name = "emails" if kind == "contact" else "texts.0.titles"
    assert stranger.form(url, {**sent, name: "" if kind != "contact" else "nobody"}).status == 422
    assert stranger.form(url, sent).status == 200
    assert newest(home).handle == handle and stranger.get(url).status == 404


def test_what_the_network_keeps_about_a_member_in_a_circle_of_its_own_is_neither_shown_nor_touched(
    home: Home, org: str, member: Browser, editor: Browser
) -> None:
    circles.add(home, f"c{org[:8]}", NOW)
    kept = edits.add(home, "contact", {"organization": org, "emails": ["h@h.example"]}, NOW, f"c{org[:8]}").handle
    assert kept not in member.get("/member").text
    for path in ("", "/withdraw"):
        assert member.get(f"/member/records/{kept}{path}").status == 403
    for act in ("confirm", "withdraw", "erase"):
        assert member.form(f"/member/records/{kept}/{act}", sure="yes").status == 403
    asking = confirming.ask(home, [kept], NOW)
    assert member.account is not None
    with home.store.reading() as db:
        assert confirming._recipient(db, home, edits.find(db, home, kept)) == ("h@h.example", None)
    assert len(asking.links) == 1


def test_one_of_several_hosts_leaves_an_event_and_does_not_take_it_away(home: Home, org: str, member: Browser) -> None:
    other = edits.add(home, "organization", {"names": {"en": "Other House"}}, NOW).handle
    when = {"titles": {"en": "A talk"}, "type": "webinar", "start": "2026-12-02", "all_day": True}
    handle = edits.add(home, "event", {**when, "hosts": [other, org]}, NOW).handle
    assert "stays" in member.get(f"/member/records/{handle}/withdraw").text
    answer = member.form(f"/member/records/{handle}/withdraw", sure="yes")
    assert answer.headers["location"] == "/member?done=left" and fields(home, handle)["hosts"] == [other]
    assert member.get(f"/member/records/{handle}").status == 403
    alone = edits.add(home, "event", {**when, "hosts": [org]}, NOW).handle
    assert member.form(f"/member/records/{alone}/withdraw", sure="yes").headers["location"] == "/member?done=withdrawn"


def test_who_has_confirmed_an_erasure_in_a_circle_of_the_networks_own_is_not_for_members(
    home: Home, org: str, member: Browser
) -> None:
    circles.add(home, f"e{org[:8]}", NOW)
    pages = []
    for circle in ("partners", f"e{org[:8]}"):
        handle = edits.add(home, "contact", {"organization": org, "emails": ["h@h.example"]}, NOW, circle).handle
        publish(home, NOW)
        erasure.erase(home, handle, NOW)
        publish(home, NOW)
        pages.append(member.get(f"/member/erased/{handle}").text)
    assert "says that the entry is erased" in pages[0] and "says that the entry is erased" not in pages[1]


@pytest.fixture
def mail(home: Home) -> Iterator[None]:
    """Letters can be sent."""
    before = home.config
    home.config = msgspec.structs.replace(
        before, url="https://node.example", mail=Mail(host="mail.example", sender="desk@node.example")
    )
    yield
    home.config = before


@pytest.mark.usefixtures("mail")
def test_whoever_proposed_an_edit_is_told_what_became_of_it(
    home: Home, org: str, member: Browser, editor: Browser
) -> None:
    for act in ("approve", "decline"):
        send(member, f"/member/records/{org}", acronym=act)
        found = newest(home)
        editor.form(f"/workspace/edits/{found.id}/{act}", reason="the legal name, please", seen=found.version)
    assert member.account
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT subject, text FROM outgoing WHERE recipient = ? ORDER BY id", (member.account.email,)
        ).fetchall()
    assert [subject for subject, _ in rows] == [
        "Your edit is approved: Quiet House",
        "Your edit is declined: Quiet House",
    ]
    assert "the legal name, please" in rows[1][1]


@pytest.mark.usefixtures("mail")
def test_where_letters_are_sent_organisations_are_asked_by_letter(home: Home, org: str) -> None:
    edits.add(home, "contact", {"organization": org, "emails": ["ask@quiet.example"]}, NOW)
    other = edits.add(home, "organization", {"names": {"en": "Nobody to ask"}}, NOW)
    asking = confirming.ask(home, [org, other.handle], NOW)
    assert asking.letters == 1
    assert [one.title for one in asking.links] == ["Nobody to ask"]
    assert asking.links[0].url.startswith("https://node.example/confirm/")
    with home.store.reading() as db:
        text = db.execute("SELECT text FROM outgoing WHERE recipient = 'ask@quiet.example'").fetchone()[0]
    secret = re.findall(r"https://node\.example(/confirm/\S+)", text)[0]
    assert client_as(home, "anybody").get(secret).status == 200


def test_names_of_own_records_are_those_that_the_reader_may_know(home: Home) -> None:
    staff, members = OwnNames(home), OwnNames(home, frozenset({"public"}))
    assert [name for _, name in staff.offered(("person",))]
    assert not members.offered(("person",))
    handle = staff.offered(("person",))[0][0]
    assert staff.name(handle)
    assert members.name(handle) is None


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in (Path(fednet.web.__file__).parent / "templates").rglob("*.html"):
        if path.name.startswith(("entry", "member", "confirm", "edit")):
            assert not re.search(r"<script|style=|on\w+=", path.read_text("utf-8"))


def test_members_are_not_told_what_a_circle_of_the_network_is_called(home: Home) -> None:
    circles.add(home, "quietshelter", NOW)
    own = edits.add(home, "organization", {"names": {"en": "Sheltered"}, "acronym": "SH"}, NOW, "quietshelter")
    publish(home, NOW)
    member, url = client_as(home, "organization", organization=own.handle), f"/member/records/{own.handle}"
    for page in ("/member", url):
        assert "quietshelter" not in member.get(page).text
    assert "Whom the network has chosen" in member.get(url).text
    looked = member.form(url, filled(member, url) | {"do": "look"})
    assert looked.status == 200 and "quietshelter" not in looked.text
    assert send(member, url, acronym="SHX").status == 303
    assert newest(home).circle == "", "it stays where it is"
