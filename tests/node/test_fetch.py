"""What a fetcher connects to, how much it takes, and how long it waits."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib

import aiohttp
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, UnreachableError, UsageError
from fednet.node.fetch import Fetched, Fetcher, decoded, error_detail, is_public, public_socket
from tests.node.nodes import Answer, Nodes


def read(url: str, *, allow_private: bool = True, limit: int = 1_000, seconds: float = 5) -> Fetched:
    async def get() -> Fetched:
        async with Fetcher(allow_private=allow_private) as fetcher:
            return await fetcher.get(url, limit=limit, seconds=seconds)

    return asyncio.run(get())


# --- addresses

PUBLIC = ["9.9.9.9", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:9.9.9.9"]
PRIVATE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.7", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "fec0::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:909:909::1", "2001::1",
    "", "localhost", "2130706433", "127.1", "0x7f.0.0.1", "0177.0.0.1", "9.9.9.9.", " 9.9.9.9", "9.9.9.9\n",
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


LOOPBACK = [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001", "0x7f.1",
    "017700000001", "127.0.0.1.", "１２７.0.0.1", "127。0。0。1", "⑫⑦.0.0.1", "ⓛocalhost", "LOCALHOST", "localhost.",
    "0", "0.0.0.0", "[::]", "user@127.0.0.1", "127.0.0.1%2f", "[::1%25lo]",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_spelling_of_this_machine_is_connected_to(nodes: Nodes, host: str) -> None:
    served = nodes.served(nodes.home("Example", "Alpha"))
    port = served.url.rpartition(":")[2]
    with pytest.raises(FednetError):
        read(f"http://{host}:{port}/.well-known/fednet", allow_private=False)
    assert served.asked == []
    assert read(f"{served.url}/.well-known/fednet").status == 200


def test_the_address_connected_to_is_the_one_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: aiohttp.AddrInfoType = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))
    with pytest.raises(OSError, match="open Internet"):
        public_socket(wanted)
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("9.9.9.9", 80))).close()


@pytest.mark.parametrize("url", ["", "ftp://x.example", "file:///etc/passwd", "http://", "http://[x", "//x", "http:x"])
def test_only_http_addresses_are_asked(url: str) -> None:
    with pytest.raises(UsageError):
        read(url)


# --- redirects


def test_a_redirect_on_the_same_host_is_followed_a_few_times(nodes: Nodes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: (
        Answer(200, b"here") if path == "/c" else Answer(302, b"", (("Location", {"/a": "/b", "/b": "/c"}[path]),))
    )
    assert read(f"{proxy.url}/a").body == b"here"
    proxy.change = lambda path, answer: Answer(302, b"", (("Location", "/a"),))
    with pytest.raises(UnreachableError, match="too many"):
        read(f"{proxy.url}/a")


@pytest.mark.parametrize(
    "target", ["http://other.example/", "//other.example/", "https://127.0.0.1/", "http://[x", "file:///etc/passwd"]
)
def test_a_redirect_elsewhere_is_not(nodes: Nodes, target: str) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(302, b"", (("Location", target),))
    with pytest.raises(UnreachableError, match="another host"):
        read(f"{proxy.url}/a")


# --- sizes


def test_an_answer_above_the_limit_is_refused_while_it_streams(nodes: Nodes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(200, b"x" * 1_001)
    with pytest.raises(LimitError):
        read(proxy.url)
    proxy.change = lambda path, answer: Answer(200, b"x" * 1_000)
    assert len(read(proxy.url).body) == 1_000
    sent = 0

    def endless(path: str, answer: Answer) -> object:
        nonlocal sent
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not proxy.over.is_set():
            sent += 65_536
            yield b"x" * 65_536

    proxy.change = endless  # type: ignore[assignment]
    with pytest.raises(LimitError):
        read(proxy.url)


BOMB = b"\x00" * 10_000_000


@pytest.mark.parametrize(
    ("coding", "raw"),
    [
        ("zstd", zstandard.compress(BOMB)),
        ("zstd", zstandard.compress(b"") * 50 + zstandard.compress(BOMB)),
        ("gzip", gzip.compress(BOMB)),
    ],
)
def test_bombs_do_not_unfold(nodes: Nodes, coding: str, raw: bytes) -> None:
    with pytest.raises(LimitError):
        decoded(raw, coding, 100_000)
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(200, raw, (("Content-Encoding", coding),))
    with pytest.raises(LimitError):
        read(proxy.url, limit=100_000)


def test_a_window_larger_than_the_standard_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=26)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()  # the size is not said beforehand
    raw = coder.compress(b"x" * 1_000) + coder.flush()
    with pytest.raises(MalformedError):
        decoded(raw, "zstd", 10_000)


@given(st.binary(max_size=5_000))
def test_codings_give_back_what_was_coded(body: bytes) -> None:
    assert decoded(body, "identity", 5_000) == body
    assert decoded(zstandard.compress(body), "zstd", 5_000) == body
    assert decoded(gzip.compress(body), "GZIP", 5_000) == body


@given(st.binary(max_size=200), st.sampled_from(["zstd", "gzip", "x-gzip", "identity", "br", "gzip, zstd", "\xff"]))
def test_hostile_bytes_raise_our_errors_only(raw: bytes, coding: str) -> None:
    for body in (raw, b"\x28\xb5\x2f\xfd" + raw, b"\x1f\x8b\x08\x00" + raw):
        try:
            assert len(decoded(body, coding, 100)) <= 100
        except FednetError:
            continue


def test_a_gzip_stream_that_does_not_end_is_a_cut() -> None:
    with pytest.raises(MalformedError, match="cut"):
        decoded(gzip.compress(zlib.compress(b"x" * 500))[:-9], "gzip", 10_000)


NESTED = [b"[" * 5_000, b'{"error":["' + b"[" * 900, b'{"error":1,"detail":{}}']


@given(st.binary(max_size=300) | st.sampled_from(NESTED))
def test_what_an_error_says_is_safe_to_show(body: bytes) -> None:
    said = error_detail(Fetched(500, body, 0))
    assert said.startswith("500") and len(said) < 400 and said.isprintable()


@pytest.mark.parametrize("host", [".", "a..b.example", "x" * 64 + ".example"])
def test_a_host_that_is_no_name_is_unreachable(host: str) -> None:
    with pytest.raises(UnreachableError):
        read(f"http://{host}/")


def test_a_dead_port_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        read("http://127.0.0.1:1")


@pytest.mark.clock
def test_an_answer_that_does_not_come_is_given_up(nodes: Nodes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: iter(lambda: proxy.over.wait(10) and b"", b"never")  # type: ignore[assignment, return-value]
    with pytest.raises(UnreachableError, match="in time"):
        read(proxy.url, seconds=0.2)
