"""Static sites: a plain file server is enough to follow, readers see the old state or the new, and erased is gone."""

from __future__ import annotations

import asyncio
import http.client
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.errors import NotFoundError, UsageError
from fednet.feed.evidence import check, parse_evidence
from fednet.node import bundles, doctor, edits, epochs, following, keys, publish, sites
from fednet.node.home import Home
from fednet.node.sites import Written
from fednet.store import drafts, feeds, sources
from fednet.store.drafts import Draft
from tests.node.nodes import (
    NOW,
    Nodes,
    add,
    add_many,
    heartbeat,
    held,
    move,
    network_of,
    pin,
    problems,
    published,
    same_view,
    synced,
)

DAY = timedelta(days=1)


def write(home: Home, days: float = 0, mirrors: bool = False, folder: str = "site") -> Written:
    return sites.write(home, place(home, folder), NOW + days * DAY, mirrors=mirrors)


def place(home: Home, folder: str = "site") -> Path:
    return home.path.parent / folder


def files(home: Home) -> dict[str, bytes]:
    root = place(home)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def pages(home: Home) -> set[str]:
    return {path.rpartition("/")[2] for path in files(home) if "/page/" in path}


def converged(origin: Home, follower: Home) -> bool:
    return (
        held(follower, origin).followed.position == held(origin, origin).followed.position
        and same_view(origin, follower, origin)
        and not problems(follower)
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """`python -m http.server` over a folder, on a port that it chooses."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        port = re.search(r"port (\d+)", server.stdout.readline())
        assert port is not None
        yield f"http://127.0.0.1:{port[1]}"
    finally:
        server.terminate()
        server.wait(10)
        if server.stdout:
            server.stdout.close()


def erase(home: Home, handle: str) -> None:
    with home.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "erase", None)], NOW)
    publish.publish(home, NOW)


# --- following one


@pytest.mark.parametrize("base", ["", "/networks/ours"])
def test_a_plain_file_server_is_enough_to_follow(nodes: Nodes, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fednet.node.descent.PAGES_AHEAD", 3)
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    add_many(origin, 600)
    (alpha,) = published(origin, "Alpha")
    folder = f"host{base}"
    write(origin, folder=folder)
    with served(place(origin, "host")) as host:
        network = asyncio.run(
            following.follow(
                follower,
                f"{host}{base}/",
                fingerprint=origin.network.network,
                confirm=lambda _: False,
                allow_private=True,
            )
        )
        assert network.network == origin.network.network
        assert synced(follower).verified and converged(origin, follower)
        requests = synced(follower).requests
        assert requests <= 5
        edits.withdraw(origin, alpha, NOW)
        published(origin, "Beta")
        assert synced(follower).changed == 0
        write(origin, folder=folder)
        result = synced(follower)
        assert (result.verified, result.changed) == (True, 2) and converged(origin, follower)
        erase(origin, published(origin, "Gamma")[0])
        write(origin, folder=folder)
        assert synced(follower).verified and converged(origin, follower)


def test_the_address_tells_what_is_there(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    write(origin)
    with served(place(origin)) as host:
        connection = http.client.HTTPConnection(host.removeprefix("http://"), timeout=10)
        connection.request("GET", "/.well-known/fednet")
        said = connection.getresponse().read().decode()
        connection.close()
    assert f'"feeds":{{"public":"feeds/{origin.network.network}/public/"}}' in said


def test_a_long_log_is_served_in_tiles(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    for _ in range(258):
        heartbeat(origin)
    write(origin)
    found = files(origin)
    log = f"feeds/{origin.network.network}/public/1/tile"
    assert {f"{log}/0/000", f"{log}/0/001.p/3", f"{log}/1/000.p/1", f"{log}/entries/000", f"{log}/entries/001.p/3"} == {
        path for path in found if "/tile/" in path
    }
    with served(place(origin)) as host:
        pin(follower, origin, host)
        assert synced(follower).edition == 259 and converged(origin, follower)


def test_mirrored_networks_are_there_when_asked_for(nodes: Nodes) -> None:
    far, origin, follower = nodes.home("Far", "Gamma"), nodes.home("Near", "Alpha"), nodes.home("Follower")
    pin(origin, far, nodes.served(far).url)
    synced(origin)
    assert write(origin).networks == ("Near",)
    assert not any(far.network.network in path for path in files(origin))
    assert write(origin, mirrors=True).networks == ("Near", "Far")
    with served(place(origin)) as host:
        pin(follower, far, host)
        assert synced(follower).verified and converged(far, follower)
    following.block(origin, network_of(origin, far))
    assert write(origin, mirrors=True).networks == ("Near",)
    assert not any(far.network.network in path for path in files(origin))


def test_restricted_circles_are_never_there(nodes: Nodes) -> None:
    origin, partner = nodes.home("Origin"), nodes.home("Partner")
    following.partner(origin, pin(origin, partner))
    (house,) = published(origin, "Alpha")
    write(origin)
    before = files(origin)
    edits.add(origin, "contact", {"organization": house, "emails": ["zyxwolfram@example.org"]}, NOW)
    publish.publish(origin, NOW)
    assert write(origin, mirrors=True).written == 0
    assert files(origin) == before


def test_a_new_epoch_is_there_before_the_statement_that_opens_it(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    write(origin)
    with served(place(origin)) as host:
        pin(follower, origin, host)
        assert synced(follower).verified
        known = origin.network.identity
        epochs.rotate(origin, keys.read_recovery(origin.path.parent / "origin-recovery-key.txt"), NOW)
        published(origin, "Beta")
        real = sites.write_atomically

        def watched(path: Path, content: bytes, *, mode: int = 0o600) -> None:
            real(path, content, mode=mode)
            newcomer = nodes.home(f"Newcomer {len(list(nodes.directory.iterdir()))}")
            with newcomer.store.writing() as db:  # one who has not heard of the new statement
                sources.set_origin(db, feeds.pin(db, known, NOW), host)
            assert synced(newcomer).verified, path

        monkeypatch.setattr(sites, "write_atomically", watched)
        write(origin)
        assert synced(follower).epoch == 2 and converged(origin, follower)


def test_evidence_is_there_for_everybody(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower", "Own")
    shutil.copytree(origin.path, nodes.directory / "twin")
    twin = nodes.again(Home(nodes.directory / "twin"))
    for home in (origin, twin):
        doctor.adopt(home, newest=True)
        published(home, home.path.name)
    for home in (origin, twin):
        bundles.write(home, home.path / "b.fednet")
        with (home.path / "b.fednet").open("rb") as file:
            asyncio.run(bundles.read(follower, file, "b.fednet", expected=None, confirm=lambda _: True))
    assert network_of(follower, origin).frozen == "split-view"
    write(follower)
    found = files(follower)
    (listed,) = found["evidence/index.html"].decode().splitlines()
    kind, network, digest = listed.split()
    assert (kind, network) == ("split-view", origin.network.network)
    check(parse_evidence(found[f"evidence/{digest}"]))


# --- writing one


def test_only_differences_are_written(nodes: Nodes) -> None:
    origin = nodes.home("Origin")
    add_many(origin, 700)
    published(origin, "Alpha")
    first = write(origin)
    assert first.unchanged == 0 and first.written == len(files(origin)) - 1
    stamps = {path: path.stat().st_mtime_ns for path in place(origin).rglob("*") if path.is_file()}
    again = write(origin)
    assert (again.written, again.removed) == (0, 0)
    assert stamps == {path: path.stat().st_mtime_ns for path in place(origin).rglob("*") if path.is_file()}
    published(origin, "Beta")
    assert write(origin).written == 5  # the root page, one records page, a tile, entries, the checkpoint


def test_whoever_reads_meanwhile_finds_the_old_state_or_the_new(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """After every single file that a writing switches in or takes out, a follower syncs."""
    origin, steady = nodes.home("Origin"), nodes.home("Steady")
    (alpha, *_) = add_many(origin, 600)
    publish.publish(origin, NOW)
    write(origin)
    seen: list[int] = []
    monkeypatch.setattr("fednet.node.descent.PAGES_AHEAD", 3)  # http.server keeps few callers waiting
    with served(place(origin)) as host:
        pin(steady, origin, host)
        assert synced(steady).verified
        edits.withdraw(origin, alpha, NOW)
        add(origin, "Beta")
        publish.publish(origin, NOW)
        real = sites.write_atomically

        def watched(path: Path, content: bytes, *, mode: int = 0o600) -> None:
            real(path, content, mode=mode)
            newcomer = nodes.home(f"Newcomer {len(seen)}")
            pin(newcomer, origin, host)
            result, other = synced(newcomer), synced(steady)
            assert result.verified and other.verified, (path, result.error, other.error)
            assert not problems(newcomer) and not problems(steady)
            seen.append(result.edition)

        monkeypatch.setattr(sites, "write_atomically", watched)
        write(origin)
        assert synced(steady).edition == 2 and converged(origin, steady)
    assert seen == sorted(seen) and set(seen) == {1, 2} and len(seen) >= 5


def test_what_was_replaced_stays_for_a_day(nodes: Nodes) -> None:
    origin = nodes.home("Origin")
    (alpha,) = published(origin, "Alpha")
    write(origin)
    old = pages(origin)
    edits.edit(origin, alpha, {"acronym": "A"}, NOW)
    publish.publish(origin, NOW)
    assert write(origin, 30).removed == 0  # however long it was the newest
    assert pages(origin) > old
    published(origin, "Beta")
    write(origin, 30.5)
    assert len(pages(origin)) == 3
    assert write(origin, 31).removed == 3  # a page, a tile and a bundle of entries of the first edition
    assert len(pages(origin)) == 2 and not old & pages(origin)
    write(origin, 32)
    assert len(pages(origin)) == 1


@pytest.mark.parametrize("how", ["erase", "withdraw"])
def test_a_page_with_a_body_that_is_listed_no_more_goes_at_once(nodes: Nodes, how: str) -> None:
    word = b"Zyxwolfram"
    origin = nodes.home("Origin")
    add_many(origin, 700)
    (handle,) = published(origin, word.decode())
    write(origin)
    published(origin, "Beta")
    write(origin)
    assert any(word in content for content in files(origin).values())
    if how == "erase":
        erase(origin, handle)
    else:
        edits.withdraw(origin, handle, NOW)
        publish.publish(origin, NOW)
    assert write(origin).removed >= 1
    assert not any(word in content for content in files(origin).values())
    assert any(path.rpartition("/")[2] not in current_pages(origin) for path in files(origin) if "/page/" in path)


def current_pages(home: Home) -> set[str]:
    """The names of the pages of the state as it is now."""
    with home.store.reading() as db:
        feed = sites.shared(db, mirrors=False)[0]
        return {path.rpartition("/")[2] for path, _ in sites.resources(db, feed) if "/page/" in path}


def test_a_writing_that_was_cut_off_is_made_good(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    word = b"Zyxwolfram"
    origin = nodes.home("Origin")
    (handle,) = published(origin, word.decode())
    real = sites.write_atomically
    cut = 0

    def fails(path: Path, content: bytes, *, mode: int = 0o600) -> None:
        nonlocal cut
        cut += 1
        if cut == 4:
            path.with_name(f".{path.name}.new").write_bytes(b"half of it, " + word)
            raise OSError(28, "No space left on device")
        real(path, content, mode=mode)

    with monkeypatch.context() as patched:
        patched.setattr(sites, "write_atomically", fails)
        with pytest.raises(OSError):
            write(origin)
    erase(origin, handle)
    write(origin)
    fresh = files(origin)
    assert not any(word in content for content in fresh.values()) and not any("/.." in path for path in fresh)
    damaged = next(path for path in place(origin).rglob("*") if path.is_file() and "checkpoint" in path.name)
    damaged.write_bytes(b"")
    assert write(origin).written == 1 and files(origin) == fresh


def test_a_folder_of_others_is_left_alone(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    theirs = place(origin) / "feeds" / "theirs.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("keep")
    with pytest.raises(UsageError, match="not written by fednet"):
        write(origin)
    assert [path for path in place(origin).rglob("*") if path.is_file()] == [theirs]
    theirs.unlink()
    theirs.parent.rmdir()
    (place(origin) / "index.html").write_text("a page of theirs")
    write(origin)
    write(origin, 3)
    assert (place(origin) / "index.html").read_text() == "a page of theirs"


@pytest.mark.parametrize("path", ["evidence/index.html", ".well-known/fednet", "feeds/theirs.txt"])
def test_no_file_of_others_is_written_over(nodes: Nodes, path: str) -> None:
    origin = nodes.home("Origin", "Alpha")
    (place(origin) / path).parent.mkdir(parents=True)
    (place(origin) / path).write_text("keep")
    with pytest.raises(UsageError, match="not written by fednet"):
        write(origin)
    assert [one for one in place(origin).rglob("*") if one.is_file()] == [place(origin) / path]
    assert (place(origin) / path).read_text() == "keep"


@pytest.mark.parametrize("path", ["feeds", "feeds/theirs", "evidence", ".well-known"])
def test_nothing_is_written_or_taken_out_behind_a_link(nodes: Nodes, path: str) -> None:
    origin, theirs = nodes.home("Origin", "Alpha"), nodes.directory / "theirs"
    write(origin)
    theirs.mkdir()
    (theirs / "file.txt").write_text("keep")
    if (place(origin) / path).exists():
        shutil.rmtree(place(origin) / path)
    (place(origin) / path).symlink_to(theirs)
    with pytest.raises(UsageError, match="is a link"):
        write(origin, 3)
    assert [one.name for one in theirs.iterdir()] == ["file.txt"]


def test_the_home_with_its_keys_is_never_in_a_site(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    for folder in (origin.path, origin.path.parent, origin.path / "site"):
        with pytest.raises(UsageError, match="keys"):
            sites.write(origin, folder, NOW)
    assert not (origin.path / "feeds").exists()


def test_nothing_published_is_nothing_to_write(nodes: Nodes) -> None:
    with pytest.raises(NotFoundError, match="nothing is published"):
        write(nodes.home("Origin"))


def test_a_marker_that_makes_no_sense_harms_nothing(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    write(origin)
    (place(origin) / sites.MARKER).write_bytes(b"\xff\nyesterday feeds/x\n2026-11-21T18:00:00Z ../../etc\n\n")
    published(origin, "Beta")
    assert write(origin).removed == 0
    follower = nodes.home("Follower")
    with served(place(origin)) as host:
        pin(follower, origin, "http://127.0.0.1:9")
        move(follower, origin, host)
        assert synced(follower).verified
