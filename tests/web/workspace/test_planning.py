from __future__ import annotations

from fednet.node.home import Home
from fednet.node.roll import roll
from tests.web.place import HOSTILE_NAMES
from tests.web.signed_in import client_as


def test_a_plan_is_told_clashes_and_hours_elsewhere(home: Home) -> None:
    browser = client_as(home, "auditor")
    asked = {"start": "2026-12-02T10:30", "end": "2026-12-02T11:30", "zone": "America/New_York", "country": "TH, Kenya"}
    page = browser.form("/workspace/plan", asked)
    assert page.status == 200
    assert "interviewing children" in page.text
    assert "Bangkok" in page.text and "22:30" in page.text and "Nairobi" in page.text and "night" in page.text
    other = browser.form("/workspace/plan", asked | {"theme": "detention"}).text
    assert "interviewing children" not in other.partition("What else takes place")[2]


def test_the_date_of_an_own_event_is_checked_without_the_event_itself(home: Home) -> None:
    with home.store.reading() as db:
        events = roll(db, home, "event")
    webinar = next(one.handle for one in events if "Webinar" in str(one.record))
    page = client_as(home, "editor").get(f"/workspace/plan?event={webinar}").text
    assert 'value="2026-12-02T10:00"' in page
    assert "interviewing children" not in page.partition("What else takes place")[2]
    all_day = next(one.handle for one in events if "Autumn" in str(one.record))
    assert client_as(home, "editor").get(f"/workspace/plan?event={all_day}").status == 400


def test_what_makes_no_sense_is_told_at_the_form_with_what_was_typed(home: Home) -> None:
    browser = client_as(home, "editor")
    for asked in ({}, {"start": "2026-12-02"}, {"start": "2026-12-02T10:00", "zone": "Moon/Base"},
                  {"start": "2026-12-02T10:00", "rrule": "FREQ=NEVER"}, {"start": HOSTILE_NAMES[0]}):  # fmt: skip
        answer = browser.form("/workspace/plan", asked)
        assert answer.status >= 400 and 'role="alert"' in answer.text
        assert "<script>alert" not in answer.text
