"""`python -m fednet.cli.reference` prints docs/cli.md, made from what `--help` says."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fednet.cli import HELP, main

WIDTH = 100

HEAD = """\
# The command line

<!-- Made by `make docs` from what --help says; edit the help texts in fednet/cli instead. -->

Data goes to stdout, talk to stderr. Every reading command has `--json`: one JSON object a line. Exit codes: 0 done,
1 failed (and what to do), 2 usage, 3 verification refused something, 130 interrupted. A command that would ask asks
only on a terminal; elsewhere it fails and says which option decides.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections(main, _context(main, "fednet", None))])


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=HELP
    )


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _sections(inner, _context(inner, name, context))


if __name__ == "__main__":
    click.echo(reference(), nl=False)
