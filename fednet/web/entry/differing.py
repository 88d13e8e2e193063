"""Two versions of an entry beside each other, field by field, the words that are not the same marked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from markupsafe import Markup

from fednet.web.entry import entry_forms
from fednet.web.entry.entry_widgets import Context, Said

MOST_WORDS = 1_500
"""Words of a text in which changes are looked for word by word; a longer one is shown as changed as a whole."""

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Row(NamedTuple):
    """What one label says in both versions, in a language; `tag` is None where that does not matter."""

    label: str
    tag: str | None
    before: Markup
    after: Markup


class Changed(NamedTuple):
    """A part of the form that says something else. `conflicts` are fields of it that both sides changed."""

    label: str
    rows: tuple[Row, ...]
    conflicts: tuple[str, ...]


def changed(
    kind: str, before: Mapping[str, Any], after: Mapping[str, Any], context: Context, conflicts: Collection[str] = ()
) -> list[Changed]:
    """What differs between two versions of an entry, in the order of its form."""
    found = []
    for widget in entry_forms.widgets(entry_forms.FIELDS[kind]):
        rows = tuple(_rows(widget.said(before, context), widget.said(after, context)))
        crossed = tuple(name for name in widget.covers if name in conflicts)
        if rows or crossed:
            found.append(Changed(widget.label, rows, crossed))
    return found


def _rows(before: list[Said], after: list[Said]) -> list[Row]:
    old = {(one.label, one.tag): one.text for one in before}
    new = {(one.label, one.tag): one.text for one in after}
    keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    return [Row(*key, *marked(old.get(key, ""), new.get(key, ""))) for key in keys]


def marked(before: str, after: str) -> tuple[Markup, Markup]:
    """Both texts as HTML: what is only in the first as `del`, what is only in the second as `ins`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > MOST_WORDS or len(new) > MOST_WORDS:
        return _as("del", before), _as("ins", after)
    left, right = Markup(""), Markup("")
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        left += Markup("{}").format(gone) if what == "equal" else _as("del", gone)
        right += Markup("{}").format(come) if what == "equal" else _as("ins", come)
    return left, right


def _as(element: str, text: str) -> Markup:
    return Markup(f"<{element}>{{}}</{element}>").format(text) if text else Markup("")
