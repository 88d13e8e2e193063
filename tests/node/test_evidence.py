"""What becomes of evidence: it is kept, it freezes whom it must, and a person, or a new epoch, ends that."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from fednet.directory.networks import networks
from fednet.directory.search import PUBLIC
from fednet.errors import (
    IdentityForkError,
    NotFoundError,
    ProofError,
    RollbackError,
    SignatureError,
    SplitViewError,
    UsageError,
)
from fednet.feed import evidence as proofs
from fednet.feed.identity import Identity
from fednet.feed.note import Signature
from fednet.feed.tlog import EMPTY_ROOT
from fednet.node import evidence
from fednet.node.accept import accept, accept_identity, learn_identity
from fednet.node.home import Home
from fednet.store import evidence as held_evidence
from fednet.store import feeds, witnesses
from fednet.store.evidence import Held
from fednet.store.feeds import Feed
from tests.feed.network import Network, witness
from tests.feed.test_evidence import forked, forks, grown, split
from tests.node.nodes import NOW, Nodes

SIZE = 4
replace = msgspec.structs.replace


class Follower(NamedTuple):
    """A node that holds a network's log as it was at `SIZE`."""

    home: Home
    network: Network

    @property
    def pinned(self) -> feeds.Network:
        with self.home.store.reading() as db:
            return next(n for n in feeds.networks(db) if not n.own)

    @property
    def feed(self) -> Feed:
        with self.home.store.reading() as db:
            found = feeds.feed(db, self.pinned, "public")
        assert found is not None
        return found

    def keep(self, found: proofs.Evidence) -> bool:
        with self.home.store.writing() as db:
            return evidence.keep(db, self.pinned, found, NOW)

    def learn(self, identity: Identity) -> feeds.Network:
        with self.home.store.writing() as db:
            return accept_identity(db, self.pinned, identity, NOW)

    def read(self, network: Network) -> None:
        """Take what one face of the network answers to `changes`."""
        with self.home.store.writing() as db:
            feed = feeds.open_feed(db, self.pinned, "public")
            accept(db, feed, network.identity, network.answer(feed.followed), NOW, None)

    def frozen(self, circle: str) -> str | None:
        with self.home.store.reading() as db:
            return evidence.freeze_of(db, self.pinned, circle)

    @property
    def held(self) -> list[Held]:
        with self.home.store.reading() as db:
            return held_evidence.evidence(db, self.network.id)


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Follower]:
    with Nodes(tmp_path) as nodes:
        home, network = nodes.home("Follower"), grown(SIZE)
        with home.store.writing() as db:
            feed = feeds.open_feed(db, feeds.pin(db, network.identity, NOW), "public")
            accept(db, feed, network.identity, network.answer(feed.followed), NOW, None)
        yield Follower(home, network)


# --- keeping and freezing


def test_a_split_view_is_kept_and_freezes(follower: Follower):
    assert follower.keep(split(follower.network, forked(follower.network, 1)))
    assert follower.pinned.frozen == "split-view"
    assert proofs.check(proofs.parse_evidence(follower.held[0].file)).network == follower.network.id


def test_of_one_epoch_one_file_is_kept(follower: Follower):
    for at in range(SIZE):
        follower.keep(split(follower.network, forked(follower.network, at)))
    assert len(follower.held) == 1


def test_what_proves_nothing_is_not_kept(follower: Follower):
    network = follower.network
    made = split(network, forked(network, 1))
    same = proofs.SplitView(network.identity, "public", 1, (network.checkpoint(2), network.checkpoint()), ())
    for nothing in (same, proofs.SplitView(made.identity, "public", 1, (made.checkpoints[0],) * 2)):
        with pytest.raises(ProofError):
            follower.keep(nothing)
    stranger = Network("Stranger")
    stranger.publish(stranger.put(1))
    with pytest.raises(UsageError):
        follower.keep(split(stranger, forked(stranger, 0)))
    assert follower.held == []
    assert follower.pinned.frozen is None


def test_every_checkpoint_that_somebody_shows_is_weighed(follower: Follower):
    network, other = follower.network, forked(follower.network, 1)
    longer = deepcopy(other)
    longer.publish(longer.put(9))
    with follower.home.store.reading() as db:
        for size in range(SIZE + 1):
            assert evidence.contradiction(db, follower.feed, network.checkpoint(size)) is None
        agreed = [evidence.contradiction(db, follower.feed, other.checkpoint(size)) is None for size in range(SIZE + 1)]
        assert agreed == [True, True, False, False, False]
        assert evidence.contradiction(db, follower.feed, longer.checkpoint()) is None  # nobody showed its first leaves
        network.publish(network.put(9))
        assert evidence.contradiction(db, follower.feed, network.checkpoint()) is None


def test_evidence_outlives_the_network_that_is_let_go_of(follower: Follower):
    follower.keep(split(follower.network, forked(follower.network, 1)))
    with follower.home.store.writing() as db:
        feeds.remove(db, follower.pinned)
        assert len(held_evidence.evidence(db)) == 1
        again = feeds.pin(db, follower.network.identity, NOW)
        evidence.freeze_undecided(db, again)
        assert feeds.again(db, again).frozen == "split-view"


def test_evidence_about_a_restricted_circle_stops_that_circle_alone_and_nobody_sees_it(follower: Follower):
    one = Network(follower.network.name, circle="board")
    for number in range(SIZE):
        one.publish(one.put(number))
    assert one.id == follower.network.id
    assert follower.keep(split(one, forked(one, 1)))
    assert follower.frozen("board") == "split-view"
    assert follower.frozen("public") is follower.frozen("partners") is follower.pinned.frozen is None
    (shown,) = (known for known in networks(follower.home.store, PUBLIC, NOW) if not known.own)
    assert shown.frozen is None
    evidence.resolve(follower.home, follower.pinned, None, NOW)
    assert follower.frozen("board") is None


def test_evidence_is_kept_without_reading_what_is_held(follower: Follower, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evidence, "parse_evidence", None)
    monkeypatch.setattr(held_evidence, "evidence", None)
    assert follower.keep(split(follower.network, forked(follower.network, 1)))
    assert not follower.keep(split(follower.network, forked(follower.network, 2)))
    one, other = forks()
    assert follower.keep(proofs.identity_fork(one.identity, other.identity))
    assert follower.pinned.frozen == "identity-fork"


def test_of_what_freezes_nothing_anew_so_much_is_kept_and_no_more(follower: Follower, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evidence, "MAX_KEPT", 2)
    for circle, kept in (("a", True), ("b", True), ("c", False)):
        one = Network(follower.network.name, circle=circle)
        for number in range(SIZE):
            one.publish(one.put(number))
        assert follower.keep(split(one, forked(one, 1))) is kept
    assert follower.keep(split(follower.network, forked(follower.network, 1)))
    assert follower.pinned.frozen == "split-view"
    one, other = forks()
    assert not follower.keep(proofs.identity_fork(one.identity, other.identity))  # it is frozen already


# --- epochs


def test_a_new_epoch_ends_a_split_view(follower: Follower):
    follower.keep(split(follower.network, forked(follower.network, 1)))
    follower.network.open_epoch()
    assert follower.learn(follower.network.identity).frozen is None
    assert follower.pinned.frozen is None
    assert follower.held[0].verdict == "the network has opened epoch 2"


def test_a_key_that_is_out_of_office_freezes_nobody(follower: Follower):
    old = split(follower.network, forked(follower.network, 1))
    follower.network.open_epoch()
    follower.learn(follower.network.identity)
    assert follower.keep(old)
    assert follower.pinned.frozen is None


def test_a_new_name_ends_nothing(follower: Follower):
    follower.keep(split(follower.network, forked(follower.network, 1)))
    _, renamed = forks()
    assert renamed.id == follower.network.id
    assert follower.learn(renamed.identity).frozen == "split-view"


@pytest.mark.parametrize("close", range(SIZE + 1))
def test_a_close_that_contradicts_the_log_is_told_and_obeyed(follower: Follower, close: int):
    other = forked(follower.network, 1)
    other.open_epoch(close)
    assert follower.learn(other.identity).frozen is None
    kinds = [one.kind for one in follower.held]
    assert kinds == (["broken-close"] if close >= 2 else [])
    assert (follower.feed.followed.epoch, follower.feed.visible) == (2, False)


@pytest.mark.parametrize("close", range(SIZE + 1))
def test_an_honest_close_is_no_evidence(follower: Follower, close: int):
    follower.network.open_epoch(close)
    follower.learn(follower.network.identity)
    assert follower.held == []


# --- forks of identity


def test_two_second_statements_freeze_the_network_and_leave_the_first_chain(follower: Follower):
    one, other = forks()
    follower.learn(one.identity)
    with pytest.raises(IdentityForkError):
        learn_identity(follower.home.store, follower.pinned, other.identity, NOW)
    assert follower.pinned.frozen == "identity-fork"
    assert follower.pinned.identity == one.identity
    assert [held.kind for held in follower.held] == ["identity-fork"]


def test_a_fork_is_not_ended_by_more_statements(follower: Follower):
    one, other = forks()
    follower.learn(one.identity)
    follower.keep(proofs.identity_fork(one.identity, other.identity))
    one.publish()
    one.open_epoch()
    assert follower.learn(one.identity).frozen == "identity-fork"


def test_a_fork_outweighs_a_split_view(follower: Follower):
    follower.keep(split(follower.network, forked(follower.network, 1)))
    one, other = forks()
    follower.keep(proofs.identity_fork(one.identity, other.identity))
    assert follower.pinned.frozen == "identity-fork"
    follower.network.open_epoch()
    assert follower.pinned.frozen == "identity-fork"


# --- decisions


def test_keeping_goes_on_with_what_is_held_and_the_same_evidence_freezes_no_more(follower: Follower):
    found = split(follower.network, forked(follower.network, 1))
    follower.keep(found)
    evidence.resolve(follower.home, follower.pinned, None, NOW)
    assert follower.pinned.frozen is None
    assert follower.feed.followed.frontier.size == SIZE
    assert not follower.keep(found)
    assert not follower.keep(split(follower.network, forked(follower.network, 3)))
    assert follower.pinned.frozen is None
    assert follower.held[0].verdict == "went on with what is held here"


def test_the_side_that_is_held_is_known(follower: Follower):
    other = forked(follower.network, 1)
    found = split(follower.network, other)
    with follower.home.store.reading() as db:
        assert evidence.held_side(db, follower.pinned, found) == follower.network.root().hex()
    assert set(evidence.sides(found)) == {follower.network.root().hex(), other.root().hex()}


def test_the_other_side_of_a_split_view_is_read_anew(follower: Follower):
    other = forked(follower.network, 1)
    follower.keep(split(follower.network, other))
    evidence.resolve(follower.home, follower.pinned, other.root().hex()[:16], NOW)
    assert follower.pinned.frozen is None
    feed = follower.feed
    assert (feed.visible, feed.followed.frontier.root) == (False, EMPTY_ROOT)


def test_the_side_that_is_held_is_not_read_anew(follower: Follower):
    follower.keep(split(follower.network, forked(follower.network, 1)))
    evidence.resolve(follower.home, follower.pinned, follower.network.root().hex()[:16], NOW)
    assert follower.feed.followed.frontier.size == SIZE


@pytest.mark.parametrize("longer", [0, 3])
def test_after_a_side_was_accepted_only_a_log_that_contains_it_is_taken(follower: Follower, longer: int):
    other = forked(follower.network, 1)
    for number in range(longer):
        other.publish(other.put(10 + number))
    follower.keep(split(follower.network, other))
    evidence.resolve(follower.home, follower.pinned, other.root().hex()[:16], NOW)
    with pytest.raises(RollbackError if longer else SplitViewError):
        follower.read(follower.network)
    for number in range(longer):
        follower.network.publish(follower.network.put(10 + number))
    with pytest.raises(SplitViewError):
        follower.read(follower.network)
    assert not follower.feed.visible
    follower.read(other)
    other.publish(other.put(20))
    follower.read(other)
    assert follower.feed.followed.frontier.root == other.root()


def test_an_accepted_side_may_be_a_part_of_what_is_read(follower: Follower):
    other = forked(follower.network, 1)
    follower.keep(split(follower.network, other))
    evidence.resolve(follower.home, follower.pinned, other.root().hex()[:16], NOW)
    other.publish(other.put(20))
    follower.read(other)
    assert follower.feed.followed.frontier.root == other.root()


def test_a_new_epoch_outranks_the_side_that_was_accepted(follower: Follower):
    other = forked(follower.network, 1)
    follower.keep(split(follower.network, other))
    evidence.resolve(follower.home, follower.pinned, other.root().hex()[:16], NOW)
    follower.network.open_epoch()
    follower.network.publish(follower.network.put(20))
    follower.learn(follower.network.identity)
    follower.read(follower.network)
    assert follower.feed.followed.position.epoch == 2


@pytest.mark.parametrize("side", ["one", "other"])
def test_of_a_fork_the_chosen_chain_is_pinned(follower: Follower, side: str):
    one, other = forks()
    follower.learn(one.identity)
    follower.keep(proofs.identity_fork(one.identity, other.identity))
    chosen = one.identity if side == "one" else other.identity
    evidence.resolve(follower.home, follower.pinned, chosen.current.digest[:16], NOW)
    assert follower.pinned.frozen is None
    assert follower.pinned.identity.current == chosen.current
    with pytest.raises(IdentityForkError):  # the other one is refused from then on, and freezes no more
        learn_identity(follower.home.store, follower.pinned, (other if side == "one" else one).identity, NOW)
    assert follower.pinned.frozen is None


def test_a_decision_names_a_side(follower: Follower):
    with pytest.raises(NotFoundError):
        evidence.resolve(follower.home, follower.pinned, None, NOW)
    follower.keep(split(follower.network, forked(follower.network, 1)))
    for side in ("", "0", "00000000", "f" * 64, "nonsense"):
        with pytest.raises(UsageError):
            evidence.resolve(follower.home, follower.pinned, side, NOW)
    assert follower.pinned.frozen == "split-view"


# --- witnesses that are known


def test_a_false_cosignature_by_a_known_witness_refuses_the_checkpoint(follower: Follower):
    policy = f"witness w {witness().verifier.vkey}\nquorum w\n".encode()
    with follower.home.store.writing() as db:
        witnesses.set_policy(db, follower.pinned, policy)
    network = follower.network
    network.publish(network.put(7))
    answer = network.answer(follower.feed.followed)
    good = network.checkpoint(None, witness())
    false = Signature(witness().name, witness().verifier.id, bytes(72))
    bad = replace(answer, checkpoint=answer.checkpoint.with_signatures([false]))
    with follower.home.store.writing() as db, pytest.raises(SignatureError):
        accept(db, follower.feed, network.identity, bad, NOW, None)
    with follower.home.store.writing() as db:
        accept(db, follower.feed, network.identity, replace(answer, checkpoint=good), NOW, None)
    assert follower.feed.witnessed == SIZE + 1


def test_a_quorum_that_is_missing_delays_the_mark_and_nothing_else(follower: Follower):
    one, two = witness("one"), witness("two")
    policy = f"witness a {one.verifier.vkey}\nwitness b {two.verifier.vkey}\ngroup g 2 a b\nquorum g\n".encode()
    with follower.home.store.writing() as db:
        witnesses.set_policy(db, follower.pinned, policy)
    network = follower.network
    network.publish(network.put(7))
    for cosigners, witnessed in (((one,), None), ((two,), SIZE + 1), ((), SIZE + 1)):  # they add up
        answer = replace(network.answer(follower.feed.followed), checkpoint=network.checkpoint(None, *cosigners))
        with follower.home.store.writing() as db:
            accept(db, follower.feed, network.identity, answer, NOW, None)
        assert follower.feed.followed.frontier.size == SIZE + 1
        assert follower.feed.witnessed == witnessed
