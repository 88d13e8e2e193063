"""`backup`, `restore`, `rehearse`: never to lose a node, and never to fork it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fednet.cli.options import agreed, home_path, json_option, opened, private_allowed, private_option, yes_option
from fednet.cli.output import counted, say, show_fields, show_json, show_table
from fednet.errors import FednetError, UsageError

if TYPE_CHECKING:
    from fednet.node.backup import Key
    from fednet.node.rehearsal import Rehearsal
    from fednet.node.restore import Reread

F = TypeVar("F", bound=Callable[..., Any])

file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
optional_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
passphrase_option = click.option(
    "--passphrase-file",
    type=click.File("r"),
    metavar="FILE",
    help="The passphrase is the first line of FILE; - reads it from stdin.",
)
identity_option = click.option(
    "--identity", type=click.File("r"), metavar="FILE", help="The age key that the backup was encrypted to."
)
from_option = click.option(
    "--from", "urls", multiple=True, metavar="URL", help="Also ask at this address; may be given several times."
)


def _passphrase(file: Any) -> str | None:
    if file is None:
        return None
    line = _text(file, file.readline).rstrip("\r\n")
    if not line:
        raise UsageError("the passphrase is empty")
    return line


def _key(passphrase_file: Any, identity: Any) -> Key:
    from fednet.node.backup import Key

    return Key(_text(identity, identity.read) if identity else None, _passphrase(passphrase_file))


def _text(file: Any, read: Callable[[], str]) -> str:
    try:
        return read()
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not text in UTF-8") from None


@click.command()
@file_argument
@click.option("--to", "recipient", metavar="AGE", help="Encrypt to this age recipient (age1...).")
@passphrase_option
@yes_option
@json_option
def backup(file: Path, recipient: str | None, passphrase_file: Any, yes: bool, as_json: bool) -> None:
    """Write everything but the high-water mark into one file; the node may be serving.

    Private keys are in it only when it is encrypted: --passphrase-file or --to.

    \b
        fednet backup /media/usb/node.backup --passphrase-file passphrase.txt
    """
    from fednet.node import backup as backing
    from fednet.node.home import now

    home = opened()
    if file.exists() and not agreed(f"Replace {file}?", yes):
        raise UsageError(f"{file} was not replaced")
    lock = backing.Lock(recipient, _passphrase(passphrase_file))
    manifest = backing.backup(home, file, now(), lock=lock, overwrite=True)
    made = {
        "file": str(file),
        "network": manifest.network,
        "name": manifest.name,
        "made": manifest.made,
        "bytes": file.stat().st_size,
        "feeds": len(manifest.feeds),
        "records": sum(one.records for one in manifest.feeds),
        "drafts": manifest.counts["draft"],
        "keys": manifest.has_keys,
        "encrypted": bool(lock),
    }
    if as_json:
        show_json([made])
    else:
        show_fields(made.items())
    if not lock:
        say("hint: the private keys are not in it, and whoever has the file can read it; --passphrase-file encrypts it")


@click.command()
@optional_file
@from_option
@click.option("--newest", is_flag=True, help="Nothing was published after what is restored: let the node sign.")
@click.option("--offline", is_flag=True, help="Ask nobody for what was published since.")
@passphrase_option
@identity_option
@yes_option
@private_option
@json_option
def restore(
    file: Path | None,
    urls: tuple[str, ...],
    newest: bool,
    offline: bool,
    passphrase_file: Any,
    identity: Any,
    yes: bool,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Put a backup in place and read this node's own feed again from those who hold it.

    Without FILE, only the own feed is read again. Nothing is signed until it is clear that nothing newer was: the
    high-water mark is there and agrees, or somebody says so. --yes says so of what followers hold, --newest of what is
    restored though nobody holds it.

    \b
        fednet --node ./node restore node.backup --from https://follower.example.org
    """
    from fednet.node import restore as restoring
    from fednet.node.ask import Peer, peers
    from fednet.node.fetch import Fetcher
    from fednet.node.home import Home, now

    directory = home_path()
    private = allow_private or _private_allowed(directory)
    replace = file is not None and (directory / "fednet.db").exists()
    if replace and not agreed(f"Replace the records and edits of the node in {directory}?", yes):
        raise UsageError("nothing was restored")
    key = _key(passphrase_file, identity)

    async def run() -> Reread:
        async with Fetcher(allow_private=private) as fetcher:

            def reach(home: Home) -> list[Peer]:
                return [] if offline else peers(home, fetcher, _bases(urls), at_most=64)

            if file is None:
                return await restoring.reread(opened(), reach, now(), newest=newest)
            return await restoring.restore(directory, file, reach, now(), key=key, replace=replace, newest=newest)

    result = asyncio.run(run())
    if result.standing == "waits" and result.found and _nothing_newer(result, yes):
        restoring.go_on(directory)
        restoring.goes_on(result)
    _show_restored(result, as_json)
    if result.standing != "continues":
        click.get_current_context().exit(1)


def _bases(urls: tuple[str, ...]) -> list[str]:
    from fednet.node.address import base_url

    return [base_url(url) for url in urls]


def _private_allowed(directory: Path) -> bool:
    from fednet.node.home import CONFIG, read_config

    try:
        return read_config(directory / CONFIG).allow_private_addresses
    except FednetError:  # there are none, or the backup's come in their place
        return False


def _nothing_newer(result: Reread, yes: bool) -> bool:
    """Whether the person says that nothing was published after what followers hold; nobody is asked in a script."""
    if yes or not sys.stdin.isatty():
        return yes
    held = ", ".join(f"{one.circle} {one.now}" for one in result.circles)
    return click.confirm(f"The newest that anybody holds is {held}. Was nothing published after that?", err=True)


def _show_restored(result: Reread, as_json: bool) -> None:
    if as_json:
        show_json([result])
    else:
        show_fields([("network", result.name), ("made", getattr(result, "made", "")), ("asked", result.answered),
                     ("drafts", result.drafts), ("signing", result.standing)])  # fmt: skip
        headers = ["circle", "before", "now", "records", "read from"]
        show_table(headers, [(one.circle, one.before, one.now, one.records, one.source) for one in result.circles])
    if not getattr(result, "trust_kept", True):
        say("who is a partner, a member or blocked is as it was then: look at fednet peers and fednet circle list")
        say("who may sign in, and with which password, is as it was then: look at fednet user list")
    if not result.keys:
        say("the keys here are not those of the network's newest identity: fednet keys recover makes new ones")
    say(result.detail)
    if result.hint:
        say(f"hint: {result.hint}")


@click.command()
@optional_file
@click.option("--ask", is_flag=True, help="Also ask followers what they would give back.")
@from_option
@passphrase_option
@identity_option
@private_option
@json_option
def rehearse(
    file: Path | None,
    ask: bool,
    urls: tuple[str, ...],
    passphrase_file: Any,
    identity: Any,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Restore a backup (or one made now) into a temporary place, verify all of it, and say what would be missing.

    Exit 3 when something does not verify, 1 when the backup is not what it says. The node may be serving.

    \b
        fednet rehearse /media/usb/node.backup
    """
    from fednet.node.ask import peers
    from fednet.node.fetch import Fetcher
    from fednet.node.home import now
    from fednet.node.rehearsal import rehearse as rehearse_restore
    from fednet.node.rehearsal import remember

    home = opened()
    key = _key(passphrase_file, identity)

    async def run() -> Rehearsal:
        async with Fetcher(allow_private=private_allowed(home, allow_private)) as fetcher:
            reach = (lambda copy: peers(copy, fetcher, _bases(urls), at_most=64)) if ask or urls else None
            return await rehearse_restore(home, now(), file=file, key=key, reach=reach)

    found = asyncio.run(run())
    remember(home, found, now())
    if as_json:
        show_json([found])
    else:
        _show_rehearsal(found)
    if not found.verified or found.differences:
        click.get_current_context().exit(1 if found.verified else 3)


def _show_rehearsal(found: Rehearsal) -> None:
    headers = ["network", "circle", "edition", "live", "records", "verified"]
    show_table(
        headers,
        [(one.name, one.circle, one.position, one.live, one.records, "yes" if one.ok else "NO") for one in found.feeds],
    )
    for one in found.feeds:
        for problem in one.problems:
            say(f"{one.name}, circle {one.circle}: {problem}")
    for circle in found.reread or ():
        if circle.source:
            say(f"circle {circle.circle}: {circle.source} would give back the editions up to {circle.now}")
    for difference in found.differences:
        say(f"differs: {difference}")
    for missing in found.missing:
        say(f"missing: {missing}")
    if found.destroyed:
        say(f"{counted(found.destroyed, 'record')} erased since would be destroyed again")
    say(f"{counted(found.size, 'byte')} restored and verified in {found.seconds:.1f} s; nothing is left of it")
