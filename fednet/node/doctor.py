"""Checking a node's set-up: what is well, what is doubtful, what is broken, and what to do about each.

Every check stands alone: a broken database does not keep the keys from being looked at.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from fednet.errors import FednetError, RollbackError
from fednet.feed.identity import fingerprint
from fednet.feed.text import base64_text
from fednet.node.files import alone
from fednet.node.home import CONFIG, DATABASE, Home, read_config
from fednet.node.keys import KEYS
from fednet.node.mark import ADOPT, Stopped
from fednet.node.publish import unfinished
from fednet.node.sheet import TITLE
from fednet.node.standing import logs
from fednet.store import feeds, index, integrity

LARGEST_KEY_FILE = 64 * 1024
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows a time before this program was written."""
TOLERANCE = timedelta(minutes=10)
PROBE_SECONDS = 5.0


class Finding(msgspec.Struct, frozen=True):
    """What one check found. `hint` says what to do, often a command."""

    check: str
    level: Literal["ok", "warn", "fail"]
    detail: str
    hint: str | None = None


def examine(path: Path, now: datetime, *, probe: bool = True) -> Iterator[Finding]:
    """Look at everything in the home at `path`. With `probe`, also ask at the node's own address who answers there."""
    yield from _checked("settings", lambda: _settings(path))
    yield from _checked("files", lambda: _files(path))
    yield from _checked("clock", lambda: _clock(now))
    try:
        home = Home(path)
    except FednetError as error:
        yield Finding("node", "fail", error.detail, error.hint)
        return
    try:
        checks: dict[str, Callable[[], Iterator[Finding]]] = {
            "database": lambda: _database(home),
            "keys": lambda: _keys(home),
            "recovery key": lambda: _recovery(home),
            "high-water mark": lambda: _mark(home),
            "records": lambda: _records(home),
            "search index": lambda: _index(home),
            "editions": lambda: _editions(home, now),
            "address": lambda: _address(home, probe),
        }
        for name, check in checks.items():
            yield from _checked(name, check)
    finally:
        home.close()


def adopt(home: Home, *, newest: bool = False, asked: Stopped | None = None) -> None:
    """A person says that this is the one copy of the node: the high-water mark follows the database and this place.

    `newest`: and that nothing was published elsewhere, or after it, which nothing here can show. `asked` is what others
    have shown (`fednet.node.ask`). Raises RollbackError when it is not so, or may not be so.
    """
    own = home.network
    with alone(home.path), home.store.reading() as db:
        standing = logs(db, own)
        reason = asked or home.mark.stopped(own.identity.epoch)
        if reason is not None and reason.kind != "restored":
            raise RollbackError(reason.detail, hint=reason.hint)
        home.mark.check_known(standing)
        if not newest and (reason is not None or not home.mark.agrees(standing)):
            raise RollbackError(
                "nothing shows that this is the newest that was signed",
                hint="if nothing was published elsewhere or after this: fednet doctor --adopt --newest; else followers "
                "may have more: fednet restore --from URL",
            )
        home.mark.adopt(own.network, standing)


def _checked(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a check finds; that it cannot even be made is a finding too."""
    try:
        yield from check()
    except FednetError as error:
        yield Finding(name, "fail", error.detail, error.hint)
    except OSError as error:
        yield Finding(name, "fail", f"{error.filename}: {error.strerror}")


# --- files ------------------------------------------------------------------------------------------------------------


def _settings(path: Path) -> Iterator[Finding]:
    config = read_config(path / CONFIG)
    yield Finding("settings", "ok", f"{CONFIG} names {config.name}")


def _files(path: Path) -> Iterator[Finding]:
    """Secrets and records are for the node's own user only."""
    open_files = [name for name in (KEYS, DATABASE) if _readable_by_others(path / name)]
    for name in open_files:
        level: Literal["warn", "fail"] = "fail" if name == KEYS else "warn"
        if name == KEYS or _readable_by_others(path):
            yield Finding("files", level, f"other users can read {name}", f"chmod 600 {path / name}")
    if _readable_by_others(path):
        yield Finding("files", "warn", "other users can look into the node's home", f"chmod 700 {path}")
    elif KEYS not in open_files:
        yield Finding("files", "ok", "only this user can read the keys and the database")


def _readable_by_others(path: Path) -> bool:
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _recovery(home: Home) -> Iterator[Finding]:
    """The recovery key is on paper somewhere else; on this computer it would be lost or stolen with it."""
    inside = _recovery_files(home.path, home.network.network)
    beside = _recovery_files(home.path.absolute().parent, home.network.network)
    for file in (*inside, *beside):
        level: Literal["warn", "fail"] = "fail" if file in inside else "warn"
        where = "in the node's home" if file in inside else "on this computer"
        hint = f"print {file}, keep it where the computer is not, and delete the file"
        yield Finding("recovery key", level, f"the recovery key lies {where}, in {file.name}", hint)
    if not inside and not beside:
        yield Finding("recovery key", "ok", "it does not lie in or beside the node's home")


def _recovery_files(directory: Path, network: str) -> list[Path]:
    return [file for file in sorted(directory.iterdir()) if _is_recovery(file, network)]


def _is_recovery(file: Path, network: str) -> bool:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_KEY_FILE:
            return False
        content = file.read_bytes()
    except OSError:  # not ours to read, so not ours to judge
        return False
    return TITLE.encode() in content and fingerprint(network).encode() in content


def _clock(now: datetime) -> Iterator[Finding]:
    if now < EARLIEST:
        yield Finding("clock", "fail", f"this computer's clock shows {now:%Y-%m-%d %H:%M} UTC", "set the clock")
    else:
        yield Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")


# --- database and keys ------------------------------------------------------------------------------------------------


def _database(home: Home) -> Iterator[Finding]:
    with home.store.reading() as db:
        problems = integrity.problems(db)
    for problem in problems:
        yield Finding("database", "fail", problem, "stop the node and restore the newest backup")
    if not problems:
        yield Finding("database", "ok", "SQLite finds no fault")


def _keys(home: Home) -> Iterator[Finding]:
    """The private keys here are those that the network's newest statement names."""
    public, stated = home.keys.public, home.network.identity.current
    held = {
        "log": (base64_text(public.log), stated.log_key),
        "cosigner": (base64_text(public.cosigner), stated.cosigner_key),
        "transport": (base64_text(public.transport), stated.transport_key),
        "bundle": (public.bundle, stated.bundle_key),
    }
    differing = [name for name, (here, named) in held.items() if here != named]
    for name in differing:
        yield Finding(
            "keys",
            "fail",
            f"the {name} key in {KEYS} is not the one that the network's identity names",
            "bring back keys.json of this network, or: fednet keys recover --recovery FILE --closes last-good",
        )
    if unfinished(home):
        yield Finding("keys", "warn", "a change of keys was interrupted", "fednet publish finishes it")
    elif not differing:
        yield Finding("keys", "ok", "the keys are those that the network's identity names")


def _mark(home: Home) -> Iterator[Finding]:
    """The mark lies here, says what the database says or has prepared, and nobody has shown that more was signed."""
    content = home.mark.check_place()
    with home.store.reading() as db:
        own = feeds.own(db)
        standing = logs(db, own)
        stopped = home.mark.stopped(own.identity.epoch)
        if stopped is not None:
            yield Finding("high-water mark", "fail", f"this node signs nothing: {stopped.detail}", stopped.hint)
        home.mark.check_known(standing)
    if not home.mark.agrees(standing):
        said = ", ".join(f"{circle} {signed.epoch}.{signed.size}" for circle, signed in sorted(content.logs.items()))
        yield Finding("high-water mark", "fail", f"the database holds more than was signed here: {said}", ADOPT)
    elif stopped is None:
        yield Finding("high-water mark", "ok", "it agrees with the database, and was written here")


def _records(home: Home) -> Iterator[Finding]:
    with home.store.reading() as db:
        every = [feed for feed in feeds.feeds(db) if feed.visible]
        wrong = [feed for feed in every if integrity.counted(db, feed) != (feed.records, feed.erased)]
    for feed in wrong:
        name = f"{feed.network.name}, circle {feed.circle}"
        yield Finding("records", "fail", f"{name}: rows are missing or too many", "fednet verify --repair")
    if not wrong:
        total = sum(feed.records for feed in every)
        yield Finding("records", "ok", f"every row is counted: {total:,} in all")


def _index(home: Home) -> Iterator[Finding]:
    with home.store.reading() as db:
        found = integrity.index_state(db)
    if found.version != index.VERSION:
        said = f"the search index is of version {found.version}, this program makes {index.VERSION}"
        yield Finding("search index", "warn", said, "fednet doctor --reindex")
    elif found.searched != found.facets or found.strays:
        said = f"{found.searched:,} records can be searched and {found.facets:,} counted"
        yield Finding("search index", "fail", said, "fednet doctor --reindex")
    else:
        yield Finding("search index", "ok", f"{found.searched:,} records can be searched")


def _editions(home: Home, now: datetime) -> Iterator[Finding]:
    """Dates of editions, which show when a clock is wrong, here or there."""
    doubtful = False
    with home.store.reading() as db:
        every = feeds.feeds(db)
    for feed in every:
        edition = feed.followed.edition
        if edition is None:
            continue
        who = f"{feed.network.name}, circle {feed.circle}"
        if edition.issued_at > now + TOLERANCE:
            doubtful = True
            yield Finding(
                "editions", "warn", f"{who}: edition {edition.edition} is dated in the future", "set the clock"
            )
        elif edition.expires_at < now:
            doubtful = True
            command = "fednet publish" if feed.network.own else "fednet sync"
            yield Finding("editions", "warn", f"{who}: edition {edition.edition} has expired", command)
    if not doubtful:
        yield Finding("editions", "ok", "all are of this time")


def _address(home: Home, probe: bool) -> Iterator[Finding]:
    url = home.config.url
    if not url:
        yield Finding("address", "warn", "node.toml names no url: others cannot follow", 'add url = "https://..."')
        return
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        yield Finding("address", "fail", f"{url} is no web address", f"change url in {CONFIG}")
        return
    yield asyncio.run(_answering(home, url)) if probe else Finding("address", "ok", url)


async def _answering(home: Home, url: str) -> Finding:
    from fednet.node.address import base_url
    from fednet.node.fetch import Fetcher
    from fednet.node.following import read_well_known

    try:
        async with asyncio.timeout(PROBE_SECONDS), Fetcher(allow_private=True) as fetcher:
            found = await read_well_known(fetcher, base_url(url))
    except (FednetError, TimeoutError) as error:
        said = error.detail if isinstance(error, FednetError) else f"no answer within {PROBE_SECONDS:.0f} s"
        return Finding("address", "warn", f"{url}: {said}", "fednet serve, and a reverse proxy that leads to it")
    if found.network != home.network.network:
        return Finding("address", "fail", f"{url} is answered by another network, {found.network}", f"check {CONFIG}")
    return Finding("address", "ok", f"this node answers at {url}")
