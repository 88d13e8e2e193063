"""Pages in a language of which the catalogue is all brackets: what stands outside of them says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from babel.support import NullTranslations

from fednet.directory.query import parse_query
from fednet.directory.search import OPERATOR, search
from fednet.node.home import Home
from fednet.web import policy, translation
from fednet.web.translation import Catalogue
from tests.web.place import FOLLOWED, NOW, OWN, node
from tests.web.signed_in import client_as

WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")
OURS = frozenset(
    "UTC CSV QR JSON JSON-LD JSON-Feed Feed Lines HSDS fednet iCalendar OpenAPI RFC GET POST vCard Excel XLSX csv km "
    "GeoJSON Administrator".split()
)
"""Names that are the same in all languages, and that of the account that looks."""


class Brackets(NullTranslations):
    """Every message in brackets, so that none can be mistaken for anything else."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, num: int) -> str:
        return f"⟦{msgid1 if num == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture(autouse=True)
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "catalogue", lambda language: Catalogue(Brackets(), {}, ()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    found = node(tmp_path_factory.mktemp("spoken"))
    yield found
    found.close()


class Texts(HTMLParser):
    """Texts and spoken attributes of a page, but codes and what is marked as being in a language of its own."""

    VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[bool] = []  # for each open element, whether it is left out
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        out = bool(self.open and self.open[-1]) or tag in ("code", "script", "style", "pre", "bdi", "datalist")
        out = out or (tag != "html" and "lang" in given)
        if not out:
            self.found += [given[name] or "" for name in ("alt", "aria-label", "placeholder", "title") if name in given]
        if tag not in self.VOID:
            self.open.append(out)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not (self.open and self.open[-1]):
            self.found.append(data)


def outside(page: str) -> list[str]:
    """The words of Latin letters that stand outside of all brackets."""
    texts = Texts()
    texts.feed(page)
    text = " ".join(texts.found)
    while (shorter := re.sub("⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = shorter
    return WORD.findall(text)


def words(found: Any) -> Iterator[str]:
    match found:
        case str():
            yield from WORD.findall(found)
        case dict():
            for name, value in found.items():
                yield from (*words(name), *words(value))
        case list() | tuple():
            for value in found:
                yield from words(value)


RECORDS = {*words(OWN), *words(FOLLOWED), *words("Asia Pacific Example Network Canadian Example Council")}
RECORDS |= {*words(list(translation.LANGUAGES.values())), *words("JSON Feed")}


def is_part(word: str) -> bool:
    """Whether it is the beginning of a long word of a record: pages cut those."""
    return len(word) > 50 and any(known.startswith(word) for known in RECORDS)


def addresses(home: Home, role: str) -> Iterator[str]:
    """The pages that a role may see, those aside that need more than a record to be there."""
    listed = [(hit.handle, hit.kind) for hit in search(home.store, parse_query(limit="50"), OPERATOR, NOW).hits]
    for (method, path), rule in policy.TABLE.items():
        if method != "GET" or role not in rule.roles or "." in path:
            continue
        for handle, kind in listed:
            found = path.replace("{handle}", handle).replace("{kind}", kind)
            if "{" not in found:
                yield found


@pytest.mark.parametrize("role", ["anybody", "administrator"])
def test_no_page_says_anything_of_its_own_that_no_catalogue_knows(place: Home, role: str) -> None:
    visitor = client_as(place, role)
    left = {}
    for path in sorted(set(addresses(place, role))):
        answer = visitor.get(path, cookie=f"{visitor.headers.get('cookie', '')}; language=ar".lstrip("; "))
        assert answer.status < 500, path
        if answer.status == 200 and "html" in answer.headers.get("content-type", ""):
            left[path] = sorted(word for word in set(outside(answer.text)) - RECORDS - OURS if not is_part(word))
    assert not {path: found for path, found in left.items() if found}, left
