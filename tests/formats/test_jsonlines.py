from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.errors import FednetError
from fednet.formats import UnreadableFileError
from tests.formats.files import reading


def test_a_body_a_line_is_checked_and_kept_with_unknown_fields(tmp_path: Path) -> None:
    line = {
        "kind": "organization",
        "names": {"en": "Harbour House"},
        "services": ["aide juridique"],
        "future": {"x": 1},
    }
    found = reading(tmp_path, json.dumps(line) + "\n\n{broken\n[1]\n", "records.jsonl")
    assert found.entries[0].fields == line | {"services": ["legal-aid"]}
    assert found.entries[0].source == "harbour house"
    assert [(error.line, error.reason) for error in found.refused] == [(3, "is not JSON"), (4, "is not a JSON object")]


def test_a_handle_is_the_source(tmp_path: Path) -> None:
    line = {
        "handle": "h-1",
        "network": "n",
        "kind": "event",
        "titles": {"en": "A"},
        "type": "caucus",
        "start": "2026-05-01",
        "all_day": True,
    }
    [entry] = reading(tmp_path, json.dumps(line), "records.jsonl").entries
    assert entry.source == "handle:h-1"
    assert "handle" not in entry.fields


def test_bodies_need_no_kind_when_it_is_given(tmp_path: Path) -> None:
    found = reading(tmp_path, '[{"names": {"en": "A"}}, {"names": {}}]', "records.json", kind="organization")
    assert len(found.entries) == 1
    assert found.refused[0].line == 2


def test_plain_objects_are_rows_of_a_table(tmp_path: Path) -> None:
    found = reading(tmp_path, '[{"nom": "Maison", "secteurs": ["Santé", "WASH"], "pays": "Tchad"}]', "rows.json")
    assert found.entries[0].fields["services"] == ["health", "water-sanitation"]


def test_a_wrong_value_costs_the_field_and_a_missing_name_the_record(tmp_path: Path) -> None:
    lines = [{"kind": "organization", "names": {"en": "A"}, "type": "circus"}, {"kind": "organization", "type": "ngo"}]
    found = reading(tmp_path, "\n".join(map(json.dumps, lines)), "records.jsonl")
    assert [entry.fields for entry in found.entries] == [{"kind": "organization", "names": {"en": "A"}}]
    assert [(error.line, error.column) for error in found.refused] == [(1, "type"), (2, "names")]


def test_what_is_no_json_at_all_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        reading(tmp_path, "hello", "records.jsonl")
    with pytest.raises(UnreadableFileError):
        reading(tmp_path, "[" * 100_000, "records.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "names", "type", "start", "seat", "en", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(JSON, st.sampled_from([None, "organization", "event", "contact"]))
def test_no_json_raises_anything_but_a_refusal(tmp_path: Path, value: object, kind: str | None) -> None:
    for document in (
        value,
        [value],
        {"kind": "organization", "names": value, "seat": value},
        {"type": "Feature", "properties": value},
    ):
        with contextlib.suppress(FednetError):
            reading(tmp_path, json.dumps(document), "x.json", kind=kind)
