"""A node for tests: its own network with a few records, and one that it follows. No clock is read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from fednet import listing
from fednet.directory.matching import bring_up_to_date
from fednet.feed import record
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.accept import accept
from fednet.node.home import Home
from fednet.node.publish import publish
from fednet.store import feeds
from tests.feed.network import BEGAN, Network, handle, seed

NOW = datetime.fromisoformat("2026-11-21T18:30:00+00:00")

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)> ' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;b&gt;",
    "\u202egnp.exe\u202d \u2066hidden\u2069 right-to-left override",
    "W" * 4_000,
)

OWN: tuple[dict[str, Any], ...] = (
    {
        "kind": "organization",
        "original": "th",
        "names": {
            "th": "ศูนย์ช่วยเหลือทางกฎหมายเรือกระดาษ",
            "en": "Paper Boat Legal Aid Centre",
            "my": "စက္ကူလှေ ဥပဒေအကူအညီစင်တာ",
        },
        "acronym": "PBLAC",
        "type": "legal-firm",
        "seat": {"country": "TH", "place": "Mae Sot"},
        "countries": ["TH", "MM"],
        "services": ["legal-aid", "status-determination", "child-protection"],
        "client_groups": ["asylum-seekers", "unaccompanied-minors"],
        "languages": ["th", "my", "en"],
        "website": "https://paper-boat.example/",
        "description": {
            "en": "Legal advice and accompaniment for children and young people who crossed the Moei river alone.",
            "th": "ให้คำปรึกษาทางกฎหมายแก่ผู้ลี้ภัยและผู้ขอลี้ภัยโดยไม่คิดค่าใช้จ่าย",
        },
        "identifiers": [{"scheme": "TH-MOI", "value": "0994000-1"}],
        "membership": {"category": "full member", "since": "2019"},
        "confirmed": {"at": "2026-05-04", "by": "the secretariat"},
    },
    {
        "kind": "organization",
        "original": "fa",
        "names": {"fa": "خانه فانوس پناهندگان", "en": "Lantern House for Refugees"},
        "type": "refugee-led",
        "refugee_led": True,
        "seat": {"country": "MY", "place": "Kuala Lumpur"},
        "countries": ["MY"],
        "services": ["interpretation", "education-language"],
        "client_groups": ["refugees"],
        "languages": ["fa", "ar", "ms"],
        "description": {"fa": "ما خانواده‌های تازه‌رسیده را به زبان خودشان همراهی می‌کنیم."},
    },
    {
        "kind": "organization",
        "original": "zh-Hant",
        "names": {"zh-Hant": "港灣木棉法律援助中心", "en": "Harbour Kapok Legal Aid Centre"},
        "seat": {"country": "HK"},
        "countries": ["HK"],
        "services": ["legal-aid"],
        "languages": ["zh-Hant", "en"],
    },
    {
        "kind": "event",
        "titles": {"en": "Webinar: interviewing children", "fr": "Webinaire : l'entretien avec des enfants"},
        "type": "webinar",
        "start": "2026-12-02T10:00",
        "end": "2026-12-02T11:30",
        "zone": "America/New_York",
        "mode": "online",
        "join_url": "https://meet.example/children",
        "languages": ["en", "fr"],
        "themes": ["child-protection"],
        "hosts": ["Paper Boat Legal Aid Centre"],
    },
    {
        "kind": "event",
        "titles": {"en": "Detention working group"},
        "type": "working-group-meeting",
        "start": "2026-11-25T09:00",
        "end": "2026-11-25T10:00",
        "zone": "Asia/Bangkok",
        "rrule": "FREQ=WEEKLY;COUNT=6",
        "overrides": [{"recurrence_id": "2026-12-09T09:00", "status": "cancelled"}],
    },
    {
        "kind": "event",
        "titles": {"en": "Autumn consultation"},
        "type": "consultation",
        "start": "2026-12-10",
        "end": "2026-12-13",
        "all_day": True,
        "place": {"country": "CA", "place": "Winnipeg"},
        "fund_note": {"en": "A participation fund helps refugees to come."},
    },
    {
        "kind": "exchange",
        "type": "need",
        "titles": {"en": "A lawyer for children in Mae Sot"},
        "themes": ["legal-aid"],
        "modality": "secondment",
        "countries": ["TH"],
        "open_until": "2027-06-30",
    },
    {
        "kind": "resource",
        "type": "guide",
        "titles": {"en": "Preparing for the interview"},
        "url": "https://lib.example/g",
    },
    {"kind": "contact", "organization": handle(1), "emails": ["closed@paper-boat.example"]},
    {"kind": "person", "name": "Individual member 07 (fictitious)", "country": "TH"},
)

FOLLOWED: tuple[dict[str, Any], ...] = (
    {
        "kind": "organization",
        "names": {"en": "Paper Boat Legal Aid Center"},
        "website": "https://www.paper-boat.example/en",
        "countries": ["TH"],
        "services": ["legal-aid"],
    },
    {
        "kind": "organization",
        "original": "fr",
        "names": {"fr": "Maison des Érables", "en": "Maple House"},
        "seat": {"country": "CA", "place": "Montréal"},
        "countries": ["CA"],
        "services": ["housing", "settlement-integration"],
        "client_groups": ["refugees", "women"],
        "languages": ["fr", "en"],
    },
    *({"kind": "organization", "names": {"en": name}, "acronym": name[:50]} for name in HOSTILE_NAMES),
    {
        "kind": "event",
        "titles": {"en": HOSTILE_NAMES[0], 'x" onclick="alert(1)': HOSTILE_NAMES[1]},
        "type": "<b>webinar</b>",
        "start": "2026-12-01T10:00",
        "zone": "America/Toronto",
        "hosts": [HOSTILE_NAMES[0]],
        "place": HOSTILE_NAMES[1],
        "description": {"en": HOSTILE_NAMES[0] + " word" * 10_000},
        "network": "forged",
        "edition": 99,
        "verified_at": "forged",
    },
)


def node(path: Path) -> Home:
    """A node with two networks: its own and one that it follows."""
    home, _ = homes.create(path / "node", "Asia Pacific Example Network", None, path / "recovery.txt")
    for fields in OWN:
        edits.add(home, fields["kind"], fields, NOW)
    publish(home, NOW)
    followed(home, "Canadian Example Council", FOLLOWED)
    bring_up_to_date(home.store)
    return home


def followed(
    home: Home, name: str, records: Iterable[dict[str, Any]], circle: str = "public", first: int = 0
) -> Network:
    """A network that this node follows, with these records verified; `first` is the number of the first handle."""
    network = Network(name, circle)
    bodies = [listing.encode(fields) for fields in records]
    puts = [record.put(network.feed, handle(at), seed(f"salt {at}"), body) for at, body in enumerate(bodies, first)]
    network.publish(*puts)
    with home.store.writing() as db:
        pinned = feeds.pin(db, network.identity, BEGAN)
        feed = feeds.open_feed(db, pinned, circle)
        accept(db, feed, network.identity, network.answer(feed.followed), NOW, "https://ccr.example")
    return network
