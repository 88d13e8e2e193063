"""What a secretariat, an applicant, a member and a stranger do in a first week, from start to end, in real browsers.

Two nodes that `fednet serve` runs; nothing is done but with pages. In English and Arabic, with scripts and without.
Buttons and links are found by what they say, so that a missing translation fails as well. Every sort of page that comes
up is judged (`Person`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pyotp
import pytest
from playwright.sync_api import Browser

from tests.browser.person import Person
from tests.browser.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.clock]


class Members(NamedTuple):
    """A list that a network has of its members, and one of those in it."""

    file: Path
    one: str


CHAD = Members(
    Path(__file__).parents[2] / "../shared/data/organisations/hdx-chad-3w.xlsx",
    "Adventist Development And Relief Agency",
)
PASSWORD = "paper boats upon the river"
PASSPHRASE = "six words upon a folded paper"
MEMBER_PASSWORD = "lanterns along the quay"
PATIENCE = 60.0  # seconds for a sync that the node makes by itself


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ar", False)])
def test_a_first_week(chromium: Browser, tmp_path: Path, language: str, scripts: bool) -> None:
    if not CHAD.file.exists():
        pytest.skip(f"{CHAD.file.name} is not here: it belongs into shared/data beside the project")
    people: list[Person] = []

    def somebody(address: str) -> Person:
        people.append(Person(chromium, address, language, scripts=scripts))
        return people[-1]

    first_week(somebody, tmp_path, CHAD)
    assert [line for one in people for line in one.wrong] == []


def first_week(somebody: Callable[[str], Person], path: Path, members: Members) -> None:
    """All that happens; `somebody` opens a browser at an address."""
    with (
        served(path / "harbour", "Harbour Refugee Network") as harbour,
        served(path / "river", "River Network") as river,
    ):
        office = somebody(harbour.address)
        becomes_administrator(office, harbour, "Amina Office", "amina@harbour.example")
        imports_a_list(office, members)
        opens_joining(office)
        stranger, member = somebody(harbour.address), somebody(harbour.address)
        applies(stranger)
        approves(office, member)
        proposes_and_is_approved(member, office)
        publishes_an_event(office)
        other = somebody(river.address)
        becomes_administrator(other, river, "Bao Office", "bao@river.example")
        lists_a_member(other)
        finds_what_the_other_lists(office, river, other)
        is_confirmed_by_a_secret_link(office, stranger)
        hides_and_puts_back(office, stranger, members.one)
        backs_up_and_rehearses(office)
        invites_an_auditor(office, somebody(harbour.address))


def becomes_administrator(one: Person, node: Served, name: str, email: str) -> None:
    one.go("/workspace")
    assert "/sign-in" in one.path() or "/workspace" in one.path()
    one.go(node.welcome)
    one.fill(name=name, email=email, password=PASSWORD, again=PASSWORD)
    one.press("Go on")
    key = one.page.locator("main code").first.inner_text().replace(" ", "")
    one.fill(code=pyotp.TOTP(key).now())
    one.press("Use this app")
    assert one.path() == "/workspace"


def imports_a_list(office: Person, members: Members) -> None:
    office.go("/workspace/import")
    office.field("file").set_input_files(members.file)
    office.press("Look at it")
    office.press("Import")
    office.go("/workspace/publish")
    if office.page.get_by_role("button", name=office.said("Sign it now"), exact=True).count():
        office.press("Sign it now")
    office.go(f"/?text={quote(members.one)}")
    assert office.sees(members.one)


def opens_joining(office: Person) -> None:
    office.go("/workspace/settings")
    office.tick("open")
    office.fill(categories="full member\nassociate")
    office.click('main form[action="/workspace/settings/joining"] button')


def applies(stranger: Person) -> None:
    stranger.go("/join")
    stranger.fill(texts__0__language="English", texts__0__names="Willow Shelter", texts__0__description="A house.")
    stranger.fill(emails="desk@willow.example")
    stranger.choose("category", "associate")
    stranger.tick("services", "housing")
    stranger.press("Send the application")
    assert not stranger.path().startswith("/application/"), "consent was not asked for"
    stranger.tick("consent", "yes")
    stranger.page.wait_for_timeout(4_000)  # whoever fills in a form within four seconds is taken for a machine
    stranger.press("Send the application")
    assert stranger.path().startswith("/application/"), stranger.text()[:900]
    assert stranger.sees("Willow Shelter")


def approves(office: Person, member: Person) -> None:
    office.go("/workspace/applications")
    office.click(office.page.get_by_role("link", name=re.compile("Willow Shelter")).first)
    office.press("Approve")
    link = handed_over(office, "welcome")
    member.go(link)
    member.fill(name="Chanda Willow", password=MEMBER_PASSWORD, again=MEMBER_PASSWORD)
    member.press("Go on")
    assert member.path() == "/member"
    assert member.sees("Willow Shelter")


def proposes_and_is_approved(member: Person, office: Person) -> None:
    member.click('main a[href^="/member/records/"]')
    member.fill(texts__0__description="A house for families who have just arrived.")
    member.click('main button[name="more"][value="texts"]')
    member.fill(texts__1__language="French", texts__1__names="Abri du Saule")
    member.click('main button[name="do"][value="look"]:not(.unseen)')
    member.click('main button[name="do"][value="save"]:not(.unseen)')
    assert member.path().startswith("/member"), member.text()
    office.go("/workspace/edits")
    office.click('main a[href^="/workspace/edits/"]')
    assert office.sees("Abri du Saule")
    office.press("Approve")
    member.go("/member")
    assert member.sees("Abri du Saule") or member.sees("Willow Shelter")


def publishes_an_event(office: Person) -> None:
    office.go("/workspace/records/event/new")
    office.fill(texts__0__language="English", texts__0__titles="Evening on family reunification")
    office.choose("type", "webinar")
    office.fill(when__day="2027-03-03", when__time="18:00", when__until="19:30", when__zone="Africa/Ndjamena")
    office.click('main button[name="do"][value="save"]:not(.unseen)')
    assert office.sees("Evening on family reunification"), office.text()
    office.go("/workspace/publish")
    if office.page.get_by_role("button", name=office.said("Sign it now"), exact=True).count():
        office.press("Sign it now")
    office.go("/events?from=2027-03-01&to=2027-03-31")
    assert office.sees("Evening on family reunification")
    office.go("/events?view=month&from=2027-03-01")
    assert office.sees("Evening on family reunification")


def lists_a_member(other: Person) -> None:
    other.go("/workspace/records/organization/new")
    other.fill(texts__0__language="English", texts__0__names="Heron Legal Clinic", countries="Chad")
    other.tick("services", "legal-aid")
    other.click('main button[name="do"][value="save"]:not(.unseen)')
    other.go("/workspace/publish")
    if other.page.get_by_role("button", name=other.said("Sign it now"), exact=True).count():
        other.press("Sign it now")


def finds_what_the_other_lists(office: Person, river: Served, other: Person) -> None:
    other.go("/workspace/keys")
    fingerprint = " ".join(other.page.locator("main .finger").first.inner_text().split())
    office.go("/workspace/peers")
    office.fill(invitation=river.address)
    office.press("Look who is there")
    assert office.sees("River Network")
    office.fill(typed=fingerprint)
    office.press("Follow this network")
    until(office, "/?text=Heron", "Heron Legal Clinic")
    office.click(office.page.get_by_role("link", name="Heron Legal Clinic").first)
    assert office.sees("Heron Legal Clinic") and office.sees("River Network")
    with office.page.expect_download() as file:
        office.page.locator('main a[href*="/proof?"]').first.click()
    proof = file.value.path()
    office.go("/check")
    office.field("proof").set_input_files(proof)
    office.click('main form:has([name="proof"]) button')
    assert office.sees("River Network")


def is_confirmed_by_a_secret_link(office: Person, anybody: Person) -> None:
    office.go("/workspace/confirmations")
    row = office.page.locator("main tbody tr").first
    name = " ".join(row.locator("th a").inner_text().split())
    row.locator('[name="handle"]').check()
    office.press("Ask those whose entries they are")
    link = handed_over(office, "confirm")
    anybody.go(link)
    anybody.press("Everything is still right")
    until(anybody, f"/?text={quote(name)}", name)
    anybody.click(anybody.page.get_by_role("link", name=name).first)
    assert str(datetime.now(UTC).year) in anybody.text()


def hides_and_puts_back(office: Person, anybody: Person, name: str) -> None:
    office.go("/workspace/hide")
    office.fill(text=name)
    office.press("See what goes")
    office.click('main form[action="/workspace/hide"] button')
    until(anybody, f"/?text={quote(name)}", "", but=name)
    office.go("/workspace/hide")
    office.click(office.page.locator('main form[action="/workspace/hide/undo"] button').last)
    until(anybody, f"/?text={quote(name)}", name)


def backs_up_and_rehearses(office: Person) -> None:
    office.go("/workspace/backups")
    office.fill(passphrase=PASSPHRASE, again=PASSPHRASE)
    office.press("Make a backup")
    office.page.locator('main form[action="/workspace/backups/rehearse"] [name="passphrase"]').fill(PASSPHRASE)
    office.press("Rehearse")
    office.go("/workspace")
    assert not office.sees(office.said("Nobody has rehearsed yet what it takes to restore a backup"))


def invites_an_auditor(office: Person, auditor: Person) -> None:
    office.go("/workspace/accounts")
    office.fill(name="Dara Auditor", email="dara@harbour.example")
    office.choose("role", "auditor")
    office.click('main form[action="/workspace/accounts"] button')
    link = handed_over(office, "welcome")
    auditor.go(link)
    auditor.fill(name="Dara Auditor", password="a kite above the ferry", again="a kite above the ferry")
    auditor.press("Go on")
    key = auditor.page.locator("main code").first.inner_text().replace(" ", "")
    auditor.fill(code=pyotp.TOTP(key).now())
    auditor.press("Use this app")
    auditor.go("/workspace/acts")
    assert auditor.sees("Amina Office") and auditor.sees("Chanda Willow")
    auditor.go("/workspace/records/organization")
    assert auditor.page.get_by_role("link", name=auditor.said("New member")).count() == 0


def handed_over(office: Person, purpose: str) -> str:
    """The secret address that a page shows for somebody else, as text or in a field to copy."""
    found = re.search(rf"/{purpose}/[\w-]+", office.page.content())
    assert found, office.text()
    return found[0]


def until(one: Person, url: str, text: str, but: str = "") -> None:
    """Look again and again, until a page says the one and not the other."""
    end = time.monotonic() + PATIENCE
    one.go(url)
    while not one.sees(text) or (but and one.sees(but)):
        assert time.monotonic() < end, one.text()
        time.sleep(0.5)
        one.go(url)
