"""Hard evidence that two records, perhaps of two networks, are about the same thing: never a name alone.

An event is the same by its calendar UID (RFC 5545, 3.8.4.7), an organisation by a number in a register or by the host
of its own website. The index is given one opaque word for each piece, so that finding the others is a search.
"""

from __future__ import annotations

import re
from hashlib import sha256

from fednet.listing.event import Event
from fednet.listing.organization import Organization
from fednet.listing.record import Listing

MAX_IDENTIFIERS = 8
MIN_UID = 8
"""Shorter UIDs are counters of one calendar, not globally unique."""

SHARED_HOSTS = frozenset(
    (
        "bit.ly",
        "blogspot.com",
        "chat.whatsapp.com",
        "data.humdata.org",
        "docs.google.com",
        "drive.google.com",
        "en.wikipedia.org",
        "eventbrite.com",
        "example.com",
        "example.net",
        "example.org",
        "facebook.com",
        "fb.com",
        "forms.gle",
        "github.com",
        "github.io",
        "gofundme.com",
        "goo.gl",
        "google.com",
        "humdata.org",
        "instagram.com",
        "line.me",
        "linkedin.com",
        "linktr.ee",
        "m.facebook.com",
        "medium.com",
        "meetup.com",
        "notion.site",
        "reliefweb.int",
        "sites.google.com",
        "squarespace.com",
        "t.me",
        "telegram.me",
        "telegram.org",
        "tiktok.com",
        "tinyurl.com",
        "twitter.com",
        "un.org",
        "vk.com",
        "wa.me",
        "wechat.com",
        "weebly.com",
        "weibo.com",
        "whatsapp.com",
        "wikipedia.org",
        "wix.com",
        "wixsite.com",
        "wordpress.com",
        "x.com",
        "youtu.be",
        "youtube.com",
        "zoom.us",
    )
)
"""Hosts where anybody may have a page, and those that people write when they have none."""

# A deeper path is a page on somebody else's site: a clinic at its university, a project at its funder.
_OWN_SITE = re.compile(
    r"https?://(?:www\.)?([\w.-]+\.[\w-]+?)\.?(?::\d+)?(?:/(?:[a-z]{2}(?:-[a-z]{2,4})?/?)?)?", re.IGNORECASE
)
_SEPARATORS = re.compile(r"[\W_]+")


def evidence(listing: Listing) -> tuple[str, ...]:
    """One word (`e` and 16 hexadecimal digits) for each thing that only this organisation or event can share."""
    if isinstance(listing, Organization):
        return tuple([_word(piece) for piece in _of_organization(listing)])
    if isinstance(listing, Event) and listing.uid and len(listing.uid) >= MIN_UID:
        return (_word(f"uid {listing.uid}"),)
    return ()


def own_host(website: str) -> str | None:
    """The host of an address that is a site of its own, in lower case without `www.`; else None."""
    found = _OWN_SITE.fullmatch(website)
    host = found[1].lower() if found else None
    return None if host in SHARED_HOSTS else host


def _of_organization(listing: Organization) -> list[str]:
    host = own_host(listing.website) if listing.website else None
    pieces = [f"host {host}"] if host else []
    for identifier in listing.identifiers[:MAX_IDENTIFIERS]:
        value = _SEPARATORS.sub("", identifier.value).casefold()
        if value and identifier.scheme:
            pieces.append(f"register {identifier.scheme.casefold()} {value}")
    return pieces


def _word(piece: str) -> str:
    return "e" + sha256(piece.encode("utf-8", "surrogatepass")).hexdigest()[:16]
