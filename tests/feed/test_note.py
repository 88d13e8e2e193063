"""Signed notes against C2SP signed-note v1.0.0."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, SignatureError
from fednet.feed import note
from fednet.feed.note import COSIGNATURE_V1, Cosigner, Ed25519Signer, Note, Signature, Verifier
from tests.feed import law
from tests.feed.network import b64, public, seed

# the example of the specification
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()

ALICE, BOB = Ed25519Signer("alice.example", seed("alice")), Ed25519Signer("bob.example", seed("bob"))
WITNESS = Cosigner("witness.example", seed("witness"), 1_679_315_147)
TEXT = b"a text\n"


def test_the_example_of_the_specification_opens():
    verifier = note.parse_vkey(VKEY)
    assert verifier.vkey == VKEY
    parsed = note.parse(EXAMPLE)
    assert parsed.text == b"This is an example message.\n"
    assert parsed.encoded == EXAMPLE
    assert note.open_note(parsed, [verifier]) == {verifier}


def test_a_note_reads_back_and_says_who_vouches():
    signed = note.sign(TEXT, ALICE, BOB, WITNESS)
    assert note.parse(signed.encoded) == signed
    everyone = (ALICE.verifier, BOB.verifier, WITNESS.verifier)
    assert note.open_note(signed, everyone) == set(everyone)
    assert note.open_note(signed, everyone[1:]) == set(everyone[1:])


def test_a_cosignature_signs_its_time_and_the_text():
    message = b"cosignature/v1\ntime 1679315147\na text\n"
    assert note.cosigned_message(TEXT, 1_679_315_147) == message
    [signature] = note.sign(TEXT, WITNESS).signatures
    assert signature.value[:8] == (1_679_315_147).to_bytes(8, "big")
    later = Signature(signature.name, signature.id, (1_679_315_148).to_bytes(8, "big") + signature.value[8:])
    with pytest.raises(SignatureError):
        note.open_note(Note(TEXT, (later,)), [WITNESS.verifier])


def test_one_key_under_two_signature_types_has_two_ids():
    plain = Verifier(WITNESS.name, public("witness"))
    assert plain.id != WITNESS.verifier.id
    with pytest.raises(SignatureError, match="none"):
        note.open_note(note.sign(TEXT, WITNESS), [plain])


def test_a_plain_signature_is_no_cosignature_and_no_cosignature_is_plain():
    plain = Ed25519Signer(WITNESS.name, WITNESS.seed).signature(TEXT)
    forged = Signature(WITNESS.name, WITNESS.verifier.id, bytes(8) + plain.value)
    with pytest.raises(SignatureError, match="verify"):
        note.open_note(Note(TEXT, (forged,)), [WITNESS.verifier])


@pytest.mark.parametrize("size", [0, 8, 63, 71, 73])
def test_a_cosignature_of_another_length_fails(size: int):
    forged = Signature(WITNESS.name, WITNESS.verifier.id, bytes(size))
    with pytest.raises(SignatureError):
        note.open_note(Note(TEXT, (forged,)), [WITNESS.verifier])


def test_a_time_beyond_63_bits_fails():
    value = (1 << 63).to_bytes(8, "big")
    message = note.cosigned_message(TEXT, 1 << 63)
    late = Signature(
        WITNESS.name, WITNESS.verifier.id, value + Ed25519Signer("x", WITNESS.seed).signature(message).value
    )
    with pytest.raises(SignatureError):
        note.open_note(Note(TEXT, (late,)), [WITNESS.verifier])


def test_a_repeated_signature_counts_once():
    signed = note.sign(TEXT, ALICE, ALICE, ALICE)
    assert note.open_note(signed, [ALICE.verifier, BOB.verifier]) == {ALICE.verifier}
    assert len(signed.with_signatures(signed.signatures).signatures) == 1


def test_a_failing_signature_of_a_known_key_refuses_the_note():
    bad = Signature(BOB.name, BOB.verifier.id, bytes(64))
    for signatures in [(ALICE.signature(TEXT), bad), (bad, ALICE.signature(TEXT))]:
        with pytest.raises(SignatureError, match=r"bob\.example does not verify"):
            note.open_note(Note(TEXT, signatures), [ALICE.verifier, BOB.verifier])
        assert note.open_note(Note(TEXT, signatures), [ALICE.verifier]) == {ALICE.verifier}


def test_a_second_signature_of_one_key_that_fails_refuses_the_note():
    good = ALICE.signature(TEXT)
    with pytest.raises(SignatureError):
        note.open_note(Note(TEXT, (good, Signature(good.name, good.id, bytes(64)))), [ALICE.verifier])


def test_an_unknown_signature_is_ignored_and_alone_is_not_enough():
    unknown = Signature("someone.else", b"\x01\x02\x03\x04", b"\x07")
    signed = Note(TEXT, (unknown, ALICE.signature(TEXT)))
    assert note.open_note(note.parse(signed.encoded), [ALICE.verifier]) == {ALICE.verifier}
    for verifiers in [[BOB.verifier], []]:
        with pytest.raises(SignatureError, match="none"):
            note.open_note(signed, verifiers)


def test_a_known_name_with_another_key_id_is_unknown():
    other = Ed25519Signer("alice.example", seed("other"))
    with pytest.raises(SignatureError, match="none"):
        note.open_note(note.sign(TEXT, other), [ALICE.verifier])


SIGNED = note.sign(TEXT, ALICE, BOB).encoded


@pytest.mark.parametrize("at", range(len(SIGNED)))
def test_one_flipped_bit_refuses_a_note_or_costs_one_unneeded_signature(at: int):
    for bit in range(8):
        flipped = SIGNED[:at] + bytes([SIGNED[at] ^ 1 << bit]) + SIGNED[at + 1 :]
        try:
            parsed = note.parse(flipped)
            vouching = note.open_note(parsed, [ALICE.verifier, BOB.verifier])
        except FednetError:
            continue
        assert parsed.text == TEXT and len(vouching) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        b"text\n\n\n",
        b"text\n\xe2\x80\x94 a AAAAAAA=\n",
        "text\n\n— a AAAAAAA=".encode(),
        "text\n\n— a AAAA\n".encode(),
        "text\n\n— a  AAAAAAA=\n".encode(),
        "text\n\n—  AAAAAAA=\n".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n— a AAAAAAB=\n".encode(),
        "text\n\n— a AAAAAAA\n".encode(),
        "text\n\n— a\x01 AAAAAAA=\n".encode(),
        "text\n\n– a AAAAAAA=\n".encode(),
        b"text\n\n- a AAAAAAA=\n",
        "text\n\n— a AAAAAAA= \n".encode(),
        "text\n\n— a\u00a0b AAAAAAA=\n".encode(),
        "text\r\n\n— a AAAAAAA=\n".encode(),
        "te\x00xt\n\n— a AAAAAAA=\n".encode(),
        "te\txt\n\n— a AAAAAAA=\n".encode(),
        b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
    ],
)
def test_what_is_not_a_note_is_malformed(raw: bytes):
    with pytest.raises(MalformedError):
        note.parse(raw)


def test_the_last_empty_line_separates_text_and_signatures():
    text = b"one\n\ntwo\n"
    assert note.parse(note.sign(text, ALICE).encoded).text == text


def test_a_note_has_limits():
    with pytest.raises(LimitError):
        note.parse(b"x" * note.MAX_NOTE + SIGNED)
    many = Note(TEXT, tuple(Signature("a", i.to_bytes(4, "big"), b"x") for i in range(note.MAX_SIGNATURES + 1)))
    with pytest.raises(LimitError):
        note.parse(many.encoded)
    note.parse(Note(TEXT, many.signatures[1:]).encoded)


@pytest.mark.parametrize("text", [b"", b"no newline", b"tab\there\n", b"\xff\n"])
def test_nothing_is_signed_that_no_one_could_open(text: bytes):
    with pytest.raises(MalformedError):
        note.sign(text, ALICE)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        "a+b+c",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("example.com", "example.org"),
        VKEY + "=",
        VKEY + "+x",
        "a b" + VKEY,
        "\ud800" + VKEY,
        "+" + VKEY,
        f"a+00000000+{b64(b'')}",
        f"a+{note.key_id('a', 2, public('a')).hex()}+{b64(bytes([2]) + public('a'))}",
        f"a+{note.key_id('a', 1, bytes(32)).hex()}+{b64(bytes([1]) + bytes(32))}",
        f"a+{note.key_id('a', 1, public('a')[:31]).hex()}+{b64(bytes([1]) + public('a')[:31])}",
    ],
)
def test_what_is_not_a_verifier_key_is_malformed(vkey: str):
    with pytest.raises(MalformedError):
        note.parse_vkey(vkey)


@law
@given(st.text(min_size=1, max_size=20))
def test_a_name_that_is_accepted_survives_a_note_and_a_vkey(name: str):
    try:
        note.check_name(name)
    except MalformedError:
        return
    signer = Ed25519Signer(name, seed("alice"))
    assert note.parse_vkey(signer.verifier.vkey) == signer.verifier
    signed = note.parse(note.sign(TEXT, signer).encoded)
    assert note.open_note(signed, [signer.verifier]) == {signer.verifier}


def test_only_known_signature_types_are_spoken():
    with pytest.raises(MalformedError):
        Verifier("a", public("a"), 6)
    assert Verifier("a", public("a"), COSIGNATURE_V1).vkey.startswith("a+")
