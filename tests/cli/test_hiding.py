"""`hide`, in the words of the shell."""

from __future__ import annotations

from tests.cli.conftest import Fednet
from tests.cli.test_records import added

SYRIA = '{"names": {"en": "Endangered House"}, "seat": {"country": "SY"}}'


def test_a_country_is_hidden_listed_and_put_back(node: Fednet) -> None:
    handle = added(node, SYRIA)
    node("publish")
    asked = node("hide", "--country", "SY")
    assert asked.code == 2 and "add --yes" in asked.err
    assert [one["handle"] for one in node("hide", "--country", "sy", "--yes", "--json").lines[0]["going"]] == [handle]
    assert node("search", "endangered", "--json").lines == []
    (row,) = node("hide", "--list", "--json").lines
    assert (row["why"], row["records"], row["unsigned"]) == ("SY", [handle], [])
    refused = node("edit", handle, "--json", "-", given="{}")
    assert refused.code == 1 and "is hidden since" in refused.err and f"fednet hide {handle} --undo" in refused.err
    (back,) = node("hide", "--country", "SY", "--undo", "--json").lines
    node("publish")
    (found,) = node("search", "endangered", "--json").lines
    assert back["renamed"] == {handle: found["handle"]}
    assert "nothing is hidden" in node("hide", "--list").err


def test_what_to_hide_is_said_once_and_makes_sense(node: Fednet) -> None:
    handle = added(node)
    assert node("hide").code == 2
    assert node("hide", handle, "--country", "SY").code == 2
    assert node("hide", "--country", "nowhere", "--yes").code == 2
    assert "nothing is listed of that" in node("hide", "--country", "SY", "--yes").err


def test_a_record_is_named_by_its_handle(node: Fednet) -> None:
    handle = added(node, SYRIA)
    shown = node("hide", handle, "--yes")
    assert shown.code == 0 and "Endangered House" in shown.out
    assert node("hide", handle, "--undo", "--json").lines[0]["records"] == 1
