"""`keys`: who this network is, and how it changes its keys."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fednet.cli.options import agreed, json_option, opened, private_allowed, yes_option
from fednet.cli.output import counted, say, show_fields, show_json, show_table
from fednet.errors import MalformedError, UsageError

if TYPE_CHECKING:
    from fednet.feed.wire import Position
    from fednet.node.epochs import Opened
    from fednet.node.home import Home
    from fednet.node.recovery import Closing, Forged, Later

LAST_GOOD = "last-good"
MAX_TYPED = 64 * 1024

recovery_option = click.option(
    "--recovery",
    "sheets",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="A recovery key's file, once for each; - reads keys that are typed or scanned.",
)


@click.group()
def keys() -> None:
    """Show and change the keys of this network. Changing them takes its recovery keys, which lie on paper.

    \b
        fednet keys show
        fednet keys recover --recovery - --closes last-good
    """


@keys.command()
@json_option
def show(as_json: bool) -> None:
    """Show the public parts: statement, epoch, keys, and which recovery keys there are.

    \b
        fednet keys show
    """
    import msgspec

    from fednet.node.keys import shown

    home = opened()
    found = shown(home.path, home.network.identity)
    if as_json:
        show_json([found])
        return
    fields: dict[str, Any] = msgspec.to_builtins(found)
    ids = zip(fields.pop("recovery_ids"), fields.pop("recovery_keys"), strict=True)
    fields["held"] = "the private keys lie here" if found.held else "not here: fednet keys recover"
    fields["threshold"] = f"{found.threshold} of {counted(len(found.recovery_keys), 'recovery key')}"
    show_fields([(name.replace("_", " "), value) for name, value in fields.items()])
    show_fields([(f"recovery key {key_id}", key) for key_id, key in ids])


@keys.command()
@recovery_option
@yes_option
@json_option
def rotate(sheets: tuple[Path, ...], yes: bool, as_json: bool) -> None:
    """Make new online keys and open a new epoch with them; what was signed until now goes on being believed.

    \b
        fednet keys rotate --recovery recovery-key.txt
    """
    from fednet.node.epochs import rotate as rotate_keys
    from fednet.node.home import now

    home = opened()
    seeds = _seeds(sheets)
    if _agreed("Replace the online keys of this node? Other copies of it can sign nothing any more.", yes):
        _ask_others(home)
        _tell(rotate_keys(home, seeds, now()), as_json)


def _closing(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Closing:
    """Where the logs are closed: `1.42` and `last-good` of public, `CIRCLE=1.7` of another circle."""
    from fednet.node.recovery import Closing

    found: dict[str, Position | None] = {}
    for one in given:
        circle, _, position = one.rpartition("=")
        if (circle or "public") in found:
            raise UsageError(f"where circle {circle or 'public'} is to be closed was said twice")
        found[circle or "public"] = _position(position)
    return Closing(found.pop("public", None), found)


def _position(given: str) -> Position | None:
    """A position; None for the newest that is known here."""
    from fednet.feed.wire import parse_position

    if given == LAST_GOOD:
        return None
    try:
        return parse_position(given)
    except MalformedError:
        raise UsageError(
            f"{given!r} is no position", hint=f"--closes EPOCH.EDITION, for example 1.42; or {LAST_GOOD}"
        ) from None


@keys.command()
@recovery_option
@click.option(
    "--closes",
    "closing",
    multiple=True,
    required=True,
    callback=_closing,
    metavar=f"EPOCH.EDITION|{LAST_GOOD}",
    help="The last edition to be believed of what was signed until now; of another circle: CIRCLE=EPOCH.EDITION.",
)
@click.option(
    "--forged",
    multiple=True,
    metavar="HANDLE|all|none",
    help="What came after the close and is not ours: records, all of it, or none of it.",
)
@click.option("--dry-run", is_flag=True, help="List what came after the close; change nothing.")
@click.option("--as-restored", is_flag=True, help="List what a backup lists, though others may know of erasures since.")
@yes_option
@json_option
def recover(
    sheets: tuple[Path, ...],
    closing: Closing,
    forged: tuple[str, ...],
    dry_run: bool,
    as_restored: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """After a theft or a loss: make new online keys, and void what was signed after an edition.

    All that this node lists is listed again. If somebody had the whole machine, `--dry-run` lists what was changed
    after that edition, and `--forged` says what of it is left out.

    \b
        fednet keys recover --recovery recovery-key.txt --closes last-good
        fednet keys recover --recovery - --closes 1.42 --forged all
    """
    from fednet.node.home import now
    from fednet.node.recovery import later
    from fednet.node.recovery import recover as recover_keys

    home = opened()
    if dry_run:
        _show_later(later(home, closing), as_json)
        return
    seeds = _seeds(sheets)
    question = "Void what was signed after that, and replace the online keys?"
    if _agreed(question, yes):
        _ask_others(home)
        _tell(recover_keys(home, seeds, closing, _forged(forged), now(), as_restored=as_restored), as_json)


@keys.command("change-recovery")
@recovery_option
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the new recovery key is written; several as FILE-1, FILE-2, ...",
)
@click.option("--recovery-keys", type=int, default=1, show_default=True, metavar="N", help="How many there are.")
@click.option("--threshold", type=int, default=1, show_default=True, metavar="K", help="How many must sign together.")
@yes_option
@json_option
def change_recovery(
    sheets: tuple[Path, ...], out: Path, recovery_keys: int, threshold: int, yes: bool, as_json: bool
) -> None:
    """Replace the recovery keys by new ones, on new sheets. The online keys stay.

    \b
        fednet keys change-recovery --recovery old.txt --out new.txt --recovery-keys 3 --threshold 2
    """
    from fednet.cli.node import tell_to_print
    from fednet.node.epochs import change_recovery as change
    from fednet.node.home import now

    home = opened()
    seeds = _seeds(sheets)
    if not _agreed("Replace the recovery keys? The sheets there are now will be of no use.", yes):
        return
    _ask_others(home)
    texts = change(home, seeds, out, recovery_keys=recovery_keys, threshold=threshold, now=now())
    made = {
        "network": home.network.network,
        "statement": home.network.identity.current.sequence,
        "recovery": list(map(str, texts)),
    }
    if as_json:
        show_json([made])
    else:
        show_fields({**made, "recovery": ", ".join(map(str, texts))}.items())
    tell_to_print(texts)


# --- what is asked for and told ---------------------------------------------------------------------------------------


def _ask_others(home: Home) -> None:
    """A restored database may not know of a statement that was published since: followers do."""
    from fednet.node import ask

    ask.check_identity(home, allow_private=private_allowed(home, False))


def _seeds(sheets: Sequence[Path]) -> list[bytes]:
    """The recovery keys of these files, and those typed on stdin for a `-`."""
    from fednet.node.keys import read_recovery, recovery_seeds

    if not sheets:
        raise UsageError("this takes the recovery key", hint="--recovery FILE, or --recovery - to type or scan it")
    seeds: list[bytes] = []
    for sheet in sheets:
        seeds += recovery_seeds("\n".join(_typed())) if str(sheet) == "-" else read_recovery(sheet)
    return seeds


def _typed() -> Iterator[str]:
    """Lines from stdin: until it ends, and on a terminal until an empty one."""
    asked = sys.stdin.isatty()
    if asked:
        say("type or scan the recovery key, or several, one after the other; an empty line ends:")
    room = MAX_TYPED
    while room > 0 and (line := sys.stdin.readline(room)):
        if asked and not line.strip():
            return
        room -= len(line)
        yield line


def _agreed(question: str, yes: bool) -> bool:
    if agreed(question, yes):
        return True
    say("nothing was changed")
    return False


def _forged(given: tuple[str, ...]) -> Forged | None:
    """What a person says of changes after the close; None when nothing was said."""
    from fednet.feed.record import check_handle

    words = {word.strip().lower() for word in given}
    if len(words) > 1 and words & {"all", "none"}:
        raise UsageError("--forged all and --forged none stand alone")
    if words == {"all"}:
        return "all"
    try:
        return None if not words else [check_handle(word) for word in sorted(words - {"none"})]
    except MalformedError as error:
        raise UsageError(error.detail, hint="--dry-run shows handles") from None


def _show_later(found: Sequence[Later], as_json: bool) -> None:
    from fednet.node.own import title_of

    rows = [
        {
            "circle": one.circle,
            "action": one.action,
            "handle": one.handle,
            "key": one.key,
            "signed": one.signed,
            "title": title_of(one.body) if one.body else None,
        }
        for one in found
    ]
    if as_json:
        show_json(rows)
    elif rows:
        headers = ["circle", "action", "handle", "signed", "title"]
        show_table(headers, [[row[header] for header in headers] for row in rows])
        say("hint: --forged HANDLE for each that is not ours, or --forged all, or --forged none")
    else:
        say("nothing was changed after that")


def _tell(done: Opened, as_json: bool) -> None:
    if as_json:
        show_json([done])
        return
    say(
        f"{done.name} is in epoch {done.epoch} now, with new keys, at position {done.position}; "
        f"of what was signed before, everything up to {done.closes} is believed"
    )
    say("hint: fednet backup FILE, for an older backup no longer holds the keys")
