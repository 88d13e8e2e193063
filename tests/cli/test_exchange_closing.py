"""`exchange close`: with an outcome, again, opened again, and open for longer."""

from __future__ import annotations

from tests.cli.conftest import Fednet
from tests.cli.test_records import added

NEED = '{"type": "need", "titles": {"en": "A trainer"}, "open_until": "2999-12-31"}'


def test_an_entry_is_closed_with_its_outcome_and_opened_again(node: Fednet) -> None:
    handle = added(node, NEED, "exchange")
    said = node("exchange", "close", handle, "--outcome", "met", "--note", "Found.", "--json")
    (line,) = said.lines
    assert (line["state"], line["outcome"], line["outcome_note"]) == ("closed", "met", {"und": "Found."})
    assert "closed; fednet publish signs it" in said.err
    (line,) = node("exchange", "close", handle, "--reopen", "--json").lines
    assert (line["state"], line["closed"], line["outcome"]) == ("open", None, None)


def test_another_outcome_is_told_and_what_changes_nothing_as_well(node: Fednet) -> None:
    handle = added(node, NEED, "exchange")
    assert node("exchange", "close", handle, "--reopen").code == 2
    node("exchange", "close", handle, "--outcome", "met", "--note", "Found.")
    assert "nothing differs" in node("exchange", "close", handle, "--outcome", "met").err
    said = node("exchange", "close", handle, "--outcome", "not-met", "--json")
    assert "the outcome was met before" in said.err and said.lines[0]["outcome_note"] is None


def test_it_is_kept_open_for_longer(node: Fednet) -> None:
    handle = added(node, NEED, "exchange")
    (line,) = node("exchange", "close", handle, "--until", "3000-01-31", "--json").lines
    assert line["open_until"] == "3000-01-31"
    assert node("exchange", "close", handle, "--until", "2000-01-31").code == 2


def test_what_came_of_it_must_be_said_and_makes_sense_only_of_what_is_closed(node: Fednet) -> None:
    handle = added(node, NEED, "exchange")
    said = node("exchange", "close", handle)
    assert said.code == 2 and "accepted: met, partly-met" in said.err
    assert node("exchange", "close", handle, "--outcome", "met", "--reopen").code == 2
    assert node("exchange", "close", handle, "--note", "Found.").code == 2
    organization = added(node, '{"names": {"en": "Aster House"}}')
    assert node("exchange", "close", organization, "--outcome", "met").code == 2
