"""A twinning in a list, and on the pages of the two organisations and of what it grew from."""

from __future__ import annotations

from typing import NamedTuple

from fednet.directory.search import Reader
from fednet.directory.twinnings import Card
from fednet.listing import Twin
from fednet.web import show
from fednet.web.public.parties import Parties, Party
from fednet.web.show import Text


class Line(NamedTuple):
    """A twinning in a list."""

    card: Card
    url: str
    names: list[Text]
    twins: list[Party]


def line(card: Card, parties: Parties, reader: Reader) -> Line:
    """A twinning as lists show it."""
    names = show.names(card.first.record, show.LIST_NAMES)
    return Line(card, f"/twinnings/{card.first.hit.handle}", names, twins(card, parties, reader))


def twins(card: Card, parties: Parties, reader: Reader) -> list[Party]:
    """The two organisations, with their pages where the reader may see them."""
    return [_twin(twin, parties, reader) for twin in card.twins]


def _twin(twin: Twin, parties: Parties, reader: Reader) -> Party:
    """Under the name that the twinning gives it: a link tells where it is listed, and nobody else's name for it."""
    name = Text(None, show.fit(twin.name, show.PARTY_NAME))
    found = parties.party(twin.handle, reader, twin.network) if twin.handle else None
    return Party(name, found.url if found else None)
