"""`preview`: before anything leaves the node."""

from __future__ import annotations

from tests.cli.conftest import Fednet
from tests.cli.test_records import added


def test_what_waits_is_shown_with_who_will_read_it(node: Fednet) -> None:
    assert "nothing waits" in node("preview").err
    handle = added(node, '{"names": {"en": "Held"}}')
    said = node("preview")
    assert said.code == 0 and "public, read by everybody: 1 change" in said.err and handle in said.out
    (line,) = node("preview", "--json").lines
    assert (line["circle"], line["leaves"], line["handle"], line["readers"]) == ("public", "new", handle, [])


def test_a_record_is_shown_as_each_audience_sees_it(node: Fednet) -> None:
    handle = added(node, '{"names": {"en": "Held"}}')
    contact = added(node, f'{{"organization": "{handle}", "emails": ["desk@held.example"]}}', "contact")
    lines = {line["audience"]: line["records"] for line in node("preview", handle, "--json").lines}
    assert [one["handle"] for one in lines["public"]] == [handle]
    assert [one["handle"] for one in lines["partners"]] == [handle, contact]
    said = node("preview", contact)
    assert "public, everybody:\n  nothing of it" in said.err and "desk@held.example" in said.out


def test_what_is_not_listed_here_has_no_preview(node: Fednet) -> None:
    said = node("preview", "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e")
    assert said.code == 1 and "lists no record" in said.err


def test_a_record_is_shown_as_each_audience_would_see_it_before_it_is_added(node: Fednet) -> None:
    need = '{"type": "need", "titles": {"en": "A trainer"}}'
    asked = ("preview", "--as", "exchange", "--fields", "-", "--circle", "partners")
    lines = {line["audience"]: line["records"] for line in node(*asked, "--json", given=need).lines}
    assert lines["public"] == []
    assert [one["title"] for one in lines["partners"]] == ["A trainer"]
    assert "public, everybody:\n  nothing of it" in node(*asked, given=need).err
    assert "nothing waits" in node("preview").err


def test_what_could_not_be_added_is_not_shown_and_an_option_alone_is_not_enough(node: Fednet) -> None:
    said = node("preview", "--as", "exchange", "--fields", "-", given='{"type": "hope", "titles": {"en": "x"}}')
    assert said.code == 2 and "hope" in said.err
    assert node("preview", "--as", "exchange").code == 2
    assert node("preview", "--as", "hope", "--fields", "-", given="{}").code == 2
    assert node("preview", "--as", "exchange", "--fields", "-", "--circle", "nowhere", given="{}").code != 0
