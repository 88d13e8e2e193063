"""What is listed already and may be the same as something that nobody lists yet: an organisation that asks to join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from fednet import listing
from fednet.directory.search import Hit, Reader, hits, joined, readable
from fednet.feed.record import key_of
from fednet.listing import Contact, Organization, likeness, signals
from fednet.listing.likeness import Level, Reason
from fednet.store import matching
from fednet.store import search as index_search
from fednet.store.database import Store
from fednet.store.search import Source

MAX_COMPARED = 400
"""Records that are looked at; words that more bear tell nothing."""

_THROUGH = {"domain": Reason.MAIL, "mailbox": Reason.MAILBOX, "phone": Reason.PHONE}


class Alike(NamedTuple):
    """A listed organisation that may be the same, and why, as bits of `likeness.Reason`."""

    hit: Hit
    reasons: int


def alike(
    store: Store, organization: Organization, contact: Contact | None, reader: Reader, now: datetime, limit: int = 8
) -> list[Alike]:
    """Listed organisations that a reader may see and that may be this one, the likeliest first."""
    mine = signals.signals(organization)
    words = {word.number: Reason(0) for word in signals.words(mine)}
    for word in signals.words_of_contact(contact, mine.country) if contact else ():
        words[word.number] = words.get(word.number, Reason(0)) | _THROUGH.get(word.kind, Reason(0))
    with store.reading() as db:
        sources = readable(db, reader, now - store.forget_after)
        found = []
        for body, told in _candidates(db, words, sources):
            theirs = listing.parse(body.body)
            if isinstance(theirs, Organization):
                reasons = int(told) | likeness.compared(mine, signals.signals(theirs))
                if likeness.level(reasons) is not Level.APART:
                    found.append((-likeness.strength(reasons), body.record_id, reasons))
        best = {record_id: reasons for _, record_id, reasons in sorted(found)[:limit]}
        listed = {one.record_id: one for one in index_search.listed(db, list(best))}
        shown = hits(db, [listed[one] for one in best], sources, now, joined(store, db, sources, now))
    return [Alike(hit, reasons) for hit, reasons in zip(shown, best.values(), strict=True)]


def _candidates(
    db: Database, words: Mapping[int, Reason], sources: Mapping[int, Source]
) -> Iterator[tuple[matching.Body, Reason]]:
    """Organisations that share a word, themselves or by a contact, with what that tells."""
    told: dict[int, Reason] = defaultdict(lambda: Reason(0))
    for bearer in matching.sharing(db, words):
        if bearer.feed_id in sources and (bearer.record_id in told or len(told) < MAX_COMPARED):
            told[bearer.record_id] |= words[bearer.word]
    about: dict[int, Reason] = defaultdict(lambda: Reason(0))
    for body in matching.bodies(db, told):
        parsed = listing.parse(body.body)
        if isinstance(parsed, Contact):
            network = sources[body.feed_id].network  # for which alone a contact speaks
            feeds = [feed_id for feed_id, source in sources.items() if source.network == network]
            found = index_search.by_key(db, key_of(parsed.organization), feeds)
            if found is not None:
                about[found.record_id] |= told[body.record_id]
        else:
            about[body.record_id] |= told[body.record_id]
    for body in matching.bodies(db, about):
        yield body, about[body.record_id]
