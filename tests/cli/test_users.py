"""Accounts, from the command line; and the link with which the first administrator begins."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.cli.node import _welcome_first
from fednet.errors import NotFoundError
from fednet.node import accounts as people
from fednet.node import links, sessions
from fednet.node.home import Home, now
from fednet.store import accounts, acts
from tests.cli.conftest import Fednet

EDNA = ("user", "add", "edna@members.example", "--name", "Edna Example", "--role", "editor")


def test_an_account_is_added_with_a_link_on_stdout_and_nothing_else_there(node: Fednet, tmp_path: Path) -> None:
    said = node(*EDNA)
    assert said.code == 0 and re.fullmatch(r"/welcome/[\w-]{43}\n", said.out) and "Edna Example" in said.err
    home = Home(tmp_path / "node")
    with home.store.reading() as db:
        assert links.find(db, "welcome", said.out.strip().rpartition("/")[2], now()).account_id == 1
        assert [(act.act, act.role, act.outcome) for act in acts.latest(db)] == [("invited", "command-line", "done")]
    home.close()


def test_accounts_are_listed_as_json_and_as_a_table(node: Fednet) -> None:
    made = node("user", "add", "ada@members.example", "--name", "Ada", "--role", "administrator", "--json").lines[0]
    assert made["role"] == "administrator" and made["link"].startswith("/welcome/")
    node(*EDNA)
    listed = node("user", "list", "--json").lines
    assert [one["email"] for one in listed] == ["ada@members.example", "edna@members.example"]
    assert not any("link" in one for one in listed)
    assert "Edna Example" in node("user", "list").out


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("edna@members.example", "--name", "E", "--role", "editor"), "there is an account"),
        (("noor@members.example", "--name", "", "--role", "editor"), "a name"),
        (("noor", "--name", "Noor", "--role", "editor"), "no e-mail address"),
        (("noor@members.example", "--name", "Noor", "--role", "organization"), "needs one"),
        (("noor@members.example", "--name", "Noor", "--role", "organization", "--organization", "x"), "no such"),
        (("noor@members.example", "--name", "Noor", "--role", "queen"), "queen"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_matter_of_usage(node: Fednet, arguments: tuple[str, ...], said: str) -> None:
    node(*EDNA)
    found = node("user", "add", *arguments)
    assert found.code == 2 and said in found.err


def test_a_reset_signs_out_takes_factors_away_and_gives_a_new_link(node: Fednet, tmp_path: Path) -> None:
    first = node(*EDNA).out.strip().rpartition("/")[2]
    home = Home(tmp_path / "node")
    with home.store.writing() as db:
        edna = accounts.by_email(db, "edna@members.example")
        assert edna is not None
        accounts.set_password(db, edna.id, "hash")
        accounts.set_totp(db, edna.id, b"k" * 20)
        session = sessions.begin(db, edna, now(), whole=True)
    assert node("user", "reset", "edna@members.example").code == 2  # nobody can be asked
    said = node("user", "reset", "Edna@members.example", "--yes")
    assert said.code == 0
    with home.store.reading() as db:
        assert accounts.factors(db, edna.id) == accounts.Factors(None, None, 0, 0)
        assert sessions.find(db, session, now()) is None
        links.find(db, "welcome", said.out.strip().rpartition("/")[2], now())
        with pytest.raises(NotFoundError):
            links.find(db, "welcome", first, now())
    home.close()


def test_an_account_is_ended_but_not_that_of_the_last_administrator(node: Fednet) -> None:
    node("user", "add", "ada@members.example", "--name", "Ada", "--role", "administrator")
    node(*EDNA)
    assert node("user", "end", "edna@members.example", "--yes").code == 0
    assert node("user", "list", "--json").lines[-1]["ended_at"]
    for command in ("end", "reset"):
        assert node("user", command, "edna@members.example", "--yes").code == 2
        assert node("user", command, "nobody@members.example", "--yes").code == 1
    last = node("user", "end", "ada@members.example", "--yes")
    assert last.code == 2 and "last administrator" in last.err


def test_serve_prints_the_link_of_the_first_administrator_until_there_is_one(
    node: Fednet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "node")
    _welcome_first(home, "127.0.0.1", 8400)
    told = capsys.readouterr().err
    secret = re.search(r"http://localhost:8400/welcome/([\w-]{43})", told)
    assert "127.0.0.1" not in told  # no browser makes a passkey for a number
    assert secret and "first administrator" in told
    with home.store.reading() as db:
        assert links.find(db, "first", secret[1], now())
        with pytest.raises(NotFoundError):
            links.find(db, "first", secret[1], now() + timedelta(days=1))
    people.invite(home, name="Ada", email="ada@members.example", role="administrator", now=now())
    _welcome_first(home, "127.0.0.1", 8400)
    assert capsys.readouterr().err == ""
    home.close()
