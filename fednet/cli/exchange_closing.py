"""`exchange close`: an own need, offer or funding that is met, or over; and opening it again."""

from __future__ import annotations

from typing import Any

import click

from fednet.cli.options import chosen_entry, json_option, opened
from fednet.cli.output import say, show_json
from fednet.errors import UsageError


@click.command()
@click.argument("handle", metavar="HANDLE")
@click.option(
    "--outcome", metavar="OUTCOME", help="What came of it: met, partly-met, met-elsewhere, not-met, no-longer-needed."
)
@click.option("--note", metavar="TEXT", help="A sentence on it, which everybody reads who reads the entry.")
@click.option("--language", metavar="TAG", help="The language of the note. Default: that of the entry.")
@click.option("--reopen", is_flag=True, help="Open it again instead.")
@click.option("--until", metavar="DAY", help="Keep it open until that day instead; with --reopen: its new last day.")
@json_option
def close(
    handle: str, outcome: str | None, note: str | None, language: str | None, reopen: bool, until: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Close an own need, offer or source of funding, and say what came of it. HANDLE may be cut short.

    An entry that is past its last day is over without being closed; closing it tells the others, and the evaluation,
    what came of it. Nothing is destroyed: fednet erase does that.

    \b
        fednet exchange close 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --outcome met --note "A trainer was found."
        fednet exchange close 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --until 2027-03-31
    """
    from fednet.node import closing, edits
    from fednet.node.home import now

    if outcome and (reopen or until):
        raise UsageError("what is open has no outcome", hint="leave --outcome out, or --reopen and --until")
    if note is not None and not outcome:
        raise UsageError("a note says what came of it", hint="give --outcome, too")
    home = opened()
    handle = chosen_entry(home, handle)
    with home.store.reading() as db:
        before = edits.find(db, home, handle)
    if reopen:
        own, done = closing.reopen(home, handle, now(), until), "open again"
    elif until:
        own, done = closing.extend(home, handle, until, now()), f"open until {until}"
    else:
        own, done = closing.close(home, handle, outcome or "", note, now(), language), _closed(before.fields)
    if as_json:
        show_json([{"handle": own.handle, **{name: own.fields.get(name) for name in _TOLD}}])
    say(f"{done}; fednet publish signs it" if own.body != before.body else "nothing differs")


def _closed(before: dict[str, Any]) -> str:
    """Closed, or closed with another outcome than before."""
    was = before.get("outcome")
    return f"closed; the outcome was {was} before" if before.get("state") == "closed" and was else "closed"


_TOLD = ("state", "open_until", "closed", "outcome", "outcome_note")
