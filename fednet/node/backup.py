"""Backups: everything of a home but the high-water mark, in one file (docs/decisions/0011).

```
fednet/1 backup
{"network":"mzxw6ytboi...","name":"...","made":"2026-11-21T18:00:00Z","editions":{"public":"1.42"},...,"parts":[...]}
<the bytes of each part, in the order of `parts`>
```
compressed with zstd. The database is one snapshot, taken while the node serves. Private keys are in a backup only when
it is encrypted: with age to a recipient (then `age -d | zstd -d` opens it as well), or to a key of its own that is
encrypted with a passphrase and stands before it:

```
fednet/1 sealed backup
<base64 of an age identity, encrypted with age to the passphrase>
<age file to that identity>
```
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import msgspec
import pyrage
import zstandard

from fednet.errors import LimitError, MalformedError, NotFoundError, UsageError
from fednet.feed.text import base64_bytes, base64_text, shown, utc_text
from fednet.node.coding import MAX_WINDOW
from fednet.node.erasure import settle
from fednet.node.files import check_output, replacing
from fednet.node.files import held as held_alone
from fednet.node.home import CONFIG, DATABASE, Home
from fednet.node.keys import KEYS, NEXT, age_recipient
from fednet.node.staging import staging
from fednet.store import backup as copies
from fednet.store import destruction, drafts, feeds
from fednet.store.database import Store

HEAD = b"fednet/1 backup\n"
SEALED = b"fednet/1 sealed backup\n"
AGE = b"age-encryption.org/v1\n"
ZSTD = b"\x28\xb5\x2f\xfd"

MAX_MANIFEST = 1024 * 1024
MAX_LINE = 4096
MAX_SMALL = 1024 * 1024  # settings, keys
MAX_DATABASE = 64 * 1024**3
PIECE = 1024 * 1024
LEVEL = 7

FOLDER = "backups"
MAX_KEPT = 12
LAST_BACKUP = "last_backup"
"""The setting that says when the last one was made."""

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}\.backup")

SECRET = (KEYS, NEXT)
PARTS = (CONFIG, *SECRET, DATABASE)


class Part(msgspec.Struct, frozen=True):
    name: str
    size: int
    sha256: str


class Held(msgspec.Struct, frozen=True):
    """One feed in a backup: how far it is, and how much it lists."""

    network: str
    name: str
    circle: str
    own: bool
    epoch: int
    edition: int
    records: int
    erased: int


class Manifest(msgspec.Struct, frozen=True):
    """What is in a backup. `counts` are of what only this node has, such as drafts."""

    network: str
    name: str
    made: str
    feeds: tuple[Held, ...]
    counts: dict[str, int]
    parts: tuple[Part, ...]

    @property
    def has_keys(self) -> bool:
        return any(part.name == KEYS for part in self.parts)


class Lock(NamedTuple):
    """How a backup is encrypted: to an age recipient, with a passphrase, or (neither) not at all."""

    recipient: str | None = None
    passphrase: str | None = None

    def __bool__(self) -> bool:
        return self != OPEN  # an empty recipient is a slip, and must not mean "not encrypted"


class Key(NamedTuple):
    """What opens an encrypted backup: an age identity (`AGE-SECRET-KEY-1...`) or the passphrase."""

    identity: str | None = None
    passphrase: str | None = None


OPEN, NO_KEY = Lock(), Key()


class Read(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def held(feed: feeds.Feed) -> Held:
    return Held(
        feed.network.network,
        feed.network.name,
        feed.circle,
        feed.network.own,
        *feed.followed.position,
        feed.records,
        feed.erased,
    )


# --- writing ----------------------------------------------------------------------------------------------------------


def backup(home: Home, file: Path, now: datetime, *, lock: Lock = OPEN, overwrite: bool = False) -> Manifest:
    """Write a backup of a home that may be in use; under its name the file is whole or not there."""
    if file.exists() and not overwrite:
        raise UsageError(f"{file} exists and is not overwritten", hint="another name, or --yes to replace it")
    check_output(home.path, file)
    with replacing(file) as out:
        manifest = write(home, out, now, lock=lock)
    _note_made(home, now)
    return manifest


# --- kept for a browser to fetch --------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """A backup in the folder `backups` of a home: its name, bytes, and when it was made."""

    name: str
    size: int
    made: str


def keep(home: Home, passphrase: str, now: datetime) -> Kept:
    """Make a backup, encrypted with a passphrase, and keep it in the home for somebody to fetch.

    UsageError when there are `MAX_KEPT` already, BusyError while another one is made.
    """
    place = home.path / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    with held_alone(place / ".making", "a backup is being made at this moment", "look again in a moment"):
        if len(kept(home)) >= MAX_KEPT:
            raise UsageError(f"{MAX_KEPT} backups are kept here already", hint="delete one that lies safely elsewhere")
        name = f"{now:%Y%m%d-%H%M%S}.backup"
        with replacing(place / name) as out:
            write(home, out, now, lock=Lock(passphrase=passphrase))
        _note_made(home, now)
    return next(one for one in kept(home) if one.name == name)


def kept(home: Home) -> list[Kept]:
    """The backups that are kept here, the newest first."""
    found = [path for path in (home.path / FOLDER).glob("*.backup") if _NAME.fullmatch(path.name)]
    return [Kept(path.name, path.stat().st_size, utc_text(_made(path))) for path in sorted(found, reverse=True)]


def _made(path: Path) -> datetime:
    return datetime.strptime(path.stem, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def kept_file(home: Home, name: str) -> Path:
    """The file of one of them; raises NotFoundError."""
    if name not in {one.name for one in kept(home)}:
        raise NotFoundError("there is no such backup here")
    return home.path / FOLDER / name


def _note_made(home: Home, now: datetime) -> None:
    with home.store.writing() as db:
        drafts.set_setting(db, LAST_BACKUP, utc_text(now))


def write(home: Home, out: IO[bytes], now: datetime, *, lock: Lock = OPEN) -> Manifest:
    """Write a backup into an open file."""
    settle(home)
    with staging(home.path) as place, home.store.reading() as db:
        own = feeds.own(db)
        owed = destruction.is_owed(db, prompt=False)
        found = tuple(held(feed) for feed in feeds.feeds(db) if feed.followed.edition is not None)
        counts = dict(copies.counts(db))
        database = copies.copied(db, place)
    with _destroyed(home, database) if owed else database as database:
        files: list[tuple[str, IO[bytes]]] = [
            (name, io.BytesIO((home.path / name).read_bytes()))
            for name in (CONFIG, *(SECRET if lock else ()))
            if (home.path / name).exists()
        ]
        files.append((DATABASE, database))
        parts = tuple(_part(name, content) for name, content in files)
        manifest = Manifest(own.network, own.name, utc_text(now), found, counts, parts)
        head = HEAD + msgspec.json.encode(manifest) + b"\n"
        packed = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).stream_reader(
            io.BufferedReader(_Joined([io.BytesIO(head), *(content for _, content in files)]))
        )
        _encrypted(packed, out, lock)
    return manifest


def _destroyed(home: Home, database: IO[bytes]) -> IO[bytes]:
    """The copy without what the node itself has not yet come to destroy."""
    with database, staging(home.path) as place:
        copy = place / DATABASE
        with copy.open("xb") as out:
            shutil.copyfileobj(database, out, PIECE)
        store = Store(copy)
        try:
            destruction.settle(store)
        finally:
            store.close()
        return copy.open("rb")


def _part(name: str, content: IO[bytes]) -> Part:
    digest, size = sha256(), 0
    while piece := content.read(PIECE):
        digest.update(piece)
        size += len(piece)
    content.seek(0)
    return Part(name, size, digest.hexdigest())


class _Joined(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, files: Sequence[IO[bytes]]) -> None:
        self._files = list(files)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while self._files:
            piece = self._files[0].read(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            self._files.pop(0)
        return 0


def _encrypted(plain: Read, out: IO[bytes], lock: Lock) -> None:
    if lock.passphrase is not None:
        once = pyrage.x25519.Identity.generate()
        sealed = pyrage.passphrase.encrypt(str(once).encode(), lock.passphrase)
        out.write(SEALED + base64_text(sealed).encode() + b"\n")
        pyrage.encrypt_io(plain, out, [once.to_public()])
    elif lock.recipient is not None:
        pyrage.encrypt_io(plain, out, [_recipient(lock.recipient)])
    else:
        shutil.copyfileobj(plain, out, PIECE)


def _recipient(text: str) -> Any:
    try:
        return age_recipient(text)
    except UsageError as error:
        raise UsageError(error.detail, hint="it begins with age1; age-keygen makes one") from None


# --- reading ----------------------------------------------------------------------------------------------------------


def extract(file: Path, directory: Path, key: Key = NO_KEY) -> Manifest:
    """Put the parts of a backup into a directory, each compared with its checksum; mode 0600.

    Raises MalformedError when the file is no backup, is cut or was changed, UsageError when the key does not open it.
    """
    with file.open("rb") as raw, _plain(raw, directory, key) as plain:
        try:
            reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(plain)
            text: IO[bytes] = io.BufferedReader(reader)
            manifest = _manifest(text)
            _check_room(manifest, directory)
            for part in manifest.parts:
                _extract(part, text, directory)
            if text.read(1):
                raise MalformedError(f"{file}: bytes follow the end of the backup")
        except zstandard.ZstdError as error:
            raise MalformedError(f"{file} is no backup, or damaged: {error}") from None
    return manifest


def _manifest(text: IO[bytes]) -> Manifest:
    head = text.readline(len(HEAD))
    if head != HEAD:
        raise MalformedError(f"not a backup: it begins with {shown(head)}")
    line = text.readline(MAX_MANIFEST)
    try:
        manifest = msgspec.json.decode(line, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"the manifest of the backup: {error}") from None
    names = [part.name for part in manifest.parts]
    if not {CONFIG, DATABASE} <= set(names) <= set(PARTS) or len(set(names)) != len(names):
        raise MalformedError(f"a backup has the parts {', '.join(PARTS)}, found {shown(', '.join(names))}")
    return manifest


def _check_room(manifest: Manifest, directory: Path) -> None:
    """Raise LimitError for a backup that says it is larger than any, UsageError when the disk cannot take it."""
    for part in manifest.parts:
        most = MAX_DATABASE if part.name == DATABASE else MAX_SMALL
        if not 0 <= part.size <= most:
            raise LimitError(f"{part.name} in the backup has {part.size:,} bytes, at most {most:,} are taken")
    needed, free = sum(part.size for part in manifest.parts), shutil.disk_usage(directory).free
    if needed > free:
        raise UsageError(f"the backup unfolds to {needed:,} bytes, and the disk has {free:,} free")


def _extract(part: Part, text: IO[bytes], directory: Path) -> None:
    digest, left = sha256(), part.size
    descriptor = os.open(directory / part.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while left > 0 and (piece := text.read(min(left, PIECE))):
            digest.update(piece)
            out.write(piece)
            left -= len(piece)
        out.flush()
        os.fsync(out.fileno())
    if left or digest.hexdigest() != part.sha256:
        raise MalformedError(f"the backup is {'cut' if left else 'damaged'}: {part.name} is not what its manifest says")


@contextmanager
def _plain(raw: IO[bytes], directory: Path, key: Key) -> Iterator[IO[bytes]]:
    """The file without its encryption. What is decrypted lies in a file without a name."""
    begin = raw.read(len(SEALED))
    raw.seek(0)
    if begin.startswith(ZSTD):
        yield raw
        return
    identity = _identity(raw, begin, key)
    with tempfile.TemporaryFile(dir=directory) as plain:
        try:
            pyrage.decrypt_io(raw, plain, [identity])
        except (pyrage.DecryptError, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:  # of the disk; of a file that is cut it is none
                raise
            raise UsageError("the backup cannot be opened with this key, or it is damaged") from None
        plain.seek(0)
        yield plain


def _identity(raw: IO[bytes], begin: bytes, key: Key) -> Any:
    if begin == SEALED:
        if not key.passphrase:
            raise UsageError("the backup is encrypted with a passphrase", hint="--passphrase-file FILE")
        raw.seek(len(SEALED))
        sealed = base64_bytes(raw.readline(MAX_LINE).removesuffix(b"\n"), what="sealed key")
        return _named(_opened(sealed, key.passphrase))
    if not begin.startswith(AGE):
        raise MalformedError(f"not a backup: it begins with {shown(begin)}")
    if not key.identity:
        raise UsageError("the backup is encrypted with age", hint="--identity FILE, the key that it was written to")
    return _named(key.identity)


def _opened(sealed: bytes, passphrase: str) -> str:
    try:
        opened: bytes = pyrage.passphrase.decrypt(sealed, passphrase)
    except pyrage.DecryptError:
        raise UsageError("the passphrase does not open the backup") from None
    return opened.decode("ascii", "replace")


def _named(identity: str) -> Any:
    """The age identity in a text: the line that is one, as in the files of age-keygen."""
    lines = [line.strip() for line in identity.splitlines() if line.strip().startswith("AGE-SECRET-KEY-1")]
    try:
        return pyrage.x25519.Identity.from_str(lines[0] if lines else identity.strip())
    except pyrage.IdentityError:
        raise UsageError("that is no age identity", hint="it begins with AGE-SECRET-KEY-1") from None
