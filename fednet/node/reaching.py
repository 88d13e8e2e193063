"""How a side is reached, and what it writes, as people enter it and as it is told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from fednet import listing
from fednet.errors import UsageError
from fednet.feed.introduction import (
    MAX_EACH,
    MAX_EMAIL,
    MAX_NAME,
    MAX_NOTE,
    MAX_PHONE,
    MAX_TEXT,
    Details,
)
from fednet.listing import Contact
from fednet.listing.check import is_handle
from fednet.node import edits
from fednet.node.entries import (
    own_entry,
    own_organization,
)
from fednet.node.home import Home

_EMAIL = re.compile(r"[^@\s<>\"']+@[^@\s<>\"'.]+(?:\.[^@\s<>\"'.]+)+")
_FORCED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Directions that a text would force on what is around it; marks that letters need (U+200C to U+200F) may stay."""
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{3,38}")


def written(text: str) -> str:
    """A text as it is told: paragraphs stay, control characters go. UsageError for one that is too long."""
    lines = ("".join(c for c in line if not _is_unfit(c)).rstrip() for line in text.splitlines())
    found = unicodedata.normalize("NFC", "\n".join(lines).strip())
    if len(found) > MAX_TEXT:
        raise UsageError(f"the text has {len(found)} characters", hint=f"{MAX_TEXT} are enough for an introduction")
    return found


def _is_unfit(char: str) -> bool:
    """Whether a character controls how a text is shown instead of being shown."""
    return unicodedata.category(char) in ("Cc", "Cs") or char in _FORCED


def checked(details: Details) -> Details:
    """Details as they are told; UsageError, saying what is wrong, for those by which nobody could be reached."""
    emails = tuple(dict.fromkeys(" ".join(one.split()) for one in details.emails if one.strip()))
    phones = tuple(dict.fromkeys(" ".join(one.split()) for one in details.phones if one.strip()))
    name, note = written(details.name).replace("\n", " "), written(details.note)
    for one in emails:
        if len(one) > MAX_EMAIL or not _EMAIL.fullmatch(one) or any(unicodedata.category(c)[0] == "C" for c in one):
            raise UsageError(f"{one[:80]!r} is no e-mail address", hint="such as office@example.org")
    for one in phones:
        if not _PHONE.fullmatch(one):
            raise UsageError(f"{one[:80]!r} is no telephone number", hint="such as +66 2 123 4567")
    if not any(unicodedata.category(c)[0] in "LNPS" for c in name):  # something that is seen
        raise UsageError("nobody is named whom the other side could ask for", hint="give a name")
    if not emails and not phones:
        raise UsageError("there is no way to reach this side", hint="give an e-mail address or a telephone number")
    if len(name) > MAX_NAME or len(note) > MAX_NOTE or len(emails) > MAX_EACH or len(phones) > MAX_EACH:
        raise UsageError("that is too much", hint="a name of 120 characters, a note of 500, 5 addresses, 5 numbers")
    return Details(name, emails, phones, note)


def suggested_details(home: Home, handle: str, circles: Collection[str] | None = None) -> Details | None:
    """How the organisation of an own entry is reached, by its contact record (of these own circles; None: of any);
    None when there is none."""
    with home.store.reading() as db:
        record = own_entry(db, home, handle).record
        if not is_handle(record.organization):
            return None
        for own in edits.referring(db, home, record.organization):
            contact = listing.parse(own.body) if circles is None or own.circle in circles else None
            if isinstance(contact, Contact) and contact.organization == record.organization:
                name = contact.person or own_organization(db, home, record, circles)
                phones = tuple(one[:MAX_PHONE] for one in contact.phones[:MAX_EACH])
                return Details(name[:MAX_NAME], contact.emails[:MAX_EACH], phones)
    return None
