"""Brings the catalogues of messages up to date with what the code and its templates say.

    python -m fednet.web.catalogue             add what is new, drop what is no longer said, tell what is untranslated
    python -m fednet.web.catalogue --check     change nothing; fail when there would be anything to do
    python -m fednet.web.catalogue --missing fr    what is untranslated, as JSON: {"message": ""}; plurals as lists
    python -m fednet.web.catalogue --take fr FILE  translations from such a file into the catalogue

A catalogue says nothing that differs from one machine or day to another: no dates, no line numbers, messages in the
order of their English. What the rooms below say (`phrases.py`) carries the comment `phrase`; see `translation.told`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from fednet.web import phrases
from fednet.web.translation import LANGUAGES, LOCALE, PHRASE, SOURCE

HERE = Path(__file__).parent
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "noted": None,
    "noted_many": (1, 2),
    "pgettext": ((1, "c"), 2),
}
JINJA = {"newstyle_gettext": "true", "silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
PLURALS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "ar": (
        "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
        "n%100>=11 && n%100<=99 ? 4 : 5);"
    ),
}
"""As translators of these languages know them (gettext manual, 11.2.6; Unicode CLDR's categories in their order)."""
HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Untranslated = dict[str, str | list[str]]
"""English (`context|English` where there is a context) -> what it is elsewhere, or a list of its plural forms."""


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            said = spoken()
            for language in _translated_into():
                path(language).write_bytes(written(updated(language, said)))
                _say(f"{language}: {len(missing(read(language)))} untranslated")
        case ["--check"]:
            found = list(faults())
            _say(*found)
            return bool(found)
        case ["--missing", language]:
            sys.stdout.write(json.dumps(missing(read(language)), ensure_ascii=False, indent=1) + "\n")
        case ["--take", language, file]:
            took = take(language, json.loads(Path(file).read_text("utf-8")))
            _say(f"{language}: {took} taken, {len(missing(read(language)))} untranslated")
        case _:
            _say(str(__doc__))
            return 2
    return 0


def _say(*lines: str) -> None:
    sys.stderr.writelines(f"{line}\n" for line in lines)


def _translated_into() -> list[str]:
    return [language for language in LANGUAGES if language != SOURCE]


# --- what is said -----------------------------------------------------------------------------------------------------


def spoken() -> Catalog:
    """All messages of the code and its templates, without translations."""
    found = Catalog(fuzzy=False)
    for file in sorted(HERE.rglob("*.py")):
        _extract(found, "python", file, {})
    for file in sorted((HERE / "templates").rglob("*.*")):
        _extract(found, "jinja2.ext:babel_extract", file, JINJA)
    for message in sorted(set(phrases.every())):
        found.add(message, auto_comments=[PHRASE])
    return found


def _extract(found: Catalog, method: str, file: Path, options: dict[str, str]) -> None:
    for _, message, _, context in extract(method, BytesIO(file.read_bytes()), KEYWORDS, options=options):
        found.add(message, context=context)


# --- catalogues -------------------------------------------------------------------------------------------------------


def path(language: str) -> Path:
    return LOCALE / f"{language}.po"


def read(language: str) -> Catalog:
    if not path(language).exists():
        return _empty(language)
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def _empty(language: str) -> Catalog:
    return read_po(BytesIO(_header(language).encode()), locale=language)


def _header(language: str) -> str:
    return HEADER.format(language=language, plurals=PLURALS[language])


def updated(language: str, said: Catalog) -> Catalog:
    """The catalogue of a language with all messages that are said now, and no others."""
    old, new = read(language), _empty(language)
    for message in _messages(said):
        known = old.get(message.id, message.context)
        string = known.string if known and isinstance(known.id, str) == isinstance(message.id, str) else None
        new.add(message.id, string, auto_comments=message.auto_comments, context=message.context)
    return new


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def written(catalogue: Catalog) -> bytes:
    out = BytesIO()
    write_po(out, catalogue, width=110, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True)
    return _header(str(catalogue.locale)).encode() + out.getvalue()


def missing(catalogue: Catalog) -> Untranslated:
    """What is not translated, or not in all of its plural forms."""
    return {
        key(message): "" if isinstance(message.id, str) else [""] * catalogue.num_plurals
        for message in _messages(catalogue)
        if not _is_whole(message)
    }


def _is_whole(message: Message) -> bool:
    return bool(message.string) if isinstance(message.id, str) else all(message.string or ())


def key(message: Message) -> str:
    english = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}|{english}" if message.context else str(english)


def take(language: str, translated: Untranslated) -> int:
    """Put translations into a catalogue; returns how many of them it has messages for."""
    catalogue = read(language)
    took = 0
    for message in _messages(catalogue):
        said = translated.get(key(message))
        if said:
            message.string = said if isinstance(said, str) else tuple(said)
            took += 1
    path(language).write_bytes(written(catalogue))
    return took


# --- what may be wrong with them --------------------------------------------------------------------------------------


def faults() -> Iterator[str]:
    """What is to be done, one line each: catalogues behind the code, messages untranslated, other placeholders."""
    said = spoken()
    for language in _translated_into():
        catalogue = read(language)
        if written(updated(language, said)) != path(language).read_bytes():
            yield f"{language}: not up to date; run python -m fednet.web.catalogue"
        yield from (f"{language}: untranslated: {english}" for english in missing(catalogue))
        for message in _messages(catalogue):
            yield from (f"{language}: {key(message)}: {fault}" for fault in message.check(catalogue))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
