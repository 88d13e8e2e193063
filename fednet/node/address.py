"""Addresses of nodes: how they are written, and which of them may be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from fednet.errors import UsageError
from fednet.feed.text import shown

_THIS_MACHINE = ("localhost", "127.", "[::1]")

# Written out, not left to `is_global` alone: what that says differs between versions of Python.
_OPEN_V6 = IPv6Network("2000::/3")  # all that is routed; outside of it lie NAT64, site-local, mapped and the like
_REFUSED: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")),  # protocol assignments, 6to4 relays
    *map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")),  # Teredo, examples, 6to4, examples
)


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet: not loopback, private, link-local, multicast, NAT64 or 6to4.

    An IPv4 address that is mapped into IPv6 is judged like itself. A NAT64 prefix that somebody cut out of their own
    public addresses cannot be told from them.
    """
    try:
        found: IPv4Address | IPv6Address = ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found not in _OPEN_V6:
            return False
    if any(found in network for network in _REFUSED):
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
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url
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
