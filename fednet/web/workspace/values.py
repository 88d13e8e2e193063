"""What a field of a record says, in words: for lists of changes, where a record is not shown as a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fednet.listing import languages
from fednet.web import show
from fednet.web.show import Text
from fednet.web.translation import gettext as _
from fednet.web.workspace.columns import called

MOST = 12
"""Values of one field that are written out."""


def words(field: str, value: Any, title: Callable[[str], str] = str) -> list[Text]:
    """The values of a field, each with its language where it has one; nothing where there is none.

    `title` says what a handle is called.
    """
    found = list(_values(field, value, title))
    return found[:MOST] + ([Text(None, f"+ {len(found) - MOST}")] if len(found) > MOST else [])


def _values(field: str, value: Any, title: Callable[[str], str]) -> Iterable[Text]:
    if value is None:
        return
    if field in _OF_TEXTS and isinstance(value, Mapping):
        yield from (Text(tag, text) for tag, text in value.items() if isinstance(text, str))
    elif isinstance(value, Mapping):
        yield from (
            Text(None, f"{_part(name)}: {_plain(name, part, title)}")
            for name, part in value.items()
            if part is not None
        )
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _values(field, one, title)
    else:
        yield Text(None, _plain(field, value, title))


_OF_TEXTS = frozenset({"names", "titles", "description", "fund_note", "outcome_note", "goals", "outcome", "text"})


def _part(name: str) -> str:
    return called({"category": "membership.category", "since": "membership.since", "until": "membership.until",
                   "latitude_e6": "seat.latitude_e6", "longitude_e6": "seat.longitude_e6"}.get(name, name))  # fmt: skip


def _plain(field: str, value: Any, title: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and field.endswith("_e6"):
        return f"{value / 1_000_000:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping | list | tuple):
        return ", ".join(text.text for text in _values(field, value, title))
    if not isinstance(value, str):
        return str(value)
    match field:
        case "country" | "countries" | "area_code":
            return show.country(value)
        case "languages" | "language" | "original":
            return show.language(value) if languages.name(value) != value else value
        case "services" | "client_groups" | "themes" | "type" | "status" | "mode" | "stage" | "state" | "outcome":
            return show.term(value)
        case "modality":
            return show.modality(value)
        case "organization" | "groups" | "hosts" | "convenors" | "speakers" | "parent" | "holder" | "handle":
            return title(value)
        case "resources" | "exchanges":
            return title(value)
        case "at" | "since" | "until" | "date" | "open_until" | "posted" | "closed":
            return show.plain_day(value)
        case _:
            return value
