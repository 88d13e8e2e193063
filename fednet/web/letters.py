"""Letters that this node writes: plain text, in the recipient's language, put into the database to be sent.

`templates/letters/<name>.txt`: the first line is the subject, an empty one follows, then the text. Values are one line
each, so that nothing somebody entered makes a line, a header or a second letter of its own.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import NotFoundError, UsageError
from fednet.node import post
from fednet.node.home import Home
from fednet.store import letters
from fednet.web import show, translation
from fednet.web.asking import Asked, Clock, number
from fednet.web.doors import Doors, see
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

MAX_VALUE = 300
MAX_PASSAGE = 4_000
MAX_SUBJECT = 150
"""Characters."""

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # Persian, Burmese and others write with them


class Passage(str):
    """A text that keeps its paragraphs in a letter; it is set off from what the letter itself says."""


def possible(home: Home) -> bool:
    """Whether letters can be sent: there is a mail server, and an address for the links in them."""
    return home.config.mail is not None and bool(home.config.url)


def write(
    home: Home,
    db: Database,
    recipient: str,
    language: str | None,
    name: str,
    /,
    *,
    now: datetime,
    about: str = "",
    lasts: timedelta | None = None,
    **values: Any,
) -> bool:
    """Put a letter among those to be sent, in a transaction of the caller; False when none can be sent to there.

    `about`: the handle of the record it speaks of, with which it is destroyed. `lasts`: it is of no use afterwards.
    """
    if not possible(home) or not _is_address(recipient):
        return False
    subject, text = composed(home, language, name, **values)
    letters.put(db, recipient, subject, text, now, about, now + lasts if lasts else None)
    return True


def _is_address(recipient: str) -> bool:
    try:
        return bool(post.check_address(recipient))
    except UsageError:
        return False


def composed(home: Home, language: str | None, name: str, /, **values: Any) -> tuple[str, str]:
    """Subject and text of a letter."""
    with translation.spoken(language or translation.SOURCE):
        template = _environment().get_template(f"letters/{name}.txt")
        base = (home.config.url or "").rstrip("/")
        found = template.render(
            {key: _plain(value) for key, value in values.items()} | {"site": _plain(home.config.name), "base": base}
        )
    subject, _blank, text = found.strip().partition("\n")
    return _one_line(subject, MAX_SUBJECT), re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("fednet.web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=False,  # plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext, translation.ngettext, newstyle=True
    )
    found.filters.update(show.FILTERS)
    return found


def _plain(value: Any) -> Any:
    match value:
        case Passage():
            lines = [_one_line(line, MAX_PASSAGE) for line in value[:MAX_PASSAGE].splitlines()]
            return "\n".join(f"    {line}".rstrip() for line in lines)
        case str():
            return _one_line(value, MAX_VALUE)
        case list() | tuple() if not hasattr(value, "_fields"):
            return [_plain(one) for one in value]
        case _:
            return value


def _one_line(text: str, most: int) -> str:
    shown = "".join(
        " " if c.isspace() else c
        for c in text
        if c.isspace() or c in _JOINERS or unicodedata.category(c) not in _HIDDEN
    )
    return show.short(" ".join(shown.split()), most)


# --- the desk ---------------------------------------------------------------------------------------------------------

WHY = {
    "unreachable": noted("the mail server did not answer"),
    "no-tls": noted("the mail server offers no encryption"),
    "tls": noted("the mail server's certificate cannot be trusted"),
    "login": noted("the mail server refuses name or password"),
    "no-password": noted("the file with the password for the mail server cannot be read"),
    "open-line": noted("the password would go over an open line"),
    "refused": noted("the mail server knows nobody of this address"),
    "later": noted("the mail server takes nothing for this address at the moment"),
    "not-taken": noted("the mail server does not take this letter"),
    "address": noted("the mail server cannot write to such an address"),
    "unwritable": noted("this letter cannot be written"),
}
"""What `node/post` notes of a failure, in words."""


def why(error: str | None) -> str:
    """A noted failure in words, with the number that the server gave."""
    word, _space, code = (error or "").partition(" ")
    said = _(WHY.get(word, noted("it could not be sent")))
    return f"{said} ({code})" if code else said


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    templates.environment.filters["letter_error"] = why
    desk = Desk(home, templates, clock)
    return [
        doors.route("GET", "/workspace/letters", desk.all),
        doors.route("POST", "/workspace/letters/{id}/again", desk.again),
        doors.route("POST", "/workspace/letters/{id}/drop", desk.drop),
    ]


class Desk:
    """Letters that wait, and those that could not be sent."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.page, self.clock = home, templates.page, clock

    def all(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.reading() as db:
            found = letters.waiting(db)
        return self.page(
            "desk/letters.html", request, letters=found, possible=possible(self.home), trouble=letters.TROUBLE
        )

    def again(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            if not letters.again(db, number(request), self.clock()):
                raise NotFoundError("there is no such letter any more")
        return see("/workspace/letters")

    def drop(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        with self.home.store.writing() as db:
            letters.sent(db, number(request))
        return see("/workspace/letters")
