"""Real nodes for tests: homes in a temporary directory, served on loopback, and a proxy that lies on demand."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from fednet.errors import FednetError
from fednet.feed.record import SALT_SIZE, put
from fednet.node import edits, home, publish, sync, verify
from fednet.node.home import Home
from fednet.store import drafts, feeds, records, sources
from fednet.store.drafts import Draft
from fednet.store.feeds import Feed, Network
from fednet.web.programs.feeds import routes
from tests.serving import Serving

NOW = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)

Row = tuple[Any, ...]


# --- what a test does to a home


def organization(word: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "organization", "names": {"en": f"{word} Legal Aid"}, "countries": ["TH"], **fields}


def add(home: Home, *words: str) -> list[str]:
    """Organisations under these names, waiting for the next edition; their handles."""
    made = [(edits.new_handle(), edits.body_of(organization(word))) for word in words]
    with home.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "put", body) for handle, body in made], NOW)
    return [handle for handle, _ in made]


def add_many(home: Home, count: int, word: str = "Member") -> list[str]:
    return add(home, *(f"{word} {i}" for i in range(count)))


def published(home: Home, *words: str) -> list[str]:
    """One more edition, with these organisations in it."""
    handles = add(home, *words)
    publish.publish(home, NOW)
    if not words:
        heartbeat(home)
    return handles


def heartbeat(home: Home) -> None:
    """One more edition, without changes."""
    feed = public(home, home.network)
    if feed.followed.edition is not None:
        publish.renew(home, feed.followed.edition.expires_at)


def network_of(follower: Home, origin: Home) -> Network:
    with follower.store.reading() as db:
        return feeds.named(db, origin.network.network)


def public(home: Home, network: Network) -> Feed:
    with home.store.reading() as db:
        found = feeds.feed(db, network, "public")
    assert found is not None
    return found


def held(follower: Home, origin: Home) -> Feed:
    """What a follower holds of an origin."""
    return public(follower, network_of(follower, origin))


def pin(follower: Home, origin: Home, *urls: str) -> Network:
    """Follow a network without asking anybody."""
    with follower.store.writing() as db:
        network = feeds.pin(db, origin.network.identity, NOW)
        for url in urls:
            sources.add_origin(db, network, url)
        feeds.open_feed(db, network, "public")
    return network


def move(follower: Home, origin: Home, url: str) -> None:
    """Read an origin from another address from now on."""
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = ? WHERE network_id = ?", (url, network_of(follower, origin).id))


def synced(follower: Home, *, allow_private: bool = True) -> sync.Synced:
    """One sync of the one network that is followed."""
    (result,) = asyncio.run(sync.sync(follower, allow_private=allow_private))
    return result


def listing(home: Home, network: str) -> dict[str, bytes]:
    """Handle -> body of what a home shows of a network."""
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT handle, body FROM record JOIN feed ON feed.id = feed_id JOIN network ON network.id = network_id "
            "WHERE network = ? AND circle = 'public' AND feed.visible AND body IS NOT NULL",
            (network,),
        ).fetchall()
    return dict(rows)


def searchable(home: Home, network: str) -> list[Row]:
    """What search finds of a network: handles with their facets, and whether each is found by its words."""
    with home.store.reading() as db:
        return db.execute(
            "SELECT handle, kind, countries FROM facet JOIN record ON record.id = record_id "
            "JOIN feed ON feed.id = record.feed_id JOIN network ON network.id = network_id "
            "WHERE network = ? AND feed.visible AND record_id IN (SELECT rowid FROM search WHERE search MATCH 'legal') "
            "ORDER BY handle",
            (network,),
        ).fetchall()


def same_view(a: Home, b: Home, origin: Home) -> bool:
    """Whether two homes list and find the same of an origin."""
    network = origin.network.network
    return listing(a, network) == listing(b, network) and searchable(a, network) == searchable(b, network)


def problems(home: Home) -> list[str]:
    """All that `verify` finds wrong."""
    return [problem for verified in verify.verify(home) for problem in verified.problems]


def tampered(home: Home) -> None:
    """Put other words into one own record, as somebody would who has the database and redoes every sum in it."""
    with home.store.writing() as db:
        feed = feeds.open_feed(db, home.network, "public")
        handle, body = db.execute(
            "SELECT handle, body FROM record WHERE feed_id = ? AND body IS NOT NULL LIMIT 1", (feed.id,)
        ).fetchone()
        other = put(feed.commitments, handle, bytes(SALT_SIZE), body.replace(b"Legal Aid", b"Hotline"))
        records.apply(db, feed.id, [other], feed.followed.position.edition)


# --- serving


class Served:
    """A home's feeds behind uvicorn in a thread. `asked`: paths of requests so far, but for receipts and messages."""

    def __init__(self, home: Home, app: Any = None) -> None:
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda path: None
        app = app or Starlette(routes=routes(home), exception_handlers={FednetError: _refusal})

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"] not in ("/receipt", "/messages"):
                self.asked.append(scope["path"])
                self.before(scope["path"])
            await app(scope, receive, send)

        self._serving = Serving(counted)
        self.url = self._serving.url

    def pages(self) -> int:
        return sum("/page/" in path for path in self.asked)

    def close(self) -> None:
        self._serving.close()


def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FednetError)
    return JSONResponse({"error": error.word, "detail": error.detail}, error.status)


# --- a proxy that lies


class Answer(NamedTuple):
    """An HTTP answer as the proxy may change it; its body has no content coding."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def encoded(self) -> bytes:
        head = [f"HTTP/1.1 {self.status} Changed", f"Content-Length: {len(self.body)}", "Connection: close"]
        head += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*head, "", ""]).encode() + self.body


Change = Callable[[str, Answer], Answer | bytes | Iterable[bytes]]


class Proxy:
    """Stands before a node. `change(path, answer)` gives an answer, raw bytes, or pieces that are sent one by one."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.change: Change = lambda path, answer: answer
        self.asked: list[str] = []
        self.over = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self) -> None:
                proxy.asked.append(self.path)
                with suppress(OSError):
                    for piece in proxy._answered(self.path):
                        self.wfile.write(piece)
                        self.wfile.flush()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def pages(self) -> int:
        return sum("/page/" in path for path in self.asked)

    def _answered(self, path: str) -> Iterable[bytes]:
        found = self.change(path, self.upstream_answer(path))
        match found:
            case Answer():
                return [found.encoded]
            case bytes():
                return [found]
            case _:
                return found

    def upstream_answer(self, path: str) -> Answer:
        """What the node behind the proxy says; 502 when it is not there."""
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=10)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except OSError:
            return Answer(502, b"")
        finally:
            connection.close()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


def flipped(body: bytes, position: int, bit: int | None = None) -> bytes:
    """The body with one bit changed."""
    changed = bytearray(body)
    changed[position] ^= 1 << (position % 8 if bit is None else bit)
    return bytes(changed)


# --- all of them, closed together


class Nodes:
    """Makes homes, servers and proxies below one directory, and ends them all."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def home(self, name: str = "Example Network", *words: str) -> Home:
        """A new home; with words, its first edition lists organisations of these names."""
        directory = self.directory / name.replace(" ", "-").lower()
        made, _ = home.create(directory, name, None, None)
        self._open.callback(made.close)
        if words:
            published(made, *words)
        return made

    def again(self, old: Home) -> Home:
        """The home as it is found after a restart."""
        old.close()
        found = Home(old.path)
        self._open.callback(found.close)
        return found

    def served(self, home: Home, app: Any = None) -> Served:
        served = Served(home, app)
        self._open.callback(served.close)
        return served

    def proxy(self, upstream: str) -> Proxy:
        proxy = Proxy(upstream)
        self._open.callback(proxy.close)
        return proxy

    def pair(self, *words: str) -> tuple[Home, Served, Home]:
        """An origin that lists these, its server, and a follower that has not synced yet."""
        origin = self.home("Origin", *words)
        served = self.served(origin)
        follower = self.home("Follower")
        pin(follower, origin, served.url)
        return origin, served, follower
