"""Rehearsing a restore: a backup is restored into a temporary place, and everything in it verified.

Nothing is signed, nobody is asked unless that is wanted, and nothing is left behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from fednet.feed.text import utc_text
from fednet.node import backup, tombstones, verify
from fednet.node.backup import NO_KEY, Held, Key, Manifest
from fednet.node.home import Home
from fednet.node.restore import Circle, Reach, Reread, brought_up_to_date, staged
from fednet.node.staging import staging
from fednet.store import backup as copies
from fednet.store import drafts, feeds

LAST_REHEARSAL = "last_rehearsal"
"""The setting that says when one went well last."""


class Compared(msgspec.Struct, frozen=True):
    """One feed of the backup: what was restored of it, how far the live node is, and what did not verify."""

    network: str
    name: str
    circle: str
    own: bool
    position: str
    live: str | None
    records: int
    erased: int
    ok: bool
    problems: tuple[str, ...] = ()


class Rehearsal(msgspec.Struct, kw_only=True):
    """What a restore would bring back.

    `differences` are between the backup and what it says of itself, `missing` what the live node has and a restore
    would not bring, `reread` (when followers were asked) what they would give back of the own feed.
    """

    network: str
    name: str
    made: str
    size: int  # bytes of the backup
    seconds: float
    feeds: list[Compared] = []
    counts: dict[str, int] = {}
    destroyed: int = 0  # records erased since the backup, destroyed again
    differences: list[str] = []
    missing: list[str] = []
    reread: list[Circle] | None = None

    @property
    def verified(self) -> bool:
        return all(feed.ok for feed in self.feeds)


async def rehearse(
    home: Home, now: datetime, *, file: Path | None = None, key: Key = NO_KEY, reach: Reach | None = None
) -> Rehearsal:
    """Restore `file`, or a backup made for this, beside the home, and verify it; `reach` asks followers as well."""
    began = time.monotonic()
    with staging(home.path) as place:
        if file is None:
            file = place / "backup"
            with file.open("xb") as out:
                backup.write(home, out, now)
        with staged(home.path, file, key) as (copy, manifest):
            found = Rehearsal(
                network=manifest.network, name=manifest.name, made=manifest.made, size=_size(file), seconds=0.0
            )
            _compare(found, home, copy, manifest)
            found.destroyed = tombstones.reapply(copy, tombstones.kept(home.path))
            if reach is not None:
                result = Reread(network=manifest.network, name=manifest.name)
                await brought_up_to_date(copy, reach(copy), result, now, backed_up=True)
                found.reread = result.circles
    found.seconds = round(time.monotonic() - began, 3)
    return found


def remember(home: Home, found: Rehearsal, now: datetime) -> None:
    """Note when a rehearsal went well; nothing of one that did not."""
    if found.verified and not found.differences:
        with home.store.writing() as db:
            drafts.set_setting(db, LAST_REHEARSAL, utc_text(now))


def _size(file: Path) -> int:
    return file.stat().st_size


def _compare(found: Rehearsal, home: Home, copy: Home, manifest: Manifest) -> None:
    """Verify what was restored; compare it with what the backup says of itself, and with the live node."""
    live, live_counts = _held(home)
    restored, found.counts = _held(copy)
    verdicts = {(one.network, one.circle): one for one in verify.verify(copy)}
    for place, one in restored.items():
        verdict, now = verdicts.get(place), live.get(place)
        found.feeds.append(
            Compared(
                one.network, one.name, one.circle, one.own, f"{one.epoch}.{one.edition}",
                f"{now.epoch}.{now.edition}" if now else None, one.records, one.erased,
                verdict is None or verdict.ok, verdict.problems if verdict else (),
            )
        )  # fmt: skip
    found.differences = list(_differences(manifest, restored, found.counts))
    found.missing = list(_missing(manifest, restored, live, found.counts, live_counts))


Places = dict[tuple[str, str], Held]


def _held(home: Home) -> tuple[Places, dict[str, int]]:
    with home.store.reading() as db:
        every = [backup.held(feed) for feed in feeds.feeds(db) if feed.followed.edition is not None]
        return {(one.network, one.circle): one for one in every}, dict(copies.counts(db))


def _differences(manifest: Manifest, restored: Places, counts: dict[str, int]) -> Iterator[str]:
    for one in manifest.feeds:
        if restored.get((one.network, one.circle)) != one:
            yield f"{one.name}, circle {one.circle}: the backup says edition {one.edition} and {one.records} records"
    for name, count in manifest.counts.items():
        if counts.get(name) != count:
            yield f"{name}: the backup says {count}, restored are {counts.get(name, 0)}"


def _missing(
    manifest: Manifest, restored: Places, live: Places, counts: dict[str, int], live_counts: dict[str, int]
) -> Iterator[str]:
    for place, one in live.items():
        held = restored.get(place)
        if held is None:
            yield f"{one.name}, circle {one.circle}: all of it"
        elif (held.epoch, held.edition) < (one.epoch, one.edition):
            back = "followers may have them" if one.own else "they come with the next sync"
            yield f"{one.name}, circle {one.circle}: editions after {held.edition}, up to {one.edition} ({back})"
    for name, count in live_counts.items():
        if count > counts.get(name, 0):
            yield f"{name}: {count - counts.get(name, 0)} of {count}"
    if not manifest.has_keys:
        yield "the private keys: they are in encrypted backups only (--to, --passphrase-file)"
