"""Whether an offer, or a source of funding, meets a need: a score from the two records alone, with its reasons.

```
score = points of what speaks for the pair - points of what speaks against it, from 0 to 100
```
Nothing else counts, neither what else there is nor when somebody asks: so every node says the same of two records, and
a score tells nobody of a third. Only whole numbers. `fednet.directory.fitting` does the same for many pairs at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import msgspec

from fednet.listing.exchange import Exchange
from fednet.listing.features import (
    MONEY_SOURCE,
    NEED,
    OFFER,
    Features,
    bits,
    country_codes,
    features,
    hashed,
    number,
    subregions,
    words,
)
from fednet.listing.term import Vocabulary
from fednet.listing.vocabulary import CLIENT_GROUPS, MODALITIES, SERVICES, STAGES

LEAST = 30
"""Pairs with a lower score are no match."""
MOST = 100

REASONS: dict[str, str] = {
    "themes": "theme codes that both say",
    "themes-near": "the need's theme code, the offer's: one is broader than the other, or both are of one broader",
    "themes-named": "theme codes that one says and the other's text names, or that both texts name",
    "related": "a theme code and a client group code that belong together, said by one each",
    "groups": "client group codes that both say",
    "groups-near": "the need's client group code, the offer's: as themes-near",
    "groups-named": "as themes-named, of client groups",
    "groups-other": "nothing: both say for whom, and it is for others (takes points away)",
    "modality": "the modality code that both say",
    "modality-kin": "the need's modality code, the offer's: different, but alike",
    "modality-named": "the modality code that one says and the other's text names, or that both texts name",
    "modality-other": "the need's modality code, the offer's (takes points away)",
    "funding": "nothing: this is money, which the need does not ask for (takes points away)",
    "money": "nothing: the need asks for money, and this is a source of it",
    "money-wanted": "nothing: the need asks for money, and this is none (takes points away)",
    "countries": "codes of the countries of the need that the offer is for too",
    "countries-named": "as countries, where at least one of the two names them in its text only",
    "region": "the M49 code of a region in which both are, in different countries",
    "everywhere": "nothing: the offer is for the whole world",
    "countries-other": "nothing: both say where, and it is elsewhere (takes points away)",
    "languages": "tags of the languages that both say",
    "languages-none": "nothing: both say languages, and none is in common (takes points away)",
    "stage-helps": "the need's stage code, the offer's: who has done it for longer helps",
    "stage-peers": "the stage code of both",
    "words": "up to five words, as the need writes them, that both texts have",
}
"""Every code of a reason, and what its `terms` hold."""

# --- points -----------------------------------------------------------------------------------------------------------

THEME, THEME_NAMED, THEME_BOTH_NAMED, THEME_CLOSE, THEME_SIBLING, THEME_CLOSE_NAMED = 34, 26, 20, 20, 10, 10
THEME_WIDE, THEME_WIDE_NAMED = 12, 8
THEME_MORE = 6
RELATED = 14
GROUP, GROUP_NAMED, GROUP_CLOSE, GROUP_SIBLING, GROUP_WIDE, GROUP_OTHER = 14, 10, 8, 4, 5, -10
MONEY, MONEY_WANTED, FUNDING = 22, -14, -16
COUNTRY, COUNTRY_PARTLY, COUNTRY_NAMED, REGION, EVERYWHERE, ELSEWHERE = 14, 10, 9, 6, 4, -10
LANGUAGE, NO_LANGUAGE = 8, -12
WORDS = 20
WORDS_FULL = 25
"""So many hundredths of the shorter text (and a few words more) are in both: then words give all their points."""
WORDS_MORE = 6
WORDS_SUBJECT = 10
"""So many points for words say what a pair is about, where nothing else does."""

WIDE_THEMES = SERVICES.mask("training coordination protection refugee-response advocacy research".split())
"""Themes of which nearly every network has something: in common, they tell little."""
GRANTS = SERVICES.mask(["grants"])
WIDE_GROUPS = CLIENT_GROUPS.mask("refugees asylum-seekers vulnerable-migrants families".split())
TELLING_THEMES = SERVICES.mask(SERVICES.codes) & ~(WIDE_THEMES | GRANTS)
TELLING_GROUPS = CLIENT_GROUPS.mask(CLIENT_GROUPS.codes) & ~WIDE_GROUPS
WIDE_ROOFS = frozenset("protection emergency-relief vulnerable-migrants health".split())
"""Broader terms that hold too much for what stands below them to be alike."""

PAIRED = (
    "child-protection children | child-protection unaccompanied-minors | youth youth | "
    "anti-trafficking trafficked-persons | detention people-in-detention | "
    "gender-based-violence violence-survivors | gender-based-violence women | status-determination asylum-seekers | "
    "psychosocial torture-survivors | psychosocial violence-survivors | "
    "disability-inclusion people-with-disabilities | solutions-return returnees | documentation stateless | "
    "community-support host-communities | "
    "family-reunification families | sponsorship-resettlement refugees"
)
"""Themes and client groups that belong together."""

_KIN = (
    "secondment placement 10 | training study-visit 8 | training mentoring 8 | study-visit mentoring 6 | "
    "twinning mentoring 10 | twinning secondment 8 | twinning study-visit 8 | training conference 4 | "
    "study-visit conference 4 | study-visit secondment 4 | study-visit placement 6 | training placement 4 | "
    "training secondment 4 | mentoring secondment 8 | twinning training 2 | mentoring placement 4 | "
    "list conference 2 | twinning placement 4"
)
SAME_MODALITY, SAME_NAMED, OTHER_MODALITY = 18, 12, -30
TRAVELLED = frozenset("twinning study-visit placement conference list".split())
"""What people go to, or join from anywhere: where it takes place need not be where it is needed."""

_STAGES = (
    "emerging traditional 8 | new traditional 8 | emerging new 5 | emerging emerging 5 | new new 5 | "
    "traditional traditional 5"
)


def _modality_points() -> tuple[tuple[int, ...], ...]:
    """By the need's modality and the offer's: 0 for unsaid, else one more than its bit."""
    size = len(MODALITIES) + 1
    found = [[OTHER_MODALITY if row and column else 0 for column in range(size)] for row in range(size)]
    for at in range(1, size):
        found[at][at] = SAME_MODALITY
    for kin in _KIN.split(" | "):
        one, other, points = kin.split()
        a, b = number(MODALITIES, one), number(MODALITIES, other)
        found[a][b] = found[b][a] = int(points)
    return tuple(map(tuple, found))


def _stage_points() -> tuple[tuple[int, ...], ...]:
    size = len(STAGES) + 1
    found = [[0] * size for _ in range(size)]
    for pair in _STAGES.split(" | "):
        need, offer, points = pair.split()
        found[number(STAGES, need)][number(STAGES, offer)] = int(points)
    return tuple(map(tuple, found))


MODALITY = _modality_points()
"""Points by the need's and the offer's modality, where both say it."""
STAGE = _stage_points()


def when_named(points: int) -> int:
    """What of a modality's points is left when one or both only name it in their text."""
    return SAME_NAMED if points == SAME_MODALITY else points // 2


class Closeness(NamedTuple):
    """By bit: the terms that are broader or narrower than a term, and those beside it below the same."""

    close: tuple[int, ...]
    siblings: tuple[int, ...]


@cache
def closeness(vocabulary: Vocabulary) -> Closeness:
    bits = 1 + max(term.bit for term in vocabulary)
    close, siblings = [0] * bits, [0] * bits
    for term in vocabulary:
        for broader in vocabulary.above(term.code):
            above = vocabulary.term(broader)
            if above is not None:
                close[term.bit] |= 1 << above.bit
                close[above.bit] |= 1 << term.bit
        beside = (one for one in vocabulary if one.broader and one.broader == term.broader and one is not term)
        if term.broader not in WIDE_ROOFS:
            siblings[term.bit] = vocabulary.mask(one.code for one in beside)
    return Closeness(tuple(close), tuple(siblings))


@cache
def related() -> tuple[tuple[int, int], ...]:
    """Theme masks and client-group masks that belong together."""
    pairs = (pair.split() for pair in PAIRED.split(" | "))
    return tuple((SERVICES.mask([theme]), CLIENT_GROUPS.mask([group])) for theme, group in pairs)


# --- two of them ------------------------------------------------------------------------------------------------------


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for a pair, or (with negative points) against it. `terms`: see `REASONS`."""

    code: str
    terms: tuple[str, ...] = ()
    points: int = 0


class Fit(msgspec.Struct, frozen=True):
    """How well two records fit, from `LEAST` to `MOST`, and why: what counts most comes first."""

    score: int
    reasons: tuple[Reason, ...]


def fit(need: Exchange, offer: Exchange) -> Fit | None:
    """How an offer or a source of funding fits a need; None when it does not.

    It never does when it is of the same organisation, when either is closed or agreed (`matched`), or when there is no
    day on which both are open.
    """
    one, other = features(need), features(offer)
    found = compared(one, other)
    if found is None:
        return None
    reasons = (_worded(reason, need, other) if reason.code == "words" else reason for reason in found.reasons)
    return Fit(found.score, tuple(reasons))


def compared(need: Features, offer: Features) -> Fit | None:
    """`fit` of what is compared; without the words that both have."""
    if not may_meet(need, offer):
        return None
    need, offer = _telling(need), _telling(offer)
    reasons = list(_reasons(need, offer))
    score = min(MOST, sum(reason.points for reason in reasons))
    if score < LEAST or not _is_about_one_thing({reason.code: reason.points for reason in reasons}):
        return None
    return Fit(score, tuple(sorted(reasons, key=lambda reason: -reason.points)))


MANY = 8
"""Who names more telling themes than so many, or more client groups, names them all: none of them counts."""


def _telling(one: Features) -> Features:
    """Without the terms of whoever names them all."""
    return one._replace(
        services=without_crowd(one.services, TELLING_THEMES),
        services_named=without_crowd(one.services_named, TELLING_THEMES),
        groups=without_crowd(one.groups, TELLING_GROUPS),
        groups_named=without_crowd(one.groups_named, TELLING_GROUPS),
    )


def without_crowd(mask: int, tells: int) -> int:
    """A mask without the bits of `tells`, if it has more than `MANY` of them."""
    return mask & ~tells if (mask & tells).bit_count() > MANY else mask


SUBJECT = frozenset("themes themes-near themes-named related groups groups-near groups-named money".split())
"""Of these there must be one, which say what it is about or for whom; or words that both have: of one kind of exchange
any, else so many that they give `WORDS_SUBJECT` points."""


def _is_about_one_thing(points: dict[str, int]) -> bool:
    """By the points of the reasons."""
    least = 1 if points.keys() & {"modality", "modality-named"} else WORDS_SUBJECT
    return bool(points.keys() & SUBJECT) or points.get("words", 0) >= least


def may_meet(need: Features, offer: Features) -> bool:
    """Whether the two can fit at all."""
    if need.type != NEED or offer.type not in (OFFER, MONEY_SOURCE) or need.is_ended or offer.is_ended:
        return False
    if need.organization and need.organization == offer.organization:
        return False
    return max(need.since, offer.since) <= min(need.until, offer.until)


def _worded(reason: Reason, need: Exchange, offer: Features) -> Reason:
    said = words([*need.titles.values(), *need.description.values()])
    both = dict.fromkeys(word for form, word in said.items() if hashed(form) in offer.words)
    return msgspec.structs.replace(reason, terms=tuple(both)[:5])


def _reasons(need: Features, offer: Features) -> Iterator[Reason]:
    theme = _theme(need, offer)
    group = _group(need, offer)
    yield from filter(None, (theme, group))
    if theme is None and (found := _related(need, offer)):
        yield Reason("related", found, RELATED)
    yield from _modality(need, offer)
    yield from _money(need, offer)
    yield from _where(need, offer)
    if need.languages and offer.languages:
        both = need.languages & offer.languages
        yield Reason("languages", tuple(sorted(both)), LANGUAGE) if both else Reason("languages-none", (), NO_LANGUAGE)
    points = STAGE[need.stage][offer.stage]
    if points:
        stages = STAGES.codes[need.stage - 1], STAGES.codes[offer.stage - 1]
        peers = need.stage == offer.stage
        yield Reason("stage-peers", stages[:1], points) if peers else Reason("stage-helps", stages, points)
    if points := word_points(len(need.words & offer.words), len(need.words), len(offer.words)):
        yield Reason("words", (), points)


def word_points(both: int, need: int, offer: int) -> int:
    """Points for so many words in both, of so many in each."""
    return min(WORDS, both * 100 * WORDS // ((min(need, offer) + WORDS_MORE) * WORDS_FULL))


def _theme(need: Features, offer: Features) -> Reason | None:
    telling = TELLING_THEMES
    said, said_named, both_named = _common(need.services, need.services_named, offer.services, offer.services_named)
    more = THEME_MORE if ((said | said_named | both_named) & telling).bit_count() > 1 else 0
    near = closeness(SERVICES)
    for code, mask, points in (
        ("themes", said & telling, THEME + more),
        ("themes-named", said_named & telling, THEME_NAMED + more),
        ("themes-named", both_named & telling, THEME_BOTH_NAMED + more),
    ):
        if mask:
            return Reason(code, _codes(SERVICES, mask), points)
    told = need.services & telling, offer.services & telling
    guessed = (need.services | need.services_named) & telling, (offer.services | offer.services_named) & telling
    if pair := _near(told, near.close):
        return Reason("themes-near", _pair(SERVICES, pair), THEME_CLOSE)
    if said & WIDE_THEMES:
        return Reason("themes", _codes(SERVICES, said & WIDE_THEMES), THEME_WIDE)
    if pair := _near(told, near.siblings):
        return Reason("themes-near", _pair(SERVICES, pair), THEME_SIBLING)
    if pair := _near(guessed, near.close):
        return Reason("themes-near", _pair(SERVICES, pair), THEME_CLOSE_NAMED)
    if wide := (said_named | both_named) & WIDE_THEMES:
        return Reason("themes-named", _codes(SERVICES, wide), THEME_WIDE_NAMED)
    return None


def _group(need: Features, offer: Features) -> Reason | None:
    telling = TELLING_GROUPS
    said, said_named, both_named = _common(need.groups, need.groups_named, offer.groups, offer.groups_named)
    near = closeness(CLIENT_GROUPS)
    told = need.groups & telling, offer.groups & telling
    if mask := said & telling:
        return Reason("groups", _codes(CLIENT_GROUPS, mask), GROUP)
    if mask := (said_named | both_named) & telling:
        return Reason("groups-named", _codes(CLIENT_GROUPS, mask), GROUP_NAMED)
    if pair := _near(told, near.close):
        return Reason("groups-near", _pair(CLIENT_GROUPS, pair), GROUP_CLOSE)
    if said:
        return Reason("groups", _codes(CLIENT_GROUPS, said), GROUP_WIDE)
    if pair := _near(told, near.siblings):
        return Reason("groups-near", _pair(CLIENT_GROUPS, pair), GROUP_SIBLING)
    if all(told) and not need.groups & WIDE_GROUPS and not offer.groups & WIDE_GROUPS:
        return Reason("groups-other", (), GROUP_OTHER)
    return None


def _common(need: int, need_named: int, offer: int, offer_named: int) -> tuple[int, int, int]:
    """What both say; what one says and the other names; what both name."""
    return need & offer, (need & offer_named) | (need_named & offer), need_named & offer_named


def _near(masks: tuple[int, int], near: tuple[int, ...]) -> tuple[int, int] | None:
    """Bits of a term of each that are near each other."""
    need, offer = masks
    for bit in bits(need):
        if found := near[bit] & offer:
            return bit, next(bits(found))
    return None


def _related(need: Features, offer: Features) -> tuple[str, ...]:
    for theme, group in related():
        if (need.services & theme and offer.groups & group) or (offer.services & theme and need.groups & group):
            return _codes(SERVICES, theme) + _codes(CLIENT_GROUPS, group)
    return ()


def _modality(need: Features, offer: Features) -> Iterator[Reason]:
    points = MODALITY[need.modality][offer.modality]
    if not points:
        return
    both = MODALITIES.codes[need.modality - 1], MODALITIES.codes[offer.modality - 1]
    said = need.modality_said and offer.modality_said
    if need.modality == offer.modality:
        yield Reason("modality" if said else "modality-named", both[:1], points if said else when_named(points))
    else:
        code = "modality-kin" if points > 0 else "modality-other"
        yield Reason(code, both, points if said else when_named(points))


def _money(need: Features, offer: Features) -> Iterator[Reason]:
    wants = (need.services | need.services_named) & GRANTS
    gives = offer.type == MONEY_SOURCE or offer.services & GRANTS
    if wants:
        yield Reason("money", (), MONEY) if gives else Reason("money-wanted", (), MONEY_WANTED)
    elif offer.type == MONEY_SOURCE:
        yield Reason("funding", (), FUNDING)


def _where(need: Features, offer: Features) -> Iterator[Reason]:
    both = need.countries & offer.countries
    if both:
        points = COUNTRY if both == need.countries else COUNTRY_PARTLY
        yield Reason("countries", _country_names(both), points)
    elif found := (need.countries | need.countries_named) & (offer.countries | offer.countries_named):
        yield Reason("countries-named", _country_names(found), COUNTRY_NAMED)
    elif offer.everywhere and need.countries:
        yield Reason("everywhere", (), EVERYWHERE)
    elif need.countries and offer.countries:
        region = next((code for code, mask in subregions() if mask & need.countries and mask & offer.countries), None)
        if region:
            yield Reason("region", (region,), REGION)
        elif not is_travelled(offer.modality):
            yield Reason("countries-other", (), ELSEWHERE)


def is_travelled(modality: int) -> bool:
    """Whether people go there, or join from anywhere."""
    return bool(modality) and MODALITIES.codes[modality - 1] in TRAVELLED


def _country_names(mask: int) -> tuple[str, ...]:
    return tuple(country_codes()[bit] for bit in bits(mask))


def _codes(vocabulary: Vocabulary, mask: int) -> tuple[str, ...]:
    return tuple(term.code for term in vocabulary if mask >> term.bit & 1)


def _pair(vocabulary: Vocabulary, bits: tuple[int, int]) -> tuple[str, ...]:
    return tuple(code for bit in bits for code in _codes(vocabulary, 1 << bit))
