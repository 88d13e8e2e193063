"""A network: who it is, what it lists, what it has signed. It signs lies as readily as the truth when told to.

`publish(put(7), drop(3))` is one edition. `resource(path)` is what an honest server answers from what was signed.
"""

from __future__ import annotations

import json
import re
from base64 import b32encode
from collections.abc import Callable, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from suite import trees
from suite.signing import Key, b64, seed, signed
from suite.trees import Leaf

BEGAN = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
RECOVERY = "fednet/recovery"
PAGE_RECORDS = 512
EDITION_LINES = 1_000
LEAVES_PER_LINE = 512
POSITION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", re.ASCII)
PAGE = re.compile(r"(root|[0-9a-f]{1,24})-[0-9a-f]{64}", re.ASCII)

Fields = dict[str, Any]


def compact(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def moment(minutes: int, days: int = 0) -> str:
    return f"{BEGAN + timedelta(minutes=minutes, days=days):%Y-%m-%dT%H:%M:%SZ}"


def handle(number: int) -> str:
    digits = sha256(b"handle %d" % number).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def key_of(name: str) -> bytes:
    return sha256(name.encode()).digest()


def body(number: int, version: int = 1) -> bytes:
    return compact({"kind": "organization", "names": {"en": f"Example {number}"}, "version": version})


# --- changes


class Put(NamedTuple):
    handle: str
    salt: bytes
    body: bytes

    @property
    def key(self) -> bytes:
        return key_of(self.handle)

    @property
    def line(self) -> bytes:
        return b"put %s %s %s\n" % (self.handle.encode(), b64(self.salt).encode(), self.body)


class Erase(NamedTuple):
    key: bytes

    @property
    def line(self) -> bytes:
        return b"erase %s\n" % self.key.hex().encode()


class Drop(NamedTuple):
    key: bytes

    @property
    def line(self) -> bytes:
        return b"drop %s\n" % self.key.hex().encode()


Change = Put | Erase | Drop
State = dict[bytes, Put | Erase]


def put(number: int, version: int = 1, text: bytes | None = None) -> Put:
    return Put(handle(number), seed("salt", number, version), body(number, version) if text is None else text)


def erase(number: int) -> Erase:
    return Erase(key_of(handle(number)))


def drop(number: int) -> Drop:
    return Drop(key_of(handle(number)))


# --- answers


class Response(NamedTuple):
    """What a server says. `pieces`, when there are any, are streamed after the body."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    pieces: Any = ()


NO_STORE = (("Cache-Control", "no-store"),)


def refusal(status: int, word: str, detail: str = "no", **more: str) -> Response:
    return Response(status, compact({"error": word, "detail": detail, **more}))


MISSING = refusal(404, "not-found", "there is no such thing here")


class Log:
    """The log of one epoch. `closes` is where the epoch before ended."""

    def __init__(self, epoch: int, closes: Fields | None) -> None:
        self.epoch, self.closes, self.lines = epoch, closes, list[bytes]()

    @property
    def leaves(self) -> list[bytes]:
        return [trees.leaf_hash(line) for line in self.lines]

    @property
    def before(self) -> int:
        """The edition with which the epoch before ended."""
        return self.closes["edition"] if self.closes else 0


class Network:
    """One network and its `public` feed."""

    def __init__(self, name: str = "Example Network", recovery: int = 1, threshold: int = 1, **forged: Any) -> None:
        self.name, self.threshold = name, threshold
        self.recovery = [Key(name, "recovery", i) for i in range(recovery)]
        self.statements: list[Fields] = []
        self.notes: list[bytes] = []
        self.logs = [Log(1, None)]
        self.state: State = {}
        self.states: dict[int, State] = {0: {}}  # by edition
        self.floor = 0
        self.renote: Callable[[bytes], bytes] = lambda note: note  # what becomes of a checkpoint before it is served
        genesis = {"sequence": 0, "name": name, **self._keys(1), **self._authority(), **forged}
        self._state(genesis, self.recovery[:threshold])
        text = compact(genesis) + b"\n"
        self.id = b32encode(sha256(text).digest()).decode()[:32].lower()

    def copied(self) -> Network:
        """Another that goes its own way from here."""
        twin = copy(self)
        twin.recovery, twin.statements, twin.notes = self.recovery[:], self.statements[:], self.notes[:]
        twin.state, twin.states = dict(self.state), dict(self.states)
        twin.logs = []
        for log in self.logs:
            twin.logs.append(Log(log.epoch, log.closes))
            twin.logs[-1].lines = log.lines[:]
        return twin

    # --- identity

    def _keys(self, epoch: int, salt: str = "") -> Fields:
        return {
            "epoch": epoch,
            "log_key": b64(self.log_key(epoch, salt).public),
            "cosigner_key": b64(Key(self.name, "cosigner", epoch, salt).public),
            "transport_key": b64(Key(self.name, "transport", epoch, salt).public),
            "bundle_key": "age1" + "q" * 58,
        }

    def log_key(self, epoch: int, salt: str = "") -> Key:
        return Key(self.name, "log", epoch, salt)

    def _authority(self) -> Fields:
        return {"recovery_keys": [b64(key.public) for key in self.recovery], "threshold": self.threshold}

    def _state(self, fields: Fields, signers: Sequence[Key]) -> None:
        self.statements.append(fields)
        self.notes.append(signed(compact(fields) + b"\n", RECOVERY, *signers))

    def restate(self, signers: Sequence[Key] | None = None, **changed: Any) -> None:
        """One more statement, like the last but for what is `changed`; signed by the old threshold unless told else."""
        last = self.statements[-1]
        fields = {name: value for name, value in last.items() if name not in ("previous", "closes", "network")}
        fields["sequence"] += 1
        fields["previous"] = sha256(compact(last) + b"\n").hexdigest()
        fields |= changed
        order = ("sequence", "network", "name", "epoch", "log_key", "cosigner_key", "transport_key", "bundle_key",
                 "recovery_keys", "threshold", "previous", "closes")  # fmt: skip
        fields = {"network": self.id, **fields}
        self._state(
            {name: fields[name] for name in order if name in fields},
            self.recovery[: self.threshold] if signers is None else signers,
        )

    def new_recovery_keys(self, count: int, threshold: int) -> None:
        """Hand the identity to other recovery keys; both sides sign."""
        old = self.recovery[: self.threshold]
        self.recovery = [Key(self.name, "recovery", len(self.statements), i) for i in range(count)]
        self.threshold = threshold
        self.restate([*old, *self.recovery[:threshold]], **self._authority())

    def open_epoch(self, size: int | None = None, signers: Sequence[Key] | None = None, **forged: Any) -> None:
        """Change every online key and close the log at `size`: what was listed later is void."""
        log = self.log
        size = len(log.lines) if size is None else size
        closes = {
            "epoch": log.epoch,
            "size": size,
            "root": b64(trees.log_root(log.leaves[:size])),
            "edition": log.before + size,
        }
        self.restate(signers, **{**self._keys(log.epoch + 1), "closes": closes, **forged})
        self.state = dict(self.states[closes["edition"]])
        self.logs.append(Log(log.epoch + 1, forged.get("closes", closes)))

    # --- records and editions

    @property
    def log(self) -> Log:
        return self.logs[-1]

    @property
    def edition(self) -> int:
        return self.log.before + len(self.log.lines)

    def commitment(self, held: Put | Erase) -> bytes:
        feed = f"{self.id}\npublic\n".encode()
        if isinstance(held, Erase):
            return sha256(b"fednet erased v1\n%s%s\n" % (feed, held.key.hex().encode())).digest()
        parts = feed, held.handle.encode(), b64(held.salt).encode(), held.body
        return sha256(b"fednet record v1\n%s%s\n%s\n%s\n" % parts).digest()

    def leaves_of(self, state: State) -> list[Leaf]:
        return sorted(Leaf(key, self.commitment(held)) for key, held in state.items())

    def publish(self, *changes: Change, **forged: Any) -> None:
        """Sign one more edition; `forged` fields stand in it whatever is true, and `forged["line"]` in its place."""
        state = dict(self.state)
        for change in changes:
            if isinstance(change, Drop):
                state.pop(change.key, None)
            else:
                state[change.key] = change
        number = self.edition + 1
        if changes or not self.log.lines:
            self._root = trees.entry_hash(trees.entry_of(self.leaves_of(state)))
        erased = sum(isinstance(held, Erase) for held in state.values())
        fields = {
            "edition": number,
            "issued": moment(number),
            "expires": moment(number, days=30),
            "records": len(state) - erased,
            "erased": erased,
            "state": b64(self._root),
        }
        if self.log.closes and not self.log.lines:
            fields["closes"] = self.log.closes
        line = forged.pop("line", None)
        fields = {name: value for name, value in {**fields, **forged}.items() if value is not None}
        self.log.lines.append(line or compact(fields))
        self.state = self.states[number] = state if changes else self.state

    def origin(self, epoch: int) -> str:
        return f"fednet/{self.id}/public/{epoch}"

    def checkpoint_text(self, log: Log, size: int | None = None) -> bytes:
        leaves = log.leaves[:size]
        return f"{self.origin(log.epoch)}\n{len(leaves)}\n{b64(trees.log_root(leaves))}\n".encode()

    def checkpoint(self, log: Log | None = None, size: int | None = None) -> bytes:
        log = log or self.log
        return self.renote(signed(self.checkpoint_text(log, size), self.origin(log.epoch), self.log_key(log.epoch)))

    # --- what an honest server answers

    def resource(self, target: str) -> Response:
        """The answer to a request target such as `/feeds/<id>/public/changes?since=0.0`."""
        parts = urlsplit(target)
        if parts.path == "/.well-known/fednet":
            return Response(200, compact(self.hints))
        begin = f"/feeds/{self.id}/"
        if not parts.path.startswith(begin):
            return MISSING
        match parts.path.removeprefix(begin).split("/"):
            case ["identity"]:
                return Response(200, "".join(b64(note) + "\n" for note in self.notes).encode())
            case ["public", "changes"]:
                return self.changes(parse_qs(parts.query).get("since", [""])[0])
            case ["public", "page", name]:
                return self.page(name)
            case ["public", epoch, "checkpoint"] if log := self._log(epoch):
                return Response(200, self.checkpoint(log))
            case ["public", epoch, "tile", level, *index] if log := self._log(epoch):
                return self.tile(log, level, "/".join(index))
        return MISSING

    def _log(self, epoch: str) -> Log | None:
        return next((log for log in self.logs if str(log.epoch) == epoch and log.lines), None)

    @property
    def hints(self) -> Fields:
        feeds = {"public": f"/feeds/{self.id}/public/"}
        return {"protocols": [1], "network": self.id, "name": self.name, "feeds": feeds, "follows": []}

    def changes(self, since: str) -> Response:
        epoch, _, number = since.partition(".")
        if not POSITION.fullmatch(since):
            return refusal(400, "malformed", "that is no position")
        if (int(epoch), int(number)) > (self.log.epoch, self.edition):
            return refusal(409, "rolled-back", "ahead of this network", checkpoint=b64(self.checkpoint()))
        if 0 < int(epoch) < self.log.epoch and int(number) > self.log.before:
            return refusal(410, "gone", "closed: that part of the log is void")
        if int(number) < self.floor:
            return refusal(410, "gone", "gone: too long ago")
        return Response(200, self.answer(since), NO_STORE)

    def answer(self, since: str, size: int | None = None) -> bytes:
        """A `changes` answer, from what is held at `since` to what was signed last."""
        log = self.log
        number = int(since.partition(".")[2])
        size = len(log.lines) if size is None else size
        known = min(max(number - log.before, 0), size)
        lines = [f"fednet/1 changes {self.id} public {since}\n".encode()]
        lines.append(f"checkpoint {log.epoch} {b64(self.checkpoint(log, size))}\n".encode())
        if size - known <= EDITION_LINES:
            lines += [b"edition %s\n" % line for line in log.lines[known:size]]
        else:
            lines.append(b"edition %s\n" % log.lines[size - 1])
            leaves = log.leaves[:size]
            lines += [f"inclusion {b64(found)}\n".encode() for found in trees.inclusion(size - 1, leaves)]
            for start in range(known, size - 1, LEAVES_PER_LINE):
                hashes = b"".join(leaves[start : min(start + LEAVES_PER_LINE, size - 1)])
                lines.append(f"leaves {b64(hashes)}\n".encode())
        changes = self.differences(number, log.before + size) if size > known else []
        lines += [change.line for change in changes]
        return b"".join([*lines, f"end {len(changes)}\n".encode()])

    def differences(self, old: int, new: int) -> list[Change]:
        """What leads from the state of one edition to that of another."""
        before, after = self.states[old], self.states[new]
        changed: list[Change] = [held for key, held in after.items() if before.get(key) != held]
        return changed + [Drop(key) for key in before if key not in after]

    def page(self, name: str) -> Response:
        where, _, digest = name.rpartition("-")
        if not PAGE.fullmatch(name):
            return refusal(400, "malformed", "that names no page")
        prefix = "" if where == "root" else where
        leaves = trees.below(self.leaves_of(self.state), prefix)
        if trees.entry_hash(trees.entry_of(leaves, 4 * len(prefix))).hex() != digest or not leaves:
            return MISSING
        if len(leaves) > PAGE_RECORDS:
            return Response(200, self.entries_page(prefix))
        return Response(200, self.records_page(prefix), NO_STORE)

    def records_page(self, prefix: str) -> bytes:
        leaves = trees.below(self.leaves_of(self.state), prefix)
        return b"records\n" + b"".join(self.state[leaf.key].line for leaf in leaves)

    def entries(self, prefix: str) -> list[trees.Entry]:
        leaves = self.leaves_of(self.state)
        return [trees.entry_of(trees.below(leaves, prefix + d), 4 * len(prefix) + 4) for d in "0123456789abcdef"]

    def entries_page(self, prefix: str) -> bytes:
        return entries_text(self.entries(prefix))

    def tile(self, log: Log, level: str, name: str) -> Response:
        name, _, width = name.partition(".p/")
        index = int(name.replace("x", "").replace("/", ""))
        span = trees.WIDTH ** (int(level) if level.isdigit() else 0)
        start = index * trees.WIDTH * span
        end = start + int(width or trees.WIDTH) * span
        if end > len(log.lines) or trees.tile_name(index) != name:
            return MISSING
        if level == "entries":
            return Response(200, entries_bundle(log.lines[start:end]))
        leaves = log.leaves
        return Response(200, b"".join(trees.log_root(leaves[i : i + span]) for i in range(start, end, span)))

    # --- what a follower must show

    def dumped(self) -> list[Fields]:
        """The lines of `dump` at a follower that holds what was signed last."""
        feed: Fields = {"network": self.id, "circle": "public"}
        lines = [{**feed, "epoch": self.log.epoch, "edition": self.edition}]
        for key, held in sorted(self.state.items()):
            if isinstance(held, Put):
                lines.append({**feed, "key": key.hex(), "handle": held.handle, "body": held.body.decode()})
            else:
                lines.append({**feed, "key": key.hex(), "erased": True})
        return lines


def entries_text(entries: Sequence[trees.Entry]) -> bytes:
    return b"entries\n" + "".join(trees.entry_line(entry) + "\n" for entry in entries).encode()


def entries_bundle(lines: Sequence[bytes]) -> bytes:
    """C2SP entry bundle: each entry after its length in two bytes."""
    return b"".join(len(line).to_bytes(2, "big") + line for line in lines)
