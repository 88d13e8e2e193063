"""Writes `protocol/vectors`: run `python -m tests.feed.make_vectors` after the protocol changed.

Every key and salt comes from a fixed word, so the same files come out on every machine. What a valid vector expects is
taken from the test network's own records and from the slow models, not from the code under test where that can be.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fednet.feed import evidence, message, note, record, tlog, tree, wire
from fednet.feed.checkpoint import Checkpoint
from fednet.feed.edition import edition, parse_edition
from fednet.feed.follow import Followed
from fednet.feed.identity import extended, sign_statement
from fednet.feed.introduction import MAX_SIDE, Details, Seen, Side, Spoken
from fednet.feed.message import MAX_SIDES, Message
from fednet.feed.note import Ed25519Signer, Note, Signature, sign
from fednet.feed.record import Drop, Put
from fednet.feed.text import base64_text, utc_text
from tests.feed import reference
from tests.feed.network import BEGAN, Network, b64, handle, public, seed, witness

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors"
replace = msgspec.structs.replace

Vector = tuple[str, str, dict[str, Any]]  # outcome, name, content


def vectors() -> Iterator[Vector]:
    for part in (
        notes,
        checkpoints,
        logs,
        tiles,
        trees,
        commitments,
        editions,
        identities,
        pages,
        changes,
        proofs,
        policies,
        bundles,
        evidences,
        messages,
    ):
        yield from part()


def files() -> dict[str, str]:
    """Path below `protocol/vectors` -> content."""
    return {
        f"{outcome}/{name}.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for outcome, name, content in vectors()
    }


def valid(name: str, kind: str, description: str, expected: dict[str, Any], **inputs: Any) -> Vector:
    return "valid", name, {"description": description, "kind": kind, **inputs, "expected": expected}


def fault(outcome: str, name: str, kind: str, description: str, **inputs: Any) -> Vector:
    return outcome, name, {"description": description, "kind": kind, **inputs}


# --- notes and checkpoints

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
ALICE, BOB = Ed25519Signer("alice.example", seed("alice")), Ed25519Signer("bob.example", seed("bob"))
TEXT = b"a text\n"


def notes() -> Iterator[Vector]:
    a, b, w = ALICE.verifier.vkey, BOB.verifier.vkey, witness().verifier.vkey
    both = sign(TEXT, ALICE, BOB).encoded.decode()
    bad = Signature(BOB.name, BOB.verifier.id, bytes(64))
    yield valid(
        "note-c2sp-example",
        "note",
        "the example of C2SP signed-note",
        {"vouching": [EXAMPLE_KEY]},
        note=EXAMPLE,
        keys=[EXAMPLE_KEY],
    )
    yield valid("note-two-signatures", "note", "two known keys vouch", {"vouching": [a, b]}, note=both, keys=[a, b])
    yield valid(
        "note-unknown-ignored",
        "note",
        "a signature by an unknown key is ignored",
        {"vouching": [a]},
        note=both,
        keys=[a],
    )
    yield valid(
        "note-duplicate-counts-once",
        "note",
        "the same signature three times is one",
        {"vouching": [a]},
        note=sign(TEXT, ALICE, ALICE, ALICE).encoded.decode(),
        keys=[a, b],
    )
    yield valid(
        "note-cosignature",
        "note",
        "a cosignature/v1 covers its time and the text",
        {"vouching": [w]},
        note=sign(TEXT, witness()).encoded.decode(),
        keys=[w],
    )
    yield fault("bad-signature", "note-nobody-known", "note", "no known key signed", note=both, keys=[w])
    yield fault(
        "bad-signature",
        "note-known-key-fails",
        "note",
        "one known key vouches, another one's signature fails",
        note=Note(TEXT, (ALICE.signature(TEXT), bad)).encoded.decode(),
        keys=[a, b],
    )
    yield fault(
        "bad-signature",
        "note-text-changed",
        "note",
        "one letter of the text differs",
        note=both.replace("a text", "a test"),
        keys=[a, b],
    )
    plain = Ed25519Signer(witness().name, witness().seed).signature(TEXT)
    posed = Signature(plain.name, witness().verifier.id, bytes(8) + plain.value)
    yield fault(
        "bad-signature",
        "note-plain-as-cosignature",
        "note",
        "a plain signature posing as a cosignature",
        note=Note(TEXT, (posed,)).encoded.decode(),
        keys=[w],
    )
    broken = {
        "note-no-signature": ("a text without signature lines", "a text\n\n"),
        "note-cut": ("the last newline is missing", both[:-1]),
        "note-hyphen": ("a hyphen in place of the em dash", both.replace("—", "-")),
        "note-base64-not-canonical": ("spare bits of the base64 are set", "a text\n\n— a AAAAAAB=\n"),
        "note-base64-unpadded": ("base64 without padding", "a text\n\n— a AAAAAAA\n"),
        "note-tab": ("a control character in the text", both.replace("a text", "a\ttext")),
        "note-carriage-return": ("lines end in CR LF", both.replace("\n", "\r\n")),
        "note-name-with-plus": ("a plus in the name of a key", both.replace("alice.example", "alice+example")),
        "note-signature-too-short": ("a signature of 4 bytes is a key id alone", "a text\n\n— a AAAAAA==\n"),
    }
    for name, (description, text) in broken.items():
        yield fault("malformed", name, "note", description, note=text, keys=[a])
    many = Note(TEXT, tuple(Signature("a", i.to_bytes(4, "big"), b"x") for i in range(33))).encoded.decode()
    yield fault("too-much", "note-33-signatures", "note", "one signature more than are read", note=many, keys=[a])
    small = f"a+{note.key_id('a', 1, bytes(32)).hex()}+{b64(bytes([1]) + bytes(32))}"
    for name, description, key in [
        ("vkey-small-order", "a public key of small order", small),
        ("vkey-wrong-id", "the id is not the hash of name and key", a.replace(a.split("+")[1], "00000000")),
        (
            "vkey-unknown-type",
            "signature type 2 is not spoken",
            f"a+{note.key_id('a', 2, public('a')).hex()}+{b64(bytes([2]) + public('a'))}",
        ),
    ]:
        yield fault("malformed", name, "note", description, note=both, keys=[key])


def checkpoints() -> Iterator[Vector]:
    network = listing()
    log, key = network.signer, network.signer.verifier.vkey
    head = Checkpoint(log.name, 3, network.root())
    seen = {"origin": log.name, "size": 3, "root": b64(network.root())}
    w = witness().verifier.vkey
    yield valid(
        "checkpoint",
        "checkpoint",
        "a checkpoint of a log of three editions",
        seen,
        note=network.checkpoint().encoded.decode(),
        log=key,
        witnesses=[],
    )
    yield valid(
        "checkpoint-cosigned",
        "checkpoint",
        "with a cosignature of a known witness",
        seen,
        note=network.checkpoint(None, witness()).encoded.decode(),
        log=key,
        witnesses=[w],
    )
    bad = Signature(witness().name, witness().verifier.id, bytes(72))
    spoiled = Note(head.text, (log.signature(head.text), bad)).encoded.decode()
    yield valid(
        "checkpoint-stranger-fails",
        "checkpoint",
        "a failing cosignature of a witness nobody here knows",
        seen,
        note=spoiled,
        log=key,
        witnesses=[],
    )
    yield fault(
        "bad-signature",
        "checkpoint-witness-fails",
        "checkpoint",
        "the same note, and the witness is known",
        note=spoiled,
        log=key,
        witnesses=[w],
    )
    yield fault(
        "bad-signature",
        "checkpoint-only-cosigned",
        "checkpoint",
        "a witness signed, the log did not",
        note=sign(head.text, witness()).encoded.decode(),
        log=key,
        witnesses=[w],
    )
    other = replace(head, origin=log.name.replace("public", "partners"))
    yield fault(
        "bad-signature",
        "checkpoint-other-origin",
        "checkpoint",
        "the log's key under the origin of another log",
        note=sign(other.text, log).encoded.decode(),
        log=key,
        witnesses=[],
    )
    root = b64(network.root())
    texts = {
        "checkpoint-leading-zero": ("a leading zero in the size", f"{log.name}\n03\n{root}\n"),
        "checkpoint-plus": ("a sign before the size", f"{log.name}\n+3\n{root}\n"),
        "checkpoint-underscore": ("an underscore in the size", f"{log.name}\n1_0\n{root}\n"),
        "checkpoint-foreign-digit": ("a Devanagari digit", f"{log.name}\n३\n{root}\n"),
        "checkpoint-short-root": ("a root of 31 bytes", f"{log.name}\n3\n{b64(network.root()[:31])}\n"),
        "checkpoint-extension": ("an extension line", f"{log.name}\n3\n{root}\nmore\n"),
        "checkpoint-impossible-size": ("a size of 2^62 + 1", f"{log.name}\n{2**62 + 1}\n{root}\n"),
    }
    for name, (description, text) in texts.items():
        yield fault(
            "malformed",
            name,
            "checkpoint",
            description,
            note=sign(text.encode(), log).encoded.decode(),
            log=key,
            witnesses=[],
        )


def policies() -> Iterator[Vector]:
    xs, ys = [witness(f"x{i}") for i in range(3)], [witness(f"y{i}") for i in range(2)]
    text = "".join(f"witness {w.name[:2]} {w.verifier.vkey}\n" for w in [*xs, *ys])
    text += "group xs 2 x0 x1 x2\ngroup ys any y0 y1\ngroup both all xs ys\nquorum both\n"
    for name, signed, satisfied in [
        ("reached", [xs[0], xs[2], ys[1]], True),
        ("one-x", [xs[0], ys[0], ys[1]], False),
        ("no-y", xs, False),
    ]:
        yield valid(
            f"policy-{name}",
            "policy",
            "two of the xs and any of the ys must have cosigned",
            {"satisfied": satisfied},
            policy=text,
            cosigned=[w.verifier.vkey for w in signed],
        )
    yield valid(
        "policy-none",
        "policy",
        "a quorum of none asks for nobody",
        {"satisfied": True},
        policy="quorum none\n",
        cosigned=[],
    )
    first = f"witness x0 {xs[0].verifier.vkey}\n"
    for name, description, wrong in [
        ("no-quorum", "no quorum line", first),
        ("two-quorums", "two quorum lines", first + "quorum x0\nquorum x0\n"),
        ("member-twice", "a witness in two groups", first + "group a any x0\ngroup b any x0\nquorum b\n"),
        ("too-many-needed", "two of one are needed", first + "group a 2 x0\nquorum a\n"),
        ("key-twice", "one key under two names", first + first.replace("x0", "x1", 1) + "quorum x0\n"),
        ("carriage-return", "lines end in CR LF", "quorum none\r\n"),
    ]:
        yield fault("malformed", f"policy-{name}", "policy", description, policy=wrong, cosigned=[])


# --- log and tiles

ENTRIES = [b"entry %d" % i for i in range(11)]


def logs() -> Iterator[Vector]:
    root, leaf = b64(reference.mth(ENTRIES)), b64(tlog.leaf_hash(ENTRIES[6]))
    path = [b64(found) for found in reference.path(6, ENTRIES)]
    given = {"size": 11, "root": root, "index": 6, "leaf": leaf}
    yield valid("inclusion", "inclusion", "leaf 6 of 11; entry i is the text 'entry i'", {}, **given, proof=path)
    yield valid(
        "inclusion-alone",
        "inclusion",
        "the only leaf is the root",
        {},
        size=1,
        index=0,
        proof=[],
        root=b64(tlog.leaf_hash(ENTRIES[0])),
        leaf=b64(tlog.leaf_hash(ENTRIES[0])),
    )
    for name, description, changed in [
        ("index", "the proof of leaf 6 for leaf 7", {"index": 7}),
        ("index-beyond", "leaf 11 of 11", {"index": 11}),
        ("size", "another size of the log", {"size": 4}),
        ("leaf", "another leaf", {"leaf": b64(tlog.leaf_hash(b"entry 7"))}),
        ("root", "another root", {"root": b64(reference.mth(ENTRIES[:10]))}),
        ("short", "the last hash is missing", {"proof": path[:-1]}),
        ("long", "a hash too many", {"proof": [*path, path[-1]]}),
        ("order", "two hashes have changed places", {"proof": [path[1], path[0], *path[2:]]}),
    ]:
        yield fault(
            "bad-proof", f"inclusion-wrong-{name}", "inclusion", description, **{**given, "proof": path, **changed}
        )
    old = b64(reference.mth(ENTRIES[:6]))
    grown = {"old_size": 6, "old_root": old, "size": 11, "root": root}
    joins = [b64(found) for found in reference.proof(6, ENTRIES)]
    yield valid("consistency", "consistency", "from size 6 to size 11", {}, **grown, proof=joins)
    yield valid(
        "consistency-from-power-of-two",
        "consistency",
        "from size 8 to size 11",
        {},
        old_size=8,
        size=11,
        old_root=b64(reference.mth(ENTRIES[:8])),
        root=root,
        proof=[b64(found) for found in reference.proof(8, ENTRIES)],
    )
    yield valid(
        "consistency-same-size",
        "consistency",
        "nothing was appended",
        {},
        old_size=11,
        old_root=root,
        size=11,
        root=root,
        proof=[],
    )
    for name, description, changed in [
        ("old-root", "another old root", {"old_root": b64(reference.mth(ENTRIES[:5]))}),
        ("root", "another new root", {"root": b64(reference.mth(ENTRIES[:10]))}),
        ("old-size", "another old size", {"old_size": 5}),
        ("empty", "no hashes", {"proof": []}),
        ("long", "a hash too many", {"proof": [*joins, joins[-1]]}),
        ("from-nothing", "there is no proof from size 0", {"old_size": 0, "old_root": b64(tlog.EMPTY_ROOT)}),
        ("backwards", "the old log is longer", {"old_size": 12}),
        ("fork", "two roots of one size", {"old_size": 11, "proof": []}),
    ]:
        yield fault(
            "bad-proof", f"consistency-wrong-{name}", "consistency", description, **{**grown, "proof": joins, **changed}
        )


def tiles() -> Iterator[Vector]:
    for name, path, level, index, width in [
        ("first", "tile/0/000", 0, 0, 256),
        ("c2sp-example", "tile/0/x001/x234/067", 0, 1234067, 256),
        ("partial", "tile/1/x001/000.p/255", 1, 1000, 255),
        ("entries", "tile/entries/067.p/8", -1, 67, 8),
    ]:
        yield valid(
            f"tile-path-{name}",
            "tile-path",
            "level -1 stands for entries",
            {"level": level, "index": index, "width": width},
            path=path,
        )
    for name, path in [
        ("two-digits", "tile/0/67"),
        ("leading-group", "tile/0/x000/067"),
        ("no-x", "tile/0/001/067"),
        ("full-as-partial", "tile/0/067.p/256"),
        ("empty-partial", "tile/0/067.p/0"),
        ("level-64", "tile/64/000"),
        ("sumdb", "tile/8/0/000"),
    ]:
        yield fault("malformed", f"tile-path-{name}", "tile-path", "names no tile", path=path)


# --- state


def trees() -> Iterator[Vector]:
    keys = [record.key_of(handle(i)) for i in range(40)]
    leaves = {key: seed(f"commitment {i}") for i, key in enumerate(keys)}
    near = {bytes(12) + bytes([0x80 >> i]) + bytes(19): seed(f"near {i}") for i in range(2)}
    for name, description, some in [
        ("empty", "nothing is listed: the root is 32 zero bytes", {}),
        ("one", "a lone leaf is carried up to the root", dict(list(leaves.items())[:1])),
        ("two", "two leaves", dict(list(leaves.items())[:2])),
        ("forty", "forty leaves, given in no order", leaves),
        ("deep", "two keys that share 96 bits", near),
    ]:
        root = reference.state(some)
        yield valid(
            f"tree-{name}",
            "tree",
            description,
            {"entry": wire.entry_line(root), "state": b64(reference.state_hash(root))},
            leaves=[[key.hex(), found.hex()] for key, found in some.items()],
        )
    far = dict(zip([bytes(12) + b"\x00" + bytes(19), bytes(12) + b"\x40" + bytes(19)], near.values(), strict=True))
    yield fault(
        "too-much",
        "tree-below-bit-96",
        "tree",
        "two keys that share 97 bits",
        leaves=[[key.hex(), found.hex()] for key, found in far.items()],
    )
    store = {k: v for k, v in tree.updated({}.get, leaves).pages.items() if v is not None}
    for name, key in [("present", keys[3]), ("absent", seed("nowhere"))]:
        path = tree.path(store.get, key)
        yield valid(
            f"path-{name}",
            "path",
            f"the way to a key that is {name}, from the root down",
            {"entry": wire.entry_line(reference.state(leaves))},
            key=key.hex(),
            siblings=[wire.entry_line(entry) for entry in path.siblings],
            end=wire.entry_line(path.end),
        )
    path = tree.path(store.get, keys[3])
    elsewhere = wire.entry_line(tree.Leaf(keys[4], leaves[keys[4]]))
    yield fault(
        "misplaced-leaf",
        "path-other-end",
        "path",
        "the leaf at the end does not lie on the way",
        key=keys[3].hex(),
        siblings=[wire.entry_line(entry) for entry in path.siblings],
        end=elsewhere,
    )
    yield fault(
        "misplaced-leaf",
        "path-leaf-beside-itself",
        "path",
        "a sibling that lies on the key's own side",
        key=keys[3].hex(),
        siblings=[wire.entry_line(tree.Leaf(keys[3], leaves[keys[3]]))],
        end="-",
    )


def commitments() -> Iterator[Vector]:
    network = listing()
    for name, text in [
        ("plain", '{"kind":"organization"}'),
        ("scripts", '{"names":{"th":"ไทย","ar":"مرحبا","zh":"中文"}}'),
        ("not-json", "a body need not be understood to be kept"),
    ]:
        salt = seed(f"salt of {name}")
        lines = f"fednet record v1\n{network.id}\npublic\n{handle(1)}\n{b64(salt)}\n{text}\n".encode()
        key = reference.h(handle(1).encode())
        gone = f"fednet erased v1\n{network.id}\npublic\n{key.hex()}\n".encode()
        yield valid(
            f"commitment-{name}",
            "commitment",
            "of the record as listed, and of its erasure",
            {"key": key.hex(), "commitment": reference.h(lines).hex(), "erased": reference.h(gone).hex()},
            network=network.id,
            circle="public",
            handle=handle(1),
            salt=b64(salt),
            body=text,
        )
    given = {"network": network.id, "circle": "public", "handle": handle(1), "salt": b64(seed("salt")), "body": "{}"}
    for name, description, changed in [
        ("upper-case-handle", "a handle is in lower case", {"handle": handle(1).upper()}),
        ("handle-version-1", "a handle is a UUID of version 4", {"handle": handle(1).replace("-4", "-1", 1)}),
        ("short-salt", "a salt has 32 bytes", {"salt": b64(bytes(31))}),
        ("tab-in-body", "a body has no bytes below 0x20", {"body": "{\t}"}),
        ("empty-body", "a body is not empty", {"body": ""}),
    ]:
        yield fault("malformed", f"commitment-{name}", "commitment", description, **{**given, **changed})
    yield fault("too-much", "commitment-long-body", "commitment", "65,537 bytes", **{**given, "body": "x" * 65537})


def editions() -> Iterator[Vector]:
    line = edition(42, BEGAN, 1203, 3, bytes(range(32))).line.decode()
    seen = {
        "edition": 42,
        "issued": utc_text(BEGAN),
        "expires": "2026-12-21T18:00:00Z",
        "records": 1203,
        "erased": 3,
        "state": b64(bytes(range(32))),
    }
    yield valid("edition", "edition", "an edition line", seen, line=line)
    closes = {"epoch": 1, "size": 7, "root": b64(bytes(range(32))), "edition": 7}
    closing = line[:-1] + ',"closes":' + json.dumps(closes, separators=(",", ":")) + "}"
    yield valid(
        "edition-closes", "edition", "the first edition of a later epoch", {**seen, "closes": closes}, line=closing
    )
    for name, description, wrong in [
        ("spaces", "a space after a colon", line.replace(":42", ": 42")),
        (
            "field-order",
            "erased before records",
            line.replace('"records":1203,"erased":3', '"erased":3,"records":1203'),
        ),
        ("extra-field", "a field that is not known", line[:-1] + ',"more":1}'),
        ("duplicate-field", "a field twice", line.replace('"edition":42,', '"edition":42,"edition":42,')),
        ("escape", "a letter written as an escape", line.replace("edition", "\\u0065dition")),
        ("float", "a number with a fraction", line.replace(":42", ":42.0")),
        ("edition-0", "editions are counted from 1", line.replace(":42", ":0")),
        ("lower-case-z", "a time ends in Z", line.replace("Z", "z")),
        ("fraction-of-a-second", "a time has whole seconds", line.replace("18:00:00Z", "18:00:00.0Z")),
        ("no-lifetime", "it expires when it is issued", line.replace("2026-12-21", "2026-11-21")),
        ("91-days", "it expires after more than 90 days", line.replace("2026-12-21", "2027-02-20")),
        ("short-state", "a state root of 31 bytes", line.replace(b64(bytes(range(32))), b64(bytes(range(31))))),
        ("null-closes", "closes is absent or an object", line[:-1] + ',"closes":null}'),
        ("closes-more-than-editions", "a log is not longer than its editions", closing.replace('"size":7', '"size":8')),
        ("newline", "the line is a leaf without its newline", line + "\n"),
    ]:
        yield fault("malformed", f"edition-{name}", "edition", description, line=wrong)
    yield fault(
        "too-much",
        "edition-4-million",
        "edition",
        "more records than a feed may have",
        line=line.replace(":1203", ":4000000"),
    )
    yield fault("too-much", "edition-long", "edition", "a line of more than 1 KiB", line=line + " " * 1024)


# --- identity


def text_of(raw: bytes) -> str:
    return raw.decode()


def identities() -> Iterator[Vector]:
    network = Network(recovery=3, threshold=2)
    begun = network.identity
    genesis = begun.current
    seeds = network.recovery_seeds
    yield valid(
        "identity-genesis",
        "identity",
        "a genesis signed by two of its three recovery keys",
        {"network": network.id, "epoch": 1, "statements": 1, "name": "Example Network"},
        identity=text_of(begun.encoded),
        network=network.id,
    )

    def next_one(signers: list[bytes] = seeds[:2], **changed: Any) -> str:
        given = {"sequence": 1, "network": network.id, "previous": genesis.digest, "name": "New Name", **changed}
        return text_of(begun.encoded) + b64(sign_statement(replace(genesis, **given), signers).encoded) + "\n"

    yield valid(
        "identity-new-name",
        "identity",
        "a change of name keeps the epoch",
        {"network": network.id, "epoch": 1, "statements": 2, "name": "New Name"},
        identity=next_one(),
    )
    keys = tuple(base64_text(public(f"new {i}")) for i in range(3))
    new = [seed(f"new {i}") for i in range(3)]
    yield valid(
        "identity-new-recovery-keys",
        "identity",
        "two of the old and two of the new keys sign",
        {"network": network.id, "epoch": 1, "statements": 2, "name": "New Name"},
        identity=next_one(seeds[:2] + new[:2], recovery_keys=keys),
    )
    opened = listing(recovery=3, threshold=2)
    opened.open_epoch()
    yield valid(
        "identity-new-epoch",
        "identity",
        "all online keys change, epoch 1 is closed at size 3",
        {"network": opened.id, "epoch": 2, "statements": 2, "name": "Example Network"},
        identity=text_of(opened.identity.encoded),
    )
    for name, description, identity in [
        ("one-signature", "two of three are needed, one signed", next_one(seeds[:1])),
        ("one-key-twice", "one key counts once", next_one([seeds[0], seeds[0]])),
        ("one-new-key", "two of the new recovery keys must sign too", next_one([*seeds, new[0]], recovery_keys=keys)),
        ("sequence-2", "a statement is missing", next_one(sequence=2)),
        ("other-network", "a statement of another network", next_one(network="a" * 32)),
        ("other-previous", "it does not follow from the genesis", next_one(previous="00" * 32)),
        ("key-without-epoch", "a new log key must open an epoch", next_one(log_key=keys[0])),
        ("epoch-without-close", "an epoch opens by closing the last", next_one(log_key=keys[0], epoch=2)),
        (
            "one-key-two-uses",
            "all keys are distinct",
            b64(
                msgspec.json.encode(genesis).replace(genesis.cosigner_key.encode(), genesis.log_key.encode())
                + b"\n"
                + sign_statement(genesis, seeds).encoded[len(genesis.text) :]
            )
            + "\n",
        ),
    ]:
        yield fault("bad-identity", f"identity-{name}", "identity", description, identity=identity)
    yield fault(
        "bad-signature",
        "identity-only-old-keys",
        "identity",
        "none of the new recovery keys signed",
        identity=next_one(seeds, recovery_keys=keys),
    )
    yield fault(
        "bad-identity",
        "identity-not-the-pinned",
        "identity",
        "a whole chain, of another network",
        identity=text_of(Network("Other").identity.encoded),
        network=network.id,
    )
    miscounted = sign_statement(
        replace(opened.identity.current, closes=replace(opened.identity.current.closes, edition=4)),
        opened.recovery_seeds,
    )
    yield fault(
        "bad-identity",
        "identity-close-miscounts",
        "identity",
        "a log of 3 editions ends with edition 3, not 4",
        identity=opened.identity.encoded.decode().split("\n")[0] + "\n" + b64(miscounted.encoded) + "\n",
    )
    spoiled = sign_statement(genesis, seeds[:2])
    for outcome, name, description, text in [
        (
            "bad-signature",
            "identity-text-changed",
            "the name was changed after signing",
            spoiled.text.replace(b"Ex", b"ex"),
        ),
        (
            "malformed",
            "identity-field-order",
            "there is one order of fields",
            spoiled.text.replace(b'"epoch":1,', b"").replace(b'"sequence":0', b'"epoch":1,"sequence":0'),
        ),
        (
            "malformed",
            "identity-unknown-field",
            "a field that is not known",
            spoiled.text.replace(b"{", b'{"more":1,', 1),
        ),
        (
            "malformed",
            "identity-small-order-key",
            "a key of small order",
            spoiled.text.replace(genesis.log_key.encode(), b64(bytes(32)).encode()),
        ),
        (
            "malformed",
            "identity-second-spelling-of-a-key",
            "y = p + 1 is a second spelling of y = 1",
            spoiled.text.replace(genesis.log_key.encode(), b64(b"\xee" + b"\xff" * 30 + b"\x7f").encode()),
        ),
    ]:
        identity = (
            b64(
                Note(
                    text,
                    sign(text, *(Ed25519Signer("fednet/recovery", s) for s in seeds[:2])).signatures
                    if outcome == "malformed"
                    else spoiled.signatures,
                ).encoded
            )
            + "\n"
        )
        yield fault(outcome, name, "identity", description, identity=identity)
    yield fault(
        "malformed", "identity-cut", "identity", "the last newline is missing", identity=text_of(begun.encoded)[:-1]
    )
    yield fault(
        "identity-fork",
        "identity-two-second-statements",
        "identity",
        "two statements of one sequence verify",
        held=next_one(name="One"),
        identity=next_one(name="Other"),
    )
    yield valid(
        "identity-signed-again",
        "identity",
        "one statement with other signatures is no fork",
        {"network": network.id, "epoch": 1, "statements": 2, "name": "New Name"},
        held=next_one(seeds[:2]),
        identity=next_one(seeds[1:]),
    )


# --- feeds


def listing(**how: Any) -> Network:
    """Three editions: 12 records; one erased, one dropped; one replaced."""
    network = Network(**how)
    network.publish(*map(network.put, range(12)))
    network.publish(network.erase(3), network.drop(4))
    network.publish(network.put(5, 2))
    return network


def pages() -> Iterator[Vector]:
    network = listing()
    root = reference.state({leaf.key: leaf.commitment for leaf in network.held.values()})
    given = {"network": network.id, "circle": "public", "prefix": "", "wanted": wire.entry_line(root)}
    records, entries = network.page(), network.page(form="entries")
    assert isinstance(records, wire.RecordsPage) and isinstance(entries, wire.EntriesPage)
    keys = sorted(key.hex() for key in network.held)
    yield valid(
        "page-records",
        "page",
        "every record, in the order of keys",
        {"form": "records", "keys": keys},
        **given,
        page=text_of(records.encoded),
    )
    yield valid(
        "page-entries",
        "page",
        "the sixteen entries below the root",
        {"form": "entries", "entries": [wire.entry_line(entry) for entry in entries.children]},
        **given,
        page=text_of(entries.encoded),
    )
    counted = tuple(tree.Node(e.hash, 7) if isinstance(e, tree.Node) else e for e in entries.children)
    yield valid(
        "page-counts-are-hints",
        "page",
        "all counts are wrong, and decide nothing",
        {"form": "entries", "entries": [wire.entry_line(entry) for entry in counted]},
        **given,
        page=text_of(wire.EntriesPage("", counted).encoded),
    )
    fewer = wire.RecordsPage("", records.records[1:])
    yield fault(
        "state-mismatch", "page-record-missing", "page", "one record is missing", **given, page=text_of(fewer.encoded)
    )
    body = text_of(records.encoded).replace("Example 7", "Example 8")
    yield fault("state-mismatch", "page-body-changed", "page", "one letter of a body differs", **given, page=body)
    yield fault(
        "state-mismatch",
        "page-other-circle",
        "page",
        "the same lines in another circle",
        **{**given, "circle": "partners"},
        page=text_of(records.encoded),
    )
    at = next(i for i, child in enumerate(entries.children) if isinstance(child, tree.Leaf))
    moved = list(entries.children)
    spare = moved.index(None)
    moved[at], moved[spare] = moved[spare], moved[at]
    yield fault(
        "misplaced-leaf",
        "page-leaf-below-another-digit",
        "page",
        "a leaf is shown where it does not lie",
        **given,
        page=text_of(wire.EntriesPage("", tuple(moved)).encoded),
    )
    yield fault(
        "misplaced-leaf",
        "page-records-of-another-prefix",
        "page",
        "records that do not lie below the prefix",
        **{**given, "prefix": "f"},
        page=text_of(wire.RecordsPage("", records.records[:1]).encoded),
    )
    child = entries.children[at]
    assert isinstance(child, tree.Leaf)
    own = next(r for r in records.records if r.key == child.key)
    yield fault(
        "state-mismatch",
        "page-leaf-posing-as-node",
        "page",
        "a page that adds up to a leaf cannot stand for a node of the same hash",
        **{**given, "prefix": f"{at:x}", "wanted": wire.entry_line(tree.Node(child.hash, 1))},
        page=text_of(wire.RecordsPage(f"{at:x}", (own,)).encoded),
    )
    for name, description, page in [
        ("no-form", "the first line names the form", text_of(records.encoded).replace("records\n", "", 1)),
        ("cut", "the last line does not end", text_of(records.encoded)[:-1]),
        ("fifteen-entries", "an entries page has sixteen", text_of(entries.encoded).rsplit("\n", 2)[0] + "\n"),
        ("descending", "keys ascend", text_of(wire.RecordsPage("", records.records[::-1]).encoded)),
        ("drop-line", "a page has no drop lines", text_of(records.encoded) + f"drop {'ff' * 32}\n"),
        (
            "upper-case-hash",
            "hashes are in lower case",
            text_of(entries.encoded).replace(child.key.hex(), child.key.hex().upper()),
        ),
    ]:
        yield fault("malformed", f"page-{name}", "page", description, **given, page=page)
    many = "records\n" + "".join(f"erase {i:064x}\n" for i in range(513))
    yield fault("too-much", "page-513-records", "page", "one line more than a page has", **given, page=many)


def held_by(followed: Followed, held: dict[bytes, Any]) -> dict[str, Any]:
    """What a follower has, spelled for any language."""
    return {
        "epoch": followed.epoch,
        "frontier": {"size": followed.frontier.size, "hashes": [b64(found) for found in followed.frontier.hashes]},
        "edition": None if followed.edition is None else followed.edition.line.decode(),
        "leaves": [[key.hex(), held[key].commitment.hex()] for key in sorted(held)],
    }


def followed_after(network: Network, size: int) -> Followed:
    signed = parse_edition(network.lines[size - 1])
    frontier = tlog.Frontier().extended(network.leaves[:size])
    return Followed(
        network.id, network.circle, network.epoch, frontier, signed, network.checkpoint(size), network.closes
    )


def outcome_of(network: Network) -> dict[str, Any]:
    state = reference.state_hash(reference.state({k: held.commitment for k, held in network.held.items()}))
    live, erased = network.counts
    return {
        "epoch": network.epoch,
        "edition": network.closes.edition + len(network.lines),
        "size": len(network.lines),
        "log_root": b64(reference.mth(network.lines)),
        "state": b64(state),
        "records": live,
        "erased": erased,
    }


def changes() -> Iterator[Vector]:
    network = listing()
    start = network.start()
    nothing = held_by(start, {})

    def given(held: dict[str, Any], answer: wire.Answer | str, who: Network = network) -> dict[str, Any]:
        answer = answer if isinstance(answer, str) else text_of(answer.encoded)
        return {"identity": text_of(who.identity.encoded), "circle": who.circle, "held": held, "answer": answer}

    first = network.answer(start)
    yield valid(
        "changes-from-the-beginning",
        "changes",
        "all records, tombstones included, no drops",
        outcome_of(network),
        **given(nothing, first),
    )
    yield valid(
        "changes-editions-skipped",
        "changes",
        "only the newest edition, with its proof and the leaf hashes",
        outcome_of(network),
        **given(nothing, network.answer(start, skip=True)),
    )
    one = followed_after(network, 1)
    early = Network()
    early.publish(*map(early.put, range(12)))
    held = held_by(one, early.held)
    later = network.answer(one)
    yield valid(
        "changes-since-edition-1", "changes", "a put, a drop and an erasure", outcome_of(network), **given(held, later)
    )
    full = held_by(followed_after(network, 3), network.held)
    done = network.answer(followed_after(network, 3))
    yield valid("changes-nothing-new", "changes", "the log has not grown", outcome_of(network), **given(full, done))
    for at, change in enumerate(later.changes):
        word = "put" if isinstance(change, Put) else "drop" if isinstance(change, Drop) else "erase"
        rest = later.changes[:at] + later.changes[at + 1 :]
        yield fault(
            "state-mismatch",
            f"changes-{word}-missing",
            "changes",
            f"the {word} line was left out",
            **given(held, replace(later, changes=rest)),
        )
    miscounted = Network()
    miscounted.publish(*map(miscounted.put, range(12)))
    miscounted.lines[0] = miscounted.lines[0].replace(b'"records":12', b'"records":13')
    yield fault(
        "state-mismatch",
        "changes-count",
        "changes",
        "the signed number of records is not what was applied",
        **given(nothing, miscounted.answer(start)),
    )
    yield fault(
        "rolled-back",
        "changes-older-size",
        "changes",
        "a log shorter than the accepted one",
        **given(full, replace(done, checkpoint=network.checkpoint(2))),
    )
    fork = listing()
    fork.lines[2] = fork.lines[2].replace(b'"erased":1', b'"erased":0')
    yield fault(
        "split-view",
        "changes-same-size-other-root",
        "changes",
        "two logs of one size",
        **given(full, fork.answer(followed_after(network, 3))),
    )
    fork.publish(fork.put(20))
    yield fault(
        "split-view",
        "changes-other-past",
        "changes",
        "a longer log with another past",
        **given(full, replace(fork.answer(followed_after(network, 3)), since=wire.Position(1, 3))),
    )
    yield fault(
        "split-view",
        "changes-editions-out-of-order",
        "changes",
        "the editions are not the leaves of the log",
        **given(nothing, replace(first, editions=first.editions[::-1])),
    )
    other = listing(name="Other")
    yield fault(
        "bad-signature",
        "changes-checkpoint-of-another",
        "changes",
        "the checkpoint of another network",
        **given(nothing, replace(first, checkpoint=other.checkpoint())),
    )
    skipped = network.answer(start, skip=True)
    yield fault(
        "bad-proof",
        "changes-newest-not-proven",
        "changes",
        "the newest edition is not proven to be in the log",
        **given(nothing, replace(skipped, inclusion=(seed("elsewhere"),))),
    )
    jumped = listing()
    jumped.lines[2] = jumped.lines[2].replace(b'"edition":3', b'"edition":4')
    yield fault(
        "refused",
        "changes-edition-jumps",
        "changes",
        "editions are consecutive",
        **given(nothing, jumped.answer(start)),
    )
    yield fault(
        "bad-identity",
        "changes-epoch-never-opened",
        "changes",
        "no statement opens epoch 2",
        **given(nothing, replace(first, epoch=2)),
    )
    text = text_of(first.encoded)
    put = next(line for line in text.split("\n") if line.startswith("put "))
    for name, description, answer in [
        ("cut", "no end line", text.rsplit("\n", 2)[0] + "\n"),
        ("cut-mid-line", "the last line does not end", text[:-1]),
        (
            "end-miscounts",
            "the end line counts one change too many",
            text.replace(f"end {len(first.changes)}", f"end {len(first.changes) + 1}"),
        ),
        (
            "key-twice",
            "a key occurs twice",
            text.replace(put, f"{put}\n{put}").replace(f"end {len(first.changes)}", f"end {len(first.changes) + 1}"),
        ),
        (
            "order",
            "editions come before changes",
            text.replace(put + "\n", "", 1).replace("edition ", put + "\nedition ", 1),
        ),
        ("since", "an answer to another question", text.replace("0.0", "1.1", 1)),
        ("unknown-line", "a line of no known kind", text.replace("end ", "note hello\nend ", 1)),
        ("carriage-return", "lines end in CR LF", text.replace("\n", "\r\n")),
    ]:
        yield fault("malformed", f"changes-{name}", "changes", description, **given(nothing, answer))
    yield fault(
        "unknown-version",
        "changes-version-2",
        "changes",
        "an answer in version 2 of the protocol",
        **given(nothing, text.replace("fednet/1", "fednet/2", 1)),
    )
    later_epoch, thief = listing(), listing()
    later_epoch.open_epoch()
    later_epoch.publish(later_epoch.put(6, 2))
    yield valid(
        "changes-new-epoch",
        "changes",
        "a new epoch costs only the difference",
        outcome_of(later_epoch),
        **given(full, later_epoch.answer(followed_after(network, 3)), later_epoch),
    )
    thief.publish(thief.put(21))
    yield fault(
        "rolled-back",
        "changes-after-the-close",
        "changes",
        "a thief of the old log key signs on after the identity has closed the epoch",
        **given(full, thief.answer(followed_after(network, 3)), later_epoch),
    )
    accepted = held_by(followed_after(later_epoch, 1), later_epoch.held)
    yield fault(
        "rolled-back",
        "changes-older-epoch",
        "changes",
        "an epoch before the accepted one",
        **given(accepted, replace(done, since=wire.Position(2, 4)), later_epoch),
    )


def proofs() -> Iterator[Vector]:
    network = listing(recovery=3, threshold=2)
    for name, number, verdict in [("listed", 1, "listed"), ("erased", 3, "erased"), ("absent", 4, "absent")]:
        made = network.proof(number, witness())
        yield valid(
            f"proof-{name}",
            "proof",
            f"a record that is {verdict}",
            {
                "verdict": verdict,
                "network": network.id,
                "circle": "public",
                "handle": handle(number),
                "edition": 3,
                "body": made.put.body.decode() if made.put else None,
            },
            proof=text_of(made.encoded),
        )
    made, raw = network.proof(1), text_of(network.proof(1).encoded)
    yield fault(
        "state-mismatch",
        "proof-body-changed",
        "proof",
        "one letter of the body differs",
        proof=raw.replace("Example 1", "Example 2"),
    )
    yield fault(
        "state-mismatch",
        "proof-hidden-record",
        "proof",
        "the listed record is shown as absent",
        proof=text_of(replace(made, put=None, path=replace(made.path, end=None)).encoded),
    )
    yield fault(
        "bad-proof",
        "proof-record-not-shown",
        "proof",
        "the path leads to a record that the file does not show",
        proof=text_of(replace(made, put=None).encoded),
    )
    yield fault(
        "bad-proof",
        "proof-edition-not-in-the-log",
        "proof",
        "an edition line that is not the leaf",
        proof=text_of(replace(made, edition=network.lines[0]).encoded),
    )
    yield fault(
        "bad-proof",
        "proof-wrong-index",
        "proof",
        "another index in the log",
        proof=raw.replace("\nindex 2\n", "\nindex 1\n"),
    )
    yield fault(
        "misplaced-leaf",
        "proof-other-handle",
        "proof",
        "the record's path under the handle of another",
        proof=raw.replace(handle(1), handle(7), 1),
    )
    yield fault(
        "bad-signature",
        "proof-checkpoint-of-another",
        "proof",
        "the checkpoint of another network",
        proof=text_of(replace(made, checkpoint=listing(name="Other").checkpoint()).encoded),
    )
    other = listing(name="Other")
    yield fault(
        "bad-identity",
        "proof-identity-of-another",
        "proof",
        "the identity is not of the network it names",
        proof=raw.replace(text_of(network.identity.encoded), text_of(other.identity.encoded)),
    )
    thief, closing = listing(recovery=3, threshold=2), listing(recovery=3, threshold=2)
    thief.publish(thief.put(21))
    closing.open_epoch()
    yield fault(
        "rolled-back",
        "proof-after-the-close",
        "proof",
        "signed in an epoch that the identity has closed before",
        proof=text_of(replace(thief.proof(21), identity=closing.identity).encoded),
    )
    yield fault(
        "malformed",
        "proof-lines-swapped",
        "proof",
        "the lines have one order",
        proof=raw.replace("\nedition ", "\nlater ", 1),
    )
    yield fault(
        "too-much",
        "proof-257-siblings",
        "proof",
        "a path longer than a key",
        proof=raw.replace("\nsibling ", "\nsibling -" * 257 + "\nsibling ", 1),
    )


# --- bundles


def bundles() -> Iterator[Vector]:
    network = listing()
    identity = text_of(network.identity.encoded)
    signed = text_of(network.checkpoint().encoded)
    changes = text_of(network.answer(followed_after(network, 1)).encoded)
    since = [
        (f"{network.id}/identity", identity),
        (f"{network.id}/public/changes?since=1.1", changes),
        (f"{network.id}/public/1/checkpoint", signed),
    ]

    def text(parts: list[tuple[str, str]], end: int | None = None) -> str:
        lines = "".join(f"resource {path} {len(content.encode())}\n{content}" for path, content in parts)
        return f"fednet/1 bundle\n{lines}end {len(parts) if end is None else end}\n"

    def held(parts: list[tuple[str, str]]) -> dict[str, Any]:
        return {"resources": [[path, len(content.encode())] for path, content in parts]}

    inner = [since[0], (f"{network.id}/message", "..."), (f"{network.id}/partners/1/checkpoint", signed)]
    other = Network("Other Network")
    mirrored = [
        *since,
        (f"{other.id}/identity", text_of(other.identity.encoded)),
        (f"{other.id}/public/1/tile/0/000", ""),
    ]
    yield valid(
        "bundle-since", "bundle", "what changed since an edition", held(since), bundle=text(since), sealed=False
    )
    yield valid("bundle-mirrored", "bundle", "two networks", held(mirrored), bundle=text(mirrored), sealed=False)
    yield valid(
        "bundle-inner", "bundle", "what `sealed` holds when opened", held(inner), bundle=text(inner), sealed=True
    )
    for name, description, parts in (
        ("restricted-outside", "a restricted circle in the open", [inner[0], inner[2]]),
        ("message-outside", "a message in the open", inner[:2]),
        ("no-identity", "it does not begin with an identity", since[1:]),
        ("late-identity", "a network's identity comes after something else of it", [since[0], *mirrored[:2:-1]]),
        ("path-twice", "one path twice", [*since, since[2]]),
        ("path-of-a-file", "a path that no resource has", [since[0], (f"{network.id}/../../keys.json", "")]),
        ("path-unknown", "a resource that bundles do not hold", [since[0], (f"{network.id}/public/proof/x", "")]),
        ("empty", "nothing in it", []),
    ):
        yield fault("malformed", f"bundle-{name}", "bundle", description, bundle=text(parts), sealed=False)
    inside = [since[0], ("sealed", "")]
    yield fault("malformed", "bundle-sealed-twice", "bundle", "sealed in sealed", bundle=text(inside), sealed=True)
    whole, size = text(since), len(signed.encode())
    for name, description, raw in (
        ("cut", "cut before its last line", whole[: whole.rindex("end ")]),
        ("miscounted", "the last line counts wrongly", text(since, 4)),
        ("goes-on", "bytes follow the last line", whole + "\n"),
        ("length", "a length that is one too small", whole.replace(f" {size}\n", f" {size - 1}\n")),
        ("leading-zero", "a length with a leading zero", whole.replace(f" {size}\n", f" 0{size}\n")),
    ):
        yield fault("malformed", f"bundle-{name}", "bundle", description, bundle=raw, sealed=False)
    large = f"fednet/1 bundle\nresource {network.id}/identity {64 * 1024 * 1024 + 1}\n"
    yield fault("too-much", "bundle-large-resource", "bundle", "more than 64 MiB", bundle=large, sealed=False)
    newer = whole.replace("fednet/1", "fednet/2", 1)
    yield fault("unknown-version", "bundle-version-2", "bundle", "another version", bundle=newer, sealed=False)


# --- evidence


def two_faces(size: int, at: int | None = None, circle: str = "public") -> Network:
    """A network with so many editions; with `at`, another edition there than its honest face shows."""
    network = Network("Two Faces", circle, recovery=3, threshold=2)
    for number in range(size):
        network.publish(network.put(number))
    if at is not None:
        network.lines[at] = network.lines[at].replace(b'"erased":0', b'"erased":1')
    return network


def path_from(network: Network, size: int) -> list[bytes]:
    leaves = network.leaves
    return [tlog.root_of(leaves[start:end]) for start, end in evidence.prefix_ranges(size, len(leaves))]


def split(one: Network, other: Network) -> evidence.SplitView:
    """Evidence from a network and another face of it, at least as long."""
    found = path_from(other, len(one.lines))
    return evidence.split_view(one.identity, one.circle, 1, one.checkpoint(), other.checkpoint(), found)


def two_statements() -> evidence.IdentityFork:
    one, two = two_faces(2), two_faces(2)
    last = two.identity.current
    renamed = replace(last, sequence=1, network=two.id, name="Another Name", previous=last.digest)
    two.identity = extended(two.identity, sign_statement(renamed, two.recovery_seeds))
    one.open_epoch()
    return evidence.identity_fork(one.identity, two.identity)


def false_close() -> evidence.BrokenClose:
    held, closing = two_faces(5), two_faces(5, 1)
    closing.open_epoch(3)
    return evidence.broken_close(closing.identity, 1, held.checkpoint(), path_from(held, 3))


def evidences() -> Iterator[Vector]:
    partners = [two_faces(2, at, "partners") for at in (None, 0)]
    for name, made, what in (
        ("split-view-same-size", split(two_faces(3), two_faces(3, 1)), "one size, two roots"),
        ("split-view-longer", split(two_faces(3), two_faces(5, 1)), "a longer log whose first editions are others"),
        ("split-view-power-of-two", split(two_faces(2), two_faces(5, 0)), "the path begins with a root"),
        ("split-view-restricted", split(*partners), "a log of a restricted circle"),
        ("identity-fork", two_statements(), "two statements of one sequence"),
        ("broken-close", false_close(), "a log that was closed otherwise than it was signed"),
    ):
        circle, epoch = (None, 1) if isinstance(made, evidence.IdentityFork) else (made.circle, made.epoch)
        expected = {"proves": made.kind, "network": made.network, "circle": circle, "epoch": epoch}
        yield valid(f"evidence-{name}", "evidence", what, expected, evidence=text_of(made.encoded))
    for outcome, name, what, false in false_evidence():
        yield fault(outcome, f"evidence-{name}", "evidence", what, evidence=text_of(false.encoded))
    raw = text_of(split(two_faces(3), two_faces(5, 1)).encoded)
    head, identity, *checkpoints = raw.splitlines(keepends=True)
    path = "consistency " + b64(bytes(32)) + "\n"
    for outcome, name, what, text in (
        ("malformed", "cut", "the last line does not end", raw[:-1]),
        ("malformed", "lines-swapped", "lines have one order", "".join([head, *checkpoints, identity])),
        ("malformed", "unknown-kind", "a kind that is not known", raw.replace(" split-view ", " bad-manners ")),
        ("malformed", "one-checkpoint", "a checkpoint is missing", "".join([head, identity, *checkpoints[1:]])),
        ("too-much", "65-hashes", "a path longer than a log", raw + path * 65),
    ):
        yield fault(outcome, f"evidence-{name}", "evidence", what, evidence=text)


def false_evidence() -> Iterator[tuple[str, str, str, evidence.Evidence]]:
    honest, longer, closed = two_faces(3), two_faces(5), two_faces(5)
    closed.open_epoch(3)
    grown = tuple(path_from(longer, 3))
    two, fork, close = split(two_faces(3), two_faces(5, 1)), two_statements(), false_close()
    small, large = two.checkpoints
    yield "bad-proof", "one-checkpoint-twice", "two checkpoints that are one", replace(two, checkpoints=(small, small))
    yield "bad-proof", "larger-first", "the smaller checkpoint comes first", replace(two, checkpoints=(large, small))
    joined = replace(two, checkpoints=(honest.checkpoint(), longer.checkpoint()), path=grown)
    yield "bad-proof", "log-has-grown", "the path joins the two: the log has only grown", joined
    yield "bad-proof", "no-path", "two sizes and no path", replace(two, path=())
    elsewhere = replace(two, path=(bytes(32), *two.path[1:]))
    yield "bad-proof", "path-elsewhere", "a path that leads to no signed root", elsewhere
    agreed = replace(close, identity=closed.identity, path=grown)
    yield "bad-proof", "honest-close", "the log was closed as it was signed", agreed
    one = fork.statements[0]
    yield "bad-proof", "one-statement-twice", "two statements that are one", replace(fork, statements=(one, one))
    moved = Note(large.text.replace(b"\n5\n", b"\n6\n"), large.signatures)
    unsigned = replace(two, checkpoints=(small, moved))
    yield "bad-signature", "size-changed", "a checkpoint that the log's key did not sign", unsigned
    stranger = replace(two, checkpoints=(small, listing().checkpoint()))
    yield "bad-signature", "another-key", "a checkpoint of another network", stranger
    forged = sign_statement(fork.chains[0].current, [seed("stranger 1"), seed("stranger 2")])
    by_strangers = replace(fork, statements=(forged, fork.statements[1]))
    yield "bad-signature", "forged-statement", "a statement that strangers signed", by_strangers
    yield "bad-identity", "never-closed", "no statement closes the epoch", replace(close, identity=honest.identity)


# --- messages

WRITER, READER = Network(), Network("Other Network")
BY = message.signer(WRITER.id, seed(f"{WRITER.name} transport 1"))
FIRST, SECOND, THIRD = sorted(map(handle, (31, 32, 33)))  # introductions


def told() -> Message:
    """A side that asks, one that accepts, and one that was seen."""
    at, entry = utc_text(BEGAN), Spoken(handle(41), "offer", {"en": "Two places for interpreters"}, "Example 1")
    asked = Side(FIRST, 1, "asked", handle(51), at, own=entry, text="Could we talk?", language="en")
    details = Details("Coordination Desk", ("desk@one.example",), note="in the mornings")
    own = Spoken(handle(52), "need")
    accepted = Side(SECOND, 1, "accepted", handle(52), at, seen=1, heard="asked", own=own, details=details)
    return Message(WRITER.id, READER.id, BEGAN, (asked, accepted), (Seen(THIRD, 2),))


def signed_message(text: str, by: Ed25519Signer = BY, writer: Network = WRITER) -> dict[str, Any]:
    encoded = text_of(sign(text.encode(), by).encoded)
    return {"identity": text_of(writer.identity.encoded), "reader": READER.id, "message": encoded}


def read_as(what: Message) -> dict[str, Any]:
    return {
        "at": utc_text(what.at),
        "sides": [[side.introduction, side.version, side.stance] for side in what.sides],
        "seen": [[one.introduction, one.version] for one in what.seen],
        "unread": what.unread,
    }


def messages() -> Iterator[Vector]:
    whole = told()
    text, nothing = whole.text.decode(), replace(whole, sides=(), seen=())
    second = replace(whole, sides=whole.sides[1:], unread=1)
    bare = f'side {{"introduction":"{FIRST}"}}'
    for name, description, raw, expected in (
        ("message", "two sides, and one that was seen", text, whole),
        ("message-of-nothing", "nothing is told", nothing.text.decode(), nothing),
        (
            "message-unknown-field",
            "is passed over",
            text.replace('{"introduction"', '{"later":[1],"introduction"'),
            whole,
        ),
        ("message-unknown-stance", "costs that side only", text.replace('"asked","about"', '"mused","about"'), second),
        ("message-short-side", "costs itself only", text.replace(text.split("\n")[2], bare), second),
    ):
        yield valid(name, "message", description, read_as(expected), **signed_message(raw))
    for outcome, name, description, raw in bad_messages(text, nothing.text.decode()):
        yield fault(outcome, f"message-{name}", "message", description, **signed_message(raw))
    later, good = Network(), signed_message(text)
    later.open_epoch()
    changed = good | {"message": good["message"].replace("Could", "Would")}
    by_log = Ed25519Signer(BY.name, seed(f"{WRITER.name} log 1"))
    renamed = Ed25519Signer(f"fednet/{WRITER.id}/public/1", BY.seed)
    for name, description, inputs in (
        ("text-changed", "one letter of a text differs", changed),
        ("by-the-log", "signed by the key of the log", signed_message(text, by_log)),
        ("as-a-checkpoint", "the right key under another name", signed_message(text, renamed)),
        ("old-keys", "signed by the keys of an epoch before", signed_message(text, writer=later)),
    ):
        yield fault("bad-signature", f"message-{name}", "message", description, **inputs)


def bad_messages(text: str, nothing: str) -> Iterator[tuple[str, str, str, str]]:
    """(Outcome, name, what is wrong, text) made from good texts: one that tells something, and one of nothing."""
    first, second = text.split("\n")[2:4]
    seen, at = f"seen {THIRD} 2", f"at {utc_text(BEGAN)}\n"
    long = f'side {{"introduction":"{FIRST}","later":"{"x" * MAX_SIDE}"}}\nend 1'
    sides = "".join(f'side {{"introduction":"00000000-0000-4000-8000-{n:012d}"}}\n' for n in range(MAX_SIDES + 1))
    third = Network("Third Network").id
    yield "malformed", "cut", "no last line", text[: text.rindex("end ")]
    yield "malformed", "miscounted", "the last line counts wrongly", text.replace("end 3", "end 2")
    swapped = text.replace(f"{first}\n{second}", f"{second}\n{first}")
    yield "malformed", "unordered", "introductions in another order", swapped
    twice = text.replace(first, f"{first}\n{first}").replace("end 3", "end 4")
    yield "malformed", "side-twice", "an introduction twice", twice
    both = text.replace(seen, f"seen {FIRST} 2")
    yield "malformed", "side-and-seen", "an introduction is told and only acknowledged", both
    early = text.replace(f"{seen}\n", "").replace(first, f"{seen}\n{first}")
    yield "malformed", "seen-first", "what was seen comes before the sides", early
    yield "malformed", "unknown-line", "a line of no known kind", text.replace("end 3", "hello\nend 4")
    yield "malformed", "no-time", "it does not say when it was written", text.replace(at, "")
    yield "malformed", "side-not-json", "a side that is no JSON", text.replace(first, first[:-1])
    yield "malformed", "side-of-nothing", "a side that names no introduction", text.replace(first, "side {}")
    yield "malformed", "seen-version-0", "no side has the version 0", text.replace(seen, f"seen {THIRD} 0")
    yield "refused", "to-another", "it is for somebody else", text.replace(READER.id, third)
    yield "refused", "of-another", "it says to be of another network", text.replace(WRITER.id, third)
    yield "too-much", "long-side", "a side of more than 16 KiB", nothing.replace("end 0", long)
    yield "too-much", "257-sides", "one more than are read", nothing.replace("end 0", f"{sides}end {MAX_SIDES + 1}")
    yield "unknown-version", "version-2", "another version", text.replace("fednet/1", "fednet/2", 1)


def write(folder: Path = FOLDER) -> int:
    made = files()
    for outcome in {name.split("/")[0] for name in made}:
        shutil.rmtree(folder / outcome, ignore_errors=True)
    for name, content in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return len(made)


if __name__ == "__main__":
    sys.stdout.write(f"{write()} vectors\n")
