"""Parts of an entry's form: how a field of a record becomes texts that a form shows, and how these are read back.

A widget covers one field of a record or several. `filled` gives its inputs by name, as a form would send them; `read`
takes them back. What comes back as it was shown is never read: the field stays as it is, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from re import Match, fullmatch, split
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec

from fednet.directory.naming import Called, Organizations
from fednet.listing import ListingError, languages, places
from fednet.listing.check import UNDETERMINED, is_handle, known_zone
from fednet.listing.term import Vocabulary
from fednet.web.translation import gettext as _
from fednet.web.translation import noted

Fields = Mapping[str, Any]
Sent = dict[str, list[str]]
"""Inputs of a form by name, each with all its values."""

MILLION = 1_000_000
MOST_OFFERED = 300
"""Names of own records that a form offers while one types; more are found when they are typed in full."""


class Known(Protocol):
    """Own records by name: those that whoever fills in a form may know of."""

    def name(self, handle: str) -> str | None: ...
    def handle(self, name: str, kinds: tuple[str, ...]) -> str | None: ...
    def offered(self, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
        """Handle and name of each record of these kinds, by name."""


class Context(NamedTuple):
    """The reader's language, own records, the zone of the network, and organisations of all networks."""

    language: str
    known: Known
    zone: str = "UTC"
    listed: Organizations | None = None


class Said(NamedTuple):
    """What a record says, in words: under a label, in a language (None: in none in particular)."""

    label: str
    tag: str | None
    text: str


class Widget(Protocol):
    """A part of a form. `macro` is what templates/entry.html draws it with."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def macro(self) -> str: ...
    @property
    def covers(self) -> tuple[str, ...]:
        """The fields of the record that it stands for."""

    def filled(self, fields: Fields, context: Context) -> Sent: ...
    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        """The fields covered, None where there is nothing; raises ListingError for what only this form can tell."""

    def said(self, fields: Fields, context: Context) -> list[Said]: ...


class _Single(msgspec.Struct, frozen=True, kw_only=True):
    """One field under its own name."""

    name: str
    label: str
    hint: str = ""
    required: bool = False

    @property
    def covers(self) -> tuple[str, ...]:
        return (self.name,)

    def _lines(self, texts: list[str]) -> list[Said]:
        return [Said(self.label, None, "\n".join(texts))] if texts else []


# --- plain texts ------------------------------------------------------------------------------------------------------


class Line(_Single, frozen=True, kw_only=True):
    """One line of text; `type` is that of the input."""

    type: str = "text"
    offers: str = ""
    macro: str = "line"

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = fields.get(self.name)
        return {self.name: [self._shown(str(found))]} if found not in (None, "") else {}

    def _shown(self, text: str) -> str:
        return plain(text)

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        return {self.name: first(sent, self.name)}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines(self.filled(fields, context).get(self.name, []))


class Paragraph(Line, frozen=True, kw_only=True):
    """A text of several lines."""

    macro: str = "paragraph"

    def _shown(self, text: str) -> str:
        return text


class Lines(_Single, frozen=True, kw_only=True):
    """A list, one a line."""

    macro: str = "lines"

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = [" ".join(str(one).split()) for one in fields.get(self.name) or ()]
        return {self.name: ["\n".join(found)]} if found else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        before = {" ".join(str(one).split()): one for one in fields.get(self.name) or ()}
        lines = [" ".join(line.split()) for line in (first(sent, self.name) or "").splitlines()]
        return {self.name: [before.get(line, line) for line in lines if line] or None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([str(one) for one in fields.get(self.name) or ()])


# --- countries and languages ------------------------------------------------------------------------------------------

_BETWEEN = r"[,،;؛、\n]"


class Named(_Single, frozen=True, kw_only=True):
    """Countries (and regions) or languages by name, in any language: one, or several with commas between them."""

    of: str
    many: bool = True
    macro: str = "line"
    type: str = "text"

    @property
    def offers(self) -> str:
        return "" if self.many else self.of

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = fields.get(self.name) or ()
        codes = [found] if isinstance(found, str) else found
        shown = [name_of(self.of, str(code), context.language) for code in codes]
        return {self.name: [("، " if context.language == "ar" else ", ").join(shown)]} if shown else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        text = first(sent, self.name) or ""
        if not self.many:
            return {self.name: text or None}
        return {self.name: [part.strip() for part in split(_BETWEEN, text) if part.strip()] or None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines(self.filled(fields, context).get(self.name, []))


def name_of(which: str, code: str, language: str) -> str:
    """The name of a country, region or language in a language, where it would be read back as the same; else itself."""
    if which == "language":
        name = languages.name(code, language)
        same = languages.find(name) == code
    else:
        name = places.name(code, language)
        same = (places.country_code(name) or places.region_code(name)) == code
    return name if same and not fullmatch(rf".*{_BETWEEN}.*", name) else code


# --- terms ------------------------------------------------------------------------------------------------------------


class Choice(_Single, frozen=True, kw_only=True):
    """One term of a vocabulary."""

    vocabulary: Vocabulary
    macro: str = "choice"

    def options(self, sent: Sent, context: Context) -> list[tuple[str, str]]:
        """Code and name of each term, in the order of the vocabulary, and of what is chosen besides."""
        return options(self.vocabulary, sent.get(self.name, []), context.language)

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = fields.get(self.name)
        return {self.name: [str(found)]} if found else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        return {self.name: first(sent, self.name)}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([self.vocabulary.name(str(code), context.language) for code in _codes(fields, self.name)])


class Choices(Choice, frozen=True, kw_only=True):
    """Any number of terms; `offered`: a part of the vocabulary that is enough where another widget asks the rest."""

    offered: Vocabulary | None = None
    macro: str = "choices"

    def options(self, sent: Sent, context: Context) -> list[tuple[str, str]]:
        chosen, offered = sent.get(self.name, []), self.offered or self.vocabulary
        known = options(offered, [], context.language)
        return [
            *known,
            *((code, self.vocabulary.name(code, context.language)) for code in chosen if code not in offered),
        ]

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = [str(code) for code in fields.get(self.name) or ()]
        return {self.name: found} if found else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        chosen = sent.get(self.name, [])
        before = [code for code in fields.get(self.name) or () if code in chosen]
        return {self.name: [*before, *(code for code in chosen if code not in before)] or None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([self.vocabulary.name(str(code), context.language) for code in _codes(fields, self.name)])


def options(vocabulary: Vocabulary, chosen: list[str], language: str) -> list[tuple[str, str]]:
    known = [(term.code, vocabulary.name(term.code, language)) for term in vocabulary]
    return [*known, *((code, code) for code in chosen if code not in vocabulary)]


def _codes(fields: Fields, name: str) -> list[Any]:
    found = fields.get(name) or []
    return [found] if isinstance(found, str) else list(found)


class YesNo(_Single, frozen=True, kw_only=True):
    """Yes, no, or nothing said."""

    macro: str = "yes_no"

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = fields.get(self.name)
        return {self.name: ["yes" if found else "no"]} if found is not None else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        answer = first(sent, self.name)
        return {self.name: None if answer is None else answer == "yes"}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        found = fields.get(self.name)
        return self._lines([_("Yes") if found else _("No")] if found is not None else [])


# --- own records and others by name -----------------------------------------------------------------------------------


class Parties(_Single, frozen=True, kw_only=True):
    """Organisations, people, ...: own records by name, others as written. One, or a list with an input for each."""

    kinds: tuple[str, ...]
    many: bool = True
    macro: str = "parties"

    def filled(self, fields: Fields, context: Context) -> Sent:
        shown = [plain(one) for one in party_names(_codes(fields, self.name), context, self.kinds)]
        if not self.many:
            return {self.name: shown[:1]} if shown else {}
        return {f"{self.name}.{at}": [one] for at, one in enumerate(shown)}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        before = _codes(fields, self.name)
        known = dict(zip(map(plain, party_names(before, context, self.kinds)), before, strict=True))
        typed = [one for at in [self.name, *(f"{self.name}.{at}" for at in indexes(sent, self.name))]
                 for one in sent.get(at, [])]  # fmt: skip
        found = [known.get(plain(one)) or party_of(one, context, self.kinds) for one in typed]
        return {self.name: found or None} if self.many else {self.name: found[0] if found else None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines(party_names(_codes(fields, self.name), context, self.kinds))


_ONE_OF_SEVERAL = re.compile(r"(.+) \(([0-9a-f]{8})\)")


def party_names(parties: list[Any], context: Context, kinds: tuple[str, ...]) -> list[str]:
    """What a form shows for handles and names: a handle's name, with its beginning where several bear the name."""
    return [party_name(str(one), context, kinds) for one in parties]


def party_name(party: str, context: Context, kinds: tuple[str, ...]) -> str:
    name = context.known.name(party) if is_handle(party) else None
    if name is None or context.known.handle(name, kinds) == party:
        return name or party
    several = any(handle == party for handle, _name in context.known.offered(kinds))
    return f"{plain(name)} ({party[:8]})" if several else party


def party_of(text: str, context: Context, kinds: tuple[str, ...]) -> str:
    """The handle of the own record that a text names, else the text itself."""
    if found := context.known.handle(text, kinds):
        return found
    if one := _ONE_OF_SEVERAL.fullmatch(text):
        for handle, name in context.known.offered(kinds):
            if handle.startswith(one[2]) and plain(name) == one[1]:
                return handle
    return text


class Handles(_Single, frozen=True, kw_only=True):
    """Any number of own records of a kind of which there are few."""

    kinds: tuple[str, ...]
    macro: str = "choices"

    def options(self, sent: Sent, context: Context) -> list[tuple[str, str]]:
        known = context.known.offered(self.kinds)
        listed = {handle for handle, _name in known}
        return [*known, *((one, one) for one in sent.get(self.name, []) if one not in listed)]

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = [str(one) for one in fields.get(self.name) or ()]
        return {self.name: found} if found else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        return {self.name: sent.get(self.name) or None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([context.known.name(one) or str(one) for one in fields.get(self.name) or ()])


# --- texts in several languages ---------------------------------------------------------------------------------------


class Translated(NamedTuple):
    """A field that is said in several languages."""

    name: str
    label: str
    hint: str = ""
    rows: int = 1


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """All translated fields of a record, a block for each language; one language is that of the original."""

    fields: tuple[Translated, ...]
    name: str = "texts"
    label: str = noted("Names and texts")
    macro: str = "texts"

    @property
    def covers(self) -> tuple[str, ...]:
        return (*(field.name for field in self.fields), "original")

    def filled(self, fields: Fields, context: Context) -> Sent:
        found: Sent = {}
        for at, tag in enumerate(self._tags(fields)):
            found[f"texts.{at}.language"] = ["" if tag == UNDETERMINED else name_of("language", tag, context.language)]
            for field in self.fields:
                if text := (fields.get(field.name) or {}).get(tag):
                    found[f"texts.{at}.{field.name}"] = [text if field.rows > 1 else plain(text)]
            if tag == fields.get("original"):
                found["original"] = [str(at)]
        return {name: values for name, values in found.items() if values != [""]}

    def _tags(self, fields: Fields) -> list[str]:
        """The languages of a record, the original first."""
        tags = [tag for field in self.fields for tag in fields.get(field.name) or {}]
        original = fields.get("original")
        return list(dict.fromkeys([*([original] if original else []), *tags]))

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        found: dict[str, Any] = {field.name: {} for field in self.fields} | {"original": None}
        shown = self.filled(fields, context)
        for at in indexes(sent, "texts"):
            before = dict(enumerate(self._tags(fields))).get(at)
            tag = self._tag(at, sent, shown, before)
            for field in self.fields:
                self._take(found, field.name, at, tag, sent, fields)
            if first(sent, "original") == str(at) and tag != UNDETERMINED:
                found["original"] = tag
        for field in self.fields:
            if UNDETERMINED in found[field.name] and found["original"] in found[field.name]:
                raise ListingError("texts", found[field.name][UNDETERMINED], "is in no language: say in which")
        return {name: value or None for name, value in found.items()}

    def _tag(self, at: int, sent: Sent, shown: Sent, before: str | None) -> str:
        written = first(sent, f"texts.{at}.language") or ""
        if before is not None and plain(written) == plain(first(shown, f"texts.{at}.language") or ""):
            return before
        tag = languages.find(written) if written else UNDETERMINED
        if tag is None:
            raise ListingError("texts", written, "is no language we know")
        return tag

    def _take(self, found: dict[str, Any], name: str, at: int, tag: str, sent: Sent, fields: Fields) -> None:
        text = (first(sent, f"texts.{at}.{name}") or "").replace("\r\n", "\n")
        if not text:
            return
        if tag in found[name]:
            raise ListingError("texts", languages.name(tag), "is the language of two texts")
        kept = (fields.get(name) or {}).get(tag)
        found[name][tag] = kept if kept is not None and plain(kept) == plain(text) else text

    def said(self, fields: Fields, context: Context) -> list[Said]:
        original = fields.get("original")
        found = [
            Said(field.label, tag, text)
            for field in self.fields
            for tag, text in sorted((fields.get(field.name) or {}).items(), key=lambda one: one[0] != original)
        ]
        return [*found, *_original(original, context)]


class InOriginal(_Single, frozen=True, kw_only=True):
    """A text that may be translated, shown and written in the language of the original alone."""

    macro: str = "paragraph"

    def filled(self, fields: Fields, context: Context) -> Sent:
        _tag, text = original_of(fields.get(self.name), fields)
        return {self.name: [text]} if text else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        text = (first(sent, self.name) or "").replace("\r\n", "\n")
        return {self.name: rewritten(fields.get(self.name), fields, text)}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return [Said(self.label, tag, text) for tag, text in (fields.get(self.name) or {}).items()]


def original_of(found: Any, fields: Fields) -> tuple[str, str]:
    """The language and text of a translated text that a form shows where it shows one: the original, or the first."""
    texts = found if isinstance(found, Mapping) else {}
    original = str(fields.get("original") or UNDETERMINED)
    tag = original if original in texts else next(iter(texts), original)
    return tag, texts.get(tag, "")


def rewritten(found: Any, fields: Fields, text: str) -> dict[str, str] | None:
    """A translated text of which the part that was shown says something else now."""
    tag, _shown = original_of(found, fields)
    kept = {known: one for known, one in (found or {}).items() if known != tag}
    return (kept | ({tag: text} if text else {})) or None


class Original(_Single, frozen=True, kw_only=True):
    """The language of an entry that has no translations."""

    name: str = "original"
    label: str = noted("Language of this entry")
    type: str = "text"
    macro: str = "line"
    offers: str = "language"

    def filled(self, fields: Fields, context: Context) -> Sent:
        tag = fields.get("original")
        return {"original": [name_of("language", tag, context.language)]} if tag else {}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        return {"original": first(sent, "original")}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return _original(fields.get("original"), context)


def _original(tag: str | None, context: Context) -> list[Said]:
    label = noted("Language of the original")
    return [Said(label, None, languages.name(tag, context.language))] if tag else []


# --- things of several parts ------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A text of a composite: `of` says how it is read (text, translated, country, party, degrees, local or a
    vocabulary)."""

    name: str
    label: str
    of: str | Vocabulary = "text"
    type: str = "text"
    hint: str = ""

    def shown(self, found: Any, context: Context) -> str:
        match self.of:
            case "country":
                return name_of("country", str(found), context.language)
            case "party":
                return party_name(str(found), context, PARTIES)
            case "degrees" if isinstance(found, int):
                return format(Decimal(found) / MILLION, "f")
            case "local":
                return str(found).replace("T", " ")
            case _:
                return str(found)

    def taken(self, text: str, field: str, context: Context) -> Any:
        match self.of:
            case "party":
                return party_of(text, context, PARTIES)
            case "degrees":
                return _degrees(text, field)
            case _:
                return text

    def offers(self) -> str:
        return self.of if self.of in ("country", "party") else ""

    def options(self, chosen: str, context: Context) -> list[tuple[str, str]]:
        """What there is to choose from; nothing where a text is written."""
        return options(self.of, [chosen] * bool(chosen), context.language) if isinstance(self.of, Vocabulary) else []

    def said(self, found: Any, context: Context) -> str:
        return self.of.name(found, context.language) if isinstance(self.of, Vocabulary) else self.shown(found, context)


PARTIES = ("organization", "person", "group")


def _degrees(text: str, field: str) -> int:
    try:
        return int((Decimal(text.replace(",", ".").replace("−", "-")) * MILLION).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise ListingError(field, text, "is no number of degrees", hint="write it as 13.75") from None


class Parts(_Single, frozen=True, kw_only=True):
    """One thing of several parts. `bare`: the part whose text stands alone when there is no other (a place)."""

    parts: tuple[Part, ...]
    bare: str = ""
    macro: str = "parts"

    def filled(self, fields: Fields, context: Context) -> Sent:
        return _filled_parts(self.name, self._whole(fields), self.parts, context)

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        before = self._whole(fields)
        found = _read_parts(self.name, sent, before, self.parts, context)
        if self.bare and found.keys() == {self.bare} and not isinstance(fields.get(self.name), Mapping):
            return {self.name: found[self.bare]}
        return {self.name: found or None}

    def _whole(self, fields: Fields) -> Fields:
        found = fields.get(self.name)
        return found if isinstance(found, Mapping) else {self.bare: found} if found and self.bare else {}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([text] if (text := _said_parts(self._whole(fields), self.parts, context)) else [])


class Rows(_Single, frozen=True, kw_only=True):
    """A list of things of several parts."""

    parts: tuple[Part, ...]
    macro: str = "rows"

    def filled(self, fields: Fields, context: Context) -> Sent:
        found: Sent = {}
        for at, row in enumerate(fields.get(self.name) or ()):
            found |= _filled_parts(f"{self.name}.{at}", _in_original(row, self.parts, fields), self.parts, context)
        return found

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        before = dict(enumerate(fields.get(self.name) or ()))
        rows = []
        for at in indexes(sent, self.name):
            row = before.get(at, {})
            here = _read_parts(f"{self.name}.{at}", sent, _in_original(row, self.parts, fields), self.parts, context)
            rows.append(_translated(here, row, self.parts, fields))
        return {self.name: [row for row in rows if row] or None}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        rows = [_in_original(row, self.parts, fields) for row in fields.get(self.name) or ()]
        return self._lines([_said_parts(row, self.parts, context) for row in rows])


def _in_original(row: Fields, parts: tuple[Part, ...], fields: Fields) -> Fields:
    """A row with the one text that is shown of each that may be translated."""
    texts = {part.name: original_of(row.get(part.name), fields)[1] for part in parts if part.of == "translated"}
    return {name: found for name, found in {**row, **texts}.items() if found != "" or name not in texts}


def _translated(here: dict[str, Any], row: Fields, parts: tuple[Part, ...], fields: Fields) -> dict[str, Any]:
    """A row as it was sent, its texts among the translations that they had."""
    names = [part.name for part in parts if part.of == "translated"] if here else []
    texts = {name: rewritten(row.get(name), fields, here.get(name, "")) for name in names}
    return {name: found for name, found in {**here, **texts}.items() if found is not None}


def _filled_parts(prefix: str, found: Fields, parts: tuple[Part, ...], context: Context) -> Sent:
    shown = {part.name: part.shown(found[part.name], context) for part in parts if found.get(part.name) is not None}
    return {f"{prefix}.{name}": [plain(text)] for name, text in shown.items() if text}


def _read_parts(prefix: str, sent: Sent, before: Fields, parts: tuple[Part, ...], context: Context) -> dict[str, Any]:
    """The parts as sent; those that came back as they were shown, and those that the form does not know, as before."""
    shown = _filled_parts(prefix, before, parts, context)
    here = {part.name: first(sent, f"{prefix}.{part.name}") for part in parts}
    if not any(here.values()):
        return {}
    found = {name: value for name, value in before.items() if name not in here}
    for part in parts:
        text, name = here[part.name], f"{prefix}.{part.name}"
        if text is not None and plain(text) == plain(first(shown, name) or ""):
            found[part.name] = before[part.name]
        elif text:
            found[part.name] = part.taken(text, prefix.partition(".")[0], context)
    return found


def _said_parts(found: Fields, parts: tuple[Part, ...], context: Context) -> str:
    return " · ".join(part.said(found[part.name], context) for part in parts if found.get(part.name) is not None)


# --- the two of a twinning --------------------------------------------------------------------------------------------


class Twins(_Single, frozen=True, kw_only=True):
    """Two organisations of any network: each by name, with its network where that is another one."""

    macro: str = "twins"
    required: bool = True

    def filled(self, fields: Fields, context: Context) -> Sent:
        found = fields.get(self.name) or ()
        return {f"{self.name}.{at}.name": [plain(twin_name(one, context))] for at, one in enumerate(found)}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        before = {plain(twin_name(one, context)): one for one in fields.get(self.name) or ()}
        found = []
        for at in indexes(sent, self.name):
            prefix = f"{self.name}.{at}"
            text, pick = first(sent, f"{prefix}.name") or "", first(sent, f"{prefix}.pick")
            chosen = picked(pick, context)
            if chosen is not None:
                found.append(chosen)
            elif text:
                found.append(before.get(plain(text)) or twin_of(text, self.name, context))
        return {self.name: found or None}

    def offered(self, text: str, pick: str, context: Context) -> list[tuple[str, str]]:
        """What the directory finds for a text, and what is picked: as it is sent then, with its name and network."""
        if context.listed is None:
            return []
        network, _colon, handle = pick.partition(":")
        found = [context.listed.one(network, handle), *(context.listed.found(text) if text.strip() else [])]
        named = {f"{one.network}:{one.handle}": f"{one.name} ({one.network_name})" for one in found if one}
        return list(named.items())

    def said(self, fields: Fields, context: Context) -> list[Said]:
        return self._lines([_twin_said(one, context) for one in fields.get(self.name) or ()])


def twin_name(twin: Fields, context: Context) -> str:
    """What a form shows of one of the two: its name; with that of its network, where another one lists it."""
    name, handle = str(twin.get("name", "")), str(twin.get("handle", ""))
    if not handle or context.known.name(handle) is not None:
        return name
    listed = context.listed.one(str(twin.get("network", "")), handle) if context.listed else None
    return f"{name} ({listed.network_name})" if listed else name


def _twin_said(twin: Fields, context: Context) -> str:
    shown = twin_name(twin, context)
    return shown if twin.get("handle") else _("%(name)s (in no directory)") % {"name": shown}


def picked(pick: str | None, context: Context) -> dict[str, str] | None:
    """The organisation that somebody picked among those that were offered; None for none."""
    network, colon, handle = (pick or "").partition(":")
    one = context.listed.one(network, handle) if colon and context.listed else None
    return {"network": one.network, "handle": one.handle, "name": one.name} if one else None


def twin_of(text: str, field: str, context: Context) -> dict[str, str]:
    """An organisation by its name: an own one, one of another network, or one that is in no directory.

    Raises ListingError where several networks, or several organisations, bear the name: one is to be picked.
    """
    own = party_of(text, context, ("organization",))
    if is_handle(own) and (name := context.known.name(own)) is not None:
        return {"handle": own, "name": plain(name) if _ONE_OF_SEVERAL.fullmatch(text) or is_handle(text) else text}
    found = (context.listed.called(text) or _called_beside(text, context.listed)) if context.listed else []
    if len(found) > 1:
        raise ListingError(field, text, "is the name of several that are listed: pick one of them")
    if found:
        return {"network": found[0].network, "handle": found[0].handle, "name": found[0].name}
    return {"name": text}


def _called_beside(text: str, listed: Organizations) -> list[Called]:
    """Organisations by a name with that of their network after it, as the form shows them: `Aster House (CCR)`."""
    name, _space, rest = plain(text).rpartition(" (")
    network = rest.removesuffix(")")
    return [one for one in listed.called(name) if plain(one.network_name) == network] if name else []


# --- when an event is -------------------------------------------------------------------------------------------------


class When(msgspec.Struct, frozen=True, kw_only=True):
    """Start, end, zone, or whole days. The last day of a form is that of the event; of a record, the next."""

    name: str = "when"
    label: str = noted("When")
    macro: str = "when"
    covers: tuple[str, ...] = ("start", "end", "zone", "all_day")

    def filled(self, fields: Fields, context: Context) -> Sent:
        start, end = str(fields.get("start") or ""), str(fields.get("end") or "")
        whole = bool(fields.get("all_day"))
        last = _last_day(start, end) if whole and end else end
        found = {
            "when.day": start[:10],
            "when.time": start[11:],
            "when.last": last[:10],
            "when.until": end[11:],
            "when.zone": fields.get("zone") or "",
            "when.all_day": "yes" if whole else "",
        }
        return {name: [text] for name, text in found.items() if text}

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        day, time, last, until = (first(sent, f"when.{part}") or "" for part in ("day", "time", "last", "until"))
        whole = first(sent, "when.all_day") == "yes" or (bool(day) and not time)
        found: dict[str, Any] = {"zone": first(sent, "when.zone"), "all_day": whole or None}
        if whole:
            return found | {"start": day or None, "end": _next_day(last) if last else None}
        end = f"{last or day}T{until}" if until else None
        return found | {"start": f"{day}T{time}" if day else None, "end": end}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        sent = {name: values[0] for name, values in self.filled(fields, context).items()}
        begin = " ".join(filter(None, [sent.get("when.day"), sent.get("when.time")]))
        last = sent.get("when.last") if sent.get("when.last") != sent.get("when.day") else None
        finish = " ".join(filter(None, [last, sent.get("when.until")]))
        text = " – ".join(filter(None, [begin, finish]))
        shown = " · ".join(filter(None, [text, sent.get("when.zone")]))
        return [Said(self.label, None, shown)] if shown else []


def _last_day(start: str, end: str) -> str:
    try:
        return max(start[:10], (date.fromisoformat(end[:10]) - timedelta(days=1)).isoformat())
    except (ValueError, OverflowError):
        return end


def _next_day(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        raise ListingError("when", day, "is not a day", hint="write it as 2026-11-21") from None


SIMPLE = {
    "daily": "FREQ=DAILY",
    "weekly": "FREQ=WEEKLY",
    "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
    "monthly": "FREQ=MONTHLY",
    "yearly": "FREQ=YEARLY",
}
"""Recurrences that have a word, without their end."""
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ENDS = re.compile(r";(?:COUNT=([0-9]+)|UNTIL=([0-9]{8}(?:T[0-9]{6}Z?)?))$")


class Repeats(msgspec.Struct, frozen=True, kw_only=True):
    """How an event comes again: in a word with a last day or a number of times, or any rule of RFC 5545, 3.3.10."""

    name: str = "rrule"
    label: str = noted("Comes again")
    macro: str = "repeats"
    covers: tuple[str, ...] = ("rrule",)

    def filled(self, fields: Fields, context: Context) -> Sent:
        rule = fields.get("rrule") or ""
        if not rule:
            return {}
        ends = _ENDS.search(rule)
        word = self._word(rule[: ends.start()] if ends else rule, fields)
        until = _local_day(ends, fields) if ends and ends[2] else ""
        if word is None or until is None:
            return {"rrule.every": ["rule"], "rrule.rule": [rule]}
        found = {"rrule.every": word, "rrule.count": ends[1] if ends else None, "rrule.until": until}
        return {name: [text] for name, text in found.items() if text}

    def _word(self, rule: str, fields: Fields) -> str | None:
        if rule == _weekday_rule(fields):
            return "monthly-weekday"
        return next((word for word, simple in SIMPLE.items() if simple == rule), None)

    def read(self, sent: Sent, fields: Fields, context: Context) -> dict[str, Any]:
        every = first(sent, "rrule.every")
        if every == "rule":
            return {"rrule": first(sent, "rrule.rule")}
        rule = _weekday_rule(fields) if every == "monthly-weekday" else SIMPLE.get(every or "")
        if not rule:
            return {"rrule": None}
        if count := first(sent, "rrule.count"):
            return {"rrule": f"{rule};COUNT={count}"}
        until = first(sent, "rrule.until")
        return {"rrule": f"{rule};UNTIL={_until(until, fields)}" if until else rule}

    def said(self, fields: Fields, context: Context) -> list[Said]:
        sent = {name: values[0] for name, values in self.filled(fields, context).items()}
        if not sent:
            return []
        word = _(EVERY[sent["rrule.every"]]) if "rrule.rule" not in sent else sent["rrule.rule"]
        parts = [word]
        if "rrule.count" in sent:
            parts.append(_("%(count)s times") % {"count": sent["rrule.count"]})
        if "rrule.until" in sent:
            parts.append(_("until %(day)s") % {"day": sent["rrule.until"]})
        return [Said(self.label, None, " · ".join(parts))]


EVERY = {
    "": noted("Not at all: once"),
    "daily": noted("Every day"),
    "weekly": noted("Every week"),
    "fortnightly": noted("Every two weeks"),
    "monthly": noted("Every month, on the same day"),
    "monthly-weekday": noted("Every month, on the same weekday"),
    "yearly": noted("Every year"),
    "rule": noted("By another rule"),
}


def _weekday_rule(fields: Fields) -> str | None:
    """ "Every month on the third Wednesday", for an event that begins on one."""
    try:
        day = date.fromisoformat(str(fields.get("start") or "")[:10])
    except ValueError:
        return None
    at = (day.day - 1) // 7 + 1
    return f"FREQ=MONTHLY;BYDAY={at if at < 5 else -1}{_DAYS[day.weekday()]}"


def _local_day(ends: Match[str], fields: Fields) -> str | None:
    """The last day of a rule, where it is a day by the form's own way of writing it; else None."""
    text = ends[2]
    try:
        day = date.fromisoformat(text[:8])
        if len(text) > 8:
            zone = ZoneInfo(str(fields.get("zone")))
            day = datetime.fromisoformat(text.removesuffix("Z") + "+00:00").astimezone(zone).date()
        return day.isoformat() if _until(day.isoformat(), fields) == text else None
    except (ValueError, KeyError, OSError, OverflowError):
        return None


def _until(day: str, fields: Fields) -> str:
    """The end of a rule on that day: a day for whole days, else the last second in the event's zone, in UTC."""
    try:
        found = date.fromisoformat(day)
        zone = str(fields.get("zone") or "")
        if fields.get("all_day") or not known_zone(zone):
            return f"{found:%Y%m%d}"
        last = datetime(found.year, found.month, found.day, 23, 59, 59, tzinfo=ZoneInfo(zone))
        return f"{last.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    except (ValueError, OverflowError):
        raise ListingError("rrule", day, "is not a day", hint="write it as 2026-11-21") from None


# --- what was sent ----------------------------------------------------------------------------------------------------


def first(sent: Sent, name: str) -> str | None:
    """The first value of an input, without space around it; None when nothing was filled in."""
    found = (sent.get(name) or [""])[0].strip()
    return found or None


def indexes(sent: Sent, name: str) -> list[int]:
    """The numbers of the rows that were sent (`roles.3.holder`), in order."""
    found = {part for one in sent if one.startswith(f"{name}.") if (part := one[len(name) + 1 :].partition(".")[0])}
    return sorted(int(part) for part in found if fullmatch(r"[0-9]{1,4}", part))


def plain(text: str) -> str:
    """A text as it can be compared: browsers change its line ends and spaces."""
    return " ".join(text.split())


def part_of(sent: Sent, widget: Widget) -> Sent:
    """What was sent of one widget."""
    own = {widget.name, *widget.covers} if widget.macro == "texts" else {widget.name}
    return {name: values for name, values in sent.items() if name.partition(".")[0] in own}


def same(one: Sent, other: Sent) -> bool:
    """Whether two forms say the same; the order of boxes that are ticked says nothing."""
    return _comparable(one) == _comparable(other)


def _comparable(sent: Sent) -> dict[str, list[str]]:
    return {name: found for name, values in sent.items() if (found := sorted(filter(None, map(plain, values))))}
