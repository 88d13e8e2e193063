"""The specification's examples are the vectors' values, and its tables are the program's."""

from __future__ import annotations

import json
import re

import pytest

from fednet import errors
from fednet.feed import (
    bundle,
    checkpoint,
    edition,
    evidence,
    identity,
    introduction,
    message,
    note,
    proof,
    record,
    tree,
    wire,
    witness,
)
from tests.feed import make_vectors, reference
from tests.feed.network import Network

SPEC = (make_vectors.FOLDER.parent / "SPEC.md").read_text(encoding="utf-8")
README = (make_vectors.FOLDER / "README.md").read_text(encoding="utf-8")
GENESIS = Network(recovery=3, threshold=2).identity.current.text.decode()
VECTORS = "\n".join([*make_vectors.files().values(), GENESIS])


def two_leaves() -> list[str]:
    """The worked example of section 5.3, by the slow model."""
    found = re.findall(r"^leaf (\w{64}) (\w{64})$", SPEC, re.M)[:2]
    leaves = {bytes.fromhex(key): bytes.fromhex(commitment) for key, commitment in found}
    return [reference.state_hash(reference.state(leaves, prefix)).hex() for prefix in ("10", "1", "")]


def test_every_hash_key_and_name_in_an_example_is_one_of_a_vector():
    shown = re.findall(r"\b[0-9a-f]{64}\b|[A-Za-z0-9+/]{43}=|\b[a-z2-7]{32}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b", SPEC)
    assert len(shown) > 40
    assert [value for value in shown if value not in VECTORS and value not in two_leaves()] == []


def test_the_worked_tree_adds_up():
    for digest in two_leaves():
        assert f"node {digest}\n" in SPEC


def test_the_bundle_that_is_shown_is_the_vector():
    whole = json.loads((make_vectors.FOLDER / "valid" / "bundle-since.json").read_text("utf-8"))["bundle"]
    example = re.search(r"^fednet/1 bundle\n(?:resource|<\d+ bytes>).*?end \d+\n", SPEC, re.M | re.S)
    assert example is not None
    shown = re.split(r"<\d+ bytes>", example[0])
    assert [part for part in shown if part not in whole] == [] and len(shown) == 4


def words(kind: type[errors.FednetError]) -> dict[str, int]:
    return {kind.word: kind.status} | {w: s for sub in kind.__subclasses__() for w, s in words(sub).items()}


@pytest.mark.parametrize("word", sorted(words(errors.RefusedError)))
def test_every_refusal_is_in_the_table_with_its_status(word: str):
    assert f"| `{word}` | {words(errors.RefusedError)[word]} |" in SPEC
    assert f"| `{word}` |" in README


@pytest.mark.parametrize(
    "what, limit",
    [
        ("body", f"{record.MAX_BODY // 1024} KiB"),
        ("line", f"{wire.MAX_LINE // 1024} KiB"),
        ("edition line", f"{edition.MAX_LINE // 1024} KiB"),
        ("note, checkpoint", f"{note.MAX_NOTE // 1024} KiB, {note.MAX_SIGNATURES} signatures"),
        ("policy", f"{checkpoint.MAX_POLICY // 1024} KiB, {checkpoint.MAX_POLICY_LINES} lines"),
        (
            "identity chain",
            f"{identity.MAX_STATEMENTS:,} statements, {checkpoint.MAX_EPOCH:,} epochs, "
            f"{identity.MAX_RECOVERY_KEYS} recovery keys, {identity.MAX_IDENTITY >> 20} MiB",
        ),
        ("editions", f"{edition.MAX_EDITIONS:,} an epoch; {edition.MAX_A_DAY:,} a day"),
        ("records and tombstones of a feed", f"{edition.MAX_RECORDS:,}"),
        (
            "one answer",
            f"{wire.MAX_ANSWER >> 20} MiB decoded, counted while streaming; {wire.MAX_EDITION_LINES:,} edition",
        ),
        ("`leaves` line", f"{wire.LEAVES_PER_LINE} hashes"),
        ("page", f"{wire.MAX_PAGE >> 20} MiB; {wire.PAGE_RECORDS} records"),
        (
            "bundle",
            f"{bundle.MAX_BUNDLE >> 30} GiB decompressed, {bundle.MAX_RESOURCES:,} resources of at most "
            f"{bundle.MAX_RESOURCE >> 20} MiB, {bundle.MAX_LINE} bytes a `resource` line, "
            f"{bundle.MAX_NETWORKS} networks",
        ),
        ("offline proof", f"{proof.MAX_PROOF >> 20} MiB, {tree.KEY_BITS} siblings"),
        ("evidence", f"{evidence.MAX_EVIDENCE >> 20} MiB, {evidence.MAX_PATH} hashes"),
        ("request to a witness", f"{witness.MAX_REQUEST >> 10} KiB, {witness.MAX_PROOF} lines of proof"),
        (
            "message",
            f"{message.MAX_MESSAGE >> 20} MiB, {message.MAX_SIDES} `side` lines of {introduction.MAX_SIDE >> 10} KiB, "
            f"{message.MAX_SEEN} `seen` lines",
        ),
        (
            "characters of a side",
            f"`text` {introduction.MAX_TEXT:,}; {introduction.MAX_TITLES} titles of {introduction.MAX_TITLE}, ",
        ),
        (
            "characters of details",
            f"`name` {introduction.MAX_NAME}, `note` {introduction.MAX_NOTE}; {introduction.MAX_EACH} e-mail addresses "
            f"of {introduction.MAX_EMAIL}, {introduction.MAX_EACH} telephone numbers of {introduction.MAX_PHONE}",
        ),
        ("deepest node of the state tree", f"bit {tree.MAX_NODE_DEPTH}"),
    ],
)
def test_every_limit_is_the_one_that_is_written(what: str, limit: str):
    assert f"| {what} | {limit}" in SPEC


def test_the_kinds_of_vectors_are_described():
    kinds = set(re.findall(r'"kind": "([a-z-]+)"', VECTORS))
    assert kinds == set(re.findall(r"^\| `([a-z-]+)` \| `", README, re.M))
