"""Why a need and an offer fit, in English sentences: for the command line and for programs.

Pages say the same in the reader's language (`fednet.web.public.fitting`).
"""

from __future__ import annotations

from collections.abc import Sequence

from fednet.listing import languages, places, vocabulary
from fednet.listing.fit import Reason


def told(reason: Reason) -> str:
    """A reason as an English sentence, without capital and full stop."""
    return _SENTENCES[reason.code].format(*_words_of(reason), all=_joined(_words_of(reason)))


def _joined(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _words_of(reason: Reason) -> list[str]:
    """The terms of a reason as people call them."""
    return [_named(reason.code, code) for code in reason.terms]


def _named(reason: str, code: str) -> str:
    match reason.partition("-")[0]:
        case "themes" | "related" | "groups":
            return vocabulary.THEMES.name(code)
        case "modality":
            return vocabulary.MODALITIES.name(code)
        case "stage":
            return code
        case "countries" | "region":
            return places.name(code)
        case "languages":
            return languages.name(code)
        case _:
            return f'"{code}"'


_SENTENCES = {
    "themes": "both are about {all}",
    "themes-near": "{0} and {1} are near each other",
    "themes-named": "{all}: at least one of the two names it in its text only",
    "related": "{0} is for {1}",
    "groups": "both are for {all}",
    "groups-near": "{0} and {1} are near each other",
    "groups-named": "for {all}: at least one of the two names them in its text only",
    "groups-other": "they are for different people",
    "modality": "both are of one kind: {0}",
    "modality-kin": "{1} is offered, which is like what is looked for: {0}",
    "modality-named": "both are of one kind, which at least one names in its text only: {0}",
    "modality-other": "{1} is offered, {0} is looked for",
    "funding": "this is money, which the need does not ask for",
    "money": "the need asks for money, and this is a source of it",
    "money-wanted": "the need asks for money, and this is none",
    "countries": "it is offered where it is needed: {all}",
    "countries-named": "both speak of {all}",
    "region": "both are in one region: {0}",
    "everywhere": "it is offered to the whole world",
    "countries-other": "it is offered elsewhere",
    "languages": "both speak {all}",
    "languages-none": "they have no language in common",
    "stage-helps": "a country that is {1} in resettlement helps one that is {0}",
    "stage-peers": "both are in countries that are {0} in resettlement",
    "words": "words in both: {all}",
}
