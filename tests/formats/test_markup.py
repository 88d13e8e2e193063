from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fednet.formats.calendar import read_calendar
from fednet.formats.markup import plain_text
from tests.formats.files import calendar, vevent


def test_markup_becomes_the_lines_that_a_person_reads() -> None:
    written = '<p>Room&nbsp;3, <b>first</b> floor<br>Programme: <a href="https://n.example/p?a=1&amp;b=2">here</a></p>'
    assert plain_text(written) == "Room 3, first floor\nProgramme: here (https://n.example/p?a=1&b=2)"
    assert plain_text("<ul><li>one</li><li>two</li></ul><style>p {}</style>") == "- one\n- two"


def test_text_without_markup_stays_as_it_is() -> None:
    assert plain_text("a < b,  c > d\n R&D") == "a < b,  c > d\n R&D"
    assert plain_text("Twinning &#8211; one year on &amp; after") == "Twinning – one year on & after"


@given(st.text(alphabet="<>/pabr &;#1\n\"'=href!-", max_size=200))
def test_no_markup_is_too_broken(written: str) -> None:
    assert len(plain_text(written)) <= len(written) * 2 + 20


def test_an_event_of_a_web_site_is_told_in_plain_words_with_its_page_and_zone() -> None:
    text = vevent(
        "DTSTART:20250516T173000Z",
        "DTEND:20250516T183000Z",
        "DESCRIPTION:<p>Python is everywhere.</p> See pycon.example.com and os.example.com",
        "LOCATION:Room 3",
        "URL:https://networks.example/talks/1",
    )
    [entry] = read_calendar(calendar(text, before="X-WR-TIMEZONE:America/New_York\n")).entries
    fields = entry.fields
    assert fields["description"]["en"].startswith("Python is everywhere.\n")
    assert fields["website"] == "https://networks.example/talks/1" and "registration_url" not in fields
    assert (fields["start"], fields["end"], fields["zone"]) == (
        "2025-05-16T13:30",
        "2025-05-16T14:30",
        "America/New_York",
    )
    found = read_calendar(calendar(text))
    assert found.entries[0].fields["zone"] == "UTC" and any("UTC" in note for note in found.notes)
