"""Judging what a live node serves: notes, identity chains, logs and states, verified from their bytes."""

from __future__ import annotations

import json
from base64 import b32encode, b64decode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from suite import trees
from suite.network import RECOVERY, compact
from suite.signing import b64, key_id
from suite.trees import Leaf


class Wrong(Exception):  # noqa: N818
    """What was served is not as it must be."""


def check(good: bool, otherwise: str) -> None:
    if not good:
        raise Wrong(otherwise)


def unbase64(text: str) -> bytes:
    raw = b64decode(text, validate=True)
    check(b64(raw) == text, f"base64 in another spelling: {text[:40]}")
    return raw


def opened(note: bytes, name: str, keys: Sequence[bytes]) -> tuple[bytes, int]:
    """The text of a note, and how many of these keys vouch for it under that name; a failing one is wrong."""
    text, _, block = note.rpartition(b"\n\n")
    text += b"\n"
    known = {key_id(name, key): key for key in keys}
    vouching = set()
    for line in block.decode().splitlines():
        dash, signer, encoded = line.split(" ")
        raw = unbase64(encoded)
        check(dash == "—", f"not a signature line: {line[:60]}")
        if signer == name and raw[:4] in known:
            try:
                Ed25519PublicKey.from_public_bytes(known[raw[:4]]).verify(raw[4:], text)
            except InvalidSignature:
                raise Wrong(f"a signature of {name} fails") from None
            vouching.add(raw[:4])
    return text, len(vouching)


# --- identity


def identity_of(raw: bytes) -> tuple[str, list[dict[str, Any]]]:
    """The network id and the statements of an `identity` resource."""
    check(raw.endswith(b"\n"), "the identity is cut")
    network, chain, previous = "", list[dict[str, Any]](), ""
    for line in raw.decode().splitlines():
        note = unbase64(line)
        text = note.rpartition(b"\n\n")[0] + b"\n"
        statement = json.loads(text)
        check(compact(statement) + b"\n" == text, f"statement {len(chain)} is in another spelling")
        for authority in [statement] if not chain else [chain[-1], statement]:
            if chain and authority is statement and _authority(statement) == _authority(chain[-1]):
                continue
            keys = [unbase64(key) for key in authority["recovery_keys"]]
            check(opened(note, RECOVERY, keys)[1] >= authority["threshold"], f"statement {len(chain)}: too few signed")
        check(statement["sequence"] == len(chain), f"statement {len(chain)} has another number")
        if chain:
            check((statement["network"], statement["previous"]) == (network, previous), "a statement does not follow")
            _check_epoch(chain, statement)
        else:
            network = b32encode(sha256(text).digest()).decode()[:32].lower()
            check(not {"network", "previous", "closes"} & set(statement), "the genesis speaks of what comes later")
        chain.append(statement)
        previous = sha256(text).hexdigest()
    return network, chain


def _authority(statement: dict[str, Any]) -> tuple[frozenset[str], int]:
    return frozenset(statement["recovery_keys"]), statement["threshold"]


def _check_epoch(chain: list[dict[str, Any]], statement: dict[str, Any]) -> None:
    last = chain[-1]
    opens = any(statement[key] != last[key] for key in ("log_key", "cosigner_key", "transport_key", "bundle_key"))
    check(statement["epoch"] == last["epoch"] + opens, "online keys change exactly when an epoch opens")
    check(("closes" in statement) == opens, "closes belongs to a statement that opens an epoch")
    if opens:
        began = next((s["closes"]["edition"] for s in chain if s["epoch"] == last["epoch"] and "closes" in s), 0)
        closes = statement["closes"]
        check(closes["epoch"] == last["epoch"], "a statement closes another epoch than the last")
        check(closes["edition"] == began + closes["size"], "a statement counts the editions it closes wrongly")


# --- the log


class Head(NamedTuple):
    """A verified checkpoint."""

    epoch: int
    size: int
    root: bytes
    before: int  # the edition with which the epoch before ended


def head_of(note: bytes, network: str, chain: list[dict[str, Any]]) -> Head:
    """The checkpoint of the newest epoch's public log, by the key of the statement that opened it."""
    opening = next(s for s in chain if s["epoch"] == chain[-1]["epoch"])
    origin = f"fednet/{network}/public/{opening['epoch']}"
    text, vouching = opened(note, origin, [unbase64(opening["log_key"])])
    check(vouching == 1, f"no signature of {origin}")
    lines = text.decode().split("\n")
    check(len(lines) == 4 and lines[0] == origin and not lines[3], "not the three lines of this log's checkpoint")
    before = opening["closes"]["edition"] if "closes" in opening else 0
    return Head(opening["epoch"], int(lines[1]), unbase64(lines[2]), before)


def bundle_lines(raw: bytes) -> list[bytes]:
    """The entries of a C2SP entry bundle."""
    lines, at = [], 0
    while at < len(raw):
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        lines.append(raw[at + 2 : end])
        at = end
    check(at == len(raw), "an entry bundle is cut")
    return lines


# --- the state


Records = dict[bytes, bytes]  # key -> commitment


class Feed(NamedTuple):
    """What commitments commit to."""

    network: str
    circle: str = "public"

    def changed(self, line: bytes) -> tuple[bytes, bytes, bool]:
        """Key, commitment and whether it is a tombstone, of a put or erase line."""
        word, _, rest = line.partition(b" ")
        feed = f"{self.network}\n{self.circle}\n".encode()
        if word == b"erase":
            return bytes.fromhex(rest.decode()), sha256(b"fednet erased v1\n%s%s\n" % (feed, rest)).digest(), True
        check(word == b"put", f"not a put or erase line: {line[:60]!r}")
        handle, salt, body = rest.split(b" ", 2)
        return (
            sha256(handle).digest(),
            sha256(b"fednet record v1\n%s%s\n%s\n%s\n" % (feed, handle, salt, body)).digest(),
            False,
        )


def entry_of(records: Records, depth: int = 0) -> trees.Entry:
    return trees.entry_of([Leaf(*one) for one in sorted(records.items())], depth)


def entries_of(lines: Sequence[bytes], prefix: str) -> list[trees.Entry]:
    check(len(lines) == 16, f"an entries page of {len(lines)} entries")
    return [_entry(line.decode(), f"{prefix}{digit:x}") for digit, line in enumerate(lines)]


def _entry(line: str, prefix: str) -> trees.Entry:
    match line.split(" "):
        case ["-"]:
            return None
        case ["leaf", key, commitment]:
            check(key.startswith(prefix), f"leaf {key} does not lie below {prefix}")
            return Leaf(bytes.fromhex(key), bytes.fromhex(commitment))
        case ["node", digest, count]:
            return trees.Node(bytes.fromhex(digest), int(count))
    raise Wrong(f"not an entry: {line[:60]}")


def alike(found: trees.Entry, wanted: trees.Entry) -> bool:
    """Counts decide nothing."""
    return trees.entry_hash(found) == trees.entry_hash(wanted) and type(found) is type(wanted)


def editions_of(lines: Sequence[bytes], first: int) -> Iterator[dict[str, Any]]:
    """Edition lines that count on from `first`, each in its one spelling."""
    for number, line in enumerate(lines, first):
        edition = json.loads(line)
        check(compact(edition) == line, f"edition {number} is in another spelling")
        check(edition["edition"] == number, f"expected edition {number}, found {edition['edition']}")
        yield edition
