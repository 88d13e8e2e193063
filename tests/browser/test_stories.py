"""What a secretariat, an applicant, a member and a stranger do in a first week, from start to end, in real browsers.

Two nodes that `fednet serve` runs; nothing is done but with pages. In English and Arabic, with scripts and without.
Buttons and links are found by what they say, so that a missing translation fails as well. Every sort of page that comes
up is judged (`Person`).
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser

from tests.browser.person import Person
from tests.browser.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.clock]

LIST = Path(__file__).parents[2] / "../shared/data/organisations/hdx-chad-3w.xlsx"
PASSWORD = "paper boats upon the river"
MEMBER_PASSWORD = "lanterns along the quay"
PATIENCE = 60.0  # seconds for a sync that the node makes by itself


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ar", False), ("en", False), ("ar", True)])
def test_a_first_week(chromium: Browser, tmp_path: Path, language: str, scripts: bool) -> None:
    if not LIST.exists():
        pytest.skip(f"{LIST.name} is not here: it belongs into shared/data beside the project")
    with (
        served(tmp_path / "harbour", "Harbour Refugee Network") as harbour,
        served(tmp_path / "river", "River Network") as river,
    ):

        def somebody(at: Served) -> Person:
            return Person(chromium, at.address, language, scripts=scripts)

        office, other = somebody(harbour), somebody(river)
        becomes_administrator(office, harbour, "Amina Office", "amina@harbour.example")
        imports_a_list(office)
        opens_joining(office)
        stranger = somebody(harbour)
        application = applies(stranger)
        member = somebody(harbour)
        approves(office, member)
        assert application
        proposes_and_is_approved(member, office)
        publishes_an_event(office)

        becomes_administrator(other, river, "Bao Office", "bao@river.example")
        lists_a_member(other)
        finds_what_the_other_lists(office, river, other)
        wrong = [line for one in (office, other, stranger, member) for line in one.wrong]
        assert wrong == []


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


def imports_a_list(office: Person) -> None:
    office.go("/workspace/import")
    office.field("file").set_input_files(LIST)
    office.press("Look at it")
    assert office.sees("1,556") or office.sees("1٬556")
    office.press("Import")
    assert office.sees("208")
    office.go("/workspace/publish")
    if office.page.get_by_role("button", name=office.said("Sign it now"), exact=True).count():
        office.press("Sign it now")
    office.go("/?text=Adventist")
    assert office.sees("Adventist Development And Relief Agency")


def opens_joining(office: Person) -> None:
    office.go("/workspace/settings")
    office.tick("open")
    office.fill(categories="full member\nassociate")
    office.press("Save", within="form[action='/workspace/settings/joining']")


def applies(stranger: Person) -> str:
    """The secret address of the application."""
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
    return stranger.path()


def approves(office: Person, member: Person) -> None:
    office.go("/workspace/applications")
    office.page.get_by_role("link", name=re.compile("Willow Shelter")).first.click()
    office.press("Approve")
    link = re.search(r"/welcome/[\w-]+", office.text())
    assert link, office.text()
    member.go(link[0])
    member.fill(name="Chanda Willow", password=MEMBER_PASSWORD, again=MEMBER_PASSWORD)
    member.press("Go on")
    assert member.path() == "/member"
    assert member.sees("Willow Shelter")


def proposes_and_is_approved(member: Person, office: Person) -> None:
    member.page.locator('main a[href^="/member/records/"]').first.click()
    member.fill(texts__0__description="A house for families who have just arrived.")
    member.page.locator('main button[name="more"][value="texts"]').first.click()
    member.fill(texts__1__language="French", texts__1__names="Abri du Saule")
    member.page.locator('main button[name="do"][value="look"]:not(.unseen)').first.click()
    member.page.locator('main button[name="do"][value="save"]:not(.unseen)').first.click()
    assert member.path().startswith("/member"), member.text()
    office.go("/workspace/edits")
    office.page.locator('main a[href^="/workspace/edits/"]').first.click()
    assert office.sees("Abri du Saule")
    office.press("Approve")
    member.go("/member")
    assert member.sees("Abri du Saule") or member.sees("Willow Shelter")


def publishes_an_event(office: Person) -> None:
    office.go("/workspace/records/event/new")
    office.fill(texts__0__language="English", texts__0__titles="Evening on family reunification")
    office.choose("type", "webinar")
    office.fill(when__day="2027-03-03", when__time="18:00", when__until="19:30", when__zone="Africa/Ndjamena")
    office.page.locator('main button[name="do"][value="save"]:not(.unseen)').first.click()
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
    other.page.locator('main button[name="do"][value="save"]:not(.unseen)').first.click()
    other.go("/workspace/publish")
    if other.page.get_by_role("button", name=other.said("Sign it now"), exact=True).count():
        other.press("Sign it now")


def finds_what_the_other_lists(office: Person, river: Served, other: Person) -> None:
    other.go("/workspace/keys")
    office.go("/workspace/peers")
    office.fill(address=river.address)


def until(office: Person, url: str, text: str) -> None:
    """Look again and again, until a page says it."""
    end = time.monotonic() + PATIENCE
    while not office.sees(text):
        assert time.monotonic() < end, office.text()
        time.sleep(0.5)
        office.go(url)
