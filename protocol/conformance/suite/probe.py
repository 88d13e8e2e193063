"""Reading a live node by its address, and judging all that it serves of its own public feed. Nothing changes there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from suite import judging, trees
from suite.judging import Feed, Records, Wrong, check, unbase64

SECONDS = 60
MOST = 64 * 1024 * 1024
ATTEMPTS = 5  # how often a state may move on while it is read
NOWHERE = "0" * 64
POSITIONS = ("", "1", "1.", ".1", "01.0", "1.00", "-1.0", "+1.0", "1.0x", "1_0.0", "1.2.3", "%D9%A1.0", "1%20.0")


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    def error(self, status: int, word: str) -> dict[str, Any]:
        """A JSON error of this status and word."""
        check(self.status == status, f"expected {status}, found {self.status}")
        try:
            found: dict[str, Any] = json.loads(self.body)
        except ValueError:
            raise Wrong(f"{status} without JSON") from None
        check(found.get("error") == word and isinstance(found.get("detail"), str), f"expected {word}, found {found}")
        return found


class MovedOnError(Exception):
    """A page is not there any more."""


class Probe:
    """The node at one address; the checks build on each other, in the order of `CHECKS`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def get(self, path: str, coding: str = "identity") -> Answer:
        request = Request(self.url + path, headers={"Accept-Encoding": coding})
        try:
            with urlopen(request, timeout=SECONDS) as found:
                answer = Answer(found.status, found.read(MOST + 1), {k.lower(): v for k, v in found.headers.items()})
        except HTTPError as error:
            with error:
                answer = Answer(error.code, error.read(MOST), {k.lower(): v for k, v in error.headers.items()})
        except (URLError, OSError) as error:
            raise Wrong(f"{path}: {error}") from None
        check(len(answer.body) <= MOST, f"{path}: more than {MOST} bytes")
        return answer

    def found(self, path: str) -> Answer:
        answer = self.get(path)
        check(answer.status == 200, f"{path}: {answer.status}")
        return answer

    # --- checks

    def well_known(self) -> None:
        hints = json.loads(self.found("/.well-known/fednet").body)
        check(1 in hints["protocols"], f"speaks {hints['protocols']}")
        self.network = hints["network"]
        self.base = f"/feeds/{self.network}"
        check(set(hints["feeds"]) <= {"public"}, "feeds names more than public")

    def identity(self) -> None:
        network, self.chain = judging.identity_of(self.found(f"{self.base}/identity").body)
        check(network == self.network, f"expected {self.network}, found {network}")

    def checkpoint(self) -> None:
        epoch = self.chain[-1]["epoch"]
        answer = self.found(f"{self.base}/public/{epoch}/checkpoint")
        self.head = judging.head_of(answer.body, self.network, self.chain)
        check(self.head.size > 0, "a log of size 0 lists nothing")

    def tiles(self) -> None:
        """Level-0 tiles add up to the signed root, and so does every level above."""
        self.leaves = self._level(0, self.head.size)
        check(trees.log_root(self.leaves) == self.head.root, "the tiles do not add up to the signed root")
        below, level = self.leaves, 1
        while len(below) >= trees.WIDTH:
            whole = [below[i : i + trees.WIDTH] for i in range(0, len(below) // trees.WIDTH * trees.WIDTH, trees.WIDTH)]
            expected = list(map(trees.log_root, whole))
            check(self._level(level, len(expected)) == expected, f"tiles of level {level} do not add up")
            below, level = expected, level + 1

    def _level(self, level: int, size: int) -> list[bytes]:
        hashes: list[bytes] = []
        for path, width in self._tile_paths(str(level), size):
            raw = self.found(path).body
            check(len(raw) == 32 * width, f"{path}: {len(raw)} bytes")
            hashes += [raw[i : i + 32] for i in range(0, len(raw), 32)]
        return hashes

    def _tile_paths(self, level: str, size: int) -> Iterator[tuple[str, int]]:
        for start in range(0, size, trees.WIDTH):
            width = min(trees.WIDTH, size - start)
            partial = "" if width == trees.WIDTH else f".p/{width}"
            name = f"{trees.tile_name(start // trees.WIDTH)}{partial}"
            yield f"{self.base}/public/{self.head.epoch}/tile/{level}/{name}", width

    def editions(self) -> None:
        """The entries are the leaves, and count on."""
        lines = []
        for path, width in self._tile_paths("entries", self.head.size):
            entries = judging.bundle_lines(self.found(path).body)
            check(len(entries) == width, f"{path}: {len(entries)} entries")
            lines += entries
        check(list(map(trees.leaf_hash, lines)) == self.leaves, "the entries are not the leaves of the log")
        *_, self.edition = judging.editions_of(lines, self.head.before + 1)

    def state(self) -> None:
        """The pages add up to the state that the newest edition signs."""
        for _ in range(ATTEMPTS):
            self.records, self.erased, self.with_bodies = Records(), 0, list[str]()
            try:
                self._page("", None)
                break
            except MovedOnError:
                self.checkpoint(), self.tiles(), self.editions()
        self._check_state(self.records, self.erased)

    def _page(self, prefix: str, wanted: trees.Entry) -> None:
        digest = self.edition["state"] if not prefix else ""
        name = unbase64(digest).hex() if digest else trees.entry_hash(wanted).hex()
        if name == NOWHERE:
            return
        path = f"{self.base}/public/page/{prefix or 'root'}-{name}"
        answer = self.get(path)
        if answer.status == 404:
            raise MovedOnError(prefix)
        check(answer.status == 200, f"page {prefix}: {answer.status}")
        form, *lines = answer.body[:-1].split(b"\n")
        if form == b"entries":
            entries = judging.entries_of(lines, prefix)
            found = trees.folded(entries)
            children = [(f"{prefix}{digit:x}", entry) for digit, entry in enumerate(entries) if entry]
        else:
            found, children = self._records_page(prefix, lines), []
            self.with_bodies = [f"{self.base}/public/changes?since=0.0", path]
        good = judging.alike(found, wanted) if prefix else trees.entry_hash(found).hex() == name
        check(good, f"page {prefix or 'root'} does not add up")
        for below, entry in children:
            self._page(below, entry)

    def _records_page(self, prefix: str, lines: list[bytes]) -> trees.Entry:
        check(len(lines) <= 512, f"page {prefix}: {len(lines)} records")
        changed = [Feed(self.network).changed(line) for line in lines]
        keys = [key for key, _, _ in changed]
        check(keys == sorted(set(keys)), f"page {prefix} does not ascend")
        check(all(key.hex().startswith(prefix) for key in keys), f"page {prefix} holds what lies elsewhere")
        here = {key: commitment for key, commitment, _ in changed}
        self.records |= here
        self.erased += sum(tombstone for _, _, tombstone in changed)
        return judging.entry_of(here, 4 * len(prefix))

    def _check_state(self, records: Records, erased: int) -> None:
        root = trees.entry_hash(judging.entry_of(records))
        check(root == unbase64(self.edition["state"]), "the records do not add up to the signed state")
        counts = len(records) - erased, erased
        signed = self.edition["records"], self.edition["erased"]
        check(counts == signed, f"{counts} records and erased, the edition says {signed}")

    def changes_from_the_beginning(self) -> None:
        """They lead to the same state; a static host has none, and a large feed may refer to its pages."""
        answer = self.get(f"{self.base}/public/changes?since=0.0")
        self.static = answer.status == 404
        if self.static:
            return
        if answer.status == 410:
            answer.error(410, "gone")
            return
        check(answer.status == 200, f"changes: {answer.status}")
        head, checkpoint, *lines = answer.body.split(b"\n")
        check(head == f"fednet/1 changes {self.network} public 0.0".encode(), f"the first line is {head[:80]!r}")
        check(not lines.pop(), "the answer is cut")
        check(checkpoint.startswith(b"checkpoint %d " % self.head.epoch), "a checkpoint of another epoch")
        found = judging.head_of(unbase64(checkpoint.split(b" ")[2].decode()), self.network, self.chain)
        check(found == self.head, "changes are signed by another checkpoint; was there a new edition? try again")
        changes = [line for line in lines if line.startswith((b"put ", b"erase "))]
        check(lines[-1] == b"end %d" % len(changes), "the end does not count the changes")
        changed = [Feed(self.network).changed(line) for line in changes]
        records = {key: commitment for key, commitment, _ in changed}
        check(len(records) == len(changed), "a key twice")
        self._check_state(records, sum(tombstone for _, _, tombstone in changed))

    def caching(self) -> None:
        """What holds bodies is never cached; a static host cannot say so."""
        for path in () if self.static else self.with_bodies:
            kept = self.get(path).headers.get("cache-control", "")
            check("no-store" in kept, f"{path} holds bodies and may be cached: {kept or 'nothing is said'}")

    def nothing_new(self) -> None:
        """Asked from where it is, a node has no changes."""
        if not self.static:
            here = f"{self.head.epoch}.{self.edition['edition']}"
            lines = self.found(f"{self.base}/public/changes?since={here}").body.split(b"\n")
            check(len(lines) == 4 and lines[2] == b"end 0", f"changes since {here}: {lines[2][:60]!r}")

    def asked_from_ahead(self) -> None:
        if not self.static:
            ahead = f"{self.head.epoch}.{self.edition['edition'] + 1000}"
            found = self.get(f"{self.base}/public/changes?since={ahead}").error(409, "rolled-back")
            judging.head_of(unbase64(found["checkpoint"]), self.network, self.chain)

    def malformed_positions(self) -> None:
        for position in () if self.static else POSITIONS:
            self._refused(f"{self.base}/public/changes?since={position}")

    def malformed_names(self) -> None:
        """Of pages; a static host cannot tell them from those it lacks."""
        for name in () if self.static else ("root", "root-", f"ROOT-{NOWHERE}", f"{'0' * 25}-{NOWHERE}", "g-00"):
            self._refused(f"{self.base}/public/page/{name}")

    def _refused(self, path: str) -> None:
        try:
            self.get(path).error(400, "malformed")
        except Wrong as wrong:
            raise Wrong(f"{path.rpartition('/')[2]}: {wrong}") from None

    def missing_things(self) -> None:
        """An unknown page, circle, log, tile and network are not found; what is not for you looks alike."""
        checkpoint = f"{self.head.epoch}/checkpoint"
        for path in (
            f"{self.base}/public/page/root-{NOWHERE}",
            f"{self.base}/public/{self.head.epoch + 1}/checkpoint",
            f"{self.base}/public/{self.head.epoch}/tile/0/x999/999",
            f"{self.base}/no-such-circle/{checkpoint}",
            f"{self.base}/no-such-circle/changes?since=0.0",
            f"/feeds/{'a' * 32}/public/{checkpoint}",
        ):
            answer = self.get(path)
            check(answer.status == 404, f"{path}: {answer.status}")
            if not self.static:
                answer.error(404, "not-found")
        ours, nobodys = (self.get(f"{self.base}/{circle}/{checkpoint}") for circle in ("partners", "no-such-circle"))
        check((ours.status, ours.body) == (nobodys.status, nobodys.body), "one can tell which circles there are")

    def codings(self) -> None:
        """Gzip, when it is offered, holds the same bytes."""
        path = f"{self.base}/identity"
        coded = self.get(path, "gzip")
        coding = coded.headers.get("content-encoding", "identity")
        check(coding in ("gzip", "identity"), f"coded as {coding}, which was not asked for")
        body = gzip.decompress(coded.body) if coding == "gzip" else coded.body
        check(body == self.found(path).body, "gzip holds other bytes")


CHECKS: tuple[Callable[[Probe], None], ...] = (
    Probe.well_known,
    Probe.identity,
    Probe.checkpoint,
    Probe.tiles,
    Probe.editions,
    Probe.state,
    Probe.changes_from_the_beginning,
    Probe.caching,
    Probe.nothing_new,
    Probe.asked_from_ahead,
    Probe.malformed_positions,
    Probe.malformed_names,
    Probe.missing_things,
    Probe.codings,
)


def probe(url: str) -> Iterator[tuple[str, str]]:
    """Check by check: name, and what is wrong. What builds on a failed check is not reached."""
    node = Probe(url)
    for judge in CHECKS:
        try:
            judge(node)
            wrong = ""
        except Wrong as found:
            wrong = str(found)
        except (ValueError, KeyError, TypeError, IndexError, StopIteration) as error:
            wrong = f"not in the prescribed form: {type(error).__name__}: {error}"
        yield judge.__name__.replace("_", "-"), wrong
        if wrong and judge in CHECKS[:7]:
            return
