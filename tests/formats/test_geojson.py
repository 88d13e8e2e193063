from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fednet import formats
from fednet.formats.reading import merge

ENGLISH = [
    ("Harbour Lights", "Legal counselling", "Amman Governorate"),
    ("Harbour Lights", "Cash For Rent", "Zarqa City"),
]
ARABIC = [("Harbour Lights", "المشورة القانونية", "محافظة عمان"), ("Harbour Lights", "النقد للإيجار", "مدينة الزرقاء")]
CATEGORIES = {"en": ["PROTECTION", "CASH"], "ar": ["الحماية", "نقد"]}


def edition(tmp_path: Path, language: str, rows: list[tuple[str, str, str]]) -> Path:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": number,
            "properties": {
                "locationName": place,
                "partnerName": partner,
                "activity": 5575,
                "activityName": activity,
                "activityCategory": CATEGORIES[language][number],
                "indicators": {"x": 1},
            },
            "geometry": {"type": "Point", "coordinates": [35.7, 32.0]},
        }
        for number, (partner, activity, place) in enumerate(rows)
    ]
    path = tmp_path / f"services-jordan-{language}.json"
    path.write_text(json.dumps(features, ensure_ascii=False))
    return path


def test_two_editions_are_one_bilingual_set(tmp_path: Path) -> None:
    paths = [edition(tmp_path, "en", ENGLISH), edition(tmp_path, "ar", ARABIC)]
    [entry] = formats.read_many(paths).entries
    assert entry.fields == {
        "kind": "organization",
        "names": {"en": "Harbour Lights", "ar": "Harbour Lights"},
        "original": "en",
        "countries": ["JO"],
        "services": ["protection", "cash-assistance"],
        "description": {
            "en": "Legal counselling (Amman Governorate); Cash For Rent (Zarqa City)",
            "ar": "المشورة القانونية (محافظة عمان)؛ النقد للإيجار (مدينة الزرقاء)",
        },
    }


def test_editions_one_after_the_other_give_the_same_as_together(tmp_path: Path) -> None:
    english, arabic = edition(tmp_path, "en", ENGLISH), edition(tmp_path, "ar", ARABIC)
    [first], [second] = formats.read(english).entries, formats.read(arabic).entries
    [together] = formats.read_many([english, arabic]).entries
    assert first.source == second.source == together.source
    assert merge(first.fields, second.fields) == together.fields


def test_a_feature_collection_is_read_as_well(tmp_path: Path) -> None:
    path = edition(tmp_path, "en", ENGLISH)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": json.loads(path.read_text())}))
    assert len(formats.read(path).entries) == 1


def test_nested_answers_are_columns_that_a_person_can_see_and_map() -> None:
    feature = {
        "type": "Feature",
        "properties": {
            "partnerName": "Harbour Lights",
            "activity": 5575,
            "2. Nationality": {"Syrians only": True, "Women": False},
            "office": {"hours": "Sun-Thurs", "desk": {"floor": "2"}},
        },
        "geometry": {"type": "Point", "coordinates": [35.7, 32.03917]},
    }
    content = json.dumps([feature]).encode()
    reading = formats.read_file("services.json", content, formats.Told("organization"))
    shown = {one.header: (one.field, [example.raw for example in one.examples]) for one in reading.seen}
    assert shown["2. Nationality"] == ("", ["Syrians only"])
    assert shown["office.desk.floor"] == ("", ["2"])
    assert shown["geometry"] == ("", ["32.03917, 35.7"])
    assert "properties that are numbers are left out: activity" in reading.notes
    mapped = formats.Told("organization", {"office.hours": "contact.hours", "2. Nationality": "description:en"})
    organization, contact = formats.read_file("services.json", content, mapped).entries
    assert organization.fields["description"] == {"en": "Syrians only"}
    assert contact.fields["hours"] == "Sun-Thurs"
