"""The words of a body are the same in every process: a record leaves the index with exactly those it went in with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fednet import listing
from fednet.store import index
from tests.directory.world import event, organization

BODIES = [
    organization(
        {"en": "Paper Boat Legal Aid", "fr": "Bateau de papier", "th": "เรือกระดาษ", "ar": "قارب ورقي",},
        acronym="PBLA",
        former_names=["Origami Law", "Folded Boat"],
        countries=["TH", "MM", "035"],
        services=["legal-aid", "detention", "housing"],
        client_groups=["children", "refugees"],
        languages=["th", "my", "en"],
        identifiers=[{"scheme": "XX-1", "value": "7"}, {"scheme": "XX-2", "value": "9"}],
        website="https://paper-boat.example",
    ),
    event("Call", "2026-12-01T10:00:00", zone="Asia/Bangkok", uid="call-of-december", parent="consultation-2027"),
    {"kind": "group", "names": {"en": "Youth", "fr": "Jeunes", "es": "Jóvenes"}, "countries": ["MY", "BD"]},
    {"kind": "person", "name": "Member 1", "expertise": ["law", "health"]},
]  # fmt: skip

PRINT = (
    "import sys; from fednet.store import index\nfor line in sys.stdin.buffer: print(index.indexed(1, line.strip()))"
)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_words_of_a_body_are_the_same_in_every_process(seed: str) -> None:
    bodies = [listing.encode(body) for body in BODIES]
    told = subprocess.run(
        [sys.executable, "-c", PRINT],
        input=b"\n".join(bodies),
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        cwd=Path(__file__).parents[2],
        check=True,
    ).stdout.decode()
    assert told.splitlines() == [str(index.indexed(1, body)).replace("\n", "\\n") for body in bodies]
