"""A node among hostile clients, over real sockets: what is slow, endless or not meant for it is cut off or refused."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fednet.node import home as homes
from fednet.web import asgi, connection
from fednet.web.app import create_app
from tests.asgi import Client
from tests.serving import Serving

BIG = b"x" * 32_000_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers /big with much, everything else with what it was sent."""
    body = b""
    while scope["method"] == "POST":
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    body = BIG if scope["path"] == "/big" else body or b"fine"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Here(Serving):
    """The application behind uvicorn, with this program's connections."""

    def __init__(self) -> None:
        super().__init__(app, **connection.options())

    @property
    def open(self) -> int:
        return len(self.server.server_state.connections)

    def dial(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=10)

    def said(self, raw: bytes) -> bytes:
        """All that is answered to these bytes until the connection ends."""
        with self.dial() as dialled:
            with suppress(OSError):
                dialled.sendall(raw)
            return rest(dialled)


def rest(dialled: socket.socket) -> bytes:
    heard = b""
    with suppress(ConnectionError):
        while piece := dialled.recv(65_536):
            heard += piece
    return heard


@pytest.fixture
def here() -> Iterator[Here]:
    found = Here()
    yield found
    found.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """One that gives nobody time."""
    for name in ("HEAD_SECONDS", "ANSWER_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(connection, name, 0.2)
    found = Here()
    yield found
    found.close()


def ended(here: Here) -> bool:
    """Whether all connections are gone, or soon are."""
    end = time.monotonic() + 10
    while here.open and time.monotonic() < end:
        time.sleep(0.01)
    return not here.open


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = GET[:-2] + b"Connection: close\r\n\r\n"


def test_ordinary_requests_are_answered_one_after_the_other(here: Here) -> None:
    assert here.said(LAST).count(b"fine") == 1
    assert here.said(GET * 19 + LAST).count(b"fine") == 20
    assert here.said(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + LAST).count(b"hello") == 1
    for _ in range(3):  # a connection lives on, however many heads it has seen
        with here.dial() as dialled:
            for _ in range(40):
                dialled.sendall(GET[:-2] + b"X: " + b"x" * 4_000 + b"\r\n\r\n")
                heard = b""
                while b"fine" not in heard:
                    heard += (piece := dialled.recv(65_536))
                    assert piece


@pytest.mark.clock
@pytest.mark.parametrize(
    "begun",
    [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\r\n", GET + b"GET / HT", GET + b"\r\n",
     b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx",
     b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"],
    ids=["nothing", "a letter", "half a head", "an empty line", "a second head", "idling", "half a body", "a chunk"],
)  # fmt: skip
def test_who_does_not_finish_is_cut_off(hasty: Here, begun: bytes) -> None:
    with hasty.dial() as dialled:
        dialled.sendall(begun)
        rest(dialled)  # ends, or the test times out
    assert ended(hasty)


@pytest.mark.clock
@pytest.mark.parametrize("drop", [b"x", b"\r\n", b"X: x\r\n"], ids=["letters", "lines", "headers"])
def test_a_head_that_drips_is_cut_off(hasty: Here, drop: bytes) -> None:
    with hasty.dial() as dialled, suppress(OSError):
        dialled.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " if drop == b"x" else b"")
        for _ in range(500):
            time.sleep(0.01)
            dialled.sendall(drop)
        pytest.fail("it was not cut off")
    assert ended(hasty)


@pytest.mark.clock
def test_who_does_not_read_the_answer_is_cut_off(hasty: Here) -> None:
    with hasty.dial() as dialled:
        dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        dialled.sendall(GET.replace(b"/ ", b"/big "))
        dialled.recv(1)
        assert ended(hasty)


FLOODS = {
    "one endless header": (b"GET / HTTP/1.1\r\nX: ", b"x" * 65_536),
    "endless headers": (b"GET / HTTP/1.1\r\n", b"X: x\r\n" * 10_000),
    "an endless address": (b"GET /", b"x" * 65_536),
    "endless empty lines": (b"", b"\r\n" * 30_000),
    "endless trailers": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n" * 10_000),
}


@pytest.mark.parametrize(("head", "flood"), FLOODS.values(), ids=FLOODS)
def test_a_flood_is_cut_off_early(here: Here, head: bytes, flood: bytes) -> None:
    sent = 0
    with here.dial() as dialled, suppress(OSError):
        dialled.sendall(head)
        while sent < 100_000_000:
            dialled.sendall(flood)
            sent += len(flood)
    assert sent < 20_000_000  # what the kernel takes before it is told


@pytest.mark.parametrize(
    "raw",
    [b"\x00" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ids=["zeros", "half a line", "TLS", "HTTP/2", "a length below zero", "two lengths"],
)  # fmt: skip
def test_what_is_no_request_is_refused(here: Here, raw: bytes) -> None:
    assert here.said(raw).split(b"\r\n")[0] in (b"", b"HTTP/1.1 400 Bad Request")
    assert b"fine" in here.said(LAST)


# --- the whole application


def test_every_refusal_carries_the_security_headers(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MAX_POST", 10)
    answers = {
        421: browser.get("/", host="evil.example"),
        413: browser.post("/api/v1/organizations", b"x" * 11),
        404: browser.get("/nowhere"),
        405: browser.post("/networks", b""),
    }
    for status, answer in answers.items():
        assert answer.status == status
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_node_answers_to_the_names_in_its_settings(tmp_path: Path) -> None:
    home, _ = homes.create(tmp_path / "node", "Example", "https://directory.example", tmp_path / "recovery.txt")
    settings = tmp_path / "node" / "node.toml"
    settings.write_text(settings.read_text().replace("hosts = []", 'hosts = ["www.directory.example"]'))
    home.close()
    home = homes.Home(tmp_path / "node")
    client = Client(create_app(home))
    for host in ("directory.example", "directory.example:443", "www.directory.example", "localhost", "10.0.0.7:8400"):
        assert client.get("/healthz", host=host).status == 200
    for path in ("/", "/api/v1/organizations", "/.well-known/fednet", "/healthz"):
        answer = client.get(path, host="evil.example")
        assert (answer.status, answer.json["error"]) == (421, "misdirected")
    assert "hosts" in client.get("/", host="evil.example").json["hint"]
    home.close()
