"""Checkpoints (C2SP tlog-checkpoint v1.0.0) and witness policies (C2SP tlog-policy)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, MalformedError, SignatureError
from fednet.feed import checkpoint
from fednet.feed.checkpoint import Checkpoint, Policy, open_checkpoint, parse_checkpoint, parse_policy
from fednet.feed.note import Ed25519Signer, Note, Signature, sign
from fednet.feed.tlog import EMPTY_ROOT, MAX_SIZE
from tests.feed import law
from tests.feed.network import b64, seed, witness

NETWORK = "abcdefghijklmnopqrstuvwxyz234567"
ORIGIN = checkpoint.origin(NETWORK, "public", 1)
LOG = Ed25519Signer(ORIGIN, seed("log"))
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))


def test_a_checkpoint_is_three_lines():
    assert HEAD.text.decode() == f"fednet/{NETWORK}/public/1\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@law
@given(st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back(size: int, root: bytes):
    head = Checkpoint(ORIGIN, size, root)
    assert parse_checkpoint(head.text) == head


ROOT = b64(EMPTY_ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n1_0\n{ROOT}\n",
        f"o\n 1\n{ROOT}\n",
        f"o\n१\n{ROOT}\n",
        f"o\n\n{ROOT}\n",
        f"o\n{MAX_SIZE + 1}\n{ROOT}\n",
        f"o\n{10**30}\n{ROOT}\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{b64(bytes(31))}\n",
        f"o\n1\n{b64(bytes(33))}\n",
        f"o\n1\n{ROOT[:-2]}V=\n",
        f"o\n1\n{ROOT}\nan extension\n",
        f"o\n1\n{ROOT}\n\n",
    ],
)
def test_any_other_checkpoint_is_malformed(text: str):
    with pytest.raises(MalformedError):
        parse_checkpoint(text.encode())


def test_a_checkpoint_opens_for_its_own_log_only():
    note = sign(HEAD.text, LOG)
    assert open_checkpoint(note, LOG.verifier) == HEAD
    with pytest.raises(SignatureError):
        open_checkpoint(note, Ed25519Signer(ORIGIN, seed("another")).verifier)


def test_the_origin_must_be_the_name_of_the_key():
    other = Checkpoint(checkpoint.origin(NETWORK, "public", 2), 42, HEAD.root)
    with pytest.raises(SignatureError, match="expected the origin"):
        open_checkpoint(sign(other.text, LOG), LOG.verifier)


def test_cosignatures_alone_do_not_open_a_checkpoint():
    with pytest.raises(SignatureError):
        open_checkpoint(sign(HEAD.text, witness()), LOG.verifier, [witness().verifier])


def test_a_failing_cosignature_of_a_known_witness_refuses_and_of_a_stranger_does_not():
    known = witness().verifier
    bad = Signature(known.name, known.id, bytes(72))
    note = Note(HEAD.text, (LOG.signature(HEAD.text), bad))
    assert open_checkpoint(note, LOG.verifier) == HEAD
    with pytest.raises(SignatureError):
        open_checkpoint(note, LOG.verifier, [known])


@pytest.mark.parametrize("circle", ["", "A", "a" * 33, "a b", "a/b", "å", "a\n", "a_b", "."])
def test_a_circle_has_1_to_32_plain_characters(circle: str):
    with pytest.raises(MalformedError):
        checkpoint.check_circle(circle)


@pytest.mark.parametrize("network", ["", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "1", "a" * 31 + "\n", "०" * 32])
def test_a_network_id_has_32_characters_of_base32(network: str):
    with pytest.raises(MalformedError):
        checkpoint.check_network(network)


# --- policy

X = [witness(f"x{i}") for i in range(3)]
Y = [witness(f"y{i}") for i in range(3)]
NAMED = "".join(f"witness {w.name[:2]} {w.verifier.vkey}\n" for w in [*X, *Y])
NESTED = (
    f"# the example of the specification\nlog {LOG.verifier.vkey} https://log.example/\n\n{NAMED}"
    "group xs 2 x0 x1 x2\n  group\tys any y0 y1 y2 \ngroup both all xs ys\nquorum both\n"
)


@law
@given(st.sets(st.sampled_from([*X, *Y])))
def test_a_nested_quorum_counts_as_written(signed: set):
    policy = parse_policy(NESTED.encode())
    vouching = [w.verifier for w in signed]
    assert policy.satisfied_by(vouching) == (len(signed & set(X)) >= 2 and len(signed & set(Y)) >= 1)


def test_a_quorum_of_none_asks_for_nobody():
    assert parse_policy(b"quorum none\n").satisfied_by([])
    assert Policy().satisfied_by([])


def test_a_quorum_may_be_one_witness():
    policy = parse_policy(f"{NAMED}quorum x1\n".encode())
    assert policy.satisfied_by([X[1].verifier])
    assert not policy.satisfied_by([X[0].verifier, Y[0].verifier])


def test_the_log_key_is_no_witness():
    policy = parse_policy(f"{NAMED}quorum x1\n".encode())
    assert not policy.satisfied_by([Ed25519Signer(X[1].name, X[1].seed).verifier])


def test_names_and_comments_are_octets():
    policy = parse_policy(b"# \xff\xfe\nwitness \xc3\xa9\xff " + X[0].verifier.vkey.encode() + b"\nquorum \xc3\xa9\xff")
    assert policy.satisfied_by([X[0].verifier])


W0 = f"witness a {X[0].verifier.vkey}\n"
W1 = f"witness b {X[1].verifier.vkey}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        W0,
        "quorum a\n" + W0,
        W0 + "quorum b\n",
        W0 + "quorum a\nquorum a\n",
        W0 + "quorum none\nquorum a\n",
        W0 + "quorum\n",
        W0 + "quorum a b\n",
        W0 + W0 + "quorum a\n",
        W0 + f"witness b {X[0].verifier.vkey}\nquorum a\n",
        f"witness none {X[0].verifier.vkey}\nquorum none\n",
        W0 + f"group a any a\n{W1}quorum a\n",
        W0 + "group g any\nquorum g\n",
        W0 + "group g 1\nquorum g\n",
        W0 + "group g any b\nquorum g\n",
        W0 + "group g any g\nquorum g\n",
        W0 + "group g any none\nquorum g\n",
        W0 + "group g any a a\nquorum g\n",
        W0 + "group g any a\ngroup h any a\nquorum h\n",
        W0 + "group g 0 a\nquorum g\n",
        W0 + "group g 2 a\nquorum g\n",
        W0 + "group g 01 a\nquorum g\n",
        W0 + "group g +1 a\nquorum g\n",
        W0 + "group g most a\nquorum g\n",
        W0 + "group none any a\nquorum none\n",
        f"witness a {LOG.verifier.vkey}\nquorum a\n",
        f"log {X[0].verifier.vkey}\nquorum none\n",
        f"log {LOG.verifier.vkey}\nlog {LOG.verifier.vkey}\nquorum none\n",
        f"log {LOG.verifier.vkey} url more\nquorum none\n",
        "witness a nonsense\nquorum a\n",
        "anything else\nquorum none\n",
        "quorum none\r\n",
        "quorum none\n# \x00\n",
        "quorum none\n# \x7f\n",
        "quorum\u00a0none\n",
        "Quorum none\n",
        "quorum none\n" * 200,
        "quorum none\n# " + "x" * 70_000,
    ],
)
def test_any_other_policy_is_malformed(text: str):
    with pytest.raises(MalformedError):
        parse_policy(text.encode())


KEYS = [X[0].verifier.vkey, LOG.verifier.vkey]
WORDS = ["log", "witness", "group", "quorum", "none", "any", "all", "1", "a", "b", "\n", "#", *KEYS]


@law
@given(st.lists(st.sampled_from(WORDS), max_size=20), st.binary(max_size=4))
def test_hostile_policies_raise_nothing_else(words: list[str], rest: bytes):
    try:
        parse_policy(" ".join(words).encode() + rest).satisfied_by([X[0].verifier])
    except FednetError as error:
        assert isinstance(error, MalformedError)
