"""The JSON Schemas in protocol/schemas are those of the types."""

from __future__ import annotations

from pathlib import Path

from fednet.listing.record import KINDS
from fednet.listing.schema import DIALECT, files, main, schema

SCHEMAS = Path(__file__).parents[2] / "protocol" / "schemas"


def test_checked_in_schemas_are_fresh() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")}
    assert stored == files(), "run: make docs"


def test_writing_makes_one_file_a_kind(tmp_path: Path) -> None:
    main(str(tmp_path))
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files()


def test_each_schema_names_itself_and_says_what_it_is_for() -> None:
    for kind in KINDS:
        found = schema(kind)
        assert found["$schema"] == DIALECT
        assert found["$id"].endswith(f"/{kind}.json")
        assert found["description"]
        assert found["properties"]["kind"] == {"enum": [kind]}
        assert "kind" in found["required"]
        assert found.get("additionalProperties", True) is True
