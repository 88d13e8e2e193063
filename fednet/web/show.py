"""From records to words on a page, in the reader's language: names in their own script, codes by name, times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import category
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fednet.errors import FednetError
from fednet.listing import (
    KIND_NUMBERS,
    Contact,
    Listing,
    Network,
    Organization,
    Person,
    Twinning,
    languages,
    parse,
    places,
    title,
    vocabulary,
)
from fednet.listing import Place as ListedPlace
from fednet.listing.text import key
from fednet.listing.twinning import called
from fednet.node.home import Home
from fednet.store import feeds
from fednet.store import search as index_search
from fednet.store.circles import PUBLIC
from fednet.web import policy, translation, wording
from fednet.web.translation import gettext as _
from fednet.web.translation import locale, ngettext, noted, noted_many, speaking
from fednet.web.visitors import NOBODY

STATIC = Path(__file__).parent / "static"

LIST_NAMES = 700
PAGE_NAMES = 6_000
LIST_TEXT = 600
PAGE_TEXT = 16_000
"""Bytes that the names and the description of one record may take, in a list and on its own page."""
PARTY_NAME = 240
MARKUP = 60  # bytes around one text
MAX_SERVED = 4
"""Countries that a list names of an organisation without a seat."""
MAX_UNKNOWN = 3
"""Codes of one field that are shown although nobody here knows them."""

_OVERRIDES = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x20), *range(0x7F, 0xA0)))
for _kept in map(ord, "\n\t"):
    del _OVERRIDES[_kept]
"""Characters that reorder or hide the text around them: a page isolates each text with `dir`, nobody needs them."""


class Text(NamedTuple):
    """A text with the language it is in (BCP 47), None where nobody said."""

    tag: str | None
    text: str


def escaping() -> Environment:
    """The environment of all templates: everything is escaped, nothing undefined passes."""
    return Environment(
        loader=PackageLoader("fednet.web"),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Templates:
    """The pages' templates, under the name of one node."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.environment = escaping()
        self.environment.install_gettext_callables(  # type: ignore[attr-defined]
            translation.gettext, translation.ngettext, newstyle=True, pgettext=translation.pgettext
        )
        self.environment.filters.update(FILTERS | wording.FILTERS)
        self.environment.globals.update(
            LIST_TEXT=LIST_TEXT,
            PAGE_NAMES=PAGE_NAMES,
            PAGE_TEXT=PAGE_TEXT,
            PARTY_NAME=PARTY_NAME,
            style=_file("style.css"),
            script=_file("fednet.js"),
            world="/static/world.svg",  # no hash: it is named some hundred times on a page, and hardly ever changes
        )

    def page(self, name: str, request: Request, status: int | None = None, /, **values: Any) -> HTMLResponse:
        """A page with its values; its status is, where none is given, that of the `error` it shows, else 200."""
        error = values.get("error")
        visitor = getattr(request.state, "visitor", NOBODY)
        values = {
            "path": request.url.path,
            "site": self._site(),
            "lang": translation.speaking(),
            "dir": translation.direction(),
            "languages_offered": languages_offered(request),
            "visitor": visitor,
            "may": partial(policy.may, visitor.role),
            "open_to_join": self.home.config.joining.open,
            **values,
        }
        return HTMLResponse(
            self.environment.get_template(name).render(values),
            status or (error.status if isinstance(error, FednetError) else 200),
            headers={"Content-Language": translation.speaking(), "Vary": "Accept-Language, Cookie"},
        )

    def _site(self) -> str:
        """What this node's network calls itself in the reader's language, else its name in the settings."""
        with suppress(FednetError), self.home.store.reading() as db:  # a page says even that it broke
            public = feeds.feed(db, self.home.network, PUBLIC)
            for found in index_search.of_kind(db, KIND_NUMBERS["network"], [public.id] if public else []):
                itself = parse(found.body)
                if isinstance(itself, Network):
                    return network_names(self.home.config.name, itself)[0].text
        return self.home.config.name


class Offered(NamedTuple):
    """A language that the page may be read in: its tag, what it calls itself, and the link that chooses it."""

    tag: str
    name: str
    url: str


def languages_offered(request: Request) -> list[Offered]:
    """All languages of the pages; the links lead back to this page, as far as its address tells what it shows."""
    query = request.url.query if request.method in ("GET", "HEAD") else ""
    here = f"{request.url.path}?{query}" if query else request.url.path
    return [
        Offered(tag, name, address(f"/language/{tag}", [("to", here)])) for tag, name in translation.LANGUAGES.items()
    ]


def _file(name: str) -> str:
    """The address of a static file, another one when it has changed."""
    return f"/static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"


def shown(value: object) -> object:
    """What any expression of a template becomes: text without control and override characters."""
    return value.translate(_OVERRIDES) if isinstance(value, str) else value


# --- texts ------------------------------------------------------------------------------------------------------------


def names(record: Listing, size: int = LIST_NAMES) -> list[Text]:
    """What a record is called, in each of its languages, the reader's first, then the original; never empty."""
    if isinstance(record, Person | Contact):
        found = [Text(None, title(record))]
    else:
        texts = getattr(record, "names", None) or getattr(record, "titles", None) or {}
        found = in_order(texts, record.original)
        if isinstance(record, Twinning) and not texts:
            found = [Text(None, called(record))]
    return within(distinct(found), size) or [Text(None, _("(no name)"))]


def network_names(signed: str, itself: Network | None) -> list[Text]:
    """What a network is called: in the reader's language first, if it says that; always the name it signs as."""
    own = names(itself, PAGE_NAMES) if itself else []
    first = [one for one in own[:1] if one.tag and not is_foreign(one.tag)]
    return distinct([*first, Text(None, signed), *own])


def distinct(texts: Iterable[Text]) -> list[Text]:
    """Each text once, under the first of its languages, whatever the case and spaces; empty ones left out."""
    once: dict[str, Text] = {}
    for one in texts:
        once.setdefault(" ".join(one.text.casefold().split()), one)
    return [one for one in once.values() if has_ink(one.text)]


def has_ink(text: str) -> bool:
    """Whether anything of a text can be seen: controls, spaces and what only shapes other letters cannot."""
    return any(category(char)[0] not in "CZ" or category(char) == "Co" for char in text)


def besides(text: str, texts: Iterable[Text]) -> str:
    """A further name, or nothing where it says what one of these says."""
    found = list(texts)
    return text if len(distinct([*found, Text(None, text)])) > len(distinct(found)) else ""


def described(record: Listing, size: int) -> list[Text]:
    return within(in_order(getattr(record, "description", {}), record.original), size)


def in_order(texts: Mapping[str, str], original: str | None) -> list[Text]:
    """The reader's language first, then the original, then English, then the others as they come."""

    def rank(tag: str) -> tuple[bool, bool, bool]:
        return is_foreign(tag), tag != original, tag.partition("-")[0].lower() != translation.SOURCE

    return [text_in(tag, texts[tag]) for tag in sorted(texts, key=rank) if texts[tag].strip()]


def is_foreign(tag: str) -> bool:
    """Whether a text is in another language than the one that is spoken."""
    return tag.partition("-")[0].lower() != speaking()


def text_in(tag: str, text: str) -> Text:
    """A text with its language, if there is such a language: screen readers choose their voice by it."""
    return Text(languages.find(tag), text)


def within(texts: Iterable[Text], size: int) -> list[Text]:
    """As many texts as fit into so many bytes of a page, the first in any case, cut where it has to be."""
    kept: list[Text] = []
    for text in texts:
        if kept and size <= MARKUP:
            break
        cut = Text(text.tag, fit(text.text, size))
        if kept and cut.text != text.text.strip():
            break
        kept.append(cut)
        size -= weight(cut.text) + MARKUP
    return kept


def fit(text: str, size: int, length: int | None = None) -> str:
    """A text cut to so many bytes of a page, and to `length` characters: a page stays light whatever a record holds."""
    text = short(text, length or size)
    while (found := weight(text)) > size and len(text) > 1:
        text = text[: len(text) * size // found - 1] + "…" if len(text) * size // found > 1 else "…"
    return text


def weight(text: str) -> int:
    """Bytes that a text takes on a page, escaped."""
    return len(escape(text).encode("utf-8"))


def short(text: str, length: int) -> str:
    """A text cut at the last word before `length` characters."""
    text = text.strip()
    if len(text) <= length:
        return text
    return (text[:length].rsplit(None, 1) or [""])[0][:length] + "…"


def bdi(text: object) -> Markup:
    """Somebody's words within a sentence of ours, whose direction is their own: `_("by %(name)s", name=name|bdi)`."""
    return Markup("<bdi>{}</bdi>").format(shown(text))


def bold(text: object) -> Markup:
    return Markup("<b>{}</b>").format(shown(text))


def listed(items: Iterable[Any]) -> str:
    """ "A, B and C". Markup where any of them is."""
    found = list(items)
    if any(hasattr(item, "__html__") for item in found):
        return Markup(format_list([str(escape(item)) for item in found], locale=locale()))
    return str(format_list([str(item) for item in found], locale=locale())) if found else ""


def phrase(text: str) -> str:
    """A sentence that a lower room said in English, in the reader's language, else marked as English."""
    if not text or speaking() == translation.SOURCE:
        return text
    found = translation.told(text)
    if found is None:
        return Markup('<span lang="en" dir="ltr">{}</span>').format(shown(text))
    return Markup(escape(found.text)) % {name: bdi(value) for name, value in found.values.items()}


def sentence(text: str, begins: bool = True) -> str:
    """What a lower room said in English, as `phrase`, as a sentence of its own: errors and hints that a page shows.

    `begins`: nothing stands before it.
    """
    if not text:
        return text
    if speaking() == translation.SOURCE:
        return _as_sentence(text, begins)
    found = translation.told(text)
    if found is None:
        return Markup('<span lang="en" dir="ltr">{}</span>').format(shown(_as_sentence(text, begins)))
    values = {name: bdi(value) for name, value in found.values.items()}
    return Markup(escape(_as_sentence(found.text, begins))) % values


def _as_sentence(text: str, begins: bool) -> str:
    """A text with a capital letter at the front, where it begins with a word, and with a full stop."""
    text = text[0].upper() + text[1:] if begins and _WORD.match(text) else text
    return text if text.rstrip().endswith(_ENDS) else f"{text.rstrip()}."


_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[,;:]?(?=\s|$)")
_ENDS = (".", "!", "?", "…", ":", "؟")


def direction(tag: str | None) -> str:
    """The `dir` attribute of a text in a language."""
    return "auto" if tag is None else "rtl" if languages.is_right_to_left(tag) else "auto"


def web_address(url: str | None) -> str | None:
    """The address when a link may point there: absolute, http or https; else None."""
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname else None
    except ValueError:
        return None


def host(url: str) -> str:
    """What a link says: the host, and a short path."""
    parts = urlsplit(url)
    return short(f"{parts.hostname}{parts.path.rstrip('/')}", 60)


def address(path: str, asked: Iterable[tuple[str, str]] = ()) -> str:
    """A path with a query string."""
    query = urlencode([(name, value) for name, value in asked if value])
    return f"{path}?{query}" if query else path


# --- codes ------------------------------------------------------------------------------------------------------------


def term(code: str) -> str:
    """The name of a code of any vocabulary; a newer peer's code as it is."""
    return next((known.name(code, speaking()) for known in vocabulary.ALL if code in known), code)


def modality(code: str) -> str:
    """The name of a kind of exchange: some are words of other vocabularies, too, where they mean less."""
    return vocabulary.MODALITIES.name(code, speaking())


def coded(text: str) -> Markup:
    """A text in which `names` stand between backquotes, as HTML."""
    parts = str(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def country(code: str) -> str:
    return places.name(code, speaking())


def served(codes: Sequence[str]) -> str:
    """Where an organisation works that names no seat: "works in Chad, Ethiopia, Jordan, Somalia and 3 more"."""
    known = [country(code) for code in codes if country(code) != code]
    more = len(known) - MAX_SERVED
    if more > 0:
        known = [*known[:MAX_SERVED], ngettext("%(number)s more", "%(number)s more", more) % {"number": number(more)}]
    return _("works in %(countries)s") % {"countries": listed(known)} if known else ""


def language(tag: str) -> str:
    return languages.name(tag, speaking())


class Tag(NamedTuple):
    """A code of a record: what it is called, and whether this version knows it."""

    code: str
    label: str
    known: bool


def sort_key(label: str) -> str:
    """By which labels stand in order: without accents, case and punctuation."""
    return key(label)


def tags(codes: Iterable[str], param: str = "") -> list[Tag]:
    """Codes with their names, those that are known first; `param` says what they are if no vocabulary's."""
    match param:
        case "language":
            found = [Tag(tag, language(tag), language(tag) != tag) for tag in codes]
        case "region":
            found = [Tag(code, country(code), country(code) != code) for code in codes]
        case _:
            found = [Tag(code, term(code), any(code in known for known in vocabulary.ALL)) for code in codes]
    known = [tag for tag in dict.fromkeys(found) if tag.known]
    return known + [tag._replace(label=fit(tag.label, 40)) for tag in found if not tag.known][:MAX_UNKNOWN]


KINDS = {
    "organization": noted("Organisation"),
    "contact": noted("Contact"),
    "person": noted("Person"),
    "group": noted("Group"),
    "event": noted("Event"),
    "exchange": noted("Need or offer"),
    "resource": noted("Resource"),
    "twinning": noted("Twinning"),
}


def kind(code: str) -> str:
    return _(KINDS[code]) if code in KINDS else code


COUNTED = {
    "organization": noted_many("%(number)s organisation", "%(number)s organisations"),
    "contact": noted_many("%(number)s contact", "%(number)s contacts"),
    "person": noted_many("%(number)s person", "%(number)s people"),
    "group": noted_many("%(number)s group", "%(number)s groups"),
    "event": noted_many("%(number)s event", "%(number)s events"),
    "exchange": noted_many("%(number)s need or offer", "%(number)s needs and offers"),
    "resource": noted_many("%(number)s resource", "%(number)s resources"),
    "twinning": noted_many("%(number)s twinning", "%(number)s twinnings"),
}
"""In the order in which pages count them."""


def counted(code: str, count: int, strong: bool = False) -> str:
    """ "12 organisations", the number bold if it is to be `strong`."""
    if code not in COUNTED:
        return f"{number(count)} {code}"
    told = bold(number(count)) if strong else number(count)
    return Markup(ngettext(*COUNTED[code], count)) % {"number": told}


def number(count: float) -> str:
    """ "1,234", with the digits 0 to 9 in every language: they stand beside codes, dates and telephone numbers."""
    return str(format_decimal(count, locale=locale()))


def percent(share: float) -> str:
    """ "12%" of 0.12."""
    return str(format_percent(share, locale=locale()))


def place(found: str | ListedPlace | None) -> str:
    """ "Mae Sot, Thailand"."""
    if isinstance(found, ListedPlace):
        named = country(found.country) if found.country else ""
        if found.place and named:
            return _("%(place)s, %(country)s") % {"place": found.place, "country": named}
        return found.place or named
    return found or ""


def where(record: Listing) -> str:
    """The seat of an organisation, where an event takes place, a person's country."""
    match record:
        case Organization():
            return place(record.seat)
        case Person():
            return country(record.country) if record.country else ""
        case _:
            return place(getattr(record, "place", None))


# --- times ------------------------------------------------------------------------------------------------------------


def day(when: date) -> str:
    """ "Wednesday 22 March 2017"."""
    return str(format_date(when, "EEEE d MMMM y" if speaking() == "en" else "full", locale=locale()))


def plain_day(text: str) -> str:
    """A day, month or year of a record ("2026-11") in words ("November 2026")."""
    try:
        if len(text) == len("2026-11"):
            return month(date.fromisoformat(f"{text}-01"))
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return plain_date(found.date()) if len(text) > 4 else text


def plain_date(when: date) -> str:
    """ "21 November 2026"."""
    return str(format_date(when, "long", locale=locale()))


def month(when: date) -> str:
    """ "November 2026"."""
    return str(format_skeleton("yMMMM", datetime(when.year, when.month, 1), locale=locale()))


def moment(text: str | None) -> str:
    """An instant of this node in words: "21 November 2026 18:00 UTC"."""
    try:
        found = datetime.fromisoformat(text or "").astimezone(UTC)
    except (ValueError, OverflowError):
        return text or _("never")
    return _("%(day)s %(time)s UTC") % {"day": plain_date(found.date()), "time": f"{found:%H:%M}"}


class Times(NamedTuple):
    """One occurrence in one zone, in words. `day` is when it begins."""

    day: date
    text: str
    zone: str


def times(start: datetime, end: datetime, all_day: bool, zone: str) -> Times:
    """From when to when, on the clocks of a zone. Days of an all-day event are the same everywhere."""
    if all_day:
        last = max(start.date(), end.date() - timedelta(days=1))
        whole = _("All day") if last == start.date() else _("All day, until %(day)s") % {"day": day(last)}
        return Times(start.date(), whole, "")
    begin, finish = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    text = f"{begin:%H:%M}"
    if finish > begin and finish.date() == begin.date():
        text = f"{begin:%H:%M}–{finish:%H:%M}"
    elif finish > begin:
        until = {"start": text, "day": day(finish.date()), "end": f"{finish:%H:%M}"}
        text = _("%(start)s – %(day)s, %(end)s") % until
    return Times(begin.date(), text, zone)


def city(zone: str) -> str:
    """A zone as people say it: "New York" for America/New_York."""
    if "/" not in zone:
        return zone
    return str(get_timezone_location(zone, locale=locale(), return_city=True))


def fingerprint_groups(text: str) -> list[str]:
    """A fingerprint in groups of four."""
    bare = "".join(text.split())
    return [bare[i : i + 4] for i in range(0, len(bare), 4)]


FILTERS = {
    function.__name__: function
    for function in (
        *(bdi, besides, bold, city, coded, counted, country, day, described, direction, fingerprint_groups, fit, host),
        *(kind, language, listed, modality, moment, month, names, network_names, number, percent, phrase, place),
        *(plain_date, plain_day, sentence, served, short, tags, term, web_address, where),
    )
}
