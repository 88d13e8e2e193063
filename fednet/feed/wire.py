"""The lines in which answers travel: parsing is strict, and whatever is parsed is already checked for form.

```
fednet/1 changes <network> <circle> <epoch>.<edition>
checkpoint <epoch> <base64 note>
edition {"edition":42,...}
put <handle> <base64 salt> <body>
drop <key>
erase <key>
end 3
```
UTF-8, one item a line, LF. The body is always the last field, so its exact bytes can be cut out by any language.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice, pairwise
from typing import NamedTuple

import msgspec

from fednet.errors import LimitError, MalformedError, MisplacedLeafError, StateMismatchError, VersionError
from fednet.feed import note, tlog, tree
from fednet.feed.checkpoint import MAX_EPOCH, check_circle, check_network
from fednet.feed.edition import MAX_EDITIONS
from fednet.feed.note import Note
from fednet.feed.record import HANDLE, MAX_BODY, Change, Commitments, Drop, Erase, Put, erase
from fednet.feed.text import base64_bytes, base64_text, hex_bytes, number, shown, utf8

VERSION = 1
VERSIONS = (VERSION,)

MAX_LINE = 128 * 1024
MAX_ANSWER = 64 * 1024 * 1024  # decoded
MAX_EDITION_LINES = 1_000  # in one changes answer
LEAVES_PER_LINE = 512
PAGE_RECORDS = 512
MAX_PAGE = 8 * 1024 * 1024  # decoded; of more, publishers send entries


class Position(NamedTuple):
    """How far a feed is known: compared as (epoch, edition)."""

    epoch: int
    edition: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.edition}"


BEGINNING = Position(0, 0)


def parse_position(text: str) -> Position:
    epoch, _, edition = text.partition(".")
    position = Position(number(epoch, "epoch"), number(edition, "edition"))
    if position.epoch > MAX_EPOCH or position.edition > MAX_EPOCH * MAX_EDITIONS:
        raise MalformedError(f"{shown(text)} is no position")
    return position


def check_version(spoken: object) -> None:
    """Raise VersionError, with both lists, unless a peer's `protocols` has a version that we speak."""
    versions = [v for v in spoken if type(v) is int] if isinstance(spoken, list) else []
    if not set(versions) & set(VERSIONS):
        raise VersionError(f"the peer speaks versions {versions} of the protocol, this node {list(VERSIONS)}")


# --- lines ----------------------------------------------------------------------------------------------------------

_PUT = re.compile(rb"put (" + HANDLE.encode() + rb") ([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=) ([^\x00-\x1f]+)").fullmatch
_HEX64 = re.compile(rb"[0-9a-f]{64}")


def put_line(put: Put) -> bytes:
    return b"put %s %s %s\n" % (put.handle.encode(), base64_text(put.salt).encode(), put.body)


def change_line(change: Change) -> bytes:
    match change:
        case Put():
            return put_line(change)
        case Erase():
            return b"erase %s\n" % change.key.hex().encode()
        case Drop():
            return b"drop %s\n" % change.key.hex().encode()


def parse_put(line: bytes, feed: Commitments) -> Put:
    """A put line of a feed; whatever it was cut from is already known to be UTF-8."""
    return _parse_put(line, feed.record_prefix)


def _parse_put(line: bytes, prefix: bytes) -> Put:
    match = _PUT(line)
    if match is None:
        raise MalformedError(f"not a put line: {shown(line)}")
    handle, salt, body = match.groups()
    if len(body) > MAX_BODY:
        raise LimitError(f"a body of {len(body)} bytes, at most {MAX_BODY} are read")
    commitment = sha256(b"%s%s\n%s\n%s\n" % (prefix, handle, salt, body)).digest()
    return Put(sha256(handle).digest(), commitment, handle.decode(), a2b_base64(salt), body)


def _key(raw: bytes) -> bytes:
    if not _HEX64.fullmatch(raw):
        raise MalformedError(f"expected a key of 64 hexadecimal digits, found {shown(raw)}")
    return bytes.fromhex(raw.decode())


def lines_of(raw: bytes) -> list[bytes]:
    """The lines of an answer, without their newlines; a last line without one shows a cut."""
    return list(_lines(raw))


def _lines(raw: bytes) -> Iterator[bytes]:
    """One by one: so memory holds an answer and what was made of it, and nothing behind a line that is refused."""
    if len(raw) > MAX_ANSWER:
        raise LimitError(f"an answer of {len(raw)} bytes, at most {MAX_ANSWER} are read")
    if raw and not raw.endswith(b"\n"):
        raise MalformedError("the answer is cut: its last line does not end")
    start = 0
    while (end := raw.find(b"\n", start)) >= 0:
        if end - start > MAX_LINE:
            raise LimitError(f"a line of more than {MAX_LINE} bytes")
        line = raw[start:end]
        utf8(line, "answer")
        yield line
        start = end + 1


# --- changes ----------------------------------------------------------------------------------------------------------


class Answer(msgspec.Struct, frozen=True):
    """A parsed `changes` answer: all that leads from `since` to the checkpoint's newest edition.

    `editions` are the lines after `since`; or only the newest, with its `inclusion` proof and the `leaves` (hashes) of
    those skipped. Each key occurs once in `changes`.
    """

    network: str
    circle: str
    since: Position
    epoch: int
    checkpoint: Note
    editions: tuple[bytes, ...] = ()
    inclusion: tuple[bytes, ...] = ()
    leaves: tuple[bytes, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def encoded(self) -> bytes:
        head = [f"fednet/{VERSION} changes {self.network} {self.circle} {self.since}\n".encode()]
        head.append(f"checkpoint {self.epoch} {base64_text(self.checkpoint.encoded)}\n".encode())
        head += [b"edition %s\n" % line for line in self.editions]
        head += [f"inclusion {base64_text(found)}\n".encode() for found in self.inclusion]
        for start in range(0, len(self.leaves), LEAVES_PER_LINE):
            hashes = b"".join(self.leaves[start : start + LEAVES_PER_LINE])
            head.append(f"leaves {base64_text(hashes)}\n".encode())
        head += [change_line(change) for change in self.changes]
        head.append(f"end {len(self.changes)}\n".encode())
        return b"".join(head)


_HEAD = re.compile(r"fednet/(\S+) changes (\S+) (\S+) (\S+)")


def parse_answer(raw: bytes) -> Answer:
    lines = _lines(raw)
    head = list(islice(lines, 2))
    if len(head) < 2:
        raise MalformedError("the answer is cut: a changes answer has at least three lines")
    network, circle, since = _parse_head(head[0])
    epoch, checkpoint = _parse_checkpoint_line(head[1])
    feed = Commitments(network, circle)
    prefix = feed.record_prefix
    editions: list[bytes] = []
    inclusion: list[bytes] = []
    leaves: list[bytes] = []
    changes: list[Change] = []
    said: bytes | None = None  # in the end line
    stage = 0  # editions, inclusion, leaves, changes and the end come in this order
    for line in lines:
        word, _, rest = line.partition(b" ")
        now = _STAGES.get(word, -1)
        if now < stage or said is not None:
            raise MalformedError(f"not a line of a changes answer, or out of place: {shown(line)}")
        stage = now
        match word:
            case b"edition":
                editions.append(rest)
            case b"inclusion":
                inclusion.append(base64_bytes(rest, tlog.HASH_SIZE, "inclusion"))
            case b"leaves":
                leaves += _parse_leaves(rest)
            case b"end":
                said = rest
            case _:
                changes.append(_parse_change(line, feed, prefix))
        if len(editions) > MAX_EDITION_LINES:
            raise LimitError(f"more than {MAX_EDITION_LINES} edition lines")
    _check_end(said, len(changes))
    return Answer(
        network, circle, since, epoch, checkpoint,
        tuple(editions), tuple(inclusion), tuple(leaves), _each_key_once(changes),
    )  # fmt: skip


def parse_changes(raw: bytes, feed: Commitments) -> tuple[Change, ...]:
    """The put, drop and erase lines of a feed, each key once."""
    prefix = feed.record_prefix
    return _each_key_once([_parse_change(line, feed, prefix) for line in _lines(raw)])


def _parse_change(line: bytes, feed: Commitments, prefix: bytes) -> Change:
    """A put, drop or erase line of `feed`, whose records' commitments begin with `prefix`."""
    word, _, rest = line.partition(b" ")
    match word:
        case b"put":
            return _parse_put(line, prefix)
        case b"drop":
            return Drop(_key(rest))
        case b"erase":
            return erase(feed, _key(rest))
    raise MalformedError(f"not a change: {shown(line)}")


def _each_key_once(changes: list[Change]) -> tuple[Change, ...]:
    if len({change.key for change in changes}) != len(changes):
        raise MalformedError("a key occurs twice in one answer")
    return tuple(changes)


_STAGES = {b"edition": 0, b"inclusion": 1, b"leaves": 2, b"put": 3, b"drop": 3, b"erase": 3, b"end": 4}


def _parse_head(line: bytes) -> tuple[str, str, Position]:
    match = _HEAD.fullmatch(utf8(line))
    if match is None:
        raise MalformedError(f"not the first line of a changes answer: {shown(line)}")
    if match[1] != str(VERSION):
        raise VersionError(f"the answer is in version {shown(match[1])} of the protocol, this node speaks {VERSIONS}")
    return check_network(match[2]), check_circle(match[3]), parse_position(match[4])


def _parse_checkpoint_line(line: bytes) -> tuple[int, Note]:
    match line.split(b" "):
        case [b"checkpoint", epoch, encoded]:
            return number(utf8(epoch), "epoch"), note.parse(base64_bytes(encoded, what="checkpoint"))
    raise MalformedError(f"not a checkpoint line: {shown(line)}")


def _parse_leaves(encoded: bytes) -> list[bytes]:
    raw = base64_bytes(encoded, what="leaves")
    if not raw or len(raw) % tlog.HASH_SIZE or len(raw) > LEAVES_PER_LINE * tlog.HASH_SIZE:
        raise MalformedError(f"a leaves line holds 1 to {LEAVES_PER_LINE} hashes of {tlog.HASH_SIZE} bytes")
    return [raw[i : i + tlog.HASH_SIZE] for i in range(0, len(raw), tlog.HASH_SIZE)]


def _check_end(said: bytes | None, found: int) -> None:
    if said is None:
        raise MalformedError("the answer is cut: it has no end line")
    if number(utf8(said), "end") != found:
        raise MalformedError(f"the end line speaks of {shown(said)} changes, found {found}")


# --- pages ------------------------------------------------------------------------------------------------------------


class PageName(msgspec.Struct, frozen=True):
    """`<hexadecimal prefix or "root">-<entry hash>`: a part of the state, named by what it must add up to."""

    prefix: str
    hash: bytes

    def __str__(self) -> str:
        return f"{self.prefix or 'root'}-{self.hash.hex()}"


_PREFIX = re.compile(f"[0-9a-f]{{1,{tree.MAX_PAGE_DEPTH}}}", re.ASCII)


def parse_page_name(text: str) -> PageName:
    prefix, _, digest = text.rpartition("-")
    if prefix != "root" and not _PREFIX.fullmatch(prefix):
        raise MalformedError(f"{shown(text)} names no page")
    return PageName("" if prefix == "root" else prefix, hex_bytes(digest, tlog.HASH_SIZE, "page hash"))


class EntriesPage(msgspec.Struct, frozen=True):
    """The 16 entries below a prefix; their counts are hints."""

    prefix: str
    children: tuple[tree.Entry, ...]

    @property
    def encoded(self) -> bytes:
        return b"entries\n" + "".join(f"{entry_line(entry)}\n" for entry in self.children).encode()


class RecordsPage(msgspec.Struct, frozen=True):
    """Every record below a prefix, tombstones included, ascending by key."""

    prefix: str
    records: tuple[Put | Erase, ...]

    @property
    def encoded(self) -> bytes:
        return b"records\n" + b"".join(map(change_line, self.records))


Page = EntriesPage | RecordsPage


def entry_line(entry: tree.Entry) -> str:
    """`-`, `leaf <key> <commitment>` or `node <hash> <count>`, without the newline."""
    match entry:
        case None:
            return "-"
        case tree.Leaf(key=key, commitment=commitment):
            return f"leaf {key.hex()} {commitment.hex()}"
        case tree.Node(hash=node, count=below):
            return f"node {node.hex()} {below}"


def parse_entry(line: str) -> tree.Entry:
    match line.split(" "):
        case ["-"]:
            return None
        case ["leaf", key, commitment]:
            return tree.Leaf(hex_bytes(key, 32, "key"), hex_bytes(commitment, 32, "commitment"))
        case ["node", node, below]:
            return tree.Node(hex_bytes(node, 32, "node"), number(below, "count"))
    raise MalformedError(f"not an entry: {shown(line)}")


def parse_page(raw: bytes, prefix: str, wanted: tree.Entry, feed: Commitments) -> Page:
    """A page of `feed` at `prefix`, which must add up to the wanted entry, tag included."""
    if len(raw) > MAX_PAGE:
        raise LimitError(f"a page of {len(raw)} bytes, at most {MAX_PAGE} are read")
    lines = list(islice(_lines(raw), PAGE_RECORDS + 2))
    match lines[:1]:
        case [b"entries"]:
            page: Page = _parse_entries(lines[1:], prefix, wanted)
        case [b"records"]:
            page = _parse_records(lines[1:], prefix, feed)
        case _:
            raise MalformedError("a page begins with the line 'entries' or 'records'")
    found = adds_up_to(page)  # at the top an edition signs a bare hash, below it the tag counts
    if tree.entry_hash(found) != tree.entry_hash(wanted) or (prefix and found != wanted):
        raise StateMismatchError(
            f"page {prefix or 'root'} adds up to {tree.entry_hash(found).hex()}, "
            f"expected {tree.entry_hash(wanted).hex()}"
        )
    return page


def adds_up_to(page: Page) -> tree.Entry:
    match page:
        case EntriesPage():
            return tree.fold(page.children)
        case RecordsPage():
            return tree.fold_leaves([tree.Leaf(r.key, r.commitment) for r in page.records], page.prefix)


def _parse_entries(lines: list[bytes], prefix: str, wanted: tree.Entry) -> EntriesPage:
    if len(lines) != tree.FANOUT:
        raise MalformedError(f"an entries page has {tree.FANOUT} entries, found {len(lines)}")
    if not isinstance(wanted, tree.Node):
        raise MalformedError("an entries page stands for a node only")
    if len(prefix) >= tree.MAX_PAGE_DEPTH:
        raise LimitError(f"a node below bit {4 * tree.MAX_PAGE_DEPTH} is refused")
    children = tuple(parse_entry(utf8(line)) for line in lines)
    tree.check_children(prefix, children)
    return EntriesPage(prefix, children)


def _parse_records(lines: list[bytes], prefix: str, feed: Commitments) -> RecordsPage:
    if len(lines) > PAGE_RECORDS:
        raise LimitError(f"a records page of more than {PAGE_RECORDS} lines")
    committed = feed.record_prefix
    records = tuple(
        _parse_put(line, committed) if line.startswith(b"put ") else parse_erase(line, feed) for line in lines
    )
    if any(a.key >= b.key for a, b in pairwise(records)):
        raise MalformedError("the records of a page must be strictly ascending by key")
    if records and not all(r.key.hex().startswith(prefix) for r in (records[0], records[-1])):
        raise MisplacedLeafError(f"a record does not lie below {prefix}")
    return RecordsPage(prefix, records)


def parse_erase(line: bytes, feed: Commitments) -> Erase:
    """An erase line of a records page or a proof."""
    word, _, key = line.partition(b" ")
    if word != b"erase":
        raise MalformedError(f"not a line of a records page: {shown(line)}")
    return erase(feed, _key(key))
