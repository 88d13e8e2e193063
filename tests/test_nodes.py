"""The example nodes show what they are there for; `make demo` runs all of it."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

from fednet import listing
from fednet.listing.exchange import Exchange, is_closed
from fednet.listing.fit import fit

NODES = Path(__file__).parents[1] / "nodes"


def entries() -> dict[str, list[Exchange]]:
    """What each network lists in JSON lines, as it is parsed."""
    found: dict[str, list[Exchange]] = {}
    for file in sorted(NODES.glob("*/exchange.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = listing.parse(listing.encode(json.loads(line)))
            assert isinstance(record, Exchange)
            found.setdefault(file.parent.name, []).append(record)
    return found


def test_needs_meet_offers_of_other_networks_and_some_are_met_by_nobody() -> None:
    listed = [(network, one) for network, records in entries().items() for one in records if not is_closed(one)]
    needs = [pair for pair in listed if pair[1].type == "need"]
    offers = [pair for pair in listed if pair[1].type != "need"]
    fits = [(a[0], need, b[0]) for a, b in product(needs, offers) if fit(need := a[1], b[1])]
    assert {(one, other) for one, _, other in fits if one != other} >= {("aprrn", "ccr"), ("inrr", "ccr")}
    met = {need.titles["en"] for _, need, _ in fits}
    assert {need.titles["en"] for _, need in needs} - met


def test_every_kind_of_exchange_and_every_stage_is_among_them() -> None:
    every = [one for records in entries().values() for one in records]
    assert {one.type for one in every} == {"need", "offer", "funding"}
    kinds = {"twinning", "secondment", "study-visit", "training", "placement", "mentoring", "list", "conference"}
    assert {one.modality for one in every} >= kinds
    assert {one.stage for one in every} >= {"traditional", "new", "emerging"}
