"""What kind of event a calendar entry is, guessed from the words it uses: calendars have no property for that."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from fednet.listing import vocabulary

NEUTRAL = "meeting"
"""The kind of an event whose words say nothing."""

_CLUES = (
    ("webinar", r"webinars?|webinaire|seminario web|ندوة (?:عبر|إلكترونية)|online seminar"),
    ("working-group-meeting", r"working[ -]groups?|groupe de travail|grupo de trabajo|فريق العمل"),
    (
        "general-meeting",
        r"(?:annual )?general (?:meeting|assembly)|agm|assembl[ée]e g[ée]n[ée]rale|asamblea general|الجمعية العامة",
    ),
    ("youth-gathering", r"youth (?:gathering|forum|camp|network)|rassemblement (?:de )?jeun\w+|jóvenes|شباب"),
    ("roundtable", r"round[ -]?table|table[ -]ronde|mesa redonda|مائدة مستديرة"),
    ("consultation", r"consultations?|consultas?|مشاور\w+"),
    ("training", r"trainings?|formations?|capacitaci[óo]n|course|tutorials?|تدريب"),
    ("workshop", r"workshops?|ateliers?|taller(?:es)?|ورشة"),
    ("caucus", r"caucus(?:es)?"),
    ("conference", r"conferences?|conf[ée]rences?|conferencia|congress|congr[èe]s|summit|symposium|مؤتمر"),
    (
        "virtual-meeting",
        r"(?:virtual|online) meeting|r[ée]union (?:virtuelle|en ligne)|reuni[óo]n virtual|اجتماع افتراضي",
    ),
)
_PATTERNS = [(code, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for code, words in _CLUES]


def guessed(fields: dict[str, Any], categories: list[str]) -> dict[str, Any]:
    """`type`, and `themes` where a category is a term for a service or a client group."""
    kind = _kind(fields, categories)
    # A category that says the kind ("Training") does not also say what it is about.
    others = [category for category in categories if vocabulary.EVENT_TYPES.find(category) != kind]
    found: dict[str, Any] = {"type": kind}
    themes = dict.fromkeys(code for category in others if (code := _theme(category)))
    return found | ({"themes": list(themes)} if themes else {})


@cache
def _theme(category: str) -> str | None:
    return vocabulary.THEMES.find(category)


def _kind(fields: dict[str, Any], categories: list[str]) -> str:
    for category in categories:
        if code := vocabulary.EVENT_TYPES.find(category):
            return code
    words = " ".join([*categories, *fields["titles"].values()])[:2000]
    for code, pattern in _PATTERNS:
        if pattern.search(words) and code in vocabulary.EVENT_TYPES.codes:
            return code
    return NEUTRAL
