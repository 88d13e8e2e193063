"""A need of one network meets an offer of another: posted, found, asked, answered, closed; told as stories in browsers.

Two nodes that `fednet serve` runs follow each other. The people have signed in already (`test_stories.py` does that by
pages), everything else is done with pages: in English with scripts, in Arabic without, and once by files alone. Buttons
and links are found by what they say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from fednet.node import edits, sessions
from fednet.node import home as homes
from fednet.node.home import Home, now
from fednet.node.publish import publish
from fednet.store import accounts
from fednet.store.accounts import STAFF
from fednet.web.visitors import COOKIE
from tests.browser.person import Person
from tests.browser.served import free_port, serving
from tests.node.nodes import pin

pytestmark = [pytest.mark.browser, pytest.mark.clock]

PATIENCE = 30.0  # seconds for what a node does by itself
NEED = "A lawyer for children in Mae Sot"
OFFER = "Lawyers on secondment"
ASKED = "Our lawyer leaves in June; could one of yours come?"
REACHED = {"harbour": "desk@ferry-street.example", "river": "desk@heron.example"}
OFFERED = {
    "type": "offer",
    "titles": {"en": OFFER},
    "themes": ["legal-aid", "child-protection"],
    "client_groups": ["unaccompanied-minors"],
    "modality": "secondment",
    "countries": ["TH", "MM"],
    "languages": ["en"],
    "open_until": "2037-12-31",
}


UNMET = {
    "type": "need",
    "titles": {"en": "Interpreters who speak Rohingya, at night"},
    "themes": ["interpretation"],
    "client_groups": ["stateless"],
    "countries": ["MY"],
    "open_until": "2037-03-31",
}


class Node(NamedTuple):
    """A node that is served: its network, a member organisation, and the cookie of somebody of each role."""

    path: Path
    address: str
    network: str
    organization: str
    cookies: dict[str, str]


Opening = Callable[[str, str], Person]
"""Opens a browser at an address, with a cookie."""


class Town(NamedTuple):
    """Two nodes, and how somebody opens a browser at one of them."""

    harbour: Node
    river: Node
    opening: Opening

    def somebody(self, node: Node, role: str = "") -> Person:
        return self.opening(node.address, node.cookies.get(role, ""))


@contextmanager
def town(path: Path, opening: Opening, *, connected: bool = True) -> Iterator[Town]:
    """Both follow each other: over the network, or (not `connected`) by what is handed over in files."""
    made = {name: _made(path / name, name) for name in ("harbour", "river")}
    ports = {name: free_port() for name in made}
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    nodes = {}
    for name, other in (("harbour", "river"), ("river", "harbour")):
        pin(made[name], made[other], *([addresses[other]] if connected else []))
        nodes[name] = _node(made[name], addresses[name], ports[name])
    for home in made.values():
        home.close()
    with ExitStack() as stack:
        for name, node in nodes.items():
            stack.enter_context(serving(node.path, ports[name]))(f"({node.address})")
        yield Town(nodes["harbour"], nodes["river"], opening)


def _made(path: Path, name: str) -> Home:
    home, _ = homes.create(path / "node", f"{name.capitalize()} Network", None, path / "recovery.txt")
    config = home.path / "node.toml"
    config.write_text(f"{config.read_text('utf-8')}\n[joining]\nedits_need_approval = false\n", "utf-8")
    home.close()
    return Home(path / "node")


def _node(home: Home, address: str, port: int) -> Node:
    names = {"Harbour Network": "Ferry Street Clinic", "River Network": "Heron Legal Clinic"}
    name = names[home.network.name]
    fields = {"names": {"en": name}, "countries": ["TH"], "services": ["legal-aid"]}
    organization = edits.add(home, "organization", fields, now()).handle
    publish(home, now())
    cookies = {}
    with home.store.writing() as db:
        for role in ("administrator", "organization"):
            whose = None if role in STAFF else organization
            account = accounts.add(db, f"{name}, {role}", f"{role}@{port}.example", role, now(), organization=whose)
            cookies[role] = f"{COOKIE}-{port}={sessions.begin(db, account, now(), whole=True)}"
    return Node(home.path, address, home.network.network, organization, cookies)


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ar", False)])
def test_a_need_is_met_across_networks(chromium: Browser, tmp_path: Path, language: str, scripts: bool) -> None:
    people: list[Person] = []
    with town(tmp_path, opening(chromium, people, language, scripts)) as place:
        met_across_networks(place)
    assert [line for one in people for line in one.wrong] == []


def test_two_offices_are_introduced_by_files_alone(chromium: Browser, tmp_path: Path) -> None:
    people: list[Person] = []
    with town(tmp_path, opening(chromium, people, "en", True), connected=False) as place:
        introduced_by_files(place)
    assert [line for one in people for line in one.wrong] == []


def opening(chromium: Browser, people: list[Person], language: str, scripts: bool) -> Opening:
    def somebody(address: str, cookie: str) -> Person:
        people.append(Person(chromium, address, language, scripts=scripts, cookie=cookie))
        return people[-1]

    return somebody


def met_across_networks(place: Town) -> None:
    """All that happens."""
    member, office = place.somebody(place.harbour, "organization"), place.somebody(place.river, "administrator")
    posts_an_offer(place.river)
    need = posts_a_need(member)
    asks(office)
    introduction = answers(member, need)
    read_each_others_details(member, office, introduction)
    nobody_else_reads_them(place, need)
    tell_what_came_of_it(office, member, need)
    both_state_a_twinning(office, place.somebody(place.harbour, "administrator"))
    chart_and_report(place.somebody(place.river), office)


def introduced_by_files(place: Town) -> None:
    """A file with what River lists; then one that asks, one that answers, and one that tells who asked."""
    asking, asked = (place.somebody(node, "administrator") for node in (place.harbour, place.river))
    posts_an_offer(place.river)
    until(asked, "/exchange", OFFER)
    hands_a_file(asked, asking, f"/workspace/peers/{place.harbour.network}")
    until(asking, "/exchange", OFFER)
    asking.click(asking.page.get_by_role("link", name=OFFER).first)
    asking.follow("Ask to be introduced")
    asking.fill(text=ASKED, name="Amina Example", emails=REACHED["harbour"])
    asking.press("Look at what they will read")
    asking.press("Send it")
    introduction = asking.path()
    hands_a_file(asking, asked, introduction)
    asked.go(introduction)
    assert asked.sees(ASKED) and REACHED["harbour"] not in asked.page.content()
    asked.fill(name="Bao Example", emails=REACHED["river"])
    asked.press("Look at what they will read")
    asked.press("Say yes, and be introduced")
    hands_a_file(asked, asking, introduction)
    asking.go(introduction)
    assert asking.sees(REACHED["river"])
    hands_a_file(asking, asked, introduction)
    asked.go(introduction)
    assert asked.sees(REACHED["harbour"])


def hands_a_file(one: Person, other: Person, page: str) -> None:
    """The file that a page offers for the other's network is read there."""
    one.go(page)
    with one.page.expect_download() as file:
        one.page.get_by_role("button", name=one.said("Fetch a file for this network")).first.click()
    other.go("/workspace/peers")
    other.field("file").set_input_files(file.value.path())
    other.press("Read the file")


def posts_an_offer(node: Node) -> None:
    """And a need that nobody meets, as a file that was imported would; the need is posted with pages."""
    home = Home(node.path)
    for fields in (OFFERED, UNMET):
        edits.add(home, "exchange", {**fields, "organization": node.organization}, now())
    home.close()


def posts_a_need(member: Person) -> str:
    """The handle of the need."""
    member.go("/member/new/exchange")
    member.choose("type", "need")
    member.fill(texts__0__language="English", texts__0__titles=NEED)
    member.choose("modality", "secondment")
    member.tick("themes", "legal-aid")
    member.tick("client_groups", "unaccompanied-minors")
    member.fill(countries="Thailand", languages="English", open_until="2037-06-30")
    member.click('main button[name="do"][value="look"]:not(.unseen)')
    assert member.page.locator("main .audience").count() > 1, member.text()
    member.click('main button[name="do"][value="save"]:not(.unseen)')
    member.go("/member")
    link = member.page.get_by_role("link", name=NEED).first.get_attribute("href")
    assert link, member.text()
    return link.rpartition("/")[2]


def asks(office: Person) -> None:
    until(office, "/workspace/exchange", NEED)
    assert office.page.locator("main .why li").count() >= 2, office.text()
    href = 'main a[href*="/workspace/introductions/new?theirs="]'
    office.click(href)
    office.fill(text=ASKED, name="Bao Example", emails=REACHED["river"], phones="+1 506 555 0100")
    office.press("Look at what they will read")
    now_read, later = office.page.locator("main .audience").all()
    assert ASKED in now_read.inner_text() and REACHED["river"] not in now_read.inner_text()
    assert REACHED["river"] in later.inner_text()
    office.press("Send it")
    assert office.path().startswith("/workspace/introductions/"), office.text()


def answers(member: Person, need: str) -> str:
    """The member reads who asks, and nothing of how to reach them; and says yes. The path of the introduction."""
    asked = f'main a[href^="/member/exchange/{need}/introductions/"]:not([href*="/new"])'
    until(member, f"/member/exchange/{need}", asked)
    member.click(asked)
    assert member.sees(ASKED) and member.sees("Heron Legal Clinic")
    assert REACHED["river"] not in member.page.content()
    member.fill(name="Noor Example", emails=REACHED["harbour"])
    member.press("Look at what they will read")
    member.press("Say yes, and be introduced")
    return member.path()


def read_each_others_details(member: Person, office: Person, introduction: str) -> None:
    until(member, introduction, REACHED["river"])
    until(office, office.path(), REACHED["harbour"])


def nobody_else_reads_them(place: Town, need: str) -> None:
    """Strangers read nothing of it anywhere."""
    for node in (place.harbour, place.river):
        stranger = place.somebody(node)
        for url in ("/", f"/exchange/{need}", "/exchange", "/exchange/chart", "/networks", "/feed.json"):
            said = stranger.page.request.get(url).text()
            assert not any(told in said for told in (ASKED, *REACHED.values())), url
        stranger.go("/workspace/introductions")
        assert stranger.path() == "/sign-in"


def tell_what_came_of_it(office: Person, member: Person, need: str) -> None:
    office.tick("outcome", "met")
    office.press("Keep that")
    member.go(f"/member/exchange/{need}/close")
    member.tick("outcome", "met")
    member.fill(outcome_note="A lawyer came for six months.")
    member.press("Close it")
    until(office, f"/exchange/{need}", "A lawyer came for six months.")


def both_state_a_twinning(office: Person, other: Person) -> None:
    office.go("/workspace/introductions?show=introduced")
    office.click('main .rows a[href^="/workspace/introductions/"]')
    office.follow("Make a twinning of it")
    office.fill(texts__0__goals="Lawyers for children, in both places.")
    save(office)
    until(other, "/twinnings", 'main a[href^="/twinnings/"]')
    other.click('main a[href^="/twinnings/"]')
    assert other.sees("Lawyers for children, in both places.")
    other.click('main a[href^="/workspace/records/twinning/new"]')
    save(other)
    until(office, "/twinnings", 'main a[href^="/twinnings/"]')
    office.click('main a[href^="/twinnings/"]')
    until(office, office.path(), "Harbour Network")


def chart_and_report(stranger: Person, office: Person) -> None:
    stranger.go("/exchange/chart")
    assert stranger.sees(OFFER) and not stranger.sees(NEED)
    assert stranger.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    office.go("/workspace/report")
    assert office.page.locator("main table").count(), office.text()


def save(one: Person) -> None:
    one.click('main button[name="do"][value="save"]:not(.unseen)')
    if one.page.locator('main [name="understood"]').count():
        one.tick("understood")
        one.click('main button[name="do"][value="save"]:not(.unseen)')


def until(one: Person, url: str, wanted: str) -> None:
    """Look again and again, until a page says something or (`main ...`) has something."""
    end = time.monotonic() + PATIENCE
    one.page.goto(url)
    while not (one.page.locator(wanted).count() if wanted.startswith("main ") else one.sees(wanted)):
        assert time.monotonic() < end, f"{url}: {wanted}\n{one.text()}"
        time.sleep(0.25)
        one.page.goto(url)
    one.go(url)  # as it is judged
