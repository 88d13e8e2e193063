"""What a fetcher connects to, how much it takes, and how long it waits."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, UnreachableError
from fednet.node.coding import Decoder
from fednet.node.fetch import Fetched, Fetcher, error_detail
from tests.node.nodes import Answer, Nodes


def read(url: str, *, limit: int = 1_000, seconds: float = 5, headers: dict[str, str] | None = None) -> Fetched:
    async def get() -> Fetched:
        async with Fetcher(allow_private=True) as fetcher:
            return await fetcher.get(url, limit=limit, seconds=seconds, headers=headers)

    return asyncio.run(get())


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


ENDLESS = {
    "bytes": (b"", b"x" * 65_536),
    "chunks of one byte": (b"Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n" * 1_000),
    "empty zstd frames": (b"Content-Encoding: zstd\r\n", zstandard.compress(b"") * 100),
    "a zstd frame to be skipped": (b"Content-Encoding: zstd\r\n", b"\x50\x2a\x4d\x18\x00\x10\x00\x00" + bytes(4096)),
    "zeros in gzip": (b"Content-Encoding: gzip\r\n", gzip.compress(bytes(100_000))[:-20]),
}  # fmt: skip


@pytest.mark.parametrize(("head", "piece"), ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_never_ends_is_left(nodes: Nodes, head: bytes, piece: bytes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")

    def endless(path: str, answer: Answer) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
        while not proxy.over.is_set():
            yield piece

    proxy.change = endless
    with pytest.raises(FednetError):
        read(proxy.url, limit=50_000)


ODD_ANSWERS = {
    "a header of 1 MB": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000,
    "a million headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1_000_000,
    "a status line of 1 MB": b"HTTP/1.1 200 " + b"O" * 1_000_000,
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
    "half a status line": b"HTTP/1.1 2",
    "less than its length says": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx",
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a chunk that does not end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx",
    "a chunk without a length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
    "a chunk of 2^64": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    "a coding nobody asked for": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
    "two codings": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, zstd\r\nContent-Length: 1\r\n\r\nx",
    "status 999999": b"HTTP/1.1 999999 OK\r\nContent-Length: 1\r\n\r\nx",
    "status 101": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
}


@pytest.mark.parametrize("raw", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_answer_that_is_none_is_our_error(nodes: Nodes, raw: bytes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: raw
    try:
        assert read(proxy.url).status != 200
    except FednetError as error:
        assert len(error.detail) < 400 and error.detail.isprintable()


def test_of_an_error_page_no_more_is_read_than_can_be_told(nodes: Nodes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(404, b"x" * 10_000_000)
    assert read(proxy.url) == Fetched(404, b"", 65_536)
    proxy.change = lambda path, answer: Answer(404, b"?", (("Content-Encoding", "zstd"),))
    assert read(proxy.url).status == 404


def decoded(raw: bytes, coding: str, limit: int, step: int = 1 << 20) -> bytes:
    decoder = Decoder(coding, limit)
    for start in range(0, len(raw), step):
        decoder.write(raw[start : start + step])
    return decoder.finish()


BOMB = zstandard.compress(bytes(10_000_000))


@pytest.mark.parametrize(
    ("coding", "raw"),
    [
        ("zstd", BOMB),
        ("zstd", zstandard.compress(b"") * 50 + BOMB),
        ("zstd", zstandard.compress(bytes(99_000)) * 2),
        ("gzip", gzip.compress(bytes(10_000_000))),
    ],
)
def test_bombs_do_not_unfold(nodes: Nodes, coding: str, raw: bytes) -> None:
    for step in (1, 1 << 20):
        with pytest.raises(LimitError):
            decoded(raw, coding, 100_000, step)
    proxy = nodes.proxy("http://127.0.0.1:1")
    proxy.change = lambda path, answer: Answer(200, raw, (("Content-Encoding", coding),))
    with pytest.raises(LimitError):
        read(proxy.url, limit=100_000)


def test_a_bomb_in_a_bomb_is_unfolded_once() -> None:
    inner = gzip.compress(bytes(1_000_000))
    assert decoded(zstandard.compress(inner), "zstd", 10_000) == inner


def test_no_piece_of_a_bomb_is_unfolded_beyond_the_limit() -> None:
    zipped = gzip.compress(bytes(10_000_000))
    tracemalloc.start()
    for coding, raw in (("zstd", BOMB), ("gzip", zipped)):
        with pytest.raises(LimitError):
            decoded(raw, coding, 500_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_window_larger_than_the_standard_allows_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=26)
    coder = zstandard.ZstdCompressor(compression_params=parameters).compressobj()  # the size is not said beforehand
    raw = coder.compress(b"x" * 1_000) + coder.flush()
    with pytest.raises(MalformedError):
        decoded(raw, "zstd", 10_000)


@given(st.binary(max_size=5_000), st.integers(1, 6_000))
def test_codings_give_back_what_was_coded(body: bytes, step: int) -> None:
    assert decoded(body, "identity", 5_000, step) == body
    assert decoded(zstandard.compress(body), "zstd", 5_000, step) == body
    assert decoded(zstandard.compress(body) + zstandard.compress(b"more"), "zstd", 5_004, step) == body + b"more"
    assert decoded(gzip.compress(body), "GZIP", 5_000, step) == body


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


def test_nothing_may_follow_a_gzip_stream() -> None:
    with pytest.raises(MalformedError, match="behind"):
        decoded(gzip.compress(b"x") + b"x", "gzip", 10_000)


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


# --- headers, and bodies that are sent


def test_a_post_brings_its_body_and_headers(nodes: Nodes) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        sent = dict(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["method"].encode() + sent[b"signature"] + body})

    served = nodes.served(nodes.home("Example"), echo)

    async def ask() -> list[bytes]:
        async with Fetcher(allow_private=True) as fetcher:
            got = await fetcher.get(served.url, headers={"Signature": "s"})
            posted = await fetcher.post(served.url, b"body", headers={"Signature": "t"})
            return [got.body, posted.body]

    assert asyncio.run(ask()) == [b"GETs", b"POSTtbody"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_never_redirected(nodes: Nodes, status: int) -> None:
    targets = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        targets.append(scope["path"])
        await send({"type": "http.response.start", "status": status, "headers": [(b"location", b"/elsewhere")]})
        await send({"type": "http.response.body", "body": b""})

    served = nodes.served(nodes.home("Example"), elsewhere)

    async def ask() -> None:
        async with Fetcher(allow_private=True) as fetcher:
            await fetcher.post(f"{served.url}/here", b"body")

    with pytest.raises(UnreachableError, match="not followed on POST"):
        asyncio.run(ask())
    assert targets == ["/here"]


def test_no_proxy_of_the_environment_is_used(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    served = nodes.served(nodes.home("Example"))
    assert read(f"{served.url}/.well-known/fednet").status == 200 and proxy.asked == []


# --- time


def test_a_busy_peer_is_asked_once_more_when_it_says_so(nodes: Nodes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")

    def busy(path: str, answer: Answer) -> Answer:
        return Answer(200, b"now") if len(proxy.asked) == 2 else Answer(429, b"", (("Retry-After", "0"),))

    proxy.change = busy
    assert read(proxy.url).body == b"now" and len(proxy.asked) == 2
    proxy.change = lambda path, answer: Answer(429, b"", (("Retry-After", "0"),))
    assert read(proxy.url).status == 429 and len(proxy.asked) == 4
    proxy.asked.clear()
    assert read(proxy.url, headers={"Signature": "good for once"}).status == 429 and len(proxy.asked) == 1
    for later in ("21", "4", "-1", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 400, "x", "\u0664"):
        proxy.change = lambda path, answer, later=later: Answer(429, b"", (("Retry-After", later),))  # type: ignore[misc]
        proxy.asked.clear()
        assert read(proxy.url, seconds=3).status == 429 and len(proxy.asked) == 1


SLOW = {
    "an answer that does not begin": (b"", b""),
    "a head that comes a byte at a time": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
    "a head of interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body that comes a byte at a time": (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
    "redirects that take their time": (b"HTTP/1.1 302 Found\r\nLocation: /a\r\nX-Slow: ", b"x"),
}


@pytest.mark.clock
@pytest.mark.parametrize(("head", "drop"), SLOW.values(), ids=SLOW)
def test_a_slow_peer_is_left_at_the_deadline(nodes: Nodes, head: bytes, drop: bytes) -> None:
    proxy = nodes.proxy("http://127.0.0.1:1")

    def dripping(path: str, answer: Answer) -> Iterator[bytes]:
        yield head
        while not proxy.over.wait(0.02):
            yield drop

    proxy.change = dripping
    with pytest.raises(UnreachableError, match="in time"):
        read(proxy.url, seconds=0.3)
