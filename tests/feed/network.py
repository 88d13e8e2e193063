"""A network for tests: keys from fixed seeds, a state, a log of editions, and honest answers to whoever follows it.

Nothing here is random and no clock is read, so what it signs is the same on every machine.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from fednet.feed import ed25519, proof, record, tlog, tree, wire
from fednet.feed.checkpoint import Checkpoint, origin
from fednet.feed.edition import NOTHING_CLOSED, Closes, Edition, edition
from fednet.feed.follow import Followed
from fednet.feed.identity import Identity, Statement, begun, extended, genesis, sign_statement
from fednet.feed.note import Cosigner, Ed25519Signer, Note, sign
from fednet.feed.record import Change, Commitments, Drop, Erase, Put
from fednet.feed.text import base64_text

BEGAN = datetime(2026, 11, 21, 18, 0, 0, tzinfo=UTC)
RECIPIENT = "age1" + "q" * 58


def seed(word: str) -> bytes:
    """32 bytes that stand for randomness."""
    return sha256(b"fednet test " + word.encode()).digest()


def public(word: str) -> bytes:
    return ed25519.public_key(seed(word))


def handle(number: int) -> str:
    digits = sha256(b"handle %d" % number).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def body(number: int, version: int = 1) -> bytes:
    return b'{"kind":"organization","names":{"en":"Example %d"},"version":%d}' % (number, version)


def first_statement(name: str = "Example Network", recovery: int = 1, threshold: int = 1) -> Statement:
    return genesis(
        name=name,
        log_key=public(f"{name} log 1"),
        cosigner_key=public(f"{name} cosigner 1"),
        transport_key=public(f"{name} transport 1"),
        bundle_key=RECIPIENT,
        recovery_keys=[public(f"{name} recovery {i}") for i in range(recovery)],
        threshold=threshold,
    )


def applied(pages: dict[str, bytes], changes: list[Change] | tuple[Change, ...]) -> tree.Entry:
    """Apply changes to a tree that is kept in a dictionary."""
    commitments = {c.key: None if isinstance(c, Drop) else c.commitment for c in changes}
    update = tree.updated(pages.get, commitments)
    for prefix, page in update.pages.items():
        if page is None:
            pages.pop(prefix, None)
        else:
            pages[prefix] = page
    return update.root


class Network:
    """What a publisher does, kept in memory. `changed` remembers at which edition each key last changed."""

    def __init__(self, name: str = "Example Network", circle: str = "public", recovery: int = 1, threshold: int = 1):
        statement = first_statement(name, recovery, threshold)
        self.name, self.circle = name, circle
        self.recovery_seeds = [seed(f"{name} recovery {i}") for i in range(recovery)]
        self.identity: Identity = begun(sign_statement(statement, self.recovery_seeds))
        self.id = self.identity.network
        self.feed = Commitments(self.id, circle)
        self.lines: list[bytes] = []
        self.closes: Closes = NOTHING_CLOSED
        self.pages: dict[str, bytes] = {}
        self.held: dict[bytes, Put | Erase] = {}
        self.changed: dict[bytes, tuple[wire.Position, Change]] = {}

    # --- publishing

    @property
    def epoch(self) -> int:
        return self.identity.epoch

    @property
    def log_seed(self) -> bytes:
        return seed(f"{self.name} log {self.epoch}")

    def put(self, number: int, version: int = 1) -> Put:
        return record.put(self.feed, handle(number), seed(f"salt {number} {version}"), body(number, version))

    def erase(self, number: int) -> Erase:
        return record.erase(self.feed, record.key_of(handle(number)))

    def drop(self, number: int) -> Drop:
        return Drop(record.key_of(handle(number)))

    @property
    def counts(self) -> tuple[int, int]:
        """Live records and tombstones."""
        live = sum(isinstance(held, Put) for held in self.held.values())
        return live, len(self.held) - live

    def publish(self, *changes: Change) -> Edition:
        number = self.closes.edition + len(self.lines) + 1
        root = applied(self.pages, changes)
        for change in changes:
            self.changed[change.key] = (wire.Position(self.epoch, number), change)
            if isinstance(change, Drop):
                self.held.pop(change.key, None)
            else:
                self.held[change.key] = change
        closes = self.closes if self.epoch > 1 and not self.lines else None
        moment = BEGAN + timedelta(minutes=number)
        signed = edition(number, moment, *self.counts, tree.root_hash(root), closes)
        self.lines.append(signed.line)
        return signed

    def open_epoch(self, size: int | None = None) -> Statement:
        """Change every online key and close the log at `size` (default: where it is)."""
        size = len(self.lines) if size is None else size
        last = self.identity.current
        closed = Closes(self.epoch, size, base64_text(self.root(size)), self.closes.edition + size)
        later = Statement(
            sequence=last.sequence + 1,
            network=self.id,
            name=self.name,
            epoch=self.epoch + 1,
            log_key=base64_text(public(f"{self.name} log {self.epoch + 1}")),
            cosigner_key=base64_text(public(f"{self.name} cosigner {self.epoch + 1}")),
            transport_key=base64_text(public(f"{self.name} transport {self.epoch + 1}")),
            bundle_key=RECIPIENT,
            recovery_keys=last.recovery_keys,
            threshold=last.threshold,
            previous=last.digest,
            closes=closed,
        )
        self.identity = extended(self.identity, sign_statement(later, self.recovery_seeds))
        self.closes, self.lines = closed, []
        return later

    # --- serving

    @property
    def leaves(self) -> list[bytes]:
        return [tlog.leaf_hash(line) for line in self.lines]

    def root(self, size: int | None = None) -> bytes:
        return tlog.root_of(self.leaves[: len(self.lines) if size is None else size])

    @property
    def signer(self) -> Ed25519Signer:
        return Ed25519Signer(origin(self.id, self.circle, self.epoch), self.log_seed)

    def checkpoint(self, size: int | None = None, *witnesses: Cosigner) -> Note:
        size = len(self.lines) if size is None else size
        return sign(Checkpoint(self.signer.name, size, self.root(size)).text, self.signer, *witnesses)

    def answer(self, followed: Followed, *, skip: bool = False) -> wire.Answer:
        """What an honest node answers to `changes?since=<followed.position>`."""
        known = followed.frontier.size if followed.epoch == self.epoch else 0
        new = self.lines[known:]
        skipped = skip and len(new) > 1
        changes = [change for position, change in self.changed.values() if position > followed.position]
        if followed.edition is None:
            changes = [change for change in changes if not isinstance(change, Drop)]
        return wire.Answer(
            network=self.id,
            circle=self.circle,
            since=followed.position,
            epoch=self.epoch,
            checkpoint=self.checkpoint(),
            editions=tuple(new[-1:] if skipped else new),
            inclusion=tuple(tlog.inclusion_proof(len(self.lines) - 1, self.leaves)) if skipped else (),
            leaves=tuple(self.leaves[known:-1]) if skipped else (),
            changes=tuple(changes),
        )

    def page(self, prefix: str = "", form: str = "records") -> wire.Page:
        if form == "entries":
            return wire.EntriesPage(prefix, tuple(tree.children(self.pages.get, prefix)))
        return wire.RecordsPage(
            prefix, tuple(self.held[leaf.key] for leaf in tree.leaves_below(self.pages.get, prefix))
        )

    def proof(self, number: int, *witnesses: Cosigner) -> proof.Proof:
        key = record.key_of(handle(number))
        held = self.held.get(key)
        return proof.Proof(
            circle=self.circle,
            epoch=self.epoch,
            handle=handle(number),
            identity=self.identity,
            path=tree.path(self.pages.get, key),
            put=held if isinstance(held, Put) else None,
            edition=self.lines[-1],
            index=len(self.lines) - 1,
            inclusion=tuple(tlog.inclusion_proof(len(self.lines) - 1, self.leaves)),
            checkpoint=self.checkpoint(None, *witnesses),
        )

    def start(self) -> Followed:
        """A follower that has pinned this network and holds nothing of it."""
        return Followed(self.id, self.circle, self.epoch)


def witness(word: str = "witness", moment: int = 1_795_000_000) -> Cosigner:
    return Cosigner(f"{word}.example", seed(word), moment)


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()
