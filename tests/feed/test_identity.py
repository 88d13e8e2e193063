"""The identity chain: genesis, thresholds, epochs, forks."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from fednet.errors import (
    FednetError,
    IdentityError,
    IdentityForkError,
    LimitError,
    MalformedError,
    RefusedError,
    SignatureError,
)
from fednet.feed import identity
from fednet.feed.edition import Closes
from fednet.feed.identity import (
    Identity,
    Statement,
    begun,
    extended,
    newer,
    parse_identity,
    parse_statement,
    sign_statement,
)
from fednet.feed.note import Note, Signature
from fednet.feed.text import base64_text
from tests.feed.network import Network, b64, first_statement, public, seed
from tests.feed.test_ed25519 import NOT_CANONICAL, SMALL_ORDER

SEEDS = [seed(f"Example Network recovery {i}") for i in range(3)]
GENESIS = first_statement(recovery=3, threshold=2)
ROOT = base64_text(bytes(range(32)))


def begin() -> Identity:
    return begun(sign_statement(GENESIS, SEEDS[:2]))


def after(chain: Identity, **changed: Any) -> Statement:
    last = chain.current
    given = {"sequence": last.sequence + 1, "network": chain.network, "previous": last.digest, "closes": None}
    return msgspec.structs.replace(last, **{**given, **changed})


def opening(chain: Identity, **changed: Any) -> Statement:
    """A statement that changes the log key and so opens an epoch."""
    number = chain.epoch + 1
    key = base64_text(public(f"Example Network log {number}"))
    return after(chain, **{"epoch": number, "log_key": key, "closes": Closes(chain.epoch, 7, ROOT, 7), **changed})


def keys(*words: str) -> tuple[str, ...]:
    return tuple(base64_text(public(word)) for word in words)


NEW_KEYS = keys("new 0", "new 1", "new 2")
NEW_SEEDS = [seed(f"new {i}") for i in range(3)]


# --- genesis


def test_the_network_id_is_the_start_of_the_hash_of_the_genesis_text():
    chain = begin()
    assert chain.network == b32encode(sha256(GENESIS.text).digest()).decode()[:32].lower()
    assert GENESIS.text.endswith(b"}\n") and b'"network"' not in GENESIS.text and b'"previous"' not in GENESIS.text
    assert identity.fingerprint(chain.network).split(" ") == [chain.network[i : i + 4] for i in range(0, 32, 4)]


def test_signatures_do_not_change_the_network_id():
    assert begun(sign_statement(GENESIS, SEEDS[1:])).network == begin().network


@pytest.mark.parametrize("signers", [[], SEEDS[:1], [SEEDS[0]] * 3, [NEW_SEEDS[0], SEEDS[1]]])
def test_a_genesis_needs_its_own_threshold_of_different_keys(signers: Sequence[bytes]):
    with pytest.raises((IdentityError, SignatureError)):
        begun(sign_statement(GENESIS, signers))


@pytest.mark.parametrize(
    "changed",
    [
        {"sequence": 1},
        {"epoch": 2},
        {"network": "a" * 32},
        {"network": ""},
        {"previous": "00" * 32},
        {"previous": ""},
        {"closes": Closes(1, 7, ROOT, 7)},
    ],
)
def test_a_genesis_has_no_past(changed: dict[str, Any]):
    with pytest.raises(IdentityError):
        begun(sign_statement(msgspec.structs.replace(GENESIS, **changed), SEEDS))


# --- one spelling, possible values

TEXT = GENESIS.text


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT + b"\n",
        b" " + TEXT,
        TEXT.replace(b'"sequence":0', b'"sequence": 0'),
        TEXT.replace(b'"sequence":0', b'"sequence":-0'),
        TEXT.replace(b'"sequence":0', b'"sequence":0.0'),
        TEXT.replace(b'"sequence":0', b'"sequence":"0"'),
        TEXT.replace(b'"sequence":0', b'"sequence":' + b"9" * 6000),
        TEXT.replace(b'"sequence":0,', b""),
        TEXT.replace(b'"sequence":0,', b'"sequence":0,"network":null,'),
        TEXT.replace(b'"sequence":0,', b'"sequence":0,"sequence":0,'),
        TEXT.replace(b'"sequence":0,', b'"sequence":0,"more":1,'),
        TEXT.replace(b'"sequence":0,', b'"sequence":0,"more":' + b"[" * 9000 + b"]" * 9000 + b","),
        TEXT.replace(b"Example", b"\\u0045xample"),
        TEXT.replace(b"Example", b"\\ud800"),
        TEXT.replace(b"Example", b"\xff"),
        TEXT.replace(b'"epoch":1,', b"").replace(b'"sequence":0', b'"epoch":1,"sequence":0'),
        b"",
        b"{}\n",
        b"[]\n",
    ],
)
def test_a_statement_has_one_spelling(text: bytes):
    with pytest.raises(MalformedError):
        parse_statement(text)


def test_a_name_may_be_in_any_script():
    statement = msgspec.structs.replace(GENESIS, name='ไทย "مرحبا" \\ 中文 \u2028')
    assert parse_statement(statement.text) == statement


@pytest.mark.parametrize(
    "changed",
    [
        {"sequence": -1},
        {"sequence": identity.MAX_STATEMENTS},
        {"epoch": 0},
        {"epoch": 1001},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\nb"},
        {"name": "a\x7fb"},
        {"name": "a\x85b"},
        {"name": "a\x9bb"},
        {"bundle_key": ""},
        {"bundle_key": "age1" + "q" * 57},
        {"bundle_key": "age1" + "é" * 58},
        {"bundle_key": "age1" + "b" * 58},
        {"bundle_key": "AGE1" + "q" * 58},
        {"threshold": 0},
        {"threshold": 4},
        {"threshold": -1},
        {"recovery_keys": ()},
        {"recovery_keys": keys(*(f"many {i}" for i in range(17)))},
        {"recovery_keys": (*GENESIS.recovery_keys[:2], GENESIS.recovery_keys[0])},
        {"recovery_keys": (*GENESIS.recovery_keys[:2], GENESIS.log_key)},
        {"cosigner_key": GENESIS.log_key},
        {"transport_key": GENESIS.cosigner_key},
    ],
)
def test_an_impossible_statement_is_refused(changed: dict[str, Any]):
    with pytest.raises(IdentityError):
        parse_statement(msgspec.structs.replace(GENESIS, **changed).text)


@pytest.mark.parametrize("key", [*SMALL_ORDER, *NOT_CANONICAL])
@pytest.mark.parametrize("field", ["log_key", "cosigner_key", "transport_key", "recovery_keys"])
def test_a_key_of_small_order_or_second_spelling_is_refused(field: str, key: str):
    encoded = b64(bytes.fromhex(key))
    value = (*GENESIS.recovery_keys[:2], encoded) if field == "recovery_keys" else encoded
    with pytest.raises(MalformedError):
        parse_statement(msgspec.structs.replace(GENESIS, **{field: value}).text)


@pytest.mark.parametrize("key", ["", b64(bytes(31)), b64(public("x"))[:-1], b64(public("x")) + "\n"])
def test_a_key_is_base64_of_32_bytes(key: str):
    with pytest.raises(MalformedError):
        parse_statement(msgspec.structs.replace(GENESIS, log_key=key).text)


# --- the statements after it


def test_a_statement_counts_when_enough_of_the_last_keys_signed():
    for signers in (SEEDS[:2], SEEDS[1:], SEEDS):
        chain = extended(begin(), sign_statement(after(begin(), name="New Name"), signers))
        assert chain.current.name == "New Name" and chain.epoch == 1


@pytest.mark.parametrize("signers", [[], SEEDS[:1], [SEEDS[0]] * 2, NEW_SEEDS])
def test_a_statement_signed_by_too_few_is_refused(signers: Sequence[bytes]):
    with pytest.raises((IdentityError, SignatureError)):
        extended(begin(), sign_statement(after(begin(), name="New Name"), signers))


def test_a_failing_signature_of_a_recovery_key_refuses_the_statement_though_enough_are_good():
    signed = sign_statement(after(begin(), name="New Name"), SEEDS)
    bad = Signature(signed.signatures[2].name, signed.signatures[2].id, bytes(64))
    with pytest.raises(SignatureError):
        extended(begin(), Note(signed.text, (*signed.signatures[:2], bad)))


def test_online_keys_sign_no_statements():
    stolen = [seed(f"Example Network {word} 1") for word in ("log", "cosigner", "transport")]
    with pytest.raises(SignatureError):
        extended(begin(), sign_statement(after(begin(), name="Thief"), stolen))


@pytest.mark.parametrize(
    "changed",
    [
        {"sequence": 0},
        {"sequence": 2},
        {"network": "a" * 32},
        {"network": None},
        {"previous": "00" * 32},
        {"previous": None},
        {"previous": GENESIS.digest.upper()},
    ],
)
def test_a_statement_must_follow_from_the_last(changed: dict[str, Any]):
    with pytest.raises(IdentityError):
        extended(begin(), sign_statement(after(begin(), **changed), SEEDS))


@pytest.mark.parametrize(
    "signers, accepted",
    [
        (SEEDS[:2] + NEW_SEEDS[:2], True),
        (SEEDS[1:] + NEW_SEEDS, True),
        (SEEDS, False),
        (NEW_SEEDS, False),
        (SEEDS[:1] + NEW_SEEDS, False),
        (SEEDS + NEW_SEEDS[:1], False),
    ],
)
def test_a_change_of_recovery_keys_needs_the_old_and_the_new_threshold(signers: list[bytes], accepted: bool):
    statement = after(begin(), recovery_keys=NEW_KEYS)
    if accepted:
        assert extended(begin(), sign_statement(statement, signers)).epoch == 1
    else:
        with pytest.raises((IdentityError, SignatureError)):
            extended(begin(), sign_statement(statement, signers))


def test_a_key_that_stays_counts_on_both_sides():
    kept = (*GENESIS.recovery_keys[:2], NEW_KEYS[0])
    chain = extended(begin(), sign_statement(after(begin(), recovery_keys=kept), SEEDS[:2]))
    assert chain.current.recovery_keys == kept


def test_a_lower_threshold_needs_the_old_one_and_a_higher_the_new_one():
    assert extended(begin(), sign_statement(after(begin(), threshold=1), SEEDS[:2])).current.threshold == 1
    with pytest.raises(IdentityError):
        extended(begin(), sign_statement(after(begin(), threshold=1), SEEDS[:1]))
    with pytest.raises(IdentityError):
        extended(begin(), sign_statement(after(begin(), threshold=3), SEEDS[:2]))


@pytest.mark.parametrize("field", ["log_key", "cosigner_key", "transport_key", "bundle_key"])
def test_a_change_of_an_online_key_must_open_an_epoch(field: str):
    value = "age1" + "p" * 58 if field == "bundle_key" else NEW_KEYS[0]
    with pytest.raises(IdentityError, match="open a new epoch"):
        extended(begin(), sign_statement(after(begin(), **{field: value}), SEEDS))
    chain = extended(begin(), sign_statement(opening(begin(), **{field: value}), SEEDS))
    assert chain.epoch == 2 and chain.opening(1) is chain.statements[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"epoch": 3},
        {"closes": None},
        {"closes": Closes(0, 7, ROOT, 7)},
        {"closes": Closes(2, 7, ROOT, 7)},
        {"closes": Closes(1, 7, ROOT, 8)},
    ],
)
def test_an_epoch_opens_by_closing_the_one_before_it(changed: dict[str, Any]):
    with pytest.raises(IdentityError):
        extended(begin(), sign_statement(opening(begin(), **changed), SEEDS))


def test_a_statement_within_an_epoch_closes_nothing():
    with pytest.raises(IdentityError):
        extended(begin(), sign_statement(after(begin(), closes=Closes(1, 7, ROOT, 7)), SEEDS))


def test_an_epoch_is_never_reopened():
    second = extended(begin(), sign_statement(opening(begin()), SEEDS))
    with pytest.raises(IdentityError):
        extended(second, sign_statement(after(second, epoch=1), SEEDS))


def test_editions_are_counted_on_across_epochs():
    second = extended(begin(), sign_statement(opening(begin()), SEEDS))
    third = extended(second, sign_statement(opening(second, closes=Closes(2, 3, ROOT, 10)), SEEDS))
    assert third.epoch == 3
    with pytest.raises(IdentityError, match="ends with edition 10"):
        extended(second, sign_statement(opening(second, closes=Closes(2, 3, ROOT, 9)), SEEDS))


def test_the_log_key_of_an_epoch_is_that_of_its_opening_statement():
    chain = extended(begin(), sign_statement(opening(begin()), SEEDS))
    chain = extended(chain, sign_statement(after(chain, name="New Name"), SEEDS))
    assert chain.log_verifier("public", 1).key == public("Example Network log 1")
    assert chain.log_verifier("partners", 2).name == f"fednet/{chain.network}/partners/2"
    assert chain.log_verifier("partners", 2).key == public("Example Network log 2")
    assert chain.cosigner.name == f"fednet/{chain.network}/witness"
    for epoch in (0, 3):
        with pytest.raises(IdentityError):
            chain.log_verifier("public", epoch)


# --- the resource, and forks


def test_the_resource_reads_back():
    network = Network(recovery=3, threshold=2)
    network.publish(network.put(1))
    network.open_epoch()
    assert parse_identity(network.identity.encoded) == network.identity
    assert network.identity.encoded.count(b"\n") == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: b"\n",
        lambda raw: raw[:-1],
        lambda raw: raw + b"\n",
        lambda raw: b"\n" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"A" + raw,
        lambda raw: raw + b"AAAA\n",
    ],
)
def test_a_resource_in_another_form_is_malformed(damage: Any):
    with pytest.raises(MalformedError):
        parse_identity(damage(begin().encoded))


def test_statements_out_of_order_missing_or_twice_are_refused():
    chain = extended(begin(), sign_statement(after(begin(), name="New Name"), SEEDS))
    first, second = chain.encoded.splitlines(keepends=True)
    for wrong in (second + first, second, first + first, first + second + second):
        with pytest.raises(IdentityError):
            parse_identity(wrong)


def test_a_chain_has_a_limit():
    for long in (b"AAAA\n" * (identity.MAX_STATEMENTS + 1), b"A" * identity.MAX_IDENTITY + b"\n"):
        with pytest.raises(LimitError):
            parse_identity(long)


def test_of_a_chain_that_is_held_only_what_is_new_is_verified(monkeypatch: pytest.MonkeyPatch):
    held = extended(begin(), sign_statement(opening(begin()), SEEDS))
    longer = extended(held, sign_statement(after(held, name="New Name"), SEEDS))
    verified: list[int] = []
    monkeypatch.setattr(identity, "extended", lambda chain, note: verified.append(1) or extended(chain, note))
    assert parse_identity(held.encoded, held) is held and verified == []
    assert parse_identity(longer.encoded, held) == longer and verified == [1]
    assert parse_identity(begin().encoded, held) == begin() and verified == [1]
    signed_by_others = extended(begin(), sign_statement(opening(begin()), SEEDS[:2]))
    assert parse_identity(signed_by_others.encoded, held) == signed_by_others and verified == [1, 1]
    forged = held.encoded + after_with_bad_signature(held)
    with pytest.raises(SignatureError):
        parse_identity(forged, held)


def after_with_bad_signature(chain: Identity) -> bytes:
    note = sign_statement(after(chain, name="Forged"), SEEDS)
    forged = [msgspec.structs.replace(s, value=bytes(64)) for s in note.signatures]
    return base64_text(Note(note.text, tuple(forged)).encoded).encode() + b"\n"


def test_a_name_of_many_bytes_fits_a_chain_of_many_statements():
    """The limit in bytes leaves room for the limit in statements: 2-of-3 keys, a new epoch each time."""
    chain = begin()
    for _ in range(3):
        closes = Closes(chain.epoch, 7, ROOT, 7 * chain.epoch)
        chain = extended(chain, sign_statement(opening(chain, closes=closes), SEEDS[:2]))
    longest = max(map(len, chain.encoded.splitlines(keepends=True)))
    assert longest * identity.MAX_STATEMENTS < identity.MAX_IDENTITY


def test_two_statements_of_one_sequence_are_a_fork_and_two_signings_of_one_are_not():
    one = extended(begin(), sign_statement(after(begin(), name="One"), SEEDS[:2]))
    again = extended(begin(), sign_statement(after(begin(), name="One"), SEEDS[1:]))
    other = extended(begin(), sign_statement(after(begin(), name="Other"), SEEDS[:2]))
    assert newer(one, again) is one
    assert newer(begin(), one) is one
    assert newer(one, begin()) is one
    for ours, theirs in [(one, other), (other, one)]:
        with pytest.raises(IdentityForkError) as caught:
            newer(ours, theirs)
        assert "evidence resolve" in (caught.value.hint or "")


def test_another_network_is_not_what_was_pinned():
    other = Network("Another Network").identity
    with pytest.raises(IdentityError):
        newer(begin(), other)
    with pytest.raises(IdentityError):
        identity.check_pinned(other, begin().network)


def test_one_flipped_bit_anywhere_in_an_identity_is_refused_or_changes_nothing():
    """A third signature is more than needed: when its name or key id is flipped, it is a stranger's and ignored."""
    chain = extended(begin(), sign_statement(opening(begin()), SEEDS[:2]))
    chain = extended(chain, sign_statement(after(chain, name="New Name"), SEEDS))
    raw = chain.encoded
    survived = 0
    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :]
        try:
            found = parse_identity(flipped)
        except FednetError as error:
            assert isinstance(error, RefusedError)
            continue
        assert found.statements == chain.statements
        survived += 1
    assert survived < 40
