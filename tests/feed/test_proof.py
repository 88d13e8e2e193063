"""Offline proofs: what a file alone shows, and that nothing else can be read out of it."""

from __future__ import annotations

import msgspec
import pytest

from fednet.errors import (
    FednetError,
    IdentityError,
    LimitError,
    MalformedError,
    ProofError,
    RefusedError,
    RollbackError,
    SignatureError,
    StateMismatchError,
)
from fednet.feed import record, tlog, tree
from fednet.feed.proof import MAX_PROOF, check, parse_proof
from fednet.feed.tree import Leaf, Path
from tests.feed.network import Network, body, handle, seed, witness

replace = msgspec.structs.replace
LISTED, ERASED, DROPPED, NEVER = 1, 2, 3, 777


def directory(records: int = 20, **how: object) -> Network:
    network = Network(**how)  # type: ignore[arg-type]
    network.publish(*map(network.put, range(records)))
    network.publish(network.erase(ERASED), network.drop(DROPPED))
    network.publish(network.put(5, 2))
    return network


NETWORK = directory(recovery=3, threshold=2)


@pytest.mark.parametrize(
    "number, verdict", [(LISTED, "listed"), (ERASED, "erased"), (DROPPED, "absent"), (NEVER, "absent")]
)
def test_a_proof_shows_what_the_network_signed(number: int, verdict: str):
    made = NETWORK.proof(number, witness())
    proven = check(parse_proof(made.encoded))
    assert proven.verdict == verdict
    assert (proven.network, proven.circle, proven.handle) == (NETWORK.id, "public", handle(number))
    assert proven.body == (body(number) if verdict == "listed" else None)
    assert proven.edition.edition == proven.checkpoint.size == 3
    assert proven.name == "Example Network"
    assert parse_proof(made.encoded) == made


@pytest.mark.parametrize("records", [0, 1, 2, 3, 65, 300])
def test_every_record_of_a_directory_can_be_proven(records: int):
    network = Network()
    network.publish(*map(network.put, range(records)))
    for number in range(min(records, 40)):
        assert check(parse_proof(network.proof(number).encoded)).verdict == "listed"
    for number in range(1000, 1020):
        assert check(parse_proof(network.proof(number).encoded)).verdict == "absent"


def test_a_proof_outlives_later_editions_and_epochs():
    network = directory()
    made = network.proof(LISTED).encoded
    network.publish(network.erase(LISTED))
    network.open_epoch()
    network.publish()
    assert check(parse_proof(made)).verdict == "listed"
    assert check(parse_proof(network.proof(LISTED).encoded)).verdict == "erased"


def test_a_proof_in_an_epoch_that_its_own_identity_has_closed_is_believed_only_as_closed():
    network, thief = directory(), directory()
    made = network.proof(LISTED)
    thief.publish(thief.put(666))
    stolen = thief.proof(666)
    network.open_epoch()
    assert check(replace(made, identity=network.identity)).verdict == "listed"
    with pytest.raises(RollbackError):
        check(replace(stolen, identity=network.identity))


def test_a_proof_of_a_restricted_circle_names_its_circle():
    network = directory(circle="partners")
    made = network.proof(LISTED)
    assert check(made).circle == "partners"
    with pytest.raises(SignatureError):
        check(replace(made, circle="public"))


# --- what no proof shows


def test_no_absence_of_what_is_listed_and_no_listing_of_what_is_not():
    listed, absent = NETWORK.proof(LISTED), NETWORK.proof(NEVER)
    for wrong in [
        replace(listed, put=None),
        replace(listed, handle=handle(NEVER)),
        replace(listed, path=replace(listed.path, end=None)),
        replace(listed, path=absent.path),
        replace(absent, put=listed.put),
        replace(absent, put=listed.put, path=replace(absent.path, end=listed.path.end)),
        replace(absent, handle=handle(LISTED)),
        replace(NETWORK.proof(ERASED), put=NETWORK.put(ERASED)),
        replace(NETWORK.proof(ERASED), path=replace(NETWORK.proof(ERASED).path, end=None)),
        replace(listed, put=NETWORK.put(LISTED, 2)),
    ]:
        with pytest.raises((ProofError, StateMismatchError, FednetError)) as caught:
            check(wrong)
        assert isinstance(caught.value, RefusedError)


def test_the_edition_must_be_in_the_log_and_the_state_in_the_edition():
    made = NETWORK.proof(LISTED)
    with pytest.raises(ProofError):
        check(replace(made, edition=NETWORK.lines[0]))
    with pytest.raises(ProofError):
        check(replace(made, index=1))
    with pytest.raises(ProofError):
        check(replace(made, inclusion=made.inclusion[1:]))
    older = tuple(tlog.inclusion_proof(0, NETWORK.leaves))
    with pytest.raises(StateMismatchError):
        check(replace(made, edition=NETWORK.lines[0], index=0, inclusion=older))


def test_another_network_proves_nothing_here():
    other = directory(name="Other")
    made = NETWORK.proof(LISTED)
    with pytest.raises(SignatureError):
        check(replace(made, identity=other.identity))
    with pytest.raises(SignatureError):
        check(replace(made, checkpoint=other.checkpoint()))
    raw = made.encoded.replace(NETWORK.id.encode(), other.id.encode(), 1)
    with pytest.raises(IdentityError):
        parse_proof(raw)


RAW = NETWORK.proof(LISTED).encoded


@pytest.mark.parametrize(
    "old, new",
    [
        (b"fednet/1 proof", b"fednet/2 proof"),
        (b" public 1 ", b" public 01 "),
        (b" public 1 ", b" public one "),
        (b" public 1 ", b" Public 1 "),
        (b"\nidentity ", b"\nstatement "),
        (b"\nsibling ", b"\nsister "),
        (b"\nfound ", b"\nlost "),
        (b"\n\nc2sp.org/tlog-proof@v1", b"\nc2sp.org/tlog-proof@v1"),
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"\nindex 2", b"\nextra AAAA\nindex 2"),
        (b"\nindex 2", b"\nindex 02"),
        (b"\nindex 2", b"\nindex +2"),
        (b"\nindex 2\n", b"\n"),
        (b"fednet/1", b"\nfednet/1"),
    ],
)
def test_any_other_form_is_malformed(old: bytes, new: bytes):
    assert old in RAW
    with pytest.raises(MalformedError):
        parse_proof(RAW.replace(old, new, 1))


@pytest.mark.parametrize("old, new", [(b"\nedition ", b"\nedition  "), (b"\nindex 2\n", b"\nindex 2\n\n")])
def test_what_parts_of_a_proof_do_not_say_they_do_not_prove(old: bytes, new: bytes):
    with pytest.raises(RefusedError):
        check(parse_proof(RAW.replace(old, new, 1)))


def test_lines_in_another_order_are_malformed():
    first, *rest = RAW.split(b"\n")
    siblings = [at for at, line in enumerate(rest) if line.startswith(b"sibling")]
    rest.insert(0, rest.pop(siblings[0]))
    with pytest.raises(MalformedError):
        parse_proof(b"\n".join([first, *rest]))


def test_a_path_ends_at_a_leaf_or_at_nothing():
    at = RAW.index(b"\nfound ")
    end = RAW.index(b"\n", at + 1)
    with pytest.raises(MalformedError):
        parse_proof(RAW[:at] + b"\nfound node " + b"ab" * 32 + b" 2" + RAW[end:])


def test_a_proof_has_limits():
    with pytest.raises(LimitError):
        parse_proof(RAW + bytes(MAX_PROOF))
    with pytest.raises(LimitError):
        parse_proof(RAW.replace(b"\nsibling ", b"\nsibling -" * 257 + b"\nsibling ", 1))
    with pytest.raises(LimitError):
        parse_proof(
            RAW.replace(b"\nindex 2\n", b"\nindex 2\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 65)
        )


def test_a_path_is_not_longer_than_a_key():
    made = NETWORK.proof(LISTED)
    with pytest.raises(RefusedError):
        check(replace(made, path=Path((None,) * 257, made.path.end)))


def truth(number_handle: str) -> str:
    held = NETWORK.held.get(record.key_of(number_handle))
    return "absent" if held is None else "listed" if isinstance(held, record.Put) else "erased"


@pytest.mark.parametrize(
    "number, shift", [*((LISTED, bit) for bit in range(8)), (ERASED, 0), (ERASED, 5), (NEVER, 0), (NEVER, 5)]
)
def test_one_flipped_bit_in_any_byte_is_refused_or_changes_nothing_that_is_shown(number: int, shift: int):
    """What may differ: a sibling's count (a hint), a signature by nobody known, or, in a proof of absence, the handle,
    when the same path happens to show that other handle absent too, which is true."""
    raw = NETWORK.proof(number, witness()).encoded
    good = check(parse_proof(raw))
    at_checkpoint = raw.rindex(b"\n\n")
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1 << (at + shift) % 8]) + raw[at + 1 :]
        try:
            found = check(parse_proof(flipped))
        except FednetError as error:
            assert isinstance(error, RefusedError), error
            continue
        line = raw[raw.rfind(b"\n", 0, at) + 1 : at]
        if line.startswith((b"sibling node ", b"identity ")) or at > at_checkpoint:
            assert found == good
        else:
            assert good.verdict == "absent" and at < raw.index(b"\n")
            assert replace(found, handle=good.handle) == good and truth(found.handle) == "absent"


def test_a_second_leaf_for_one_handle_cannot_be_shown():
    """Even with the signer's help nothing is listed twice: the path of a key has one end."""
    network = Network()
    network.publish(network.put(1))
    made = network.proof(1)
    assert made.path == Path((), Leaf(made.path.end.key, made.path.end.commitment) if made.path.end else None)
    elsewhere = Leaf(seed("elsewhere"), network.put(1).commitment)
    with pytest.raises((ProofError, StateMismatchError)):
        check(replace(made, path=Path((), elsewhere)))
    assert tree.root_hash(made.path.root(record.key_of(handle(1)))) == check(made).edition.state_root
