"""`preview`: what leaves the node, and for whom, before it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import circle_option, json_option, opened
from fednet.cli.output import counted, differing, say, short, show_entries, show_json, written
from fednet.errors import UsageError

if TYPE_CHECKING:
    from fednet.node.preview import Change, Leaving, View

EVERYBODY = "everybody"


@click.command()
@click.argument("handle", metavar="[HANDLE]", required=False)
@click.option("--as", "kind", metavar="KIND", help="Of a record that is not added yet: its kind.")
@click.option("--fields", "file", type=click.File("rb"), metavar="FILE|-", help="With --as: a JSON object with fields.")
@circle_option
@json_option
def preview(handle: str | None, kind: str | None, file: IO[bytes] | None, circle: str | None, as_json: bool) -> None:
    """Show what waits to be signed, by who will read it; or one record as each audience sees it.

    Nothing is signed, and nobody learns of anything. With --json, one line for each change, or for each audience.
    With --as and --fields a record is shown as it would be if fednet add were given the same; nothing is kept.

    \b
        fednet preview
        fednet preview 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e
        echo '{"type": "need", "titles": {"en": "A trainer"}}' |
          fednet preview --as exchange --fields - --circle partners
    """
    from fednet.cli.records import check_kind, fields_in
    from fednet.node.home import now
    from fednet.node.preview import leaving, made, views, views_with

    home = opened()
    if (kind is None) != (file is None):
        raise UsageError("a record that is not added yet has a kind and fields", hint="give both --as and --fields")
    if kind is not None and file is not None:
        if handle is not None:
            raise UsageError("a record that is not added yet has no handle", hint="leave HANDLE out")
        check_kind(kind)
        _show_views(views_with(home, made(home, kind, fields_in(file), circle, now())), as_json)
    elif handle is not None:
        _show_views(views(home, handle), as_json)
    else:
        _show_leaving(leaving(home), as_json)


def _show_leaving(found: list[Leaving], as_json: bool) -> None:
    if as_json:
        show_json(
            {"circle": one.circle, "readers": one.readers, **_plain(change)} for one in found for change in one.changes
        )
        return
    for one in found:
        say(f"{one.circle}, read by {_readers(one.circle, one.readers)}: {counted(len(one.changes), 'change')}")
        headers = ["leaves", "kind", "title", "handle", "what differs", "note"]
        show_entries(headers, map(_row, one.changes), 3)
    say("fednet publish signs it" if found else "nothing waits to be signed")


def _row(change: Change) -> tuple[str, ...]:
    notes = "; ".join(change.notes)
    return change.leaves, change.kind, change.title, change.handle, differing(change.differences), notes


def _show_views(found: list[View], as_json: bool) -> None:
    if as_json:
        show_json(map(_plain, found))
        return
    for view in found:
        say(f"{view.audience}, {_readers(view.audience, view.readers)}:")
        if not view.records:
            say("  nothing of it")
        show_entries(["kind", "title", "circle", "handle", "fields"], _seen(view), 2)


def _seen(view: View) -> Iterator[tuple[str, ...]]:
    for one in view.records:
        fields = "; ".join(f"{name}: {short(written(value))}" for name, value in one.fields.items() if name != "kind")
        yield one.kind, one.title, f"{one.circle}{' (waits to be signed)' * one.draft}", one.handle, fields


def _readers(audience: str, readers: Iterable[str]) -> str:
    from fednet.node.preview import OWN
    from fednet.store.circles import PUBLIC

    if audience == PUBLIC:
        return EVERYBODY
    return "this network's own people" if audience == OWN else ", ".join(readers) or "nobody yet"


def _plain(value: Change | View) -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(value)
    return found
