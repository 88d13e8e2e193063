"""Hard evidence that two records, perhaps of two networks, are about the same thing: never a name alone.

An event is the same by its calendar UID (RFC 5545, 3.8.4.7), an organisation by a number in a register or by the host
of its own website. The index is given one opaque word for each piece, so that finding the others is a search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from fednet.listing.event import Event
from fednet.listing.organization import Organization
from fednet.listing.record import Listing

MAX_IDENTIFIERS = 8
MIN_UID = 8
"""Shorter UIDs are counters of one calendar, not globally unique."""

SHARED_HOSTS = frozenset(
    "facebook.com fb.com m.facebook.com twitter.com x.com instagram.com linkedin.com youtube.com youtu.be tiktok.com "
    "t.me telegram.me telegram.org wa.me whatsapp.com chat.whatsapp.com line.me vk.com weibo.com wechat.com medium.com "
    "linktr.ee bit.ly tinyurl.com goo.gl forms.gle docs.google.com drive.google.com sites.google.com google.com "
    "wordpress.com blogspot.com wixsite.com wix.com weebly.com squarespace.com github.com github.io notion.site "
    "gofundme.com eventbrite.com meetup.com zoom.us reliefweb.int humdata.org data.humdata.org un.org wikipedia.org "
    "en.wikipedia.org example.com example.org example.net".split()
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
        return tuple(map(_word, _of_organization(listing)))
    if isinstance(listing, Event) and listing.uid and len(listing.uid) >= MIN_UID:
        return (_word(f"uid {listing.uid}"),)
    return ()


def own_host(website: str) -> str | None:
    """The host of an address that is a site of its own, in lower case without `www.`; else None."""
    found = _OWN_SITE.fullmatch(website)
    host = found[1].lower() if found else None
    return None if host in SHARED_HOSTS else host


def _of_organization(listing: Organization) -> Iterator[str]:
    for identifier in listing.identifiers[:MAX_IDENTIFIERS]:
        value = _SEPARATORS.sub("", identifier.value).casefold()
        if value and identifier.scheme:
            yield f"register {identifier.scheme.casefold()} {value}"
    host = own_host(listing.website) if listing.website else None
    if host:
        yield f"host {host}"


def _word(piece: str) -> str:
    return "e" + sha256(piece.encode("utf-8", "surrogatepass")).hexdigest()[:16]
