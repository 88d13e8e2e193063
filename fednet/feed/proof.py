"""Offline proofs: that a network lists a record, erased it, or does not list it, checkable with nothing but the file.

```
fednet/1 proof <network> <circle> <epoch> <handle>
identity <base64 note>                      one a statement, oldest first
sibling - | leaf <key> <commitment> | node <hash> <count>      from the root down
found put <handle> <salt> <body> | found erase <key> | found - | found leaf <key> <commitment>
edition {"edition":42,...}

c2sp.org/tlog-proof@v1
index 41
...
```
The last part is a C2SP tlog-proof of the edition line, with the cosigned checkpoint.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fednet.errors import LimitError, MalformedError, ProofError, StateMismatchError
from fednet.feed import note as notes
from fednet.feed import tlog, tree, wire
from fednet.feed.checkpoint import Checkpoint, check_circle, check_network
from fednet.feed.edition import Edition, parse_edition
from fednet.feed.follow import check_open, open_head
from fednet.feed.identity import Identity, check_pinned, parse_identity
from fednet.feed.note import Note
from fednet.feed.record import Commitments, Put, check_handle, key_of
from fednet.feed.text import base64_bytes, base64_text, number, shown, utf8

MAX_PROOF = 1024 * 1024
TLOG_PROOF = "c2sp.org/tlog-proof@v1"

Verdict = Literal["listed", "erased", "absent"]


class Proof(msgspec.Struct, frozen=True):
    """The parts of a proof file. `put` is the record itself when it is listed."""

    circle: str
    epoch: int
    handle: str
    identity: Identity
    path: tree.Path
    put: Put | None
    edition: bytes
    index: int
    inclusion: tuple[bytes, ...]
    checkpoint: Note

    @property
    def encoded(self) -> bytes:
        head = f"fednet/{wire.VERSION} proof {self.identity.network} {self.circle} {self.epoch} {self.handle}\n"
        parts = [head.encode()]
        parts += [b"identity %s\n" % line for line in self.identity.encoded.splitlines()]
        parts += [f"sibling {wire.entry_line(sibling)}\n".encode() for sibling in self.path.siblings]
        parts.append(b"found " + self._found())
        parts.append(b"edition %s\n\n" % self.edition)
        parts.append(f"{TLOG_PROOF}\nindex {self.index}\n".encode())
        parts += [f"{base64_text(found)}\n".encode() for found in self.inclusion]
        parts.append(b"\n" + self.checkpoint.encoded)
        return b"".join(parts)

    def _found(self) -> bytes:
        if self.put is not None:
            return wire.put_line(self.put)
        end = self.path.end
        feed = Commitments(self.identity.network, self.circle)
        if end is not None and end.key == key_of(self.handle) and end.commitment == feed.erased(end.key):
            return b"erase %s\n" % end.key.hex().encode()
        return f"{wire.entry_line(end)}\n".encode()


class Proven(msgspec.Struct, frozen=True):
    """What a proof shows: what the network signed of that handle, in which edition."""

    verdict: Verdict
    network: str
    circle: str
    handle: str
    body: bytes | None
    edition: Edition
    checkpoint: Checkpoint
    name: str


def check(proof: Proof) -> Proven:
    """Raise a RefusedError unless every link holds, from the record to the signature of the network's log."""
    checkpoint = open_head(proof.identity, proof.circle, proof.epoch, proof.checkpoint)
    check_open(proof.identity, proof.circle, proof.epoch, checkpoint)
    leaf = tlog.leaf_hash(proof.edition)
    tlog.check_inclusion(proof.inclusion, checkpoint.size, checkpoint.root, proof.index, leaf)
    edition = parse_edition(proof.edition)
    key = key_of(proof.handle)
    root = tree.root_hash(proof.path.root(key))
    if root != edition.state_root:
        raise StateMismatchError(
            f"the path leads to {root.hex()}, edition {edition.edition} signs {edition.state_root.hex()}"
        )
    return Proven(
        verdict=_verdict(proof, key),
        network=proof.identity.network,
        circle=proof.circle,
        handle=proof.handle,
        body=proof.put.body if proof.put else None,
        edition=edition,
        checkpoint=checkpoint,
        name=proof.identity.current.name,
    )


def _verdict(proof: Proof, key: bytes) -> Verdict:
    end = proof.path.end
    if end is None or end.key != key:
        if proof.put is not None:
            raise ProofError("the proof shows a record, but its path does not lead to it")
        return "absent"
    if proof.put is not None and proof.put.key == key and proof.put.commitment == end.commitment:
        return "listed"
    if proof.put is None and end.commitment == Commitments(proof.identity.network, proof.circle).erased(key):
        return "erased"
    raise ProofError("the path leads to a record that the proof does not show")


def parse_proof(raw: bytes) -> Proof:
    """A proof file, its identity verified; `check` does the rest."""
    if len(raw) > MAX_PROOF:
        raise LimitError(f"a proof of {len(raw)} bytes, at most {MAX_PROOF} are read")
    head, separator, rest = raw.partition(b"\n\n")
    if not separator:
        raise MalformedError("a proof has an empty line before its tlog-proof")
    lines = wire.lines_of(head + b"\n")
    network, circle, epoch, handle = _parse_head(lines[0])
    identity = b"".join(line[9:] + b"\n" for line in lines if line.startswith(b"identity "))
    siblings = [wire.parse_entry(utf8(line[8:])) for line in lines if line.startswith(b"sibling ")]
    if len(siblings) > tree.KEY_BITS:
        raise LimitError(f"a path of {len(siblings)} steps, at most {tree.KEY_BITS} are possible")
    if len(lines) < 4 or not lines[-2].startswith(b"found ") or not lines[-1].startswith(b"edition "):
        raise MalformedError("a proof ends its first part with a found line and an edition line")
    put, end = _parse_found(lines[-2][6:], Commitments(network, circle))
    index, inclusion, checkpoint = _parse_tlog_proof(rest)
    proof = Proof(
        circle=circle,
        epoch=epoch,
        handle=handle,
        identity=check_pinned(parse_identity(identity), network),
        path=tree.Path(tuple(siblings), end),
        put=put,
        edition=lines[-1][8:],
        index=index,
        inclusion=inclusion,
        checkpoint=checkpoint,
    )
    if proof.encoded != raw:
        raise MalformedError("the lines of the proof are not in their order or spelling")
    return proof


def _parse_head(line: bytes) -> tuple[str, str, int, str]:
    match utf8(line).split(" "):
        case [version, "proof", network, circle, epoch, handle] if version == f"fednet/{wire.VERSION}":
            return check_network(network), check_circle(circle), number(epoch, "epoch"), check_handle(handle)
    raise MalformedError(f"not the first line of a proof: {shown(line)}")


def _parse_found(line: bytes, feed: Commitments) -> tuple[Put | None, tree.Leaf | None]:
    if line.startswith(b"put "):
        put = wire.parse_put(line, feed)
        return put, tree.Leaf(put.key, put.commitment)
    if line.startswith(b"erase "):
        erased = wire.parse_erase(line, feed)
        return None, tree.Leaf(erased.key, erased.commitment)
    end = wire.parse_entry(utf8(line))
    if isinstance(end, tree.Node):
        raise MalformedError("a path ends at a leaf or at nothing")
    return None, end


def _parse_tlog_proof(raw: bytes) -> tuple[int, tuple[bytes, ...], Note]:
    head, separator, checkpoint = raw.partition(b"\n\n")
    lines = utf8(head, "tlog-proof").split("\n")
    if not separator or lines[0] != TLOG_PROOF or len(lines) < 2 or not lines[1].startswith("index "):
        raise MalformedError("not a C2SP tlog-proof")
    if len(lines) - 2 > 64:
        raise LimitError(f"an inclusion proof of {len(lines) - 2} hashes, at most 64 are possible")
    inclusion = tuple(base64_bytes(line, tlog.HASH_SIZE, "inclusion") for line in lines[2:])
    return number(lines[1][6:], "index"), inclusion, notes.parse(checkpoint)
