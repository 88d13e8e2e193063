"""`/feed.json` is a JSON Feed 1.1."""

from __future__ import annotations

import re
from datetime import datetime

from tests.asgi import Client


def test_it_is_a_json_feed_of_all_that_is_listed(program: Client) -> None:
    answer = program.get("/feed.json?limit=200")
    feed = answer.json
    assert answer.headers["content-type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"] == "Asia Pacific Example Network"
    assert feed["feed_url"].endswith("/feed.json?limit=200") and "next_url" not in feed
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"]) > 10
    for item in feed["items"]:
        assert item["title"] and item["content_text"] and item["authors"][0]["url"].startswith("http://127.0.0.1/")
        assert datetime.fromisoformat(item["date_modified"]).tzinfo is not None
        assert item["_fednet"]["change"] == "listed" and re.fullmatch("[0-9a-f]{64}", item["_fednet"]["key"])
        assert item["tags"][0] == item["_fednet"]["kind"] not in ("contact", "person")


def test_its_pages_are_all_of_it(program: Client) -> None:
    seen: list[str] = []
    url = "/feed.json?limit=4"
    while url:
        feed = program.get(url).json
        seen += [item["id"] for item in feed["items"]]
        url = feed.get("next_url", "").removeprefix("http://127.0.0.1")
    assert seen == [item["id"] for item in program.get("/feed.json?limit=200").json["items"]]


def test_an_item_leads_to_its_page(program: Client, browser: Client) -> None:
    (item,) = program.get("/feed.json?text=Maple+House").json["items"]
    assert browser.get(item["url"].removeprefix("http://127.0.0.1")).status == 200
    assert item["tags"] == ["organization", "housing", "settlement-integration"]


def test_it_takes_the_filters_of_a_search_and_nothing_else(program: Client) -> None:
    assert [item["title"] for item in program.get("/feed.json?country=HK").json["items"]] == ["港灣木棉法律援助中心"]
    for asked in ("sort=title", "colour=red", "limit=0", "limit=201", "cursor=x", "country=Thaland"):
        assert program.get(f"/feed.json?{asked}").status == 400
    assert program.get("/feed.json?network=Nobody").status == 404


def test_what_is_for_partners_is_not_in_it(program: Client) -> None:
    text = program.get("/feed.json?limit=200").text
    assert "closed@paper-boat" not in text and "Individual member" not in text


def test_it_is_not_sent_again_to_whoever_has_it(program: Client) -> None:
    first = program.get("/feed.json")
    assert program.get("/feed.json", if_none_match=first.headers["etag"]).status == 304
