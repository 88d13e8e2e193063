"""Who asks: search, calendar and pages show a partner what it may read besides, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fednet.node import circles, edits, following
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.node.signatures import Signer
from fednet.store import feeds
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.feed.network import Network, seed
from tests.web.place import NOW, followed

BASE = "http://node.example"
PEERS = {name: Network(name) for name in ("Partner", "Member", "Follower", "Stranger")}


@dataclass
class Place:
    """A node with restricted circles, and clients that sign as somebody."""

    home: Home
    client: Client

    def get(self, url: str, by: str | None = None, **headers: str) -> Answer:
        return self.client.get(url, **self.signed("GET", url, by), **headers)

    def post(self, url: str, body: bytes, by: str | None = None) -> Answer:
        return self.client.post(url, body, **self.signed("POST", url, by, body))

    def signed(self, method: str, url: str, by: str | None, body: bytes = b"") -> dict[str, str]:
        if by is None:
            return {}
        signer = Signer(PEERS[by].id, seed(f"{by} transport 1"), clock=lambda: NOW)
        return signer.headers(method, f"{BASE}{url}", body)


def person(name: str) -> dict[str, Any]:
    return {"kind": "person", "name": name, "country": "TH"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    home, _ = homes.create(tmp_path / "node", "Example Network", BASE, tmp_path / "recovery.txt")
    with home.store.writing() as db:
        pinned = {name: feeds.pin(db, PEERS[name].identity, NOW) for name in ("Partner", "Member", "Follower")}
    circles.add(home, "board", NOW)
    following.partner(home, pinned["Partner"])
    circles.set_member(home, "board", pinned["Member"])
    edits.add(home, "person", person("Public Person"), NOW, "public")
    edits.add(home, "person", person("Partner Person"), NOW)
    edits.add(home, "person", person("Board Person"), NOW, "board")
    event = {
        "kind": "event",
        "titles": {"en": "Closed caucus"},
        "type": "caucus",
        "start": "2026-12-02",
        "all_day": True,
    }
    edits.add(home, "event", event, NOW, "partners")
    publish(home, NOW)
    followed(home, "Confiding", [person("Confided Person")], "partners")
    yield Place(home, Client(create_app(home, clock=lambda: NOW), host="node.example"))
    home.close()


def names(answer: Answer) -> list[str]:
    assert answer.status == 200
    return [item["title"] for item in answer.json["items"]]


@pytest.mark.parametrize(("by", "seen"), [
    (None, ["Public Person"]),
    ("Follower", ["Public Person"]),
    ("Partner", ["Partner Person", "Public Person"]),
    ("Member", ["Board Person", "Public Person"]),
])  # fmt: skip
def test_search_shows_each_what_it_may_read(place: Place, by: str | None, seen: list[str]) -> None:
    answer = place.get("/api/v1/people", by)
    assert names(answer) == seen and answer.json["total"] == len(seen)
    assert answer.json["facets"]["country"] == {"TH": len(seen)}
    assert sorted(names(place.get("/api/v1/people?text=person&limit=5", by))) == seen
    assert names(place.post("/api/v1/people", b'{"country":"TH"}', by)) == seen
    confidential = by in ("Partner", "Member")
    assert (answer.headers["cache-control"] == "no-store") == confidential
    assert ("Signature" in answer.headers.get("vary", "")) == confidential


def test_what_others_confided_is_shown_to_nobody(place: Place) -> None:
    for by in (None, "Partner", "Member"):
        assert "Confided" not in place.get("/api/v1/people?text=person", by).text
        assert "Confiding" not in place.get("/api/v1/networks", by).text


def test_the_calendar_is_each_askers_own(place: Place) -> None:
    assert names(place.get("/api/v1/events", "Partner")) == ["Closed caucus"]
    assert names(place.get("/api/v1/events")) == names(place.get("/api/v1/events", "Member")) == []


def test_pages_respect_who_asks(place: Place) -> None:
    handle = place.get("/api/v1/events", "Partner").json["items"][0]["handle"]
    for url in (f"/events/{handle}", "/events", "/?text=caucus"):
        page = place.get(url, "Partner")
        assert page.status == 200 and "Closed caucus" in page.text and page.headers["cache-control"] == "no-store"
        for by in (None, "Member"):
            assert "Closed caucus" not in place.get(url, by).text
    assert place.get(f"/events/{handle}").status == 404


def test_a_failed_signature_is_never_a_smaller_answer(place: Place) -> None:
    url = "/api/v1/people"
    good = place.signed("GET", url, "Partner")
    broken = good | {"Signature": good["Signature"].replace("=:", "=:A", 1)}
    alone = {"Signature": good["Signature"]}
    for headers in (
        place.signed("GET", url, "Stranger"),
        broken,
        alone,
        place.signed("GET", "/api/v1/events", "Partner"),
    ):
        answer = place.client.get(url, **headers)
        assert (answer.status, answer.json["error"]) == (401, "unauthenticated")
        assert answer.json["time"] == "2026-11-21T18:30:00Z" and 'tag="fednet"' in answer.headers["accept-signature"]
        assert answer.headers["cache-control"] == "no-store"
    assert place.client.get(url, **good).status == 200
    again = place.client.get(url, **good)
    assert (again.status, again.json["error"]) == (401, "unauthenticated") and "made before" in again.json["detail"]


def test_a_refusal_is_a_page_for_people_too(place: Place) -> None:
    page = place.get("/events", "Stranger", accept="text/html")
    assert page.status == 401 and "<h1>" in page.text


def test_a_body_that_was_changed_on_the_way_is_refused(place: Place) -> None:
    headers = place.signed("POST", "/api/v1/people", "Partner", b'{"country":"TH"}')
    assert place.client.post("/api/v1/people", b'{"country":"MM"}', **headers).status == 401


def test_the_address_is_the_nodes_own_whatever_a_proxy_makes_of_it(place: Place) -> None:
    url = "/api/v1/people"
    for host in ("127.0.0.1:8000", "[::1]", "NODE.example:80"):
        rewritten = Client(place.client.app, host=host, x_forwarded_host="elsewhere.example")
        assert len(names(rewritten.get(url, **place.signed("GET", url, "Partner")))) == 2
    relayed = signer().headers("GET", f"http://127.0.0.2{url}")  # where somebody else may have been asked
    assert Client(place.client.app, host="127.0.0.2").get(url, **relayed).status == 401


def signer() -> Signer:
    return Signer(PEERS["Partner"].id, seed("Partner transport 1"), clock=lambda: NOW)


@pytest.mark.parametrize("settings", ["", 'url = "https://node.example/"\nhosts = ["A.example", "other.example"]\n'])
def test_a_node_may_have_other_names_or_just_be_where_it_is_asked(tmp_path: Path, settings: str) -> None:
    (tmp_path / "node").mkdir()
    settings = settings or 'hosts = ["a.example"]\n'
    (tmp_path / "node" / "node.toml").write_text(f'name = "Example Network"\n{settings}')
    home, _ = homes.create(tmp_path / "node", None, None, tmp_path / "recovery.txt")
    with home.store.writing() as db:
        feeds.pin(db, PEERS["Partner"].identity, NOW)
    app, url = create_app(home, clock=lambda: NOW), "/api/v1/people"

    def asked(host: str, spelled: str) -> int:
        return Client(app, host=host).get(url, **signer().headers("GET", f"{spelled}{url}")).status

    assert asked("a.example:8000", "http://A.example:8000") == 200
    assert asked("127.0.0.1", "http://127.0.0.1") == (401 if "url" in settings else 200)
    assert asked("127.0.0.1", "https://node.example:443") == (200 if "url" in settings else 401)
    assert asked("a.example", "http://b.example") == 401
    for host in ("", "a b", "[::", "ü", "x:99999999", "x/y"):
        assert asked(host, "http://a.example") in (400, 401, 421)
    home.close()


def test_whoever_changed_keys_asks_with_the_new_one(place: Place) -> None:
    network = Network("Partner")
    network.publish()
    network.open_epoch()
    with place.home.store.writing() as db:
        feeds.pin(db, network.identity, NOW)
    assert place.get("/api/v1/people", "Partner").status == 401
    changed = Signer(network.id, seed("Partner transport 2"), clock=lambda: NOW)
    answer = place.client.get("/api/v1/people", **changed.headers("GET", f"{BASE}/api/v1/people"))
    assert names(answer) == ["Partner Person", "Public Person"]


def test_requests_from_before_this_process_are_refused(place: Place) -> None:
    url = "/api/v1/people"
    headers = place.signed("GET", url, "Partner")
    restarted = Client(create_app(place.home, clock=lambda: NOW + timedelta(seconds=2)), host="node.example")
    answer = restarted.get(url, **headers)
    assert answer.status == 401 and "before this node was started" in answer.json["detail"]


def test_what_was_used_before_a_restart_is_used_after_it(place: Place) -> None:
    url = "/api/v1/people"
    headers = place.signed("GET", url, "Partner")
    assert place.client.get(url, **headers).status == 200
    restarted = Client(create_app(place.home, clock=lambda: NOW), host="node.example")
    assert "made before" in restarted.get(url, **headers).json["detail"]


def test_public_feeds_need_no_signature_and_look_at_none(place: Place) -> None:
    url = f"/feeds/{place.home.network.network}/public/changes?since=0.0"
    plain, signed = place.get(url), place.get(url, "Stranger")
    assert plain == signed and plain.status == 200
