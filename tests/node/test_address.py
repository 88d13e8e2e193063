"""Which addresses a node connects to: judged where the socket is made, whatever the name looked like."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, UnreachableError, UsageError
from fednet.node.address import base_url, is_public
from fednet.node.fetch import Fetched, Fetcher, public_socket
from tests.node.nodes import Answer, Nodes, Proxy

PUBLIC = [
    "9.9.9.9", "1.1.1.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "11.0.0.1",
    "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:200::1", "::ffff:9.9.9.9",
]  # fmt: skip
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.7", "192.88.99.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "::1%lo", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "fec0::1",
    "2001:db8::1", "3fff::1", "5f00::1", "100::1", "4000::1", "e000::1",
    "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "::ffff:0:909:909",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::909:909", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:909:909::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1",
    "", "localhost", "2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "9.9.9.9.", " 9.9.9.9", "9.9.9.9\n", "９.9.9.9",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_of_the_open_internet(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_in_an_address_is_judged_like_itself(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))
    number = int(address)  # type: ignore[call-overload]
    for wrapped in (f"64:ff9b::{number >> 16:x}:{number & 65535:x}", f"2002:{number >> 16:x}:{number & 65535:x}::1"):
        assert not is_public(wrapped)


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_not_public(address: Any) -> None:
    address = getattr(address, "ipv4_mapped", None) or address
    assert not is_public(str(address)) or not (address.is_private or address.is_multicast or address.is_reserved)


def read(url: str, *, allow_private: bool = False) -> Fetched:
    async def get() -> Fetched:
        async with Fetcher(allow_private=allow_private) as fetcher:
            return await fetcher.get(url, limit=10_000, seconds=5)

    return asyncio.run(get())


def here(nodes: Nodes) -> Proxy:
    """Something on this machine that answers."""
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(200, b"here")
    return proxy


LOOPBACK = [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127.1", "127.0.1", "2130706433",
    "0x7f000001", "0x7f.1", "0X7F.0.0.1", "017700000001", "0177.1", "127.0.0.1.", "１２７.0.0.1", "127。0。0。1",
    "⑫⑦.0.0.1", "ⓛocalhost", "loCAlhoſt", "LOCALHOST", "localhost.", "localhost..", "0", "0x0", "0.0.0.0", "[::]",
    "user@127.0.0.1", "9.9.9.9@127.0.0.1", "127.0.0.1%2f", "127.0.0.1%00", "[::1%25lo]", "[::1%lo]", "%31%32%37.0.0.1",
    "127．1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "xn--127-", "ip6-localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_this_machine_is_connected_to(nodes: Nodes, host: str) -> None:
    proxy = here(nodes)
    with pytest.raises(FednetError):
        read(f"http://{host}:{proxy.url.rpartition(':')[2]}/.well-known/fednet")
    assert proxy.asked == []


def test_the_address_connected_to_is_the_one_that_was_checked() -> None:
    wanted: aiohttp.AddrInfoType = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(OSError, match="open Internet"):
        public_socket(wanted)
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("9.9.9.9", 80))).close()


# --- names that a hostile name server answers for


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """What the name server says, look-up by look-up; the last answer stays."""
    answers: list[list[str]] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (one, port, 0, 0))
            if ":" in one
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield answers


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "64:ff9b::7f00:1", "2002:7f00:1::", "169.254.169.254"],
)
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    nodes: Nodes, names: list[list[str]], address: str
) -> None:
    proxy = here(nodes)
    names.append([address])
    with pytest.raises(UnreachableError):
        read(f"http://evil.example:{proxy.url.rpartition(':')[2]}/")
    assert proxy.asked == []


def test_a_name_that_leads_home_the_second_time_is_not_connected_to(
    nodes: Nodes, names: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: nobody asks the name again between the check and the connection, and each connection is checked."""
    made: list[str] = []

    def watched(wanted: aiohttp.AddrInfoType) -> socket.socket:
        made.append(str(wanted[4][0]))
        public_socket(wanted).close()
        raise OSError("tests do not leave this machine")

    monkeypatch.setattr("fednet.node.fetch.public_socket", watched)
    proxy = here(nodes)
    names += [["9.9.9.9"], ["127.0.0.1"]]
    for _ in range(3):
        with pytest.raises(UnreachableError):
            read(f"http://evil.example:{proxy.url.rpartition(':')[2]}/")
    assert made == ["9.9.9.9", "127.0.0.1", "127.0.0.1"] and proxy.asked == []


def test_of_several_addresses_only_public_ones_are_tried(nodes: Nodes, names: list[list[str]]) -> None:
    proxy = here(nodes)
    names.append(["127.0.0.1", "::1", "10.0.0.1"])
    with pytest.raises(UnreachableError):
        read(f"http://evil.example:{proxy.url.rpartition(':')[2]}/")
    assert proxy.asked == []


def test_a_name_server_that_stalls_holds_up_nothing_but_look_ups(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def stalls(*_: object, **__: object) -> list[Any]:
        answers.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", stalls)

    async def go() -> int:
        async with Fetcher(allow_private=False) as fetcher:
            looking_up = [asyncio.create_task(fetcher.get(f"http://n{n}.example/")) for n in range(20)]
            await asyncio.sleep(0)
            done = await asyncio.gather(*(asyncio.to_thread(int, "1") for _ in range(20)))
            answers.set()
            found = await asyncio.gather(*looking_up, return_exceptions=True)
            assert all(isinstance(one, UnreachableError) for one in found)
            return sum(done)

    assert asyncio.run(go()) == 20


def test_private_addresses_are_read_when_the_operator_says_so(nodes: Nodes, names: list[list[str]]) -> None:
    proxy = here(nodes)
    names.append(["127.0.0.1"])
    url = f"http://demo.example:{proxy.url.rpartition(':')[2]}/.well-known/fednet"
    assert read(url, allow_private=True).status == 200


def test_a_redirect_to_a_private_address_is_not_followed(nodes: Nodes) -> None:
    inside, outside = here(nodes), here(nodes)
    outside.change = lambda path, answer: Answer(302, b"", (("Location", inside.url),))
    with pytest.raises(UnreachableError, match="another host"):
        read(outside.url, allow_private=True)
    assert inside.asked == []


# --- spellings


@pytest.mark.parametrize("url", ["", "ftp://x.example", "file:///etc/passwd", "http://", "http://[x", "//x", "http:x"])
def test_only_http_addresses_are_asked(url: str) -> None:
    with pytest.raises(UsageError):
        read(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["https://user@node.example", "https://a:b@node.example", "https://node.example/?x", "https://n.example#x"]
)
def test_what_more_than_names_a_node_is_not_its_address(url: str) -> None:
    with pytest.raises(UsageError):
        base_url(url)
