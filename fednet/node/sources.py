"""Where a network's resources are read: at the address of a node, of a mirror or of a static host; or out of a bundle.

Verification is the same whatever the source: content authenticates itself wherever it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fednet.feed.wire import MAX_ANSWER
from fednet.node.fetch import REQUEST_SECONDS, Fetched, Fetcher
from fednet.node.signatures import Signer


class Source(Protocol):
    """One place that a network's resources are read from.

    `name` is what people are shown. `origin`: the network itself answers, so being behind is an alarm and no lateness.
    """

    name: str
    origin: bool

    async def get(self, path: str, *, limit: int = MAX_ANSWER, seconds: float = REQUEST_SECONDS) -> Fetched:
        """What is at `path`, relative to `/feeds/<network id>/`."""


class Address:
    """A base URL at which a network's resources are served, and who asks there (nobody, when `signer` is None)."""

    def __init__(
        self, fetcher: Fetcher, url: str, network: str, *, origin: bool = False, signer: Signer | None = None
    ) -> None:
        self.fetcher, self.url, self.network, self.signer = fetcher, url, network, signer
        self.name = url
        self.origin = origin

    async def get(self, path: str, *, limit: int = MAX_ANSWER, seconds: float = REQUEST_SECONDS) -> Fetched:
        """Who asks is said only where it matters: of restricted circles, and of which there are."""
        public = path == "identity" or path.startswith("public/")
        url = f"{self.url}/feeds/{self.network}/{path}"

        async def ask(headers: Mapping[str, str] | None = None) -> Fetched:
            return await self.fetcher.get(url, limit=limit, seconds=seconds, headers=headers)

        return await (ask() if public or self.signer is None else self.signer.asked(ask, "GET", url))
