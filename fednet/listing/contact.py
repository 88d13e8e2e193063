"""Contacts: how to reach an organisation, a record of its own so that it may have a narrower circle."""

from __future__ import annotations

from fednet.listing.fields import Email, Handle, Record


class Contact(Record, frozen=True):
    """How to reach the organisation of that handle. Circle `partners` unless its owner chose otherwise."""

    organization: Handle
    emails: tuple[Email, ...] = ()
    phones: tuple[str, ...] = ()
    address: str = ""
    hours: str = ""
    person: str = ""
