from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.agenda import Agenda, Occurrence
from fednet.node import edits
from fednet.node import home as homes
from fednet.node.publish import publish
from fednet.web import translation
from fednet.web.app import create_app
from fednet.web.public import month
from tests.asgi import Client
from tests.web.place import NOW
from tests.web.public.test_pages import text_of
from tests.web.public.test_views import hit

DECEMBER = date(2026, 12, 1)
OURS = {"sec_fetch_site": "same-origin"}


def occurrence(start: datetime, hours: int = 1, **more: object) -> Occurrence:
    return Occurrence(start, start + timedelta(hours=hours), False, "confirmed", "Meeting", hit(), **more)  # type: ignore[arg-type]


def shown(found: list[Occurrence], begins: int = 0) -> month.Month:
    query = Agenda(zone="UTC")
    return month.month(found, DECEMBER, month.days(DECEMBER, begins), date(2026, 12, 3), query)


# --- the month


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(0, 6))
def test_a_month_is_whole_weeks_that_begin_as_asked_and_hold_all_its_days(day: date, begins: int) -> None:
    first = day.replace(day=1)
    weeks = month.days(first, begins)
    flat = [one for week in weeks for one in week]
    assert all(len(week) == 7 and week[0].weekday() == begins for week in weeks)
    assert flat == [flat[0] + timedelta(days=at) for at in range(len(flat))]
    assert flat[0] <= first and any(one == day for one in flat)


@given(st.lists(st.tuples(st.integers(-10, 50), st.integers(1, 200)), max_size=30))
def test_every_event_stands_on_each_of_its_days_or_is_counted(times: list[tuple[int, int]]) -> None:
    began = datetime(2026, 12, 1, 12, tzinfo=UTC)
    found = [occurrence(began + timedelta(days=day), hours) for day, hours in sorted(times)]
    table = shown(found)
    for week in table.weeks:
        for cell in week:
            noon = [one for one in found if one.start.date() <= cell.day <= (one.end - timedelta(seconds=1)).date()]
            assert len(cell.marks) + cell.more == len(noon)
            assert len(cell.marks) <= month.MAX_A_DAY


def test_an_event_of_several_days_goes_on_and_a_day_that_is_full_leads_on() -> None:
    long = occurrence(datetime(2026, 12, 2, 22, tzinfo=UTC), 4)
    many = [occurrence(datetime(2026, 12, 9, hour, tzinfo=UTC)) for hour in range(5)]
    cells = {cell.day.day: cell for week in shown([long, *many]).weeks for cell in week if cell.inside}
    assert [mark.goes_on for day in (2, 3) for mark in cells[day].marks] == [False, True]
    assert cells[2].marks[0].time == "22:00" and cells[3].marks[0].time == ""
    assert cells[9].more == 2 and cells[9].url == "/events?from=2026-12-09&to=2026-12-09&zone=UTC"
    assert cells[3].today and not cells[2].today


@pytest.mark.parametrize(
    ("language", "accept", "first"),
    [
        ("en", "", 0),
        ("en", "en-CA,en;q=0.9", 6),
        ("en", "en-GB", 0),
        ("fr", "fr", 0),
        ("fr", "en-US, fr-CA;q=0.5", 6),
        ("ar", "ar", 5),
        ("ar", "ar-TN", 0),
        ("ar", "ar-nonsense-XX,,;;", 5),
    ],
)
def test_weeks_begin_as_the_reader_is_used_to(language: str, accept: str, first: int) -> None:
    with translation.spoken(language):
        assert month.week_begins(accept) == first


def test_the_month_is_a_table_of_weeks_with_titles(browser: Client) -> None:
    page = browser.get("/events?view=month&from=2026-12-10&zone=America/New_York").text
    assert page.count("<tr>") == 6 and page.count('scope="col"') == 7
    table = text_of(page.partition('<table class="weeks">')[2].partition("</table>")[0])
    assert "10:00 Webinar: interviewing children" in table
    assert table.count("goes on: Autumn consultation") == 2
    assert "Detention working group Cancelled" in table
    links = re.findall(r'<a href="([^"]+)" rel="nofollow">The month', page)
    assert [re.findall("from=([0-9-]+)", link) for link in links] == [["2026-11-01"], ["2027-01-01"]]
    assert browser.get(unescape(links[1])).status == 200


def test_the_month_and_the_agenda_lead_to_each_other_with_the_same_question(browser: Client) -> None:
    agenda = browser.get("/events?type=webinar&zone=Asia/Bangkok").text
    link = re.search(r'<a href="([^"]+)" rel="nofollow">As a month', agenda)
    assert link and "type=webinar" in link[1] and "view=month" in link[1]
    back = re.search(r'<a href="([^"]+)" rel="nofollow">As a list', browser.get(unescape(link[1])).text)
    assert back and "type=webinar" in back[1] and "view" not in back[1]


def test_a_view_that_there_is_not_is_said(browser: Client) -> None:
    page = browser.get("/events?view=year")
    assert page.status == 400 and "year" in page.text


# --- the reader's zone


def test_a_zone_chosen_in_our_form_is_kept_and_used_everywhere(browser: Client, program: Client) -> None:
    chosen = browser.get("/events?zone=Asia/Bangkok", **OURS)
    cookie = chosen.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=lax" in cookie.lower()
    page = browser.get("/events", cookie=cookie.partition(";")[0]).text
    assert "Times in Asia/Bangkok" in page and "22:00–23:30" in page
    event = next(one for one in program.get("/api/v1/events").json["items"] if one["type"] == "webinar")
    page = text_of(browser.get(f"/events/{event['handle']}", cookie="zone=Asia/Bangkok").text)
    assert "10:00–11:30 in New York 22:00–23:30 in Bangkok" in page


def test_a_link_from_elsewhere_may_name_a_zone_and_keeps_nothing(browser: Client) -> None:
    for headers in ({}, {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "none"}):
        answer = browser.get("/events?zone=Asia/Bangkok", **headers)
        assert "Times in Asia/Bangkok" in answer.text and "set-cookie" not in answer.headers
    assert "set-cookie" not in browser.get("/events", **OURS).headers
    assert "set-cookie" not in browser.get("/events?zone=Asia/Bangkok", cookie="zone=Asia/Bangkok", **OURS).headers


def test_the_zones_of_the_events_on_a_page_are_offered_first(browser: Client) -> None:
    for view in ("agenda", "month"):
        page = browser.get(f"/events?view={view}").text
        offered = re.findall(r"<option>([^<]+)</option>", page.partition('<datalist id="zones">')[2])
        assert "America/New_York" in offered[: offered.index("UTC")] and len(offered) == len(set(offered))


def test_a_cookie_that_names_no_zone_is_passed_over(browser: Client) -> None:
    for value in ("Mars/Olympus", "", "../../etc/passwd", "%00", '"<script>"'):
        page = browser.get("/events", cookie=f"zone={value}")
        assert page.status == 200 and "Times in UTC" in page.text


def test_an_event_is_added_to_a_calendar_once_or_for_good(browser: Client, program: Client) -> None:
    handle = program.get("/api/v1/events").json["items"][0]["handle"]
    page = browser.get(f"/events/{handle}").text
    assert f'href="/events/{handle}.ics"' in page and f'href="webcal://127.0.0.1/events/{handle}.ics"' in page


def test_a_month_stays_light_whatever_its_events_are_called(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    for at in range(31 * 4):
        title = "<'\"&" * 100 + str(at)
        fields = {"titles": {"en": title}, "type": "webinar", "start": f"2026-12-{at % 31 + 1:02}", "all_day": True}
        edits.add(home, "event", fields, NOW)
    publish(home, NOW)
    page = Client(create_app(home, clock=lambda: NOW), accept="text/html").get("/events?view=month&from=2026-12-01")
    assert len(page.body) < 60_000 and "and 1 more" in page.text
    home.close()
