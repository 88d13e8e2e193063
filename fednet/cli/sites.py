"""`site`: a folder that any web host can serve, and that others follow like a node."""

from __future__ import annotations

from pathlib import Path

import click

from fednet.cli.options import json_option, opened
from fednet.cli.output import counted, say, show_json


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--include-mirrors", "mirrors", is_flag=True, help="With the public directories of others.")
@json_option
def site(directory: Path, mirrors: bool, as_json: bool) -> None:
    """Write the public directory as a static site to DIR, for a web host that runs no program.

    Again after each edition: only what differs is written. Copy it with whatever takes out what is gone here, as
    rsync --delete does: an erased record is erased from the host then.

    \b
        fednet site ./public
    """
    from fednet.node import sites
    from fednet.node.home import now

    home = opened()
    written = sites.write(home, directory, now(), mirrors=mirrors)
    if as_json:
        show_json([written])
        return
    changed = (
        f"{counted(written.written, 'file')} written, {written.unchanged:,} unchanged, {written.removed:,} removed"
    )
    say(f"{directory}: {', '.join(written.networks)}; {changed}")
    if home.config.url is None:
        say("hint: others follow it at the address under which the folder is served: fednet follow URL")
