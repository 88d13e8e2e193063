"""A backup is one snapshot in one file, without the high-water mark; a rehearsal shows what it is worth."""

from __future__ import annotations

import asyncio
import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyrage
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.errors import BrokenStoreError, FednetError, LimitError, MalformedError, UsageError
from fednet.node import backup, edits, mark, publish, restore, staging, tombstones
from fednet.node.ask import Peer, peers
from fednet.node.backup import Key, Lock
from fednet.node.fetch import Fetcher
from fednet.node.home import DATABASE, Home
from fednet.node.keys import KEYS
from fednet.node.rehearsal import Rehearsal, rehearse
from fednet.store import destruction, drafts
from tests.node.nodes import NOW, Nodes, add, add_many, listing, organization, problems, published, synced


def unpacked(file: Path) -> bytes:
    """The text of a backup that is not encrypted."""
    return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(file.read_bytes())).read()


def rehearsed(home: Home, file: Path | None = None, *urls: str, **options: Any) -> Rehearsal:
    async def run() -> Rehearsal:
        async with Fetcher(allow_private=True) as fetcher:

            def reach(copy: Home) -> list[Peer]:
                return peers(copy, fetcher, urls)

            return await rehearse(home, NOW, file=file, reach=reach if urls else None, **options)

    return asyncio.run(run())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "node.backup"


# --- what is in it


def test_a_backup_opens_as_the_node_it_was_made_of(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha", "Beta")
    add(home, "Gamma")
    manifest = backup.backup(home, file, NOW)
    assert [(one.circle, one.epoch, one.edition, one.records) for one in manifest.feeds] == [("public", 1, 1, 2)]
    assert manifest.counts["draft"] == 1 and not manifest.has_keys
    with restore.staged(home.path, file) as (copy, read):
        assert read == manifest
        assert listing(copy, home.network.network) == listing(home, home.network.network)
        assert problems(copy) == [] and len(_drafts(copy)) == 1


def _drafts(home: Home) -> list[drafts.Draft]:
    with home.store.reading() as db:
        return drafts.drafts(db, "public")


def test_a_backup_is_for_its_owner_and_never_overwrites_by_itself(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    backup.backup(home, file, NOW)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        backup.backup(home, file, NOW)
    assert file.read_bytes() == before
    with pytest.raises(UsageError, match="own home"):
        backup.backup(home, home.path / "node.backup", NOW)
    assert [one.name for one in file.parent.iterdir() if one.name.startswith(".")] == []


def test_the_mark_and_the_tombstones_are_in_no_backup(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    (handle,) = published(home, "Beta")
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(handle, "public", "erase", None)], NOW)
    publish.publish(home, NOW)
    content = home.mark.read()
    assert content is not None
    backup.backup(home, file, NOW, lock=Lock())
    text = unpacked(file)
    for unwanted in (mark.NAME.encode(), content.directory.encode(), home.keys.log.encode(), b"Beta Legal Aid"):
        assert unwanted not in text
    assert next(tombstones.kept(home.path)).line.encode() not in text


def test_what_was_erased_is_not_in_a_backup_not_even_in_free_pages(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example")
    handles = add(home, *(f"Canary{i}" for i in range(40)))
    publish.publish(home, NOW)
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(handle, "public", "erase", None) for handle in handles], NOW)
    publish.publish(home, NOW)
    backup.backup(home, file, NOW)
    assert b"anary" not in unpacked(file)


def test_what_is_still_to_be_destroyed_is_destroyed_in_the_backup(
    nodes: Nodes, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads for so long that words and old pages stay in the database for now."""
    home = nodes.home("Example", "Alpha")
    handles = add(home, *(f"Canary{i}" for i in range(40)))
    publish.publish(home, NOW)
    monkeypatch.setattr(publish, "settle_promptly", lambda home: False)
    monkeypatch.setattr(backup, "settle", lambda home: False)
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(handle, "public", "erase", None) for handle in handles], NOW)
    publish.publish(home, NOW)
    with home.store.reading() as db:
        assert destruction.is_owed(db)
    backup.backup(home, file, NOW)
    assert b"anary" not in unpacked(file)
    with restore.staged(nodes.directory, file) as (copy, manifest):
        assert problems(copy) == [] and manifest.feeds[0].erased == 40
    assert [one for one in home.path.iterdir() if one.name.startswith(".")] == []


def test_a_backup_is_one_moment_while_others_write(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    over = threading.Event()

    def keep_publishing() -> None:
        other = Home(home.path)
        while not over.is_set():
            published(other, "Beta")
        other.close()

    writer = threading.Thread(target=keep_publishing)
    writer.start()
    try:
        for _ in range(8):
            manifest = backup.backup(home, file, NOW, overwrite=True)
            with restore.staged(nodes.directory, file) as (copy, _):
                assert problems(copy) == []
                assert (
                    len(listing(copy, home.network.network)) == manifest.feeds[0].records == manifest.feeds[0].edition
                )
    finally:
        over.set()
        writer.join()


def test_a_backup_that_fails_leaves_the_one_before(nodes: Nodes, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home("Example", "Alpha")
    backup.backup(home, file, NOW)
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_encrypted", full)
    with pytest.raises(OSError, match="No space"):
        backup.backup(home, file, NOW, overwrite=True)
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".*")) and not list(home.path.glob(".copy-*"))


# --- who can read it


@pytest.fixture
def age() -> Any:
    return pyrage.x25519.Identity.generate()


def test_keys_are_in_a_backup_for_one_reader_only(nodes: Nodes, file: Path, age: Any) -> None:
    home = nodes.home("Example", "Alpha")
    assert backup.backup(home, file, NOW, lock=Lock(recipient=str(age.to_public()))).has_keys
    assert b"Alpha" not in file.read_bytes()
    place = nodes.directory / "place"
    place.mkdir()
    backup.extract(file, place, Key(identity=f"# made by age-keygen\n{age}\n"))
    assert (place / KEYS).read_bytes() == (home.path / KEYS).read_bytes()
    for wrong in (Key(), Key(passphrase="x"), Key(identity=str(pyrage.x25519.Identity.generate())), Key("AGE")):
        with pytest.raises(UsageError):
            backup.extract(file, place, wrong)


def test_what_age_and_zstd_make_of_an_encrypted_backup_is_the_same_text(nodes: Nodes, file: Path, age: Any) -> None:
    home = nodes.home("Example", "Alpha")
    backup.backup(home, file, NOW, lock=Lock(recipient=str(age.to_public())))
    plain = pyrage.decrypt(file.read_bytes(), [age])
    text = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(plain)).read()
    assert text.startswith(backup.HEAD) and (home.path / KEYS).read_bytes() in text


@pytest.mark.usefixtures("quick_passphrases")
def test_a_passphrase_opens_a_backup(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    backup.backup(home, file, NOW, lock=Lock(passphrase="birch clinic"))
    with pytest.raises(UsageError, match="passphrase"):
        backup.extract(file, nodes.directory)
    with pytest.raises(UsageError, match="passphrase"):
        backup.extract(file, nodes.directory, Key(passphrase="wrong"))
    place = nodes.directory / "place"
    place.mkdir()
    assert backup.extract(file, place, Key(passphrase="birch clinic")).has_keys


def test_a_recipient_that_is_none_is_a_matter_of_usage(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    with pytest.raises(UsageError, match="recipient"):
        backup.backup(home, file, NOW, lock=Lock(recipient="age1nobody"))
    assert not file.exists()


# --- files that are none


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[bytes, Path]]:
    directory = tmp_path_factory.mktemp("whole")
    with Nodes(directory) as nodes:
        home = nodes.home("Example", "Alpha")
        backup.backup(home, directory / "file", NOW)
        yield (directory / "file").read_bytes(), directory


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_backup_that_was_changed_or_cut_is_refused_or_the_same(
    whole: tuple[bytes, Path], data: st.DataObject
) -> None:
    raw, directory = whole
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] if data.draw(st.booleans()) else raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
    (directory / "changed").write_bytes(changed)
    with staging.staging(directory) as place, suppress(FednetError):
        found = backup.extract(directory / "changed", place)
        assert found == whole_manifest(directory)


def whole_manifest(directory: Path) -> backup.Manifest:
    """A byte of compression that decides nothing may be another; what is read may not."""
    with staging.staging(directory) as place:
        return backup.extract(directory / "file", place)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"fednet/1 bundle\n",
        backup.HEAD,
        backup.HEAD + b"{}\n",
        backup.HEAD + b'{"network":"a","name":"b","made":"c","feeds":[],"counts":{},"parts":[]}\n',
        backup.HEAD
        + b'{"network":"a","name":"b","made":"c","feeds":[],"counts":{},"parts":['
        + b'{"name":"../node.toml","size":0,"sha256":""},{"name":"fednet.db","size":0,"sha256":""}]}\n',
        backup.HEAD + b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_no_backup_is_refused_by_name(tmp_path: Path, file: Path, text: bytes) -> None:
    for raw in (text, zstandard.compress(text)):
        file.write_bytes(raw)
        with pytest.raises((MalformedError, UsageError)):
            backup.extract(file, tmp_path)
    assert list(tmp_path.iterdir()) == [file]


def test_a_backup_larger_than_any_or_than_the_disk_is_not_unfolded(
    nodes: Nodes, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.backup(nodes.home("Example", "Alpha"), file, NOW)
    place = nodes.directory / "place"
    place.mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 1))
    with pytest.raises(UsageError, match="the disk has 1 free"):
        backup.extract(file, place)
    monkeypatch.setattr(backup, "MAX_DATABASE", 1000)
    with pytest.raises(LimitError, match=r"fednet\.db in the backup has"):
        backup.extract(file, place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("lock", [Lock(recipient=""), Lock(recipient="age1nobody")])
def test_whoever_names_no_reader_gets_no_open_backup(nodes: Nodes, file: Path, lock: Lock) -> None:
    with pytest.raises(UsageError, match="no age recipient"):
        backup.backup(nodes.home("Example", "Alpha"), file, NOW, lock=lock)
    assert not file.exists()


def test_a_backup_that_says_it_is_of_another_network_is_refused(nodes: Nodes, file: Path) -> None:
    home, other = nodes.home("Example", "Alpha"), nodes.home("Other", "Beta")
    backup.backup(home, file, NOW)
    text = unpacked(file).replace(home.network.network.encode(), other.network.network.encode(), 1)
    file.write_bytes(zstandard.compress(text))
    with pytest.raises(BrokenStoreError, match="another network"), restore.staged(nodes.directory, file):
        pass


# --- rehearsal


def test_a_rehearsal_verifies_everything_and_leaves_nothing(nodes: Nodes, file: Path) -> None:
    _origin, _served, follower = nodes.pair("Alpha", "Beta")
    synced(follower)
    published(follower, "Gamma")
    before = {one: one.read_bytes() for one in follower.path.iterdir() if one.name != f"{DATABASE}-shm"}
    found = rehearsed(follower)
    assert found.verified and found.differences == []
    assert {(one.name, one.position, one.live, one.ok) for one in found.feeds} == {
        ("Follower", "1.1", "1.1", True),
        ("Origin", "1.1", "1.1", True),
    }
    assert found.missing == ["the private keys: they are in encrypted backups only (--to, --passphrase-file)"]
    assert {one: one.read_bytes() for one in follower.path.iterdir() if one.name != f"{DATABASE}-shm"} == before


def test_a_rehearsal_says_what_an_old_backup_would_not_bring_back(nodes: Nodes, file: Path) -> None:
    origin, _served, follower = nodes.pair("Alpha")
    backup.backup(origin, file, NOW)
    published(origin, "Beta")
    synced(follower)
    edits.add(origin, "organization", organization("Gamma"), NOW)
    found = rehearsed(origin, file, nodes.served(follower).url)
    assert found.verified and found.differences == []
    assert [one for one in found.missing if "editions after 1, up to 2" in one] and "draft: 1 of 1" in found.missing
    assert found.reread is not None and [(one.before, one.now) for one in found.reread] == [("1.1", "1.2")]


def test_a_rehearsal_finds_a_record_that_is_not_as_it_was_signed(nodes: Nodes) -> None:
    home = nodes.home("Example", "Alpha", "Beta")
    with home.store.writing() as db:
        db.execute("UPDATE record SET body = replace(body, 'Alpha', 'Aleph')")
    found = rehearsed(home)
    assert not found.verified and [one.ok for one in found.feeds] == [False]


def test_a_rehearsal_finds_a_backup_that_is_not_what_it_says(nodes: Nodes, file: Path) -> None:
    home = nodes.home("Example", "Alpha")
    backup.backup(home, file, NOW)
    file.write_bytes(zstandard.compress(unpacked(file).replace(b'"records":1,', b'"records":9,', 1)))
    found = rehearsed(home, file)
    assert found.verified and len(found.differences) == 1


def test_a_rehearsal_signs_nothing(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home("Example", "Alpha")
    add(home, "Beta")

    def signing(*_: object) -> None:
        raise AssertionError("signed")

    monkeypatch.setattr(publish, "sign", signing)
    before = home.mark.path.read_bytes()
    assert rehearsed(home).counts["draft"] == 1
    assert home.mark.path.read_bytes() == before


def test_a_larger_node_is_rehearsed_while_a_follower_reads_it(nodes: Nodes) -> None:
    origin, _served, follower = nodes.pair()
    add_many(origin, 1_500)
    publish.publish(origin, NOW)
    reading = threading.Thread(target=synced, args=(follower,))
    reading.start()
    found = rehearsed(origin)
    reading.join()
    assert found.verified and found.feeds[0].records == 1_500
