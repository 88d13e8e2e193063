from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from babel.support import NullTranslations

from fednet.node import home as homes
from fednet.node import post
from fednet.node.home import Home, Mail
from fednet.store import letters as stored
from fednet.web import letters, translation
from tests.web.place import HOSTILE_NAMES, NOW
from tests.web.signed_in import client_as

NAMES = sorted(
    path.stem for path in Path(letters.__file__).parent.glob("templates/letters/*.txt") if path.stem != "foot"
)
VALUES: dict[str, Any] = {
    "name": "Paper Boat",
    "title": "Paper Boat",
    "secret": "s3cr3t",
    "what": "asked",
    "place": "/member/exchange/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e/close",
    "count": 3,
    "text": letters.Passage("First line.\nSecond line."),
    "number": 7,
    "left": 30,
    "approved": False,
    "reason": "Paper Boat",
    "minutes": 15,
    "days": 14,
    "until": "2027-01-31",
    "since": "2026-11-16",
    "day": "2026-11-16",
    "waits": ["Two things wait", "One thing waits"],
    "happened": ["New member: Paper Boat"],
    "organization": "Paper Boat",
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made, _ = homes.create(tmp_path / "node", "Example Network", "https://network.example/", tmp_path / "key.txt")
    mail = Mail(host="127.0.0.1", sender="secretariat@network.example")
    made.config = msgspec.structs.replace(made.config, mail=mail)
    yield made
    made.close()


class Loud(NullTranslations):
    """Says everything in capitals: what stays small never asked for a translation."""

    def gettext(self, message: str) -> str:
        return re.sub(r"%\(\w+\)s|[^%]+", lambda found: found[0] if found[0][0] == "%" else found[0].upper(), message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self.gettext(one if count == 1 else many)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", translation.LANGUAGES)
def test_every_letter_can_be_written_in_every_language(home: Home, name: str, language: str) -> None:
    subject, text = letters.composed(home, language, name, **VALUES)
    assert subject and "\n" not in subject and text.endswith("\n")
    assert "https://network.example" in text and "network.example//" not in text
    assert "%(" not in subject + text and "{{" not in subject + text


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_letter_says_of_itself_can_be_translated(
    home: Home, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "catalogue", lambda _language: translation.Catalogue(Loud(), {}, ()))
    said = "\n".join(letters.composed(home, "fr", name, **VALUES))
    said = re.sub(r"https://\S+|First line\.|Second line\.|\d+ \w+\.? \d{4}", "", said)
    for given in sorted(
        [*VALUES["waits"], *VALUES["happened"], "Example Network", "Paper Boat"], key=len, reverse=True
    ):
        said = said.replace(given, "")
    assert not re.search("[a-z]{3,}", said), said


@pytest.mark.parametrize(
    "hostile", [*HOSTILE_NAMES, "A\nBcc: x@evil.example", "A\r\n\r\nDear friend", "\u2028B\u2029\u0085\x0b\x00"]
)
@pytest.mark.parametrize("name", NAMES)
def test_no_name_makes_a_line_of_its_own(home: Home, name: str, hostile: str) -> None:
    quiet = {key: "Name" if isinstance(value, str) and not isinstance(value, letters.Passage) else value
             for key, value in VALUES.items() if key not in ("until", "since", "day")}  # fmt: skip
    days = {key: VALUES[key] for key in ("until", "since", "day")}
    loud = {key: hostile if value == "Name" else value for key, value in quiet.items()}
    _, plain = letters.composed(home, "en", name, **quiet, **days)
    subject, text = letters.composed(home, "en", name, **loud, **days)
    assert len(text.splitlines()) == len(plain.splitlines())
    assert subject.isprintable() or "\u200c" in subject
    assert not re.search("^(Bcc|Dear)", text, re.M) and len(subject) <= letters.MAX_SUBJECT + 1
    with home.store.writing() as db:
        assert letters.write(home, db, "a@member.example", "en", name, now=NOW, **{**loud, **days})
    with home.store.reading() as db:
        (waiting,) = stored.waiting(db)
    assert post.message(home, home.config.mail or Mail("", ""), waiting, NOW)["Subject"]


def test_a_passage_keeps_its_paragraphs_set_off(home: Home) -> None:
    _, text = letters.composed(home, "en", "question", **{**VALUES, "text": letters.Passage("One.\n\n-- \nTwo\x07.")})
    assert "\n    One.\n\n    --\n    Two.\n" in text


def test_without_a_mail_server_or_an_address_of_its_own_nothing_is_written(home: Home) -> None:
    config = home.config
    for changed in ({"mail": None}, {"url": None}):
        home.config = msgspec.structs.replace(config, **changed)
        with home.store.writing() as db:
            assert not letters.possible(home)
            assert not letters.write(home, db, "a@member.example", "en", "application", now=NOW, secret="s")
            assert stored.waiting(db) == []


def test_the_same_letter_waits_once(home: Home) -> None:
    with home.store.writing() as db:
        for _ in range(3):
            letters.write(home, db, "a@member.example", "en", "application", now=NOW, secret="s")
        assert len(stored.waiting(db)) == 1


def test_the_desk_sees_what_could_not_be_sent_and_tries_again(home: Home) -> None:
    with home.store.writing() as db:
        letters.write(home, db, "a@member.example", "en", "application", now=NOW, secret="s")
        (letter,) = stored.waiting(db)
        stored.failed(db, letter.id, "refused 550", NOW + timedelta(days=5), stopped=True)
    desk = client_as(home, "editor")
    page = desk.get("/workspace/letters").text
    assert "knows nobody of this address (550)" in page and "a@member.example" in page
    assert desk.form(f"/workspace/letters/{letter.id}/again").status == 303
    with home.store.reading() as db:
        (again,) = stored.due(db, NOW, 9)
    assert (again.tries, again.stopped) == (0, False)
    assert desk.form(f"/workspace/letters/{letter.id}/drop").status == 303
    assert desk.form(f"/workspace/letters/{letter.id}/again").status == 404
    assert desk.get("/workspace/letters").text.count("a@member.example") == 0


@pytest.mark.parametrize("word", [*letters.WHY, "something-newer", ""])
def test_every_failure_is_told_in_words(word: str) -> None:
    assert " " in letters.why(word) and letters.why(f"{word} 450").endswith("(450)")
