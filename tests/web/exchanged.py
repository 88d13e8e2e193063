"""A node with two members who need and offer something, and a network that it follows which offers and needs too."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from fednet.feed.introduction import Details, Seen, Side, Spoken
from fednet.node import edits, hearing
from fednet.node import home as homes
from fednet.node.home import Home
from fednet.node.introductions import Introduction
from fednet.node.publish import publish
from fednet.store import feeds
from fednet.store.feeds import Network
from tests.asgi import Answer
from tests.feed.network import handle
from tests.web.place import NOW, followed
from tests.web.signed_in import Browser

OFFER, CLOSED_OFFER, THEIR_NEED = handle(1), handle(2), handle(3)
"""Entries of the other network."""

REACHED = {"name": "Noor (fictitious)", "emails": "noor@boat.example", "phones": "+66 55 000 000", "note": "Mornings."}
"""How somebody can be reached, as it is filled into a form."""
THEIRS = Details("Maya (fictitious)", ("maya@maple.example",), ("+1 204 555 0100",))

FOLLOWED: tuple[dict[str, Any], ...] = (
    {"kind": "organization", "names": {"fr": "Maison des Érables", "en": "Maple House"}, "countries": ["CA"]},
    {
        "kind": "exchange", "type": "offer", "titles": {"en": "Lawyers on <secondment>"}, "organization": handle(0),
        "themes": ["legal-aid", "child-protection"], "client_groups": ["unaccompanied-minors"],
        "modality": "secondment", "countries": ["TH"], "languages": ["en"], "open_until": "2027-12-31",
    },
    {
        "kind": "exchange", "type": "offer", "titles": {"en": "Lawyers, last year"}, "themes": ["legal-aid"],
        "modality": "secondment", "open_until": "2025-12-31",
    },
    {
        "kind": "exchange", "type": "need", "titles": {"en": "Interpreters for a clinic"}, "organization": "Clinic",
        "themes": ["interpretation"], "modality": "training", "languages": ["fa"],
    },
)  # fmt: skip


class Place(NamedTuple):
    """Handles: two organisations; a need of the first, an offer of the second that fits a need of the first, too."""

    home: Home
    boat: str
    house: str
    lawyer: str
    interpreters: str
    training: str
    network: Network


def place(path: Path) -> Place:
    home, _ = homes.create(path / "node", "Asia Pacific Example Network", None, path / "recovery.txt")
    boat = edits.add(home, "organization", {"names": {"en": "Paper Boat"}, "countries": ["TH"]}, NOW).handle
    house = edits.add(home, "organization", {"names": {"en": "Lantern House"}, "countries": ["MY"]}, NOW).handle
    contact = {"organization": boat, "emails": ["office@boat.example"], "phones": ["+66 55 111 111"], "person": "Ari"}
    edits.add(home, "contact", contact, NOW)
    lawyer = posted(home, "need", "A lawyer for children", boat, themes=["legal-aid"], modality="secondment",
                    countries=["TH"], languages=["en"])  # fmt: skip
    interpreters = posted(home, "need", "Interpreters at interviews", boat, themes=["interpretation"], languages=["fa"])
    training = posted(home, "offer", "Training of interpreters", house, themes=["interpretation"], modality="training",
                      languages=["fa"])  # fmt: skip
    publish(home, NOW)
    net = followed(home, "Canadian Example Council", FOLLOWED)
    with home.store.reading() as db:
        network = feeds.pinned(db, net.identity.network)
    if network is None:
        raise LookupError("nobody is followed")
    return Place(home, boat, house, lawyer, interpreters, training, network)


def posted(home: Home, type_: str, title: str, organization: str, **fields: Any) -> str:
    """The handle of a need or an offer of a member that is not signed yet."""
    return edits.add(
        home, "exchange", {"type": type_, "titles": {"en": title}, "organization": organization, **fields}, NOW
    ).handle


def asked_by_others(place: Place, number: int, about: str, text: str = "Could you help us?") -> str:
    """The id of an introduction that the other network asks for, about an own entry."""
    id_ = f"{number:08d}-1111-4111-8111-111111111111"
    own = Spoken(THEIR_NEED, "need", {"en": "Interpreters for a clinic"}, "Clinic")
    side = Side(id_, 1, "asked", about, "2026-11-20T10:00:00Z", own=own, text=text, language="en")
    hearing.taken(place.home, place.network, [side], [], NOW)
    return id_


def answered_by_others(place: Place, one: Introduction, stance: str, text: str = "") -> None:
    """The other network answers what was asked here."""
    details = THEIRS if stance == "accepted" else None
    own = Spoken(one.asked.handle, one.asked.type, one.asked.titles, one.asked.organization)
    side = Side(one.id, 1, stance, one.asked.handle, "2026-11-21T10:00:00Z", 1, "asked", own, text, "en", details)  # type: ignore[arg-type]
    hearing.taken(place.home, place.network, [side], [], NOW)


def heard_by_others(place: Place, one: Introduction, version: int) -> None:
    """The other network confirms that it holds what is said here."""
    hearing.taken(place.home, place.network, [], [Seen(one.id, version)], NOW)


def inputs(text: str, action: str) -> dict[str, list[str]]:
    """What a browser sends of the form that goes to `action`, when nobody touches it."""
    page = text[text.index(f'action="{action}"') :]
    page = page[: page.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if attributes.get("type") not in ("checkbox", "radio") or " checked" in tag:
            found.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    for name, body in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        found[name] = [unescape(body)]
    for name, body in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found[name] = [unescape(one) for one in re.findall(r'value="([^"]*)" selected', body)]
    found.pop("token", None)
    return found


def look_and_send(browser: Browser, action: str, fields: dict[str, Any]) -> tuple[Answer, Answer]:
    """Fill in a form, look at what they will read, and send it: the page with the preview, and the answer."""
    look = browser.form(action, fields | {"do": "look"})
    sent = inputs(look.text, action) if look.status == 200 else {}
    return look, browser.form(action, sent | {"do": "send"})
