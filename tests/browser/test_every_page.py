"""Every page that the policy knows, as everybody who may see it: judged by axe, narrow and wide, and weighed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, search
from fednet.node import edits, introductions, joining, proposals
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.web import policy
from fednet.web.app import create_app
from fednet.web.visitors import COOKIE
from tests.browser.judges import axe, violations
from tests.browser.person import template_of
from tests.feed.network import handle
from tests.serving import Serving
from tests.web.place import NOW, followed, node
from tests.web.signed_in import client_as

pytestmark = pytest.mark.browser

HEAVIEST = 60_000
"""Bytes over the wire for a page and all that it needs, with nothing in the cache."""
ROLES = ("anybody", "individual", "organization", "administrator")
FILES = frozenset(
    {
        "/organizations/{handle}/proof", "/records/{handle}/proof", "/workspace/acts.csv", "/workspace/acts.jsonl",
        "/workspace/import/{upload}/{name}", "/language/{tag}", "/exchange/chart.csv", "/workspace/report.csv",
    }
)  # fmt: skip
"""Addresses that are no pages."""
GONE = frozenset(
    {
        "/workspace/import/{upload}", "/member/erased/{handle}", "/workspace/record/{handle}/erased",
        "/people/{handle}", "/workspace/hide/{handle}", "/member/new/{kind}", "/member/edits/{id}",
    }
)  # fmt: skip
"""Pages of a moment, or not for everybody: they may tell that there is nothing, which is a page, too."""


class World(NamedTuple):
    """A node that is served, one record of each kind, and the cookie of somebody of each role."""

    address: str
    home: Home
    records: dict[str, str]
    cookies: dict[str, str]
    ids: dict[str, str]
    offer: str
    """An entry of the other network, which somebody may ask about."""

    def pages(self, role: str) -> list[str]:
        """One address of each page that a role may see."""
        lines = (path for (method, path), line in policy.TABLE.items() if method == "GET" and role in line.roles)
        return [self.path(path, role) for path in lines if path not in FILES]

    def path(self, known: str, role: str) -> str:
        kinds = {
            "/exchange/": "exchange", "/workspace/exchange/": "exchange", "/member/exchange/": "exchange",
            "/twinnings/": "twinning", "/organizations/": "organization", "/events/": "event", "/groups/": "group",
            "/people/": "person", "/resources/": "resource",
            "/member/": "person" if role == "individual" else "organization",
        }  # fmt: skip
        kind = next((kind for begin, kind in kinds.items() if known.startswith(begin)), "organization")
        sample = {
            "handle": self.records[kind], "network": self.home.network.network, "kind": "event", "tag": "fr",
            "secret": "A" * 43, "upload": "none", "name": "none",
            "id": next((found for begin, found in self.ids.items() if known.startswith(begin)), "1"),
        }  # fmt: skip
        path = "/".join(sample[part[1:-1]] if part.startswith("{") else part for part in known.split("/"))
        return f"{path}?theirs={self.offer}" if known.endswith("/introductions/new") else path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = node(tmp_path_factory.mktemp("every"))
    edits.add(home, "group", {"names": {"en": "Youth network"}, "roles": [{"role": "chair", "holder": "Noor"}]}, NOW)
    twins = [{"name": "Paper Boat Legal Aid Centre"}, {"name": "Harbour Kapok Legal Aid Centre"}]
    edits.add(home, "twinning", {"organizations": twins, "goals": {"en": "To learn how children are heard."}}, NOW)
    publish(home, NOW)
    found = search(home.store, parse_query(limit=200), OPERATOR, NOW)
    own = home.network.network
    records = {hit.kind: hit.handle for hit in found.hits if hit.network == own}
    app = create_app(home, clock=lambda: NOW)
    members = {"organization": records["organization"], "person": records["person"]}
    form = {"organization": {"names": {"en": "Willow Shelter"}}, "contact": {"emails": ["desk@willow.example"]}}
    joining.apply(home, joining.read(home, form), "en", NOW)
    browsers = {
        role: client_as(home, role, organization=members["organization"], person=members["person"], app=app)
        for role in ROLES
    }
    account = browsers["organization"].account
    assert account is not None
    with home.store.reading() as db:
        entry = edits.find(db, home, members["organization"])
    proposals.submit(
        home, proposals.proposer(account), "organization", entry, {"acronym": "PB"}, entry.circle, NOW, waits=True
    )
    serving = Serving(app)
    address = f"http://localhost:{serving.address[1]}"
    cookies = {role: browser.secret for role, browser in browsers.items()}
    peer = next(hit.network for hit in found.hits if hit.network != own)
    records["exchange"], offer, asked = introduced(home, members["organization"])
    ids = {"/workspace/peers/": peer, "/workspace/introductions/": asked, "/member/exchange/": asked}
    yield World(address, home, records, cookies, ids, offer)
    serving.close()
    home.close()


def introduced(home: Home, organization: str) -> tuple[str, str, str]:
    """A need of an organisation, an offer of another network, and the introduction that was asked between the two."""
    wanted = {"themes": ["legal-aid"], "modality": "secondment", "countries": ["TH"], "open_until": "2027-06-30"}
    said = {"type": "need", "titles": {"en": "A lawyer"}, "organization": organization, **wanted}
    need = edits.add(home, "exchange", said, NOW).handle
    publish(home, NOW)
    offers = [{"kind": "exchange", "type": "offer", "titles": {"en": f"Lawyers {at}"}, **wanted} for at in range(2)]
    followed(home, "River Example Network", offers, first=100)
    details = introductions.Details("Example Person", ("desk@paper-boat.example",), (), "")
    asked = introductions.ask(home, handle(100), need, "Could one come in June?", "en", details, "", NOW)
    return need, handle(101), asked.id


@pytest.fixture(scope="module")
def judged() -> set[str]:
    """What pages said that were judged already, in a language and at a width."""
    return set()


def context_of(chromium: Browser, world: World, role: str, language: str, width: int) -> BrowserContext:
    context = chromium.new_context(base_url=world.address, locale=language, viewport={"width": width, "height": 900})
    if world.cookies[role]:
        name = f"{COOKIE}-{world.address.rpartition(':')[2]}"
        context.set_extra_http_headers({"Cookie": f"{name}={world.cookies[role]}"})  # as none can be set over http
    return context


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 320)])
@pytest.mark.parametrize("role", ROLES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(
    chromium: Browser, world: World, judged: set[str], role: str, language: str, width: int
) -> None:
    """What says the same to several roles is judged for the first of them; what stands around it, for each once."""
    program, wrong = axe(), []
    context = context_of(chromium, world, role, language, width)
    page = context.new_page()
    for url in world.pages(role):
        answer = page.goto(url)
        assert answer is not None
        if answer.status != 200 and not is_of_a_moment(template_of(url)):
            wrong.append(f"{url}: answered {answer.status}")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{url}: wider than {width}")
        said = f"{language} {width} {without_secrets(page.locator('main').inner_html())}"
        if said not in judged or url == world.pages(role)[0]:
            judged.add(said)
            wrong += violations(page, program)
    context.close()
    assert wrong == []


def without_secrets(html: str) -> str:
    return re.sub(r"[\w-]{40,}", "", html)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_light_over_the_wire(chromium: Browser, world: World, role: str) -> None:
    context = context_of(chromium, world, role, "ar", 1280)
    page = context.new_page()
    heavy = {url: weight for url in world.pages(role) if (weight := weighed(context, page, url)) > HEAVIEST}
    context.close()
    assert heavy == {}


def is_of_a_moment(known: str) -> bool:
    """Secret addresses lead somewhere once; the stories come to them."""
    return "{secret}" in known or known in GONE


def weighed(context: BrowserContext, page: Page, url: str) -> int:
    """Bytes that came over the wire until a page stood, with an empty cache."""
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    came: list[float] = []
    session.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    page.goto(url)
    session.detach()
    return round(sum(came))
