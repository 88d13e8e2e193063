"""What is compared of a need, an offer or a source of funding: masks of terms and places, days, hashes of words.

It follows from the record alone, and holds none of its text. `fednet.listing.fit` compares two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from fednet.listing import places
from fednet.listing.days import first_day
from fednet.listing.exchange import Exchange
from fednet.listing.naming import named
from fednet.listing.stems import FILLERS, stem
from fednet.listing.term import Vocabulary
from fednet.listing.text import is_unspaced, key
from fednet.listing.vocabulary import CLIENT_GROUPS, EXCHANGE_TYPES, MODALITIES, SERVICES, STAGES

NEED, OFFER, MONEY_SOURCE = (EXCHANGE_TYPES.codes.index(code) for code in ("need", "offer", "funding"))
OTHER_TYPE = 255


FOREVER = 2**31 - 1


class Features(NamedTuple):
    """What is compared of a record. Masks have the bits of the vocabularies, `countries` those of `country_codes`.

    `since` and `until` are days since 1970, both included. `modality` and `stage`: 0 for unsaid, else one more than the
    bit. `..._named` is what only the text names. `languages` are primary subtags, `words` and `organization` hashes (0:
    none).
    """

    type: int
    since: int
    until: int
    is_ended: bool
    modality: int
    modality_said: bool
    stage: int
    services: int
    services_named: int
    groups: int
    groups_named: int
    countries: int
    countries_named: int
    everywhere: bool
    languages: frozenset[str]
    organization: int
    words: frozenset[int]


def features(record: Exchange) -> Features:
    """What is compared of a record. Codes that we do not know count for nothing."""
    told = named([*record.titles.items(), *record.description.items()])
    services = SERVICES.mask(code for code in record.themes if code not in _ONLY_GROUPS)
    groups = CLIENT_GROUPS.mask([*record.client_groups, *record.themes])
    modality = number(MODALITIES, record.modality)
    only = told.modalities[0] if len(told.modalities) == 1 else None
    countries = _countries(record.countries)
    is_ended = record.state in ("closed", "matched")
    return Features(
        type=EXCHANGE_TYPES.codes.index(record.type) if record.type in EXCHANGE_TYPES else OTHER_TYPE,
        since=_day(record.posted, 0),
        until=min(_day(record.open_until, FOREVER), _day(record.closed if is_ended else None, FOREVER)),
        is_ended=is_ended,
        modality=modality or number(MODALITIES, only),
        modality_said=bool(modality),
        stage=number(STAGES, record.stage),
        services=services,
        services_named=SERVICES.mask(told.services) & ~services,
        groups=groups,
        groups_named=CLIENT_GROUPS.mask(told.client_groups) & ~groups,
        countries=countries,
        countries_named=_countries(told.countries) & ~countries,
        everywhere=places.WORLD in record.countries,
        languages=frozenset(filter(_is_subtag, (tag.partition("-")[0].lower() for tag in record.languages))),
        organization=hashed(key(record.organization)) if key(record.organization) else 0,
        words=frozenset(map(hashed, words([*record.titles.values(), *record.description.values()]))),
    )


def _is_subtag(text: str) -> bool:
    """Whether it may be the first subtag of a language (BCP 47)."""
    return text.isascii() and text.isalpha() and len(text) <= 8


_ONLY_GROUPS = frozenset(CLIENT_GROUPS.codes) - frozenset(SERVICES.codes)


def hashed(word: str) -> int:
    """Four bytes for a word, never 0."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()) or 1


def _day(day: str | None, otherwise: int) -> int:
    found = first_day(day)
    return otherwise if found is None else (found - _EPOCH).days


_EPOCH = date(1970, 1, 1)


@cache
def country_codes() -> tuple[str, ...]:
    """The countries in the order of their bits."""
    return places.codes()


@cache
def _countrybits() -> dict[str, int]:
    return {code: 1 << at for at, code in enumerate(country_codes())}


@cache
def subregions() -> tuple[tuple[str, int], ...]:
    """The M49 regions that hold countries themselves, with the masks of these."""
    found = []
    for region in places.region_codes():
        within = places.countries_in(region)
        narrower = any(places.countries_in(other) < within for other in places.region_codes())
        if not narrower and within:
            found.append((region, _countries([region])))
    return tuple(found)


def _countries(codes: Iterable[str]) -> int:
    """The bits of countries and of those in regions; the world says nothing of a country."""
    bits = 0
    for code in codes:
        if code in _countrybits():
            bits |= _countrybits()[code]
        elif code != places.WORLD and code in places.region_codes():
            bits |= _region(code)
    return bits


@cache
def _region(code: str) -> int:
    return _countries(places.countries_in(code))


MOST_WORDS = 400
"""Words of a record that are compared."""
RUN = 3
"""Letters of what is compared of a script without spaces, two of Chinese."""

_SMALL = frozenset(
    stem(key(word))
    for word in (
        # English, French, Spanish, Arabic: words that stand in any text
        "a an and are as at be been but by can could do does every for from had has have how i if in into is it its "
        "like me more most my no not now of on one or other our out over own please some such than that the their them "
        "then there these they this those three time to two up us very was we were what when where which who why will "
        "with would year years you your many any all after before between about also just only day week month "
        "au aux avec ce ces cette comme dans de depuis des du elle elles en est et eu il ils je la le les leur leurs "
        "lui mais me mes mon ne nos notre nous on ont ou où par pas plus pour qu que qui sa sans se ses son sont sous "
        "sur ta te tes ton tous tout toute très tu un une vos votre vous y à été être avoir peut "
        "al algo ante como con contra cual cuando del desde donde dos el ella ellas ellos entre era es esa ese eso "
        "esta este esto fue ha hay la las le les lo los más me mi muy ni no nos nuestra nuestro o para pero por porque "
        "que quien se ser si sin sobre son su sus también tan te tiene todo todos tu un una uno y ya "
        "من في على الى إلى عن مع هذا هذه ذلك التي الذي ما لا لم لن كان كانت يكون هو هي هم نحن أو أن إن ثم قد كل "
        "بعد قبل "
        # what every need and every offer says
        "need needs needed offer offers offered offering look looking seek seeks seeking want wants help helps support "
        "refugee refugees organisation organization organisations ngo ngos network people person persons team staff "
        "country countries new work working works experience experienced partner partners project "
        "besoin besoins offre offres cherche cherchons recherche aide réfugié réfugiés association organisme pays "
        "personnes personne équipe expérience "
        "necesidad necesidades oferta ofrece ofrecemos busca buscamos ayuda refugiado refugiados organización país "
        "países personas persona equipo experiencia trabajo "
        "حاجة نحتاج عرض نقدم نبحث مساعدة دعم اللاجئين لاجئ منظمة بلد أشخاص"
    ).split()
)
"""Stems that tell nothing of what a text is about."""


def words(texts: Iterable[str]) -> dict[str, str]:
    """What is compared of texts: stems of their words, and of scripts without spaces each run of letters; with the word
    as it stands in the folded text. At most `MOST_WORDS`."""
    found: dict[str, str] = {}
    for text in texts:
        for word in key(text).split():
            for form in _runs(word) if is_unspaced(word) else _stems(word):
                if len(found) < MOST_WORDS:
                    found.setdefault(form, word)
    return found


def _stems(word: str) -> Iterator[str]:
    short = stem(word)
    if word not in FILLERS and short not in _SMALL and (len(word) > 2 or word.isdigit()):
        yield short


def _runs(word: str) -> Iterator[str]:
    length = 2 if "\u3400" <= word[0] <= "\u9fff" else RUN
    return (word[at : at + length] for at in range(max(1, len(word) - length + 1)))


def number(vocabulary: Vocabulary, code: str | None) -> int:
    """One more than the bit of a term; 0 for none, or one that we do not know."""
    term = vocabulary.term(code) if code else None
    return 0 if term is None else term.bit + 1


def bits(mask: int) -> Iterator[int]:
    """The bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
