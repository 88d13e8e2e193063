"""The node as a whole: `init`, `serve`, `status`, `doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from fednet.cli.options import find_matches, home_path, json_option, opened, private_allowed, private_option
from fednet.cli.output import say, show_fields, show_json, show_table
from fednet.errors import FednetError, UsageError

if TYPE_CHECKING:
    from fednet.node.home import Home

PORT = 8400
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@click.command()
@click.option("--name", metavar="NAME", help="The network's name, as others will see it.")
@click.option("--url", metavar="URL", help="Where others will reach this node.")
@click.option(
    "--recovery-out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the recovery key is written; several as FILE-1, FILE-2, ... Default: beside the node's home.",
)
@click.option("--recovery-keys", type=int, default=1, show_default=True, metavar="N", help="How many there are.")
@click.option("--threshold", type=int, default=1, show_default=True, metavar="K", help="How many must sign together.")
@json_option
def init(
    name: str | None, url: str | None, recovery_out: Path | None, recovery_keys: int, threshold: int, as_json: bool
) -> None:
    """Make a new node: keys, identity, database; and recovery keys, each on a sheet to be printed.

    With `--recovery-keys 3 --threshold 2`, any two of three people can recover the network, and none of them alone.

    \b
        fednet --node ./node init --name "Our Network" --url https://node.example.org
    """
    from fednet.feed.identity import fingerprint
    from fednet.node.home import create

    home, sheets = create(home_path(), name, url, recovery_out, recovery_keys=recovery_keys, threshold=threshold)
    made = {
        "home": str(home.path),
        "network": home.network.network,
        "name": home.network.name,
        "fingerprint": fingerprint(home.network.network),
        "recovery": str(sheets[0]) if len(sheets) == 1 else list(map(str, sheets)),
    }
    home.close()
    if as_json:
        show_json([made])
    else:
        show_fields({**made, "recovery": ", ".join(map(str, sheets))}.items())
    tell_to_print(sheets)


def tell_to_print(sheets: Sequence[Path]) -> None:
    from fednet.node.sheet import page_beside

    for file in sheets:
        say(
            f"hint: print {file} (or {page_beside(file).name}, with a code to scan), keep the paper where this "
            "computer is not, and delete the files"
        )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="H", help="The address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="P", help=f"The port to listen at. Default: {PORT}.")
@private_option
def serve(host: str, port: int | None, allow_private: bool) -> None:
    """Serve pages, API and feeds, publish and sync in the background, until Ctrl-C.

    \b
        fednet serve --port 8400
    """
    from fednet.web.serve import serve as serve_web

    home = opened()
    port = _usual_port(home) if port is None else port
    say(f"{home.config.name}: {_here(host, port)}/ (Ctrl-C ends it)")
    try:
        serve_web(
            home,
            host,
            port,
            allow_private=private_allowed(home, allow_private),
            begun=lambda: _welcome_first(home, host, port),
        )
    except SystemExit:  # so ends the server when it cannot listen, with an exit code that means something else here
        raise FednetError(f"cannot listen at {host}:{port}", hint="is it in use? --port chooses another") from None


def _here(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _welcome_first(home: Home, host: str, port: int) -> None:
    """Where a node has no administrator, whoever sits at its terminal may become the first; nobody else."""
    from fednet.node.accounts import first_link
    from fednet.node.home import now

    secret = first_link(home, now())
    if secret is not None:
        say("nobody can sign in yet; this link makes the first administrator. It works once, for a day:")
        # A name and no number, for no browser makes a passkey for a number.
        local = _here("localhost" if host in (*LOOPBACK, "0.0.0.0", "::") else host, port)
        outside = home.config.url if urlsplit(home.config.url or "").hostname not in LOOPBACK else None
        for base in dict.fromkeys((local, (outside or local).rstrip("/"))):
            say(f"  {base}/welcome/{secret}")


def _usual_port(home: Home) -> int:
    """The port that node.toml speaks of, when its url leads straight to this machine."""
    parts = urlsplit(home.config.url or "")
    return parts.port or PORT if parts.hostname in LOOPBACK else PORT


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Show this node's own head and every followed network: edition, age, lag, last error and what to do.

    \b
        fednet status
    """
    from fednet.cli.status import lines, show

    home = opened()
    found = lines(home)
    if as_json:
        show_json(found)
    else:
        show(found)


@click.command()
@click.option("--adopt", is_flag=True, help="This is the one copy of the node: let it sign here.")
@click.option("--newest", is_flag=True, help="With --adopt: nothing was published elsewhere, or after this copy.")
@click.option("--reindex", is_flag=True, help="Make the search index anew.")
@click.option("--offline", is_flag=True, help="Ask nobody, not even at the node's own address.")
@private_option
@json_option
def doctor(adopt: bool, newest: bool, reindex: bool, offline: bool, allow_private: bool, as_json: bool) -> None:
    """Check the set-up and say what to fix. Exit 1 when something is broken.

    After a home was moved or copied, and once the other copy is switched off for good: `fednet doctor --adopt`. If
    nothing was published there after the copy was made, add --newest; else `fednet restore` reads it from followers.

    \b
        fednet doctor
    """
    from fednet.node import doctor as doctoring
    from fednet.node.home import now

    if adopt:
        _adopt(opened(), newest, allow_private, offline)
        say("adopted: this copy may sign")
    if reindex:
        _reindex(opened())
    found = list(doctoring.examine(home_path(), now(), probe=not offline))
    if as_json:
        show_json(found)
    else:
        show_table(["", "check", "found"], [(one.level, one.check, one.detail) for one in found])
        for one in found:
            if one.hint and one.level != "ok":
                say(f"hint: {one.check}: {one.hint}")
    if any(one.level == "fail" for one in found):
        click.get_current_context().exit(1)


def _adopt(home: Home, newest: bool, allow_private: bool, offline: bool) -> None:
    """Others are asked first: what they hold may show that this is not the newest."""
    from fednet.node import ask, doctor

    answers = [] if offline else ask.others(home, allow_private=private_allowed(home, allow_private))
    doctor.adopt(home, newest=newest, asked=ask.settle(home, answers))


def _reindex(home: Home) -> None:
    from fednet.store import index

    with home.store.writing() as db:
        total = index.rebuild(db)
    find_matches(home)
    if not total:
        raise UsageError("there are no records to index", hint="fednet import members.csv")
    say(f"{total:,} records indexed")
