"""The card of an organisation, for programs and as a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fednet.directory.matching import bring_up_to_date
from fednet.listing import places
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Client
from tests.web.place import HOSTILE_NAMES, NOW, followed
from tests.web.public.test_pages import LARGEST, Outline, text_of


def handles(program: Client) -> dict[str, str]:
    """Where Paper Boat is listed: handle by network."""
    (item,) = program.get("/api/v1/organizations?q=paper+boat").json["items"]
    card = program.get(f"/api/v1/organizations/{item['handle']}").json
    return {one["network_name"]: one["handle"] for one in card["statements"]}


def test_a_card_is_an_item_with_all_statements_beside_it(program: Client) -> None:
    (item,) = program.get("/api/v1/organizations?q=paper+boat").json["items"]
    card = program.get(f"/api/v1/organizations/{item['handle']}").json
    assert {name: card[name] for name in item} == item
    ours, theirs = card["statements"]
    assert (ours["network_name"], ours["state"], theirs["state"]) == ("Asia Pacific Example Network", "fresh", "never")
    assert (ours["names"]["en"], theirs["names"]["en"]) == (
        "Paper Boat Legal Aid Centre",
        "Paper Boat Legal Aid Center",
    )
    fields = {field["name"]: field for field in card["fields"]}
    assert fields["website"]["differs"] == [] and fields["names"]["differs"] == [0, 1]
    assert {"value": {"language": "en", "text": "Paper Boat Legal Aid Center"}, "by": [1]} in fields["names"]["said"]
    assert {"value": "legal-aid", "by": [0, 1]} in fields["services"]["said"]
    assert card["differences"] == [field["name"] for field in card["fields"] if field["differs"]]
    assert card["joins"][0]["reasons"][0] == "the same website"


def test_the_card_is_the_same_under_each_handle(program: Client) -> None:
    cards = [program.get(f"/api/v1/organizations/{handle}").json for handle in handles(program).values()]
    assert cards[0]["statements"] == cards[1]["statements"] and cards[0]["handle"] != cards[1]["handle"]


def test_whose_opinions_count_may_be_said_and_nonsense_is_refused(program: Client) -> None:
    handle = handles(program)["Canadian Example Council"]
    assert len(program.get(f"/api/v1/organizations/{handle}?opinions=own").json["statements"]) == 2
    assert program.get(f"/api/v1/organizations/{handle}?opinions=theirs").status == 400
    assert program.get(f"/api/v1/organizations/{handle}?colour=red").status == 400
    assert program.get(f"/api/v1/organizations/{handle}?network=Asia+Pacific").status == 404


def test_contacts_for_partners_are_not_on_a_card(program: Client, browser: Client) -> None:
    handle = handles(program)["Asia Pacific Example Network"]
    assert program.get(f"/api/v1/organizations/{handle}").json["contacts"] == []
    assert "closed@" not in browser.get(f"/organizations/{handle}").text


def test_what_is_no_organisation_has_no_card(program: Client) -> None:
    exchange = program.get("/api/v1/exchanges").json["items"][0]["handle"]
    answers = [program.get(f"/api/v1/organizations/{name}") for name in (exchange, "nobody", "0" * 36)]
    assert {(one.status, one.json["error"]) for one in answers} == {(404, "not-found")}
    assert len({one.text for one in answers}) == 1


def test_a_page_shows_statements_side_by_side_and_marks_what_differs_in_words(program: Client, browser: Client) -> None:
    for handle in handles(program).values():
        page = browser.get(f"/organizations/{handle}").text
        text = text_of(page)
        assert "Listed by 2 networks: what each says" in text
        assert text.index("Confirmed: 4 May 2026, by the secretariat") < text.index("Confirmed: not yet by anyone")
        names = text[text.index("Names they differ") :]
        assert names.index("Paper Boat Legal Aid Centre") < names.index("Paper Boat Legal Aid Center ")
        assert re.search(r"Website paper-boat\.example", text)
        assert "Why these are one organisation" in text and "the same website" in text
        assert '<p class="said" lang="th" dir="auto">' in page


def test_an_organisation_of_one_network_is_shown_as_it_says(program: Client, browser: Client) -> None:
    (item,) = program.get("/api/v1/organizations?q=maple").json["items"]
    text = text_of(browser.get(f"/organizations/{item['handle']}").text)
    assert "they differ" not in text and "what each says" not in text and "Montréal" in text


@pytest.mark.parametrize("network", range(2))
def test_networks_tell_how_complete_and_how_old_they_are(program: Client, browser: Client, network: int) -> None:
    item = program.get("/api/v1/networks").json["items"][network]
    expected = [(3, 1, 0, 2), (7, 0, 0, 7)][network]
    assert (item["organizations"], item["complete"], item["stale"], item["never_confirmed"]) == expected
    assert (item["withheld"], item["silent"], item["confirm_within_days"]) == (None, None, 365)
    text = text_of(browser.get(f"/networks/{item['network']}").text)
    assert f"{expected[1]} complete" in text and "more than 365 days ago" in text


def test_a_network_page_shows_what_the_network_says_of_itself(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Here", None, tmp_path / "recovery.txt")
    said = {"names": {"en": "Here"}, "description": {"ar": "نحن هنا"}, "website": "https://here.example"}
    edits.add(home, "network", said | {"confirm_within_days": 90}, NOW)
    publish(home, NOW)
    client = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    (item,) = client.get("/api/v1/networks").json["items"]
    assert item["confirm_within_days"] == 90 and item["itself"]["description"] == {"ar": "نحن هنا"}
    page = client.get(f"/networks/{item['network']}").text
    assert '<p lang="ar" dir="rtl">نحن هنا</p>' in page and "here.example" in page
    assert "network" not in re.findall(r"kind=(\w+)", page)
    home.close()


def test_a_silent_network_is_shown_as_silent(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Here", None, tmp_path / "recovery.txt")
    followed(home, "Gone", [{"kind": "organization", "names": {"en": "One"}}])
    later = NOW.replace(year=2027, month=1)
    client = Client(create_app(home, clock=lambda: later), accept="text/html")
    item = next(one for one in client.get("/api/v1/networks").json["items"] if not one["own"])
    assert item["silent"]["reason"] == "expired"
    for url in ("/networks", f"/networks/{item['network']}"):
        assert "Silent: its newest edition was to be renewed by" in text_of(client.get(url).text)
    home.close()


def test_a_card_stays_light_whatever_its_statements_hold(tmp_path: Path) -> None:
    heavy = "<'\"&" * 600
    texts = {f"x{at:02}": f"{heavy[:600]}" for at in range(20)}
    home, _ = homes.create(tmp_path / "node", HOSTILE_NAMES[0], None, tmp_path / "recovery.txt")
    for at in range(10):
        body: dict[str, Any] = {
            "kind": "organization",
            "names": {**texts, "en": f"{at}{heavy}"},
            "acronym": f"{at}{heavy}",
            "description": {"en": f"{at}{heavy}", "fr": heavy},
            "former_names": [f"{at}{heavy}"] * 2,
            "services": [f"<{at}{one:03}" + '"' * 50 for one in range(60)],
            "countries": list(places.codes())[at:],
            "languages": [f"{code}<<<<" for code in places.codes()[at:99]],
            "seat": {"country": "TH", "place": f"{at}{heavy}"},
            "website": "https://heavy.example/",
            "identifiers": [{"scheme": heavy[:600], "value": heavy}, {"scheme": "one", "value": "the same"}],
            "membership": {"category": heavy},
            "confirmed": {"at": "2026-11-01", "by": heavy},
        }
        followed(home, (f"{at}N<>&\"' network " * 20)[:200], [body])
    bring_up_to_date(home.store)
    client = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    (item,) = client.get("/api/v1/organizations").json["items"]
    page = client.get(f"/organizations/{item['handle']}")
    assert page.status == 200 and len(page.body) < LARGEST
    Outline(page.text)
    home.close()


def test_everything_that_names_an_organisation_is_on_its_page(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Here", None, tmp_path / "recovery.txt")
    group = edits.add(home, "group", {"names": {"en": "Detention group"}}, NOW).handle
    house = {"names": {"en": "Aster House"}, "groups": [group]}
    handle = edits.add(home, "organization", house, NOW).handle
    contact = {"organization": handle, "emails": ["desk@aster.example"], "hours": "9 to 5"}
    edits.add(home, "contact", contact, NOW, "public")
    edits.add(
        home, "event", {"titles": {"en": "Open day"}, "type": "workshop", "start": "2026-12-01", "hosts": [handle]}, NOW
    )
    edits.add(home, "exchange", {"type": "need", "titles": {"en": "A van"}, "organization": handle}, NOW)
    publish(home, NOW)
    client = Client(create_app(home, clock=lambda: NOW), accept="text/html")
    text = text_of(client.get(f"/organizations/{handle}").text)
    for words in ("Detention group", "desk@aster.example", "9 to 5", "Open day 1 December 2026", "A van Need"):
        assert words in text
    home.close()
