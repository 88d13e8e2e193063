from __future__ import annotations

from io import BytesIO

import pytest
from babel.messages.pofile import read_po
from hypothesis import example, given
from hypothesis import strategies as st

from fednet.errors import UsageError
from fednet.listing.check import zone
from fednet.node.home import Home
from fednet.node.roll import roll
from fednet.web import phrases, translation
from fednet.web.public import language
from fednet.web.translation import LANGUAGES, negotiated, spoken
from tests.asgi import Client

HEADER = st.text("aefrs-Q0123456789.;,=* q\x00ع", max_size=60) | st.lists(
    st.sampled_from(["fr", "es-MX;q=0.5", "ar;q=0", "*", "en;q=1.0", "de", "fr-CA;q=nan", "es;q=2", "ar ; q = 0.3"])
).map(",".join)

PHRASES = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

#. phrase
msgid "is not text"
msgstr "n’est pas un texte"

#. phrase
msgid "is no %(what)s we know; did you mean \\"%(near)s\\"?"
msgstr "%(what)s inconnu ; peut-être « %(near)s » ?"

#. phrase
msgid "time zone"
msgstr "fuseau horaire"

#. phrase
msgid "%(name)s is %(what)s"
msgstr "%(name)s est %(what)s"

#. phrase
msgid "a PDF"
msgstr "un PDF"

#. phrase
msgid "%(name)s is blocked"
msgstr "%(name)s est bloqué à 100 %%"

#. phrase
msgid "all of 100% is shown"
msgstr "les 100 % sont montrés"

msgid "of the pages"
msgstr "des pages"
"""


@given(st.none() | st.sampled_from(["fr", "xx", "", "AR"]), HEADER)
@example(None, "," * 100_000)
def test_any_header_leads_to_a_language_of_the_pages(choice: str | None, accept: str) -> None:
    assert negotiated(choice, accept) in LANGUAGES


@given(st.sampled_from(sorted(LANGUAGES)), HEADER)
def test_a_choice_wins_over_whatever_the_browser_says(choice: str, accept: str) -> None:
    assert negotiated(choice, accept) == choice


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("fr-CA, en;q=0.8", "fr"),
        ("de, ar;q=0.3, es;q=0.4", "es"),
        ("th", "en"),
        ("fr;q=0", "en"),
        ("fr;q=what, es;q=0.1", "es"),
        ("es, fr", "es"),
        ("AR-sa", "ar"),
    ],
)
def test_the_best_of_what_the_browser_names_is_spoken(accept: str, language: str) -> None:
    assert negotiated(None, accept) == language


def test_a_language_is_spoken_for_as_long_as_the_block_lasts() -> None:
    with spoken("ar"):
        assert translation.direction() == "rtl"
        with spoken("xx"):
            assert translation.speaking() == "en"
        assert translation.speaking() == "ar"
    assert translation.speaking() == "en"


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch) -> None:
    found = translation.compiled(read_po(BytesIO(PHRASES.encode()), locale="fr"))
    monkeypatch.setattr(translation, "catalogue", lambda language: found)


@pytest.mark.usefixtures("french")
def test_a_sentence_of_a_lower_room_is_said_in_the_readers_language() -> None:
    with spoken("fr"):
        for english, said in {
            "is not text": "n’est pas un texte",
            'names.en: "<b>" is not text': 'names.en: "<b>" n’est pas un texte',
            'is no time zone we know; did you mean "UTC"?': "fuseau horaire inconnu ; peut-être « UTC » ?",
            "CCR is blocked": "CCR est bloqué à 100 %",
            "members.pdf is a PDF": "members.pdf est un PDF",
            "members.pdf is something else": "members.pdf is something else",
            "all of 100% is shown": "les 100 % sont montrés",
            "nobody translated this": "nobody translated this",
            "of the pages": "of the pages",
        }.items():
            assert translation.phrase(english) == said


@pytest.mark.usefixtures("french")
def test_an_error_of_the_lower_rooms_is_found_by_its_pattern() -> None:
    with spoken("fr"):
        with pytest.raises(UsageError) as raised:
            zone("Asia/Bangkock", "zone")
        assert translation.phrase(raised.value.detail).endswith("fuseau horaire inconnu ; peut-être « Asia/Bangkok » ?")


@pytest.mark.usefixtures("french")
def test_somebodys_words_within_a_phrase_are_not_translated() -> None:
    with spoken("fr"):
        assert translation.phrase("time zone is blocked") == "time zone est bloqué à 100 %"


@given(st.text())
def test_any_text_is_some_phrase_or_itself(text: str) -> None:
    with spoken("fr"):
        assert isinstance(translation.phrase(text), str)


@given(st.text() | st.sampled_from(["//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "/ok?a=%20"]))
def test_the_choice_of_a_language_leads_nowhere_else(to: str) -> None:
    found = language.local(to)
    assert found.startswith("/") and not found.startswith(("//", "/\\")) and found.isprintable()


def test_choosing_a_language_sets_a_cookie_and_leads_back(browser: Client) -> None:
    answer = browser.get("/language/fr?to=/events%3Fview%3Dmonth")
    assert answer.status == 303 and answer.headers["location"] == "/events?view=month"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("language=fr;") and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert browser.get("/language/xx").status == 404


def test_a_page_is_in_the_language_that_was_chosen(browser: Client) -> None:
    chosen = browser.get("/", cookie="language=ar", accept_language="fr")
    assert '<html lang="ar" dir="rtl">' in chosen.text and chosen.headers["content-language"] == "ar"
    assert "Cookie" in chosen.headers["vary"] and "Accept-Language" in chosen.headers["vary"]
    assert '<html lang="fr" dir="ltr">' in browser.get("/", accept_language="fr-CH").text
    assert '<html lang="es" dir="ltr">' in browser.get("/nowhere", accept_language="es").text


def test_each_language_is_offered_under_its_own_name_and_leads_back_to_the_page(browser: Client) -> None:
    page = browser.get("/events?view=month").text
    for tag, name in LANGUAGES.items():
        assert (
            f'href="/language/{tag}?to=%2Fevents%3Fview%3Dmonth" rel="nofollow" lang="{tag}" hreflang="{tag}"' in page
        )
        assert f">{name}</a>" in page


def test_phrases_hold_what_a_constant_says_and_notes_without_what_only_the_command_line_needs() -> None:
    known = set(phrases.every())
    assert "links work once, and for a limited time: ask for a new one" in known
    assert {"columns left out: %(named)s", "no column was understood"} <= known
    assert phrases.plainly("it was cut; --sheet NAME takes another (see fednet import)") == "it was cut"


def test_a_handle_is_read_from_left_to_right_in_every_language(home: Home, browser: Client) -> None:
    with home.store.reading() as db:
        handle = roll(db, home, "organization")[0].handle
    page = browser.get(f"/organizations/{handle}", cookie="language=ar").text
    assert f'<code dir="ltr">{handle}</code>' in page
