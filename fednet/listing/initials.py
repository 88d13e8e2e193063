"""The short form that people make of a name themselves: JRS for Jesuit Refugee Service, which gives no acronym."""

from __future__ import annotations

import re

FEWEST, MOST = 3, 8
"""Letters of a short form."""

_WORD = re.compile(r"[^\W\d_]+")
_BRACKETS = re.compile(r"[(\[（].*|\s[-–—|/]\s.*")  # what follows is another name, or a place
_CASED = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u1e00-\u1fff]")

SMALL = frozenset(
    """a al an and as at au aux avec by con d da das de dei del della den der des di die do dos du e el em en et for
    from für i in l la las le les los mit na near o of on or os ou para per por pour s sur the to und und y with za zu
    в для з за и на о от по при та у і""".split()
)
"""Words that a short form mostly leaves out, and a search too: articles, prepositions, "and"."""


def initials(name: str) -> tuple[str, ...]:
    """The initials of a name with and without its small words; none where letters have no capitals, or of few words.

    Conseil canadien pour les réfugiés -> CCPLR, CCR
    """
    words = _WORD.findall(_BRACKETS.sub("", name))
    if not FEWEST <= len(words) <= 2 * MOST or not _CASED.match(words[0]):
        return ()
    told = [word[0] for word in words if word.lower() not in SMALL]
    forms = {"".join(told): None, "".join(word[0] for word in words): None}
    return tuple(form for form in forms if FEWEST <= len(form) <= MOST)
