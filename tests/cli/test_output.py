"""Foreign text is shown, never obeyed."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.cli.output import counted, plain, show_entries, show_json, show_table, written


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("Aster House", "Aster House"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("two\nlines\tand tabs", "two lines and tabs"),
        ("\u202eesrever", "esrever"),
        ("ศูนย์ผู้ลี้ภัย", "ศูนย์ผู้ลี้ภัย"),
        ("\x9b31m", "31m"),
        (12, "12"),
    ],
)
def test_control_characters_and_forced_directions_are_taken_out(found: object, shown: str) -> None:
    assert plain(found) == shown


@given(st.text())
def test_no_text_makes_a_second_line_or_an_escape(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert "\t" not in shown


@given(st.text())
def test_json_is_the_same_text_and_nothing_that_a_terminal_obeys(text: str) -> None:
    with redirect_stdout(StringIO()) as out:
        show_json([{"name": text}])
    assert json.loads(out.getvalue()) == {"name": text}
    assert not set(out.getvalue()) & {"\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066"}


def test_a_pipe_gets_tab_separated_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["name", "number"], [("Aster\tHouse", 1), (None, 2)])
    assert capsys.readouterr().out == "name\tnumber\nAster House\t1\n\t2\n"


def test_a_terminal_gets_a_table_in_which_markup_is_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_table(["name"], [("[bold]Aster[/bold] \x1b[31m",)])
    assert "[bold]Aster[/bold]" in capsys.readouterr().out


def test_a_terminal_gets_long_rows_as_paragraphs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_entries(["title", "kind", "listed by", "edition"], [("Aster", "group", "CCR", "")], heading=2)
    assert [line.strip() for line in click.unstyle(capsys.readouterr().out).splitlines()] == [
        "Aster  group",
        "listed by CCR",
    ]


def test_fields_are_written_in_words() -> None:
    assert written({"en": "Detention", "fr": "Détention"}) == "en: Detention; fr: Détention"
    assert written([{"scheme": "x", "value": "1"}, True]) == "scheme: x; value: 1; yes"


def test_counts_agree_with_their_nouns() -> None:
    assert [counted(n, "record") for n in (0, 1, 1203)] == ["0 records", "1 record", "1,203 records"]
