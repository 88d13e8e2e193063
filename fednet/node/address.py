"""Addresses of nodes: how they are written, and which of them may be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from fednet.errors import UsageError
from fednet.feed.text import shown

_THIS_MACHINE = ("localhost", "127.", "[::1]")
_REFUSED_V6 = tuple(
    map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10"))
)


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet: not loopback, private, link-local, multicast, NAT64 or 6to4."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _REFUSED_V6):
            return False
    return found.is_global and not found.is_multicast


def is_literal(host: str) -> bool:
    try:
        ip_address(host.split("%")[0])
    except ValueError:
        return False
    return True


def parsed(url: str) -> SplitResult:
    """The parts of an http or https address."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # brackets that hold no address
        known = False
    if not known:
        raise UsageError(f"{shown(url)} is not an http or https address", hint="give it as https://node.example.org")
    return parts


def base_url(url: str) -> str:
    """An address as it is kept: with a scheme (https, and http on this machine), without query, ending in no slash."""
    if "://" not in url:
        url = f"http{'' if url.startswith(_THIS_MACHINE) else 's'}://{url}"
    parts = parsed(url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise UsageError(f"{shown(url)} is not the address of a node", hint="fednet follow https://node.example.org")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
