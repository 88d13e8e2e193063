"""What may advance a follower, and everything that may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import (
    FednetError,
    IdentityError,
    LimitError,
    MalformedError,
    ProofError,
    RefusedError,
    RollbackError,
    SignatureError,
    SplitViewError,
    StateMismatchError,
)
from fednet.feed import note, tlog, tree, wire
from fednet.feed.edition import Closes, edition
from fednet.feed.follow import Followed, Step, advance, begin
from fednet.feed.identity import parse_identity
from fednet.feed.record import Drop
from fednet.feed.text import base64_text
from tests.feed import law
from tests.feed.network import BEGAN, Network, applied, seed, witness

replace = msgspec.structs.replace


class Follower:
    """A follower with a state of its own: what it holds moves only through `advance` and `confirmed`."""

    def __init__(self, network: Network) -> None:
        self.followed = network.start()
        self.pages: dict[str, bytes] = {}
        self.held: dict[bytes, Any] = {}

    def take(self, network: Network, raw: bytes) -> Step:
        step = advance(self.followed, network.identity, wire.parse_answer(raw))
        if step.after.edition is None:
            self.followed = step.after
            return step
        answer = wire.parse_answer(raw)
        pages, held = dict(self.pages), dict(self.held)
        root = applied(pages, answer.changes)
        for change in answer.changes:
            held.pop(change.key, None)
            if not isinstance(change, Drop):
                held[change.key] = change
        erased = sum(change.commitment == network.feed.erased(change.key) for change in held.values())
        self.followed = step.confirmed(tree.root_hash(root), len(held) - erased, erased)
        self.pages, self.held = pages, held
        return step

    def sync(self, network: Network, **how: Any) -> Step:
        return self.take(network, network.answer(self.followed, **how).encoded)


def published(editions: int = 3, **how: Any) -> Network:
    network = Network(**how)
    for i in range(editions):
        network.publish(*(network.put(j) for j in range(10 * i, 10 * i + 10)))
    return network


def caught_up(network: Network) -> Follower:
    follower = Follower(network)
    follower.sync(network)
    return follower


# --- what advances


def test_a_first_answer_gives_the_signed_set():
    network = published()
    follower = Follower(network)
    step = follower.sync(network)
    assert follower.held == network.held and follower.pages == network.pages
    assert follower.followed.position == wire.Position(1, 3)
    assert follower.followed.frontier.root == network.root()
    assert step.leaves == tuple(network.leaves) and step.lines == dict(enumerate(network.lines))


edits = st.lists(
    st.lists(st.tuples(st.sampled_from(["put", "erase", "drop"]), st.integers(0, 12)), max_size=6), max_size=4
)


@law
@given(st.lists(st.tuples(edits, st.booleans(), st.booleans()), min_size=1, max_size=4))
def test_whatever_is_published_a_follower_ends_with_the_same_set(rounds: list[tuple[Any, bool, bool]]):
    network = Network()
    follower = Follower(network)
    version = 0
    for editions, skip, opens in rounds:
        for changes in editions:
            version += 1
            made = {number: word for word, number in changes}
            network.publish(
                *(network.put(n, version) if w == "put" else getattr(network, w)(n) for n, w in made.items())
            )
        if opens and network.lines:
            network.open_epoch()
            network.publish()
        if network.lines:
            follower.sync(network, skip=skip)
            assert follower.held == network.held and follower.pages == network.pages
            assert follower.followed.frontier.root == network.root()


def test_an_answer_that_skips_editions_leads_to_the_same_place():
    network = published(1)
    short, long = caught_up(network), caught_up(network)
    for i in range(9):
        network.publish(network.put(i, 2))
    short.sync(network, skip=True)
    long.sync(network)
    assert short.followed == long.followed and short.held == long.held


def test_more_editions_than_an_answer_carries_are_skipped():
    network = published(1)
    follower = caught_up(network)
    for _ in range(wire.MAX_EDITION_LINES + 1):
        network.publish()
    with pytest.raises(LimitError):
        follower.sync(network)
    follower.sync(network, skip=True)
    assert follower.followed.position == wire.Position(1, wire.MAX_EDITION_LINES + 2)


def test_an_answer_without_news_changes_only_the_cosignatures():
    network = published()
    follower = caught_up(network)
    before = follower.followed
    answer = replace(network.answer(before), checkpoint=network.checkpoint(None, witness()))
    follower.take(network, answer.encoded)
    assert replace(follower.followed, checkpoint=before.checkpoint) == before
    assert len(follower.followed.checkpoint.signatures) == 2


def test_a_log_of_size_0_lists_nothing():
    network = Network()
    follower = Follower(network)
    step = follower.sync(network)
    assert step.after.position == wire.BEGINNING and step.leaves == ()
    with pytest.raises(StateMismatchError):
        step.confirmed(bytes(32), 0, 0)


def test_an_expired_edition_is_shown_as_such_and_not_refused():
    followed = caught_up(published()).followed
    assert followed.edition is not None
    assert not followed.expired(followed.edition.expires_at - timedelta(seconds=1))
    assert followed.expired(followed.edition.expires_at)
    assert not published().start().expired(BEGAN)


# --- the static way agrees


@law
@given(st.integers(1, 12), st.integers(0, 12))
def test_static_resources_lead_where_answers_lead(first: int, more: int):
    network = Network()
    for i in range(first):
        network.publish(network.put(i))
    follower = caught_up(network)
    for i in range(more):
        network.publish(network.put(i, 2))
    args = (network.identity, "public", 1, network.checkpoint(), network.leaves, network.lines[0], network.lines[-1])
    fresh, held = begin(*args), begin(*args, held=follower.followed)
    follower.sync(network)
    assert fresh.after == held.after == follower.followed
    assert fresh.leaves == network.leaves and held.leaves == network.leaves[first:]


def test_static_resources_of_an_empty_log():
    network = Network()
    step = begin(network.identity, "public", 1, network.checkpoint(), [], b"", b"")
    assert step.after.position == wire.BEGINNING


@pytest.mark.parametrize(
    "change, error",
    [
        ({"leaves": []}, MalformedError),
        ({"leaves": "fewer"}, MalformedError),
        ({"leaves": "other"}, SplitViewError),
        ({"first": b"{}"}, SplitViewError),
        ({"newest": b"{}"}, SplitViewError),
        ({"epoch": 2}, IdentityError),
        ({"circle": "partners"}, SignatureError),
    ],
)
def test_static_resources_that_do_not_fit_are_refused(change: dict[str, Any], error: type[FednetError]):
    network = published()
    leaves = {"fewer": network.leaves[:-1], "other": [*network.leaves[:-1], seed("x")]}
    given = {"circle": "public", "epoch": 1, "leaves": network.leaves, "first": network.lines[0],
             "newest": network.lines[-1], **change}  # fmt: skip
    given["leaves"] = leaves.get(str(given["leaves"]), given["leaves"])
    with pytest.raises(error):
        begin(network.identity, note=network.checkpoint(), **given)


def test_static_resources_do_not_roll_back_or_rewrite():
    network, fork = published(), published(2)
    follower = caught_up(network)
    fork.publish(fork.put(99))
    old = (network.identity, "public", 1, network.checkpoint(2), network.leaves[:2], network.lines[0], network.lines[1])
    with pytest.raises(RollbackError):
        begin(*old, held=follower.followed)
    for grown in (False, True):
        if grown:
            fork.publish(fork.put(98))
        other = (fork.identity, "public", 1, fork.checkpoint(), fork.leaves, fork.lines[0], fork.lines[-1])
        with pytest.raises(SplitViewError):
            begin(*other, held=follower.followed)


def signed_lines(network: Network, *lines: bytes) -> Network:
    network.lines = list(lines)
    return network


@pytest.mark.parametrize("index", [0, 1])
def test_an_epoch_1_edition_that_closes_something_is_refused_either_way(index: int):
    network = published(2)
    closing = edition(index + 1, BEGAN, 0, 0, bytes(32), Closes(0, 0, base64_text(tlog.EMPTY_ROOT), 0)).line
    network.lines[index] = closing
    with pytest.raises(RefusedError, match="closes"):
        advance(network.start(), network.identity, network.answer(network.start()))
    with pytest.raises(RefusedError, match="closes"):
        begin(network.identity, "public", 1, network.checkpoint(), network.leaves, network.lines[0], network.lines[-1])


# --- what does not advance


def refused(error: type[FednetError], follower: Follower, network: Network, answer: wire.Answer) -> None:
    before = follower.followed
    with pytest.raises(error) as caught:
        follower.take(network, answer.encoded)
    assert type(caught.value) is error
    assert follower.followed == before


def test_an_older_size_is_a_rollback():
    network = published()
    follower = caught_up(network)
    refused(
        RollbackError, follower, network, replace(network.answer(follower.followed), checkpoint=network.checkpoint(2))
    )


def test_the_same_size_with_another_root_is_a_split_view():
    network, fork = published(), published(2)
    follower = caught_up(network)
    fork.publish(fork.put(99))
    refused(SplitViewError, follower, network, fork.answer(follower.followed))


def test_a_longer_log_with_another_past_is_a_split_view():
    network, fork = published(), published(2)
    follower = caught_up(network)
    fork.publish(fork.put(98))
    fork.publish(fork.put(99))
    for skip in (False, True):
        refused(SplitViewError, follower, network, fork.answer(follower.followed, skip=skip))


def test_a_checkpoint_of_another_log_is_no_signature():
    network = published()
    follower = Follower(network)
    for other in (published(name="Other"), published(circle="partners")):
        answer = replace(network.answer(follower.followed), checkpoint=other.checkpoint())
        refused(SignatureError, follower, network, answer)


def test_a_log_key_that_signs_another_origin_is_no_signature():
    network = published()
    text = network.checkpoint().text.replace(b"/public/", b"/partners/")
    answer = replace(network.answer(network.start()), checkpoint=note.sign(text, network.signer))
    refused(SignatureError, Follower(network), network, answer)


def test_an_answer_to_another_question_is_malformed():
    network = published()
    follower = caught_up(network)
    network.publish(network.put(1, 2))
    answer = network.answer(follower.followed)
    for wrong in ({"network": "a" * 32}, {"circle": "partners"}, {"since": wire.Position(1, 2)}):
        refused(MalformedError, follower, network, replace(answer, **wrong))


def test_an_epoch_that_no_statement_opens_is_refused():
    network = published()
    for epoch in (0, 2, 10**18):
        refused(IdentityError, Follower(network), network, replace(network.answer(network.start()), epoch=epoch))


def test_a_failing_cosignature_of_a_known_witness_refuses_the_answer():
    network = published()
    checkpoint = network.checkpoint()
    bad = note.Signature(witness().name, witness().verifier.id, bytes(72))
    answer = replace(network.answer(network.start()), checkpoint=checkpoint.with_signatures([bad]))
    assert advance(network.start(), network.identity, answer)
    with pytest.raises(SignatureError):
        advance(network.start(), network.identity, answer, [witness().verifier])


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_missing_editions_are_malformed(keep: int):
    network = published()
    answer = network.answer(network.start())
    refused(MalformedError, Follower(network), network, replace(answer, editions=answer.editions[:keep]))
    refused(
        MalformedError, Follower(network), network, replace(answer, editions=(*answer.editions, answer.editions[0]))
    )


def test_editions_in_another_order_are_a_split_view():
    network = published()
    answer = network.answer(network.start())
    refused(SplitViewError, Follower(network), network, replace(answer, editions=answer.editions[::-1]))


def test_editions_must_count_on():
    network = published()
    network.lines[-1] = network.lines[-1].replace(b'"edition":3', b'"edition":4')
    refused(RefusedError, Follower(network), network, network.answer(network.start()))
    refused(RefusedError, Follower(network), network, network.answer(network.start(), skip=True))


def test_a_skipping_answer_must_prove_the_newest_edition():
    network = published()
    answer = network.answer(network.start(), skip=True)
    follower = Follower(network)
    refused(ProofError, follower, network, replace(answer, inclusion=answer.inclusion[1:]))
    refused(ProofError, follower, network, replace(answer, editions=(network.lines[1],)))
    refused(MalformedError, follower, network, replace(answer, leaves=answer.leaves[1:]))
    refused(MalformedError, follower, network, replace(answer, editions=tuple(network.lines[1:])))
    refused(MalformedError, follower, network, replace(answer, editions=()))
    refused(SplitViewError, follower, network, replace(answer, leaves=answer.leaves[::-1]))


def test_changes_that_do_not_add_up_are_a_state_mismatch():
    network = published()
    follower = caught_up(network)
    network.publish(network.put(1, 2), network.erase(2), network.drop(3))
    answer = network.answer(follower.followed)
    for at in range(3):
        fewer = answer.changes[:at] + answer.changes[at + 1 :]
        refused(StateMismatchError, follower, network, replace(answer, changes=fewer))
    refused(StateMismatchError, follower, network, replace(answer, changes=(*answer.changes, network.put(99))))
    follower.take(network, answer.encoded)
    assert follower.held == network.held


@pytest.mark.parametrize("counts", [(29, 0), (30, 1), (0, 30)])
def test_counts_that_differ_from_the_signed_ones_are_a_state_mismatch(counts: tuple[int, int]):
    network = published()
    step = advance(network.start(), network.identity, network.answer(network.start()))
    root = tree.root_hash(tree.root(network.pages.get))
    with pytest.raises(StateMismatchError):
        step.confirmed(root, *counts)
    assert step.confirmed(root, 30, 0) == step.after


def test_an_answer_without_news_brings_nothing():
    network = published()
    follower = caught_up(network)
    answer = network.answer(follower.followed)
    for extra in (
        {"changes": (network.put(99),)},
        {"editions": (network.lines[-1],)},
        {"leaves": (seed("x"),)},
        {"inclusion": (seed("x"),)},
    ):
        refused(MalformedError, follower, network, replace(answer, **extra))


def test_a_log_longer_than_an_epoch_may_be_is_too_much():
    network = published()
    text = network.checkpoint().text.replace(b"\n3\n", b"\n1000001\n")
    answer = replace(network.answer(network.start()), checkpoint=note.sign(text, network.signer))
    refused(LimitError, Follower(network), network, answer)


# --- epochs


def test_a_new_epoch_costs_only_the_difference():
    network = published()
    follower = caught_up(network)
    network.open_epoch()
    network.publish(network.put(7, 2))
    answer = network.answer(follower.followed)
    assert len(answer.changes) == 1
    follower.take(network, answer.encoded)
    assert follower.followed.position == wire.Position(2, 4) and follower.held == network.held
    network.publish(network.put(8, 2))
    follower.sync(network)
    assert follower.followed.position == wire.Position(2, 5)


def test_an_older_epoch_is_a_rollback():
    network = published()
    old = network.answer(network.start())
    network.open_epoch()
    network.publish()
    follower = caught_up(network)
    refused(RollbackError, follower, network, replace(old, since=follower.followed.position))


def test_the_first_edition_of_an_epoch_must_close_what_the_statement_closes():
    network = published()
    network.open_epoch()
    network.closes = replace(network.closes, root=base64_text(seed("another root")))
    network.publish()
    answer = network.answer(network.start())
    with pytest.raises(RefusedError, match="close different logs"):
        advance(network.start(), network.identity, answer)
    with pytest.raises(RefusedError, match="close different logs"):
        begin(network.identity, "public", 2, network.checkpoint(), network.leaves, network.lines[0], network.lines[0])


def test_a_restricted_circle_says_itself_where_its_epoch_begins():
    network = published(circle="partners")
    follower = caught_up(network)
    network.open_epoch()
    network.closes = replace(network.closes, size=3, edition=3)
    network.publish(network.put(1, 2))
    follower.sync(network)
    assert follower.followed.position == wire.Position(2, 4)


def test_what_a_thief_signs_after_the_close_is_void():
    """The thief of a log key has it still: whoever knows the statement believes the old log only as it was closed."""
    network, thief = published(), published()
    behind = caught_up(network)
    thief.publish(thief.put(666))
    network.open_epoch()
    thief_answer = thief.answer(behind.followed)
    refused(RollbackError, behind, network, thief_answer)
    fresh = Follower(network)
    fresh.followed = Followed(network.id, "public", 1)
    refused(RollbackError, fresh, network, thief.answer(fresh.followed))
    args = (thief.checkpoint(), thief.leaves, thief.lines[0], thief.lines[-1])
    with pytest.raises(RollbackError):
        begin(network.identity, "public", 1, *args)


def test_an_epoch_is_believed_exactly_as_it_was_closed():
    network, old = published(), published()
    network.open_epoch()
    step = advance(old.start(), network.identity, old.answer(old.start()))
    assert step.after.position == wire.Position(1, 3)
    assert advance(step.after, network.identity, old.answer(step.after)).leaves == ()
    other = published(2)
    other.publish(other.put(666))
    with pytest.raises(RollbackError):
        advance(old.start(), network.identity, other.answer(old.start()))


# --- one flipped bit


def test_one_flipped_bit_anywhere_in_an_answer_is_refused_or_changes_nothing():
    network = published(2)
    start = caught_up(network)
    network.publish(network.put(1, 2), network.erase(2), network.drop(3))
    network_answer = replace(network.answer(start.followed), checkpoint=network.checkpoint(None, witness()))
    raw = network_answer.encoded
    good = Follower(network)
    good.followed, good.pages, good.held = start.followed, start.pages, start.held
    good.take(network, raw)
    survived = 0
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
        other = Follower(network)
        other.followed, other.pages, other.held = start.followed, start.pages, start.held
        try:
            other.take(network, flipped)
        except FednetError as error:
            assert isinstance(error, RefusedError)
            continue
        assert other.held == good.held and other.pages == good.pages
        assert replace(other.followed, checkpoint=None) == replace(good.followed, checkpoint=None)
        assert raw.rfind(b"checkpoint ", 0, at) > raw.rfind(b"\n", 0, at) - 1  # a stranger's cosignature
        survived += 1
    assert 0 < survived < 200


def test_an_identity_travels_apart_and_an_answer_needs_it():
    network = published()
    assert parse_identity(network.identity.encoded).network == network.id
    other = Network("Other")
    with pytest.raises(SignatureError):
        advance(network.start(), other.identity, network.answer(network.start()))
