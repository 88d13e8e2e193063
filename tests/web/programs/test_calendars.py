from __future__ import annotations

from pathlib import Path
from typing import Any

import icalendar
import pytest

from fednet.node import edits
from fednet.node.home import Home, create
from fednet.node.publish import publish
from fednet.web.app import create_app
from tests.asgi import Answer, Client
from tests.web.place import NOW, node


def events(answer: Answer) -> list[Any]:
    found = icalendar.Calendar.from_ical(answer.body)
    assert isinstance(found, icalendar.Calendar)
    return list(found.events)


def titles(answer: Answer) -> list[str]:
    return sorted({str(event["SUMMARY"]) for event in events(answer)})


def test_the_calendar_is_a_file_that_programs_subscribe_to(program: Client) -> None:
    answer = program.get("/calendar.ics")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    found = icalendar.Calendar.from_ical(answer.body)
    assert str(found["NAME"]) == "Asia Pacific Example Network"
    assert found["REFRESH-INTERVAL"].dt.total_seconds() == 3600
    assert str(found["SOURCE"]) == "http://127.0.0.1/calendar.ics"
    assert {"Detention working group", "Autumn consultation"} <= set(titles(answer))


def test_it_answers_the_same_questions_as_the_calendar_and_the_search(program: Client) -> None:
    for asked in ("type=webinar", "text=detention", "country=CA", "service=child-protection", "network=Canadian"):
        days = f"{asked}&from=2026-11-01&to=2026-12-31"
        listed = {item["titles"]["en"] for item in program.get(f"/api/v1/events?{days}&limit=500").json["items"]}
        assert set(titles(program.get(f"/calendar.ics?{days}"))) == listed, asked
    assert str(icalendar.Calendar.from_ical(program.get("/calendar.ics?type=webinar").body)["NAME"]).endswith("Webinar")
    assert program.get("/calendar.ics?kind=event").status == 200
    assert program.get("/calendar.ics?kind=person").status == 400
    assert program.get("/calendar.ics?typ=webinar").status == 400


def test_a_program_that_has_it_is_not_sent_it_again(program: Client) -> None:
    first = program.get("/calendar.ics")
    assert program.get("/calendar.ics").body == first.body
    again = program.get("/calendar.ics", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert program.ask("HEAD", "/calendar.ics", b"").headers["etag"] == first.headers["etag"]


def test_one_event_is_a_file_of_its_own(program: Client) -> None:
    items = program.get("/api/v1/events?text=interviewing").json["items"]
    handle = next(item["handle"] for item in items)
    [event] = events(program.get(f"/events/{handle}.ics"))
    assert str(event["URL"]) == f"http://127.0.0.1/events/{handle}"
    assert str(event["DTSTAMP"].dt) == "2026-11-21 18:30:00+00:00"
    assert program.get("/events/nothing.ics").status == 404


def test_pages_lead_to_the_file_and_the_subscription(browser: Client, program: Client) -> None:
    page = browser.get("/events?type=webinar&zone=Asia/Bangkok").text
    assert 'href="webcal://127.0.0.1/calendar.ics?type=webinar"' in page
    handle = program.get("/api/v1/events").json["items"][0]["handle"]
    assert f'href="/events/{handle}.ics"' in browser.get(f"/events/{handle}").text


@pytest.fixture
def own(tmp_path: Path) -> Home:
    home, _ = create(tmp_path / "node", "Example Network", None, None)
    return home


def test_a_programme_is_shown_with_its_sessions_in_order(own: Home) -> None:
    def added(title: str, start: str, **fields: Any) -> str:
        named = {"titles": {"en": title}, "type": "meeting", "start": start, "zone": "Asia/Bangkok", **fields}
        return edits.add(own, "event", named, NOW).handle

    parent = added("Consultation", "2026-12-01T09:00", end="2026-12-02T17:00")
    added("Closing", "2026-12-02T16:00", parent=parent)
    added("Opening", "2026-12-01T09:00", parent=parent)
    publish(own, NOW)
    page = Client(create_app(own, clock=lambda: NOW), accept="text/html").get(f"/events/{parent}").text
    assert 0 < page.index("Programme") < page.index("Opening") < page.index("Closing")
    program = Client(create_app(own, clock=lambda: NOW))
    uids = {str(event["SUMMARY"]): event for event in events(program.get("/calendar.ics"))}
    assert uids["Closing"]["RELATED-TO"] == uids["Opening"]["RELATED-TO"] == uids["Consultation"]["UID"]
    own.close()


def test_a_flood_of_one_network_drowns_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = node(tmp_path)
    program = Client(create_app(home, clock=lambda: NOW))
    before = program.get("/calendar.ics")
    others = {str(one["UID"]) for one in events(before) if home.network.network not in str(one["UID"])}
    flood = {"type": "webinar", "start": "1990-01-01T10:00", "zone": "UTC", "rrule": "FREQ=YEARLY"}
    for at in range(40):
        texts = {"titles": {"en": f"spam {at}"}, "description": {"en": "x" * 2_000}}
        edits.add(home, "event", flood | texts, NOW)
    publish(home, NOW)
    monkeypatch.setattr("fednet.web.programs.calendars.MAX_BYTES", 2 * len(before.body))
    cut = program.get("/calendar.ics")
    assert others <= {str(one["UID"]) for one in events(cut)}
    assert others and 0 < sum(title.startswith("spam") for title in titles(cut)) < 40
    home.close()


def test_what_is_for_partners_is_in_no_public_file(own: Home) -> None:
    secret = {"titles": {"en": "Secret"}, "type": "meeting", "start": "2026-12-01T09:00", "zone": "UTC"}
    handle = edits.add(own, "event", secret, NOW, "partners").handle
    publish(own, NOW)
    program = Client(create_app(own, clock=lambda: NOW))
    assert program.get(f"/events/{handle}.ics").status == 404
    assert b"Secret" not in program.get("/calendar.ics").body
    own.close()


def test_hosts_that_are_networks_or_organisations_are_called_by_their_names(own: Home) -> None:
    clinic = edits.add(own, "organization", {"names": {"en": "Pier Clinic"}}, NOW).handle
    hosts = [clinic, own.network.network, "Somebody Else"]
    fields = {"titles": {"en": "Call"}, "type": "meeting", "start": "2026-12-01T09:00", "zone": "UTC", "hosts": hosts}
    handle = edits.add(own, "event", fields, NOW).handle
    publish(own, NOW)
    page = Client(create_app(own, clock=lambda: NOW), accept="text/html").get(f"/events/{handle}").text
    assert f'href="/organizations/{clinic}"' in page and f'href="/networks/{own.network.network}"' in page
    assert all(name in page for name in ("Pier Clinic", "Example Network", "Somebody Else"))
    own.close()
