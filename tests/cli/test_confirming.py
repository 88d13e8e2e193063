"""Saying that records are still right, and what a network says of itself, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Fednet

UNKNOWN = "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e"


def added(node: Fednet, name: str, more: str = "") -> str:
    said = node("add", "organization", "--json", "-", given=f'{{"names": {{"en": "{name}"}}{more}}}')
    assert said.code == 0, said.err
    return said.out.strip()


def test_what_is_due_is_confirmed_and_then_not_due_any_more(node: Fednet) -> None:
    old = added(node, "Aster House", ', "confirmed": "2019-05-01"')
    never = added(node, "Rose House")
    node("publish")
    assert [(one["handle"], one["state"], one["draft"]) for one in node("due", "--json").lines] == [
        (old, "stale", False),
        (never, "never", False),
    ]
    said = node("confirm", old, never, "--by", "the secretariat", "--json")
    assert said.code == 0 and [one["by"] for one in said.lines] == ["the secretariat"] * 2
    assert node("due", "--json").lines == []
    node("publish")
    assert node("due", "--json").lines == []
    assert node("show", old, "--json").lines[0]["fields"]["confirmed"]["by"] == "the secretariat"


def test_nobody_need_be_named_and_handles_may_come_from_another_command(node: Fednet) -> None:
    handles = [added(node, name) for name in ("One", "Two")]
    said = node("confirm", "-", "--at", "2026-01-31", "--json", given="\n".join(handles) + "\n\n")
    assert [(one["handle"], one["at"], one["by"]) for one in said.lines] == [
        (handle, "2026-01-31", "Example Network") for handle in handles
    ]
    again = node("confirm", "-", "--at", "2026-01-31", given=f"{handles[0]}\tone\n")
    assert again.code == 0


def test_all_are_confirmed_or_none(node: Fednet) -> None:
    handle = added(node, "One")
    assert node("confirm", handle, UNKNOWN).code == 1
    assert "confirmed" not in node("show", handle, "--json").lines[0]["fields"]


@pytest.mark.parametrize("given", [["nonsense"], [UNKNOWN, "--at", "9999-12-31"], [UNKNOWN, "--at", "yesterday"], []])
def test_what_makes_no_sense_is_usage(node: Fednet, given: list[str]) -> None:
    assert node("confirm", *given).code == 2


def test_due_takes_a_day_and_a_limit(node: Fednet) -> None:
    for year in (2019, 2020, 2021):
        added(node, f"House of {year}", f', "confirmed": "{year}-05-01"')
    assert [one["since"] for one in node("due", "--before", "2020-05-02", "--json").lines] == [
        "2019-05-01",
        "2020-05-01",
    ]
    said = node("due", "--limit", "1")
    assert "House of 2019" in said.out and "House of 2020" not in said.out
    assert "3 records due, 1 shown" in said.err
    assert node("due", "--before", "soon").code == 2


def test_contacts_in_a_circle_are_due_as_well(node: Fednet) -> None:
    fields = f'{{"organization": "{added(node, "One")}", "emails": ["x@one.example"]}}'
    handle = node("add", "contact", "--json", "-", given=fields).out.strip()
    assert [(one["kind"], one["title"]) for one in node("due", "--json").lines] in (
        [("contact", "One"), ("organization", "One")],
        [("organization", "One"), ("contact", "One")],
    )
    node("publish")
    (contact,) = (one for one in node("due", "--json").lines if one["handle"] == handle)
    assert (contact["circle"], contact["title"]) == ("partners", "One")


def test_a_network_says_of_itself_how_long_its_confirmations_hold(node: Fednet) -> None:
    handle = added(node, "One")
    node("confirm", handle, "--at", "2026-01-01")
    assert node("network", "show", "--json").lines == [
        {"handle": None, "draft": False, "fields": {"names": {}, "confirm_within_days": 365}}
    ]
    said = node("network", "edit", "--json", "-", given='{"confirm_within_days": 1, "website": "us.example"}')
    assert said.code == 0, said.err
    node("publish")
    (itself,) = node("network", "show", "--json").lines
    assert itself["fields"]["names"] == {"und": "Example Network"} and itself["handle"] == said.out.strip()
    assert [one["handle"] for one in node("due", "--json").lines] == [handle]
    node("network", "edit", "--json", "-", given='{"confirm_within_days": 3650, "website": null}')
    node("publish")
    (itself,) = node("network", "show", "--json").lines
    assert itself["fields"]["confirm_within_days"] == 3650 and "website" not in itself["fields"]
    assert node("due", "--json").lines == []


def test_a_network_speaks_of_itself_once_and_in_public(node: Fednet) -> None:
    fields = '{"names": "Us"}'
    assert node("add", "network", "--circle", "partners", "--json", "-", given=fields).code == 2
    first = node("add", "network", "--json", "-", given=fields)
    assert first.code == 0
    for _ in range(2):  # as a draft, and signed
        second = node("add", "network", "--json", "-", given=fields)
        assert second.code == 2 and "fednet network edit" in second.err
        node("publish")
    assert node("edit", first.out.strip(), "--circle", "partners").code == 2
    assert node("withdraw", first.out.strip(), "--yes").code == 0
    assert node("add", "network", "--json", "-", given=fields).code == 0


def test_a_network_is_found_when_it_is_asked_for(node: Fednet) -> None:
    node("add", "network", "--json", "-", given='{"names": "Harbour"}')
    added(node, "Harbour House")
    node("publish")
    assert [one["kind"] for one in node("search", "harbour", "--json").lines] == ["organization"]
    assert [one["kind"] for one in node("search", "--kind", "network", "--json").lines] == ["network"]


def test_status_counts_what_is_complete_stale_and_withheld(node: Fednet) -> None:
    whole = ', "seat": "TH", "type": "ngo", "languages": ["th"], "website": "one.example", "confirmed": "2019-01-01"'
    whole = whole.replace('"TH"', '{"country": "TH"}')
    handle = added(node, "One", whole)
    added(node, "Two")
    node("add", "contact", "--json", "-", given=f'{{"organization": "{handle}", "emails": ["x@one.example"]}}')
    node("publish")
    public, partners = node("status", "--json").lines
    assert (public["organizations"], public["complete"], public["stale"], public["never_confirmed"]) == (2, 1, 1, 1)
    assert (public["withheld"], partners["withheld"], public["silent"]) == (1, None, None)
    assert "withheld" in node("status").out


def test_an_import_changes_what_the_network_says_of_itself_and_adds_no_second_record(
    node: Fednet, tmp_path: Path
) -> None:
    (tmp_path / "us.jsonl").write_text(
        '{"kind": "network", "names": {"en": "Us"}, "confirm_within_days": 90}\n'
        '{"kind": "network", "names": {"en": "Us again"}, "source": "other"}\n'
    )
    node("import", "us.jsonl")
    (itself,) = node("network", "show", "--json").lines
    assert itself["fields"]["confirm_within_days"] == 90
    (tmp_path / "others.jsonl").write_text('{"kind": "network", "names": {"en": "Us"}, "confirm_within_days": 30}\n')
    assert node("import", "others.jsonl").code == 0
    node("publish")
    assert [one["fields"]["confirm_within_days"] for one in node("search", "--kind", "network", "--json").lines] == [30]
    assert node("network", "show", "--json").lines[0]["handle"] == itself["handle"]
