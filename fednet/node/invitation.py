"""Invitations: where a network is read, and which network it has to be, in one line that is copied, mailed or scanned.

```
https://node.example.org/#fednet=mzxw6ytboi2dmzxw6ytboi2dmzxw6ytb
```
It is the address of the node, so that whoever scans it with a telephone sees the network's pages. The network id stands
in the fragment, which no browser sends anywhere. Following it still means to compare the fingerprint: whoever gives the
invitation may have made it up.
"""

from __future__ import annotations

from typing import NamedTuple

from fednet.errors import UsageError
from fednet.feed.checkpoint import check_network
from fednet.feed.text import shown
from fednet.node.address import base_url
from fednet.node.following import parse_fingerprint

FRAGMENT = "fednet="
MAX_INVITATION = 2_000


class Invitation(NamedTuple):
    """`url` as `follow` takes it; `network` is None where only an address was given."""

    url: str
    network: str | None


def invitation(url: str, network: str) -> str:
    """The invitation to follow a network that is read at an address."""
    return f"{base_url(url)}/#{FRAGMENT}{check_network(network)}"


def parse_invitation(text: str) -> Invitation:
    """What a person pasted: an invitation, an address, or an address and a fingerprint behind it.

    Raises UsageError, for what is no address, or has something behind it that is no fingerprint.
    """
    if len(text) > MAX_INVITATION or not text.strip():
        raise UsageError(f"{shown(text)} is no invitation", hint="it begins with https://")
    address, *groups = text.split()
    address, _, fragment = address.partition("#")
    said = fragment.removeprefix(FRAGMENT) if fragment.startswith(FRAGMENT) else "".join(groups)
    return Invitation(base_url(address), parse_fingerprint(said) if said else None)
