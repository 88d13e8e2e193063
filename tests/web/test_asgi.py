from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from fednet.errors import FednetError
from fednet.web import asgi
from fednet.web.asgi import Addressed, Compressed, Limited, Throttled, Timed, is_costly, preferred
from tests.asgi import Client


def refused(request: Request, error: FednetError) -> Response:
    return JSONResponse({"error": error.word, "hint": error.hint}, error.status)


async def fine(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("fine")(scope, receive, send)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body."""
    try:
        body = await Request(scope, receive).body()
    except FednetError as error:
        await refused(Request(scope), error)(scope, receive, send)
    else:
        await PlainTextResponse(body)(scope, receive, send)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, zstd", "zstd"),
        ("GZIP;q=1.0, zstd;q=0.5", "gzip"),
        ("zstd;q=0, gzip;q=0", None),
        ("*", None),
        ("gzip;q=nonsense", None),
    ],
)
def test_the_preferred_coding_follows_the_weights(accepted: str, coding: str | None) -> None:
    assert preferred(accepted) == coding


@given(st.text())
def test_any_accept_encoding_is_survived(accepted: str) -> None:
    assert preferred(accepted) in (None, "gzip", "zstd")


def test_what_is_streamed_is_passed_on_as_it_comes() -> None:
    async def parts() -> Any:
        for _ in range(3):
            yield b"x" * 1_000
            await asyncio.sleep(0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await StreamingResponse(parts(), media_type="text/html")(scope, receive, send)

    answer = Client(Compressed(app)).get("/", accept_encoding="gzip")
    assert answer.body == b"x" * 3_000 and "content-encoding" not in answer.headers


def test_what_is_compressed_already_is_left_alone() -> None:
    page = HTMLResponse(b"x" * 1_000, headers={"content-encoding": "br"})
    answer = Client(Compressed(page)).get("/", accept_encoding="gzip")
    assert answer.body == b"x" * 1_000 and answer.headers["content-encoding"] == "br"


def test_a_small_answer_is_not_worth_it() -> None:
    answer = Client(Compressed(HTMLResponse("hello"))).get("/", accept_encoding="gzip")
    assert answer.body == b"hello" and "content-encoding" not in answer.headers


def test_a_strong_tag_becomes_weak_with_other_bytes() -> None:
    page = HTMLResponse(b"x" * 1_000, headers={"etag": '"a"'})
    assert Client(Compressed(page)).get("/", accept_encoding="gzip").headers["etag"] == 'W/"a"'


# --- bodies


def test_a_body_beyond_the_limit_is_refused_whatever_it_says_of_its_length() -> None:
    client = Client(Limited(echo))
    assert client.post("/", b"x" * asgi.MAX_POST).status == 200
    for headers in ({}, {"content_length": "3"}, {"content_length": "nonsense"}, {"content_length": "-1"}):
        assert client.post("/", b"x" * (asgi.MAX_POST + 1), **headers).status == 413


def test_a_body_that_says_it_is_too_large_is_not_waited_for() -> None:
    async def nothing_comes() -> Any:
        pytest.fail("the body was waited for")

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        await Limited(echo)(scope, nothing_comes, send)

    assert Client(reads).post("/", b"", content_length="65537").status == 413
    assert Client(reads).post("/", b"", content_length="9" * 19).status == 413


# --- time


@pytest.mark.clock
def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.05)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def drip() -> Any:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

        await Timed(echo, refused)(scope, drip, send)

    answer = Client(slow).post("/", b"")
    assert (answer.status, answer.json["error"]) == (408, "too-slow")


@pytest.mark.clock
def test_a_body_with_files_that_was_admitted_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.01)
    monkeypatch.setattr(asgi, "ANSWER_SECONDS", 0.02)
    left = 4

    async def admits(scope: Any, receive: Any, send: Any) -> None:
        asgi.admit_upload(scope)
        await echo(scope, receive, send)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def drip() -> Any:
            nonlocal left
            left -= 1
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": left > 0}

        await Timed(admits, refused)(scope, drip, send)

    assert Client(slow).post("/", b"").status == 200
    monkeypatch.setattr(asgi, "UPLOAD_SECONDS", 0.01)
    left = 4
    assert Client(slow).post("/", b"").status == 408


@pytest.mark.clock
def test_an_answer_that_is_not_made_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "ANSWER_SECONDS", 0.05)

    async def ponders(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        await asyncio.sleep(60)

    answer = Client(Timed(ponders, refused)).get("/")
    assert (answer.status, answer.json["error"]) == (503, "busy")

    async def begins(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    with pytest.raises(ClientDisconnect):
        Client(Timed(begins, refused)).get("/")


def test_waiting_for_the_end_of_a_connection_is_no_slow_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.0)

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await fine(scope, receive, send)

    async def known(scope: Any, receive: Any, send: Any) -> None:
        messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"", "more_body": False}]

        async def receive_later() -> Any:
            if len(messages) == 1:
                await asyncio.sleep(0)
            return messages.pop()

        await Timed(waits, refused)(scope, receive_later, send)

    assert Client(known).get("/").status == 200


# --- names


OURS = [
    "node.example", "NODE.example", "node.example.", "node.example:8400", "node.example:", "localhost:8400",
    "127.0.0.1", "127.0.0.1:8412", "192.168.1.7:8400", "[::1]:8400", "[fd12::1]", "[::ffff:127.0.0.1]",
    "xn--mnchen-3ya.example",
]  # fmt: skip
NOT_OURS = [
    "", " ", "evil.example", "node.example.evil.example", "evil.example:8400", "node.example@evil.example",
    "node.example/x", "node.example evil.example", "node.example, evil.example", "[::1", "[evil.example]", "2130706433",
    "127.1", "0x7f.1",
    "localhost.evil.example", "node.example:8400:8400", "node.example:port", "127.0.0.1.evil.example", "node.example#",
    "nоde.example",
]  # fmt: skip


def named(host: str) -> int:
    client = Client(Addressed(fine, ["node.example", "münchen.example"], refused))
    return client.get("/", host=host.encode().decode("latin-1")).status


@pytest.mark.parametrize("host", OURS)
def test_a_node_answers_to_its_names_and_to_numbers(host: str) -> None:
    assert named(host) == 200


@pytest.mark.parametrize("host", NOT_OURS)
def test_a_name_that_was_made_to_lead_here_is_not_answered(host: str) -> None:
    assert named(host) == 421


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_any_host_is_survived(host: str) -> None:
    assert Client(Addressed(fine, [], refused)).get("/", host=host).status in (200, 421)


def test_of_two_hosts_none_is_believed() -> None:
    async def two(scope: Any, receive: Any, send: Any) -> None:
        scope["headers"] = [(b"host", b"node.example"), (b"host", b"node.example")]
        await Addressed(fine, ["node.example"], refused)(scope, receive, send)

    assert Client(two).get("/").status == 421
    assert Client(Addressed(fine, [], refused)).get("/").status == 200  # HTTP/1.0 names none


# --- how often


class Crowd:
    """Clients that ask one throttled application, at times that a test chooses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.app = Throttled(fine, refused, lambda: self.now)

    def ask(self, address: str | None, path: str = "/") -> int:
        async def told(scope: Any, receive: Any, send: Any) -> None:
            scope["client"] = None if address is None else (address, 1)
            await self.app(scope, receive, send)

        answer = Client(told).get(path)
        assert answer.status != 429 or answer.headers["retry-after"] == "1"
        return answer.status

    def burst(self, address: str, times: int = asgi.BURST) -> set[int]:
        return {self.ask(address) for _ in range(times)}


def test_one_client_has_a_burst_and_then_a_rate() -> None:
    crowd = Crowd()
    assert crowd.burst("9.9.9.9") == {200}
    assert crowd.ask("9.9.9.9") == 429
    assert crowd.ask("9.9.9.8") == 200
    crowd.now += 1.0
    assert [crowd.ask("9.9.9.9") for _ in range(asgi.RATE + 1)] == [200] * asgi.RATE + [429]
    crowd.now += 1_000_000
    assert crowd.burst("9.9.9.9") == {200} and crowd.ask("9.9.9.9") == 429


def test_being_refused_costs_nothing() -> None:
    crowd = Crowd()
    crowd.burst("9.9.9.9", asgi.BURST + 100)
    crowd.now += 1.0 / asgi.RATE
    assert crowd.ask("9.9.9.9") == 200


def test_one_network_of_ipv6_is_one_client_and_a_mapped_address_no_other() -> None:
    crowd = Crowd()
    crowd.burst("2001:db8:1:2::1")
    assert crowd.ask("2001:db8:1:2:ffff::9") == 429 and crowd.ask("2001:db8:1:3::1") == 200
    crowd.burst("9.9.9.9")
    assert crowd.ask("::ffff:9.9.9.9") == 429


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", None, "", "unix"])
def test_this_machine_is_not_counted(address: str | None) -> None:
    crowd = Crowd()
    assert {crowd.ask(address) for _ in range(asgi.BURST + 10)} == {200}


def test_the_table_of_clients_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MAX_CLIENTS", 3)
    crowd = Crowd()
    crowd.burst("9.9.9.9")
    for last in range(50):
        crowd.ask(f"9.9.8.{last}")
        assert len(crowd.app._buckets) <= 3
    assert crowd.ask("9.9.9.9") == 200  # forgotten


def test_what_a_first_sync_reads_by_thousands_is_not_counted() -> None:
    base = "/feeds/abc/public"
    for cheap in ("/static/style.css", "/healthz", f"{base}/page/root-00", f"{base}/1/tile/0/000",
                  f"{base}/1/checkpoint", "/feeds/abc/identity", "/.well-known/fednet"):  # fmt: skip
        assert not is_costly(cheap)
    for costly in ("/", "/api/v1/organizations", "/events", "/nowhere", f"{base}/changes", f"{base}/proof/x/y"):
        assert is_costly(costly)
