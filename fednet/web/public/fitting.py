"""How well two entries of the exchange fit, in a word, and why, in sentences of the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from fednet.directory.exchange import Match
from fednet.listing.fit import Reason
from fednet.listing.vocabulary import MODALITIES, STAGES, THEMES, Vocabulary
from fednet.web import show
from fednet.web.translation import gettext as _
from fednet.web.translation import noted, speaking

WELL, FITS = 60, 40
"""Scores from which on two entries fit well, or fit; below they might."""
MOST = 8
"""Reasons that a page gives for one match."""


def grade(score: int) -> str:
    """How well two entries fit, in words."""
    if score >= WELL:
        return _("Fits well")
    return _("Fits") if score >= FITS else _("Might fit")


def why(match: Match, most: int = MOST) -> list[Markup]:
    """The reasons of a match as sentences: what speaks most for it first, what speaks against it last.

    Of many, what speaks against it is left out last, so that nobody is told of good ones alone; but one stands first.
    """
    told = [(reason.points < 0, sentence) for reason in match.reasons if (sentence := said(reason))]
    good = [sentence for against, sentence in told if not against]
    bad = [sentence for against, sentence in told if against][: max(0, most - 1) if good else most]
    return [*good[: most - len(bad)], *bad]


def said(reason: Reason) -> Markup:
    """A reason as a sentence; empty for one that this version does not know."""
    told = _TOLD.get((reason.code, len(reason.terms))) or _TOLD.get((reason.code, None))
    if told is None:
        return Markup("")
    sentence, named = told
    return Markup(_(sentence)) % named(reason.terms)


Terms = tuple[str, ...]
Named = dict[str, str]


def _in(known: Vocabulary) -> Callable[[str], str]:
    def called(code: str) -> str:
        return show.bdi(show.fit(known.name(code, speaking()), 200))

    return called


_theme, _modality, _stage = _in(THEMES), _in(MODALITIES), _in(STAGES)


def _all(called: Callable[[str], str]) -> Callable[[Terms], Named]:
    """All terms, as `%(named)s`."""

    def named(terms: Terms) -> Named:
        return {"named": show.listed(map(called, terms))}

    return named


def _two(one: Callable[[str], str], other: Callable[[str], str]) -> Callable[[Terms], Named]:
    """The term of the need and that of the offer."""

    def named(terms: Terms) -> Named:
        return {"need": one(terms[0]), "offer": other(terms[1])}

    return named


def _none(_terms: Terms) -> Named:
    return {}


def _word(text: str) -> str:
    return show.bdi(show.fit(text, 120))


_TOLD: dict[tuple[str, int | None], tuple[str, Callable[[Terms], Named]]] = {
    ("themes", None): (noted("Both are about: %(named)s."), _all(_theme)),
    ("themes-near", 2): (noted("What is needed, %(need)s, is close to what is offered, %(offer)s."),
                         _two(_theme, _theme)),
    ("themes-named", None): (noted("Both speak of: %(named)s."), _all(_theme)),
    ("related", 2): (noted("%(need)s and %(offer)s belong together."), _two(_theme, _theme)),
    ("groups", None): (noted("Both are for: %(named)s."), _all(_theme)),
    ("groups-near", 2): (noted("One is for %(need)s, the other for %(offer)s: that is close."), _two(_theme, _theme)),
    ("groups-named", None): (noted("Both speak of: %(named)s."), _all(_theme)),
    ("groups-other", None): (noted("But they are for different people."), _none),
    ("modality", None): (noted("Both mean the same kind of exchange: %(named)s."), _all(_modality)),
    ("modality-kin", 2): (noted("Asked for is %(need)s, offered is %(offer)s: they are alike."),
                          _two(_modality, _modality)),
    ("modality-named", None): (noted("Both speak of the same kind of exchange: %(named)s."), _all(_modality)),
    ("modality-other", 2): (noted("But asked for is %(need)s, and offered is %(offer)s."), _two(_modality, _modality)),
    ("funding", None): (noted("But this is money, which is not asked for."), _none),
    ("money", None): (noted("Money is asked for, and this is a source of it."), _none),
    ("money-wanted", None): (noted("But money is asked for, and this is none."), _none),
    ("countries", None): (noted("It is offered for where it is needed: %(named)s."), _all(show.country)),
    ("countries-named", None): (noted("Both speak of the same place: %(named)s."), _all(show.country)),
    ("region", None): (noted("Both are in the same region: %(named)s."), _all(show.country)),
    ("everywhere", None): (noted("It is offered for the whole world."), _none),
    ("countries-other", None): (noted("But it is offered for other countries."), _none),
    ("languages", None): (noted("Languages in common: %(named)s."), _all(show.language)),
    ("languages-none", None): (noted("But they have no language in common."), _none),
    ("stage-helps", None): (noted("It is offered from a country that has resettled refugees for longer."), _none),
    ("stage-peers", None): (noted("Both are from the same kind of country: %(named)s."), _all(_stage)),
    ("words", None): (noted("Both texts say: %(named)s."), _all(_word)),
}  # fmt: skip
"""Reasons by code and number of terms (None: any): the sentence, and what stands in it."""
