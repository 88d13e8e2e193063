"""The command line: `fednet [--node DIR] COMMAND`.

A command's module is imported when the command is used, so that each starts as fast as what it needs. Data goes to
stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3 verification refused something, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from fednet.errors import FednetError

COMMANDS = {
    "init": "node.init",
    "import": "importing.import_",
    "add": "records.add",
    "edit": "records.edit",
    "show": "records.show",
    "withdraw": "records.withdraw",
    "publish": "publishing.publish",
    "serve": "node.serve",
    "follow": "peers.follow",
    "peers": "peers.peers",
    "unfollow": "peers.unfollow",
    "block": "peers.block",
    "sync": "syncing.sync",
    "verify": "syncing.verify",
    "search": "directory.search",
    "agenda": "directory.agenda",
    "proof": "proofs.proof",
    "export": "exporting.export",
    "status": "node.status",
    "doctor": "node.doctor",
}
"""Where each command lives in this package, in the order in which help shows them."""

INTERRUPTED = 130
ISSUES = "fednet's maintainers"


class Commands(click.Group):
    """Commands by name, imported one at a time; and the one place where errors become words and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        command: click.Command = getattr(importlib.import_module(f"fednet.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except FednetError as error:
            complain(error.detail, error.hint)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:  # whoever reads our output has enough of it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if os.environ.get("FEDNET_DEBUG") == "1":
                raise
            complain(
                f"this is a mistake of the program, not yours: {type(error).__name__}: {error}",
                "FEDNET_DEBUG=1 with the same command shows where; please report that to the maintainers",
            )
            ctx.exit(1)


def complain(message: str, hint: str | None) -> None:
    """An error in two lines on stderr: what is wrong, and what to do next."""
    from fednet.cli.output import plain

    click.echo(f"fednet: {plain(message)}", err=True)
    if hint:
        click.echo(f"hint: {plain(hint)}", err=True)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--node",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="FEDNET_NODE",
    default="node",
    metavar="DIR",
    help="The node's home. Default: $FEDNET_NODE, else ./node.",
)
@click.version_option(package_name="fednet", message="fednet %(version)s")
def main(node: Path) -> None:
    """A federated directory for refugee-rights networks.

    Each network signs what it lists; every node can search and verify the whole.

    \b
        fednet init --name "Our Network"
        fednet import members.csv
        fednet publish
        fednet follow https://node.example.org
        fednet sync
        fednet search "legal aid" --country TH
    """
