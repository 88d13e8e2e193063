"""Needs and offers: the group of its commands, each of which is imported when it is used."""

from __future__ import annotations

import importlib

import click

SUBCOMMANDS = {
    "list": ("exchange_entries.list_", "needs, offers and funding; needs that nothing fits come first"),
    "match": ("exchange_entries.match", "what fits an entry, or every own entry, and why"),
    "dismiss": ("exchange_entries.dismiss", "say that two do not fit"),
    "introduce": ("exchange_introductions.introduce", "ask to be introduced to whoever listed an entry"),
    "introductions": ("exchange_introductions.introductions", "who asked whom, and what was answered"),
    "accept": ("exchange_introductions.accept", "say yes to an introduction"),
    "decline": ("exchange_introductions.decline", "say no"),
    "take-back": ("exchange_introductions.take_back", "ask no longer"),
    "outcome": ("exchange_introductions.outcome", "note what came of an introduction"),
    "forget": ("exchange_introductions.forget", "destroy what an introduction holds"),
    "close": ("exchange_closing.close", "close an own entry, with its outcome"),
    "chart": ("exchange_chart.chart", "the chart of needs, offers and funding"),
}
"""Where each subcommand lives in this package, and what help says of it; in the order in which help shows them."""


class Subcommands(click.Group):
    """Subcommands by name, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module, _, name = SUBCOMMANDS[cmd_name][0].partition(".")
        command: click.Command = getattr(importlib.import_module(f"fednet.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in SUBCOMMANDS.items()])


@click.command(cls=Subcommands)
def exchange() -> None:
    """Needs, offers and sources of funding of all networks that are followed, and who may be put in touch.

    \b
        fednet exchange list --unmet
        fednet exchange match
    """
