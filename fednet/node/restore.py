"""Restoring a node, and reading its own feed again from those who hold it (SPEC 6.5).

A backup is older than what was signed last. So it is unpacked beside the home; what was erased since is destroyed
again; this node's own feed is brought up to date from followers, by the same sync as everybody else's; and only then
does it take its place, all at once, while others may be reading. Nothing is signed by any of this. Afterwards the
high-water mark says whether the node may go on signing: it may when the mark was not lost and agrees, or when a person
says that nothing was published after what was found; else a new epoch goes on where this one ended.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from sqlite_utils import Database

from fednet.errors import BrokenStoreError, FednetError, RollbackError, UsageError
from fednet.feed.tlog import HASH_SIZE, leaf_hash, parse_tile, root_of, tiles_of
from fednet.feed.wire import BEGINNING, Position
from fednet.node import (
    backup,
    circles,
    following,
    forgotten,
    hearing,
    hidden_keys,
    hiding,
    introductions,
    keys,
    tombstones,
    verify,
)
from fednet.node.ask import Head, Peer, Told, settle, told
from fednet.node.backup import NO_KEY, SECRET, Key, Manifest
from fednet.node.doctor import adopt
from fednet.node.erasure import settle_promptly
from fednet.node.files import alone, sync_directory
from fednet.node.home import CONFIG, DATABASE, Home, read_config
from fednet.node.keys import KEYS, NEXT
from fednet.node.mark import Mark, Stopped
from fednet.node.publish import MAX_CHANGES
from fednet.node.sources import Source
from fednet.node.staging import staging
from fednet.node.standing import logs
from fednet.node.sync import readable_circles, sync_from
from fednet.store import accounts, blocks, drafts, feeds, integrity, records
from fednet.store import backup as copies
from fednet.store import circles as circles_of
from fednet.store import introductions as stored
from fednet.store.circles import PARTNERS
from fednet.store.database import Store
from fednet.store.feeds import Feed

ROUNDS = 3  # how often more may turn up while the feed is read
SECONDS = 20.0  # for the answers of all who are asked

READING = "its own feed is being read again"
LOST = "fednet keys recover opens a new epoch, which goes on from what is here; or read it again from whoever has more"

KEYLESS = "bring keys.json back; or, with the recovery keys: fednet keys recover --closes last-good --recovery FILE"

Reach = Callable[[Home], Sequence[Peer]]
"""Whom to ask for this node's own feed."""

Standing = Literal["continues", "waits", "lost"]


class Circle(msgspec.Struct, frozen=True):
    """One own circle: where the backup had it, where it stands now, and who had more (None: nobody)."""

    circle: str
    before: str
    now: str
    records: int
    source: str | None


class Reread(msgspec.Struct, kw_only=True):
    """How reading the own feed again went.

    `answered` counts those who could be asked, `drafts` the edits that wait, `signed` those found to be signed or
    overtaken; `contradicted` says who holds another history, signed with this node's key. `standing`: `continues` may
    sign, `waits` may when a person says that this is the newest, `lost` may not, and the hint says what to do: mostly,
    open a new epoch.
    """

    network: str
    name: str
    circles: list[Circle] = []
    answered: int = 0
    found: bool = False
    drafts: int = 0
    signed: int = 0
    contradicted: str | None = None
    keys: bool = True
    standing: Standing = "waits"
    detail: str = ""
    hint: str | None = None


class Restored(Reread, kw_only=True):
    """A restore: besides, when the backup was made, and how many records were destroyed again.

    `trust_kept`: who was blocked since, or is no partner or member any more, is so still, and accounts are as they
    were left; else that is of the backup.
    """

    made: str = ""
    destroyed: int = 0
    trust_kept: bool = False


# --- from a backup ----------------------------------------------------------------------------------------------------


async def restore(
    directory: Path,
    file: Path,
    reach: Reach,
    now: datetime,
    *,
    key: Key = NO_KEY,
    replace: bool = False,
    newest: bool = False,
) -> Restored:
    """Restore a backup into `directory`; `replace` says that the node which is there may go.

    `newest`: a person says that nothing was published after what the backup, or whoever is asked, holds.
    """
    check_replaceable(directory, replace)
    _make(directory)
    with paused(Mark(directory)) as held:
        with staged(directory, file, key) as (home, manifest):
            _check_same(directory, home)
            result = Restored(network=manifest.network, name=manifest.name, made=manifest.made)
            result.destroyed = tombstones.reapply(home, tombstones.kept(directory))
            hiding.reapply(home, now, hidden_keys.kept(directory))
            result.trust_kept = _trust_kept(directory / DATABASE, home)
            _keep_introductions(directory / DATABASE, home, now)
            introductions.forget_again(home, forgotten.kept(directory), now)
            answers = await brought_up_to_date(home, reach(home), result, now, backed_up=True)
            await asyncio.to_thread(_put_in_place, directory, home)
        found = Home(directory)
        try:
            _stand(found, answers, result, newest=newest, held=held)
            settle_promptly(found)
        finally:
            found.close()
    return result


def _make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


@contextmanager
def paused(mark: Mark) -> Iterator[Stopped | None]:
    """Nothing is signed until somebody says whether it may be; yields why it might not before, if so."""
    with alone(mark.home):
        content = mark.read()
        held = content.stopped if content and (not content.stopped or content.stopped.detail != READING) else None
        if content is not None and held is None:
            epoch = max((signed.epoch for signed in content.logs.values()), default=1)
            mark.put_stopped(Stopped("restored", epoch, READING))
    try:
        yield held
    except BaseException:
        with alone(mark.home):
            mark.put_stopped(held)
        raise


def check_replaceable(directory: Path, replace: bool) -> None:
    if (directory / DATABASE).exists() and not replace:
        raise UsageError(
            f"there is a node in {directory}: restoring replaces its records and edits",
            hint="--yes replaces them; fednet --node DIR restore FILE is another place; without FILE, only this node's "
            "own feed is read again from followers",
        )


@contextmanager
def staged(directory: Path, file: Path, key: Key = NO_KEY) -> Iterator[tuple[Home, Manifest]]:
    """A backup unpacked and opened beside the home, gone when the block ends.

    Settings and keys that the home still has come before those in the backup, if they can be read.
    """
    with staging(directory) as place:
        manifest = backup.extract(file, place, key)
        if _is_readable(directory / CONFIG):
            shutil.copy(directory / CONFIG, place / CONFIG)
        home = Home(place)
        try:
            with home.store.reading() as db:
                problems = integrity.problems(db)
            if problems:
                raise BrokenStoreError(f"{file}: {problems[0]}", hint="try an older backup")
            if home.network.network != manifest.network:
                raise BrokenStoreError(f"{file}: its database is of another network than its manifest says")
            _keep_keys(directory, home)
            yield home, manifest
        finally:
            home.close()


def _keep_keys(directory: Path, home: Home) -> None:
    """Choose between the keys that the home at `directory` still has, and those of the backup in `home`.

    Those of the home come first. Where only the backup's are named by the statement that it knows, the home's are laid
    beside them: they may be of a later one.
    """
    here = {name: directory / name for name in SECRET if _is_readable(directory / name)}
    statement = home.network.identity.current
    named = any(keys.read_file(path).public.named_by(statement) for path in here.values())
    if here and not named and can_sign(home):
        shutil.copy(list(here.values())[-1], home.path / NEXT)
        return
    for name, path in here.items():
        shutil.copy(path, home.path / name)


def _is_readable(path: Path) -> bool:
    """Whether a file with settings or keys is there and makes sense."""
    try:
        if path.name == CONFIG:
            read_config(path)
        else:
            _ = keys.read_file(path).public
    except FednetError:
        return False
    return True


def _check_same(directory: Path, home: Home) -> None:
    """Raise when the home was another network's."""
    content = Mark(directory).read()
    if content is not None and content.network != home.network.network:
        raise UsageError(f"{directory} is the home of another network, {content.network}",
                         hint="restore into a directory of its own: fednet --node DIR restore FILE")  # fmt: skip


def _trust_kept(database: Path, home: Home) -> bool:
    """Trust nobody in what is restored whom the database that is there does not trust any more; False when it cannot
    be read. A backup must not undo a block, or open a circle again to somebody who had to leave it; nor let people
    sign in again who were sent away, with a password that was changed, or as what they are no more."""
    live = _opened(database)
    if live is None:
        return False
    try:
        with live.reading() as db:
            now, blocked, people = circles_of.trusted(db), blocks.blocked(db), accounts.kept(db)
        with home.store.reading() as db:
            then = circles_of.trusted(db)
            known = {network.network: network for network in feeds.networks(db)}
            unblocked = blocked - blocks.blocked(db)
    except BrokenStoreError:
        return False
    finally:
        live.close()
    with home.store.writing() as db:
        accounts.put_kept(db, people)
    for circle, network in sorted(then - now):
        if circle == PARTNERS:
            following.partner(home, known[network], False)
        else:
            circles.set_member(home, circle, known[network], False)
    for network in sorted(unblocked):
        if network in known:
            following.block(home, known[network])
        else:
            following.block_unknown(home, network)
    return True


def _keep_introductions(database: Path, home: Home, now: datetime) -> None:
    """What was said to other networks since the backup stays said: as the database that is there holds it, else as
    they will tell."""
    live = _opened(database)
    said = None
    if live is not None:
        with suppress(BrokenStoreError), closing(live), live.reading() as db:
            said = stored.everything(db)
    with home.store.writing() as db:
        hearing.after_restore(db, said, now)


def _opened(database: Path) -> Store | None:
    """A database that may be missing or damaged: then None."""
    if not database.exists() or database.stat().st_size == 0:
        return None
    try:
        return Store(database)
    except BrokenStoreError:
        return None


def _put_in_place(directory: Path, home: Home) -> None:
    """What is staged becomes the node: in one transaction for those who are reading, or as a file where none was.

    Where none was, the database, which makes it a node, appears last.
    """
    with alone(directory):
        tombstones.keep_those_of(directory, home.path)
        for name in (NEXT, KEYS, CONFIG):
            _put_file(home.path / name, directory / name)
        if not _overwritten(directory / DATABASE, home.store):
            home.store.close()
            for left in directory.glob(f"{DATABASE}*"):
                left.unlink()  # a log of the lost database must not be taken for one of the new
            (home.path / DATABASE).rename(directory / DATABASE)
        sync_directory(directory)


def _put_file(staged: Path, here: Path) -> None:
    """Settings or keys that were chosen; what cannot be read, or was not chosen, is kept under another name."""
    chosen = staged.read_bytes() if staged.exists() else None
    if here.exists() and (here.read_bytes() != chosen if chosen is not None else not _is_readable(here)):
        here.rename(here.with_name(f"{here.name}.replaced"))
    if chosen is not None and not here.exists():
        staged.rename(here)


def _overwritten(database: Path, restored: Store) -> bool:
    """Whether there was a database that could be overwritten; a damaged one cannot."""
    live = _opened(database)
    if live is None:
        return False
    try:
        copies.replace(live, restored)
    except BrokenStoreError:
        return False
    finally:
        live.close()
    return True


# --- the own feed -----------------------------------------------------------------------------------------------------


async def reread(home: Home, reach: Reach, now: datetime, *, newest: bool = False) -> Reread:
    """Read this node's own feed again, where it is. Nothing is signed meanwhile, and edits that wait are kept."""
    result = Reread(network=home.network.network, name=home.network.name)
    with paused(home.mark) as held:
        answers = await brought_up_to_date(home, reach(home), result, now, backed_up=False)
        _stand(home, answers, result, newest=newest, held=held)
    return result


async def brought_up_to_date(
    home: Home, asked: Sequence[Peer], result: Reread, now: datetime, *, backed_up: bool
) -> list[Told]:
    """Read the own feed from whoever has most of it, and settle the edits that were waiting; what all have said last.

    `backed_up`: what is held is of a backup, and not what this node has gone on from.
    """
    await asyncio.to_thread(_hide_damaged, home)
    with home.store.reading() as db:
        before = {feed.circle: feed.followed.position for feed in feeds.feeds(db, feeds.own(db))}
    asked = await asyncio.gather(*map(_widened, asked))
    by_name = {peer.source.name: peer for peer in asked}
    origins: dict[str, str] = {}
    for _ in range(ROUNDS):
        answers = await told(home.network.identity, asked, seconds=SECONDS)
        if not _more(home, answers):
            break
        ranked = sorted(answers, key=_rank, reverse=True)
        origins |= await _read_from(home, [by_name[answer.source] for answer in ranked], before)
    result.contradicted = await _contradicting(home, answers, by_name)
    result.answered = len(answers)
    result.found = any(answer.heads or answer.identity for answer in answers)
    with home.store.writing() as db:
        own = feeds.feeds(db, feeds.own(db))
        for feed in own:
            feeds.forget_failure(db, feed)  # that somebody does not hold it is no fault of ours
            result.signed += _settled(db, feed, before.get(feed.circle, BEGINNING), now, backed_up=backed_up)
        result.drafts = sum(len(drafts.drafts(db, circle)) for circle in drafts.circles_with_drafts(db))
    result.circles = [
        Circle(
            feed.circle,
            str(before.get(feed.circle, BEGINNING)),
            str(feed.followed.position),
            feed.records,
            origins.get(feed.circle),
        )
        for feed in own
    ]
    return answers


def _hide_damaged(home: Home) -> None:
    """Show nothing of an own feed that is not as it was signed, until it was read again."""
    with home.store.reading() as db:
        if _damage(db) is None:
            return
    with home.store.writing() as db:
        for feed in feeds.feeds(db, feeds.own(db)):
            if any(verify.problems(db, feed)):
                records.replant(db, feed.id, feed.commitments)  # what is hashed truly can be compared
                feeds.hide(db, feed)


async def _read_from(home: Home, ranked: Sequence[Peer], before: Mapping[str, Position]) -> dict[str, str]:
    """Read each circle from the first who gives it; circle -> who had more than there was `before`."""
    origins: dict[str, str] = {}
    for circle in {"public": None} | dict.fromkeys(name for peer in ranked for name in peer.circles):
        readable = [peer.source for peer in ranked if circle == "public" or circle in peer.circles]
        synced = await sync_from(home, readable, home.network, circle)
        more = Position(synced.epoch, synced.edition) > before.get(circle, BEGINNING)
        if synced.verified and synced.source is not None and more:
            origins[circle] = synced.source
    return origins


async def _widened(peer: Peer) -> Peer:
    """A peer with all circles of ours that it holds: there may be some of which a backup does not know."""
    try:
        async with asyncio.timeout(SECONDS):
            return Peer(peer.source, tuple({*peer.circles, *await readable_circles(peer.source)}))
    except (FednetError, TimeoutError):
        return peer


def _rank(answer: Told) -> tuple[int, int]:
    """Who has most of the feed: by epoch, then by size."""
    heads = [(head.epoch, head.size) for head in answer.heads]
    return max([*heads, (answer.identity.epoch if answer.identity else 0, 0)])


def _more(home: Home, answers: Sequence[Told]) -> bool:
    """Whether somebody holds more than is here."""
    with home.store.reading() as db:
        own = feeds.own(db)
        held = logs(db, own)
    for answer in answers:
        if answer.identity is not None and len(answer.identity.statements) > len(own.identity.statements):
            return True
        for head in answer.heads:
            log = held.get(head.circle)
            if log is None or (head.epoch, head.size) > (log.epoch, log.frontier.size):
                return True
    with home.store.reading() as db:  # and whatever is hidden because something of it was destroyed
        return bool(answers) and any(not feed.visible for feed in feeds.feeds(db, own))


async def _contradicting(home: Home, answers: Sequence[Told], by_name: Mapping[str, Peer]) -> str | None:
    """Who still holds more than is here, because it does not go on from what is here."""
    with home.store.reading() as db:
        held = logs(db, feeds.own(db))
    for answer in answers:
        for head in answer.heads:
            log = held.get(head.circle)
            if log is not None and log.epoch == head.epoch and 0 < log.frontier.size < head.size:
                leaves = await _leaves(by_name[answer.source].source, head)
                if root_of(leaves) == head.root and root_of(leaves[: log.frontier.size]) != log.frontier.root:
                    return answer.source
    return None


async def _leaves(source: Source, head: Head) -> list[bytes]:
    """All leaf hashes of a log as somebody holds it; none when it does not tell them."""
    leaves: list[bytes] = []
    try:
        async with asyncio.timeout(SECONDS):
            for tile in tiles_of(head.size):
                path = f"{head.circle}/{head.epoch}/{tile.path}"
                fetched = await source.get(path, limit=tile.width * HASH_SIZE)
                leaves += parse_tile(tile, fetched.body) if fetched.status == 200 else []
    except (FednetError, TimeoutError):
        return []
    return leaves


def _settled(db: Database, feed: Feed, before: Position, now: datetime, *, backed_up: bool) -> int:
    """Forget the edits that were signed, or overtaken, by what was found; how many.

    An edition takes all drafts. So those in a backup that are older than what was found were taken by it, even where
    they are no longer listed: dropped and erased records must not come back. Drafts of a living home are its own, and
    stay.
    """
    if feed.followed.position <= before:
        return 0
    crossed = feed.followed.epoch - before.epoch
    grown = feed.followed.position.edition - before.edition - crossed
    settled = 0
    if (prepared := drafts.prepared(db, feed.id)) is not None:
        index = before.edition - feed.followed.closes.edition
        known = not crossed and list(feeds.leaf_hashes(db, feed, index, index + 1)) == [leaf_hash(prepared.line)]
        if known or (crossed and backed_up):
            drafts.published(db, feed.id)
            grown -= 1
    if backed_up:
        settled = copies.drop_taken(db, feed, MAX_CHANGES * max(grown, 0))
    copies.unprepare(db, feed, now)
    return settled + copies.drop_signed(db, feed) + copies.drop_gone(db, feed)


# --- whether it may sign ----------------------------------------------------------------------------------------------


def _stand(home: Home, answers: Sequence[Told], result: Reread, *, newest: bool, held: Stopped | None) -> None:
    """Let the mark say whether this node may go on signing, and put it into words. `held`: why it might not before."""
    network = home.network
    result.keys = can_sign(home)
    reason = settle(home, answers)
    if result.contradicted is not None:
        reason = Stopped("fork", network.identity.epoch, f"{result.contradicted} holds another history than is here")
    elif held is not None and held.kind == "fork" and held.epoch >= network.identity.epoch:
        reason = held
    with alone(home.path), home.store.reading() as db:
        standing = logs(db, feeds.own(db))
        damage = _damage(db)
        if damage is not None and (reason is None or reason.kind != "fork"):
            stopped = Stopped("damaged", network.identity.epoch, damage)
            home.mark.put_stopped(held if held is not None and held.epoch >= stopped.epoch else stopped)
            result.standing, result.detail, result.hint = "lost", stopped.detail, stopped.hint
            return
        if reason is None and not newest and (held is not None or not home.mark.agrees(standing)):
            reason = Stopped("restored", network.identity.epoch, _uncertain(result))
        try:
            home.mark.adopt(network.network, standing, reason)
        except RollbackError as error:
            home.mark.put_stopped(held)
            result.standing, result.detail, result.hint = "lost", error.detail, LOST
            return
    if reason is None:
        goes_on(result)
    else:
        result.standing = "waits" if reason.kind == "restored" else "lost"
        result.detail, result.hint = reason.detail, reason.hint


def _damage(db: Database) -> str | None:
    """What of the own feeds is not as it was signed, as stored: the first that is found."""
    for feed in feeds.feeds(db, feeds.own(db)):
        for problem in verify.problems(db, feed):
            return f"circle {feed.circle}: {problem}"
    return None


def goes_on(result: Reread) -> None:
    """Nothing keeps this node from signing, if it has the keys."""
    if result.keys:
        result.standing, result.detail, result.hint = "continues", "this node may go on signing", None
    else:
        result.standing, result.detail, result.hint = "lost", "this node cannot sign without its keys", KEYLESS


def _uncertain(result: Reread) -> str:
    if not result.found:
        return "nobody who was asked holds this network's feed, and nothing shows that this is the newest of it"
    held = ", ".join(f"{one.now} of circle {one.circle}" for one in result.circles)
    return f"nobody who was asked holds more than edition {held}; whether more was published, only a person can know"


def go_on(directory: Path) -> None:
    """A person says that nothing was published after what was found: the node there may sign."""
    home = Home(directory)
    try:
        adopt(home, newest=True)
    finally:
        home.close()


def can_sign(home: Home) -> bool:
    """Whether the keys that the network's newest statement names are here."""
    try:
        return home.keys.public.named_by(home.network.identity.current)
    except FednetError:
        return False
