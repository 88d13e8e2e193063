"""What pages and letters say, in the reader's language: gettext messages, English as written in the code.

Catalogues are `locale/<language>.po`; `python -m fednet.web.catalogue` brings them up to date. The language of a
request is a context variable, as its answer is made in a thread of its own; starlette hands it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
"""Languages of the pages, by BCP 47 tag, each as it calls itself."""
SOURCE = "en"
COOKIE = "language"
"""What a reader chose; it tells nothing else of them."""
LOCALE = Path(__file__).parent / "locale"

_speaking: ContextVar[str] = ContextVar("speaking", default=SOURCE)


def speaking() -> str:
    """The language of the answer that is being made."""
    return _speaking.get()


def speak(language: str) -> None:
    """From now on, in this request."""
    _speaking.set(language if language in LANGUAGES else SOURCE)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """For as long as the block lasts."""
    before = _speaking.set(language if language in LANGUAGES else SOURCE)
    try:
        yield
    finally:
        _speaking.reset(before)


def locale() -> Locale:
    """CLDR's rules of the language that is spoken."""
    return Locale.parse(speaking())


def direction() -> str:
    """`ltr` or `rtl`, of the page as a whole."""
    return locale().text_direction


def gettext(message: str) -> str:
    return _catalogue(speaking()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    return _catalogue(speaking()).ngettext(one, many, count)


def noted(message: str) -> str:
    """Marks a message that is translated where it is shown: `gettext(noted("..."))` later, by a constant."""
    return message


@cache
def _catalogue(language: str) -> NullTranslations:
    path = LOCALE / f"{language}.po"
    if language == SOURCE or not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def negotiated(choice: str | None, accept: str) -> str:
    """The language to answer in: the one that was chosen, else the best of Accept-Language (RFC 9110, 12.5.4)."""
    if choice in LANGUAGES:
        return choice
    ranked = []
    for at, part in enumerate(accept.split(",")[:50]):
        tag, _, weight = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in LANGUAGES:
            ranked.append((-_weight(weight), at, primary))
    return min(ranked)[2] if ranked and min(ranked)[0] < 0 else SOURCE


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
