from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home, Mail
from fednet.node.publish import publish
from fednet.store import accounts, acts, applications, letters
from fednet.store.accounts import Account
from fednet.web.access import signing
from fednet.web.app import create_app
from tests.asgi import Answer
from tests.web.access.test_signing import CHEAP, PASSWORD, Person, code_of
from tests.web.place import NOW
from tests.web.signed_in import Browser, client_as

NEW = "a harbour of paper boats"


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


@pytest.fixture
def app(home: Home, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(signing.Gate.__init__, "__defaults__", (CHEAP,))
    return create_app(home, clock=clock)


def present(home: Home, who: Browser) -> Account:
    assert who.account is not None
    with home.store.reading() as db:
        found = accounts.account(db, who.account.id)
    assert found is not None
    return found


def with_password(home: Home, browser: Browser) -> Browser:
    with home.store.writing() as db:
        accounts.set_password(db, present(home, browser).id, CHEAP.hashed(PASSWORD))
    return browser


def link_in(answer: Answer) -> str:
    return re.search(r"(/welcome/[\w-]{43})", answer.text)[1]  # type: ignore[index]


# --- one's own --------------------------------------------------------------------------------------------------------


def test_everybody_sees_what_is_kept_of_them(home: Home, app: Any) -> None:
    for role in ("administrator", "editor", "auditor", "individual"):
        browser = client_as(home, role, app=app)
        page = browser.get("/account").text
        assert browser.account is not None
        assert browser.account.name in page and browser.account.email in page and "What is kept of you" in page


def test_a_name_a_language_and_an_address_can_be_changed(home: Home, app: Any) -> None:
    mailing(home)
    browser = client_as(home, "individual", app=app)
    before = present(home, browser)
    answer = browser.form("/account", name=" Mina  Example ", email="mina@new.example", language="ar")
    assert answer.headers["location"] == "/account?done=asked"
    assert any(cookie.startswith("language=ar;") for cookie in answer.cookies), "of the pages, too"
    found = present(home, browser)
    assert (found.name, found.email, found.language) == ("Mina Example", before.email, "ar")
    for fields in ({"name": "", "email": "a@b.example"}, {"name": "M", "email": "no"}):
        assert browser.form("/account", fields).status == 422
    (asking,) = written(home)
    assert asking.recipient == "mina@new.example" and "Mina" not in asking.text, "somebody else may read there"
    link = re.search(r"/account/address/[\w-]+", asking.text)
    assert link is not None
    stranger = Person(app)
    assert stranger.get(link[0]).status == 200 and present(home, browser).email == before.email
    assert stranger.form(link[0]).headers["location"] == "/account?done=address"
    assert present(home, browser) == found._replace(email="mina@new.example")
    assert before.email in {one.recipient for one in written(home)}, "the old address is told"
    assert stranger.form(link[0]).status == 404


def test_only_who_reads_at_an_address_learns_that_it_has_an_account(home: Home, app: Any) -> None:
    mailing(home)
    browser, other = client_as(home, "individual", app=app), client_as(home, "editor", app=app)
    assert other.account is not None
    answers = [browser.form("/account", name="M", email=email) for email in (other.account.email, "a@b.example")]
    assert [(one.status, one.headers["location"]) for one in answers] == [(303, "/account?done=asked")] * 2
    secret = ""
    browser.form("/account", name="M", email=other.account.email)
    for letter in written(home):
        if letter.recipient == other.account.email:
            secret = letter.text.partition("/account/address/")[2].split()[0]
    answer = Person(app).form(f"/account/address/{secret}")
    assert answer.status == 422 and "is an account with this" in answer.text
    assert browser.account is not None and present(home, browser).email == browser.account.email


def test_where_no_letter_shows_whose_an_address_is_an_administrator_changes_it(home: Home, app: Any) -> None:
    browser, ada = client_as(home, "individual", app=app), client_as(home, "administrator", app=app)
    before = present(home, browser)
    assert browser.form("/account", name=before.name, email="mina@new.example").status == 422
    assert present(home, browser) == before
    place = f"/workspace/accounts/{before.id}"
    assert ada.form(f"{place}/address", email="no").status == 422
    assert ada.form(f"{place}/address", email=present(home, ada).email).status == 422
    assert ada.form(f"{place}/address", email="mina@new.example").status == 303
    assert present(home, browser).email == "mina@new.example"


def mailing(home: Home) -> None:
    mail = Mail(host="127.0.0.1", sender="secretariat@network.example")
    home.config = msgspec.structs.replace(home.config, mail=mail, url="https://network.example")


def written(home: Home) -> list[letters.Outgoing]:
    with home.store.reading() as db:
        return letters.waiting(db)


def test_after_a_while_grave_changes_take_the_password_again(home: Home, app: Any, clock: Clock) -> None:
    mailing(home)
    browser = with_password(home, client_as(home, "individual", app=app))
    clock.now += timedelta(minutes=10)
    name = present(home, browser).name
    assert browser.form("/account", name="Only My Name", email=present(home, browser).email).status == 303
    for path, fields in (
        ("/account", {"name": name, "email": "thief@evil.example"}),
        ("/account/password", {"password": NEW, "again": NEW}),
        (
            "/account/totp",
            {"key": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "code": code_of(b"12345678901234567890", clock.now)},
        ),
        ("/account/delete", {"sure": "yes"}),
    ):
        assert browser.form(path, fields).status == 422, path
        assert browser.form(path, {**fields, "present": "not the password"}).status == 422, path
    assert present(home, browser).email != "thief@evil.example"
    browser.form("/account/password", password=NEW, again=NEW, present="not the password")
    answer = browser.form("/account", name=name, email="mine@new.example", present=PASSWORD)
    assert answer.status == 429  # after five guesses
    clock.now += timedelta(minutes=1)
    assert browser.form("/account", name=name, email="mine@new.example", present=PASSWORD).status == 303


def test_a_new_password_signs_out_everywhere_else(home: Home, app: Any) -> None:
    browser = with_password(home, client_as(home, "individual", app=app))
    other = Person(app)
    other.sign_in(present(home, browser).email)
    assert other.get("/account").status == 200
    answer = browser.form("/account/password", password=NEW, again=NEW)
    assert (answer.status, answer.headers["location"]) == (303, "/account?done=password")
    assert other.get("/account").status == 303 and browser.get("/account").status == 303
    fresh = Browser(app, browser.account, answer.cookies[0].partition("=")[2].partition(";")[0])
    assert fresh.get("/account?done=password").status == 200
    assert Person(app).sign_in(present(home, browser).email, NEW).status == 303
    assert Person(app).sign_in(present(home, browser).email).status == 422


def test_one_signs_out_everywhere_else_and_stays(home: Home, app: Any) -> None:
    browser = with_password(home, client_as(home, "individual", app=app))
    other = Person(app)
    other.sign_in(present(home, browser).email)
    assert "Elsewhere" in browser.get("/account").text
    assert browser.form("/account/sessions").status == 303
    assert other.get("/account").status == 303 and browser.get("/account").status == 200


def test_a_code_app_is_set_up_by_a_code_of_it_and_removed_unless_required(home: Home, app: Any) -> None:
    member, staff = client_as(home, "individual", app=app), client_as(home, "editor", app=app)
    for browser in (member, staff):
        key = re.search(r'name="key" value="([A-Z2-7 ]+)"', browser.get("/account").text)[1]  # type: ignore[index]
        wrong = browser.form("/account/totp", key=key, code="123456")
        assert wrong.status == 422 and key in wrong.text
        assert browser.form("/account/totp", key="short", code="123456").status == 422
        assert browser.form("/account/totp", key=key, code=code_of(key, NOW)).status == 303
        assert key not in browser.get("/account").text
    assert member.form("/account/totp/remove").status == 303
    assert staff.form("/account/totp/remove").status == 422


def test_an_individual_deletes_their_account_with_all_that_was_kept(home: Home, app: Any) -> None:
    browser = client_as(home, "individual", app=app)
    assert browser.form("/account/delete").status == 422
    answer = browser.form("/account/delete", sure="yes")
    assert answer.status == 303 and answer.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.get("/account").status == 303
    with home.store.reading() as db:
        assert accounts.accounts(db) == []


# --- the people of an organisation ------------------------------------------------------------------------------------


@pytest.fixture
def boat(home: Home) -> str:
    return edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW).handle


@pytest.fixture
def house(home: Home) -> str:
    return edits.add(home, "organization", {"names": {"en": "Lantern House"}}, NOW).handle


def test_an_organisations_administrator_lets_its_people_in_and_sends_them_away(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "organization", organization=boat, app=app)
    answer = ada.form("/member/people", name="Mina", email="mina@boat.example")
    assert answer.headers["location"] == "/member/people?done=invited-there", "the link is the secretariat's to give"
    with home.store.reading() as db:
        made = accounts.by_email(db, "mina@boat.example")
    assert made is not None and (made.role, made.organization) == ("individual", boat)
    given = client_as(home, "administrator", app=app).form(f"/workspace/accounts/{made.id}/link")
    mina = Person(app)
    assert mina.form(link_in(given), name="Mina", password=PASSWORD, again=PASSWORD).headers["location"] == "/member"
    page = ada.get("/member/people").text
    assert "Mina" in page and "/member/people/take-back" not in page
    assert ada.form(f"/member/people/{made.id}/end").status == 303
    assert mina.get("/account").status == 303 and "mina@boat.example" not in ada.get("/member/people").text


def test_whoever_invites_sees_the_same_whether_or_not_there_is_an_account(
    home: Home, app: Any, boat: str, house: str
) -> None:
    ada = client_as(home, "organization", organization=boat, app=app)
    others = [client_as(home, role, organization=house, app=app) for role in ("editor", "individual", "organization")]
    addresses = ["nobody@boat.example", *(present(home, one).email for one in others)]
    for mail in (False, True):
        if mail:
            mailing(home)
        shown = set()
        for email in addresses:
            answer = ada.form("/member/people", name="Mina", email=email)
            after = ada.get(answer.headers["location"]).text
            page = re.sub(r'(?s)<ul class="rows">.*</ul>|value="[^"]*"', "", after).replace(email, "")
            shown.add((answer.status, answer.headers["location"], page))
            assert email in after and "/welcome/" not in after
            assert ada.form("/member/people/take-back", email=email).status == 303
            assert email not in ada.get("/member/people").text
        assert len(shown) == 1
    assert [one.recipient for one in written(home)] == [], "an invitation that is taken back is not sent"
    assert all(one.get("/account").status == 200 for one in others)


def test_an_organisation_makes_no_links_for_those_who_have_come(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "organization", organization=boat, app=app)
    ivy = client_as(home, "individual", organization=boat, app=app)
    account = present(home, ivy)
    assert ada.form(f"/member/people/{account.id}/link").status == 404
    mailing(home)
    assert ada.form("/member/people", name="Ivy", email=account.email).status == 303
    assert written(home) == [] and ivy.get("/account").status == 200 and present(home, ivy) == account


def test_who_is_promoted_before_they_came_gets_a_link_of_the_administrator_alone(
    home: Home, app: Any, boat: str
) -> None:
    ada = client_as(home, "administrator", app=app)
    answer = ada.form("/workspace/accounts", name="Zed", email="z@x.example", role="individual", organization=boat)
    with home.store.reading() as db:
        zed = accounts.by_email(db, "z@x.example")
    assert zed is not None
    promoted = ada.form(f"/workspace/accounts/{zed.id}/role", role="administrator")
    assert Person(app).get(link_in(answer)).status == 404
    assert Person(app).get(link_in(promoted)).status == 200


def test_nobody_touches_the_people_of_another_organisation(home: Home, app: Any, boat: str, house: str) -> None:
    ada = client_as(home, "organization", organization=boat, app=app)
    others = [
        client_as(home, "individual", organization=house, app=app),
        client_as(home, "organization", organization=boat, app=app),
        client_as(home, "organization", organization=house, app=app),
        client_as(home, "individual", app=app),
        client_as(home, "administrator", app=app),
    ]
    page = ada.get("/member/people").text
    for other in others:
        account = present(home, other)
        assert (account.email in page) == (account.organization == boat)
        assert ada.form(f"/member/people/{account.id}/end").status == 403
        assert other.get("/account").status == 200
    for number in ("0", "99", "x", "-1", "1" * 40):
        assert ada.form(f"/member/people/{number}/end").status == 404


# --- all of them ------------------------------------------------------------------------------------------------------


def test_an_administrator_invites_promotes_resets_and_ends(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "administrator", app=app)
    answer = ada.form("/workspace/accounts", name="Edna", email="edna@members.example", role="editor")
    edna = Person(app)
    assert edna.form(link_in(answer), name="Edna", password=PASSWORD, again=PASSWORD).status == 303
    with home.store.reading() as db:
        made = accounts.by_email(db, "edna@members.example")
    assert made is not None
    place = f"/workspace/accounts/{made.id}"
    assert ada.get(place).status == 200
    assert ada.form(f"{place}/role", role="organization", organization="paper boat").status == 303
    assert edna.get("/sign-in/second").headers["location"] == "/sign-in"  # signed out
    with home.store.reading() as db:
        assert accounts.account(db, made.id) == made._replace(
            role="organization", organization=boat, name="Edna", language="en"
        )
    for wrong in ({"role": "organization"}, {"role": "queen"}, {"role": "individual", "organization": "Nowhere"}):
        assert ada.form(f"{place}/role", wrong).status == 422
    again = link_in(ada.form(f"{place}/reset"))
    assert Person(app).sign_in("edna@members.example").status == 422
    newest = link_in(ada.form(f"{place}/link"))
    assert Person(app).get(again).status == 404 and Person(app).get(newest).status == 200
    assert ada.form(f"{place}/end").status == 303
    assert Person(app).get(newest).status == 404
    assert "ended" in ada.get("/workspace/accounts").text
    assert ada.form(f"{place}/link").status == 404


def test_names_that_several_organisations_bear_are_not_guessed_at(home: Home, app: Any, boat: str) -> None:
    edits.add(home, "organization", {"names": {"en": "paper boat"}}, NOW)
    ada = client_as(home, "administrator", app=app)
    fields = {"name": "Mina", "email": "m@b.example", "role": "organization"}
    answer = ada.form("/workspace/accounts", fields, organization="Paper Boat")
    assert answer.status == 422 and "Several organisations" in answer.text and "Mina" in answer.text
    assert ada.form("/workspace/accounts", fields, organization=boat).status == 200


def test_the_last_administrator_is_told_so(home: Home, app: Any) -> None:
    ada = client_as(home, "administrator", app=app)
    place = f"/workspace/accounts/{present(home, ada).id}"
    assert ada.form(f"{place}/end").status == 422 and ada.form(f"{place}/role", role="auditor").status == 422
    assert ada.get("/workspace/accounts").status == 200


def test_hostile_names_are_text(home: Home, app: Any) -> None:
    ada = client_as(home, "administrator", app=app)
    name = '"><script>alert(1)</script>{{ 7 * 7 }}'
    shown = ada.form("/workspace/accounts", name=name, email="h@members.example", role="editor").text
    with home.store.reading() as db:
        hostile = accounts.by_email(db, "h@members.example")
    assert hostile is not None
    for page in (shown, ada.get("/workspace/accounts").text, ada.get(f"/workspace/accounts/{hostile.id}").text):
        assert "<script>alert" not in page and "&lt;script&gt;" in page and "{{ 7" in page


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_is_narrowed_by_who_what_and_when(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "administrator", name="Ada", app=app)
    noor = client_as(home, "editor", name="Noor", app=app)
    with home.store.writing() as db:
        for day in range(3):
            for who, act, subject in ((ada, "edit", boat), (noor, "publish", "")):
                number = acts.begin(db, present(home, who), act, subject, NOW - timedelta(days=day))
                acts.end(db, number, "done")

    def found(**query: str) -> list[str]:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        rows = ada.get(f"/workspace/acts.csv?{asked}").text.splitlines()[1:]
        return [f"{row.split(',')[1]} {row[8:10]}" for row in rows]

    assert found() == ["Ada 21", "Noor 21", "Ada 20", "Noor 20", "Ada 19", "Noor 19"]
    assert found(who="noo") == found(who="editor") == found(act="publish") == ["Noor 21", "Noor 20", "Noor 19"]
    assert found(subject=boat) == found(act="edit") == ["Ada 21", "Ada 20", "Ada 19"]
    assert found(since="2026-11-20", until="2026-11-20") == ["Ada 20", "Noor 20"]
    assert found(since="2026-11-22") == found(act="nothing") == []
    assert ada.get("/workspace/acts?since=yesterday").status == 400
    assert ada.get("/workspace/acts.csv?since=yesterday").status == 400


def test_the_log_goes_on_over_pages_and_is_exported_whole(home: Home, app: Any) -> None:
    ada = client_as(home, "administrator", app=app)
    for _ in range(60):
        ada.form("/account/sessions")
    page = ada.get("/workspace/acts").text
    assert page.count("<tr>") == 51
    older = re.search(r'href="(/workspace/acts\?before=\d+)"', page)[1]  # type: ignore[index]
    assert ada.get(older).text.count("<tr>") == 11
    assert len(ada.get("/workspace/acts.jsonl").body.splitlines()) == 60


def test_formulas_in_names_are_defused_in_the_exported_log(home: Home, app: Any) -> None:
    ada = client_as(home, "administrator", name='=HYPERLINK("http://evil.example")', app=app)
    ada.form("/account/sessions")
    answer = ada.get("/workspace/acts.csv")
    assert "attachment" in answer.headers["content-disposition"] and answer.headers["cache-control"] == "no-store"
    assert "'=HYPERLINK" in answer.text


def test_a_record_is_named_in_the_log_as_it_is_called_today(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "administrator", app=app)
    with home.store.writing() as db:
        acts.end(db, acts.begin(db, present(home, ada), "edit", boat, NOW), "done")
        names = b"".join(str(row).encode() for row in db.table("act").rows)
    assert b"Paper Boat" not in names and "Paper Boat" in ada.get("/workspace/acts").text
    publish(home, NOW)
    moved = edits.edit(home, boat, {}, NOW, "partners")
    page = ada.get("/workspace/acts").text
    assert "Paper Boat" in page and f"subject={moved.handle}" in page and boat not in page
    edits.withdraw(home, moved.handle, NOW)
    page = ada.get("/workspace/acts").text
    assert "Paper Boat" not in page and moved.handle in page


def test_what_is_no_record_is_named_in_the_log_too(home: Home, app: Any, boat: str) -> None:
    ada = client_as(home, "administrator", app=app)
    contact = edits.add(home, "contact", {"organization": boat, "emails": ["a@boat.example"]}, NOW)
    edits.add(home, "network", {"names": {"en": "Us"}}, NOW)
    with home.store.writing() as db:
        fields = {"organization": {"names": {"en": "Willow"}}, "contact": {"emails": ["w@willow.example"]}}
        number = applications.add(db, fields, "w@willow.example", "en", NOW)
        done = [
            ("edit-record", contact.handle, "Paper Boat"),
            ("edit-record", "network", "Us"),
            ("follow", home.network.network, "Example Network"),
            ("change-settings", "embed", "Search and calendar on your own site"),
            ("application-approved", str(number), "Willow"),
            ("hide", "TD", "Chad"),
            ("add-circle", "board", "board"),
        ]
        for act, subject, _name in done:
            acts.end(db, acts.begin(db, present(home, ada), act, subject, NOW), "done")
    rows = [re.findall(r"<td>(.*?)</td>", row, re.S)[3] for row in ada.get("/workspace/acts").text.split("<tr>")[2:]]
    assert [re.sub("<[^>]+>", "", row) for row in rows[:7]] == [name for _, _, name in reversed(done)]
    assert "Followed a network" in ada.get("/workspace/acts.csv").text
