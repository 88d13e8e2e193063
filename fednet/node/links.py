"""Secret links: an address that was given to one person, works once, and not for ever.

The node keeps the SHA-256 of the secret, so that whoever reads its database cannot use a link that is out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlite_utils import Database

from fednet.errors import NotFoundError
from fednet.feed.text import utc_text
from fednet.node.sessions import digest, fresh_secret
from fednet.store import accounts
from fednet.store.accounts import Link

HINT = "links work once, and for a limited time: ask for a new one"


def make(
    db: Database, purpose: str, *, subject: str = "", account_id: int | None = None, now: datetime, lasts: timedelta
) -> str:
    """The secret of a new link; it stands in the last part of an address (43 characters, RFC 4648 base64url)."""
    secret = fresh_secret()
    accounts.add_link(db, Link(digest(secret), purpose, account_id, subject, utc_text(now), utc_text(now + lasts)))
    return secret


def find(db: Database, purpose: str, secret: str, now: datetime) -> Link:
    """The link of a secret. Raises NotFoundError for one that is used, expired, of another purpose or nobody's."""
    found = accounts.link(db, digest(secret), purpose, now)
    if found is None:
        raise NotFoundError("this link does not work any more", hint=HINT)
    return found


def use(db: Database, link: Link, now: datetime) -> None:
    """Let a link work no more. Raises NotFoundError when somebody used it a moment before."""
    if not accounts.use_link(db, link.digest, now):
        raise NotFoundError("this link does not work any more", hint=HINT)


def forget(db: Database, purpose: str, *, subject: str = "", account_id: int | None = None) -> None:
    """Let the links of a purpose that were given out for a subject, or to an account, work no more."""
    accounts.drop_links(db, purpose, subject, account_id)
