"""The witness endpoints over real sockets: every status of C2SP tlog-witness, and the evidence that a node shows."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from fednet.feed import note as notes
from fednet.feed import tlog
from fednet.feed.checkpoint import Checkpoint, open_checkpoint
from fednet.feed.evidence import check, parse_evidence
from fednet.feed.note import Note, Signature, sign
from fednet.feed.witness import MAX_PROOF, Request, origin_hash
from fednet.node import evidence, witnessing
from fednet.node.accept import accept
from fednet.node.home import Home
from fednet.store import blocks, feeds
from fednet.store import evidence as held_evidence
from fednet.web.app import create_app
from tests.feed.network import Network
from tests.feed.test_evidence import forked, split
from tests.judge import judge_cosignature
from tests.node.nodes import NOW, Nodes, Served

SIZE = 5


class Said(NamedTuple):
    status: int
    kind: str
    body: bytes


class Witness:
    """A node that follows a network in memory, and whoever asks it to cosign."""

    def __init__(self, home: Home, served: Served, network: Network) -> None:
        self.home, self.served, self.network = home, served, network

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Said:
        connection = http.client.HTTPConnection(urlsplit(self.served.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Said(answer.status, answer.headers["Content-Type"], answer.read())
        finally:
            connection.close()

    def post(self, raw: bytes) -> Said:
        return self.ask("POST", "/witness/add-checkpoint", raw)

    def submit(self, old: int, size: int, network: Network | None = None) -> Said:
        return self.post(request(network or self.network, old, size).encoded)

    def latest(self, origin: str | None = None) -> Said:
        return self.ask("GET", f"/witness/{origin_hash(origin or self.network.signer.name)}/checkpoint")


def request(network: Network, old: int, size: int, signed: Note | None = None) -> Request:
    """What an honest log asks to have cosigned."""
    proof = tlog.consistency_proof(old, network.leaves[:size]) if 0 < old <= size else []
    return Request(old, tuple(proof), signed or network.checkpoint(size))


def grown(size: int = SIZE) -> Network:
    network = Network("Somebody")
    for number in range(size):
        network.publish(network.put(number))
    return network


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with Nodes(tmp_path) as nodes:
        network, here = grown(), nodes.home("Witness")
        with here.store.writing() as db:
            feeds.open_feed(db, feeds.pin(db, network.identity, NOW), "public")
        yield Witness(here, nodes.served(here, create_app(here, clock=lambda: NOW)), network)


def error(said: Said) -> str:
    return str(json.loads(said.body)["error"])


# --- 200


def test_a_checkpoint_that_only_adds_is_cosigned(witness: Witness):
    cosigner = witness.home.network.identity.cosigner
    for old, size in ((0, 2), (2, 5), (5, 5)):
        said = witness.submit(old, size)
        assert said.status == 200, said
        checkpoint = witness.network.checkpoint(size)
        signed = notes.parse(checkpoint.text + b"\n" + said.body)
        assert notes.open_note(signed, [cosigner]) == {cosigner}
        assert int.from_bytes(signed.signatures[0].value[:8], "big") == int(NOW.timestamp())
        assert len(signed.signatures) == 1


def test_go_verifies_the_cosignature(witness: Witness):
    witness.submit(0, 3)
    log = witness.network.identity.log_verifier("public", 1)
    cosigner = witness.home.network.identity.cosigner
    raw = witness.latest().body
    judged = judge_cosignature(raw, log.vkey, cosigner.vkey)
    assert judged.returncode == 0, judged.stderr
    assert b"%d" % NOW.timestamp() in judged.stdout
    assert judge_cosignature(raw.replace(b"\n3\n", b"\n4\n"), log.vkey, cosigner.vkey).returncode == 1


def test_the_monitoring_address_shows_what_was_cosigned_last(witness: Witness):
    said = witness.latest()
    assert (said.status, error(said)) == (404, "not-found")
    witness.submit(0, 2)
    witness.submit(2, 4)
    keys = witness.network.identity.log_verifier("public", 1), witness.home.network.identity.cosigner
    signed = notes.parse(witness.latest().body)
    assert notes.open_note(signed, keys) == set(keys)
    assert open_checkpoint(signed, *keys[:1]).size == 4
    assert witness.ask("GET", "/witness/zz/checkpoint").status == 404


def test_signatures_of_strangers_are_left_out(witness: Witness):
    stranger = Network("Stranger").signer
    signed = witness.network.checkpoint(3).with_signatures([stranger.signature(witness.network.checkpoint(3).text)])
    assert witness.post(request(witness.network, 0, 3, signed).encoded).status == 200
    names = {one.name for one in notes.parse(witness.latest().body).signatures}
    assert names == {witness.network.signer.name, witness.home.network.identity.cosigner.name}


# --- 400, 405, 413


@pytest.mark.parametrize(
    "raw",
    [b"", b"old 0\n", b"old 0\n\nnot a checkpoint\n", b"old -1\n\n", b"old 01\n\n", b"\xff\n\n", b"old 0\nAAAA\n\n"],
)
def test_what_is_no_request_is_400(witness: Witness, raw: bytes):
    said = witness.post(raw + witness.network.checkpoint(3).encoded if raw.endswith(b"\n\n") else raw)
    assert (said.status, error(said)) == (400, "malformed")


def test_an_old_size_beyond_the_checkpoint_is_400(witness: Witness):
    said = witness.submit(4, 3)
    assert (said.status, error(said)) == (400, "malformed")


def test_more_than_63_lines_of_proof_are_400(witness: Witness):
    proof = tuple(bytes([i]) * 32 for i in range(MAX_PROOF + 1))
    said = witness.post(Request(0, proof, witness.network.checkpoint(3)).encoded)
    assert (said.status, error(said)) == (400, "malformed")


def test_a_checkpoint_with_extension_lines_is_400(witness: Witness):
    text = witness.network.checkpoint(3).text + b"an extension\n"
    said = witness.post(request(witness.network, 0, 3, sign(text, witness.network.signer)).encoded)
    assert (said.status, error(said)) == (400, "malformed")


def test_a_large_body_is_413(witness: Witness):
    said = witness.post(b"old 0\n" + b"x" * 70_000)
    assert (said.status, error(said)) == (413, "too-much")


def test_another_method_is_405(witness: Witness):
    assert witness.ask("GET", "/witness/add-checkpoint").status == 405
    assert witness.ask("POST", f"/witness/{'0' * 64}/checkpoint", b"").status == 405


# --- 403


def test_a_signature_by_no_known_key_is_403(witness: Witness):
    text = witness.network.checkpoint(3).text
    said = witness.post(request(witness.network, 0, 3, sign(text, Network("Stranger").signer)).encoded)
    assert (said.status, error(said)) == (403, "bad-signature")


def test_a_failing_signature_by_the_known_key_is_403(witness: Witness):
    signed = witness.network.checkpoint(3)
    forged = Signature(signed.signatures[0].name, signed.signatures[0].id, bytes(64))
    for signatures in ([forged], [*signed.signatures, forged]):
        said = witness.post(request(witness.network, 0, 3, Note(signed.text, tuple(signatures))).encoded)
        assert (said.status, error(said)) == (403, "bad-signature")


def test_an_epoch_that_the_identity_has_closed_is_403(witness: Witness):
    old = request(witness.network, 0, 3).encoded
    witness.network.open_epoch()
    with witness.home.store.writing() as db:
        feeds.pin(db, witness.network.identity, NOW)
    said = witness.post(old)
    assert (said.status, error(said)) == (403, "bad-signature")
    witness.network.publish()
    assert witness.submit(0, 1).status == 200


def test_a_frozen_network_is_cosigned_no_more(witness: Witness):
    with witness.home.store.writing() as db:
        feeds.freeze(db, feeds.networks(db)[1], "identity-fork")
    assert witness.submit(0, 3).status == 403


# --- 404


def test_a_log_of_a_network_that_is_not_followed_is_404(witness: Witness):
    stranger = Network("Stranger")
    stranger.publish(stranger.put(1))
    said = witness.submit(0, 1, stranger)
    assert (said.status, error(said)) == (404, "not-found")


def test_logs_of_others_and_restricted_ones_are_404(witness: Witness):
    partners = Network("Somebody", circle="partners")
    partners.publish(partners.put(1))
    assert witness.submit(0, 1, partners).status == 404
    for origin in ("example.com/log", "fednet/x/public/1", f"fednet/{witness.network.id}/public/2"):
        text = Checkpoint(origin, 0, tlog.EMPTY_ROOT).text
        said = witness.post(Request(0, (), sign(text, witness.network.signer)).encoded)
        assert (said.status, error(said)) == (404, "not-found")


def test_a_node_is_no_witness_of_its_own_log(witness: Witness):
    own = witness.home.network.network
    name = f"fednet/{own}/public/1"
    signed = sign(Checkpoint(name, 0, tlog.EMPTY_ROOT).text, witness.home.keys.log_signer(name))
    assert witness.post(Request(0, (), signed).encoded).status == 404


# --- 409


@pytest.mark.parametrize("old", [0, 1, 3, 5])
def test_another_old_size_than_the_one_cosigned_last_is_409_with_that_size(witness: Witness, old: int):
    witness.submit(0, 2)
    said = witness.submit(old, 5)
    assert said == Said(409, "text/x.tlog.size", b"2\n")
    assert open_checkpoint(notes.parse(witness.latest().body), witness.network.signer.verifier).size == 2


def test_a_log_never_cosigned_is_at_size_0(witness: Witness):
    assert witness.submit(3, 5) == Said(409, "text/x.tlog.size", b"0\n")


def test_of_requests_at_one_time_one_is_answered(witness: Witness):
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(lambda size: witness.submit(0, size), range(1, 6)))
    (size,) = [size for size, one in enumerate(said, 1) if one.status == 200]
    assert {one for one in said if one.status != 200} == {Said(409, "text/x.tlog.size", b"%d\n" % size)}
    assert open_checkpoint(notes.parse(witness.latest().body), witness.network.signer.verifier).size == size


# --- 422


def test_a_proof_that_does_not_join_is_422(witness: Witness):
    witness.submit(0, 3)
    honest = request(witness.network, 3, 5)
    for proof in ((), honest.proof[:-1], (*honest.proof, bytes(32)), (bytes(32), *honest.proof[1:])):
        said = witness.post(Request(3, proof, honest.note).encoded)
        assert (said.status, error(said)) == (422, "bad-proof")
    assert witness.submit(3, 5).status == 200


def test_a_proof_from_nothing_is_422(witness: Witness):
    said = witness.post(Request(0, (bytes(32),), witness.network.checkpoint(3)).encoded)
    assert (said.status, error(said)) == (422, "bad-proof")


def test_an_empty_log_with_a_root_is_422(witness: Witness):
    signed = sign(Checkpoint(witness.network.signer.name, 0, bytes(32)).text, witness.network.signer)
    said = witness.post(Request(0, (), signed).encoded)
    assert (said.status, error(said)) == (422, "bad-proof")
    assert witness.submit(0, 0).status == 200


def test_the_same_size_with_another_root_is_422_and_evidence(witness: Witness):
    witness.submit(0, 5)
    said = witness.submit(5, 5, forked(witness.network, 2))
    assert (said.status, error(said)) == (422, "split-view")
    listed = witness.ask("GET", "/evidence").body.decode().split()
    assert listed[:2] == ["split-view", witness.network.id]
    verdict = check(parse_evidence(witness.ask("GET", f"/evidence/{listed[2]}").body))
    assert verdict.network == witness.network.id
    assert witness.submit(5, 5).status == 403  # frozen now
    assert witness.latest().status == 200


def follow(witness: Witness) -> None:
    """Let the witness hold all that the network has signed."""
    with witness.home.store.writing() as db:
        feed = feeds.open_feed(db, feeds.networks(db)[1], "public")
        accept(db, feed, witness.network.identity, witness.network.answer(feed.followed), NOW, None)


def test_what_contradicts_the_followed_log_is_422_and_evidence(witness: Witness):
    follow(witness)
    other = forked(witness.network, 1)
    said = witness.submit(0, 3, other)  # shorter than what is followed, and of another history
    assert (said.status, error(said)) == (422, "split-view")
    assert witness.ask("GET", "/evidence").body.startswith(b"split-view ")
    assert witness.latest().status == 404


@pytest.mark.parametrize("cosigned", [0, 1])
def test_a_log_that_is_followed_further_than_it_was_cosigned_goes_on_from_there(witness: Witness, cosigned: int):
    witness.submit(0, cosigned)
    follow(witness)
    other = forked(witness.network, 2)
    for network in (witness.network, other):
        network.publish(network.put(10))
        network.publish(network.put(11))
    for network in (witness.network, other):
        assert witness.submit(cosigned, SIZE + 2, network) == Said(409, "text/x.tlog.size", b"%d\n" % SIZE)
    assert error(witness.submit(SIZE, SIZE + 2, other)) == "bad-proof"
    assert witness.submit(SIZE, SIZE + 2).status == 200


def test_what_is_followed_already_is_cosigned_as_it_is(witness: Witness):
    follow(witness)
    assert witness.submit(SIZE, SIZE).status == 200


def test_a_log_that_goes_on_otherwise_than_it_was_cosigned_is_evidence(witness: Witness):
    follow(witness)
    other = deepcopy(witness.network)
    other.publish(other.put(10))
    assert witness.submit(SIZE, SIZE + 1, other).status == 200  # as good as any other yet
    witness.network.publish(witness.network.put(11))
    witness.network.publish(witness.network.put(12))
    follow(witness)
    assert error(witness.submit(SIZE + 1, SIZE + 2)) == "split-view"
    assert witness.ask("GET", "/evidence").body.startswith(b"split-view ")


def test_what_was_cosigned_of_a_blocked_network_is_not_shown(witness: Witness):
    witness.submit(0, 3)
    assert witness.latest().status == 200
    with witness.home.store.writing() as db:
        blocks.block(db, witness.network.id, NOW)
    assert (witness.latest().status, witness.submit(3, 5).status) == (404, 404)


# --- durable, and of one place


def test_nothing_is_answered_before_it_is_durable(witness: Witness, monkeypatch: pytest.MonkeyPatch):
    witness.submit(0, 2)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as breaking:
        breaking.setattr(witnessing, "write_atomically", full)
        said = witness.submit(2, 5)
        assert said.status == 500
        assert b"witness" not in said.body
    assert witness.submit(0, 5).body == b"2\n"


def test_what_was_cosigned_is_remembered_outside_of_the_database(witness: Witness):
    witness.submit(0, 3)
    state = json.loads((witness.home.path / witnessing.STATE).read_bytes())
    assert state["logs"][witness.network.signer.name]["size"] == 3
    assert (witness.home.path / witnessing.STATE).stat().st_mode & 0o777 == 0o600


def test_a_copied_home_cosigns_nothing(witness: Witness, tmp_path: Path):
    shutil.copytree(witness.home.path, tmp_path / "copy")
    copy = Home(tmp_path / "copy")
    served = Served(copy, create_app(copy, clock=lambda: NOW))
    try:
        said = Witness(copy, served, witness.network).submit(0, 3)
        assert (said.status, error(said)) == (503, "busy")
    finally:
        served.close()
        copy.close()


def test_a_damaged_state_is_no_state_to_begin_anew_from(witness: Witness):
    witness.submit(0, 3)
    (witness.home.path / witnessing.STATE).write_bytes(b"{")
    assert witness.submit(0, 3).status == 500
    assert witness.latest().status == 500


# --- evidence


def test_evidence_about_a_restricted_circle_is_not_shown(witness: Witness):
    one, other = (Network("Somebody", circle="partners") for _ in range(2))
    one.publish(one.put(1))
    other.publish(other.put(2))
    found = split(one, other)
    with witness.home.store.writing() as db:
        assert evidence.keep(db, feeds.networks(db)[1], found, NOW)
        (held,) = held_evidence.evidence(db)
    assert witness.ask("GET", "/evidence").body == b""
    assert witness.ask("GET", f"/evidence/{held.digest}").status == 404
    assert witness.ask("GET", "/evidence/none").status == 404


def test_a_network_that_contradicted_itself_stays_readable_with_a_warning(witness: Witness):
    def page(path: str) -> str:
        said = witness.ask("GET", path, Accept="text/html")
        assert said.status == 200
        return said.body.decode()

    follow(witness)
    before = json.loads(witness.ask("GET", "/api/v1/organizations?text=Example").body)
    assert "contradict" not in page("/networks") + page(f"/networks/{witness.network.id}") + page("/?text=Example")
    witness.submit(0, SIZE, forked(witness.network, 2))
    for path in ("/networks", f"/networks/{witness.network.id}", "/?text=Example"):
        assert "contradict" in page(path)
    after = json.loads(witness.ask("GET", "/api/v1/organizations?text=Example").body)
    assert before["total"] == after["total"] == SIZE
    assert [item["frozen"] for item in after["items"]] == [True] * SIZE
    items = json.loads(witness.ask("GET", "/api/v1/networks").body)["items"]
    assert {item["network"]: item["frozen"] for item in items}[witness.network.id] is True
