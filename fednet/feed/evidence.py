"""Evidence: two signed things that no honest network signs both, in one file that anyone can check with nothing else.

```
fednet/1 evidence split-view <network> <circle> <epoch>
identity <base64 note>                 one a statement, oldest first, up to the one that names the log's key
checkpoint <base64 note>               the smaller; of one size, the smaller root first
checkpoint <base64 note>               the larger
consistency <base64 hash>              none when the sizes are equal
```
The path leads to the larger log's root, and at the smaller size to another root than the one that was signed there. An
honest log has no such path: it would need two inputs of SHA-256 with one hash.

```
fednet/1 evidence identity-fork <network> <sequence>
identity <base64 note>                 the statements before
statement <base64 note>                two of that sequence, both verify; the smaller text first
statement <base64 note>

fednet/1 evidence broken-close <network> <circle> <epoch>
identity <base64 note>                 up to the statement that closes the epoch
checkpoint <base64 note>               of the closed log, of the closed size or larger
consistency <base64 hash>              from the closed size; leads to another root there than the statement's
```
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

import msgspec

from fednet.errors import IdentityError, LimitError, MalformedError, ProofError
from fednet.feed import note as notes
from fednet.feed import tlog, wire
from fednet.feed.checkpoint import Checkpoint, check_circle, check_network
from fednet.feed.edition import Closes
from fednet.feed.follow import closes_root, open_head
from fednet.feed.identity import MAX_STATEMENTS, Identity, check_pinned, extended, parse_identity
from fednet.feed.note import Note, Verifier
from fednet.feed.text import base64_bytes, base64_text, number, shown, utf8

MAX_EVIDENCE = 3 * 1024 * 1024
MAX_PATH = 64

Kind = Literal["split-view", "identity-fork", "broken-close"]
KINDS: tuple[Kind, ...] = ("split-view", "identity-fork", "broken-close")


class SplitView(msgspec.Struct, frozen=True):
    """Two checkpoints of one log that no history joins. Made by `split_view` or `parse_evidence`."""

    kind: ClassVar[Kind] = "split-view"
    identity: Identity
    circle: str
    epoch: int
    checkpoints: tuple[Note, Note]
    path: tuple[bytes, ...] = ()

    @property
    def network(self) -> str:
        return self.identity.network

    @property
    def encoded(self) -> bytes:
        head = f"{self.network} {self.circle} {self.epoch}"
        return _file(self.kind, head, self.identity, _note_lines("checkpoint", self.checkpoints) + _path(self.path))


class IdentityFork(msgspec.Struct, frozen=True):
    """Two statements that both follow on `identity`. Made by `identity_fork` or `parse_evidence`."""

    kind: ClassVar[Kind] = "identity-fork"
    identity: Identity
    statements: tuple[Note, Note]

    @property
    def network(self) -> str:
        return self.identity.network

    @property
    def sequence(self) -> int:
        return self.identity.current.sequence + 1

    @property
    def chains(self) -> tuple[Identity, Identity]:
        """The two chains, each verified, in the order of the file."""
        first, second = (extended(self.identity, signed) for signed in self.statements)
        return first, second

    @property
    def encoded(self) -> bytes:
        head = f"{self.network} {self.sequence}"
        return _file(self.kind, head, self.identity, _note_lines("statement", self.statements))


class BrokenClose(msgspec.Struct, frozen=True):
    """A checkpoint of a log, and the statement that denies it. Made by `broken_close` or `parse_evidence`."""

    kind: ClassVar[Kind] = "broken-close"
    identity: Identity
    circle: str
    epoch: int
    checkpoint: Note
    path: tuple[bytes, ...] = ()

    @property
    def network(self) -> str:
        return self.identity.network

    @property
    def encoded(self) -> bytes:
        head = f"{self.network} {self.circle} {self.epoch}"
        return _file(self.kind, head, self.identity, _note_lines("checkpoint", [self.checkpoint]) + _path(self.path))


Evidence = SplitView | IdentityFork | BrokenClose


class Verdict(msgspec.Struct, frozen=True):
    """What evidence proves: `says` in words, about whom, and in which epoch (of a fork: the epoch before it)."""

    kind: Kind
    network: str
    name: str
    circle: str | None
    epoch: int
    says: str


# --- checking ---------------------------------------------------------------------------------------------------------


def check(evidence: Evidence) -> Verdict:
    """What the evidence proves; raises a RefusedError, ProofError above all, when it proves nothing."""
    identity = evidence.identity
    circle, epoch = (None, identity.epoch) if isinstance(evidence, IdentityFork) else (evidence.circle, evidence.epoch)
    return Verdict(evidence.kind, identity.network, identity.current.name, circle, epoch, _says(evidence))


def _says(evidence: Evidence) -> str:
    match evidence:
        case SplitView():
            return _check_split_view(evidence)
        case IdentityFork():
            return _check_fork(evidence)
        case BrokenClose():
            return _check_close(evidence)


def _check_split_view(evidence: SplitView) -> str:
    first, second = (head_of(evidence, signed) for signed in evidence.checkpoints)
    if (first.size, first.root) >= (second.size, second.root):
        raise ProofError("two checkpoints that are one prove nothing, and the smaller comes first")
    if first.size == second.size:
        if evidence.path:
            raise ProofError("two checkpoints of one size need no path")
        return (
            f"{first.origin} shows two histories: its key signed {_root(first.root)} and {_root(second.root)}, "
            f"both as the root of {first.size} editions"
        )
    there = _prefix_root(evidence.path, first.size, second)
    if there == first.root:
        raise ProofError("the path joins the two checkpoints: the log has only grown")
    return (
        f"{first.origin} shows two histories: its key signed {_root(first.root)} as the root of {first.size} editions, "
        f"and a log of {second.size} editions whose first {first.size} have {_root(there)}"
    )


def _check_fork(evidence: IdentityFork) -> str:
    first, second = evidence.statements
    if first.text >= second.text:
        raise ProofError("two statements that are one prove nothing, and the smaller text comes first")
    one, other = (chain.current for chain in evidence.chains)
    return (
        f"two statements {evidence.sequence} of {evidence.network} both verify, {one.digest[:16]} and "
        f"{other.digest[:16]}: whoever holds the recovery keys says two things about who the network is"
    )


def _check_close(evidence: BrokenClose) -> str:
    if evidence.circle != "public":
        raise ProofError("a statement closes the public log only")
    closes = _closes(evidence.identity, evidence.epoch)
    held = head_of(evidence, evidence.checkpoint)
    if held.size < closes.size:
        raise ProofError(f"a log of {held.size} editions says nothing about its close at {closes.size}")
    if held.size == closes.size:
        there = held.root
        if evidence.path:
            raise ProofError("a checkpoint of the closed size needs no path")
    else:
        there = _prefix_root(evidence.path, closes.size, held)
    if there == closes_root(closes):
        raise ProofError("the log was closed as it was signed")
    return (
        f"{held.origin} was signed with {held.size} editions whose first {closes.size} have {_root(there)}; the "
        f"statement that closes it there says {_root(closes_root(closes))}"
    )


def head_of(evidence: SplitView | BrokenClose, signed: Note) -> Checkpoint:
    return open_head(evidence.identity, evidence.circle, evidence.epoch, signed)


def _prefix_root(path: Sequence[bytes], size: int, larger: Checkpoint) -> bytes:
    """The root that the larger log has at `size`, by a path that leads to its own root."""
    if size == 0:
        raise ProofError("an empty log is where every log begins")
    there, root = tlog.joined_roots(path, size, larger.size)
    if root != larger.root:
        raise ProofError(f"the path leads to {root.hex()}, the checkpoint signs {larger.root.hex()}")
    return there


def _closes(identity: Identity, epoch: int) -> Closes:
    closes = identity.opening(epoch + 1).closes
    if closes is None:
        raise IdentityError(f"no statement closes epoch {epoch}")
    return closes


def _root(root: bytes) -> str:
    return root.hex()[:16]


# --- making -----------------------------------------------------------------------------------------------------------


def prefix_ranges(size: int, larger: int) -> list[tuple[int, int]]:
    """The ranges [start, end) of the larger log's leaves whose hashes are the path of evidence, in its order."""
    if size in (0, larger):
        return []
    whole = [(0, size)] if size & (size - 1) == 0 else []
    return whole + tlog.consistency_ranges(size, larger)


def split_view(identity: Identity, circle: str, epoch: int, one: Note, other: Note, path: Sequence[bytes]) -> SplitView:
    """Evidence from two checkpoints, in any order; raises ProofError when they do not contradict each other.

    `path` are the hashes of `prefix_ranges(smaller size, larger size)` in the larger log.
    """
    heads = [(open_head(identity, circle, epoch, signed), signed) for signed in (one, other)]
    smaller, larger = sorted(heads, key=lambda found: (found[0].size, found[0].root))
    chain = identity.until(identity.opening(epoch).sequence)
    log = identity.log_verifier(circle, epoch)
    made = SplitView(chain, circle, epoch, (_lean(smaller[1], log), _lean(larger[1], log)), tuple(path))
    check(made)
    return made


def identity_fork(one: Identity, other: Identity) -> IdentityFork:
    """Evidence from two verified chains of one network that differ; raises ProofError when they do not."""
    check_pinned(other, one.network)
    for ours, theirs in zip(one.statements, other.statements, strict=False):
        if ours != theirs:
            pair = sorted((one.notes[ours.sequence], other.notes[ours.sequence]), key=lambda signed: signed.text)
            made = IdentityFork(one.until(ours.sequence - 1), (pair[0], pair[1]))
            check(made)
            return made
    raise ProofError("the two chains are of one identity")


def broken_close(identity: Identity, epoch: int, held: Note, path: Sequence[bytes]) -> BrokenClose:
    """Evidence from a checkpoint of an epoch's public log and the identity that closes it otherwise.

    `path` are the hashes of `prefix_ranges(closed size, checkpoint's size)`; raises ProofError where nothing differs.
    """
    chain = identity.until(identity.opening(epoch + 1).sequence)
    made = BrokenClose(chain, "public", epoch, _lean(held, identity.log_verifier("public", epoch)), tuple(path))
    check(made)
    return made


def _lean(signed: Note, log: Verifier) -> Note:
    """The note with the log's own signature only: whoever finds the same evidence writes the same file."""
    return Note(signed.text, tuple(dict.fromkeys(s for s in signed.signatures if (s.name, s.id) == (log.name, log.id))))


# --- the file ---------------------------------------------------------------------------------------------------------


def _file(kind: Kind, head: str, identity: Identity, rest: str) -> bytes:
    chain = "".join(f"identity {line}\n" for line in identity.encoded.decode().splitlines())
    return f"fednet/{wire.VERSION} evidence {kind} {head}\n{chain}{rest}".encode()


def _note_lines(word: str, signed: Iterable[Note]) -> str:
    return "".join(f"{word} {base64_text(one.encoded)}\n" for one in signed)


def _path(path: Iterable[bytes]) -> str:
    return "".join(f"consistency {base64_text(found)}\n" for found in path)


def parse_evidence(raw: bytes) -> Evidence:
    """A file of evidence, its identity verified; `check` says what it proves."""
    if len(raw) > MAX_EVIDENCE:
        raise LimitError(f"evidence of {len(raw)} bytes, at most {MAX_EVIDENCE} are read")
    head, *lines = wire.lines_of(raw or b"\n")
    if len(lines) > MAX_STATEMENTS + 2 + MAX_PATH:
        raise LimitError(f"evidence of {len(lines)} lines, at most {MAX_STATEMENTS + 2 + MAX_PATH} are read")
    found = _parsed(utf8(head).split(" "), _grouped(lines))
    if found.encoded != raw:
        raise MalformedError("the lines of the evidence are not in their order or spelling")
    return found


def _grouped(lines: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """The values of the lines, by their first word."""
    grouped: dict[bytes, list[bytes]] = {}
    for line in lines:
        word, _, value = line.partition(b" ")
        grouped.setdefault(word, []).append(value)
    return grouped


def _parsed(head: list[str], lines: dict[bytes, list[bytes]]) -> Evidence:
    match head:
        case ["fednet/1", "evidence", "split-view", network, circle, epoch]:
            pair = _two(lines.get(b"checkpoint", []))
            chain, path = _identity(network, lines), _hashes(lines)
            return SplitView(chain, check_circle(circle), number(epoch, "epoch"), pair, path)
        case ["fednet/1", "evidence", "broken-close", network, circle, epoch]:
            (signed,) = _notes(lines.get(b"checkpoint", []), 1)
            chain, path = _identity(network, lines), _hashes(lines)
            return BrokenClose(chain, check_circle(circle), number(epoch, "epoch"), signed, path)
        case ["fednet/1", "evidence", "identity-fork", network, _]:
            return IdentityFork(_identity(network, lines), _two(lines.get(b"statement", [])))
    raise MalformedError(f"not the first line of evidence: {shown(' '.join(head))}")


def _identity(network: str, lines: dict[bytes, list[bytes]]) -> Identity:
    chain = b"".join(line + b"\n" for line in lines.get(b"identity", []))
    return check_pinned(parse_identity(chain), check_network(network))


def _hashes(lines: dict[bytes, list[bytes]]) -> tuple[bytes, ...]:
    found = lines.get(b"consistency", [])
    if len(found) > MAX_PATH:
        raise LimitError(f"a path of {len(found)} hashes, at most {MAX_PATH} are possible")
    return tuple(base64_bytes(line, tlog.HASH_SIZE, "consistency") for line in found)


def _two(values: list[bytes]) -> tuple[Note, Note]:
    first, second = _notes(values, 2)
    return first, second


def _notes(values: list[bytes], count: int) -> list[Note]:
    if len(values) != count:
        raise MalformedError(f"expected {count} notes that contradict, found {len(values)}")
    return [notes.parse(base64_bytes(value, what="note")) for value in values]
