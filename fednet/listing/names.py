"""Names of organisations, made comparable: folded, in Latin letters, without what every second one bears.

Two spellings of one name are found by comparing words, never letters of the whole: "Ministry of Women, Galmudug" and
"Ministry of Women, Hirshabelle" have four letters in five in common, and are two.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, lru_cache

from fednet.listing import places
from fednet.listing.text import key
from fednet.listing.transliteration import romanized

MAX_WORDS = 10
MAX_CHARACTERS = 200
BEGINNING = 3
"""Letters of a word by which others are found that may be the same."""

# What stands in a name for grammar or law: articles, prepositions, legal forms; folded, in Latin letters.
_FILLERS = frozenset(
    """
    a al an and as at au aux by d da das de degli dei del della den der des di do dos du e ed el en et fi for fur gli i
    il im in intl l la las le les li lo los nas o of og on os para per por pour s sur the to u und van vir vom von voor
    wa y za zu zum zur ve
    aisbl asbl asso assoc assn ass b bv cic co coop corp corporation ev e eingetragener verein gemeinnutzige ggmbh gmbh
    gte inc incorporated kk limited llc llp lp ltd ltda mbh nfp ngo ngos npo nro nv ong ongs onlus oo org osc osbl oy ab
    plc pte pty pvt rf ry sa sarl sas sdn bhd srl vzw zs zu stiftung yayasan perkumpulan pt
    association associazione asociacion associacao asociatia asosiasi assotsiatsiia verband vereniging forening
    foundation fondation fundacion fundacao fondazione fundatia stichting stiftelse saatio fond vakfi dernegi
    organization organisation organizacion organizzazione organizacao organisasi organisatie orgaanisatsioon
    """.split()
)

_BRACKETED = re.compile(r"[(\[（【]([^)\]）】]{1,80})[)\]）】]?")
_ACRONYM = re.compile(r"[^\W\d_][\w&./-]{1,11}")
_DASHED = re.compile(r"(?<!\s)\s+[-–—:|/]\s+|(?:(?<!\s)\s+)?[–—|]\s*")
_APOSTROPHES = re.compile(r"[’'ʼʻ`´]")
_DOTTED = re.compile(r"(?<=\b\w)\.(?=\w\b)")  # e.V., S.A.R.L.


class Likeness(IntEnum):
    """How alike two names are."""

    UNLIKE = 0
    LIKE = 1  # most words are the same, and each has one that the other has not; or one says where
    PART = 2  # one says more than the other, but not where
    CLOSE = 3  # the same words, letters apart
    SAME = 4


Words = tuple[str, ...]


@lru_cache(8192)
def forms(name: str) -> tuple[Words, ...]:
    """The words of a name, once as it stands and once for each part of it that is a name by itself.

    Catholic Relief Services (CRS)  ->  ("catholic", "relief", "services"),
    """
    name = name[:MAX_CHARACTERS]
    whole = words(name)
    inner = [words(part) for part in _BRACKETED.findall(name)]
    bare = _BRACKETED.sub(" ", name)
    parts = [words(part) for part in _DASHED.split(bare)]
    if _wheres() & set(whole).difference(*parts[:1]):  # "Hope (Chad)", "Hope - Chad": not the same as "Hope"
        return (whole,)
    found = [words(bare), *(part for part in parts if len(part) > 1), *(part for part in inner if len(part) > 2)]
    return tuple(dict.fromkeys(one for one in found if one)) or ((whole,) if whole else ())


def acronyms(acronym: str, names: tuple[str, ...] = ()) -> frozenset[str]:
    """The short forms that somebody gave: in the field for it, in brackets, before a dash, or as the whole name."""
    found = {folded_acronym(part) for part in re.split(r"[/,;|]| - ", acronym[:MAX_CHARACTERS])}
    for name in names:
        for part in (*_BRACKETED.findall(name), *_DASHED.split(name)):
            if _ACRONYM.fullmatch(part.strip()) and _is_short_form(part.strip()):
                found.add(folded_acronym(part))
    return frozenset(one for one in found if len(one) > 1)


def _is_short_form(part: str) -> bool:
    capitals = sum(letter.isupper() for letter in part)
    return capitals >= 2 and capitals * 2 > len(part)


@lru_cache(8192)
def folded_acronym(acronym: str) -> str:
    """`U.N.H.C.R.` and `unhcr` alike."""
    return romanized(key(acronym)).replace(" ", "")


def initials(spelt: Words) -> str:
    return "".join(word[0] for word in spelt)


@lru_cache(8192)
def words(name: str) -> Words:
    """The words that tell names apart, folded, in Latin letters, in order."""
    spelt = romanized(key(_DOTTED.sub("", _APOSTROPHES.sub(" ", name)))).split()
    telling = [word for word in spelt if word not in _FILLERS]
    return tuple((telling or spelt)[:MAX_WORDS])


def likeness(one: Words, other: Words) -> Likeness:
    """How alike two names are, by their words."""
    if one == other or sorted(one) == sorted(other):
        return Likeness.SAME
    glued, apart = "".join(one), "".join(other)
    if glued == apart:
        return Likeness.SAME
    few, many = sorted((one, other), key=len)
    if 2 * len(_beginnings(one) & _beginnings(other)) < len(few):  # cheap, for who lists many names to keep us busy
        return Likeness.UNLIKE
    left = list(many)
    missing = 0
    exact = True
    for word in few:
        best = min(range(len(left)), key=lambda at: _far(word, left[at]), default=None)
        if best is None or (far := _far(word, left[best])) > _tolerance(word, left[best]):
            missing += 1
        else:
            exact &= far == 0
            del left[best]
    if not missing and not left:
        return Likeness.CLOSE
    if min(len(glued), len(apart)) >= 8 and _far(glued, apart) <= 1:
        return Likeness.CLOSE
    met = len(few) - missing
    letters = sum(map(len, many)) - sum(map(len, left))
    if not missing and met > 1:
        return Likeness.LIKE if _wheres() & set(left) else Likeness.PART
    if not missing:
        return Likeness.LIKE if len(few[0]) > 5 else Likeness.UNLIKE
    return Likeness.LIKE if met > 1 and letters * 3 >= 2 * sum(map(len, many)) else Likeness.UNLIKE


@cache
def _wheres() -> frozenset[str]:
    """Words that say where: countries by name and code, parts of the world. "Hope International" is "Hope", "Hope
    Canada" may be another body, with a board of its own."""
    spelt = {places.name(code, tongue) for code in (*places.codes(), *places.region_codes()) for tongue in _TONGUES}
    found = {word for name in spelt for word in romanized(key(name)).split() if len(word) > 3}
    return frozenset((found | _SHORT_WHERES) - _NO_WHERES)


_TONGUES = ("en", "fr", "es")
_SHORT_WHERES = frozenset(
    "us usa uk uae drc rdc rca car national regional branch chapter office section bureau".split()
)
_NO_WHERES = frozenset("united republic democratic people world islands saint international".split())


@lru_cache(8192)
def _beginnings(spelt: Words) -> frozenset[str]:
    return frozenset(word[:BEGINNING] for word in spelt)


def _far(one: str, other: str) -> int:
    """Letters to put in, take out, replace or swap."""
    if one == other:
        return 0
    from rapidfuzz.distance import OSA

    return OSA.distance(one, other, score_cutoff=3)


def _tolerance(one: str, other: str) -> int:
    short = min(len(one), len(other))
    return 0 if short < 4 or one.isdigit() or other.isdigit() else 1 if short < 8 else 2
