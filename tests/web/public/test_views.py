from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fednet import listing
from fednet.directory.agenda import Agenda, Occurrence
from fednet.directory.query import Query, parse_query
from fednet.directory.search import Hit
from fednet.listing import Event
from fednet.web.public import choices, views
from tests.asgi import Client

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def hit(**fields: Any) -> Hit:
    body = {"kind": "event", "titles": {"en": "Meeting"}, "type": "webinar", "start": "2026-12-01T12:00", **fields}
    body = msgspec.json.decode(listing.encode(body))
    networks = (("n" * 32, "Example Network"),)
    return Hit("handle", "event", "Meeting", "n" * 32, "Example Network", networks, "public", 1, 1, None, False, body)


def calendar(days: list[int]) -> list[Occurrence]:
    """One occurrence for each day named, in order."""
    starts = [NOON + timedelta(days=day) for day in sorted(days)]
    return [Occurrence(start, start + timedelta(hours=1), False, "confirmed", "Meeting", hit()) for start in starts]


@given(st.lists(st.integers(0, 60), max_size=300))
def test_pages_of_a_calendar_are_whole_days_and_leave_none_out(days: list[int]) -> None:
    left, seen = calendar(days), 0
    while left:
        page, upto = views.page_of(left)
        assert page, "every page leads on"
        seen += len(page)
        if upto is None:
            break
        assert all(one.start.date() <= upto for one in page)
        more = [one for one in left if one.start.date() > upto]
        crowded = {one.start.date() for one in page} == {upto}  # a day that fills a page alone is cut
        assert crowded or len(page) + len(more) == len(left)
        seen += len(left) - len(page) - len(more)
        left = more
    assert seen == len(days)


def test_the_next_page_begins_on_the_day_after_the_last_shown() -> None:
    query = Agenda(since=date(2026, 12, 1), until=date(2026, 12, 31), types=("webinar",), zone="Asia/Bangkok")
    period = views.period(query, date(2026, 11, 21), date(2026, 12, 9))
    assert period.later == "/events?type=webinar&zone=Asia%2FBangkok&from=2026-12-10"
    assert period.earlier == "/events?type=webinar&zone=Asia%2FBangkok&from=2026-11-22&to=2026-11-30"


def test_the_parameters_of_a_query_read_back_as_the_query() -> None:
    query = Query(text="ทนาย & 'x'", countries=("TH", "MM"), regions=("035",), services=("legal-aid",), limit=7)
    asked: dict[str, list[str]] = {}
    for name, value in choices.pairs(query):
        asked.setdefault(name, []).append(value)
    assert parse_query(**asked) == query


def test_an_event_that_is_over_says_when_it_was() -> None:
    fields = hit(start="2017-03-22T10:00", zone="America/New_York").fields
    when = views.when(event(fields), fields, "Asia/Bangkok", NOON)
    assert when and not when.repeats
    ((there, here),) = when.dates
    assert (there.text, here and here.text) == ("10:00", "21:00")


def test_a_time_that_cannot_be_read_is_no_error() -> None:
    fields = hit(zone="Mars/Olympus").fields
    assert views.when(event(fields), fields, "UTC", NOON) is None


def event(fields: dict[str, Any]) -> Event:
    found = views.entry_of(hit(**fields))
    assert found and isinstance(found.record, Event)
    return found.record


def test_the_month_at_a_glance_leads_to_days_that_are_not_on_the_page(browser: Client) -> None:
    page = browser.get("/events?from=2026-12-01&language=en").text
    assert 'class="overview"' in page and 'href="#d2026-12-02"' in page
    assert "from=2026-11-01&amp;to=2026-11-30&amp;language=en" in page
    assert 'name="text"' in page and 'name="country"' in page and 'id="language" name="language" value="en"' in page
    assert 'href="/docs"' in page and 'href="/calendar.ics"' in page
