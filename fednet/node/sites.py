"""Static sites: a folder that any file server can serve, and that others follow like a node (SPEC 7.9).

```
.well-known/fednet
feeds/<network id>/identity
feeds/<network id>/public/page/..., public/<epoch>/tile/..., public/<epoch>/checkpoint
evidence/index.html, evidence/<digest>
.fednet-site                    what was replaced, and when
```
Each file is switched in at once, and a file only after those that it leads to, so that whoever reads meanwhile finds
the old state or the new one. Restricted circles are never here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from sqlite_utils import Database

from fednet.errors import FednetError, NotFoundError, UsageError
from fednet.feed import tlog, tree, wire
from fednet.feed.record import Put
from fednet.feed.text import utc_text, utc_time
from fednet.feed.tree import Entry, Leaf
from fednet.feed.wire import EntriesPage, PageName
from fednet.node import answers, evidence
from fednet.node.files import alone, write_atomically
from fednet.node.home import Home
from fednet.store import feeds, records
from fednet.store.feeds import Feed

MARKER = ".fednet-site"
OURS = ("feeds", "evidence", ".well-known/fednet")  # what is written there
OWN_FOLDER = "choose a folder of its own"
KEPT = timedelta(days=1)  # what was replaced stays so long, for those who are reading


class Written(msgspec.Struct, frozen=True):
    """What one writing of a site changed, in files; `networks` are the names of those whose feeds are there."""

    networks: tuple[str, ...]
    written: int
    unchanged: int
    removed: int


# --- what a static host serves ----------------------------------------------------------------------------------------


def shared(db: Database, *, mirrors: bool) -> list[Feed]:
    """This node's own public feed, and with `mirrors` those of others that it would serve; raises if none is signed."""
    own = feeds.public_feed(db, feeds.own(db).network)
    if own.followed.edition is None:
        raise NotFoundError("nothing is published yet", hint="fednet publish")
    held = [feeds.feed(db, network, "public") for network in (feeds.peers(db) if mirrors else ())]
    return [own, *(feed for feed in held if feed is not None and feed.visible and feed.followed.edition is not None)]


def resources(db: Database, feed: Feed, *, whole_log: bool = True) -> Iterator[tuple[str, bytes]]:
    """What a follower reads of a feed, as (path below `/feeds/<network id>/`, content), each after what it leads to.

    Without `whole_log` entries come from both ends of the log only: those that following needs.
    """
    for name, page in _pages(db, feed):
        yield f"{feed.circle}/page/{name}", page
    log = f"{feed.circle}/{feed.followed.epoch}"
    for tile, content in _tiles(db, feed, whole_log):
        yield f"{log}/{tile.path}", content
    yield f"{log}/checkpoint", answers.checkpoint(feed, feed.followed.epoch)
    yield "identity", feed.network.identity.encoded


def _pages(db: Database, feed: Feed) -> Iterator[tuple[PageName, bytes]]:
    """Every page of a state that a follower may have to fetch, read when it is asked for."""
    waiting: list[tuple[str, Entry]] = [("", tree.root(records.tree_reader(db, feed.id)))]
    while waiting:
        prefix, entry = waiting.pop()
        if entry is None or (prefix and _tells_itself(feed, entry)):
            continue
        name = PageName(prefix, tree.entry_hash(entry))
        page = answers.page(db, feed, name)
        if isinstance(page, EntriesPage):
            waiting += [(f"{prefix}{digit:x}", child) for digit, child in enumerate(page.children)]
        yield name, page.encoded


def _tells_itself(feed: Feed, entry: Entry) -> bool:
    """Whether a leaf's hash alone says what lies there: a tombstone."""
    return isinstance(entry, Leaf) and entry.commitment == feed.commitments.erased(entry.key)


def _tiles(db: Database, feed: Feed, whole_log: bool) -> Iterator[tuple[tlog.Tile, bytes]]:
    epoch, size = feed.followed.epoch, feed.followed.frontier.size
    level = 0
    while size >> (tlog.TILE_HEIGHT * level):
        for tile in tlog.tiles_of(size, level):
            yield tile, answers.tile(db, feed, epoch, tile)
        level += 1
    entries = tlog.tiles_of(size, -1)
    for tile in entries if whole_log else dict.fromkeys((entries[0], entries[-1])):
        with suppress(NotFoundError):  # a mirror need not have seen every line of a log
            yield tile, answers.tile(db, feed, epoch, tile)


# --- writing a folder -------------------------------------------------------------------------------------------------


def write(home: Home, directory: Path, now: datetime, *, mirrors: bool = False) -> Written:
    """Write or renew a site in `directory`; only what differs is written. Raises UsageError for a folder of others."""
    _check_place(home, directory)
    directory.mkdir(parents=True, exist_ok=True)
    with alone(directory), home.store.reading() as db:
        chosen = shared(db, mirrors=mirrors)
        site = _Site(directory, now)
        for feed in chosen:
            for path, content in resources(db, feed):
                site.put(f"feeds/{feed.network.network}/{path}", content)
        for digest, content in _evidence(db):
            site.put(f"evidence/{digest}", content)
        site.put(".well-known/fednet", answers.well_known(db, home, base=""))
        site.clear(db, {feed.network.network: feed for feed in chosen})
    return Written(tuple(feed.network.name for feed in chosen), site.written, site.unchanged, site.removed)


def _evidence(db: Database) -> Iterator[tuple[str, bytes]]:
    """The evidence that everybody may see, by digest, and the list of it, where hosts look for a folder's page."""
    shown = evidence.shown(db)
    yield from ((held.digest, held.file) for held in shown)
    if shown:
        yield "index.html", evidence.lines(shown)


def _check_place(home: Home, directory: Path) -> None:
    """Raise UsageError where something would be written over, or taken out, that is not of a site of ours."""
    kept, place = home.path.resolve(), directory.resolve()
    if kept.is_relative_to(place) or place.is_relative_to(kept):
        raise UsageError("the node's home, with its keys, and the site would be one in the other", hint=OWN_FOLDER)
    ours = [directory / path for path in OURS]
    for one in (directory / ".well-known", *(one for path in ours for one in (path, *path.rglob("*")))):
        if one.is_symlink():
            raise UsageError(f"{one} is a link, and fednet writes none", hint=OWN_FOLDER)
    foreign = [one for one in ours if one.exists() and not (directory / MARKER).exists()]
    if foreign:
        raise UsageError(f"{foreign[0]} was not written by fednet", hint=OWN_FOLDER)


class _Site:
    """A folder while it is written."""

    def __init__(self, directory: Path, now: datetime) -> None:
        self.directory, self.now = directory, now
        self.replaced = _read_marker(directory / MARKER)
        if not (directory / MARKER).exists():
            self._mark({})
        self.current: set[str] = set()
        self.written = self.unchanged = self.removed = 0

    def put(self, path: str, content: bytes) -> None:
        self.current.add(path)
        place = self.directory / path
        if _content(place) == content:
            self.unchanged += 1
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, content, mode=0o644)
        self.written += 1

    def clear(self, db: Database, served: dict[str, Feed]) -> None:
        """Take out what is served no more: at once what must not be read again, the rest when it is a day old."""
        kept: dict[str, datetime] = {}
        for place in sorted((self.directory / "feeds").rglob("*")):
            path = place.relative_to(self.directory).as_posix()
            if place.is_dir() or path in self.current:
                continue
            since = self.replaced.get(path, self.now)
            feed = served.get(path.split("/")[1])
            if feed is None or self.now - since >= KEPT or not _may_stay(db, feed, place):
                place.unlink()
                self.removed += 1
            else:
                kept[path] = since
        _remove_empty(self.directory / "feeds")
        self._mark(kept)

    def _mark(self, replaced: dict[str, datetime]) -> None:
        lines = [f"{utc_text(since)} {path}\n" for path, since in sorted(replaced.items())]
        content = "".join(lines).encode()
        if _content(self.directory / MARKER) != content:
            write_atomically(self.directory / MARKER, content, mode=0o644)


def _may_stay(db: Database, feed: Feed, place: Path) -> bool:
    """Whether a file that was replaced may be read for another day: not if it is cut off or holds an unlisted body."""
    if place.name.startswith("."):  # left by a writing that was cut off
        return False
    if place.parent.name != "page":
        return True
    lines = (_content(place) or b"").split(b"\n")
    try:
        puts = [wire.parse_put(line, feed.commitments) for line in lines if line.startswith(b"put ")]
    except FednetError:
        return False
    return all(isinstance(records.record(db, feed.id, feed.commitments, put.key), Put) for put in puts)


def _content(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None


def _read_marker(place: Path) -> dict[str, datetime]:
    """Path -> when it was replaced; a line that makes no sense is as if it were not there."""
    replaced: dict[str, datetime] = {}
    for line in (_content(place) or b"").decode("utf-8", "replace").splitlines():
        since, _, path = line.partition(" ")
        with suppress(FednetError):
            replaced[path] = utc_time(since)
    return replaced


def _remove_empty(directory: Path) -> None:
    for folder, _, _ in os.walk(directory, topdown=False):
        with suppress(OSError):  # it holds something
            Path(folder).rmdir()
