"""Needs, offers and funding on pages: unmet needs first, why two fit, the way to ask, nothing for whom it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.exchange import Asked, parse_asked
from fednet.listing import vocabulary
from fednet.listing.fit import REASONS, Reason
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.web.app import create_app
from fednet.web.public import fitting, narrowing
from fednet.web.public.choices import question
from fednet.web.public.searching import read_question
from fednet.web.translation import LANGUAGES, spoken
from tests.asgi import Client
from tests.web.place import HOSTILE_NAMES, NOW, followed
from tests.web.public.test_pages import LARGEST, text_of
from tests.web.signed_in import Browser, client_as

UNMET = "A place to sleep for families"
SECRET = "A lawyer whom only partners may ask for"
LAWYER: dict[str, Any] = {
    "type": "need",
    "titles": {"en": "A lawyer for children in detention", "fr": "Une avocate pour des enfants détenus"},
    "description": {"en": "For a year, somebody who has worked with children in immigration detention."},
    "themes": ["legal-aid", "detention"],
    "client_groups": ["children"],
    "modality": "secondment",
    "countries": ["TH"],
    "languages": ["en", "th"],
    "stage": "emerging",
    "open_until": "2026-12-01",
}


class World(NamedTuple):
    home: Home
    app: Any
    browser: Client
    handles: dict[str, str]
    organization: str

    def as_(self, role: str) -> Browser:
        return client_as(self.home, role, organization=self.organization, app=self.app)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("exchange")
    home, _ = homes.create(path / "node", "Example Network", None, path / "recovery.txt")
    organization = edits.add(home, "organization", {"names": {"en": "Paper Boat"}}, NOW).handle
    said: dict[str, dict[str, Any]] = {
        "need": LAWYER | {"organization": organization},
        "unmet": {"type": "need", "titles": {"en": UNMET}, "themes": ["housing"], "countries": ["CL"]},
        "over": {"type": "need", "titles": {"en": "Too late"}, "open_until": "2026-01-01", "themes": ["legal-aid"]},
        "closed": {"type": "need", "titles": {"en": "Done with"}, "state": "closed", "closed": "2026-11-01",
                   "outcome": "met", "outcome_note": {"en": "They came in <spring>."}},
    }  # fmt: skip
    handles = {name: edits.add(home, "exchange", fields, NOW).handle for name, fields in said.items()}
    secret = LAWYER | {"titles": {"en": SECRET}, "type": "offer"}
    handles["secret"] = edits.add(home, "exchange", secret, NOW, "partners").handle
    publish(home, NOW)
    offer = {
        **LAWYER,
        "kind": "exchange",
        "type": "offer",
        "titles": {"en": "Lawyers for detained children, lent for a year"},
        "stage": "traditional",
        "organization": "Maple House",
        "open_until": None,
    }
    offer = {name: value for name, value in offer.items() if value}
    hostile = [
        {
            "kind": "exchange",
            "type": "funding",
            "titles": {"en": name},
            "organization": name,
            "description": {"en": name},
        }
        for name in HOSTILE_NAMES
    ]
    followed(home, "Other Network", [offer, *hostile])
    app = create_app(home, clock=lambda: NOW)
    browser = Client(app, accept="text/html,*/*")
    (found,) = re.findall(r'href="/exchange/([0-9a-f-]{36})"', browser.get("/exchange?type=offer").text)[:1]
    yield World(home, app, browser, handles | {"offer": found}, organization)
    home.close()


def titles(page: str) -> list[str]:
    return [text_of(one) for one in re.findall(r"<h3>(<a href=\"/exchange/.*?)</h3>", page, re.S)]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_needs_that_nobody_meets_stand_first_and_say_so(world: World) -> None:
    page = world.browser.get("/exchange").text
    assert titles(page)[:2] == [UNMET, "A lawyer for children in detention"]
    first = text_of(page[page.index(UNMET) : page.index("A lawyer for children")])
    assert "Nobody has offered this yet" in first
    assert "1 offer fits" in text_of(page)
    assert "Too late" not in page and "Done with" not in page


def test_what_is_over_is_shown_when_asked_for_and_told_as_over(world: World) -> None:
    page = world.browser.get("/exchange?state=all").text
    assert {"Too late", "Done with"} <= set(titles(page))
    told = text_of(page)
    assert "its day has passed: 1 January 2026" in told and "closed on 1 November 2026" in told


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("type=offer", ["Lawyers for detained children, lent for a year"]),
        ("unmet=yes", [UNMET]),
        ("service=detention&type=need", ["A lawyer for children in detention"]),
        ("region=019", [UNMET]),
        ("modality=secondment&type=need", ["A lawyer for children in detention"]),
        ("text=sleep", [UNMET]),
    ],
)
def test_filters_narrow_alike_by_get_and_by_post(world: World, asked: str, expected: list[str]) -> None:
    by_get = world.browser.get(f"/exchange?{asked}").text
    by_post = world.browser.post(
        "/exchange", asked.encode(), content_type="application/x-www-form-urlencoded", sec_fetch_site="same-origin"
    )
    assert titles(by_get) == expected == titles(by_post.text)


def test_a_question_that_was_sent_stands_in_no_address(world: World) -> None:
    answer = world.browser.post(
        "/exchange",
        b"text=lawyer&type=need",
        content_type="application/x-www-form-urlencoded",
        sec_fetch_site="same-origin",
    )
    assert answer.headers["cache-control"] == "no-store"
    links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
    assert not [link for link in links if "lawyer" in link]
    assert 'name="question" value="text=lawyer' in answer.text
    assert 'action="/api/v1/exchanges" method="post"' in answer.text


def test_a_question_that_cannot_be_read_is_told_and_kept(world: World) -> None:
    answer = world.browser.get("/exchange?region=Atlantis&text=boats")
    assert answer.status == 400 and 'value="boats"' in answer.text


def test_pages_of_the_list_hold_every_entry_once(world: World) -> None:
    seen, url = [], "/exchange?state=all&limit=2"
    while url:
        page = world.browser.get(url).text
        seen += re.findall(r'<h3><a href="/exchange/([0-9a-f-]{36})"', page)
        following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*>Next page', page)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 5 + len(HOSTILE_NAMES)


@given(
    st.builds(
        Asked,
        types=st.lists(st.sampled_from(["need", "offer", "funding"]), unique=True).map(tuple),
        services=st.lists(st.sampled_from(vocabulary.SERVICES.codes), unique=True, max_size=3).map(tuple),
        modalities=st.lists(st.sampled_from(vocabulary.MODALITIES.codes), unique=True, max_size=2).map(tuple),
        regions=st.lists(st.sampled_from(["035", "142"]), unique=True).map(tuple),
        countries=st.lists(st.sampled_from(["TH", "CA"]), unique=True).map(tuple),
        stages=st.lists(st.sampled_from(vocabulary.STAGES.codes), unique=True).map(tuple),
        text=st.sampled_from(["", "lawyers & friends", "ภาษา"]),
        state=st.sampled_from(["open", "all", "over", "closed"]),
        unmet=st.booleans(),
    )
)
def test_a_question_is_read_back_from_the_links_that_hold_it(asked: Asked) -> None:
    given_ = read_question(question(narrowing.pairs(asked)))
    assert parse_asked(**given_) == asked


# --- one entry --------------------------------------------------------------------------------------------------------


def test_the_page_of_a_need_says_what_fits_and_why(world: World) -> None:
    page = world.browser.get(f"/exchange/{world.handles['need']}").text
    told = text_of(page)
    assert "Une avocate pour des enfants détenus" in told
    assert f'href="/organizations/{world.organization}"' in page
    assert f"/exchange/{world.handles['offer']}" in page
    fits = text_of(page[page.index("What is offered that fits") :])
    assert re.search(r"Fits well \( ?\d+ of 100", fits), fits
    assert "Both are about: " in fits and "Legal aid" in fits and "Maple House" in fits
    assert "10 days left" in told
    assert f"/records/{world.handles['need']}/proof" in page


def test_nobody_learns_of_what_is_not_for_them_by_what_fits(world: World) -> None:
    need = f"/exchange/{world.handles['need']}"
    for url in ("/exchange", "/exchange?state=all", need, "/exchange/chart", "/exchange/chart.csv"):
        assert SECRET not in world.browser.get(url).text
    assert world.browser.get(f"/exchange/{world.handles['secret']}").status == 404
    assert "1 offer fits" in text_of(world.browser.get("/exchange").text)
    staff = world.as_("editor")
    assert SECRET in staff.get(need).text and "2 offers fit" in text_of(staff.get("/exchange").text)
    assert f"{SECRET} not public" in text_of(staff.get("/exchange").text)
    assert "not public" not in text_of(world.browser.get("/exchange").text)
    facts = world.browser.get(need).text
    for asked in ("theme=legal-aid", "theme=children", "region=TH", "language=th"):
        assert f'href="/exchange?{asked}"' in facts
        assert "A lawyer for children" in world.browser.get(f"/exchange?{asked}").text


def test_what_is_closed_or_over_is_told_and_nobody_is_introduced(world: World) -> None:
    closed = text_of(world.browser.get(f"/exchange/{world.handles['closed']}").text)
    assert "closed on 1 November 2026" in closed and "They came in <spring>." in closed and "Met" in closed
    for name in ("closed", "over"):
        page = world.browser.get(f"/exchange/{world.handles[name]}").text
        assert "nobody is introduced" in page and "/sign-in?to=" not in page


def test_the_way_to_ask_depends_on_who_looks(world: World) -> None:
    theirs, ours = (f"/exchange/{world.handles[name]}" for name in ("offer", "need"))
    assert f"/sign-in?to=%2Fexchange%2F{world.handles['offer']}" in world.browser.get(theirs).text
    staff, member, auditor = (world.as_(role) for role in ("editor", "organization", "auditor"))
    assert f"/workspace/introductions/new?theirs={world.handles['offer']}" in staff.get(theirs).text
    assert f"/member/exchange?theirs={world.handles['offer']}" in member.get(theirs).text
    assert "/introductions/new" not in auditor.get(theirs).text
    assert 'href="/workspace/exchange"' in staff.get(ours).text
    assert f"/member/exchange/{world.handles['need']}" in member.get(ours).text


def test_an_entry_is_told_to_search_engines_in_the_words_of_schema_org(world: World) -> None:
    url = f"/exchange/{world.handles['need']}"
    found = world.browser.get(f"{url}?format=jsonld")
    node = json.loads(found.body)
    assert found.headers["content-type"] == "application/ld+json"
    assert node["@type"] == "Demand" and node["validThrough"] == "2026-12-01"
    assert node["@reverse"]["seeks"]["name"] == "Paper Boat"
    (written,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', world.browser.get(url).text)
    assert json.loads(written) == node
    offer = json.loads(world.browser.get(f"/exchange/{world.handles['offer']}?format=jsonld").body)
    assert offer["@type"] == "Offer" and offer["offeredBy"]["name"] == "Maple House"


def test_whatever_a_network_lists_pages_stay_light_and_nothing_of_it_is_markup(world: World) -> None:
    urls = ["/exchange?type=funding", "/exchange/chart"]
    page = world.browser.get(urls[0]).text
    urls += [f"/exchange/{one}" for one in re.findall(r'<h3><a href="/exchange/([0-9a-f-]{36})"', page)]
    assert len(urls) == 2 + len(HOSTILE_NAMES)
    for url in urls:
        answer = world.browser.get(url)
        assert answer.status == 200 and len(answer.body) < LARGEST, url
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text


def test_needs_and_offers_are_a_link_away_where_they_are_named(world: World) -> None:
    assert 'href="/exchange"' in world.browser.get("/").text
    card = world.browser.get(f"/organizations/{world.organization}").text
    assert f'href="/exchange/{world.handles["need"]}"' in card
    hits = world.browser.get("/?text=detention&kind=exchange").text
    assert f'href="/exchange/{world.handles["need"]}"' in hits
    network = world.browser.get("/networks").text
    (own,) = set(re.findall(r'href="(/networks/[a-z2-7]{32})"[^>]*>(?:<bdi>)?Example Network', network))
    assert "/exchange?network=" in world.browser.get(own).text


# --- words ------------------------------------------------------------------------------------------------------------

SAMPLES: dict[str, tuple[str, ...]] = {
    "themes-near": ("legal-aid", "detention"),
    "related": ("child-protection", "children"),
    "groups-near": ("children", "unaccompanied-minors"),
    "modality-kin": ("secondment", "placement"),
    "modality-other": ("secondment", "list"),
    "stage-helps": ("emerging", "traditional"),
    "region": ("035",),
    "words": ("<b>lawyers</b>",),
}


@pytest.mark.parametrize("code", REASONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_a_sentence(code: str, language: str) -> None:
    with spoken(language):
        said = str(fitting.said(Reason(code, SAMPLES.get(code, ("legal-aid",)))))
    assert said.endswith((".", ".</bdi>", "</bdi>."))
    assert "%(" not in said and "<b>" not in said


def test_a_reason_that_this_version_does_not_know_says_nothing() -> None:
    assert fitting.said(Reason("newer", ("x",))) == "" == fitting.said(Reason("modality-kin", ("one",)))


def test_names_of_reasons_are_those_of_their_vocabulary() -> None:
    """A conference to attend is no event, and a list to join no resource."""
    said = str(fitting.said(Reason("modality-kin", ("list", "conference"))))
    assert "List to join" in said and "Conference to attend" in said
