"""Entries of the exchange as a peer may publish them, whatever they say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fednet import listing
from fednet.listing import Exchange
from fednet.listing.vocabulary import CLIENT_GROUPS, EXCHANGE_STATES, EXCHANGE_TYPES, MODALITIES, STAGES, THEMES

_TEXTS = st.sampled_from(
    [
        "Legal aid in Thailand",
        "Course for guardians of unaccompanied children",
        "Jumelage au Burkina Faso",
        "Taller sobre detención en México",
        "تدريب المترجمين في الأردن",
        "香港尋求庇護者需要律師",
        "မလေးရှားရှိ ဥပဒေအကူအညီ",
        "Travel costs of two speakers",
        "Help!",
        "",
    ]
)


def _some(codes: tuple[str, ...], most: int = 3) -> st.SearchStrategy[list[str]]:
    """A few, seldom more than count."""
    few = st.lists(st.sampled_from((*codes, "unheard-of")), max_size=most)
    return st.one_of(few, few, few, st.integers(8, 14).map(lambda many: list(dict.fromkeys(codes))[:many]))


_COUNTRIES = ("TH", "MY", "BF", "CA", "002", "035", "142", "001", "ZZ")
_DAYS = st.sampled_from(["2026-01-31", "2026-06-01", "2026-11-20", "2026-11-21", "2026-11-22", "2027-02-30"])

FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"type": st.sampled_from((*EXCHANGE_TYPES.codes, "need", "offer", "loan"))},
    optional={
        "description": st.fixed_dictionaries({"en": _TEXTS}),
        "organization": st.sampled_from(["", "Delta", "Rift Desk", "rift desk"]),
        "themes": _some(("legal-aid", "status-determination", "grants", "training", "detention", *THEMES.codes)),
        "client_groups": _some(("refugees", "children", "unaccompanied-minors", *CLIENT_GROUPS.codes)),
        "modality": st.sampled_from(("training", *MODALITIES.codes, "telepathy")),
        "countries": st.lists(st.sampled_from(_COUNTRIES), max_size=3),
        "languages": st.lists(st.sampled_from(["en", "en-GB", "fr", "th", "prs", "", "-", "fr th"]), max_size=3),
        "stage": st.sampled_from((*STAGES.codes, "ancient")),
        "posted": _DAYS,
        "closed": _DAYS,
        "open_until": _DAYS,
        "state": st.sampled_from(("open", "open", *EXCHANGE_STATES.codes, "unheard-of")),
    },
).flatmap(lambda fields: _TEXTS.map(lambda title: {"kind": "exchange", "titles": {"en": title}, **fields}))


def parsed(fields: dict[str, Any]) -> Exchange:
    found = listing.parse(listing.encode(fields))
    if not isinstance(found, Exchange):
        raise TypeError(fields)
    return found


EXCHANGES = FIELDS.map(parsed)
