"""One node serves, another follows it: whom it trusts, what it gets, and how it is told when something is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Fednet

PRIVATE = "--allow-private-addresses"
HOUSE = '{"names": {"en": "Aster House"}, "seat": {"country": "TH"}}'


class Peer:
    """A node with one organisation that serves on a loopback port."""

    def __init__(self, fednet: Fednet, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        (made,) = fednet("init", "--name", "Peer Network", "--url", self.url, "--json", node="peer").lines
        self.network, self.fingerprint = made["network"], made["fingerprint"]
        self.handle = fednet("add", "organization", "--json", "-", given=HOUSE, node="peer").out.strip()
        fednet("publish", node="peer")
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "fednet", "--node", "peer", "serve", "--port", port]
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
        _wait_for(int(port))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


def _wait_for(port: int) -> None:
    for _ in range(2_000):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing answers on port {port}")


@pytest.fixture
def peer(node: Fednet, tmp_path: Path) -> Iterator[Peer]:
    served = Peer(node, tmp_path)
    yield served
    served.stop()


@pytest.mark.clock
def test_a_network_is_followed_synced_searched_verified_hidden_and_let_go(node: Fednet, peer: Peer) -> None:
    asked = node("follow", peer.url, PRIVATE)
    assert asked.code == 2
    assert "--fingerprint" in asked.err
    assert peer.fingerprint in asked.err
    wrong = node("follow", peer.url, PRIVATE, "--fingerprint", "a" * 32)
    assert (wrong.code, node("peers", "--json").lines) == (3, [])

    (followed,) = node("follow", peer.url, PRIVATE, "--fingerprint", peer.fingerprint, "--json").lines
    assert followed["network"] == peer.network
    assert [(one["name"], one["following"]) for one in node("peers", "--json").lines] == [("Peer Network", True)]
    assert node("search", "aster", "--json").lines == []

    (synced,) = node("sync", PRIVATE, "--json").lines
    named = "network circle epoch edition records changed bytes seconds source verified"
    assert set(named.split()) <= synced.keys()
    assert (synced["records"], synced["changed"], synced["verified"]) == (1, 1, True)
    (hit,) = node("search", "aster", "--network", "Peer", "--json").lines
    assert (hit["handle"], hit["network_name"]) == (peer.handle, "Peer Network")
    assert [line["name"] for line in node("status", "--json").lines] == ["Example Network", "Peer Network"]
    assert node("verify", "Peer Network").code == 0
    node("proof", "make", peer.handle, "-o", "peer.proof")
    assert node("proof", "check", "peer.proof", "--json").lines[0]["name"] == "Peer Network"

    assert node("block", "Peer Network").code == 2
    assert node("block", "Peer Network", "--yes").code == 0
    assert node("search", "aster", "--json").lines == []
    assert node("block", "Peer Network", "--undo").code == 0
    assert node("sync", PRIVATE).code == 0
    assert len(node("search", "aster", "--json").lines) == 1
    assert node("unfollow", "Peer Network").code == 2
    assert node("unfollow", peer.network, "--yes").code == 0
    assert node("search", "aster", "--json").lines == []


@pytest.mark.clock
def test_a_damaged_record_is_named_and_repaired(node: Fednet, peer: Peer, tmp_path: Path) -> None:
    from fednet.node.home import Home

    node("follow", peer.url, PRIVATE, "--yes")
    node("sync", PRIVATE)
    home = Home(tmp_path / "node")
    with home.store.writing() as db:
        db.execute("UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'Aster', 'Asper') AS BLOB)")
    home.close()
    said = node("verify", "--json")
    assert said.code == 3
    assert any(peer.handle in problem for line in said.lines for problem in line["problems"])
    assert node("verify", "--repair", PRIVATE).code == 0
    assert len(node("search", "aster", "--json").lines) == 1


def test_a_port_in_use_is_a_failure_not_a_refusal(node: Fednet, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "fednet", "--node", "node", "serve", "--port", port]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert f"cannot listen at 127.0.0.1:{port}" in ended.stderr


def test_private_addresses_are_refused_unless_allowed(node: Fednet) -> None:
    assert node("follow", "http://127.0.0.1:9", "--yes").code == 1
    assert "private" in node("follow", "http://127.0.0.1:9", "--yes").err


def test_a_network_that_does_not_answer_is_a_failure_not_a_refusal(node: Fednet) -> None:
    assert node("follow", "http://127.0.0.1:9", "--yes", PRIVATE).code == 1


def test_following_nobody_is_no_failure(node: Fednet) -> None:
    assert node("sync").code == 0
    assert "nobody is followed" in node("sync").err
    assert node("sync", "Nobody").code == 1
    assert node("unfollow", "Example Network", "--yes").code == 2


@pytest.mark.clock
def test_an_invitation_leads_to_the_network_that_it_names_and_to_no_other(node: Fednet, peer: Peer) -> None:
    refused = node("follow", f"{peer.url}/#{'a' * 32}", "--yes", PRIVATE)
    assert refused.code == 3 and peer.fingerprint in refused.err
    invitation = f"{peer.url}/#{peer.fingerprint.replace(' ', '-')}"
    assert node("follow", invitation, PRIVATE).code == 2  # nobody has compared it yet
    assert node("follow", invitation, "--yes", PRIVATE).code == 0
