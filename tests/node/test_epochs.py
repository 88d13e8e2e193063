"""New epochs: all or nothing, once, whatever breaks on the way; and what followers make of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fednet.errors import FednetError, GoneError, NotFoundError, RollbackError, UsageError
from fednet.feed import ed25519, note, wire
from fednet.feed.checkpoint import parse_checkpoint
from fednet.feed.edition import NOTHING_CLOSED, parse_edition
from fednet.feed.text import base64_text
from fednet.feed.wire import Position
from fednet.node import answers, edits, epochs, keys, publish, recovery
from fednet.node.home import Home
from fednet.node.mark import Mark, Stopped
from fednet.node.recovery import Closing
from fednet.store import drafts, feeds
from fednet.store.feeds import Feed
from tests.node.nodes import (
    NOW,
    Nodes,
    add,
    add_many,
    heartbeat,
    held,
    listing,
    organization,
    pin,
    problems,
    public,
    published,
    same_view,
    synced,
)
from tests.node.test_publish import CrashError, _resolved, copied, crash, crash_after, rolled_back

Break = Callable[[Any], Any]


def seeds_of(home: Home) -> list[bytes]:
    """The recovery key of a home that `Nodes.home` made."""
    return keys.read_recovery(home.path.parent / f"{home.path.name}-recovery-key.txt")


def rotated(home: Home) -> epochs.Opened:
    return epochs.rotate(home, seeds_of(home), NOW)


def mine(home: Home) -> dict[str, bytes]:
    return listing(home, home.network.network)


def own(home: Home, circle: str = "public") -> Feed:
    with home.store.reading() as db:
        found = feeds.feed(db, home.network, circle)
    assert found is not None
    return found


def position(home: Home, circle: str = "public") -> str:
    return str(own(home, circle).followed.position)


def first_line(home: Home, circle: str = "public") -> Any:
    feed = own(home, circle)
    with home.store.reading() as db:
        (line,) = feeds.edition_lines(db, feed, 0, 1)
    assert line is not None
    return parse_edition(line)


def restricted(home: Home, word: str) -> str:
    """One more record in the circle `partners`; its handle."""
    made = edits.add(home, "organization", organization(word), NOW, circle="partners")
    publish.publish(home, NOW)
    return made.handle


# --- rotation


def test_a_rotation_changes_every_online_key_and_loses_nothing(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha", "Beta")
    before, records = home.network.identity, mine(home)
    old = home.keys
    done = rotated(home)
    after = home.network.identity
    assert (done.statement, done.epoch, done.closes, done.position) == (1, 2, "1.1", "2.2")
    assert after.statements[:-1] == before.statements
    assert not set(after.current.online_keys) & set(before.current.online_keys)
    assert after.current.recovery_keys == before.current.recovery_keys
    assert home.keys.public.named_by(after.current) and home.keys != old
    assert not (home.path / keys.NEXT).exists()
    assert mine(home) == records and problems(home) == []
    published(home, "Gamma")
    assert position(home) == "2.3" and len(mine(home)) == 3 and problems(home) == []


def test_edits_that_wait_are_not_signed_by_a_rotation_and_not_lost(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    (beta,) = add(home, "Beta")
    rotated(home)
    assert beta not in mine(home)
    publish.publish(home, NOW)
    assert beta in mine(home) and position(home) == "2.3"


def test_an_edition_left_unsigned_is_signed_in_its_own_epoch_first(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    (beta,) = add(home, "Beta")
    with monkeypatch.context() as breaking:
        breaking.setattr(Mark, "advance", crash)
        with pytest.raises(CrashError):
            publish.publish(home, NOW)
    done = rotated(home)
    assert (done.closes, done.position) == ("1.2", "2.3")
    assert beta in mine(home) and problems(home) == []


def test_a_network_that_never_published_can_change_its_keys(nodes: Nodes) -> None:
    home = nodes.home("Origin")
    done = rotated(home)
    assert (done.closes, done.position) == ("1.0", "2.1")
    published(home, "Alpha")
    assert position(home) == "2.2" and problems(home) == []
    follower = nodes.home("Follower")
    pin(follower, home, nodes.served(home).url)
    assert synced(follower).verified and same_view(follower, home, home)


def test_epoch_follows_on_epoch(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    for epoch in range(2, 6):
        rotated(origin)
        published(origin, f"In epoch {epoch}")
        if epoch != 4:  # one is missed
            assert synced(follower).verified
            assert same_view(follower, origin, origin)
    assert synced(follower).verified and same_view(follower, origin, origin)
    feed = held(follower, origin)
    assert feed.followed.position == Position(5, 9) and problems(follower) == problems(origin) == []
    with follower.store.reading() as db:
        spoken = [parse_edition(line).closes for line in feeds.edition_lines(db, feed, 0, 2) if line]
    assert [closes.epoch if closes else None for closes in spoken] == [4, None]


def test_too_few_recovery_keys_change_nothing(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    before, kept = home.network, home.keys
    for few in ([], [bytes(32)]):
        with pytest.raises(UsageError, match="must sign"):
            epochs.rotate(home, few, NOW)
        with pytest.raises(UsageError, match="must sign"):
            recovery.recover(home, few, Closing(), None, NOW)
    assert home.network == before and home.keys == kept and position(home) == "1.1"
    published(home, "Beta")


def test_a_threshold_of_recovery_keys_signs_together(nodes: Nodes) -> None:
    from fednet.node.home import create

    home, texts = create(nodes.directory / "three", "Three", None, None, recovery_keys=3, threshold=2)
    published(home, "Alpha")
    seeds = [keys.read_recovery(text)[0] for text in texts]
    with pytest.raises(UsageError):
        epochs.rotate(home, seeds[:1], NOW)
    epochs.rotate(home, seeds[1:], NOW)
    epochs.rotate(home, [seeds[2], seeds[0]], NOW)
    assert position(home) == "3.3" and problems(home) == []
    home.close()


# --- restricted circles


def test_every_circle_gets_a_log_of_its_own_in_the_new_epoch(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    restricted(home, "Secret")
    before = own(home, "partners").followed
    restricted(home, "Secret too")
    rotated(home)
    assert (position(home), position(home, "partners")) == ("2.2", "2.3")
    assert first_line(home).closes == home.network.identity.current.closes
    closes = first_line(home, "partners").closes
    assert (closes.epoch, closes.size, closes.edition) == (1, 2, 2)
    assert closes.root != base64_text(before.frontier.root)
    assert problems(home) == []
    assert b"partners" not in home.network.identity.encoded
    restricted(home, "Secret again")
    assert position(home, "partners") == "2.4" and problems(home) == []


def test_a_circle_that_begins_in_a_later_epoch_closes_nothing(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    rotated(home)
    restricted(home, "Secret")
    assert position(home, "partners") == "2.1" and first_line(home, "partners").closes == NOTHING_CLOSED
    rotated(home)
    closes = first_line(home, "partners").closes
    assert (closes.epoch, closes.size, closes.edition) == (2, 1, 1)
    assert problems(home) == []


# --- what is answered across epochs


def asked(home: Home, since: str) -> wire.Answer:
    with home.store.reading() as db:
        return wire.parse_answer(answers.changes(db, own(home), wire.parse_position(since)))


def test_changes_are_told_across_epochs_and_not_from_a_void_position(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    for word in ("Beta", "Gamma", "Delta"):
        published(home, word)
    recovery.recover(home, seeds_of(home), Closing(Position(1, 2)), [], NOW)
    assert position(home) == "2.3" and len(mine(home)) == 4
    assert len(asked(home, "0.0").changes) == 4
    assert len(asked(home, "1.1").changes) == 3
    assert len(asked(home, "1.2").changes) == 2  # of the void editions, listed again
    with pytest.raises(GoneError, match="closed"):
        asked(home, "1.3")
    published(home, "Epsilon")
    assert len(asked(home, "2.3").changes) == 1  # what was accepted at void editions does not come again


def test_a_new_epoch_costs_a_follower_one_answer(nodes: Nodes) -> None:
    origin, served, follower = nodes.pair(*(f"Member {i}" for i in range(30)))
    synced(follower)
    rotated(origin)
    published(origin, "Beta")
    served.asked.clear()
    result = synced(follower)
    assert result.verified and result.changed == 1 and served.pages() == 0
    assert same_view(follower, origin, origin)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_a_network_does_with_its_keys_its_followers_arrive(nodes: Nodes, seed: int) -> None:
    """Editions, rotations, recoveries at any position, followers that look in at any time: all end with one state."""
    chance = random.Random(seed)
    origin = nodes.home("Origin", "Alpha")
    served = nodes.served(origin)
    followers = [nodes.home(f"Follower {i}") for i in range(3)]
    for follower in followers[:2]:
        pin(follower, origin, served.url)
    pin(followers[2], origin, nodes.served(followers[0]).url)  # by a mirror, which may be late
    for step in range(14):
        match chance.randrange(5):
            case 0:
                rotated(origin)
            case 1:
                followed = own(origin).followed
                edition = chance.randint(followed.closes.edition, followed.position.edition)
                forged = chance.choice(("all", []))
                recovery.recover(origin, seeds_of(origin), Closing(Position(followed.epoch, edition)), forged, NOW)
            case 2 if mine(origin):
                edits.withdraw(origin, chance.choice(sorted(mine(origin))), NOW)
                publish.publish(origin, NOW)
            case _:
                published(origin, f"Word {step}")
        for follower in chance.sample(followers, chance.randrange(3)):
            assert synced(follower).verified or follower is followers[2]
    for follower in followers:
        assert synced(follower).verified and same_view(follower, origin, origin)
        assert held(follower, origin).followed == own(origin).followed and problems(follower) == []
    assert problems(origin) == []


# --- crashes between the steps


def once_opened(broken: Break) -> Break:
    """Break what is also done before the epoch is open only once it is."""

    def breaking(act: Callable[..., None]) -> Callable[..., None]:
        def settle(path: Path, identity: Any) -> None:
            (broken(act) if identity.epoch > 1 else act)(path, identity)

        return settle

    return breaking


STEPS: dict[str, tuple[str, Break, bool]] = {
    "before the keys are laid ready": ("fednet.node.keys.write_atomically", lambda act: crash, False),
    "after the keys are laid ready": ("fednet.node.keys.keep_next", crash_after, False),
    "before the decision": ("fednet.store.drafts.prepare", lambda act: crash, False),
    "in the decision": ("fednet.node.publish.state", crash_after, False),
    "after the decision": ("fednet.node.publish._publish_statement", lambda act: crash, True),
    "before the mark knows the statement": ("fednet.node.mark.Mark.state", lambda act: crash, True),
    "after the mark knows the statement": ("fednet.node.mark.Mark.state", crash_after, True),
    "before the mark": ("fednet.node.mark.Mark.advance", lambda act: crash, True),
    "after the mark": ("fednet.node.mark.Mark.advance", crash_after, True),
    "after the signature": ("fednet.node.publish.sign", crash_after, True),
    "while it is switched to": ("fednet.store.feeds.accept", lambda act: crash, True),
    "before it is switched to": ("fednet.store.drafts.forget_setting", crash_after, True),
    "before the keys are in their place": ("fednet.node.keys.settle", once_opened(lambda act: crash), True),
    "after the keys are in their place": ("fednet.node.keys.settle", once_opened(crash_after), True),
}


@pytest.mark.parametrize("recovering", [False, True], ids=["rotate", "recover"])
@pytest.mark.parametrize(("place", "broken", "decided"), STEPS.values(), ids=STEPS)
def test_a_crash_anywhere_opens_the_epoch_once_or_not_at_all(
    nodes: Nodes, place: str, broken: Break, decided: bool, recovering: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    secret = restricted(home, "Secret")
    (forged,) = published(home, "Forged")
    signed: dict[tuple[str, int], bytes] = {}
    real = publish.sign

    def remembered(text: bytes, *signers: Any) -> note.Note:
        made = real(text, *signers)
        checkpoint = parse_checkpoint(made.text)
        assert signed.setdefault((checkpoint.origin, checkpoint.size), made.encoded) == made.encoded
        return made

    def act(home: Home) -> object:
        if recovering:
            return recovery.recover(home, seeds_of(home), Closing(Position(1, 1), {"partners": None}), [forged], NOW)
        return rotated(home)

    monkeypatch.setattr(publish, "sign", remembered)
    with monkeypatch.context() as breaking:
        breaking.setattr(place, broken(_resolved(place)))
        with pytest.raises(CrashError):
            act(home)
    home = nodes.again(home)
    statements = home.network.identity.statements
    assert problems(home) == [] and len(mine(home)) == 2 - (recovering and len(statements) == 2)
    assert len(statements) == 1 or place.startswith("fednet.node.keys.settle"), "statement and editions go together"
    assert home.keys.public.named_by(home.network.identity.current)
    if not decided:
        act(home)
    publish.publish(home, NOW + timedelta(hours=1))
    assert [s.epoch for s in home.network.identity.statements] == [1, 2]
    assert home.keys.public.named_by(home.network.identity.current) and not (home.path / keys.NEXT).exists()
    assert not publish.unfinished(home)
    assert (forged in mine(home)) is not recovering
    with home.store.reading() as db:
        assert edits.find(db, home, secret).circle == "partners"
    assert problems(home) == [] and first_line(home).closes == home.network.identity.current.closes
    assert (position(home), position(home, "partners")) == ("2.2" if recovering else "2.3", "2.2")
    published(home, "Beta")
    assert problems(home) == []


def test_two_processes_never_open_two_epochs_at_one_number(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    other = Home(home.path)
    rotated(home)
    rotated(other)
    assert [s.sequence for s in home.network.identity.statements] == [0, 1, 2]
    assert position(home) == position(other) == "3.3"
    other.close()


# --- recovery: what is closed, what is listed


def test_last_good_is_the_newest_edition_signed_here(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    published(home, "Beta")
    records = mine(home)
    done = recovery.recover(home, seeds_of(home), Closing(), None, NOW)
    assert (done.closes, done.position) == ("1.2", "2.3") and mine(home) == records


def test_after_the_close_a_person_says_what_is_forged(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    alpha = next(iter(mine(home)))
    (forged,) = published(home, "Forged")
    (honest,) = published(home, "Honest")
    edits.edit(home, alpha, {"acronym": "FORGED"}, NOW)
    publish.publish(home, NOW)
    (draft,) = add(home, "Draft")
    close = Position(1, 1)
    found = recovery.later(home, Closing(close))
    assert {(one.action, one.handle, one.signed) for one in found} == {
        ("put", forged, True), ("put", honest, True), ("put", alpha, True), ("put", draft, False)
    }  # fmt: skip
    with pytest.raises(UsageError, match="4 changes came after"):
        recovery.recover(home, seeds_of(home), Closing(close), None, NOW)
    assert position(home) == "1.4" and len(home.network.identity.statements) == 1
    done = recovery.recover(home, seeds_of(home), Closing(close), [forged, alpha], NOW)
    assert (done.closes, done.position) == ("1.1", "2.2")
    assert set(mine(home)) == {honest}
    publish.publish(home, NOW)
    assert set(mine(home)) == {honest, draft} and problems(home) == []


def test_all_that_came_later_can_be_left_out_in_every_circle(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    alpha = next(iter(mine(home)))
    kept = restricted(home, "Kept secret")
    later = NOW + timedelta(hours=1)
    edits.add(home, "organization", organization("Forged"), later)
    edits.add(home, "organization", organization("Forged secret"), later, circle="partners")
    publish.publish(home, later)
    add(home, "Forged draft")
    close = Closing(Position(1, 1), {"partners": Position(1, 1)})
    assert len(recovery.later(home, close)) == 3
    with pytest.raises(UsageError, match="circle partners") as asked:
        recovery.recover(home, seeds_of(home), Closing(Position(1, 1)), "all", later)
    assert asked.value.hint is not None and "--closes partners=1.1" in asked.value.hint  # by the dates of the editions
    recovery.recover(home, seeds_of(home), close, "all", later)
    closes = first_line(home, "partners").closes
    assert (closes.epoch, closes.size, closes.edition) == (1, 1, 1)
    assert position(home, "partners") == "2.2"
    publish.publish(home, later)
    assert set(mine(home)) == {alpha} and problems(home) == []
    with home.store.reading() as db:
        bodies = [row[0] for row in db.execute("SELECT body FROM record WHERE body IS NOT NULL").fetchall()]
        assert edits.find(db, home, kept).circle == "partners"
        assert drafts.circles_with_drafts(db) == []
    assert len(bodies) == 2 and not any(b"Forged" in body for body in bodies)


def test_an_erasure_that_was_forged_here_is_undone_as_far_as_it_can_be(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha", "Beta")
    alpha, _ = sorted(mine(home), key=lambda handle: b"Beta" in mine(home)[handle])
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(alpha, "public", "erase", None)], NOW)
    publish.publish(home, NOW)
    assert own(home).erased == 1
    (gone,) = recovery.later(home, Closing(Position(1, 1)))
    assert (gone.action, gone.handle, gone.signed) == ("erase", None, True)
    recovery.recover(home, seeds_of(home), Closing(Position(1, 1)), [alpha], NOW)
    assert own(home).erased == 0 and len(mine(home)) == 1  # no tombstone stands in the way of adding it again
    assert problems(home) == []


def test_tombstones_of_the_network_itself_persist_across_epochs(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha", "Beta")
    alpha, _ = mine(home)
    with home.store.writing() as db:
        drafts.save(db, [drafts.Draft(alpha, "public", "erase", None)], NOW)
    publish.publish(home, NOW)
    rotated(home)
    assert own(home).erased == 1 and problems(home) == []


@pytest.mark.parametrize("wanted", ["1.3", "2.1", "3.2", "0.0", "1.999999"])
def test_a_position_that_is_not_there_is_not_closed_at(nodes: Nodes, wanted: str) -> None:
    home = nodes.home("Origin", "Alpha")
    published(home, "Beta")
    if wanted == "2.1":
        rotated(home)
    before = home.network.identity
    with pytest.raises(UsageError):
        recovery.recover(home, seeds_of(home), Closing(wire.parse_position(wanted)), [], NOW)
    assert home.network.identity == before and not publish.unfinished(home)


def test_a_circle_is_closed_where_a_person_says(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    for word in ("One", "Two", "Three"):
        restricted(home, word)
    for circles in ({"partners": Position(1, 4)}, {"partners": Position(2, 1)}, {"other": None}):
        with pytest.raises(FednetError):
            recovery.recover(home, seeds_of(home), Closing(None, circles), [], NOW)
    with pytest.raises(UsageError, match="2 changes came after"):
        recovery.recover(home, seeds_of(home), Closing(None, {"partners": Position(1, 1)}), None, NOW)
    recovery.recover(home, seeds_of(home), Closing(None, {"partners": Position(1, 1)}), [], NOW)
    assert (position(home), position(home, "partners")) == ("2.2", "2.2") and problems(home) == []
    assert own(home, "partners").records == 3


def test_a_record_that_is_not_ours_is_not_forged(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    with pytest.raises(NotFoundError):
        recovery.recover(home, seeds_of(home), Closing(), [edits.new_handle()], NOW)
    assert position(home) == "1.1" and not publish.unfinished(home)


def test_an_epoch_can_be_closed_before_its_first_edition(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    rotated(origin)
    published(origin, "Forged")
    synced(follower)
    done = recovery.recover(origin, seeds_of(origin), Closing(Position(2, 1)), "all", NOW)
    assert (done.closes, done.position) == ("2.1", "3.2")
    for _ in range(2):
        assert synced(follower).verified
    assert len(mine(origin)) == 1 and same_view(follower, origin, origin)
    assert problems(origin) == problems(follower) == []


def test_a_damaged_log_is_not_signed_into_a_statement(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    published(home, "Beta")
    with home.store.writing() as db:
        db.execute("UPDATE leaf SET hash = zeroblob(32) WHERE position = 0")
    with pytest.raises(FednetError, match="damaged"):
        recovery.recover(home, seeds_of(home), Closing(Position(1, 1)), [], NOW)
    assert len(home.network.identity.statements) == 1


# --- recovery of a copied, restored or robbed home


def test_a_restored_home_that_nobody_has_newer_goes_on_in_a_new_epoch(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Origin", "Alpha")
    follower = nodes.home("Follower")
    copied(home, tmp_path / "old.db")
    published(home, "Lost")
    heartbeat(home)
    pin(follower, home, nodes.served(home).url)
    synced(follower)
    newest = public(home, home.network).followed.frontier
    home = rolled_back(nodes, home, tmp_path / "old.db")
    add(home, "Beta")
    with pytest.raises(RollbackError):
        publish.publish(home, NOW)
    with pytest.raises(RollbackError):
        rotated(home)
    assert not publish.unfinished(home)
    done = recovery.recover(home, seeds_of(home), Closing(), None, NOW)
    assert (done.closes, done.position) == ("1.3", "2.4")  # the mark knows what was signed
    closes = home.network.identity.current.closes
    assert closes is not None and closes.root == base64_text(newest.root)
    publish.publish(home, NOW)
    assert problems(home) == [] and len(mine(home)) == 2
    with follower.store.writing() as db:
        db.execute("UPDATE source SET url = ?", (nodes.served(home).url,))
    assert synced(follower).verified and same_view(follower, home, home)


def test_a_copied_home_recovers_where_it_is(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Origin", "Alpha")
    copied(home, tmp_path / "unused.db")
    shutil.copytree(home.path, tmp_path / "copy")
    twin = Home(tmp_path / "copy")
    with pytest.raises(RollbackError, match="copied"):
        epochs.rotate(twin, seeds_of(home), NOW)
    assert not publish.unfinished(twin)
    recovery.recover(twin, seeds_of(home), Closing(), None, NOW)
    published(twin, "Beta")
    assert position(twin) == "2.3" and problems(twin) == []
    twin.close()


def test_a_home_without_keys_and_mark_recovers_with_the_paper_alone(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    (home.path / keys.KEYS).unlink()
    home.mark.path.unlink()
    add(home, "Beta")
    with pytest.raises(FednetError):
        publish.publish(home, NOW)
    recovery.recover(home, seeds_of(home), Closing(), None, NOW)
    publish.publish(home, NOW)
    assert len(mine(home)) == 2 and problems(home) == []


def test_a_database_older_than_its_statements_makes_no_second_one(nodes: Nodes, tmp_path: Path) -> None:
    home = nodes.home("Origin", "Alpha")
    copied(home, tmp_path / "old.db")
    rotated(home)
    home = rolled_back(nodes, home, tmp_path / "old.db")
    for act in (
        lambda: rotated(home),
        lambda: recovery.recover(home, seeds_of(home), Closing(), None, NOW),
        lambda: changed(home, nodes.directory / "new.txt"),
    ):
        with pytest.raises(RollbackError):
            act()
    assert len(home.network.identity.statements) == 1 and not publish.unfinished(home)
    assert not (nodes.directory / "new.txt").exists()


def test_without_the_keys_that_were_laid_ready_nothing_is_signed(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    home = nodes.home("Origin", "Alpha")
    with monkeypatch.context() as breaking:
        breaking.setattr(publish, "_publish_statement", crash)
        with pytest.raises(CrashError):
            rotated(home)
    (home.path / keys.NEXT).rename(home.path / "aside")
    with pytest.raises(FednetError, match="does not hold the keys"):
        publish.publish(home, NOW)
    assert position(home) == "1.1"
    (home.path / "aside").rename(home.path / keys.NEXT)
    publish.publish(home, NOW)
    assert position(home) == "2.2"


def test_a_home_copied_while_it_opens_an_epoch_does_not_open_it_twice(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    with monkeypatch.context() as breaking:
        breaking.setattr(publish, "_publish_statement", crash)
        with pytest.raises(CrashError):
            rotated(home)
    with home.store.emptied():
        shutil.copytree(home.path, nodes.directory / "copy")
    twin = Home(nodes.directory / "copy")
    add(twin, "Beta")
    with pytest.raises(RollbackError, match="copied"):
        publish.publish(twin, NOW)
    assert position(twin) == "1.1"
    twin.close()
    publish.publish(home, NOW)
    assert position(home) == "2.2"


# --- recovery keys


def changed(home: Home, out: Path, *, total: int = 1, threshold: int = 1) -> tuple[Path, ...]:
    return epochs.change_recovery(
        home, seeds_of(home), out, recovery_keys=total, threshold=threshold, now=NOW
    )  # fmt: skip


def test_new_recovery_keys_keep_the_epoch_and_end_the_old_ones(nodes: Nodes) -> None:
    origin, _, follower = nodes.pair("Alpha")
    synced(follower)
    old = seeds_of(origin)
    texts = changed(origin, nodes.directory / "new.txt", total=3, threshold=2)
    current = origin.network.identity.current
    assert (current.sequence, current.epoch, current.threshold) == (1, 1, 2) and position(origin) == "1.1"
    fresh = [keys.read_recovery(text)[0] for text in texts]
    assert current.recovery_keys == tuple(base64_text(ed25519.public_key(seed)) for seed in fresh)
    published(origin, "Beta")
    assert synced(follower).verified
    with pytest.raises(UsageError, match="must sign"):
        epochs.rotate(origin, old, NOW)
    epochs.rotate(origin, fresh[:2], NOW)
    assert synced(follower).verified and same_view(follower, origin, origin)
    assert held(follower, origin).network.identity == origin.network.identity


def test_sheets_of_recovery_keys_that_were_not_decided_on_are_destroyed(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    with monkeypatch.context() as breaking:
        breaking.setattr(publish, "state", crash)
        with pytest.raises(CrashError):
            changed(home, nodes.directory / "new.txt")
    assert not list(nodes.directory.glob("new*"))
    with monkeypatch.context() as breaking:
        breaking.setattr(publish, "_publish_statement", crash)
        with pytest.raises(CrashError):
            changed(home, nodes.directory / "new.txt")
    assert (nodes.directory / "new.txt").exists()
    publish.publish(home, NOW)
    (seed,) = keys.read_recovery(nodes.directory / "new.txt")
    assert home.network.identity.current.recovery_keys == (base64_text(ed25519.public_key(seed)),)


def test_an_edition_that_is_prepared_is_not_disturbed_by_new_recovery_keys(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    add(home, "Beta")
    with monkeypatch.context() as breaking:
        breaking.setattr(Mark, "advance", crash)
        with pytest.raises(CrashError):
            publish.publish(home, NOW)
    changed(home, nodes.directory / "new.txt")
    assert position(home) == "1.1"
    publish.publish(home, NOW)
    assert position(home) == "1.2" and problems(home) == []


def test_a_renamed_copy_of_the_current_statement_is_all_that_a_rotation_changes(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    before = home.network.identity.current
    rotated(home)
    after = home.network.identity.current
    kept = {"name", "recovery_keys", "threshold"}
    for field in msgspec.structs.fields(type(before)):
        same = getattr(before, field.name) == getattr(after, field.name)
        assert same == (field.name in kept), field.name


def test_many_records_cross_into_a_new_epoch_at_once(nodes: Nodes) -> None:
    home = nodes.home("Origin")
    add_many(home, 600)
    publish.publish(home, NOW)
    follower = nodes.home("Follower")
    pin(follower, home, nodes.served(home).url)
    synced(follower)
    forged = add_many(home, 50, "Forged")
    publish.publish(home, NOW)
    synced(follower)
    recovery.recover(home, seeds_of(home), Closing(Position(1, 1)), forged, NOW)
    synced(follower)
    assert len(mine(home)) == 600 and same_view(follower, home, home) and problems(follower) == []


def test_a_restored_node_lists_nothing_again_before_somebody_was_asked(nodes: Nodes) -> None:
    home = nodes.home("Origin", "Alpha")
    epoch = home.network.identity.epoch
    home.mark.put_stopped(Stopped("restored", epoch, "put back from a backup"))
    with pytest.raises(RollbackError, match="erased or withdrawn since would be listed again"):
        recovery.recover(home, seeds_of(home), Closing(), None, NOW)
    assert home.network.identity.epoch == epoch
    recovery.recover(home, seeds_of(home), Closing(), None, NOW, as_restored=True)
    assert home.network.identity.epoch == epoch + 1


def test_a_database_of_the_midst_of_a_rotation_finds_its_keys_in_their_place(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = nodes.home("Origin", "Alpha")
    with monkeypatch.context() as breaking, pytest.raises(CrashError):
        breaking.setattr(publish, "_publish_statement", crash)
        epochs.rotate(home, seeds_of(home), NOW)
    copied(home, tmp_path / "midst.db")
    publish.publish(home, NOW)
    home = rolled_back(nodes, home, tmp_path / "midst.db")
    publish.publish(home, NOW)
    assert home.network.identity.epoch == 2 and problems(home) == []
