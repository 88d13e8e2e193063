"""Evidence: what two signed things prove, and that nothing honest ever makes it."""

from __future__ import annotations

from copy import deepcopy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, IdentityError, LimitError, MalformedError, ProofError, SignatureError
from fednet.feed import evidence, tlog
from fednet.feed.evidence import BrokenClose, Evidence, SplitView, check, parse_evidence
from fednet.feed.identity import extended, sign_statement
from fednet.feed.note import Note
from tests.feed import law, reference
from tests.feed.network import Network, witness

replace = msgspec.structs.replace
NAME = "Two Faces"


def grown(size: int, **how: int) -> Network:
    """A network with so many editions."""
    network = Network(NAME, **how)
    for number in range(size):
        network.publish(network.put(number))
    return network


def forked(network: Network, at: int) -> Network:
    """The same network with another edition at `at` (counted from 0), and the same ones around it."""
    other = deepcopy(network)
    other.lines[at] = other.lines[at].replace(b'"erased":0', b'"erased":1')
    return other


def path(network: Network, size: int) -> list[bytes]:
    """The hashes of the evidence's path in a network's log, from `size`."""
    leaves = network.leaves
    return [tlog.root_of(leaves[start:end]) for start, end in evidence.prefix_ranges(size, len(leaves))]


def split(one: Network, other: Network) -> SplitView:
    """What a follower of one writes when it is shown the other."""
    smaller, larger = sorted((one, other), key=lambda network: len(network.lines))
    found = path(larger, len(smaller.lines))
    return evidence.split_view(one.identity, one.circle, one.epoch, one.checkpoint(), other.checkpoint(), found)


def forks(**how: int) -> tuple[Network, Network]:
    """A network whose recovery keys signed two second statements."""
    one, other = grown(2, **how), grown(2, **how)
    last = other.identity.current
    renamed = replace(last, sequence=1, network=other.id, name="Another Name", previous=last.digest)
    other.identity = extended(other.identity, sign_statement(renamed, other.recovery_seeds))
    one.open_epoch()
    return one, other


def closed_elsewhere(size: int, at: int, close: int) -> tuple[Network, BrokenClose]:
    """A log of `size` editions, and the statement of a network that differs at `at` and closes at `close`."""
    held, network = grown(size), forked(grown(size), at)
    network.open_epoch(close)
    return network, evidence.broken_close(network.identity, 1, held.checkpoint(), path(held, close))


def files() -> dict[str, Evidence]:
    """Evidence of every kind and shape, by name."""
    five = grown(5, recovery=3, threshold=2)
    return {
        "same size": split(five, forked(five, 2)),
        "smaller": split(grown(3), forked(grown(5), 1)),
        "power of two": split(grown(4), forked(grown(7), 0)),
        "last edition": split(grown(6), forked(grown(7), 5)),
        "fork": evidence.identity_fork(*(network.identity for network in forks(recovery=3, threshold=2))),
        "close": closed_elsewhere(5, 1, 5)[1],
        "longer than the close": closed_elsewhere(6, 1, 3)[1],
    }


FILES = files()
cases = pytest.mark.parametrize("name", FILES)


@cases
def test_evidence_says_what_it_proves_with_nothing_but_the_file(name: str):
    made = FILES[name]
    verdict = check(parse_evidence(made.encoded))
    assert (verdict.kind, verdict.network) == (made.kind, made.network)
    assert made.network in verdict.says
    assert parse_evidence(made.encoded) == made


def test_whoever_finds_the_same_split_view_writes_the_same_file():
    one, other = grown(4), forked(grown(6), 2)
    assert split(one, other).encoded == split(other, one).encoded
    cosigned = one.checkpoint(None, witness(), witness("another"))
    again = evidence.split_view(one.identity, "public", 1, other.checkpoint(), cosigned, path(other, 4))
    assert again.encoded == split(one, other).encoded
    later = deepcopy(one)
    later.open_epoch()
    assert split(later_head(later, one), other).encoded == split(one, other).encoded


def later_head(network: Network, old: Network) -> Network:
    """The old log, with an identity that has gone on since."""
    found = deepcopy(old)
    found.identity = network.identity
    found.__class__ = type("Old", (Network,), {"epoch": 1})
    return found


def test_a_fork_is_the_same_file_from_either_side():
    one, other = (network.identity for network in forks())
    assert evidence.identity_fork(one, other).encoded == evidence.identity_fork(other, one).encoded


# --- what proves nothing


@given(st.data())
def test_no_two_checkpoints_of_an_honest_log_make_evidence(data: st.DataObject):
    size = data.draw(st.integers(1, 40))
    network = HONEST
    small = data.draw(st.integers(0, size))
    hashes = [*network.leaves[:8], *(network.root(n) for n in range(1, 9)), bytes(32)]
    honest = [tlog.root_of(network.leaves[a:b]) for a, b in evidence.prefix_ranges(small, size)]
    tried = data.draw(st.one_of(st.just(honest), st.lists(st.sampled_from([*hashes, *honest]), max_size=8)))
    pair = network.checkpoint(small), network.checkpoint(size)
    with pytest.raises(ProofError):
        evidence.split_view(network.identity, "public", 1, *pair, tried)
    with pytest.raises(ProofError):
        check(SplitView(network.identity, "public", 1, pair, tuple(tried)))


HONEST = grown(40)


@given(st.integers(1, 40), st.integers(0, 40))
def test_no_honest_close_makes_evidence(size: int, close: int):
    if close > size:
        return
    network = deepcopy(HONEST)
    network.lines = network.lines[:size]
    held, found = network.checkpoint(), path(network, close)
    network.open_epoch(close)
    with pytest.raises(ProofError):
        evidence.broken_close(network.identity, 1, held, found)


@law
@given(st.data())
def test_any_two_histories_that_differ_make_evidence(data: st.DataObject):
    small = data.draw(st.integers(1, 40))
    large = data.draw(st.integers(small, 40))
    at = data.draw(st.integers(0, small - 1))
    network = deepcopy(HONEST)
    network.lines = network.lines[:large]
    other = forked(network, at)
    network.lines = network.lines[:small]
    assert check(parse_evidence(split(network, other).encoded)).kind == "split-view"


@pytest.mark.parametrize("size", range(2, 70))
def test_a_path_leads_to_both_roots(size: int):
    entries = [b"entry %d" % i for i in range(size)]
    leaves = [tlog.leaf_hash(entry) for entry in entries]
    for small in range(1, size):
        found = [tlog.root_of(leaves[start:end]) for start, end in evidence.prefix_ranges(small, size)]
        assert tlog.joined_roots(found, small, size) == (reference.mth(entries[:small]), reference.mth(entries))


@law
@given(st.integers(1, 700), st.integers(2, 700))
def test_the_path_can_be_read_from_a_few_tiles(small: int, size: int):
    if small >= size:
        return
    leaves = [tlog.leaf_hash(b"entry %d" % i) for i in range(size)]
    read = set()

    def hashes(tile: tlog.Tile) -> list[bytes]:
        read.add(tile)
        span = tlog.TILE_WIDTH**tile.level
        return tlog.parse_tile(
            tile, tlog.tile_bytes(tile, leaves[tile.start * span : (tile.start + tile.width) * span])
        )

    ranges = evidence.prefix_ranges(small, size)
    assert [tlog.range_root(start, end, hashes, size) for start, end in ranges] == [
        tlog.root_of(leaves[start:end]) for start, end in ranges
    ]
    assert len(read) <= 4


def test_two_chains_that_agree_are_no_fork():
    one = grown(2, recovery=3, threshold=2)
    later = deepcopy(one)
    later.open_epoch()
    with pytest.raises(ProofError):
        evidence.identity_fork(one.identity, later.identity)
    again = extended(one.identity, sign_statement(later.identity.current, list(reversed(one.recovery_seeds))))
    with pytest.raises(ProofError):
        evidence.identity_fork(later.identity, again)


def test_a_fork_with_one_forged_side_is_none():
    one, other = (network.identity for network in forks())
    forged = Note(other.notes[1].text.replace(b"Another", b"Onother"), other.notes[1].signatures)
    made = evidence.identity_fork(one, other)
    pair = sorted((one.notes[1], forged), key=lambda signed: signed.text)
    with pytest.raises(SignatureError):
        check(replace(made, statements=tuple(pair)))


def test_evidence_against_another_key_is_none():
    two_faces, stranger = grown(3), Network("Somebody Else")
    for number in range(3):
        stranger.publish(stranger.put(number + 50))
    with pytest.raises(SignatureError):
        evidence.split_view(two_faces.identity, "public", 1, two_faces.checkpoint(), stranger.checkpoint(), ())
    with pytest.raises(IdentityError):
        evidence.identity_fork(two_faces.identity, stranger.identity)


def test_a_restricted_log_is_split_like_any_other():
    made = split(*(partners(at) for at in (0, 1)))
    verdict = check(parse_evidence(made.encoded))
    assert (verdict.circle, verdict.epoch) == ("partners", 1)


def partners(number: int) -> Network:
    network = Network(NAME, circle="partners")
    network.publish(network.put(number))
    return network


def test_a_log_shorter_than_its_close_says_nothing():
    network = grown(5)
    early = network.checkpoint(3)
    network.open_epoch()
    with pytest.raises(ProofError):
        evidence.broken_close(network.identity, 1, early, ())


# --- the file


@cases
@pytest.mark.parametrize("size", [0, 1, 40, -1, -2, -60])
def test_a_file_that_is_cut_is_refused(name: str, size: int):
    with pytest.raises(FednetError):
        check(parse_evidence(FILES[name].encoded[:size]))


@cases
def test_lines_have_one_order(name: str):
    head, *lines = FILES[name].encoded.splitlines(keepends=True)
    with pytest.raises(FednetError):
        check(parse_evidence(b"".join([head, *reversed(lines)])))
    with pytest.raises(FednetError):
        check(parse_evidence(b"".join([head, *lines, lines[-1]])))
    with pytest.raises(MalformedError):
        parse_evidence(b"".join([head, *lines, b"extra\n"]))


def test_a_version_or_kind_that_is_unknown_is_refused():
    raw = FILES["same size"].encoded
    for changed in (raw.replace(b"fednet/1", b"fednet/2"), raw.replace(b"split-view", b"bad-manners"), b"", b"\n"):
        with pytest.raises(MalformedError):
            parse_evidence(changed)


def test_evidence_is_bounded():
    with pytest.raises(LimitError):
        parse_evidence(bytes(evidence.MAX_EVIDENCE + 1))
    raw = FILES["smaller"].encoded
    with pytest.raises(LimitError):
        parse_evidence(raw + b"consistency " + b"A" * 43 + b"=\n" * 70 + b"consistency x\n" * 2000)
    with pytest.raises(LimitError):
        parse_evidence(raw + (b"consistency " + b"A" * 43 + b"=\n") * 80)


@law
@given(st.sampled_from(list(FILES)), st.data())
def test_a_flipped_bit_never_makes_other_evidence(name: str, data: st.DataObject):
    raw = bytearray(FILES[name].encoded)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        verdict = check(parse_evidence(bytes(raw)))
    except FednetError:
        return
    assert verdict == check(FILES[name])  # it made one signature more than needed that of a stranger


@given(st.binary(max_size=200))
def test_foreign_bytes_raise_nothing_else(raw: bytes):
    with pytest.raises(FednetError):
        check(parse_evidence(b"fednet/1 evidence " + raw))
