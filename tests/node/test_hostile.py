"""Hostile company: a network that serves trouble costs itself its sync, and everybody else nothing.

`company.py` has the kinds of trouble. What a lying source can do to records is in `test_attacks.py`, what single
answers can do in `test_fetch.py`.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fednet import listing
from fednet.cli import main
from fednet.directory.matching import bring_up_to_date
from fednet.errors import BusyError
from fednet.feed import record, wire
from fednet.feed.record import MAX_BODY
from fednet.listing import ListingError
from fednet.node import descent, edits, imports, publish, reading, sync
from fednet.node.home import Home
from fednet.node.verify import verify
from fednet.store import feeds, sources
from fednet.web.app import create_app
from tests.asgi import Client
from tests.feed.network import handle, seed
from tests.node import company
from tests.node.company import (
    TAKEN,
    TROUBLE,
    Company,
    Dripping,
    EndlessTree,
    LargeRecords,
    ManyEditions,
    Publisher,
)  # fmt: skip
from tests.node.nodes import NOW, Nodes, add_many, published, same_view
from tests.node.nodes import listing as listing_of
from tests.web.place import followed

ROOM = 64 * 1024 * 1024
"""Bytes over idle that one peer may cost."""


def among(nodes: Nodes, *kinds: type[Publisher]) -> tuple[Home, dict[str, str]]:
    """A follower of an honest network and of these, and the id of each network by its kind."""
    everybody = Company(Publisher, *kinds)
    follower = nodes.home("Follower")
    served = nodes.served(follower, everybody)
    for kind, publisher in everybody.publishers.items():
        company.pin(follower, publisher, f"{served.url}/{kind}")
    return follower, {kind: publisher.network.id for kind, publisher in everybody.publishers.items()}


def synced(follower: Home) -> dict[str, sync.Synced]:
    """One sync of all, side by side, by network id."""
    return {one.network: one for one in asyncio.run(sync.sync(follower, allow_private=True))}


# --- memory and time


@pytest.mark.clock
def test_no_peer_costs_more_memory_or_time_than_one_may_and_the_honest_one_beside_it_is_read(nodes: Nodes) -> None:
    follower, ids = among(nodes, *TROUBLE, *TAKEN)
    troubles = [f"{ids[kind.__name__]} {kind.seconds}" for kind in (*TROUBLE, *TAKEN)]
    program = [sys.executable, "-m", "tests.node.company", str(follower.path), ids["Publisher"], *troubles]
    run = subprocess.run(program, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert run.returncode == 0, run.stderr
    weighed = dict(zip((*TROUBLE, *TAKEN), json.loads(run.stdout), strict=True))
    assert {kind.__name__: one["over_idle"] for kind, one in weighed.items() if one["over_idle"] > ROOM} == {}
    assert [kind for kind, one in weighed.items() if not one["honest"]["verified"]] == []
    assert {kind for kind, one in weighed.items() if one["trouble"]["verified"]} == set(TAKEN)
    for kind in TROUBLE:
        said = weighed[kind]["trouble"]
        assert "not done within" in said["error"] if issubclass(kind, Dripping) else said["refused"], kind


def test_all_of_them_at_once_do_not_keep_an_honest_network_from_being_read(nodes: Nodes) -> None:
    follower, ids = among(nodes, *TROUBLE, *(kind for kind in TAKEN if kind not in (ManyEditions, LargeRecords)))
    results = synced(follower)
    assert results[ids["Publisher"]].verified and results[ids["Publisher"]].records == 3
    with follower.store.reading() as db:
        held = {n.network: feeds.feed(db, n, "public") for n in feeds.networks(db)}
    for kind in TROUBLE:
        feed = held[ids[kind.__name__]]
        assert feed is not None and feed.error
        assert feed.followed.position == ((1, 1) if kind.editions_held else (0, 0))
    assert all(one.ok for one in verify(follower))


def test_a_state_has_no_more_pages_than_it_can_have(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page below the root leads on, until there are more of them than the records that are signed can fill."""

    class Loop(EndlessTree):
        depth = 4
        records_signed = 300

        def page(self, name: Any) -> Any:
            return super().page(name) if len(name.prefix) < 4 else self.stall()

        def stall(self) -> bytes:
            raise NotImplementedError

    monkeypatch.setattr(Loop, "stall", lambda self: None)
    follower, ids = among(nodes, Loop)
    monkeypatch.setattr(reading, "ATTEMPTS", 2)
    result = synced(follower)[ids["Loop"]]
    assert not result.verified and result.requests < 200


# --- limits that an honest network keeps, too


def test_records_too_large_for_one_page_are_sent_in_several(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_PAGE", 4_000)
    origin, served, follower = nodes.pair(*(f"{'Long ' * 20}{number}" for number in range(60)))
    result = synced(follower)[origin.network.network]
    assert result.verified and result.records == 60 and served.pages() > 4
    assert same_view(origin, follower, origin)


def test_more_changes_than_fit_in_memory_are_read_in_pages(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, served, follower = nodes.pair("Alpha")
    synced(follower)
    monkeypatch.setattr(reading, "MAX_CHANGE_BYTES", 1_000)
    published(origin, *(f"Beta {number}" for number in range(20)))
    result = synced(follower)[origin.network.network]
    assert result.verified and served.pages() and same_view(origin, follower, origin)
    monkeypatch.setattr(reading, "MAX_CHANGE_BYTES", 100_000)
    monkeypatch.setattr(reading, "MAX_CHANGE_LINES", 5)
    published(origin, *(f"Gamma {number}" for number in range(20)))
    assert synced(follower)[origin.network.network].verified and same_view(origin, follower, origin)


def test_a_page_larger_than_is_read_ahead_waits_for_its_turn(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descent, "AHEAD_BYTES", 100)
    monkeypatch.setattr(descent, "BATCH_BYTES", 1_000)
    origin, _, follower = nodes.pair()
    add_many(origin, 700)
    publish.publish(origin, NOW)
    assert synced(follower)[origin.network.network].verified and same_view(origin, follower, origin)


def test_a_publisher_signs_no_more_editions_than_a_day_may_have(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "MAX_A_DAY", 3)
    origin = nodes.home("Origin", "Alpha")
    for number in range(2):
        published(origin, f"Beta {number}")
    with pytest.raises(BusyError, match="within a day"):
        published(origin, "Gamma")
    publish.publish(origin, NOW + timedelta(days=1))
    assert len(listing_of(origin, origin.network.network)) == 4
    add_many(origin, 1)
    publish.publish(origin, NOW + timedelta(days=1))
    publish.publish(origin, NOW - timedelta(days=9))  # a clock that is put right does not stop a publisher


# --- records that nobody should have to look at


def fields(**changed: Any) -> bytes:
    given = {"kind": "organization", "names": {"en": "Poison"}, **changed}
    return listing.encode({name: value for name, value in given.items() if value is not None})


def event(**changed: Any) -> bytes:
    given = {"titles": {"en": "Poison"}, "names": None, "type": "webinar", "start": "2026-12-01T10:00"}
    return fields(kind="event", **{**given, "zone": "Asia/Bangkok", **changed})


COMBINING = "a" + "\u0301" * 15_000
OVERRIDES = "\u202e\u2066\u200f\ufeff\u2028\u0085" * 3_000
NOT_SHOWN = {
    "arrays 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "objects 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a member 33 deep": b'{"kind":"organization","names":{"en":"P"},"x":' + b"[" * 33 + b"]" * 33 + b"}",
    "brackets that never close": b"[" * MAX_BODY,
    "a string that never closes": b'{"kind":"organization","names":{"en":"' + b"x" * 60_000,
    "a member twice": b'{"kind":"organization","kind":"event","names":{"en":"P"}}',
    "a lone surrogate": b'{"kind":"organization","names":{"en":"\\ud800"}}',
    "a number beyond all": b'{"kind":"organization","names":{"en":"P"},"x":1e999}',
    "a number of 60,000 digits": b'{"kind":"organization","names":{"en":"P"},"x":' + b"9" * 60_000 + b"}",
    "not a number": b'{"kind":"organization","names":{"en":"P"},"x":NaN}',
    "minus zero": b'{"kind":"organization","names":{"en":"P"},"x":-0}',
    "nothing": b"null",
    "a string": b'"organization"',
    "an empty object": b"{}",
    "an unknown kind": b'{"kind":"__class__","names":{"en":"P"}}',
    "a kind that is a list": b'{"kind":["organization"],"names":{"en":"P"}}',
    "names that are a list": b'{"kind":"organization","names":["P"]}',
    "spaces only": b" " * MAX_BODY,
    "escapes only": b'"' + b"\\u0000" * 10_000 + b'"',
    "no JSON": "\U0001f4a3".encode() * 16_000,
}
ODD = {
    "combining marks": fields(names={"en": COMBINING}, description={"en": COMBINING}),
    "text that turns around": fields(names={"ar": OVERRIDES}, original="ar", acronym=OVERRIDES[:90]),
    "markup": fields(names={"en": "</title><script>alert(1)</script>{{7*7}}"}, website="javascript:alert(1)"),
    "formulas": fields(names={"en": "=cmd|'/c calc'!A1"}, acronym="@SUM(1)", description={"en": "+1\t=1"}),
    "nul and bells": fields(names={"en": "a\x00b\x07\x1b[2J\x9b31m"}),
    "10,000 languages": fields(names={f"x-{number}": "P" for number in range(4_000)}),
    "10,000 codes": fields(services=["legal-aid"] * 2_000, countries=["TH"] * 2_000, client_groups=["x" * 60] * 300),
    "one word of 60,000 letters": fields(names={"en": "x" * 60_000}),
    "60,000 words": fields(description={"en": "a " * 30_000}),
    "a handle that leads to itself": event(parent=handle(0), hosts=[handle(0)] * 1_000),
    "a rule without end": event(rrule="FREQ=SECONDLY;INTERVAL=1"),
    "a rule of everything": event(rrule="FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))) + ";COUNT=1000000000"),
    "a rule that is never true": event(rrule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    "a rule that stands still": event(rrule="FREQ=DAILY;INTERVAL=0"),
    "a rule that is none": event(rrule="RRULE:\r\nX:" + "9" * 900),
    "2,000 dates": event(rdates=[f"2026-12-{1 + n % 28:02d}T10:{n % 60:02d}" for n in range(2_000)]),
    "the end of time": event(start="9999-12-31T23:59", end="9999-12-31T23:59", rrule="FREQ=DAILY"),
    "the beginning of time": event(start="0001-01-01T00:00", zone="Pacific/Kiritimati"),
    "no day": event(start="2026-02-30T25:61", end="yesterday"),
    "a zone that is a file": event(zone="../../../../etc/passwd"),
}  # fmt: skip


class Poisoner(Publisher):
    """Signs what cannot be shown, what should not be looked at, and in their midst what people look for."""

    def __init__(self) -> None:
        bodies = (*NOT_SHOWN.values(), *ODD.values(), fields(names={"en": "Antidote Legal Aid"}))
        self.bodies = {handle(number): body for number, body in enumerate(bodies)}
        super().__init__(len(self.bodies))

    def put(self, number: int) -> record.Put:
        return record.put(self.network.feed, handle(number), seed(f"salt {number}"), self.bodies[handle(number)])


@pytest.fixture
def poisoned(nodes: Nodes) -> Home:
    follower, ids = among(nodes, Poisoner)
    result = synced(follower)[ids["Poisoner"]]
    assert result.verified and result.records == len(NOT_SHOWN) + len(ODD) + 1
    return follower


def test_poisoned_records_are_kept_as_they_were_signed_and_mirrored(poisoned: Home, nodes: Nodes) -> None:
    assert all(one.ok for one in verify(poisoned))
    with poisoned.store.reading() as db:
        network = feeds.named(db, "Poisoner")
        bodies = dict(db.execute("SELECT handle, body FROM record WHERE body IS NOT NULL").fetchall())
    assert {bodies[handle(number)] for number in range(20)} == set(NOT_SHOWN.values())
    second = nodes.home("Second Follower")
    with second.store.writing() as db:
        pinned = feeds.pin(db, network.identity, company.BEGAN)
        sources.add_origin(db, pinned, nodes.served(poisoned).url)
        feeds.open_feed(db, pinned, "public")
    assert synced(second)[network.network].verified


def test_poisoned_records_are_not_shown_or_do_no_harm(poisoned: Home) -> None:
    client = Client(create_app(poisoned, clock=lambda: company.BEGAN), accept="text/html")
    hidden = {handle(number) for number in range(len(NOT_SHOWN))}
    with poisoned.store.reading() as db:
        network = feeds.named(db, "Poisoner").network
    listed = ["/", "/?text=antidote", "/events", "/networks", f"/networks/{network}", "/events.ics"]
    for path in (*listed, *(f"/{kind}/{handle(n)}" for kind in ("organizations", "events") for n in range(45))):
        answer = client.get(path)
        assert answer.status in (200, 404), path
        body = answer.body.replace(b'<script type="application/ld+json">', b"")  # what no browser runs
        body = re.sub(rb'<script src="/static/fednet\.js\?[0-9a-f]+" defer></script>', b"", body)  # and our own
        assert b"<script" not in body and b"\x1b" not in answer.body and len(answer.body) < 1_000_000, path
    assert "Antidote" in client.get("/?text=antidote").text
    for kind in ("organizations", "events", "people", "exchanges", "resources", "networks"):
        answer = client.get(f"/api/v1/{kind}?limit=200" if kind != "networks" else "/api/v1/networks")
        assert answer.status == 200, (kind, answer.text[:200])
        shown = {item.get("handle") for item in answer.json["items"] if item["network"] == network}
        assert not shown & hidden


@pytest.mark.parametrize(
    "command", ["search", "search poison", "agenda --from 2026-12-01 --to 2026-12-31", "networks", "status", "peers"]
)
def test_commands_survive_poisoned_records(poisoned: Home, command: str) -> None:
    for how in ([], ["--json"]):
        result = CliRunner().invoke(main, ["--node", str(poisoned.path), *command.split(), *how])
        assert result.exit_code in (0, 2), result.output[-500:]
        assert "mistake of the program" not in result.output and "\x1b" not in result.output


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl", "ics", "vcf"])
def test_exports_survive_poisoned_records(poisoned: Home, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"all.{suffix}"
    result = CliRunner().invoke(main, ["--node", str(poisoned.path), "export", str(file)])
    assert result.exit_code == 0, result.output[-500:]
    assert file.stat().st_size > 0


# --- others about our records


@pytest.fixture
def slandered(nodes: Nodes) -> tuple[Home, str]:
    """A node that lists Paper Boat with a contact, and follows who lists the same, and contacts of both."""
    home = nodes.home("Own")
    port = {"names": {"en": "Paper Boat"}, "website": "https://paper.example", "countries": ["TH"]}
    ours = edits.add(home, "organization", {**port, "identifiers": [{"scheme": "TH-MOI", "value": "1"}]}, NOW).handle
    edits.add(home, "contact", {"organization": ours, "emails": ["we@paper.example"]}, NOW, "public")
    publish.publish(home, NOW)
    same = {"kind": "organization", **port, "identifiers": [{"scheme": "TH-MOI", "value": "1"}]}
    contacts = [
        {"kind": "contact", "organization": named, "emails": [f"{who}@evil.example"]}
        for named, who in ((ours, "ours"), (handle(0), "own"))
    ]
    followed(home, "Evil", [same, *contacts])
    bring_up_to_date(home.store)
    return home, ours


def test_nobody_speaks_for_what_another_network_lists(slandered: tuple[Home, str], tmp_path: Path) -> None:
    """In no file, and in no form of a page: a contact is of its own network's record only."""
    home, ours = slandered
    client = Client(create_app(home, clock=lambda: NOW), accept="*/*")
    page = client.get(f"/organizations/{ours}", accept="text/html").text
    linked = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    alone = [linked, *(client.get(f"/organizations/{ours}?format={form}").text for form in ("vcf", "jsonld"))]
    for told in alone:
        assert "we@paper.example" in told and "evil.example" not in told
    theirs = client.get(f"/organizations/{handle(0)}?format=vcf").text
    assert "own@evil.example" in theirs and "we@paper.example" not in theirs
    result = CliRunner().invoke(main, ["--node", str(home.path), "export", str(tmp_path / "all.vcf")])
    assert result.exit_code == 0, result.output
    for cards in (client.get("/api/v1/organizations?format=vcf").text, (tmp_path / "all.vcf").read_text()):
        reached = [re.findall("EMAIL:(\\S+)", card) for card in cards.split("END:VCARD") if "KIND:org" in card]
        assert sorted(reached) == [["own@evil.example"], ["we@paper.example"]]
    assert "ours@evil.example" not in page
    card = client.get(f"/api/v1/organizations/{ours}").json
    assert {tuple(one["emails"]) for one in card["contacts"]} <= {("we@paper.example",), ("own@evil.example",)}
    for one in client.get("/hsds/organizations?full=true").json["contents"]:
        assert "ours@evil" not in json.dumps(one)
        assert not ("we@paper" in json.dumps(one) and "own@evil" in json.dumps(one))


def test_a_file_says_who_may_read_a_record_by_its_network_and_handle(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Own")
    followed(home, "One", [{"kind": "organization", "names": {"en": "Open"}}])
    followed(home, "Two", [{"kind": "organization", "names": {"en": "Closed"}}], "partners")
    result = CliRunner().invoke(main, ["--node", str(home.path), "export", str(tmp_path / "all.jsonl")])
    assert result.exit_code == 0, result.output
    lines = map(json.loads, (tmp_path / "all.jsonl").read_text().splitlines())
    assert {one["names"]["en"]: one["circle"] for one in lines} == {"Open": "public", "Closed": "partners"}


def test_a_card_costs_no_reading_of_contacts_that_are_not_on_it(
    slandered: tuple[Home, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, _ = slandered
    body = {"kind": "contact", "organization": "somebody else"}
    followed(home, "Flood", [{**body, "emails": [f"{number}@flood.example"]} for number in range(50)])
    read = []
    parse = listing.parse
    monkeypatch.setattr(listing, "parse", lambda body: (read.append(body), parse(body))[1])
    answer = Client(create_app(home, clock=lambda: NOW), accept="*/*").get("/api/v1/organizations?format=vcf&limit=1")
    assert answer.text.count("BEGIN:VCARD") == 1
    assert not [one for one in read if b"flood.example" in one]


def test_no_own_record_was_confirmed_on_a_day_to_come(nodes: Nodes) -> None:
    home = nodes.home("Own")
    fields: dict[str, Any] = {"names": {"en": "Port"}}
    for at in ("2999-01-01", "2999-01-01T00:00:00Z"):
        with pytest.raises(ListingError, match="has not come"):
            edits.add(home, "organization", {**fields, "confirmed": {"at": at}}, NOW)
    port = edits.add(home, "organization", {**fields, "confirmed": {"at": f"{NOW + timedelta(days=1):%Y-%m-%d}"}}, NOW)
    with pytest.raises(ListingError, match="has not come"):
        edits.edit(home, port.handle, {"confirmed": {"at": "2999-01-01"}}, NOW)
    wrong = {"kind": "organization", **fields, "confirmed": {"at": "2999-01-01"}}
    right = {"kind": "organization", "names": {"en": "Star"}}
    file = imports.File("a.jsonl", b"".join(json.dumps(line).encode() + b"\n" for line in (wrong, right)))
    tried = imports.preview(home, [file], imports.Choices(), NOW).tried
    for found in (tried, imports.import_files(home, [file], imports.Choices(), NOW)):
        [refused] = found.refused
        assert "has not come" in refused.reason and refused.column == "confirmed.at" and found.count("added") == 1
