"""`dump`: all that is held, byte for byte."""

from __future__ import annotations

import json
from hashlib import sha256

from tests.cli.conftest import Fednet

FIELDS = {"kind": "organization", "names": {"en": "Harbour Legal Aid", "ar": "عون \u200f قانوني"}, "countries": ["TH"]}


def test_dump_writes_position_and_exact_bodies(node: Fednet) -> None:
    added = node("add", "organization", "--json", "-", given=json.dumps(FIELDS))
    assert added.code == 0, added.err
    assert node("publish").code == 0
    feed, record = (line for line in node("dump").lines if line["circle"] == "public")
    assert (feed["epoch"], feed["edition"]) == (1, 1)
    assert record["key"] == sha256(record["handle"].encode()).hexdigest()
    assert json.loads(record["body"]) == FIELDS


def test_nothing_signed_is_nothing_dumped(node: Fednet) -> None:
    assert (node("dump").code, node("dump").out) == (0, "")


def test_a_network_that_is_not_known_is_named(node: Fednet) -> None:
    assert node("dump", "Nobody").code != 0


def test_refusals_begin_with_the_word_of_the_specification(node: Fednet) -> None:
    said = node("proof", "check", "-", given="not a proof\n")
    assert (said.code, said.err.split(": ")[:2]) == (3, ["fednet", "malformed"])
