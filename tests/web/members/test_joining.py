from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fednet.directory.matching import bring_up_to_date
from fednet.node import edits, joining
from fednet.node.home import Home, Mail
from fednet.node.publish import publish
from fednet.store import accounts, acts, applications
from fednet.store import letters as stored
from fednet.web.members.joining import CLIENT, SOONEST, TRAP
from tests.node.test_joining import MEMBERS, applied, opened
from tests.web.place import HOSTILE_NAMES, NOW
from tests.web.signed_in import Browser, client_as


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = opened(tmp_path)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stranger(home: Home, clock: Clock) -> Browser:
    return client_as(home, "anybody", clock=clock)


def editor(home: Home, clock: Clock) -> Browser:
    return client_as(home, "editor", clock=clock)


def mailing(home: Home) -> None:
    mail = Mail(host="127.0.0.1", sender="secretariat@network.example")
    home.config = msgspec.structs.replace(home.config, mail=mail, url="https://network.example")


def form(browser: Browser, clock: Clock, **more: Any) -> dict[str, Any]:
    """The form as a person fills it in, half a minute after it was shown."""
    page = browser.get("/join").text
    began = re.search(r'name="began" value="([^"]+)"', page)
    handles = re.findall(r'<option value="([0-9a-f-]{36})"', page)
    clock.now += timedelta(seconds=30)
    assert began is not None
    return {
        "began": began[1],
        "texts.0.language": "English",
        "texts.0.names": "Harbour House",
        "texts.0.description": "We help.",
        "original": "0",
        "website": "harbour.example",
        "seat.country": "Thailand",
        "countries": "Thailand, Myanmar",
        "services": ["legal-aid", "housing"],
        "languages": "Thai, Burmese",
        "emails": "info@harbour.example",
        "person": "The office",
        "category": "full",
        "why": "We wish\nto join.",
        "documents": "https://harbour.example/statutes.pdf",
        "endorsers": handles[:2],
        "circle": "public",
        "consent": "yes",
        **more,
    }


def sent(browser: Browser, clock: Clock, **more: Any) -> str:
    """The address of the page of an application that was just sent."""
    answer = browser.form("/join", form(browser, clock, **more))
    assert answer.status == 303, unescape(answer.text)
    return answer.headers["location"].partition("?")[0]


def waiting(home: Home) -> list[applications.Application]:
    with home.store.reading() as db:
        return applications.of_state(db, applications.OPEN)


def seen(browser: Browser, page: str) -> str:
    """Which version of an application a page shows."""
    found = re.search(r'name="seen" value="([0-9a-f]{32})"', browser.get(page).text)
    assert found is not None
    return found[1]


def links(page: str, kind: str) -> list[str]:
    return re.findall(rf"(/{kind}/[\w-]{{40,}})", page)


def test_an_organisation_joins_from_the_form_to_its_own_account(home: Home, clock: Clock, stranger: Browser) -> None:
    page = sent(stranger, clock)
    assert "waits for the secretariat" in stranger.get(page).text
    desk = editor(home, clock)
    (found,) = waiting(home)
    here = f"/workspace/applications/{found.id}"
    assert "Harbour House" in desk.get("/workspace/applications").text
    shown = unescape(desk.get(here).text)
    for said in (
        "Harbour House",
        "We help.",
        "Myanmar",
        "Legal aid",
        "info@harbour.example",
        "harbour.example/statutes",
    ):
        assert said in shown, said
    endorse = links(desk.form(f"{here}/endorsers").text, "endorse")
    assert len(endorse) == 2
    asked = stranger.get(endorse[0])
    assert asked.status == 200 and "Harbour House" in asked.text and "info@harbour" not in asked.text
    assert "endorsed" not in desk.get(here).text, "looking is not saying"
    said = {"seen": seen(stranger, endorse[0]), "verdict": "endorsed"}
    assert stranger.form(endorse[0], said).status == 200
    assert stranger.form(endorse[0], said).status == 404
    assert stranger.form(endorse[1], {**said, "verdict": "declined"}).status == 200
    assert desk.form(f"{here}/ask", said="Since when?").status == 303
    assert "Since when?" in stranger.get(page).text
    assert stranger.form(f"{page}/answer", said="Since 1999").status == 303
    shown = desk.get(here).text
    assert "Since 1999" in shown and "endorses it" in shown and "does not endorse it" in shown
    version = seen(desk, here)
    approved = desk.form(f"{here}/approve", seen=version)
    (welcome,) = links(approved.text, "welcome")
    assert approved.status == 200 and stranger.get(welcome).status == 200
    assert desk.form(f"{here}/approve", seen=version).status == 409
    assert "you are a member" in stranger.get(page).text
    with home.store.reading() as db:
        account = accounts.by_email(db, "info@harbour.example")
        assert account is not None and account.organization is not None
        entry = edits.find(db, home, account.organization).fields
    assert entry["names"] == {"en": "Harbour House"} and entry["countries"] == ["TH", "MM"]
    assert entry["membership"]["until"] == "2027-11-21"
    member = client_as(home, "organization", organization=account.organization, clock=clock)
    assert member.get("/member").status == 200


def test_what_is_wrong_is_said_and_what_was_typed_stays(clock: Clock, stranger: Browser, home: Home) -> None:
    wrong = {"texts.0.names": "", "countries": "Atlantis", "emails": "nobody", "consent": "", "category": ""}
    answer = stranger.form("/join", form(stranger, clock, why="A reason <b>", **wrong))
    page = unescape(answer.text)
    assert answer.status == 422 and waiting(home) == []
    for said in ("Atlantis", "is not an e-mail address", "A name is needed.", "Without your consent"):
        assert said in page, said
    assert "A reason &lt;b&gt;" in answer.text and 'value="Atlantis"' in answer.text


def test_nothing_that_is_wrong_goes_unsaid(home: Home, clock: Clock, stranger: Browser) -> None:
    answer = stranger.form("/join", form(stranger, clock, endorsers=[], why="long " * 2_000))
    assert answer.status == 422 and answer.text.count("<li>") >= 1
    assert "Is longer than 4000 characters." in answer.text
    answer = stranger.form("/join", form(stranger, clock, endorsers=[]))
    assert answer.status == 422 and "Choose 2 different members." in answer.text


def test_another_language_is_added_without_script_and_nothing_is_sent(
    clock: Clock, stranger: Browser, home: Home
) -> None:
    answer = stranger.form("/join", form(stranger, clock, more="texts"))
    assert answer.status == 200 and 'name="texts.1.names"' in answer.text and "Harbour House" in answer.text
    assert waiting(home) == []


def test_programs_that_fill_in_everything_at_once_are_not_listened_to(
    home: Home, clock: Clock, stranger: Browser
) -> None:
    filled = form(stranger, clock)
    assert stranger.form("/join", {**filled, TRAP: "x"}).status == 422
    assert stranger.form("/join", {**filled, "began": "2026-11-21T18:00:00Z 00"}).status == 422
    assert stranger.form("/join", {**filled, "began": ""}).status == 422
    filled = form(stranger, clock)
    clock.now += SOONEST - timedelta(seconds=30.5)
    assert stranger.form("/join", filled).status == 422
    clock.now += timedelta(hours=25)
    assert stranger.form("/join", filled).status == 422
    assert waiting(home) == []


def test_one_place_sends_a_few_applications_and_must_wait_longer_for_each_one_more(
    home: Home, clock: Clock, stranger: Browser
) -> None:
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 3 * CLIENT.free:
        filled = form(stranger, clock, emails=f"a{len(statuses)}@harbour.example")
        statuses.append(_from(stranger, "192.0.2.7", filled))
    assert len(statuses) > CLIENT.free and statuses == [*[303] * (len(statuses) - 1), 429]
    assert _from(stranger, "192.0.2.8", form(stranger, clock, emails="b@harbour.example")) == 303


def _from(browser: Browser, address: str, filled: dict[str, Any]) -> int:
    """The status of the form when it comes from another machine."""
    inner = browser.app

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "client": (address, 1)}, receive, send)

    browser.app = app
    try:
        return browser.form("/join", filled).status
    finally:
        browser.app = inner


def test_a_network_that_takes_no_applications_says_so(home: Home, stranger: Browser) -> None:
    closed = msgspec.structs.replace(home.config.joining, open=False)
    home.config = msgspec.structs.replace(home.config, joining=closed)
    page = stranger.get("/join")
    assert page.status == 200 and "<form" not in page.text.partition("<main")[2].partition("</main")[0]
    assert stranger.form("/join", consent="yes").status == 403


def test_the_applicant_changes_and_takes_back_what_was_sent(home: Home, clock: Clock, stranger: Browser) -> None:
    page = sent(stranger, clock)
    changing = stranger.get(f"{page}/change").text
    assert 'value="Harbour House"' in changing and "https://harbour.example/statutes.pdf" in changing
    filled = form(stranger, clock, **{"texts.0.names": "Harbour Home", "emails": "new@harbour.example"})
    assert stranger.form(f"{page}/change", filled).status == 303
    (found,) = waiting(home)
    assert found.email == "new@harbour.example" and found.fields["organization"]["names"] == {"en": "Harbour Home"}
    assert stranger.form(f"{page}/change", {**filled, "emails": ""}).status == 422
    gone = stranger.form(f"{page}/withdraw")
    assert gone.status == 200 and "destroyed" in gone.text
    assert stranger.get(page).status == 404
    desk = editor(home, clock)
    shown = desk.get(f"/workspace/applications/{found.id}")
    assert shown.status == 200 and "Harbour" not in shown.text


def test_a_page_with_a_secret_address_is_kept_by_nobody(clock: Clock, stranger: Browser) -> None:
    page = stranger.get(sent(stranger, clock))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert stranger.get("/application/" + "x" * 43).status == 404


def test_entries_that_may_be_the_same_are_shown_before_anybody_decides(
    home: Home, clock: Clock, stranger: Browser
) -> None:
    edits.add(home, "organization", {"names": {"en": "Harbor House"}, "website": "https://harbour.example"}, NOW)
    publish(home, NOW)
    bring_up_to_date(home.store)
    sent(stranger, clock)
    (found,) = waiting(home)
    shown = editor(home, clock).get(f"/workspace/applications/{found.id}").text
    assert "May be listed already" in shown and "Harbor House" in shown and "the same website" in shown


def test_a_lost_address_is_replaced_by_a_new_one(home: Home, clock: Clock, stranger: Browser) -> None:
    page = sent(stranger, clock)
    (found,) = waiting(home)
    (fresh,) = links(editor(home, clock).form(f"/workspace/applications/{found.id}/link").text, "application")
    assert stranger.get(page).status == 404 and stranger.get(fresh).status == 200


def test_a_decision_without_a_question_or_by_an_auditor_is_none(home: Home, clock: Clock) -> None:
    found = applied(home)
    here = f"/workspace/applications/{found.id}"
    assert editor(home, clock).form(f"{here}/ask", said=" ").status == 400
    auditor = client_as(home, "auditor", clock=clock)
    shown = auditor.get(here)
    assert shown.status == 200 and "/approve" not in shown.text
    for act in ("approve", "decline", "ask", "endorsers", "link"):
        assert auditor.form(f"{here}/{act}", said="x").status == 403, act
    assert [one.state for one in waiting(home)] == ["waits"]


def test_letters_go_out_instead_of_links_where_there_is_mail(home: Home, clock: Clock, stranger: Browser) -> None:
    mailing(home)
    page = sent(stranger, clock)
    (found,) = waiting(home)
    desk, here = editor(home, clock), f"/workspace/applications/{found.id}"
    assert desk.form(f"{here}/ask", said="Since when?\nAnd why?").status == 303
    handed = desk.form(f"{here}/endorsers")
    assert handed.status == 200 and len(links(handed.text, "endorse")) == 2, "nobody of them can be reached"
    assert desk.form(f"{here}/approve", seen=seen(desk, here)).headers["location"] == f"{here}?done=approved"
    with home.store.reading() as db:
        letters = sorted(stored.waiting(db), key=lambda one: one.id)
    assert [one.recipient for one in letters] == ["info@harbour.example"] * 3
    assert [re.findall("/(application|welcome)/", one.text) for one in letters] == [
        ["application"],
        ["application"],
        ["welcome"],
    ]
    assert page in letters[0].text and "Harbour" not in letters[0].text, "a stranger may get it"
    assert "    Since when?\n    And why?\n" in letters[1].text


def test_a_member_says_on_its_own_page_whom_it_endorses(home: Home, clock: Clock) -> None:
    found = applied(home)
    with home.store.reading() as db:
        first, second, other = joining.members(db, home)
    joining.ask_endorsers(home, found.id, NOW, lambda *_: None)
    stranger = client_as(home, "organization", organization=other, clock=clock)
    with home.store.reading() as db:
        version = joining.version_of(joining.find(db, found.id))
    assert stranger.form(f"/member/endorsements/{found.id}", verdict="endorsed", seen=version).status == 409
    member = client_as(home, "organization", organization=first, name="Ann", clock=clock)
    asking = member.get("/member").text
    assert "Applicant 1" in asking and f'action="/member/endorsements/{found.id}"' in asking
    there = f"/member/endorsements/{found.id}"
    assert member.form(there, verdict="endorsed", seen=seen(member, "/member")).status == 303
    assert member.form(there, verdict="declined", seen=version).status == 409
    with home.store.reading() as db:
        said = {one.organization: (one.verdict, one.said_by) for one in applications.endorsements(db, found.id)}
    assert said == {first: ("endorsed", "Ann"), second: (None, None)}


def test_memberships_are_renewed_many_at_once(home: Home, clock: Clock) -> None:
    desk = editor(home, clock)
    handles = [
        edits.add(home, "organization", {"names": {"en": name}, "membership": {"until": "2026-12-01"}}, NOW).handle
        for name in ("One", "Two", "Three")
    ]
    chosen = re.findall('name="handle" value="([^"]+)"', desk.get("/workspace/terms").text)
    assert sorted(chosen) == sorted(f"{handle} 2026-12-01" for handle in handles)
    for _ in ("sent", "sent again"):
        assert desk.form("/workspace/terms", handle=[one for one in chosen if handles[2] not in one]).status == 303
    assert re.findall('name="handle" value="([^"]+)"', desk.get("/workspace/terms").text) == [
        f"{handles[2]} 2026-12-01"
    ]
    with home.store.reading() as db:
        assert edits.find(db, home, handles[0]).fields["membership"]["until"] == "2027-12-01"
    assert desk.form("/workspace/terms").status == 422
    assert client_as(home, "auditor", clock=clock).form("/workspace/terms", handle=handles[2]).status == 403


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_text_on_every_page(home: Home, clock: Clock, name: str) -> None:
    found = applied(
        home, organization={"names": {"en": name}}, why=name, contact={"emails": ["a@a.example"], "person": name}
    )
    joining.ask_back(home, found.id, name, NOW, lambda *_: None)
    secrets = joining.ask_endorsers(home, found.id, NOW, lambda *_: None)
    stranger, desk = client_as(home, "anybody", clock=clock), editor(home, clock)
    for browser, page in (
        (desk, "/workspace/applications"),
        (desk, f"/workspace/applications/{found.id}"),
        (stranger, f"/application/{found.secret}"),
        (stranger, f"/application/{found.secret}/change"),
        (stranger, f"/endorse/{next(iter(secrets.values()))}"),
    ):
        answer = browser.get(page)
        assert answer.status == 200
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text and "\u202e" not in answer.text


def test_the_members_to_choose_from_are_those_that_everybody_may_know(home: Home, stranger: Browser) -> None:
    fields = {"names": {"en": "Hidden House"}, "membership": {"category": "full"}}
    edits.add(home, "organization", fields, NOW, "partners")
    edits.add(home, "organization", {"names": {"en": "No Member"}}, NOW)
    publish(home, NOW)
    page = stranger.get("/join").text
    assert all(name in page for name in MEMBERS) and "Hidden House" not in page and "No Member" not in page


def test_an_application_that_changed_under_the_eyes_of_the_desk_is_shown_again(
    home: Home, clock: Clock, stranger: Browser
) -> None:
    page = sent(stranger, clock)
    desk, (found,) = editor(home, clock), waiting(home)
    here = f"/workspace/applications/{found.id}"
    endorse = links(desk.form(f"{here}/endorsers").text, "endorse")[0]
    looked, spoken = seen(desk, here), seen(stranger, endorse)
    changed = form(stranger, clock) | {"texts.0.names": "Quite another house"}
    assert stranger.form(f"{page}/change", changed).status == 303
    again = desk.form(f"{here}/approve", seen=looked)
    assert again.status == 409 and "Quite another house" in again.text and "has changed" in again.text
    assert desk.form(f"{here}/approve").status == 409, "nobody approves without having looked"
    assert stranger.form(endorse, verdict="endorsed", seen=spoken).status == 409
    assert [one.state for one in waiting(home)] == ["waits"]


def test_those_that_are_ticked_are_declined_for_one_reason(home: Home, clock: Clock) -> None:
    mailing(home)
    ids = [str(applied(home, number).id) for number in (1, 2, 3)]
    desk, there = editor(home, clock), "/workspace/applications"
    assert desk.get(there).text.count('name="id"') == 3
    assert desk.form(there, reason="full").status == 400, "nothing is ticked"
    assert client_as(home, "auditor", clock=clock).form(there, id=ids, reason="full").status == 403
    assert desk.form(there, id=ids[:2], reason="We are <full>.").headers["location"] == f"{there}?done=all-declined"
    crossed = desk.form(there, id=ids[1:], reason="Said twice")
    assert crossed.status == 409 and "Said twice" in crossed.text and "checked" in crossed.text
    assert [one.id for one in waiting(home)] == [int(ids[2])]
    assert "are declined" in desk.get(f"{there}?done=all-declined").text
    with home.store.reading() as db:
        told = [(one.recipient, "We are <full>." in one.text) for one in stored.waiting(db)]
        noted = [one.subject for one in acts.latest(db) if one.act == "application-declined"]
    assert told == [("applicant-1@a.example", True), ("applicant-2@a.example", True)]
    assert sorted(noted) == ids[:2]
    assert desk.form(there, id="x", reason="full").status == 404


def test_an_application_that_is_sent_twice_is_one(home: Home, clock: Clock, stranger: Browser) -> None:
    filled_in = form(stranger, clock)
    first, second = stranger.form("/join", filled_in), stranger.form("/join", filled_in)
    assert (first.status, first.headers["location"]) == (303, second.headers["location"])
    assert len(waiting(home)) == 1


def test_an_application_that_nobody_could_approve_is_refused(home: Home, clock: Clock, stranger: Browser) -> None:
    refused = stranger.form("/join", form(stranger, clock, **{"texts.0.names": "x" * 40_000}))
    assert refused.status == 422 and "too long" in refused.text


def test_an_applicant_sees_all_that_it_filled_in_and_is_not_thanked_for_ever(clock: Clock, stranger: Browser) -> None:
    address = sent(stranger, clock)
    page = stranger.get(f"{address}?done=sent").text
    for said in ("We wish", "statutes.pdf", "full", "Everybody", "Your application is sent"):
        assert said in page, said
    stranger.form(f"{address}/withdraw")
    assert "Your application is sent" not in stranger.get(f"{address}?done=sent").text
