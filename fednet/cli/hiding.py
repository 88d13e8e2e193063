"""`hide`: in an emergency, a record or a country's records leave every circle in one act, and can be put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from fednet.cli.options import agreed, json_option, opened, private_allowed, private_option, yes_option
from fednet.cli.output import counted, plain, say, show_json, show_table
from fednet.errors import FednetError, UsageError

if TYPE_CHECKING:
    from fednet.node.hiding import Hiding
    from fednet.node.home import Home

REASONS = {
    "named": "named",
    "seat": "is there",
    "only": "is for that country alone",
    "serves": "serves it among others",
    "about": "is about one that goes",
}


class Told(msgspec.Struct, frozen=True):
    """Whether a network that may read a circle has confirmed that it let go of what was hidden."""

    circle: str
    network: str
    name: str
    confirmed: bool
    at: str | None


class Row(msgspec.Struct, frozen=True):
    """An act of hiding that stands. `unsigned`: circles that the records are still in until the next edition."""

    why: str
    title: str
    at: str
    records: tuple[str, ...]
    unsigned: tuple[str, ...]
    networks: tuple[Told, ...]


@click.command()
@click.argument("handle", metavar="HANDLE", required=False)
@click.option("--country", metavar="CC", help="All records of a country: those there, and those for it alone.")
@click.option("--serving", is_flag=True, help="With --country: also those elsewhere that serve it among others.")
@click.option("--undo", is_flag=True, help="Put back what was hidden; the next edition lists it.")
@click.option("--list", "listing", is_flag=True, help="What is hidden, and who has confirmed it.")
@yes_option
@private_option
@json_option
def hide(
    handle: str | None, country: str | None, serving: bool, undo: bool, listing: bool, yes: bool, allow_private: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """In an emergency, take a record or a country's records out of every circle, at once.

    With an organisation go its contacts, people, needs and offers, and the events that it alone holds. Followers are
    told to let go and confirm it; nobody can make them. --undo puts all of it back, under new handles.

    \b
        fednet hide 7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e --yes
        fednet hide --country SY --yes
    """
    home = opened()
    if listing:
        _list(home, as_json)
        return
    what = _what(handle, country)
    if undo:
        _undo(home, what, as_json)
    else:
        _hide(home, what, serving, yes, private_allowed(home, allow_private), as_json)


def _what(handle: str | None, country: str | None) -> str:
    from fednet.node import hiding

    if (handle is None) == (country is None):
        raise UsageError("say what to hide: HANDLE, or --country CC", hint="fednet hide --list shows what is hidden")
    return hiding.asked_for(handle or country or "")


def _hide(home: Home, what: str, serving: bool, yes: bool, private: bool, as_json: bool) -> None:
    from fednet.node import cosigning, hiding
    from fednet.node.home import now

    planned = hiding.planned(home, what, serving=serving)
    if not as_json:
        _show(planned)
    if not planned.going:
        say("nothing is listed of that")
        return
    if not agreed(f"Take {counted(len(planned.going), 'record')} out of every circle now?", yes):
        return
    done = hiding.hide(home, what, now(), serving=serving, expected=None if yes else planned.digest)
    try:
        hiding.spread(home, now(), cosign=cosigning.by_witnesses(home, allow_private=private))
    except FednetError:
        say("taken out here, but not signed yet: followers do not know of it")
        raise
    if as_json:
        show_json([done])
        return
    say(f"{counted(len(done.going), 'record')} hidden and signed; followers let go as they hear of it")
    say("hint: fednet hide --list tells who has confirmed")


def _show(planned: Hiding) -> None:
    show_table(
        ["handle", "kind", "circle", "title", "why"],
        [(one.handle, one.kind, one.circle, one.title, REASONS[one.reason]) for one in planned.going],
    )
    if planned.touched:
        say(f"{counted(len(planned.touched), 'record')} will not name them any more:")
        for one in planned.touched:
            say(f"  {one.kind} {plain(one.title)}")


def _undo(home: Home, what: str, as_json: bool) -> None:
    from fednet.node import hiding
    from fednet.node.home import now

    found = hiding.unhide(home, what, now())
    if as_json:
        show_json([found])
        return
    say(f"{counted(found.records, 'record')} put back; the next edition lists them")
    for old, new in found.renamed.items():
        say(f"{old} is {new} now")
    for handle in found.stuck:
        say(f"{handle} was changed since, and does not name them again")
    if found.gone:
        say(f"{counted(found.gone, 'record')} about what was erased or withdrawn meanwhile destroyed")
    say("hint: fednet publish")


def _list(home: Home, as_json: bool) -> None:
    from fednet.node import hiding

    rows = []
    for act in hiding.acts(home):
        unsigned, heard = hiding.heard(home, act.hidden)
        told = tuple(
            Told(h.circle, h.network.network, h.network.name, h.confirmed, h.told.at if h.told else None) for h in heard
        )
        handles = tuple(row.handle for row in act.hidden)
        rows.append(Row(act.why, act.title, act.at, handles, tuple(unsigned), told))
    if as_json:
        show_json(rows)
        return
    if not rows:
        say("nothing is hidden")
        return
    show_table(
        ["what", "title", "since", "records", "confirmed by", "not yet by"],
        [(one.why, one.title, one.at, len(one.records), _names(one, True), _names(one, False)) for one in rows],
    )
    if any(one.unsigned for one in rows):
        say("not all of it is signed yet")
        say("hint: fednet publish")


def _names(row: Row, confirmed: bool) -> str:
    """Networks that have confirmed all circles, or those that have not."""
    missing = {one.name for one in row.networks if not one.confirmed}
    return ", ".join(sorted({one.name for one in row.networks} - missing if confirmed else missing))
