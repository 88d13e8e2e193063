"""The short form that people make of a name themselves: JRS for Jesuit Refugee Service, which gives no acronym."""

from __future__ import annotations

import re

FEWEST, MOST = 3, 8
"""Letters of a short form."""

# What follows is another name, or a place.
_OTHER_NAME = re.compile(r"(?:(?<!\s)\s+)?[(\[（].*|\s[-–—|/]\s.*", re.DOTALL)

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
    if name[:1].upper() == name[:1].lower():
        return ()
    if not name.isascii() or "(" in name or " - " in name or "|" in name or "/" in name or "[" in name:
        name = _OTHER_NAME.sub("", name)
    words = name.upper().split()
    if not FEWEST <= len(words) <= 2 * MOST:
        return ()
    every = "".join([word[0] for word in words])
    if not every.isalpha():
        words = [word for word in words if word[0].isalpha()]
        every = "".join([word[0] for word in words])
    if _SMALL.isdisjoint(words):
        return (every,) if FEWEST <= len(every) <= MOST else ()
    told = "".join([word[0] for word in words if word not in _SMALL])
    return tuple(form for form in (told, every) if FEWEST <= len(form) <= MOST)


_SMALL = frozenset(map(str.upper, SMALL))
