"""Bundles: a file is enough to follow by, nobody is believed for having written one, and late ones change nothing."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyrage
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fednet.errors import FednetError, IdentityError, LimitError, MalformedError, RefusedError, UsageError
from fednet.feed import bundle
from fednet.feed.bundle import SEALED, Resource
from fednet.feed.identity import fingerprint
from fednet.feed.wire import BEGINNING, Position
from fednet.node import bundles, circles, doctor, edits, epochs, following, keys, publish
from fednet.node.bundle_source import Opened
from fednet.node.bundles import Carried
from fednet.node.home import Home
from fednet.store import drafts, feeds
from fednet.store.drafts import Draft
from fednet.store.feeds import Network
from tests.node.nodes import (
    NOW,
    Nodes,
    add_many,
    heartbeat,
    held,
    listing,
    network_of,
    organization,
    pin,
    problems,
    published,
    same_view,
    synced,
)


def write(
    home: Home, name: str = "b.fednet", since: str = "0.0", to: Home | None = None, mirrors: bool = False
) -> bytes:
    file = home.path.parent / name
    recipient = network_of(home, to) if to else None
    epoch, edition = map(int, since.split("."))
    bundles.write(home, file, since=Position(epoch, edition), recipient=recipient, mirrors=mirrors)
    return file.read_bytes()


def read(home: Home, raw: bytes, expected: str | None = None, *, yes: bool = False) -> list[Carried]:
    return asyncio.run(bundles.read(home, BytesIO(raw), "b.fednet", expected=expected, confirm=lambda offer: yes))


def outcomes(carried: list[Carried]) -> dict[str, str]:
    return {f"{one.name} {one.circle}": one.outcome for one in carried}


def parts_of(raw: bytes, *, sealed: bool = False) -> list[tuple[str, bytes]]:
    """Path and content of everything in a bundle."""
    text = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
    found: list[tuple[str, bytes]] = []
    for part in bundle.unpacked([text], sealed=sealed):
        if isinstance(part, Resource):
            found.append((part.path, b""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + part)
    return found


def bundled(parts: list[tuple[str, bytes]]) -> bytes:
    return zstandard.ZstdCompressor().compress(b"".join(bundle.packed(parts)))


def converged(origin: Home, follower: Home) -> bool:
    return (
        held(follower, origin).followed.position == held(origin, origin).followed.position
        and same_view(origin, follower, origin)
        and not problems(follower)
    )


# --- reading


def test_a_file_is_enough_to_follow_by(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha", "Beta"), nodes.home("Follower")
    raw = write(origin)
    (one,) = read(follower, raw, fingerprint(origin.network.network))
    assert (one.name, one.outcome, one.epoch, one.edition, one.records) == ("Origin", "advanced", 1, 1, 2)
    assert converged(origin, follower)
    assert outcomes(read(follower, raw)) == {"Origin public": "unchanged"}


def test_a_large_feed_of_many_pages_is_carried(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    add_many(origin, 900)
    publish.publish(origin, NOW)
    raw = write(origin)
    assert sum("/page/" in path for path, _ in parts_of(raw)) == 17
    assert outcomes(read(follower, raw, yes=True)) == {"Origin public": "advanced"}
    assert converged(origin, follower)


def test_an_empty_edition_and_erased_records_are_carried(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin"), nodes.home("Follower")
    published(origin)
    assert outcomes(read(follower, write(origin), yes=True)) == {"Origin public": "advanced"}
    (handle,) = published(origin, "Alpha")
    erase(origin, handle)
    assert read(follower, write(origin))[0].outcome == "advanced" and converged(origin, follower)
    late = nodes.home("Late")
    assert read(late, write(origin), yes=True)[0].outcome == "advanced" and converged(origin, late)


def erase(home: Home, *handles: str) -> None:
    with home.store.writing() as db:
        drafts.save(db, [Draft(handle, "public", "erase", None) for handle in handles], NOW)
    publish.publish(home, NOW)


def test_changes_since_an_edition_serve_everybody_who_is_on_the_way(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    readers = {edition: nodes.home(f"At {edition}") for edition in (1, 3, 5)}
    for edition in range(1, 6):
        if edition in readers:
            read(readers[edition], write(origin), yes=True)
        published(origin, f"Beta {edition}")
    raw = write(origin, since="1.3")
    assert not any("/page/" in path for path, _ in parts_of(raw))
    for edition, follower in readers.items():
        (one,) = read(follower, raw)
        if edition == 1:
            assert (one.outcome, one.edition) == ("failed", 1)
            assert "since edition 1.3" in str(one.error) and "whole" in str(one.hint)
        else:
            assert (one.outcome, one.edition) == ("advanced", 6) and converged(origin, follower)
    (one,) = read(nodes.home("Nobody"), raw, yes=True)
    assert one.outcome == "failed" and one.records == 0


def test_what_is_damaged_here_is_healed_by_a_whole_bundle(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha", "Beta"), nodes.home("Follower")
    read(follower, write(origin), yes=True)
    with follower.store.writing() as db:
        db.execute("UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'Alpha', 'Alpaca') AS BLOB)")
    origin_handles = list(listing(origin, origin.network.network))
    for handle in origin_handles:
        edits.edit(origin, handle, {"acronym": "A"}, NOW)
    publish.publish(origin, NOW)
    assert read(follower, write(origin))[0].outcome == "advanced"
    assert converged(origin, follower)


def test_what_a_person_does_not_confirm_is_offered(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    raw = write(origin)
    (one,) = read(follower, raw)
    assert (one.outcome, one.fingerprint) == ("offered", fingerprint(origin.network.network))
    assert fingerprint(origin.network.network) in str(one.hint)
    with follower.store.reading() as db:
        assert [network.name for network in feeds.networks(db)] == ["Follower"]


def test_another_fingerprint_is_refused(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    with pytest.raises(IdentityError, match="the bundle holds"):
        read(follower, write(origin), "a" * 32, yes=True)
    with pytest.raises(UsageError):
        read(follower, write(origin), "nonsense", yes=True)


def test_mirrored_networks_come_along_for_those_who_follow_them(nodes: Nodes) -> None:
    far, origin, served = nodes.home("Far", "Gamma"), nodes.home("Near", "Alpha"), None
    served = nodes.served(far)
    pin(origin, far, served.url)
    synced(origin)
    follower = nodes.home("Follower")
    assert outcomes(read(follower, write(origin, mirrors=True), yes=True)) == {
        "Near public": "advanced",
        "Far public": "offered",
    }
    assert listing(follower, far.network.network) == {}
    pin(follower, far)
    assert outcomes(read(follower, write(origin, mirrors=True)))["Far public"] == "advanced"
    assert converged(far, follower)
    assert outcomes(read(far, write(origin, mirrors=True), yes=True))["Far public"] == "own"
    assert len(parts_of(write(origin))) < len(parts_of(write(origin, mirrors=True)))
    stranger = nodes.home("Stranger")
    read(stranger, write(origin, mirrors=True), far.network.network)
    assert converged(far, stranger) and listing(stranger, origin.network.network) == {}


def test_blocked_networks_are_refused_whoever_brings_them(nodes: Nodes) -> None:
    far, near, follower = nodes.home("Far", "Gamma"), nodes.home("Near", "Alpha"), nodes.home("Follower")
    pin(near, far)
    read(near, write(far))
    raw = write(near, mirrors=True)
    following.block_unknown(follower, far.network.network)
    assert outcomes(read(follower, raw, yes=True)) == {"Near public": "advanced", " public": "blocked"}
    read(follower, raw, far.network.network)
    assert listing(follower, far.network.network) == {}
    following.block(near, network_of(near, far))
    assert len(parts_of(write(near, mirrors=True))) == len(parts_of(write(near)))


# --- late, repeated and erased


def test_a_late_bundle_changes_nothing(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    old, older = write(origin), write(origin)
    published(origin, "Beta")
    since = write(origin, since="1.1")
    published(origin, "Gamma")
    read(follower, write(origin), yes=True)
    for late in (old, older, since):
        (one,) = read(follower, late)
        assert (one.outcome, one.edition, one.error) == ("late", 3, None)
    assert converged(origin, follower) and held(follower, origin).error is None


def test_an_erased_body_in_a_late_bundle_never_comes_back(nodes: Nodes) -> None:
    word = b"Zyxwolfram"
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    read(follower, write(origin), yes=True)
    (handle,) = published(origin, word.decode())
    old = {"whole": write(origin), "since": write(origin, since="1.1")}
    erase(origin, handle)
    new = {"whole": write(origin), "since": write(origin, since="1.1")}
    for raw in old.values():
        assert word in b"".join(content for _, content in parts_of(raw))
    for raw in new.values():
        assert word not in b"".join(content for _, content in parts_of(raw))
    for kind in ("since", "whole"):
        read(follower, new[kind])
        for late in old.values():
            assert read(follower, late)[0].outcome == "late"
    assert converged(origin, follower) and held(follower, origin).erased == 1
    assert word not in on_disk(follower) and word.lower() not in on_disk(follower)


@pytest.mark.parametrize("let_go", ["unfollow", "block"])
def test_what_was_erased_does_not_come_back_with_an_old_bundle_after_letting_go(nodes: Nodes, let_go: str) -> None:
    word = b"Zyxwolfram"
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    (handle,) = published(origin, word.decode())
    old = write(origin)
    read(follower, old, yes=True)
    erase(origin, handle)
    new = write(origin)
    read(follower, new)
    if let_go == "unfollow":
        following.unfollow(follower, network_of(follower, origin))
    else:
        following.block(follower, network_of(follower, origin))
        following.block(follower, network_of(follower, origin), False)
    (one,) = read(follower, old, yes=True)
    assert one.outcome in ("failed", "refused") and "already accepted" in str(one.error)
    assert word not in on_disk(follower)
    assert read(follower, new, yes=True)[0].outcome == "advanced" and converged(origin, follower)


def on_disk(home: Home) -> bytes:
    with home.store._mine() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())


def test_a_late_bundle_of_another_history_is_refused(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    twin = forked(nodes, origin)
    published(origin, "Beta")
    published(origin, "Gamma")
    published(twin, "Forged")
    read(follower, write(origin), yes=True)
    (one,) = read(follower, write(twin))
    assert one.outcome == "refused" and "another history" in str(one.error)
    assert converged(origin, follower)
    assert network_of(follower, origin).frozen == "split-view"
    (one,) = read(follower, write(origin))
    assert one.outcome == "refused" and "frozen" in str(one.error)


@pytest.mark.parametrize("since", ["0.0", "1.2"])
def test_a_longer_log_of_another_history_is_refused(nodes: Nodes, since: str) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    twin = forked(nodes, origin)
    published(origin, "Beta")
    for word in ("Forged", "Forged too"):
        published(twin, word)
    read(follower, write(origin), yes=True)
    (one,) = read(follower, write(twin, since=since))
    assert one.outcome == "refused" and one.edition == 2
    assert converged(origin, follower)
    assert since != "0.0" or network_of(follower, origin).frozen == "split-view"


def forked(nodes: Nodes, origin: Home) -> Home:
    """The same keys and the same log so far in another place: what it signs from here on is another history."""
    shutil.copytree(origin.path, nodes.directory / "twin")
    twin = nodes.again(Home(nodes.directory / "twin"))
    doctor.adopt(twin, newest=True)
    return twin


# --- epochs


def test_a_new_epoch_is_carried_and_the_old_one_is_late(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    followers = {kind: nodes.home(kind) for kind in ("whole", "since", "behind")}
    for follower in followers.values():
        read(follower, write(origin), yes=True)
    old = write(origin)
    published(origin, "Beta")
    for kind in ("whole", "since"):
        read(followers[kind], write(origin))
    epochs.rotate(origin, keys.read_recovery(origin.path.parent / "origin-recovery-key.txt"), NOW)
    published(origin, "Gamma")
    new = {"whole": write(origin), "since": write(origin, since="1.2"), "behind": write(origin, since="1.1")}
    for kind, follower in followers.items():
        (one,) = read(follower, new[kind])
        assert (one.outcome, one.epoch, one.edition) == ("advanced", 2, 4) and converged(origin, follower)
        assert read(follower, old)[0].outcome == "late" and converged(origin, follower)


def test_a_fork_of_the_identity_freezes_the_network(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    twin = forked(nodes, origin)
    seeds = keys.read_recovery(origin.path.parent / "origin-recovery-key.txt")
    for home in (origin, twin):
        epochs.rotate(home, seeds, NOW)
    read(follower, write(origin), yes=True)
    (one,) = read(follower, write(twin))
    assert one.outcome == "refused" and network_of(follower, origin).frozen == "identity-fork"
    assert converged(origin, follower)


# --- restricted circles


def partners(a: Home, b: Home) -> None:
    """Both follow each other and count each other as partners."""
    for home, other in ((a, b), (b, a)):
        following.partner(home, pin(home, other))


def contact(home: Home, organization: str, email: str) -> str:
    own = edits.add(home, "contact", {"organization": organization, "emails": [email]}, NOW)
    publish.publish(home, NOW)
    return own.handle


def restricted(home: Home, origin: Home) -> dict[str, bytes]:
    """Handle -> body of what a home holds of an origin's circle `partners`."""
    with home.store.reading() as db:
        rows = db.execute(
            "SELECT handle, body FROM record JOIN feed ON feed.id = feed_id JOIN network ON network.id = network_id "
            "WHERE network = ? AND circle = 'partners' AND feed.visible AND body IS NOT NULL",
            (origin.network.network,),
        ).fetchall()
    return dict(rows)


def test_restricted_circles_are_sealed_to_their_reader(nodes: Nodes) -> None:
    origin, partner, other = nodes.home("Origin"), nodes.home("Partner"), nodes.home("Other")
    (house,) = published(origin, "Alpha")
    contact(origin, house, "zyxwolfram@example.org")
    partners(origin, partner)
    pin(origin, other)
    raw = write(origin, to=partner)
    outside = b"".join(path.encode() + content for path, content in parts_of(raw))
    assert b"partners" not in outside and b"zyxwolfram" not in outside
    assert outcomes(read(partner, raw)) == {"Origin public": "advanced", "Origin partners": "advanced"}
    assert restricted(partner, origin) == restricted(origin, origin) != {}
    assert not problems(partner)
    assert outcomes(read(other, raw, yes=True)) == {"Origin public": "advanced", "Origin ": "sealed"}
    assert b"zyxwolfram" not in on_disk(other)
    assert outcomes(read(partner, raw)) == {"Origin public": "unchanged", "Origin partners": "unchanged"}


def test_a_bundle_for_somebody_is_sealed_also_when_there_is_nothing_to_tell(nodes: Nodes) -> None:
    origin, stranger = nodes.home("Origin"), nodes.home("Stranger")
    (house,) = published(origin, "Alpha")
    pin(origin, stranger)
    without = parts_of(write(origin, to=stranger))
    contact(origin, house, "zyxwolfram@example.org")
    with_circle = parts_of(write(origin, to=stranger))
    assert [path for path, _ in without] == [path for path, _ in with_circle]
    assert outcomes(read(stranger, write(origin, to=stranger), yes=True)) == {"Origin public": "advanced"}


def test_named_circles_go_to_their_members_only(nodes: Nodes) -> None:
    origin, member, partner = nodes.home("Origin", "Alpha"), nodes.home("Member"), nodes.home("Partner")
    circles.add(origin, "board", NOW)
    circles.set_member(origin, "board", pin(origin, member))
    following.partner(origin, pin(origin, partner))
    with origin.store.writing() as db:
        drafts.save(db, [Draft(edits.new_handle(), "board", "put", edits.body_of(organization("Zyxwolfram")))], NOW)
    publish.publish(origin, NOW)
    following.partner(member, pin(member, origin))
    assert outcomes(read(member, write(origin, to=member), yes=True)) == {
        "Origin public": "advanced",
        "Origin board": "advanced",
    }
    assert outcomes(read(partner, write(origin, to=partner), yes=True)) == {"Origin public": "advanced"}
    assert b"Zyxwolfram" in on_disk(member) and b"Zyxwolfram" not in on_disk(partner)


def test_what_is_sealed_is_taken_from_partners_only(nodes: Nodes) -> None:
    origin, partner = nodes.home("Origin"), nodes.home("Partner")
    (house,) = published(origin, "Alpha")
    contact(origin, house, "zyxwolfram@example.org")
    partners(origin, partner)
    raw = write(origin, to=partner)
    read(partner, raw)
    assert restricted(partner, origin)
    following.partner(partner, network_of(partner, origin), False)
    public, closed = read(partner, raw)
    assert (public.outcome, closed.circle, closed.outcome) == ("unchanged", "partners", "unasked")
    assert "fednet partner" in str(closed.hint)
    assert not restricted(partner, origin) and b"zyxwolfram" not in on_disk(partner)
    following.partner(partner, network_of(partner, origin))
    assert outcomes(read(partner, raw))["Origin partners"] == "advanced"


def test_what_is_wrong_inside_costs_what_is_inside(nodes: Nodes) -> None:
    origin, partner = nodes.home("Origin", "Alpha"), nodes.home("Partner")
    partners(origin, partner)
    key = pyrage.x25519.Recipient.from_str(partner.network.identity.current.bundle_key)
    parts = parts_of(write(origin))
    identity = next(content for path, content in parts if path.endswith("/identity"))
    public = [part for part in parts if not part[0].endswith("/identity")]
    for inner in (b"", b"garbage", bundled([(f"{origin.network.network}/identity", identity), *public])[:-9]):
        raw = bundled([*parts, (SEALED, pyrage.encrypt(inner, [key]))])
        found = read(partner, raw)
        assert found[0].outcome in ("advanced", "unchanged") and found[-1].outcome == "refused"
    for sealed in (b"", b"garbage", pyrage.encrypt(b"x", [key])[:-1]):
        assert [one.outcome for one in read(partner, bundled([*parts, (SEALED, sealed)]))] == ["unchanged", "sealed"]


# --- hostile bundles


def unharmed(home: Home, act: Callable[[], object], refusal: type[FednetError]) -> None:
    """The act is refused by that name, nothing is changed, and no file is left."""
    before = sorted(home.path.rglob("*"))
    with pytest.raises(refusal) as refused:
        act()
    assert isinstance(refused.value, RefusedError)
    assert sorted(home.path.rglob("*")) == before


def test_what_is_no_bundle_is_refused_and_leaves_nothing(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    whole = write(origin)
    wide = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    for raw in (
        b"",
        b"PK\x03\x04",
        whole[: len(whole) // 2],
        whole[:-5],
        whole + b"more",
        zstandard.ZstdCompressor().compress(b"fednet/1 bundle\nend 0\n"),
        zstandard.ZstdCompressor(compression_params=wide).compress(os.urandom(1 << 20)),
        bytes(1000),
    ):
        unharmed(follower, lambda raw=raw: read(follower, raw, yes=True), MalformedError)  # type: ignore[misc]
    assert len(whole) and [n.name for n in known(follower)] == ["Follower"]


def known(home: Home) -> list[Network]:
    with home.store.reading() as db:
        return feeds.networks(db)


def test_any_flipped_bit_is_refused_or_changes_nothing(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    pin(follower, origin)
    chance = random.Random(7)
    whole = write(origin)
    for _ in range(60):
        raw = bytearray(whole)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        try:
            (one,) = read(follower, bytes(raw))
        except RefusedError:
            continue
        assert one.outcome in ("advanced", "unchanged") and converged(origin, follower)


def test_bombs_are_refused_before_they_unfold(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = nodes.home("Follower")
    monkeypatch.setattr(bundle, "MAX_BUNDLE", 100 << 20)

    def bomb(*lengths: int) -> bytes:
        """Resources of nothing but zeros, in a frame each."""
        compress = zstandard.ZstdCompressor().compress
        heads = [f"resource {letter * 32}/identity {length}\n" for letter, length in zip("abc", lengths, strict=False)]
        frames = [compress(head.encode() + bytes(n)) for head, n in zip(heads, lengths, strict=True)]
        return compress(b"fednet/1 bundle\n") + b"".join(frames)

    unharmed(follower, lambda: read(follower, bomb(65 << 20)), LimitError)
    unharmed(follower, lambda: read(follower, bomb(60 << 20, 50 << 20)), LimitError)
    unharmed(follower, lambda: read(follower, bomb(60 << 20, 30 << 20)), MalformedError)


def test_emptiness_that_unfolds_takes_no_room(nodes: Nodes) -> None:
    follower = nodes.home("Follower")
    parts = [(f"{'a' * 32}/identity", bytes(32 << 20))]
    with Opened(follower.path, BytesIO(bundled(parts))) as opened:
        assert os.fstat(opened._file.fileno()).st_size < 64 << 10
        assert os.fstat(opened._file.fileno()).st_mode & 0o077 == 0
        assert len(opened.content(parts[0][0]) or b"") == 32 << 20


def test_one_bad_network_costs_only_itself(nodes: Nodes) -> None:
    origin, far, follower = nodes.home("Origin", "Alpha"), nodes.home("Far", "Beta"), nodes.home("Follower")
    pin(follower, origin)
    pin(follower, far)
    mine, theirs = parts_of(write(origin)), parts_of(write(far))
    swapped = [(path, mine[0][1] if path.endswith("/identity") else content) for path, content in theirs]
    assert outcomes(read(follower, bundled([*swapped, *mine]))) == {
        "Far public": "refused",
        "Origin public": "advanced",
    }
    assert outcomes(read(follower, bundled([*mine, *swapped])))["Far public"] == "refused"
    stolen = [(path.replace(far.network.network, origin.network.network), content) for path, content in theirs[1:]]
    (one,) = read(nodes.home("Nobody"), bundled([(mine[0][0], theirs[0][1]), *mine[1:]]), yes=True)
    assert one.outcome == "refused" and len(known(follower)) == 3
    (one,) = read(nodes.home("Other"), bundled([mine[0], *stolen]), yes=True)
    assert one.outcome == "refused" and one.records == 0
    assert outcomes(read(follower, bundled([*mine, *theirs]))) == {
        "Origin public": "unchanged",
        "Far public": "advanced",
    }


def test_a_frozen_network_is_not_advanced(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    pin(follower, origin)
    read(follower, write(origin))
    published(origin, "Beta")
    with follower.store.writing() as db:
        feeds.freeze(db, network_of(follower, origin), "split-view")
    (one,) = read(follower, write(origin))
    assert (one.outcome, one.edition) == ("refused", 1)


# --- writing


def test_nothing_published_is_nothing_to_write(nodes: Nodes) -> None:
    origin = nodes.home("Origin")
    with pytest.raises(FednetError, match="nothing is published"):
        write(origin)
    assert not list(origin.path.parent.glob("*b.fednet*"))


def test_a_position_that_is_not_there_yet_is_a_matter_of_usage(nodes: Nodes) -> None:
    origin = nodes.home("Origin", "Alpha")
    with pytest.raises(UsageError, match=r"since 1\.7"):
        write(origin, since="1.7")
    assert not list(origin.path.parent.glob("*b.fednet*"))


def test_what_changes_cannot_tell_is_written_as_a_whole(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    published(origin, "Beta")
    monkeypatch.setattr("fednet.node.answers.ROOM", 10)
    raw = write(origin, since="1.1")
    assert any("/page/" in path for path, _ in parts_of(raw))
    assert read(follower, raw, yes=True)[0].outcome == "advanced" and converged(origin, follower)


def test_a_file_that_was_there_stays_until_the_new_one_is_whole(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = nodes.home("Origin", "Alpha")
    before = write(origin)

    def fails(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError):
        write(origin)
    assert (origin.path.parent / "b.fednet").read_bytes() == before
    assert not list(origin.path.parent.glob(".b.fednet*"))


# --- two nodes that only ever exchange files


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_two_nodes_that_only_exchange_files_converge(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Edits on both sides; bundles whole and since, some lost, some read twice, some late; then one whole each way."""
    chance = random.Random(seed)
    with Nodes(tmp_path_factory.mktemp("usb")) as nodes:
        sides = nodes.home("East"), nodes.home("West")
        partners(*sides)
        listed: dict[str, list[str]] = {side.config.name: published(side, "First") for side in sides}
        sticks: list[tuple[Home, bytes]] = []
        for step in range(14):
            side, other = sides if chance.random() < 0.5 else sides[::-1]
            handles = listed[side.config.name]
            match chance.choice(["add", "edit", "withdraw", "erase", "contact", "write", "write", "read", "read"]):
                case "add":
                    handles += published(side, f"Step {step}")
                case "edit" if handles:
                    edits.edit(side, chance.choice(handles), {"acronym": f"S{step}"}, NOW)
                    publish.publish(side, NOW)
                case "withdraw" if handles:
                    edits.withdraw(side, handles.pop(chance.randrange(len(handles))), NOW)
                    publish.publish(side, NOW)
                case "erase" if handles:
                    erase(side, handles.pop(chance.randrange(len(handles))))
                case "contact" if handles:
                    contact(side, chance.choice(handles), f"s{step}@example.org")
                case "write":
                    newest = held(side, side).followed.position
                    since = f"1.{chance.randint(1, newest.edition)}" if chance.random() < 0.6 else str(BEGINNING)
                    sticks.append((other, write(side, since=since, to=other)))
                case "read" if sticks:  # any stick, also one that was read before
                    reader, raw = chance.choice(sticks)
                    assert "refused" not in outcomes(read(reader, raw)).values()
        for side, other in (sides, sides[::-1]):
            read(other, write(side, to=other))
            for reader, raw in sticks:
                if reader is other:
                    assert set(outcomes(read(other, raw)).values()) <= {"late", "unchanged"}
            assert converged(side, other)
            assert restricted(other, side) == restricted(side, side)


def test_a_log_of_several_tiles_is_carried(nodes: Nodes) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    for _ in range(259):
        heartbeat(origin)
    assert read(follower, write(origin), yes=True)[0].edition == 260 and converged(origin, follower)
    published(origin, "Beta")
    assert read(follower, write(origin, since="1.1"))[0].edition == 261 and converged(origin, follower)


def test_no_bundle_is_left_in_the_home_after_a_crash(nodes: Nodes, tmp_path: Path) -> None:
    origin, follower = nodes.home("Origin", "Alpha"), nodes.home("Follower")
    with Opened(follower.path, BytesIO(write(origin))):
        assert all(path.name.startswith(("node.toml", "keys.json", "fednet.db", "high-water-mark", "requests"))
                   for path in follower.path.iterdir())  # fmt: skip
