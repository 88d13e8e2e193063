"""Restoring: what is found with followers is gone on from, what nobody has is said, and nothing is signed twice."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fednet.errors import BrokenStoreError, MalformedError, RollbackError, UsageError
from fednet.feed.introduction import Details
from fednet.node import (
    ask,
    backup,
    circles,
    doctor,
    edits,
    epochs,
    introductions,
    publish,
    restore,
    staging,
    standing,
    tombstones,
)  # fmt: skip
from fednet.node.ask import Peer
from fednet.node.fetch import Fetcher
from fednet.node.following import block, block_unknown, partner
from fednet.node.home import DATABASE, Home
from fednet.node.keys import read_recovery
from fednet.node.restore import Restored
from fednet.node.sync import sync
from fednet.store import accounts as people
from fednet.store import blocks, drafts, feeds
from fednet.store import circles as circles_of
from tests.node.nodes import NOW, Nodes, add, held, listing, pin, problems, published, synced, tampered


def restored(home: Path, file: Path, *urls: str, **options: Any) -> Restored:
    """A backup put in place, asking at these addresses."""

    async def run() -> Restored:
        async with Fetcher(allow_private=True) as fetcher:
            return await restore.restore(home, file, lambda copy: ask.peers(copy, fetcher, urls), NOW, **options)

    return asyncio.run(run())


def reread(home: Home, *urls: str, **options: Any) -> restore.Reread:
    async def run() -> restore.Reread:
        async with Fetcher(allow_private=True) as fetcher:
            return await restore.reread(home, lambda copy: ask.peers(copy, fetcher, urls), NOW, **options)

    return asyncio.run(run())


def lost(home: Home) -> Path:
    """The directory of a home of which only the keys are left, as from a paper safe."""
    home.close()
    for file in home.path.iterdir():
        if file.name != "keys.json":
            file.unlink()
    return home.path


def size(home: Home) -> int:
    return held(home, home).followed.frontier.size


def mine(home: Home) -> dict[str, bytes]:
    return listing(home, home.network.network)


class Mirrored:
    """An origin, a backup of its first edition, and a follower that serves what it holds."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.origin = nodes.home("Origin")
        self.served = nodes.served(self.origin)
        self.follower = nodes.home("Follower")
        pin(self.follower, self.origin, self.served.url)
        self.url = nodes.served(self.follower).url
        self.first = published(self.origin, "Alpha", "Beta")
        self.file = nodes.directory / "first.backup"
        backup.backup(self.origin, self.file, NOW)
        synced(self.follower)

    def opened(self) -> Home:
        return self.nodes.again(self.origin)


@pytest.fixture
def mirrored(nodes: Nodes) -> Mirrored:
    return Mirrored(nodes)


# --- what followers hold comes back


def set_back(mirrored: Mirrored, home: Home, copy: Path) -> Home:
    """The home with an old copy of its database, opened again."""
    home.close()
    for left in home.path.glob(f"{DATABASE}*"):
        left.unlink()
    shutil.copy(copy, home.path / DATABASE)
    return mirrored.opened()


def test_a_lost_node_goes_on_from_what_a_follower_holds(mirrored: Mirrored) -> None:
    published(mirrored.origin, "Gamma")
    published(mirrored.origin, "Delta")
    synced(mirrored.follower)
    before = mine(mirrored.origin)
    result = restored(lost(mirrored.origin), mirrored.file, mirrored.url)
    assert [(one.before, one.now, one.source) for one in result.circles] == [("1.1", "1.3", mirrored.url)]
    assert (result.found, result.standing) == (True, "waits")
    home = mirrored.opened()
    assert mine(home) == before and problems(home) == []
    add(home, "Epsilon")
    with pytest.raises(RollbackError, match=r"more than edition 1\.3 of circle public"):
        publish.publish(home, NOW)
    restore.go_on(home.path)
    publish.publish(home, NOW)
    assert size(home) == 4
    assert synced(mirrored.follower).error is None
    assert listing(mirrored.follower, home.network.network) == mine(home)


def test_with_its_mark_a_node_needs_nobody_to_say_that_it_may_go_on(mirrored: Mirrored) -> None:
    published(mirrored.origin, "Gamma")
    synced(mirrored.follower)
    mirrored.origin.close()
    (mirrored.origin.path / DATABASE).unlink()
    assert restored(mirrored.origin.path, mirrored.file, mirrored.url).standing == "continues"
    home = mirrored.opened()
    published(home, "Delta")
    assert synced(mirrored.follower).error is None and size(home) == 3


def test_a_mark_that_knows_of_more_than_anybody_holds_lets_nobody_go_on(mirrored: Mirrored) -> None:
    published(mirrored.origin, "Gamma")
    mirrored.origin.close()
    (mirrored.origin.path / DATABASE).unlink()
    result = restored(mirrored.origin.path, mirrored.file, mirrored.url, newest=True)
    assert result.standing == "lost" and result.hint is not None and "keys recover" in result.hint
    home = mirrored.opened()
    add(home, "Delta")
    for _ in range(2):
        with pytest.raises(RollbackError):
            doctor.adopt(home, newest=True)
        with pytest.raises(RollbackError):
            publish.publish(home, NOW)
    assert size(home) == 1


def test_when_nobody_has_it_a_person_must_know_that_the_backup_is_the_newest(mirrored: Mirrored) -> None:
    result = restored(lost(mirrored.origin), mirrored.file)
    assert (result.answered, result.found, result.standing) == (0, False, "waits")
    home = mirrored.opened()
    add(home, "Gamma")
    with pytest.raises(RollbackError):
        publish.publish(home, NOW)
    doctor.adopt(home, newest=True)
    publish.publish(home, NOW)
    assert synced(mirrored.follower).error is None and size(home) == 2


def test_a_person_may_say_so_at_once(mirrored: Mirrored) -> None:
    assert restored(lost(mirrored.origin), mirrored.file, newest=True).standing == "continues"
    published(mirrored.opened(), "Gamma")


def test_two_histories_are_found_before_a_third_begins(mirrored: Mirrored, nodes: Nodes) -> None:
    directory = lost(mirrored.origin)
    assert restored(directory, mirrored.file, newest=True).standing == "continues"  # which was not true:
    one = mirrored.opened()
    published(one, "Gamma")
    other = nodes.directory / "other.backup"
    backup.backup(one, other, NOW)
    synced(mirrored.follower)
    assert restored(lost(one), mirrored.file, newest=True).standing == "continues"
    two = mirrored.opened()
    published(two, "Delta")
    published(two, "Epsilon")
    result = reread(two, mirrored.url)
    assert result.standing == "lost" and "another one" in result.detail
    add(two, "Zeta")
    with pytest.raises(RollbackError, match="signs nothing"):
        publish.publish(two, NOW)
    with pytest.raises(RollbackError):
        doctor.adopt(two, newest=True)


def test_another_history_that_is_longer_than_ours_is_no_reason_to_read_it_again(mirrored: Mirrored) -> None:
    image = imaged(mirrored.origin)
    one = mirrored.opened()
    published(one, "Gamma")
    published(one, "Delta")
    synced(mirrored.follower)
    put_back(one, image)
    two = mirrored.opened()
    published(two, "Epsilon")  # nobody was asked
    result = reread(two, mirrored.url)
    assert result.standing == "lost" and result.hint is not None and "switch the other one off" in result.hint
    add(two, "Zeta")
    with pytest.raises(RollbackError, match="signs nothing"):
        publish.publish(two, NOW)


def test_whoever_found_nobody_goes_on_once_somebody_is_there(mirrored: Mirrored) -> None:
    """A database put back by hand; its mark is there and knows better."""
    mirrored.origin.close()
    copy = mirrored.nodes.directory / "copy.db"
    shutil.copy(mirrored.origin.path / DATABASE, copy)
    home = mirrored.opened()
    published(home, "Gamma")
    synced(mirrored.follower)
    home = set_back(mirrored, home, copy)
    assert reread(home).standing == "lost"
    assert reread(home, mirrored.url).standing == "continues"
    published(home, "Delta")
    assert size(home) == 3


def test_a_restore_that_breaks_off_leaves_the_mark_as_it_was(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = mirrored.origin.mark.path.read_bytes()

    def crash(*_: object, **__: object) -> Any:
        assert mirrored.origin.mark.stopped(1) is not None
        raise CrashError

    monkeypatch.setattr("fednet.node.restore.told", crash)
    with pytest.raises(CrashError):
        reread(mirrored.origin, mirrored.url)
    with pytest.raises(CrashError):
        restored(mirrored.origin.path, mirrored.file, replace=True)
    assert mirrored.origin.mark.path.read_bytes() == before
    published(mirrored.origin, "Gamma")


def test_what_a_liar_serves_as_ours_is_not_taken(mirrored: Mirrored, nodes: Nodes) -> None:
    published(mirrored.origin, "Gamma")
    synced(mirrored.follower)
    proxy = nodes.proxy(mirrored.url)
    proxy.change = lambda path, answer: (
        answer._replace(body=answer.body.replace(b"Gamma", b"Delta")) if b"Gamma" in answer.body else answer
    )
    result = restored(lost(mirrored.origin), mirrored.file, proxy.url, mirrored.url)
    assert [one.source for one in result.circles] == [mirrored.url]
    assert problems(mirrored.opened()) == []


def imaged(home: Home) -> dict[str, bytes]:
    """All files of a home, mark and all."""
    home.close()
    return {file.name: file.read_bytes() for file in home.path.iterdir() if file.is_file()}


def put_back(home: Home, image: dict[str, bytes]) -> None:
    home.close()
    for file in home.path.iterdir():
        file.unlink()
    for name, content in image.items():
        (home.path / name).write_bytes(content)


def test_a_machine_put_back_as_a_whole_reads_its_own_feed_again(mirrored: Mirrored, nodes: Nodes) -> None:
    """The mark went back together with the database: only others can know."""
    image = imaged(mirrored.origin)
    home = mirrored.opened()
    published(home, "Gamma")
    synced(mirrored.follower)
    put_back(home, image)
    home = mirrored.opened()
    pin(home, mirrored.follower, mirrored.url)
    add(home, "Delta")
    ask.once(home, allow_private=True)
    with pytest.raises(RollbackError, match="holds edition 2"):
        publish.publish(home, NOW)
    assert reread(home, newest=True).standing == "continues"
    publish.publish(home, NOW)
    assert size(home) == 3 and len(mine(home)) == 4
    assert synced(mirrored.follower).error is None


def test_partners_give_back_what_is_for_them_alone(nodes: Nodes) -> None:
    """Also a circle that the backup has never heard of."""
    origin, member = nodes.home("Origin", "Alpha"), nodes.home("Member", "Beta")
    there, here = nodes.served(origin).url, nodes.served(member).url
    file = nodes.directory / "before.backup"
    for one, other, url in ((origin, member, here), (member, origin, there)):
        partner(one, pin(one, other, url))
    backup.backup(origin, file, NOW)
    made = edits.add(origin, "person", {"name": "Example Person"}, NOW)
    publish.publish(origin, NOW)
    (public, restricted) = asyncio.run(sync(member, allow_private=True))
    assert public.error is None and restricted.circle == "partners"
    result = restored(lost(origin), file, newest=True)
    assert [(one.circle, one.before, one.now, one.source) for one in result.circles] == [
        ("public", "1.1", "1.1", None),
        ("partners", "0.0", "1.1", here),
    ]
    home = nodes.again(origin)
    with home.store.reading() as db:
        assert edits.find(db, home, made.handle).body == made.body
    assert problems(home) == []


def test_a_circle_that_its_member_does_not_hold_is_no_failure(nodes: Nodes) -> None:
    origin, member = nodes.home("Origin", "Alpha"), nodes.home("Member", "Beta")
    file, network = nodes.directory / "node.backup", pin(origin, member, nodes.served(member).url)
    pin(member, origin, nodes.served(origin).url)
    circles.add(origin, "board", NOW)
    circles.set_member(origin, "board", network)
    edits.add(origin, "group", {"names": {"en": "Board"}}, NOW, circle="board")
    publish.publish(origin, NOW)
    backup.backup(origin, file, NOW)
    published(origin, "Gamma")
    synced(member)
    result = restored(origin.path, file, replace=True)
    assert [(one.circle, one.source is None) for one in result.circles] == [("public", False), ("board", True)]
    with nodes.again(origin).store.reading() as db:
        assert [feed.error for feed in feeds.feeds(db, feeds.own(db))] == [None, None]


def test_a_backup_from_before_the_keys_were_changed_follows_into_the_new_epoch(mirrored: Mirrored) -> None:
    origin = mirrored.origin
    old = (origin.path / "keys.json").read_bytes()
    add(origin, "Gamma")
    publish.publish(origin, NOW)
    (sheet,) = origin.path.parent.glob("origin-recovery-key.txt")
    epochs.rotate(origin, read_recovery(sheet), NOW)
    published(origin, "Delta")
    synced(mirrored.follower)
    before = mine(origin)
    result = restored(lost(origin), mirrored.file, mirrored.url, newest=True)
    assert [(one.before, one.now) for one in result.circles] == [("1.1", "2.4")]
    assert (result.standing, result.keys, result.drafts) == ("continues", True, 0)
    home = mirrored.opened()
    assert mine(home) == before and problems(home) == []
    published(home, "Epsilon")
    assert synced(mirrored.follower).error is None
    assert listing(mirrored.follower, home.network.network) == mine(home)
    lost(home)
    (home.path / "keys.json").write_bytes(old)
    assert restored(home.path, mirrored.file, mirrored.url).keys is False


# --- edits


def test_edits_that_were_signed_after_the_backup_do_not_come_back(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    served = nodes.served(origin)
    follower = nodes.home("Follower")
    pin(follower, origin, served.url)
    url = nodes.served(follower).url
    kept, gone = add(origin, "Beta", "Gamma")
    file = nodes.directory / "with-drafts.backup"
    backup.backup(origin, file, NOW)
    publish.publish(origin, NOW)
    edits.withdraw(origin, gone, NOW)
    publish.publish(origin, NOW)
    synced(follower)
    result = restored(lost(origin), file, url, newest=True)
    assert (result.drafts, result.signed) == (0, 2)
    home = nodes.again(origin)
    assert publish.publish(home, NOW) == []
    assert kept in mine(home) and gone not in mine(home)


def test_edits_of_what_was_withdrawn_or_erased_meanwhile_are_forgotten(mirrored: Mirrored) -> None:
    """Reading again in place keeps edits, but lists nothing again that was taken out."""
    alpha, beta = mirrored.first
    (gamma,) = published(mirrored.origin, "Gamma")
    image = imaged(mirrored.origin)
    home = mirrored.opened()
    edits.edit(home, alpha, {"acronym": "AA"}, NOW)
    edits.withdraw(home, beta, NOW)
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(gamma, "public", "erase", None)], NOW)
    publish.publish(home, NOW)
    synced(mirrored.follower)
    put_back(home, image)
    (home.path / tombstones.NAME).unlink(missing_ok=True)
    home = mirrored.opened()
    for handle in [*mirrored.first, gamma]:
        edits.edit(home, handle, {"acronym": "AA"}, NOW)
    (delta,) = add(home, "Delta")
    result = reread(home, mirrored.url, newest=True)
    assert (result.signed, result.drafts, result.standing) == (3, 1, "continues")
    publish.publish(home, NOW)
    assert mine(home).keys() == {alpha, delta} and problems(home) == []


def test_edits_that_nobody_signed_are_kept(mirrored: Mirrored) -> None:
    add(mirrored.origin, "Gamma")
    backup.backup(mirrored.origin, mirrored.file, NOW, overwrite=True)
    result = restored(lost(mirrored.origin), mirrored.file, mirrored.url, newest=True)
    assert (result.drafts, result.signed) == (1, 0)
    home = mirrored.opened()
    publish.publish(home, NOW)
    assert len(mine(home)) == 3 and problems(home) == []


class CrashError(Exception):
    pass


def interrupted(home: Home, monkeypatch: pytest.MonkeyPatch, place: str = "fednet.node.publish.accept") -> None:
    """Leave an edition prepared: by default after it was signed, and before it is accepted."""

    def crash(*_: object, **__: object) -> Any:
        raise CrashError

    with monkeypatch.context() as breaking:
        breaking.setattr(place, crash)
        with pytest.raises(CrashError):
            publish.publish(home, NOW)


def test_an_edition_that_was_prepared_and_overtaken_is_made_of_drafts_again(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be another edition of a number that is taken; and it must not even be signed."""
    home, (alpha, beta) = mirrored.origin, mirrored.first
    mirrored.origin.close()
    copy = mirrored.nodes.directory / "copy.db"
    shutil.copy(home.path / DATABASE, copy)
    home = mirrored.opened()
    published(home, "Gamma")
    synced(mirrored.follower)
    home = set_back(mirrored, home, copy)
    edits.edit(home, alpha, {"acronym": "AA"}, NOW)
    edits.withdraw(home, beta, NOW)
    add(home, "Delta")
    with monkeypatch.context() as careless:
        careless.setattr("fednet.node.mark.Mark.check", lambda *_: None)
        with pytest.raises(RollbackError):
            publish.publish(home, NOW)
    edits.edit(home, alpha, {"acronym": "AAA"}, NOW)
    assert reread(home, mirrored.url).standing == "continues"
    publish.publish(home, NOW)
    assert size(home) == 3 and problems(home) == []
    found = mine(home)
    assert b'"AAA"' in found[alpha] and beta not in found and len(found) == 3
    assert synced(mirrored.follower).error is None


@pytest.mark.parametrize("finished", [True, False])
def test_an_edition_that_was_being_signed_is_signed_once(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    add(mirrored.origin, "Gamma")
    interrupted(mirrored.origin, monkeypatch)
    add(mirrored.origin, "Delta")
    backup.backup(mirrored.origin, mirrored.file, NOW, overwrite=True)
    if finished:
        publish.publish(mirrored.origin, NOW)
        synced(mirrored.follower)
    restored(lost(mirrored.origin), mirrored.file, mirrored.url, newest=True)
    home = mirrored.opened()
    with home.store.reading() as db:
        assert bool(drafts.circles_prepared(db)) is not finished
    publish.publish(home, NOW)
    assert sorted(b"Gamma" in body or b"Delta" in body for body in mine(home).values()) == [False, False, True, True]
    assert size(home) == 3 and problems(home) == []
    assert synced(mirrored.follower).error is None


# --- what is not as it was signed


def test_what_was_changed_in_a_backup_does_not_let_the_node_sign(mirrored: Mirrored) -> None:
    tampered(mirrored.origin)
    backup.backup(mirrored.origin, mirrored.file, NOW, overwrite=True)
    for place in (Path, lambda _: lost(mirrored.origin)):  # with the mark, and without
        result = restored(place(mirrored.origin.path), mirrored.file, replace=True, newest=True)
        assert result.standing == "lost" and "that edition 1 signs" in result.detail
        home = mirrored.opened()
        assert mine(home) == {}  # and nobody is shown it
        add(home, "Gamma")
        with suppress(RollbackError):
            doctor.adopt(home, newest=True)
        with pytest.raises((RollbackError, BrokenStoreError)):
            publish.publish(home, NOW)


def test_what_was_changed_is_read_again_from_a_follower(mirrored: Mirrored) -> None:
    before = mine(mirrored.origin)
    tampered(mirrored.origin)
    backup.backup(mirrored.origin, mirrored.file, NOW, overwrite=True)
    assert restored(mirrored.origin.path, mirrored.file, mirrored.url, replace=True).standing == "continues"
    home = mirrored.opened()
    assert mine(home) == before and problems(home) == []
    published(home, "Gamma")
    assert synced(mirrored.follower).error is None


def test_a_body_that_was_changed_under_the_tree_is_read_again_in_place(mirrored: Mirrored) -> None:
    home, before = mirrored.origin, mine(mirrored.origin)
    with home.store.writing() as db:
        db.execute("UPDATE record SET body = replace(body, 'Alpha', 'Aleph')")
    assert reread(home).standing == "lost" and standing.halted(home) is not None
    assert reread(home, mirrored.url, newest=True).standing == "continues"
    assert mine(home) == before and problems(home) == [] and standing.halted(home) is None
    published(home, "Gamma")


def test_a_backup_with_a_trigger_in_it_is_refused(mirrored: Mirrored) -> None:
    home = mirrored.origin
    with home.store.writing() as db:
        db.execute("CREATE TRIGGER grow AFTER INSERT ON draft BEGIN DELETE FROM blocked; END")
    backup.backup(home, mirrored.file, NOW, overwrite=True)
    with home.store.writing() as db:
        db.execute("DROP TRIGGER grow")
    with pytest.raises(BrokenStoreError, match="'grow' in the database is not as this program makes it"):
        restored(home.path, mirrored.file, replace=True)
    published(home, "Gamma")


# --- whom a backup would trust again


def test_whoever_was_blocked_or_let_go_since_is_so_after_a_restore(nodes: Nodes) -> None:
    home, file = nodes.home("Home", "Alpha"), nodes.directory / "node.backup"
    old, member, bad, kept = (pin(home, nodes.home(name)) for name in ("Former", "Member", "Bad", "Kept"))
    circles.add(home, "board", NOW)
    for network in (old, kept):
        partner(home, network)
    for network in (member, kept):
        circles.set_member(home, "board", network)
    backup.backup(home, file, NOW)
    partner(home, old, False)
    circles.set_member(home, "board", member, False)
    block(home, bad)
    block_unknown(home, "a" * 32)
    assert restored(home.path, file, replace=True).trust_kept
    home = nodes.again(home)
    with home.store.reading() as db:
        assert circles_of.trusted(db) == {("partners", kept.network), ("board", kept.network)}
        assert blocks.blocked(db) == {bad.network, "a" * 32}


def test_who_was_sent_away_or_has_changed_since_is_so_after_a_restore(nodes: Nodes) -> None:
    home, file = nodes.home("Home", "Alpha"), nodes.directory / "node.backup"
    with home.store.writing() as db:
        ada, gone, lower, same, other = (
            people.add(db, name, f"{name}@members.example", "administrator", NOW)
            for name in ("ada", "gone", "lower", "same", "other")
        )
        people.set_password(db, same.id, "old")
        people.add_passkey(db, people.Passkey(b"stolen", same.id, b"key", 0, "Passkey", "2026-11-21T18:30:00Z", None))
    backup.backup(home, file, NOW)
    with home.store.writing() as db:
        people.set_ended(db, gone.id, NOW)
        people.set_role(db, lower.id, "auditor", None)
        people.set_password(db, same.id, "new")
        people.drop_passkeys(db, same.id)
        people.delete(db, other.id)
        people.rename(db, same.id, "same", other.email, "fr")  # an address that was somebody else's
        later = people.add(db, "later", "same@members.example", "editor", NOW)
        people.add_passkey(db, people.Passkey(b"new", later.id, b"key", 0, "Passkey", "2026-11-21T18:30:00Z", None))
        last = people.add(db, "last", "last@members.example", "editor", NOW)
        people.delete(db, last.id)
        expected = people.kept(db)
    assert restored(home.path, file, replace=True).trust_kept
    home = nodes.again(home)
    with home.store.writing() as db:
        assert people.kept(db) == expected
        assert people.account(db, ada.id) == ada
        assert people.add(db, "next", "next@members.example", "editor", NOW).id > last.id


def test_where_nothing_tells_who_was_blocked_since_that_is_said(mirrored: Mirrored) -> None:
    assert not restored(lost(mirrored.origin), mirrored.file).trust_kept


# --- keys


@pytest.mark.usefixtures("quick_passphrases")
@pytest.mark.parametrize("content", [b"", b"{}", b'{"log":"","cosigner":"","transport":"","bundle":""}'])
def test_keys_that_cannot_be_read_give_way_to_those_in_the_backup(mirrored: Mirrored, content: bytes) -> None:
    home, key = mirrored.origin, backup.Key(passphrase="example")
    backup.backup(home, mirrored.file, NOW, lock=backup.Lock(passphrase="example"), overwrite=True)
    (home.path / "keys.json").write_bytes(content)
    result = restored(home.path, mirrored.file, key=key, replace=True)
    assert (result.keys, result.standing) == (True, "continues")
    assert (home.path / "keys.json.replaced").read_bytes() == content
    published(mirrored.opened(), "Gamma")


@pytest.mark.usefixtures("quick_passphrases")
def test_keys_of_somebody_else_give_way_to_those_in_the_backup_and_are_kept(mirrored: Mirrored) -> None:
    home, key = mirrored.origin, backup.Key(passphrase="example")
    backup.backup(home, mirrored.file, NOW, lock=backup.Lock(passphrase="example"), overwrite=True)
    other = (mirrored.follower.path / "keys.json").read_bytes()
    (home.path / "keys.json").write_bytes(other)
    assert restored(home.path, mirrored.file, key=key, replace=True).standing == "continues"
    assert (home.path / "keys.next.json").read_bytes() == other


def test_newer_keys_are_used_once_followers_tell_of_the_statement_that_names_them(mirrored: Mirrored) -> None:
    origin, key = mirrored.origin, backup.Key(passphrase="example")
    backup.backup(origin, mirrored.file, NOW, lock=backup.Lock(passphrase="example"), overwrite=True)
    (sheet,) = origin.path.parent.glob("origin-recovery-key.txt")
    epochs.rotate(origin, read_recovery(sheet), NOW)
    synced(mirrored.follower)
    result = restored(lost(origin), mirrored.file, mirrored.url, key=key, newest=True)
    assert (result.keys, result.standing) == (True, "continues")
    published(mirrored.opened(), "Gamma")


def test_without_usable_keys_no_node_is_said_to_go_on(mirrored: Mirrored) -> None:
    (mirrored.origin.path / "keys.json").write_bytes(b"")
    result = restored(mirrored.origin.path, mirrored.file, replace=True)
    assert (result.keys, result.standing) == (False, "lost") and "keys.json" in str(result.hint)


def test_settings_that_cannot_be_read_give_way_to_those_in_the_backup(mirrored: Mirrored) -> None:
    config = mirrored.origin.path / "node.toml"
    config.write_text("name = ")
    assert restored(mirrored.origin.path, mirrored.file, replace=True).standing == "continues"
    assert mirrored.opened().config.name == "Origin"
    assert config.with_name("node.toml.replaced").read_text() == "name = "


# --- erased means erased


def test_what_was_erased_is_destroyed_again_before_anything_is_served(mirrored: Mirrored) -> None:
    canary = mirrored.first[0]
    with mirrored.origin.store.writing() as db:
        drafts.save(db, [drafts.Draft(canary, "public", "erase", None)], NOW)
    publish.publish(mirrored.origin, NOW)
    kept = list(tombstones.kept(mirrored.origin.path))
    assert [(one.circle, str(one.position)) for one in kept] == [("public", "1.2")]
    mirrored.origin.close()
    (mirrored.origin.path / DATABASE).unlink()
    result = restored(mirrored.origin.path, mirrored.file)
    assert result.destroyed == 1
    home = mirrored.opened()
    assert canary not in str(mine(home)) and b"alpha" not in (home.path / DATABASE).read_bytes().lower()
    assert not held(home, home).visible


def test_a_follower_put_back_by_hand_destroys_again_what_was_erased(mirrored: Mirrored, nodes: Nodes) -> None:
    follower, network = mirrored.follower, mirrored.origin.network.network
    file = nodes.directory / "follower.backup"
    backup.backup(follower, file, NOW)
    with mirrored.origin.store.writing() as db:
        drafts.save(db, [drafts.Draft(mirrored.first[0], "public", "erase", None)], NOW)
    publish.publish(mirrored.origin, NOW)
    synced(follower)
    assert len(list(tombstones.kept(follower.path))) == 1
    with restore.staged(follower.path, file) as (copy, _):
        assert tombstones.reapply(copy, tombstones.kept(follower.path)) == 1
        assert listing(copy, network) == {}
        assert tombstones.reapply(copy, tombstones.kept(follower.path)) == 0
        assert synced(copy).error is None
        assert listing(copy, network) == listing(follower, network) and problems(copy) == []


def test_a_tombstone_that_a_crash_cut_is_none(mirrored: Mirrored) -> None:
    file = mirrored.origin.path / tombstones.NAME
    file.write_bytes(b"cut")
    file.chmod(0o600)
    assert list(tombstones.kept(mirrored.origin.path)) == []
    with mirrored.origin.store.writing() as db:
        drafts.save(db, [drafts.Draft(mirrored.first[0], "public", "erase", None)], NOW)
    publish.publish(mirrored.origin, NOW)
    assert len(list(tombstones.kept(mirrored.origin.path))) == 1
    assert file.stat().st_mode & 0o777 == 0o600


# --- where to, and what with


def test_a_living_node_is_replaced_only_on_purpose(mirrored: Mirrored) -> None:
    published(mirrored.origin, "Gamma")
    with pytest.raises(UsageError, match="replaces"):
        restored(mirrored.origin.path, mirrored.file)
    assert size(mirrored.origin) == 2


def test_a_node_is_restored_while_it_serves(mirrored: Mirrored) -> None:
    """Who reads meanwhile sees the old node or the new one."""
    published(mirrored.origin, "Gamma")
    synced(mirrored.follower)
    result = restored(mirrored.origin.path, mirrored.file, mirrored.url, replace=True)
    assert result.standing == "continues"
    assert size(mirrored.origin) == 2 and problems(mirrored.origin) == []
    published(mirrored.origin, "Delta")
    assert synced(mirrored.follower).error is None


def test_a_damaged_database_is_replaced(mirrored: Mirrored) -> None:
    mirrored.origin.close()
    (mirrored.origin.path / DATABASE).write_bytes(b"not a database, not at all" * 1000)
    result = restored(mirrored.origin.path, mirrored.file, replace=True)
    assert result.standing == "continues"
    assert problems(mirrored.opened()) == []


def test_into_another_networks_home_nothing_is_restored(mirrored: Mirrored) -> None:
    with pytest.raises(UsageError, match="another network"):
        restored(mirrored.follower.path, mirrored.file, replace=True)
    assert len(listing(mirrored.follower, mirrored.origin.network.network)) == 2


def test_without_keys_a_restored_node_shows_and_does_not_sign(mirrored: Mirrored, nodes: Nodes) -> None:
    place = nodes.directory / "elsewhere"
    result = restored(place, mirrored.file, newest=True)
    assert not result.keys
    home = Home(place)
    assert len(mine(home)) == 2
    home.close()


def test_a_restore_that_fails_leaves_the_home_as_it_was(mirrored: Mirrored) -> None:
    damaged = bytearray(mirrored.file.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    mirrored.file.write_bytes(bytes(damaged))
    before = sorted(file.name for file in mirrored.origin.path.iterdir())
    with pytest.raises(MalformedError):
        restored(mirrored.origin.path, mirrored.file, replace=True)
    assert sorted(file.name for file in mirrored.origin.path.iterdir()) == before
    published(mirrored.origin, "Gamma")


def test_what_a_crash_left_of_a_restore_is_removed(mirrored: Mirrored) -> None:
    left = mirrored.origin.path / f"{staging.PREFIX}left"
    left.mkdir()
    (left / staging.IN_USE).touch()
    with staging.staging(mirrored.origin.path) as place:
        assert not left.exists()
        staging.sweep(mirrored.origin.path)
        assert place.exists()
    assert not place.exists()
    shutil.rmtree(left, ignore_errors=True)


# --- asking


def test_whoever_is_silent_or_lies_stops_nobody(mirrored: Mirrored, nodes: Nodes) -> None:
    home = mirrored.origin
    published(home, "Gamma")
    synced(mirrored.follower)
    proxy = nodes.proxy(mirrored.url)
    proxy.change = lambda path, answer: answer._replace(body=answer.body.replace(b"\n2\n", b"\n9\n"))
    for url in (proxy.url, "http://127.0.0.1:9", mirrored.url):
        assert stopped(home, url) is None
    published(home, "Delta")


def stopped(home: Home, *urls: str) -> Any:
    async def run() -> Sequence[ask.Told]:
        async with Fetcher(allow_private=True) as fetcher:
            return await ask.told(home.network.identity, ask.peers(home, fetcher, urls), seconds=5)

    return ask.settle(home, asyncio.run(run()))


def test_what_was_signed_and_not_yet_accepted_is_no_surprise(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edition can be out before the process that signed it has seen its own transaction end."""
    file = mirrored.nodes.directory / "before.backup"
    add(mirrored.origin, "Gamma")
    interrupted(mirrored.origin, monkeypatch)
    backup.backup(mirrored.origin, file, NOW)
    publish.publish(mirrored.origin, NOW)
    synced(mirrored.follower)
    with restore.staged(mirrored.nodes.directory, file) as (copy, _):
        copy.mark.begin(copy.network.network)
        assert stopped(copy, mirrored.url) is None


def test_a_process_asks_once_and_again_when_in_doubt(mirrored: Mirrored) -> None:
    home = mirrored.origin
    pin(home, mirrored.follower, mirrored.url)
    asked: list[Callable[..., Any]] = []

    async def run() -> None:
        async with Fetcher(allow_private=True) as fetcher:
            for _ in range(3):
                await ask.before_signing(home, fetcher)
            ask.doubt(home)
            await ask.before_signing(home, fetcher)

    real = ask.told
    try:
        ask.told = lambda *a, **k: (asked.append(real), real(*a, **k))[1]  # type: ignore[assignment]
        asyncio.run(run())
    finally:
        ask.told = real
    assert len(asked) == 2


def test_a_peer_that_holds_nothing_of_ours_is_an_answer_too(mirrored: Mirrored, nodes: Nodes) -> None:
    stranger = nodes.served(nodes.home("Stranger"))

    async def run() -> Sequence[ask.Told]:
        async with Fetcher(allow_private=True) as fetcher:
            peers = ask.peers(mirrored.origin, fetcher, [stranger.url])
            assert [type(peer) for peer in peers] == [Peer]
            return await ask.told(mirrored.origin.network.identity, peers, seconds=5)

    (answer,) = asyncio.run(run())
    assert answer.heads == () and answer.identity is None


def test_what_was_said_in_an_introduction_since_the_backup_stays_said(nodes: Nodes) -> None:
    home, file = nodes.home("Origin", "First"), nodes.directory / "backup.fednet"
    offer = edits.add(home, "exchange", {"type": "offer", "titles": {"en": "A place"}}, NOW).handle
    details = Details("Ana", ("ana@asker.example",))
    asked = introductions.ask(home, offer, "", "", "", details, "", NOW).id
    backup.backup(home, file, NOW)
    introductions.take_back(home, asked, NOW, "", "asker")
    again = introductions.ask(home, offer, "", "", "", details, "", NOW).id
    restored(home.path, file, replace=True, newest=True)
    states = {one.id: one.state for one in introductions.introductions(nodes.again(home))}
    assert states == {asked: "taken-back", again: "waiting"}
    introductions.forget(nodes.again(home), asked, NOW)
    nodes.again(home).close()
    (home.path / DATABASE).write_bytes(b"damaged")
    restored(home.path, file, replace=True, newest=True)
    (found,) = introductions.introductions(nodes.again(home))
    assert found.id == asked and found.emptied and b"ana@asker" not in (home.path / DATABASE).read_bytes()
