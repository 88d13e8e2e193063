"""Languages: BCP 47 tags and their names in every CLDR language."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from fednet.listing.places import LOCALES
from fednet.listing.text import key

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>[a-z]{4}))?(?:[-_](?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<more>(?:[-_](?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)",
    re.IGNORECASE,
)

# What people write besides CLDR's names, and languages that matter here and that CLDR names in no locale.
_NAMES = {
    "fa": "Farsi | Parsi | فارسی",
    "prs": "Dari | دری | Afghan Persian",
    "my": "Burmese | Myanmar language | Bamar | Birman",
    "zh": "Chinese | Mandarin | Putonghua | 中文 | 汉语 | 普通话 | Chinois",
    "yue": "Cantonese | 粵語 | 广东话",
    "km": "Khmer | Cambodian",
    "rhg": "Rohingya | Ruáingga | Rohingya language",
    "kar": "Karen",
    "ksw": "S'gaw Karen | Sgaw Karen | Karen Sgaw",
    "pwo": "Pwo Karen",
    "kyu": "Kayah | Western Kayah | Karenni",
    "cnh": "Hakha Chin | Lai | Chin Hakha",
    "cfm": "Falam Chin",
    "ctd": "Tedim | Tedim Chin | Zomi",
    "shn": "Shan | Tai Yai",
    "kac": "Kachin | Jinghpaw | Jingpho",
    "mnw": "Mon",
    "haz": "Hazaragi",
    "ckb": "Sorani | Central Kurdish | Kurdish Sorani",
    "kmr": "Kurmanji | Northern Kurdish",
    "ku": "Kurdish | Kurde",
    "so": "Somali",
    "ti": "Tigrinya | Tigrigna",
    "om": "Oromo | Afaan Oromoo",
    "am": "Amharic",
    "fil": "Filipino | Pilipino",
    "tl": "Tagalog",
    "ms": "Malay | Bahasa Melayu | Bahasa Malaysia",
    "id": "Indonesian | Bahasa Indonesia",
    "ps": "Pashto | Pashtu | Pushto",
    "ur": "Urdu",
    "bn": "Bengali | Bangla",
    "he": "Hebrew",
    "sw": "Swahili | Kiswahili",
    "rw": "Kinyarwanda",
    "ln": "Lingala",
    "ht": "Haitian Creole | Kreyòl",
    "es": "Castilian",
    "pt": "Portugues",
    "hmn": "Hmong",
    "ta": "Tamil",
    "si": "Sinhala | Sinhalese",
    "bo": "Tibetan",
    "ug": "Uyghur | Uighur",
    "sgn": "Sign language | Langue des signes",
    "cld": "Chaldean | Chaldean Neo-Aramaic",
    "aii": "Assyrian | Assyrian Neo-Aramaic",
    "arc": "Aramaic",
    "syr": "Syriac",
}
MET = tuple(_NAMES)
"""Languages that are met with here, besides those of `LOCALES`."""


@lru_cache(4096)
def find(text: str) -> str | None:
    """The tag that a person meant, in its usual form: from a tag, or a name in any of `LOCALES`; else None.

    `FR-ca` is `fr-CA`, `fra` is `fr`, "Birman" is `my`.
    """
    found = _TAG.fullmatch(text.strip())
    if found:
        language = _alias(found["language"].lower())
        if _is_language(language):
            return _joined(language, found["script"], found["region"], found["more"])
    return named(text)


def near(text: str) -> str | None:
    """The tag of the language whose English, French, Spanish or Arabic name is most like `text`, or None."""
    known = {named: tag for locale in LOCALES[3::-1] for named, tag in _keys(locale).items()}
    close = difflib.get_close_matches(key(text), known, n=1, cutoff=0.75)
    return known[close[0]] if close else None


@lru_cache(4096)
def name(tag: str, locale: str = "en") -> str:
    """The name of a language in a language (`my` in `fr` is "birman"); else in English, else the tag."""
    for known in (_cldr(locale), _cldr("en")):
        found = known.get(tag.replace("-", "_")) or known.get(tag.split("-")[0])
        if found:
            return str(found)
    return _own_name(tag.split("-")[0]) or tag


def names(locale: str) -> dict[str, str]:
    """The tag of a language by the key of its name in a locale."""
    return dict(_keys(locale))


def is_right_to_left(tag: str) -> bool:
    """Whether text in that language runs from right to left."""
    script = re.search(r"[-_]([A-Z][a-z]{3})(?:[-_]|$)", tag)
    if script:
        return script[1] in ("Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg")
    return tag.split("-")[0] in _RIGHT_TO_LEFT


_RIGHT_TO_LEFT = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "haz", "he", "ks", "nqo", "pnb", "prs", "ps", "rhg", "sd", "syr", "ug", "ur", "yi")
)


def _joined(language: str, script: str | None, region: str | None, more: str) -> str:
    parts = [language, script and script.title(), region and region.upper()]
    return "-".join(part for part in parts if part) + more.lower().replace("_", "-")


def _alias(language: str) -> str:
    from babel.core import get_global

    if len(language) == 3 and language in _NAMES:
        return language
    return str(get_global("language_aliases").get(language, language)).split("_")[0]


def _is_language(language: str) -> bool:
    return language in _cldr("en") or language in _NAMES


def _own_name(language: str) -> str | None:
    return _NAMES[language].split(" | ")[0] if language in _NAMES else None


@cache
def _cldr(locale: str) -> Any:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(locale.replace("-", "_")).languages
    except (UnknownLocaleError, ValueError):
        return {}


def named(text: str, locales: Iterable[str] = LOCALES) -> str | None:
    """The tag of the language of that name in one of these locales; else None."""
    sought = key(text)
    return next((found for locale in locales if (found := _keys(locale).get(sought))), None) if sought else None


@cache
def _keys(locale: str) -> dict[str, str]:
    """Every name of a language by its key in one locale; ours stand before those of CLDR's first."""
    found: dict[str, str] = {}
    if locale == LOCALES[0]:
        found = {key(one): tag for tag, names in _NAMES.items() for one in names.split(" | ")}
    for tag, shown in _cldr(locale).items():
        found.setdefault(key(shown), tag.replace("_", "-"))
    return found
