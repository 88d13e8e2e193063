"""Every file of `protocol/vectors` comes out as its folder says, and the files are what the script makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fednet.errors import FednetError
from fednet.feed import bundle, checkpoint, evidence, follow, identity, message, note, proof, record, tlog, tree, wire
from fednet.feed.edition import NOTHING_CLOSED, parse_edition
from fednet.feed.record import Commitments, Drop
from fednet.feed.text import base64_bytes, base64_text, hex_bytes, utc_text
from tests.feed import make_vectors
from tests.feed.network import applied

FILES = sorted(make_vectors.FOLDER.glob("*/*.json"))
Content = dict[str, Any]


def hashes(texts: list[str]) -> list[bytes]:
    return [base64_bytes(text, 32) for text in texts]


def judge_note(v: Content) -> Content:
    keys = [note.parse_vkey(key) for key in v["keys"]]
    vouching = note.open_note(note.parse(v["note"].encode()), keys)
    return {"vouching": [key.vkey for key in keys if key in vouching]}


def judge_checkpoint(v: Content) -> Content:
    witnesses = [note.parse_vkey(key) for key in v["witnesses"]]
    head = checkpoint.open_checkpoint(note.parse(v["note"].encode()), note.parse_vkey(v["log"]), witnesses)
    return {"origin": head.origin, "size": head.size, "root": base64_text(head.root)}


def judge_policy(v: Content) -> Content:
    policy = checkpoint.parse_policy(v["policy"].encode())
    return {"satisfied": policy.satisfied_by(note.parse_vkey(key) for key in v["cosigned"])}


def judge_inclusion(v: Content) -> Content:
    tlog.check_inclusion(hashes(v["proof"]), v["size"], *hashes([v["root"]]), v["index"], *hashes([v["leaf"]]))
    return {}


def judge_consistency(v: Content) -> Content:
    old_root, root = hashes([v["old_root"], v["root"]])
    tlog.check_consistency(hashes(v["proof"]), v["old_size"], old_root, v["size"], root)
    return {}


def judge_tile_path(v: Content) -> Content:
    tile = tlog.parse_tile_path(v["path"])
    return {"level": tile.level, "index": tile.index, "width": tile.width}


def judge_tree(v: Content) -> Content:
    leaves = {hex_bytes(key, 32): hex_bytes(commitment, 32) for key, commitment in v["leaves"]}
    root = tree.updated({}.get, leaves).root
    assert root == tree.fold_leaves([tree.Leaf(*leaf) for leaf in sorted(leaves.items())])
    return {"entry": wire.entry_line(root), "state": base64_text(tree.root_hash(root))}


def judge_path(v: Content) -> Content:
    end = wire.parse_entry(v["end"])
    assert not isinstance(end, tree.Node)
    path = tree.Path(tuple(map(wire.parse_entry, v["siblings"])), end)
    return {"entry": wire.entry_line(path.root(hex_bytes(v["key"], 32)))}


def judge_commitment(v: Content) -> Content:
    feed = Commitments(checkpoint.check_network(v["network"]), checkpoint.check_circle(v["circle"]))
    put = record.put(feed, v["handle"], base64_bytes(v["salt"]), v["body"].encode())
    return {"key": put.key.hex(), "commitment": put.commitment.hex(), "erased": feed.erased(put.key).hex()}


def judge_edition(v: Content) -> Content:
    return dict(json.loads(parse_edition(v["line"].encode()).line))


def judge_identity(v: Content) -> Content:
    found = identity.parse_identity(v["identity"].encode())
    if "network" in v:
        identity.check_pinned(found, v["network"])
    if "held" in v:
        found = identity.newer(identity.parse_identity(v["held"].encode()), found)
    current = found.current
    return {"network": found.network, "epoch": found.epoch, "statements": len(found.statements), "name": current.name}


def judge_page(v: Content) -> Content:
    feed = Commitments(v["network"], v["circle"])
    match wire.parse_page(v["page"].encode(), v["prefix"], wire.parse_entry(v["wanted"]), feed):
        case wire.EntriesPage(children=children):
            return {"form": "entries", "entries": [wire.entry_line(entry) for entry in children]}
        case wire.RecordsPage(records=records):
            return {"form": "records", "keys": [found.key.hex() for found in records]}


def judge_changes(v: Content) -> Content:
    who, held = identity.parse_identity(v["identity"].encode()), v["held"]
    signed = parse_edition(held["edition"].encode()) if held["edition"] else None
    frontier = tlog.Frontier(held["frontier"]["size"], tuple(hashes(held["frontier"]["hashes"])))
    closes = (who.opening(held["epoch"]).closes if held["epoch"] <= who.epoch else None) or NOTHING_CLOSED
    followed = follow.Followed(who.network, v["circle"], held["epoch"], frontier, signed, None, closes)
    answer = wire.parse_answer(v["answer"].encode())
    step = follow.advance(followed, who, answer)
    pages: dict[str, bytes] = {}
    feed = Commitments(who.network, v["circle"])
    state = {hex_bytes(key, 32): hex_bytes(commitment, 32) for key, commitment in held["leaves"]}
    for prefix, page in tree.updated(pages.get, state).pages.items():
        pages[prefix] = page or b""
    root = applied(pages, answer.changes)
    for change in answer.changes:
        state.pop(change.key, None)
        if not isinstance(change, Drop):
            state[change.key] = change.commitment
    erased = sum(commitment == feed.erased(key) for key, commitment in state.items())
    now = step.confirmed(tree.root_hash(root), len(state) - erased, erased)
    assert now.edition is not None
    return {
        "epoch": now.epoch,
        "edition": now.edition.edition,
        "size": now.frontier.size,
        "log_root": base64_text(now.frontier.root),
        "state": now.edition.state,
        "records": now.edition.records,
        "erased": now.edition.erased,
    }


def judge_proof(v: Content) -> Content:
    proven = proof.check(proof.parse_proof(v["proof"].encode()))
    return {
        "verdict": proven.verdict,
        "network": proven.network,
        "circle": proven.circle,
        "handle": proven.handle,
        "edition": proven.edition.edition,
        "body": proven.body.decode() if proven.body is not None else None,
    }


def judge_bundle(v: Content) -> Content:
    parts = list(bundle.unpacked([v["bundle"].encode()], sealed=v["sealed"]))
    return {"resources": [[part.path, part.length] for part in parts if isinstance(part, bundle.Resource)]}


def judge_evidence(v: Content) -> Content:
    verdict = evidence.check(evidence.parse_evidence(v["evidence"].encode()))
    return {"proves": verdict.kind, "network": verdict.network, "circle": verdict.circle, "epoch": verdict.epoch}


def judge_message(v: Content) -> Content:
    found = message.read(v["message"].encode(), identity.parse_identity(v["identity"].encode()), v["reader"])
    return {
        "at": utc_text(found.at),
        "sides": [[side.introduction, side.version, side.stance] for side in found.sides],
        "seen": [[one.introduction, one.version] for one in found.seen],
        "unread": found.unread,
    }


JUDGES: dict[str, Callable[[Content], Content]] = {
    "note": judge_note,
    "checkpoint": judge_checkpoint,
    "policy": judge_policy,
    "inclusion": judge_inclusion,
    "consistency": judge_consistency,
    "tile-path": judge_tile_path,
    "tree": judge_tree,
    "path": judge_path,
    "commitment": judge_commitment,
    "edition": judge_edition,
    "identity": judge_identity,
    "page": judge_page,
    "changes": judge_changes,
    "proof": judge_proof,
    "evidence": judge_evidence,
    "bundle": judge_bundle,
    "message": judge_message,
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_vector_comes_out_as_its_folder_says(file: Path):
    vector = json.loads(file.read_text(encoding="utf-8"))
    judge = JUDGES[vector["kind"]]
    if file.parent.name == "valid":
        assert judge(vector) == vector["expected"]
    else:
        with pytest.raises(FednetError) as caught:
            judge(vector)
        assert caught.value.word == file.parent.name, caught.value


def test_the_files_are_what_the_script_makes():
    made = make_vectors.files()
    found = {f"{file.parent.name}/{file.name}": file.read_text(encoding="utf-8") for file in FILES}
    hint = "run: python -m tests.feed.make_vectors"
    assert sorted(found) == sorted(made), hint
    assert [name for name in made if made[name] != found[name]] == [], hint


def test_every_kind_has_a_valid_vector_and_a_fault():
    valid = {json.loads(file.read_text())["kind"] for file in FILES if file.parent.name == "valid"}
    faults = {json.loads(file.read_text())["kind"] for file in FILES if file.parent.name != "valid"}
    assert valid == faults == set(JUDGES)
