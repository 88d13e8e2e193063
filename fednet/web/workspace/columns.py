"""What the columns of a table and the fields of a record are called in the reader's language."""

from __future__ import annotations

from fednet.formats.columns import FIELDS
from fednet.web.translation import gettext as _
from fednet.web.translation import noted

NAMES: dict[str, str] = {
    "source": noted("Number in your own list"),
    "names": noted("Name"),
    "acronym": noted("Acronym"),
    "former_names": noted("Former names"),
    "description": noted("Description"),
    "website": noted("Website"),
    "identifiers": noted("Register numbers"),
    "type": noted("Type"),
    "seat": noted("Seat"),
    "seat.country": noted("Country of the seat"),
    "seat.place": noted("Town of the seat"),
    "seat.latitude_e6": noted("Latitude"),
    "seat.longitude_e6": noted("Longitude"),
    "countries": noted("Countries served"),
    "services": noted("Services"),
    "client_groups": noted("Client groups"),
    "languages": noted("Languages spoken"),
    "membership": noted("Membership"),
    "membership.category": noted("Category of membership"),
    "membership.since": noted("Member since"),
    "membership.until": noted("Member until"),
    "refugee_led": noted("Refugee-led, by its own word"),
    "activity": noted("Activity"),
    "area": noted("Province or region of work"),
    "district": noted("District of work"),
    "area_code": noted("Code of a place"),
    "contact.emails": noted("E-mail of the contact"),
    "contact.phones": noted("Telephone of the contact"),
    "contact.address": noted("Address of the contact"),
    "contact.hours": noted("Opening hours"),
    "contact.person": noted("Contact person"),
    "emails": noted("E-mail"),
    "phones": noted("Telephone"),
    "address": noted("Address"),
    "hours": noted("Opening hours"),
    "person": noted("Contact person"),
    "original": noted("Language of the original"),
    "confirmed": noted("Confirmed"),
    "extra": noted("Further fields"),
    "groups": noted("Groups"),
    "uid": noted("UID of the event"),
    "titles": noted("Title"),
    "start": noted("Begins"),
    "amount": noted("Amount of money, for the description"),
    "start_time": noted("Time at which it begins"),
    "end": noted("Ends"),
    "end_time": noted("Time at which it ends"),
    "zone": noted("Time zone"),
    "all_day": noted("All day"),
    "rrule": noted("Repeats"),
    "exdates": noted("Not on"),
    "rdates": noted("Also on"),
    "overrides": noted("Dates that differ"),
    "status": noted("Status"),
    "sequence": noted("Revision"),
    "mode": noted("In person or online"),
    "place": noted("Place"),
    "join_url": noted("Address to join"),
    "registration_url": noted("Address to register"),
    "audience": noted("For whom"),
    "themes": noted("Themes"),
    "hosts": noted("Hosts"),
    "convenors": noted("Convened by"),
    "speakers": noted("Speakers"),
    "parent": noted("Part of"),
    "fund_note": noted("Participation fund"),
    "name": noted("Name"),
    "first_name": noted("First name"),
    "last_name": noted("Last name"),
    "role": noted("Role"),
    "roles": noted("Roles"),
    "expertise": noted("Expertise"),
    "organization": noted("Organisation"),
    "country": noted("Country"),
    "modality": noted("Kind of exchange"),
    "stage": noted("Stage of resettlement"),
    "open_until": noted("Open until"),
    "posted": noted("Posted"),
    "closed": noted("Closed"),
    "outcome": noted("What came of it"),
    "outcome_note": noted("What came of it, in words"),
    "organizations": noted("Organisations"),
    "goals": noted("Goals"),
    "activities": noted("Activities"),
    "resources": noted("Models and lessons"),
    "exchanges": noted("Needs and offers it grew from"),
    "state": noted("State"),
    "url": noted("Address"),
    "date": noted("Date"),
    "language": noted("Language"),
    "confirm_within_days": noted("Days for which a confirmation holds"),
    "verdict": noted("Verdict"),
    "subjects": noted("About"),
    "reason": noted("Reason"),
}


def called(field: str) -> str:
    """The name of a column's or record's field; one that this version does not know as it is."""
    return _(NAMES[field]) if field in NAMES else field


def choices(kind: str) -> list[tuple[str, str]]:
    """Code and name of every field that a column of such a table can be, as a select offers them."""
    return [(field, called(field)) for field in FIELDS[kind] if field != "extra"]


def is_translated(kind: str, field: str) -> bool:
    """Whether a column of that field may say in which language it is."""
    return field in FIELDS[kind] and FIELDS[kind][field].shape == "translated"
