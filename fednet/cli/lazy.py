"""Groups of commands that import each of these when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import ClassVar

import click

Places = Mapping[str, tuple[str, str]]
"""By the name of a command: `module.function` in this package, and what help says of it; in the order of help."""


class Lazy(click.Group):
    """Commands by name, imported one at a time, of the class's `places`."""

    places: ClassVar[Places]

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name][0].partition(".")
        command: click.Command = getattr(importlib.import_module(f"fednet.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.places.items()])
