"""The text of an iCalendar file (RFC 5545, section 3.1) cut into content lines and components, however broken it is.

    DTSTART;TZID=Asia/Bangkok:20170322T210000   ->   ContentLine("DTSTART", {"TZID": "Asia/Bangkok"}, "20170322T210000")

Nothing here knows what a property means, and no bytes make it raise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from fednet.errors import FednetError
from fednet.formats.reading import RowError, shown
from fednet.formats.table import cleaned
from fednet.formats.zones import zone_name

MAX_EVENTS = 50_000
MAX_LINE_CHARACTERS = 256 << 10
MAX_TIMEZONE_LINES = 2_000
MAX_DEPTH = 16

_NAME = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?=[;:])")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*=\s*((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)')
_ESCAPED = re.compile(r"\\([\\;,nN])")


class ContentLine(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str


class Component(NamedTuple):
    """The unfolded lines between BEGIN and END, without those of components inside; `line` is that of BEGIN."""

    name: str
    line: int
    lines: list[ContentLine]

    def first(self, name: str) -> ContentLine | None:
        return next((line for line in self.lines if line.name == name), None)

    def every(self, name: str) -> list[ContentLine]:
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        line = self.first(name)
        return unescaped(line.value) if line else ""


class PropertyError(FednetError):
    """An event, or a value of it, that is left out: `column` is the property, `found` what it held."""

    def __init__(self, column: str, found: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.found = found


def content_line(text: str) -> ContentLine | None:
    """One unfolded line as name, parameters (names upper case, quotes removed) and raw value; None if it is none."""
    head = _NAME.match(text)
    if not head:
        return None
    at = head.end()
    parameters: dict[str, str] = {}
    while found := _PARAMETER.match(text, at):
        parameters.setdefault(found[1].upper(), found[2].strip().replace('"', ""))
        at = found.end()
    colon = text.find(":", at)
    return ContentLine(head[1].upper(), parameters, text[colon + 1 :].strip()) if colon >= 0 else None


def unescaped(value: str) -> str:
    r"""TEXT of RFC 5545 3.3.11: `\n`, `\,`, `\;` and `\\` undone."""
    return cleaned(_ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined with their continuations (which begin with a space or a tab), each with the number of its first."""
    number, parts = 0, [""]
    for count, line in enumerate(re.split("\r\n|\n|\r", text), 1):
        if line[:1] in (" ", "\t") and number:
            parts.append(line[1:])
            continue
        if number:
            yield number, "".join(parts)[:MAX_LINE_CHARACTERS]
        number, parts = count, [line]
    if number:
        yield number, "".join(parts)[:MAX_LINE_CHARACTERS]


class Scan:
    """One walk over the file: its events, its zone definitions, what the calendar says of itself, what else it has."""

    def __init__(self, text: str, refused: list[RowError]) -> None:
        self.events: list[Component] = []
        self.definitions: dict[str, list[str]] = {}
        self.default_zone = ""
        self.method = ""
        self.others: Counter[str] = Counter()
        self._refused = refused
        self._open: list[Component] = []
        self._definition: list[str] = []
        for number, line in _unfolded(text):
            self._take(number, line)
        for component in self._open:
            self._unclosed(component)

    def _take(self, number: int, text: str) -> None:
        upper = text.strip().upper()
        if any(component.name == "VTIMEZONE" for component in self._open):
            self._definition.append(text)
        if upper.startswith("BEGIN:"):
            self._begin(number, upper.removeprefix("BEGIN:").strip())
        elif upper.startswith("END:"):
            self._end(upper.removeprefix("END:").strip())
        elif (line := content_line(text)) is not None:
            self._property(line)

    def _begin(self, number: int, name: str) -> None:
        if name == "VEVENT":
            for component in self._open:
                self._unclosed(component)
            self._open = [component for component in self._open if component.name == "VCALENDAR"]
        if name == "VTIMEZONE":
            self._definition = ["BEGIN:VTIMEZONE"]
        if len(self._open) < MAX_DEPTH:
            self._open.append(Component(name, number, []))

    def _end(self, name: str) -> None:
        if not any(component.name == name for component in self._open):
            return None
        while self._open:
            component = self._open.pop()
            if component.name == name:
                return self._closed(component)
        return None

    def _closed(self, component: Component) -> None:
        if component.name == "VEVENT" and len(self.events) < MAX_EVENTS:
            self.events.append(component)
        elif component.name == "VEVENT":
            self._refused.append(RowError(component.line, "", "", f"more than {MAX_EVENTS:,} events in one file"))
        elif component.name == "VTIMEZONE":
            if len(self._definition) <= MAX_TIMEZONE_LINES:
                self.definitions.setdefault(zone_key(component.text("TZID")), self._definition)
        else:
            self.others[component.name] += 1

    def _unclosed(self, component: Component) -> None:
        if component.name == "VEVENT":
            title = shown(component.text("SUMMARY"))
            self._refused.append(RowError(component.line, "END", title, "the event is cut off: it has no END:VEVENT"))

    def _property(self, line: ContentLine) -> None:
        if self._open and self._open[-1].name != "VCALENDAR":
            self._open[-1].lines.append(line)
        elif line.name == "X-WR-TIMEZONE" and not self.default_zone:
            self.default_zone = zone_name(unescaped(line.value)) or ""
        elif line.name == "METHOD":
            self.method = line.value.upper()


def zone_key(written: str) -> str:
    """A TZID as it is compared: quotation marks and case do not count."""
    return unescaped(written).strip("\"' ").casefold()
