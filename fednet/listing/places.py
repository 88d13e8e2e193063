"""Countries and regions: ISO 3166-1 alpha-2 and UN M49 codes, their names in every CLDR language, what contains what.

Names and code aliases (alpha-3, numeric, former countries) are those of CLDR through Babel, which is imported only
when a name is asked for: containment alone is quick to start.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from fednet.listing.text import has_script, key

WORLD = "001"

LOCALES = (
    "en", "fr", "es", "ar", "pt", "ru", "th", "my", "fa", "zh", "ms", "id", "tr", "zh_Hant",
    "am", "bn", "de", "el", "fil", "he", "hi", "hu", "it", "ja", "ka", "kk", "km", "ko",
    "ky", "lo", "mn", "nb", "ne", "nl", "pa", "pl", "ps", "ro", "si", "so", "sq", "sr",
    "sv", "sw", "ta", "tg", "ti", "tk", "uk", "ur", "uz", "vi",
)  # fmt: skip
"""The languages in which a country or region is recognised, those most met with first."""

# CLDR 49, supplemental/territoryContainment: the UN M49 regions and groupings that hold countries or regions.
# Left out: the European Union and other groupings that are no M49 regions, and exceptional reservations.
_CONTAINED = {
    "001": "002 009 019 142 150",
    "002": "011 014 015 017 018",
    "003": "013 021 029",
    "005": "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE",
    "009": "053 054 057 061",
    "011": "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    "013": "BZ CR GT HN MX NI PA SV",
    "014": "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW",
    "015": "DZ EG EH LY MA SD TN",
    "017": "AO CD CF CG CM GA GQ ST TD",
    "018": "BW LS NA SZ ZA",
    "019": "005 013 021 029",
    "021": "BM CA GL PM US",
    "029": "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
    "030": "CN HK JP KP KR MN MO TW",
    "034": "AF BD BT IN IR LK MV NP PK",
    "035": "BN ID KH LA MM MY PH SG TH TL VN",
    "039": "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
    "053": "AU CC CX HM NF NZ",
    "054": "FJ NC PG SB VU",
    "057": "FM GU KI MH MP NR PW UM",
    "061": "AS CK NU PF PN TK TO TV WF WS",
    "142": "030 034 035 143 145",
    "143": "KG KZ TJ TM UZ",
    "145": "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    "150": "039 151 154 155",
    "151": "BG BY CZ HU MD PL RO RU SK UA",
    "154": "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
    "155": "AT BE CH DE FR LI LU MC NL",
    "202": "011 014 017 018",
    "419": "005 013 029",
}
_OUTLYING = ("AQ",)  # a country code in the world, but in no region of it

# The UN's own names where they are not those of CLDR, and what people write besides.
_REGION_NAMES = {
    "001": "World | Global | Worldwide | International | Monde entier | Mundial",
    "002": "Afrique | África",
    "003": "North America | Amérique du Nord | América del Norte",
    "005": "Amérique du Sud | América del Sur | Sudamérica | South America",
    "011": "Afrique de l'Ouest | África del Oeste | Western Africa | Afrique occidentale | África Occidental",
    "013": "Central America | Amérique centrale | América Central",
    "014": "Afrique de l'Est | East Africa | África del Este | Eastern Africa | Afrique orientale | África Oriental",
    "015": (
        "Northern Africa | North Africa | Afrique du Nord | Afrique septentrionale | África del Norte | "
        "Norte de África | África septentrional"
    ),
    "017": "Middle Africa | Central Africa | Afrique centrale | África central",
    "018": "Southern Africa | Afrique australe | África meridional",
    "019": "Americas | The Americas | Amériques | Américas",
    "021": "Northern America | Amérique septentrionale | América septentrional",
    "029": "Caribbean | The Caribbean | Caraïbes | Caribe",
    "030": "Asie de l'Est | Asia del Este | Eastern Asia | East Asia | Asie orientale | Asia oriental",
    "034": "Asie du Sud | Asia del Sur | Southern Asia | South Asia | Asie méridionale | Asia meridional",
    "035": (
        "South-eastern Asia | Southeast Asia | South-East Asia | South East Asia | Asie du Sud-Est | "
        "Asia sudoriental | "
        "Sudeste Asiático | Sureste Asiático | جنوب شرق آسيا | 东南亚 | Đông Nam Á | Güneydoğu Asya | Asia Tenggara | "
        "Юго-Восточная Азия | Південно-Східна Азія | เอเชียตะวันออกเฉียงใต้ | 東南アジア | 동남아시아 | 동남아"
    ),
    "039": "Europe du Sud | Europa del Sur | Southern Europe | Europe méridionale | Europa meridional",
    "053": "Australia and New Zealand | Australie et Nouvelle-Zélande",
    "061": "Polynesia",
    "142": "Asie",
    "143": "Central Asia | Asie centrale | Asia central",
    "145": (
        "Asie de l'Ouest | Proche-Orient | Western Asia | West Asia | Middle East | Asie occidentale | Moyen-Orient | "
        "Asia occidental | Oriente Medio | الشرق الأوسط"
    ),
    "151": "Europe de l'Est | Europa del Este | Eastern Europe | Europe orientale | Europa oriental",
    "154": "Europe du Nord | Europa del Norte | Northern Europe | Europe septentrionale | Europa septentrional",
    "155": "Europe de l'Ouest | Europa del Oeste | Western Europe | Europe occidentale | Europa occidental",
    "202": "Sub-Saharan Africa | Afrique subsaharienne | África subsahariana",
    "419": (
        "Latin America and the Caribbean | Latin America | Amérique latine et Caraïbes | América Latina y el Caribe"
    ),
}

_COUNTRY_NAMES = {
    "AE": "UAE | Emirates",
    "BA": "Bosnia",
    "BO": "Plurinational State of Bolivia",
    "BN": "Brunei Darussalam",
    "CD": (
        "DRC | DR Congo | RDC | RD Congo | Democratic Republic of the Congo | Congo Kinshasa | "
        "Zaire | République démocratique du Congo | República Democrática del Congo"
    ),
    "CF": "CAR | RCA",
    "CN": "People's Republic of China | PRC | 中华人民共和国 | 中華人民共和國",
    "CG": "Republic of the Congo | Congo | Congo Brazzaville | République du Congo",
    "CI": "Ivory Coast | Côte d'Ivoire",
    "CV": "Cape Verde | Cabo Verde",
    "CZ": "Czech Republic",
    "FM": "Federated States of Micronesia",
    "GB": (
        "UK | Great Britain | Britain | England | Scotland | Wales | "
        "United Kingdom of Great Britain and Northern Ireland | Northern Ireland"
    ),
    "IR": "Islamic Republic of Iran | Iran (Islamic Republic of)",
    "KP": "DPRK | Democratic People's Republic of Korea",
    "KR": "Republic of Korea | Korea | ROK",
    "LA": "Lao PDR | Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "MK": "Macedonia | FYROM | The former Yugoslav Republic of Macedonia",
    "MM": "Burma | Birmanie | Birmania | Myanmar | بورما",
    "NL": "The Netherlands | Holland",
    "PS": (
        "Palestine | State of Palestine | Occupied Palestinian Territory | oPt | West Bank | Gaza | Palestina | فلسطين"
    ),
    "RU": "Russian Federation",
    "SY": "Syrian Arab Republic",
    "SZ": "Swaziland",
    "TL": "East Timor",
    "TR": "Turkey | Turkiye",
    "TW": "Taiwan, Province of China | Chinese Taipei | 台湾 | 臺灣",
    "TZ": "United Republic of Tanzania",
    "US": "USA | U.S.A. | U.S. | United States of America | America",
    "VA": "Holy See",
    "VE": "Bolivarian Republic of Venezuela",
    "VN": "Viet Nam",
    "XK": "Kosovo (UNSCR 1244) | XKX",
    "HK": "Hong Kong | 香港",
    "MO": "Macau | Macao | 澳门 | 澳門",
    "GM": "The Gambia",
    "BS": "The Bahamas",
}


@cache
def countries_in(region: str) -> frozenset[str]:
    """Alpha-2 codes of the countries in a region, given by its M49 code or by a name ("Asie du Sud-Est").

    A country is in itself. Empty when no such region or country is known.
    """
    code = region_code(region) if region not in _CONTAINED else region
    if code is None:
        return frozenset(filter(None, [country_code(region)]))
    found = {leaf for part in _CONTAINED[code].split() for leaf in _leaves(part)}
    return frozenset(found | set(_OUTLYING)) if code == WORLD else frozenset(found)


@cache
def regions(country: str) -> frozenset[str]:
    """M49 codes of all regions that hold a country (`TH`: 001, 035, 142); empty for an unknown code."""
    return frozenset(region for region in _CONTAINED if country in countries_in(region))


@cache
def codes() -> tuple[str, ...]:
    """All country codes in alphabetical order."""
    return tuple(sorted(_COUNTRIES))


def region_codes() -> tuple[str, ...]:
    """The M49 codes of all regions, the world first."""
    return tuple(_CONTAINED)


@lru_cache(4096)
def country_code(text: str) -> str | None:
    """The alpha-2 code that a person meant: alpha-2, alpha-3 or M49 code, or a name in any of `LOCALES`; else None."""
    if is_country(text):
        return text
    return _alias(text.strip().upper()) or _named(_country_keys, _bare(text))


def country_coded(code: str) -> str | None:
    """The alpha-2 code for an alpha-2, alpha-3 or M49 code or that of a former country; else None."""
    return _alias(code.strip().upper())


def country_named(text: str, locales: Iterable[str]) -> str | None:
    """The alpha-2 code of the country of that name in one of these locales; else None."""
    return _named(_country_keys, _bare(text), locales)


def region_named(text: str, locales: Iterable[str]) -> str | None:
    """The M49 code of the region of that name in one of these locales; else None."""
    return _named(_region_keys, _bare(text), locales)


def names(locale: str) -> Iterator[tuple[str, str, str]]:
    """Every name of a country or region in a locale as ("country" or "region", key, code); not of the world."""
    yield from (("country", bare, code) for bare, code in _country_keys(locale).items())
    yield from (("region", bare, code) for bare, code in _region_keys(locale).items() if code != WORLD)


def is_country(code: str) -> bool:
    """Whether that is the alpha-2 code of a country, in capitals."""
    return code in _COUNTRIES


@lru_cache(1024)
def region_code(text: str) -> str | None:
    """The M49 code of the region that a person meant, by code or name; else None."""
    return text if text in _CONTAINED else _named(_region_keys, _bare(text))


def near_country(text: str) -> str | None:
    """The code of the country whose English, French, Spanish or Arabic name is most like `text`, or None."""
    known = {bare: code for locale in LOCALES[3::-1] for bare, code in _country_keys(locale).items()}
    close = difflib.get_close_matches(_bare(text), known, n=1, cutoff=0.8)
    return known[close[0]] if close else None


@lru_cache(4096)
def name(code: str, locale: str = "en") -> str:
    """The name of a country or region in a language (BCP 47); in English when CLDR has none there, else the code."""
    found = _territories(locale).get(code) or _territories("en").get(code)
    return str(found) if found else code


def _leaves(part: str) -> frozenset[str]:
    return countries_in(part) if part in _CONTAINED else frozenset([part])


_COUNTRIES = countries_in(WORLD)


def _alias(code: str) -> str | None:
    if code in _COUNTRIES:
        return code
    if not 2 <= len(code) <= 3 or not code.isascii() or not code.isalnum():
        return None
    from babel.core import get_global

    found = get_global("territory_aliases").get(code, [])
    return found[0] if len(found) == 1 and found[0] in _COUNTRIES else None


def _territories(locale: str) -> Any:
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(locale.replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        return {}


def _named(keys_in: Callable[[str], dict[str, str]], bare: str, locales: Iterable[str] = LOCALES) -> str | None:
    """The code of that name in the first locale that has it. Locales are loaded one by one, as far as it takes."""
    return next((found for locale in locales if (found := keys_in(locale).get(bare))), None) if bare else None


@cache
def _country_keys(locale: str) -> dict[str, str]:
    return _keys(_COUNTRIES, locale, _COUNTRY_NAMES if locale == LOCALES[0] else {})


@cache
def _region_keys(locale: str) -> dict[str, str]:
    return _keys(_CONTAINED, locale, _REGION_NAMES if locale == LOCALES[0] else {})


def _keys(codes: Iterable[str], locale: str, ours: dict[str, str]) -> dict[str, str]:
    """Bare name to code for one locale; our own names win over those of CLDR."""
    found = {_bare(one): code for code, names in ours.items() for one in names.split(" | ")}
    territories = _territories(locale)
    for code in sorted(codes):
        for one in _spellings(territories.get(code)):
            found.setdefault(_bare(one), code)
    return found


def _spellings(shown: Any) -> Iterator[str]:
    """CLDR writes `Myanmar (Burma)`: the whole and what precedes the bracket, unless that tells two Congos apart."""
    if shown:
        yield shown
        if not has_script(shown, "CJK"):
            yield re.sub(r"(?:(?<!\s)\s+)?[(（].*", "", shown)


def _bare(text: str) -> str:
    """The key of a name without "the", "and", "saint" spelt in full or short."""
    words = [_SHORT.get(word, word) for word in key(text).split()]
    bare = " ".join(word for word in words if word not in ("the", "and", "of"))
    return bare.removeprefix("ประเทศ")  # "country" in Thai, which stands before names and is no part of them


_SHORT = {"st": "saint", "is": "islands", "rep": "republic", "dem": "democratic", "fed": "federated"}
