"""The command line: `fednet [--node DIR] COMMAND`.

A command's module is imported when the command is used, so that each starts as fast as what it needs. Data goes to
stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3 verification refused something, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from fednet.cli.lazy import Lazy, Places
from fednet.errors import FednetError, RefusedError

COMMANDS: Places = {
    "init": ("node.init", "make a new node"),
    "import": ("importing.import_", "read CSV, XLSX, ICS, JSON lines; take an import back"),
    "add": ("records.add", "add a record"),
    "edit": ("records.edit", "change a record"),
    "show": ("records.show", "show a record of any network"),
    "confirm": ("confirming.confirm", "say that records are still right"),
    "due": ("confirming.due", "own records that somebody should confirm"),
    "network": ("network.network", "what this network says of itself: show, edit"),
    "matches": ("matching.matches", "what may be one organisation, listed by several networks"),
    "same": ("matching.same", "say that two records are about the same"),
    "different": ("matching.different", "say that they are not"),
    "withdraw": ("records.withdraw", "take a record out"),
    "erase": ("records.erase", "destroy a record, here and at every follower"),
    "hide": ("hiding.hide", "in an emergency, take records out of every circle"),
    "preview": ("preview.preview", "what leaves this node, and for whom"),
    "publish": ("publishing.publish", "sign an edition of what waits"),
    "serve": ("node.serve", "pages, API, feeds; publish and sync by itself"),
    "follow": ("peers.follow", "verify and pin a network"),
    "peers": ("peers.peers", "whom this node follows"),
    "unfollow": ("peers.unfollow", "let go of a network"),
    "partner": ("circles.partner", "share what is for partners"),
    "circle": ("circles.circle", "audiences: add, list, member"),
    "block": ("peers.block", "refuse a network, and destroy what is held of it"),
    "source": ("sources.source", "where else a network can be read: add, list, remove"),
    "sync": ("syncing.sync", "bring followed networks up to date"),
    "witness": ("witnesses.witness", "who cosigns this node's public editions: add, list, remove"),
    "policy": ("witnesses.policy", "whose cosignatures count for a network that is followed"),
    "evidence": ("evidence.evidence", "proofs of misbehaviour: list, show, check, resolve"),
    "bundle": ("bundles.bundle", "directories in a file: write, read"),
    "site": ("sites.site", "a static site for a plain web host"),
    "status": ("node.status", "own head, followed networks, what to do"),
    "search": ("directory.search", "the global directory"),
    "agenda": ("directory.agenda", "the shared calendar"),
    "plan": ("planning.plan", "before an event: clashes, hours elsewhere, changes of clocks"),
    "exchange": ("exchange.exchange", "needs, offers and funding: what fits, introductions, the chart"),
    "report": ("report.report", "the evaluation of a period: posted, matched, introduced, met"),
    "verify": ("syncing.verify", "re-hash all that is stored against what was signed"),
    "proof": ("proofs.proof", "offline proofs: make, check"),
    "export": ("exporting.export", "write a CSV, XLSX, ICS, VCF or JSON lines file"),
    "keys": ("keys.keys", "show, rotate, recover: who this network is"),
    "backup": ("backups.backup", "write everything but the high-water mark into one file"),
    "restore": ("backups.restore", "put a backup in place; read the own feed again from followers"),
    "rehearse": ("backups.rehearse", "restore into a temporary place, verify, say what would be missing"),
    "dump": ("dumping.dump", "all that is held and shown, byte for byte"),
    "user": ("users.user", "who signs in on this node's pages: add, list, reset, end"),
    "doctor": ("node.doctor", "check the set-up and say what to fix"),
}
"""Where each command lives in this package, and what help says of it; in the order in which help shows them."""

HELP = ["-h", "--help"]
INTERRUPTED = 130


class Commands(Lazy):
    """All commands; and the one place where errors become words and exit codes."""

    places = COMMANDS

    def invoke(self, ctx: click.Context) -> Any:
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
            return answer
        except FednetError as error:
            complain(f"{error.word}: {error.detail}" if isinstance(error, RefusedError) else error.detail, error.hint)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:  # whoever reads our output has enough of it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            complain(f"{error.filename or 'the system'}: {error.strerror or error}", None)
            ctx.exit(1)
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


@click.command(cls=Commands, context_settings={"help_option_names": HELP, "max_content_width": 100})
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
