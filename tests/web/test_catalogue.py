"""Everything that a page says of its own is in the catalogues, and the catalogues are whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import nodes

from fednet.web import catalogue, phrases
from fednet.web.show import escaping

WEB = Path(catalogue.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.*"))
SPOKEN = {"_", "gettext", "ngettext", "pgettext", "noted", "noted_many"}
SPEAKING = ("alt", "aria-label", "placeholder", "title", "content")
"""Attributes that are read out or shown."""
OURS = {"fednet", "JSON", "JSON Feed", "noindex", "width=device-width, initial-scale=1", "light dark"}
"""Names, the same in every language, and what no reader sees."""


class Visible(HTMLParser):
    """The texts of a template that a reader would see or hear, but commands and what is marked as English."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.english: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if given.get("lang") == "en" or tag == "code" or (self.english and tag == self.english[0]):
            self.english.append(tag)
        self.found += [given[name] or "" for name in SPEAKING if name in given and not self.english]

    def handle_endtag(self, tag: str) -> None:
        if self.english and tag == self.english[-1]:
            self.english.pop()

    def handle_data(self, data: str) -> None:
        if not self.english:
            self.found.append(data)


def said(source: str) -> Iterator[str]:
    """The texts of a template that stand in it, not in a catalogue."""
    written, translated = "", False
    for _, kind, value in escaping().lex(source):
        if kind == "name" and value in ("trans", "endtrans"):
            translated = value == "trans"
        written += value if kind == "data" and not translated else " " if kind.endswith("_begin") else ""
    visible = Visible()
    visible.feed(written)
    yield from (text for text in visible.found if re.search("[^\\W\\d_]{2}", text))
    yield from constants(escaping().parse(source))


def constants(node: nodes.Node) -> Iterator[str]:
    """Texts in the expressions of a template that look like words for people."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Compare):  # with codes of the program
            continue
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in SPOKEN:
            continue
        if isinstance(child, nodes.Const) and isinstance(child.value, str) and is_worded(child.value):
            yield child.value
        yield from constants(child)


def is_worded(text: str) -> bool:
    return re.search(r"[A-Za-z]{2}[,.;:]? [A-Za-z]|^[A-Z][a-z]{2}", text.strip()) is not None


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_says_nothing_but_what_is_in_the_catalogues(file: Path) -> None:
    left = [text.strip() for text in said(file.read_text("utf-8")) if text.strip() not in OURS]
    assert not [text for text in left if not _ADDRESS.fullmatch(text) and '">' not in text], left


_ADDRESS = re.compile(r"[\s-]*/[a-z/-]*")


# --- modules ----------------------------------------------------------------------------------------------------------

FOR_PROGRAMS = {
    *phrases.FOR_PROGRAMS,
    *("web/phrases.py", "web/serve.py"),
    *(f"web/programs/{name}.py" for name in ("alternates", "calendars", "cards")),
}
"""Modules that speak English to programs and operators, in OpenAPI and logs."""
PAGES = [path for path in sorted(WEB.rglob("*.py")) if path.relative_to(WEB.parent).as_posix() not in FOR_PROGRAMS]


PHRASES = set(phrases.every())


def spoken_in(node: ast.AST) -> Iterator[str]:
    """Texts of a module that look like words for people, but docstrings, messages and errors."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in SPOKEN or name.endswith(
                "Error"
            ):
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Constant(value=str() as text) if _SENTENCE.fullmatch(text):
                yield text
        yield from spoken_in(child)


_SENTENCE = re.compile(r"[^;<={}\n]*[A-Za-z']+ [a-z']+,? [a-z']+[^;<={}\n]*|[A-Z][a-z]+ [a-z]+[^;<={}\n]*")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_module_says_nothing_but_what_is_in_the_catalogues(file: Path) -> None:
    left = set(spoken_in(ast.parse(file.read_text("utf-8")))) - PHRASES
    assert not left, left


# --- catalogues -------------------------------------------------------------------------------------------------------


def test_every_message_is_in_every_language_with_the_placeholders_it_has_in_english() -> None:
    assert not list(catalogue.faults()), "python -m fednet.web.catalogue brings catalogues up to date"


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_a_translation_holds_the_markup_of_its_message_and_nothing_more(language: str) -> None:
    for message in catalogue.read(language):
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        for said in [message.string] if isinstance(message.string, str) else message.string or ():
            assert not said or set(_MARKUP.findall(said)) == set(_MARKUP.findall(english[-1])), said


_MARKUP = re.compile(r"</?[a-z][^<>]*>|[\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("language", ["fr", "es", "ar"])
def test_a_catalogue_is_the_same_wherever_and_whenever_it_is_written(language: str) -> None:
    written = catalogue.written(catalogue.read(language))
    assert written == catalogue.path(language).read_bytes()
    assert b"POT-Creation-Date" not in written and b"#:" not in written and b"fuzzy" not in written


@pytest.mark.parametrize(
    ("source", "messages"),
    [
        ('raise UsageError(f"{name} lacks {what}", hint="try it again")', ["%(name)s lacks %(what)s", "try it again"]),
        ('raise ListingError(field, found, "is not " + ("one" if x else "two"))', ["is not one", "is not two"]),
        ('raise UsageError(f"{found}: {other.found} has 100%")', ["%(found)s: %(found2)s has 100%%"]),
        ('raise UsageError("there are 100%")', ["there are 100%"]),
        ('raise UsageError("x", hint="fednet sync")', []),
        ('def no(a):\n return f"none of {a}"\nraise UsageError(no(1))', ["none of %(a)s"]),
    ],
)
def test_what_an_error_says_is_found_in_its_code(tmp_path: Path, source: str, messages: list[str]) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert [said for said in phrases.Module(path).refusing() if phrases.is_sentence(said)] == messages
