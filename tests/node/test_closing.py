"""Needs, offers and funding from the day they are posted to the day they are closed; twinnings with what they get."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fednet.directory import exchange
from fednet.directory.search import OPERATOR
from fednet.errors import UsageError
from fednet.formats import Entry, Reading
from fednet.listing import ListingError
from fednet.listing.exchange import open_day
from fednet.node import closing, edits, ending, hiding, proposals
from fednet.node import home as homes
from fednet.node.edits import Own
from fednet.node.home import Home
from fednet.node.imports import import_reading
from fednet.node.publish import publish
from fednet.node.undo import undo
from fednet.store.proposals import Proposal

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
NEED = {"type": "need", "titles": {"en": "A trainer in mediation"}, "original": "en"}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found, _ = homes.create(tmp_path / "node", "Example Network", None, tmp_path / "recovery.txt")
    yield found
    found.close()


def posted(home: Home, **fields: Any) -> Own:
    return edits.add(home, "exchange", {**NEED, **fields}, NOW)


def fields_of(home: Home, handle: str) -> dict[str, Any]:
    with home.store.reading() as db:
        return edits.find(db, home, handle).fields


def organization(home: Home, name: str) -> str:
    return edits.add(home, "organization", {"names": {"en": name}}, NOW).handle


# --- posted -----------------------------------------------------------------------------------------------------------


def test_the_day_of_posting_stays_when_it_is_given_and_when_it_is_edited(home: Home) -> None:
    assert posted(home).fields["posted"] == "2026-11-21"
    own = posted(home, posted="2026-10-01")
    edits.edit(home, own.handle, {"stage": "new"}, LATER)
    assert fields_of(home, own.handle)["posted"] == "2026-10-01"


def test_an_import_posts_what_is_new_and_the_same_file_later_changes_nothing(home: Home) -> None:
    reading = Reading([Entry("a", {"kind": "exchange", **NEED})], [], [])
    first = import_reading(home, reading, "needs.csv", NOW)
    handle = first.records[0].handle
    assert fields_of(home, handle)["posted"] == "2026-11-21"
    again = import_reading(home, reading, "needs.csv", LATER)
    assert (again.count("unchanged"), again.id) == (1, None)
    newer = Reading([Entry("a", {"kind": "exchange", **NEED, "stage": "new"})], [], [])
    changed = import_reading(home, newer, "needs.csv", LATER)
    assert fields_of(home, handle)["posted"] == "2026-11-21"
    assert changed.id is not None
    undo(home, changed.id, LATER)
    assert fields_of(home, handle) == {"kind": "exchange", **NEED, "posted": "2026-11-21"}


def test_an_entry_from_before_there_was_a_day_gets_none_by_being_edited(home: Home) -> None:
    own = posted(home)
    edits.edit(home, own.handle, {"posted": None}, NOW)
    edits.edit(home, own.handle, {"stage": "new"}, LATER)
    assert "posted" not in fields_of(home, own.handle)


def test_an_import_finds_the_own_organisation_that_alone_bears_a_name_or_acronym_and_all_its_readers_know(
    home: Home,
) -> None:
    mine = edits.add(home, "organization", {"names": {"en": "Aster House"}, "acronym": "AH"}, NOW).handle
    for _again in range(2):
        organization(home, "Same Name")
    edits.add(home, "organization", {"names": {"en": "Birch Clinic"}}, NOW, "partners")

    def became(name: str, circle: str) -> Any:
        told = {"kind": "exchange", **NEED, "organization": {"source": name.casefold(), "name": name}}
        reading = Reading([Entry(f"{name} {circle}", told)], [], [])
        (record,) = import_reading(home, reading, "needs.csv", NOW, circle=circle).records
        return fields_of(home, record.handle)["organization"]

    assert became("aster house", "public") == became("AH", "partners") == mine
    assert became("Same Name", "public") == "Same Name"
    assert became("Birch Clinic", "public") == "Birch Clinic"
    assert became("Birch Clinic", "partners") != "Birch Clinic"


# --- closing ----------------------------------------------------------------------------------------------------------


def test_closing_says_when_and_what_came_of_it_in_the_language_of_the_entry(home: Home) -> None:
    own = posted(home)
    closing.close(home, own.handle, "Met", "A trainer was found.", LATER)
    found = fields_of(home, own.handle)
    assert (found["state"], found["closed"], found["outcome"]) == ("closed", "2026-11-24", "met")
    assert found["outcome_note"] == {"en": "A trainer was found."}


def test_closed_again_it_keeps_its_day_and_a_note_on_the_same_outcome(home: Home) -> None:
    own = posted(home)
    for _ in range(2):
        closing.close(home, own.handle, "met", "Found.", NOW)
        closing.close(home, own.handle, "met", None, LATER)
        found = fields_of(home, own.handle)
        assert (found["closed"], found["outcome_note"]) == ("2026-11-21", {"en": "Found."})
        closing.close(home, own.handle, "partly-met", None, LATER)
        assert "outcome_note" not in fields_of(home, own.handle)
    closing.close(home, own.handle, "met", " ", LATER)
    assert "outcome_note" not in fields_of(home, own.handle)


def test_whoever_closes_it_by_its_form_need_not_fill_in_the_day(home: Home) -> None:
    own = posted(home)
    assert edits.edit(home, own.handle, {"state": "closed"}, LATER).fields["closed"] == "2026-11-24"
    assert edits.edit(home, own.handle, {"closed": None}, LATER).fields.get("closed") is None
    edits.edit(home, own.handle, {"state": "open"}, LATER)
    told = {"state": "closed", "closed": "2026-11-22"}
    assert edits.edit(home, own.handle, told, LATER).fields["closed"] == "2026-11-22"


def test_opened_again_it_says_nothing_of_having_been_closed(home: Home) -> None:
    own = posted(home, open_until="2026-12-31")
    before = fields_of(home, own.handle)
    closing.close(home, own.handle, "not-met", "Nobody.", NOW)
    closing.reopen(home, own.handle, LATER)
    assert fields_of(home, own.handle) == {**before, "state": "open"}


def test_what_is_past_its_day_is_opened_only_with_a_new_one(home: Home) -> None:
    own = posted(home, open_until="2026-11-22")
    closing.close(home, own.handle, "not-met", None, NOW)
    with pytest.raises(ListingError, match="is past"):
        closing.reopen(home, own.handle, LATER)
    assert closing.reopen(home, own.handle, LATER, "2027-01-31").fields["open_until"] == "2027-01-31"


def test_an_open_one_is_kept_open_for_longer_and_a_closed_one_is_not(home: Home) -> None:
    own = posted(home, open_until="2026-11-22")
    assert closing.extend(home, own.handle, "2026-12-31", LATER).fields["open_until"] == "2026-12-31"
    with pytest.raises(ListingError, match="is past"):
        closing.extend(home, own.handle, "2026-11-01", LATER)
    closing.close(home, own.handle, "met", None, LATER)
    with pytest.raises(UsageError, match="is closed"):
        closing.extend(home, own.handle, "2027-12-31", LATER)


def test_an_outcome_that_nobody_knows_and_another_kind_are_refused(home: Home) -> None:
    own = posted(home)
    with pytest.raises(ListingError, match="no outcome we know"):
        closing.close(home, own.handle, "splendid", None, NOW)
    with pytest.raises(ListingError, match="is missing"):
        closing.close(home, own.handle, "", None, NOW)
    with pytest.raises(UsageError, match="kind organization"):
        closing.close(home, organization(home, "Aster House"), "met", None, NOW)


def test_a_members_closing_waits_for_approval_where_edits_do(home: Home) -> None:
    mine = organization(home, "Aster House")
    own = posted(home, organization=mine)
    changes = closing.closed(own.fields, "met", "Found.", LATER)
    waiting = proposals.submit(home, proposals.Proposer(mine), "exchange", own, changes, own.circle, LATER, waits=True)
    assert isinstance(waiting, Proposal)
    assert "state" not in fields_of(home, own.handle)
    proposals.approve(home, waiting.id, LATER)
    assert fields_of(home, own.handle)["outcome"] == "met"


# --- twinnings --------------------------------------------------------------------------------------------------------


def twinned(home: Home, *twins: Any, **fields: Any) -> Own:
    return edits.add(home, "twinning", {"organizations": list(twins), **fields}, NOW)


def test_a_new_twinning_gets_a_uid_and_own_organisations_their_network(home: Home) -> None:
    mine = organization(home, "Aster House")
    own = twinned(home, {"handle": mine, "name": "Aster House"}, "Birch Clinic")
    assert own.fields["organizations"][0]["network"] == home.network.network
    assert "network" not in own.fields["organizations"][1]
    again = edits.edit(home, own.handle, {"goals": {"en": "To learn"}}, NOW)
    assert again.fields["uid"] == own.fields["uid"]
    assert twinned(home, "One", "Two", uid=own.fields["uid"]).fields["uid"] == own.fields["uid"]


def test_an_imported_twinning_finds_the_own_organisation_and_comes_again_without_change(home: Home) -> None:
    mine = organization(home, "Aster House")
    told = {"kind": "twinning", "organizations": [{"name": "Aster House"}, {"name": "Birch Clinic"}]}
    reading = Reading([Entry("a", told)], [], [])
    (record,) = import_reading(home, reading, "twinnings.jsonl", NOW).records
    ours, theirs = fields_of(home, record.handle)["organizations"]
    assert ours == {"network": home.network.network, "handle": mine, "name": "Aster House"}
    assert theirs == {"name": "Birch Clinic"}
    assert import_reading(home, reading, "twinnings.jsonl", LATER).count("unchanged") == 1


def test_hiding_an_organisation_hides_its_entries_and_its_twinnings_and_puts_them_back(home: Home) -> None:
    mine, other = organization(home, "Aster House"), organization(home, "Birch Clinic")
    need = posted(home, organization=mine)
    both = twinned(home, {"handle": mine, "name": "Aster House"}, {"handle": other, "name": "Birch Clinic"})
    kept = twinned(home, {"handle": other, "name": "Birch Clinic"}, "Cedar House", exchanges=[need.handle])
    publish(home, NOW)
    done = hiding.hide(home, mine, NOW)
    assert {one.handle for one in done.going} == {mine, need.handle, both.handle}
    assert "exchanges" not in fields_of(home, kept.handle)
    found = hiding.unhide(home, mine, NOW)
    back = fields_of(home, found.renamed.get(both.handle, both.handle))
    assert back["organizations"][0]["handle"] == found.renamed.get(mine, mine)


def test_an_organisation_does_not_leave_a_twinning_behind_when_it_moves_out_of_sight(home: Home) -> None:
    mine = organization(home, "Aster House")
    own = twinned(home, {"handle": mine, "name": "Aster House"}, "Birch Clinic")
    publish(home, NOW)
    with pytest.raises(UsageError, match=own.handle):
        edits.edit(home, mine, {}, NOW, "partners")


# --- which end soon ---------------------------------------------------------------------------------------------------


def test_what_is_over_or_ends_soon_waits_for_somebody_the_most_urgent_first(home: Home) -> None:
    today = NOW.date()
    over, soon = (
        posted(home, posted="2026-01-01", open_until="2026-11-20"),
        posted(home, posted="2026-01-01", open_until="2026-12-05"),
    )
    posted(home, posted="2026-01-01", open_until="2026-12-06")
    posted(home)
    closing.close(home, posted(home, open_until="2026-11-30").handle, "met", None, NOW)
    edits.withdraw(home, posted(home, posted="2026-01-01", open_until="2026-11-30").handle, NOW)
    hidden = posted(home, posted="2026-01-01", open_until="2026-11-30")
    publish(home, NOW)
    hiding.hide(home, hidden.handle, NOW)
    with home.store.reading() as db:
        found = ending.ending(db, home, today)
    assert [(one.handle, one.left, one.is_over) for one in found] == [(over.handle, -1, True), (soon.handle, 14, False)]


# --- whose they are ---------------------------------------------------------------------------------------------------

HOUSE = {"names": {"en": "Aster House"}, "acronym": "AH"}


def test_the_name_of_an_own_organisation_becomes_its_handle(home: Home) -> None:
    house = edits.add(home, "organization", HOUSE, NOW).handle
    assert posted(home, organization="aster  house").fields["organization"] == house
    need = posted(home, organization="Elsewhere")
    assert need.fields["organization"] == "Elsewhere"
    assert edits.edit(home, need.handle, {"organization": "AH"}, NOW).fields["organization"] == house
    twins = [{"name": "Aster House"}, {"name": "Aster House", "network": "x" * 32}]
    with pytest.raises(ListingError):
        edits.add(home, "twinning", {"organizations": twins}, NOW)
    stated = edits.add(home, "twinning", {"organizations": [{"name": "Aster House"}, {"name": "Elsewhere"}]}, NOW)
    assert [one.get("handle") for one in stated.fields["organizations"]] == [house, None]


def test_a_name_stays_where_readers_may_not_know_of_the_organisation_or_two_bear_it(home: Home) -> None:
    edits.add(home, "organization", HOUSE, NOW, "partners")
    assert posted(home, organization="Aster House").fields["organization"] == "Aster House"
    edits.add(home, "organization", HOUSE, NOW)
    assert posted(home, organization="Aster House").fields["organization"] == "Aster House"


# --- days and outcomes that contradict each other ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"posted": "2099-01-01"}, "posted"),
        ({"state": "closed", "closed": "2099-01-01"}, "closed"),
        ({"state": "closed", "closed": "1999-01-01", "posted": "2026-01-01"}, "closed"),
        ({"state": "open", "outcome": "met"}, "outcome"),
    ],
)
def test_what_cannot_be_is_refused_by_hand_and_left_out_of_imports(
    home: Home, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(ListingError) as refused:
        posted(home, **fields)
    assert refused.value.field == field
    handle = posted(home).handle
    with pytest.raises(ListingError):
        edits.edit(home, handle, fields, NOW)


def test_of_what_was_closed_long_ago_nobody_knows_when_it_was_posted(home: Home) -> None:
    assert "posted" not in posted(home, state="closed", closed="2020-05-01").fields


def test_it_is_open_until_its_last_day_has_passed_everywhere(home: Home) -> None:
    """On the desk, on pages, and for whoever answers."""
    handle = posted(home, posted="2026-10-01", open_until="2026-11-22").handle
    publish(home, NOW)
    for hours, state in ((0, "open"), (41, "open"), (42, "over")):
        now = NOW + timedelta(hours=hours)
        assert exchange.entry(home.store, handle, OPERATOR, now).state == state
        with home.store.reading() as db:
            [one] = ending.ending(db, home, open_day(now))
        assert one.is_over is (state == "over")
