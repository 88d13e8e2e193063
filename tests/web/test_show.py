from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fednet.listing import Contact, Organization
from fednet.node.home import Home
from fednet.web import show
from fednet.web.show import Templates, escaping
from fednet.web.translation import spoken

TEMPLATE = escaping().from_string("{{ text }}")


@given(st.text())
@example("a\x9b31mb\x85c")
def test_any_text_in_a_template_is_only_text(text: str) -> None:
    shown = TEMPLATE.render(text=text)
    assert not set("<>\"'") & set(shown)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x7f-\x9f]", shown)


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_is_never_longer(text: str, length: int) -> None:
    assert len(show.short(text, length)) <= length + 1


@given(st.text() | st.text("<&\"'ก"), st.integers(8, 200))
def test_a_fitted_text_is_never_heavier(text: str, size: int) -> None:
    assert show.weight(show.fit(text, size)) <= max(size, len("…".encode()))


@given(st.lists(st.builds(show.Text, st.none(), st.text("a<ก "))), st.integers(100, 2_000))
def test_many_texts_fit_into_what_they_may_take_and_the_first_is_among_them(texts: list[show.Text], size: int) -> None:
    kept = show.within(texts, size)
    assert sum(show.weight(text.text) for text in kept) <= size and bool(kept) == bool(texts)


@given(st.text() | st.sampled_from(["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", "https:"]))
def test_only_http_addresses_become_links(url: str) -> None:
    found = show.web_address(url)
    assert found is None or re.match("https?://.", found, re.IGNORECASE)


@given(st.text())
def test_any_day_or_moment_is_shown_somehow(text: str) -> None:
    assert isinstance(show.plain_day(text), str) and isinstance(show.moment(text), str)


@pytest.mark.parametrize(
    ("written", "shown"), [("2026", "2026"), ("2026-11", "November 2026"), ("2026-11-02", "2 November 2026")]
)
def test_a_day_is_shown_as_exactly_as_it_is_known(written: str, shown: str) -> None:
    assert show.plain_day(written) == shown


def test_the_readers_language_comes_first_then_the_original_then_english() -> None:
    texts = {"my": "b", "en": "c", "th": "a", "fr": " "}
    assert [text.tag for text in show.in_order(texts, "th")] == ["en", "th", "my"]
    assert [text.tag for text in show.in_order(texts, None)] == ["en", "my", "th"]
    with spoken("fr"):
        both = {"th": "a", "en": "b", "fr-CA": "c"}
        assert [text.tag for text in show.in_order(both, "th")] == ["fr-CA", "th", "en"]


@given(st.text())
def test_a_text_is_said_to_be_in_a_language_only_if_there_is_one_of_that_tag(tag: str) -> None:
    found = show.text_in(tag, "text").tag
    assert found is None or re.fullmatch("[A-Za-z0-9-]+", found)


def test_the_fixture_of_2017_in_three_zones() -> None:
    start = datetime(2017, 3, 22, 14, tzinfo=UTC)
    told = {
        zone: show.times(start, start + timedelta(hours=1), False, zone).text
        for zone in ("America/New_York", "Asia/Bangkok", "Europe/Zurich")
    }
    assert told == {"America/New_York": "10:00–11:00", "Asia/Bangkok": "21:00–22:00", "Europe/Zurich": "15:00–16:00"}


def test_what_lasts_beyond_midnight_says_until_when() -> None:
    start = datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert (
        show.times(start, start + timedelta(hours=4), False, "UTC").text == "22:00 – Wednesday 2 December 2026, 02:00"
    )


@pytest.mark.parametrize("scheme", [0, 1])
def test_text_stands_out_from_its_ground_in_both_colour_schemes(scheme: int) -> None:
    style = (show.STATIC / "style.css").read_text("utf-8")
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", part)) for part in style.split(":root {")[1:3]]
    found = colours[0] | colours[scheme]
    used = {
        "paper": ("ink", "quiet", "accent"),
        "surface": ("ink", "quiet", "accent"),
        "soft": ("ink", "accent"),
        "warn-soft": ("warn",),
        "accent": ("on-accent",),
    }
    for ground, texts in used.items():
        for text in texts:
            assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    assert contrast(found["edge"], found["surface"]) >= 3, "WCAG 1.4.11: the edge of a field"


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_template_is_escaped(home: Home) -> None:
    environment = Templates(home).environment
    for file in (Path(show.__file__).parent / "templates").rglob("*.html"):
        assert environment.autoescape(file.name) is True  # type: ignore[operator]
        assert "|safe" not in file.read_text("utf-8") and "autoescape" not in file.read_text("utf-8")


def test_a_name_that_says_the_same_again_is_left_out() -> None:
    record = Organization(
        original="en", names={"en": "Paper Boat", "fr": "Paper  boat", "th": "เรือกระดาษ"}, acronym="PAPER BOAT"
    )
    found = show.names(record)
    assert [one.tag for one in found] == ["en", "th"]
    assert show.besides(record.acronym, found) == "" and show.besides("PB", found) == "PB"


def test_a_contact_is_called_by_its_person_or_first_address() -> None:
    contact = Contact(organization="x", phones=("+41 22",), emails=("office@aster.example",))
    assert show.names(contact)[0].text == "office@aster.example"
    assert show.names(Contact(organization="x", person="Ada Example"))[0].text == "Ada Example"


def test_countries_served_are_named_and_counted() -> None:
    assert show.served(["TH", "MM", "MY", "JO", "CD", "SO"]).endswith(" and 2 more")
    assert show.served(["xx"]) == ""


def test_names_between_backquotes_become_code_and_nothing_else_becomes_markup() -> None:
    assert show.coded("`q` <b>") == "<code>q</code> &lt;b&gt;"


def test_numbers_lists_days_and_places_speak_the_readers_language() -> None:
    told = {}
    for language in ("en", "fr", "ar"):
        with spoken(language):
            told[language] = (
                show.number(1234),
                show.listed(["A", "B", "C"]),
                show.plain_day("2026-11"),
                show.country("TH"),
                show.language("my"),
                show.term("legal-aid"),
                show.city("America/New_York"),
            )
    assert told == {
        "en": ("1,234", "A, B and C", "November 2026", "Thailand", "Burmese", "Legal aid", "New York"),
        "fr": ("1\u202f234", "A, B et C", "novembre 2026", "Thaïlande", "birman", "Aide juridique", "New York"),
        "ar": ("1,234", "A وB وC", "نوفمبر 2026", "تايلاند", "البورمية", "المساعدة القانونية", "نيويورك"),
    }


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11, 100, 1_234])
@pytest.mark.parametrize("language", ["en", "fr", "es", "ar"])
def test_a_number_stands_in_a_form_of_its_noun_and_is_bold_if_it_is_there(language: str, count: int) -> None:
    with spoken(language):
        plain, strong = show.counted("organization", count), show.counted("organization", count, True)
        assert "%" not in plain and strong.replace("<b>", "").replace("</b>", "") == plain


@given(st.lists(st.text()))
def test_a_list_of_somebodys_words_is_only_text(words: list[str]) -> None:
    found = show.listed(show.bdi(word) for word in words)
    assert not set("<>") & set(re.sub("</?bdi>", "", found))


def test_a_phrase_that_nobody_translated_is_marked_as_english_and_escaped() -> None:
    with spoken("ar"):
        assert show.phrase("nobody said <this>") == '<span lang="en" dir="ltr">nobody said &lt;this&gt;</span>'
        assert "<b>" not in show.phrase('names.en: "<b>" is not text')
    assert show.phrase("as it is") == "as it is"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("the two passwords differ", "The two passwords differ."),
        ("that took too long: try again", "That took too long: try again."),
        ("is it there?", "Is it there?"),
        ("names.en: is too long", "names.en: is too long."),
        ("https://node.example is silent", "https://node.example is silent."),
        ("'x' is no circle…", "'x' is no circle…"),
        ("Done.", "Done."),
        ("", ""),
    ],
)
def test_what_lower_rooms_say_is_shown_as_a_sentence(said: str, shown: str) -> None:
    assert show.sentence(said) == shown
    with spoken("ar"):
        assert not show.sentence("<b> nobody translated this").startswith("<b>")


def test_a_sentence_in_another_language_begins_with_a_capital_letter_and_ends_with_a_full_stop() -> None:
    with spoken("fr"):
        found = show.sentence("the two passwords differ")
        assert found[0].isupper() and found.endswith(".") and "passwords" not in found
        assert show.sentence("is longer than 4000 characters", begins=False)[0].islower()
