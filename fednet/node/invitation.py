"""Invitations: where a network is read, and which network it has to be, in one line that is copied, mailed or scanned.

```
https://node.example.org/#mzxw-6ytb-oi2d-mzxw-6ytb-oi2d-mzxw-6ytb
```
It is the address of the node, so that whoever scans it with a telephone sees the network's pages, and its fingerprint
in the fragment, which no browser sends anywhere. Whoever gives it may have made it up: following a network still means
to compare the fingerprint.
"""

from __future__ import annotations

from typing import NamedTuple

from fednet.errors import UsageError
from fednet.feed.checkpoint import check_network
from fednet.feed.identity import fingerprint
from fednet.feed.text import shown
from fednet.node.address import base_url
from fednet.node.following import parse_fingerprint

MAX_INVITATION = 2_000


class Invitation(NamedTuple):
    """`url` as `follow` takes it; `network` is None where only an address was given."""

    url: str
    network: str | None


def invitation(url: str, network: str) -> str:
    """The invitation to follow a network that is read at an address."""
    return f"{base_url(url)}/#{fingerprint(check_network(network)).replace(' ', '-')}"


def parse_invitation(text: str) -> Invitation:
    """What a person pasted: an invitation, an address, or an address and a fingerprint in any order, on lines or not.

    Raises UsageError for what has no address in it, or something besides that is no fingerprint.
    """
    words = [] if len(text) > MAX_INVITATION else text.split()
    address = next((word for word in words if "." in word or ":" in word), None)
    if address is None:
        raise UsageError(f"{shown(text)} is no invitation", hint="it begins with https://")
    words.remove(address)
    address, _, fragment = address.partition("#")
    said = fragment + "".join(words)
    return Invitation(base_url(address), parse_fingerprint(said) if said else None)
