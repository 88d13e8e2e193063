"""Two nodes whose need and offer fit, for tests of introductions and of the messages that carry them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from io import BytesIO
from typing import Any

from fednet.feed.introduction import Details
from fednet.node import bundles, edits, introductions, messages, publish
from fednet.node.bundles import Carried
from fednet.node.fetch import Fetcher
from fednet.node.home import Home, now
from fednet.node.introductions import Introduction
from fednet.web.app import create_app
from tests.node.nodes import Nodes, Served, network_of, pin

ASKS, SAYS = "Could our two interpreters be of use to you?", "Gladly, from January on."
OFFERED = Details("Asking Desk", ("asking-desk@one.example",), ("+66 2 000 1001",), "after nine")
NEEDED = Details("Answering Desk", ("answering-desk@two.example",))
WORDS = (ASKS, SAYS, "Asking Desk", "asking-desk@one.example", "+66 2 000 1001", "after nine",
         "Answering Desk", "answering-desk@two.example")  # fmt: skip


def listed(home: Home, type_: str, title: str, circle: str | None = None) -> str:
    """The handle of one more need or offer, in an edition."""
    fields = {"type": type_, "titles": {"en": title}, "themes": ["legal-aid"], "countries": ["TH"]}
    own = edits.add(home, "exchange", fields, now(), circle)
    publish.publish(home, now())
    return own.handle


class Pair:
    """`a` offers what `b` needs; they follow each other, and `a` has read what `b` lists."""

    def __init__(self, nodes: Nodes, *, a_reachable: bool = False, b_reachable: bool = False) -> None:
        self.nodes = nodes
        self.a, self.b = nodes.home("Asking Network"), nodes.home("Answering Network")
        self.offer = listed(self.a, "offer", "Two interpreters")
        self.need = listed(self.b, "need", "Interpreters for a clinic")
        self.at_a = self.serve(self.a) if a_reachable else None
        self.at_b = self.serve(self.b) if b_reachable else None
        pin(self.a, self.b, *([self.at_b.url] if self.at_b else []))
        pin(self.b, self.a, *([self.at_a.url] if self.at_a else []))
        self.carry(self.b, self.a)
        self.carry(self.a, self.b)

    def serve(self, home: Home, around: Callable[[Any], Any] = lambda app: app) -> Served:
        return self.nodes.served(home, around(create_app(home)))

    # --- what people do

    def ask(self, text: str = ASKS) -> str:
        return introductions.ask(self.a, self.need, self.offer, text, "en", OFFERED, "", now()).id

    def accept(self, id_: str) -> None:
        introductions.accept(self.b, id_, NEEDED, now(), "", SAYS, "en")

    # --- what travels

    def tell(self, home: Home) -> None:
        """One exchange, asked by this node."""
        other = self.b if home is self.a else self.a

        async def run() -> None:
            async with Fetcher(allow_private=True) as fetcher:
                await messages.deliver(home, fetcher, network_of(home, other))

        asyncio.run(run())

    def written(self, home: Home, to: Home) -> bytes:
        """A bundle for the other."""
        file = home.path.parent / "for.fednet"
        bundles.write(home, file, recipient=network_of(home, to))
        return file.read_bytes()

    def read(self, home: Home, raw: bytes) -> list[Carried]:
        return asyncio.run(bundles.read(home, BytesIO(raw), "b.fednet", expected=None, confirm=lambda offer: False))

    def carry(self, home: Home, to: Home) -> list[Carried]:
        return self.read(to, self.written(home, to))

    # --- what is seen

    def at(self, home: Home, id_: str) -> Introduction:
        return introductions.introduction(home, id_)

    def states(self, id_: str) -> tuple[str, str]:
        return self.at(self.a, id_).state, self.at(self.b, id_).state

    def introduced(self, id_: str) -> bool:
        """Whether both know how to reach the other, and that the other knows."""
        a, b = self.at(self.a, id_), self.at(self.b, id_)
        return (
            (a.state, b.state) == ("introduced", "introduced")
            and (a.other.details, b.other.details) == (NEEDED, OFFERED)
            and (a.other.text, b.other.text) == (SAYS, ASKS)
            and not self.waiting(self.a)
            and not self.waiting(self.b)
        )

    def waiting(self, home: Home) -> int:
        """How many introductions the other has not heard of as they stand."""
        return sum(one.count for one in messages.undelivered(home))
