"""Needs and offers: the group of its commands, each of which is imported when it is used."""

from __future__ import annotations

import click

from fednet.cli.lazy import Lazy, Places

SUBCOMMANDS: Places = {
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


class Exchange(Lazy):
    """The commands of the exchange."""

    places = SUBCOMMANDS


@click.command(cls=Exchange)
def exchange() -> None:
    """Needs, offers and sources of funding of all networks that are followed, and who may be put in touch.

    \b
        fednet exchange list --unmet
        fednet exchange match
    """
