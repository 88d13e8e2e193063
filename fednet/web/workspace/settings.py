"""Settings in the browser: each part of `node.toml` a form of its own, and how long confirmations hold.

Where the password of the mail server lies is said in the file alone: else whoever administers these pages could have
any file of this machine read, and sent to a server of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.listing.network import MAX_DAYS, USUAL_DAYS
from fednet.node import edits, post, settings
from fednet.node.address import base_url, parsed
from fednet.node.home import Config, Home
from fednet.web import letters, translation
from fednet.web.asking import Asked, Clock, first
from fednet.web.doors import Doors, done, see
from fednet.web.public import embed
from fednet.web.show import Templates
from fednet.web.translation import gettext as _
from fednet.web.translation import noted
from fednet.web.visitors import Visitor

MAX_TEXT = 4_000
MAX_LINES = 50
MAX_LINE = 200

DONE = {
    "changed": noted("The settings are changed."),
    "letter": noted("A test letter to you is on its way. If it does not come, look at the letters that wait."),
}

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Wrong(NamedTuple):
    """A part of the settings that was filled in wrongly: what is wrong, by field, and what had been typed."""

    part: str
    errors: Mapping[str, str]
    typed: Asked
    error: FednetError


class _FieldError(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def routes(home: Home, templates: Templates, doors: Doors, clock: Clock) -> list[Route]:
    pages = Settings(home, templates, clock)
    return [
        doors.route("GET", "/workspace/settings", pages.see),
        doors.route("POST", "/workspace/settings/letter", pages.send_letter),
        doors.route("POST", "/workspace/settings/{id}", pages.change),
    ]


class Settings:
    """The page, and a form for each of `PARTS`."""

    def __init__(self, home: Home, templates: Templates, clock: Clock) -> None:
        self.home, self.templates, self.clock = home, templates, clock

    def see(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """All settings as they are."""
        settings.reread(self.home)
        return self._page(request, done=done(asked, DONE))

    def change(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """Change one part."""
        part = request.path_params["id"]
        if part != "freshness" and part not in PARTS:
            raise NotFoundError("there are no such settings")
        try:
            if part == "freshness":
                self._set_freshness(asked)
            else:
                settings.change(self.home, since=first(asked, "since"), **PARTS[part](asked))
        except _FieldError as wrong:
            error = UsageError("something is not as it should be: see below")
            return self._page(request, wrong=Wrong(part, {wrong.field: wrong.reason}, asked, error))
        except FednetError as error:
            return self._page(request, wrong=Wrong(part, {}, asked, error))
        return see(f"/workspace/settings?done=changed#{part}")

    def send_letter(self, request: Request, asked: Asked, visitor: Visitor) -> Response:
        """A letter to whoever asks, to see whether letters come."""
        account = visitor.account
        if account is None or not letters.possible(self.home):
            error = UsageError("letters need a mail server, and the address of this node")
            return self._page(request, wrong=Wrong("mail", {}, {}, error))
        with self.home.store.writing() as db:
            letters.write(self.home, db, account.email, translation.speaking(), "test", now=self.clock())
        return see("/workspace/settings?done=letter#mail")

    def _set_freshness(self, asked: Asked) -> None:
        days = _number(asked, "confirm_within_days", 1, MAX_DAYS)
        with self.home.store.writing() as db:
            own = edits.of_itself(db, self.home)
            if own is None:
                raise UsageError("first say what your network is: this is part of it")
            edits.edit_in(db, self.home, own.handle, {"confirm_within_days": days}, self.clock())

    def _page(self, request: Request, done: str = "", wrong: Wrong | None = None) -> Response:
        config = self.home.config
        with self.home.store.reading() as db:
            own = edits.of_itself(db, self.home)
        base = base_url(config.url) if config.url else str(request.base_url).rstrip("/")
        return self.templates.page(
            "desk/settings.html",
            request,
            wrong.error.status if wrong and (not wrong.errors) else 422 if wrong else 200,
            done=done,
            wrong=wrong,
            config=config,
            shown=_Filled(config, own.fields.get("confirm_within_days", USUAL_DAYS) if own else None, wrong),
            since=settings.version(self.home),
            itself=own,
            zones=sorted(available_timezones()),
            frames=[embed.line(base, page, []) for page in ("search", "events")],
            possible=letters.possible(self.home),
        )


class _Filled:
    """What each field holds: what was typed into a form that was refused, else what is set."""

    def __init__(self, config: Config, days: int | None, wrong: Wrong | None) -> None:
        joining, mail = config.joining, config.mail
        self._wrong = wrong
        self._set: dict[str, dict[str, Any]] = {
            "node": {
                "url": config.url or "", "hosts": "\n".join(config.hosts), "zone": config.zone,
                "languages": " ".join(config.languages), "introduce": config.introduce,
            },
            "joining": {
                "open": joining.open, "categories": "\n".join(joining.categories), "about": joining.about,
                "endorsements": str(joining.endorsements), "term_months": str(joining.term_months),
                "edits_need_approval": joining.edits_need_approval,
            },
            "signing-in": {"second_factor": config.second_factor},
            "mail": {
                "host": mail.host if mail else "", "port": str(mail.port if mail else 587),
                "sender": mail.sender if mail else "", "user": mail.user if mail else "",
                "security": mail.security if mail else "starttls",
            },
            "embed": {"sites": "\n".join(config.embed.sites)},
            "freshness": {"confirm_within_days": str(days or USUAL_DAYS)},
        }  # fmt: skip

    def value(self, part: str, field: str) -> Any:
        """What stands in a field; of a box to tick, whether it is ticked."""
        usual = self._set[part][field]
        if self._wrong is None or self._wrong.part != part:
            return usual
        return field in self._wrong.typed if isinstance(usual, bool) else self._wrong.typed.get(field, [""])[0]

    def error(self, part: str, field: str) -> str:
        """What is wrong with it."""
        wrong = self._wrong
        return wrong.errors.get(field, "") if wrong is not None and wrong.part == part else ""


# --- what each form says ----------------------------------------------------------------------------------------------


def _node(asked: Asked) -> dict[str, Any]:
    hosts = _lines(asked, "hosts")
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise _FieldError("hosts", _("“%(found)s” is no name of a host") % {"found": host})
    languages = tuple(dict.fromkeys(re.split(r"[\s,]+", first(asked, "languages")))) if "languages" in asked else ()
    if not languages or not all(map(_TAG.fullmatch, languages)):
        raise _FieldError("languages", _("Write tags of languages, such as “en th my”"))
    zone = first(asked, "zone")
    if zone not in available_timezones():
        raise _FieldError("zone", _("There is no such time zone: choose one of the list, such as Asia/Bangkok"))
    return {
        "url": _url(asked), "hosts": hosts, "languages": languages, "zone": zone, "introduce": "introduce" in asked,
    }  # fmt: skip


def _url(asked: Asked) -> str | None:
    url = first(asked, "url")
    if not url:
        return None
    try:
        found = base_url(url)
    except UsageError:
        raise _FieldError("url", _("Write an address such as https://node.example.org")) from None
    if not _HOST.fullmatch(parsed(found).hostname or ""):
        raise _FieldError("url", _("Write an address such as https://node.example.org"))
    return found


def _joining(asked: Asked) -> dict[str, Any]:
    return {
        "joining": {
            "open": "open" in asked,
            "categories": _lines(asked, "categories"),
            "endorsements": _number(asked, "endorsements", 0, 10),
            "term_months": _number(asked, "term_months", 0, 600),
            "edits_need_approval": "edits_need_approval" in asked,
            "about": first(asked, "about").replace("\r\n", "\n")[:MAX_TEXT],
        }
    }


def _signing_in(asked: Asked) -> dict[str, Any]:
    return {"second_factor": "offered" if first(asked, "second_factor") == "offered" else "required"}


def _mail(asked: Asked) -> dict[str, Any]:
    host, sender = first(asked, "host"), first(asked, "sender")
    if not host:
        return {"mail": None}
    if not _HOST.fullmatch(host):
        raise _FieldError("host", _("Write the name of a server, such as mail.example.org"))
    try:
        post.check_address(sender)
    except UsageError:
        raise _FieldError("sender", _("Write an e-mail address")) from None
    security = first(asked, "security")
    user = first(asked, "user")
    if len(user) > MAX_LINE or not user.isprintable():
        raise _FieldError("user", _("This is too long, or not plain text"))
    return {
        "mail": {
            "host": host,
            "sender": sender,
            "port": _number(asked, "port", 1, 65_535),
            "user": user,
            "security": security if security in ("starttls", "tls", "none") else "starttls",
        }
    }


def _embed(asked: Asked) -> dict[str, Any]:
    return {"embed": {"sites": tuple(dict.fromkeys(map(_origin, _lines(asked, "sites"))))}}


def _origin(text: str) -> str:
    """A site as a Content-Security-Policy names it: https, a host, perhaps a port (RFC 6454, 6.2)."""
    wrong = _("“%(found)s” is no site: write it as https://www.example.org") % {"found": text}
    try:
        parts = parsed(text if "://" in text else f"https://{text}")
        port = parts.port
    except (UsageError, ValueError):
        raise _FieldError("sites", wrong) from None
    host = parts.hostname or ""
    if parts.scheme != "https" or "@" in parts.netloc or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host):
        raise _FieldError("sites", wrong)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _FieldError("sites", wrong)
    return f"https://{host}" + (f":{port}" if port and port != 443 else "")


def _lines(asked: Asked, field: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(" ".join(line.split()) for line in first(asked, field).splitlines() if line.strip()))
    if len(found) > MAX_LINES or any(len(line) > MAX_LINE for line in found):
        raise _FieldError(field, _("This is too long"))
    return found


def _number(asked: Asked, field: str, least: int, most: int) -> int:
    text = first(asked, field)
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise _FieldError(field, _("Write a number from %(least)s to %(most)s") % {"least": least, "most": f"{most}"})
    return int(text)


PARTS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "node": _node,
    "joining": _joining,
    "signing-in": _signing_in,
    "mail": _mail,
    "embed": _embed,
}
"""The parts of `node.toml` that have a form, and what each form changes."""
