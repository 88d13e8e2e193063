"""The witness's rules and its wire, without a wire: what is asked, what may be cosigned, what a client takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, MalformedError, ProofError, SignatureError, SplitViewError
from fednet.feed import note as notes
from fednet.feed import tlog, witness
from fednet.feed.note import MAX_SIGNATURES
from fednet.feed.witness import Request, check_growth, cosignatures, cosigned, parse_origin, parse_request
from tests.feed import law
from tests.feed.network import Network
from tests.feed.network import witness as cosigner

SIZE = 20


def grown(size: int) -> Network:
    network = Network()
    for number in range(size):
        network.publish(network.put(number))
    return network


NETWORK = grown(SIZE)


def asked(old: int, size: int) -> Request:
    proof = tlog.consistency_proof(old, NETWORK.leaves[:size]) if old else []
    return Request(old, tuple(proof), NETWORK.checkpoint(size))


sizes = st.integers(0, SIZE)


@given(sizes, sizes)
def test_a_request_reads_back_as_it_was_written(one: int, other: int):
    request = asked(min(one, other), max(one, other))
    assert parse_request(request.encoded) == request


@given(sizes, sizes)
def test_a_log_that_only_grows_may_be_cosigned(one: int, other: int):
    old, size = sorted((one, other))
    check_growth(asked(old, size), NETWORK.root(old))


@law
@given(st.integers(1, SIZE), st.integers(1, SIZE), st.data())
def test_a_log_that_was_rewritten_may_not(one: int, other: int, data: st.DataObject):
    old, size = sorted((one, other))
    known = tlog.root_of([bytes(32), *NETWORK.leaves[1:old]])  # what the witness has seen of it
    request = asked(old, size)
    hashes = st.sampled_from([known, NETWORK.root(old), *NETWORK.leaves[:4], *request.proof])
    tried = Request(old, data.draw(st.one_of(st.just(request.proof), st.lists(hashes, max_size=6).map(tuple))),
                    request.note)  # fmt: skip
    with pytest.raises(SplitViewError if old == size else ProofError):
        check_growth(tried, known)


@given(st.binary(max_size=100))
def test_a_foreign_request_raises_nothing_else(raw: bytes):
    for request in (raw, b"old 0\n" + raw, b"old 0\n\n" + raw, asked(3, 5).encoded + raw):
        try:
            parse_request(request)
        except FednetError:
            continue
        assert request == asked(3, 5).encoded  # nothing was added


@pytest.mark.parametrize("old", ["", "-1", "+1", "01", "1_0", " 1", "1 ", "١", str(10**20)])
def test_sizes_have_one_spelling(old: str):
    with pytest.raises(MalformedError):
        parse_request(f"old {old}\n\n".encode() + NETWORK.checkpoint(3).encoded)


@pytest.mark.parametrize("origin", ["", "fednet", "example.com/log", "fednet/x/public/1", "fednet/a/b/c/d"])
def test_what_is_no_log_of_ours_is_known_as_such(origin: str):
    with pytest.raises(MalformedError):
        parse_origin(origin)
    assert parse_origin(NETWORK.signer.name) == (NETWORK.id, "public", 1)


# --- what a client takes


def test_a_client_takes_one_cosignature_of_each_known_key():
    text = NETWORK.checkpoint().text
    known, stranger = cosigner(), cosigner("stranger")
    lines = [signer.signature(text).line for signer in (stranger, known, known, cosigner("witness", 1_800_000_000))]
    (found,) = cosignatures("".join(lines).encode(), text, [known.verifier])
    assert found == known.signature(text)


@pytest.mark.parametrize("fault", ["nobody known", "fails", "other text", "not only signatures", "nothing"])
def test_a_client_takes_nothing_else(fault: str):
    text, known = NETWORK.checkpoint().text, cosigner().verifier
    line = cosigner().signature(text).line
    raw = {
        "nobody known": cosigner("stranger").signature(text).line,
        "fails": line + notes.Signature(known.name, known.id, bytes(72)).line,
        "other text": cosigner().signature(NETWORK.checkpoint(3).text).line,
        "not only signatures": "and\n\n" + cosigner().signature(text + b"\nand\n").line,
        "nothing": "",
    }[fault].encode()
    with pytest.raises(FednetError):
        cosignatures(raw, text, [known])


@given(st.binary(max_size=100))
def test_a_foreign_answer_raises_nothing_else(raw: bytes):
    with pytest.raises(FednetError):
        cosignatures(raw, NETWORK.checkpoint().text, [cosigner().verifier])


def test_a_newer_cosignature_takes_the_place_of_the_older():
    checkpoint = NETWORK.checkpoint(None, cosigner(), cosigner("another"))
    newer = cosigner("witness", 1_800_000_000).signature(checkpoint.text)
    again = cosigned(checkpoint, [newer])
    assert [one.name for one in again.signatures] == [NETWORK.signer.name, "another.example", "witness.example"]
    assert newer in again.signatures


def test_a_note_has_room_for_so_many_and_no_more():
    full = NETWORK.checkpoint(None, *(cosigner(f"w{number}") for number in range(MAX_SIGNATURES - 1)))
    with pytest.raises(SignatureError):
        cosigned(full, [cosigner("late").signature(full.text)])


def test_the_monitoring_address_names_the_origin_by_its_hash():
    assert len(witness.origin_hash(NETWORK.signer.name)) == 64
