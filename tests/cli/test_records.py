"""One record at a time, from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Fednet
from tests.web import place

HOUSE = '{"names": {"en": "Aster House"}, "seat": {"country": "Thailand"}, "services": ["aide juridique"]}'


def added(node: Fednet, fields: str = HOUSE, kind: str = "organization") -> str:
    said = node("add", kind, "--json", "-", given=fields)
    assert said.code == 0, said.err
    return said.out.strip()


def test_a_record_is_added_changed_shown_and_withdrawn(node: Fednet) -> None:
    handle = added(node)
    assert node("edit", handle, "--json", "-", given='{"acronym": "AH", "seat": null}').out.strip() == handle
    (draft,) = node("show", handle, "--json").lines
    assert (draft["draft"], draft["edition"]) == ("put", None)
    assert draft["fields"] == {
        "kind": "organization",
        "acronym": "AH",
        "names": {"en": "Aster House"},
        "services": ["legal-aid"],
    }
    node("publish")
    (listed,) = node("show", handle, "--json").lines
    assert (listed["draft"], listed["epoch"], listed["edition"]) == (None, 1, 1)
    assert listed["networks"][0]["name"] == listed["network_name"] == "Example Network"
    assert listed["verified_at"].endswith("Z")
    assert node("withdraw", handle, "--yes").code == 0
    assert node("show", handle, "--json").lines[0]["draft"] == "drop"
    node("publish")
    assert node("show", handle).code == 1


def test_withdrawing_asks_and_without_a_terminal_says_which_option_decides(node: Fednet) -> None:
    said = node("withdraw", added(node))
    assert said.code == 2
    assert "Withdraw 'Aster House'?" in said.err
    assert "hint: add --yes" in said.err


def test_contacts_go_to_partners_unless_chosen_otherwise(node: Fednet) -> None:
    fields = f'{{"organization": "{added(node)}", "emails": ["x@aster.example"]}}'
    shown = node("show", added(node, fields, "contact"), "--json").lines[0]
    assert shown["circle"] == "partners"
    said = node("add", "contact", "--circle", "public", "--json", "-", given=fields)
    assert node("show", said.out.strip(), "--json").lines[0]["circle"] == "public"


def test_what_makes_no_sense_is_refused_as_usage(node: Fednet) -> None:
    wrong = node("add", "organization", "--json", "-", given='{"names": {"en": "A"}, "services": ["legal advise"]}')
    assert wrong.code == 2
    assert 'did you mean "legal-aid"' in wrong.err
    assert node("add", "organisation", "--json", "-", given=HOUSE).code == 2
    assert node("add", "organization", "--json", "-", given="[1]").code == 2
    assert node("add", "organization", "--json", "-", given="\xff").code == 2
    assert node("add", "organization", "--circle", "No Circle!", "--json", "-", given=HOUSE).code == 2
    assert node("show", "nonsense").code == 2
    assert node("edit", "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e", "--json", "-", given="{}").code == 1


def test_an_edit_that_changes_nothing_says_so(node: Fednet) -> None:
    handle = added(node)
    node("publish")
    assert "nothing differs" in node("edit", handle, "--json", "-", given='{"names": {"en": "Aster House"}}').err
    assert node("publish", "--json").lines == []


def test_an_organisation_is_shown_with_what_other_networks_say_of_it(fednet: Fednet, tmp_path: Path) -> None:
    home = place.node(tmp_path)
    home.close()
    (ours,) = (one for one in fednet("search", "paper boat", "--kind", "organization", "--json").lines)
    (shown,) = fednet("show", ours["handle"], "--json").lines
    assert [one["network_name"] for one in shown["statements"]] == [
        "Asia Pacific Example Network",
        "Canadian Example Council",
    ]
    assert "names" in shown["differences"] and "website" not in shown["differences"]
    said = fednet("show", ours["handle"]).out
    assert "Canadian Example Council" in said and "the same website" in said and "names there" in said
    (event,) = fednet("search", "winnipeg", "--json").lines
    assert "statements" not in fednet("show", event["handle"], "--json").lines[0]


def test_what_waits_for_a_record_is_taken_back_and_signing_can_be_put_on_hold(node: Fednet) -> None:
    handle = added(node)
    assert node("edit", handle, "--as-signed").code == 1  # nothing is signed yet: it is withdrawn instead
    node("publish")
    node("edit", handle, "--json", "-", given='{"acronym": "AH"}')
    assert node("edit", handle, "--as-signed", "--circle", "partners").code == 2
    assert node("edit", handle, "--as-signed").out.strip() == handle
    assert node("preview", "--json").lines == []
    assert "acronym" not in node("show", handle, "--json").lines[0]["fields"]
    assert "wait until" in node("publish", "--hold").err
    node("edit", handle, "--json", "-", given='{"acronym": "AH"}')
    assert len(node("preview", "--json").lines) == 1
    assert len(node("publish", "--json").lines) == 1  # whoever says so signs
    assert "by itself" in node("publish", "--by-itself").err
