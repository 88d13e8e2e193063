"""Evidence and witnesses at the terminal: what is shown, checked offline, and decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from fednet.feed import evidence as proofs
from fednet.node import evidence
from fednet.node.accept import accept
from fednet.node.home import Home
from fednet.store import feeds, sources
from tests.cli.conftest import Fednet
from tests.feed.network import Network, witness
from tests.feed.test_evidence import NAME, forked, forks, grown, split
from tests.node.nodes import NOW


@pytest.fixture
def network() -> Network:
    return grown(4)


def follow(network: Network) -> None:
    """Let the node hold what a network has signed."""
    home = Home(Path("node"))
    with home.store.writing() as db:
        feed = feeds.open_feed(db, feeds.pin(db, network.identity, NOW), "public")
        accept(db, feed, network.identity, network.answer(feed.followed), NOW, None)
    home.close()


def keep(network: Network, found: proofs.Evidence) -> None:
    home = Home(Path("node"))
    with home.store.writing() as db:
        pinned = next(n for n in feeds.networks(db) if n.network == network.id)
        evidence.keep(db, pinned, found, NOW)
    home.close()


@pytest.fixture
def caught(node: Fednet, network: Network) -> Fednet:
    """A node that holds evidence of a split view."""
    follow(network)
    keep(network, split(network, forked(network, 1)))
    return node


def test_evidence_is_checked_with_nothing_but_the_file(fednet: Fednet, network: Network, tmp_path: Path) -> None:
    file = tmp_path / "two-faces.evidence"
    file.write_bytes(split(network, forked(network, 1)).encoded)
    said = fednet("evidence", "check", str(file))  # there is no node
    assert said.code == 0
    assert "split-view" in said.out
    assert NAME in said.out
    (verdict,) = fednet("evidence", "check", str(file), "--json", "--network", network.id.upper()).lines
    assert (verdict["kind"], verdict["network"], verdict["epoch"]) == ("split-view", network.id, 1)
    assert fednet("evidence", "check", str(file), "--network", "a" * 32).code == 3


def test_what_proves_nothing_exits_3(fednet: Fednet, network: Network, tmp_path: Path) -> None:
    raw = split(network, forked(network, 1)).encoded
    file = tmp_path / "nothing.evidence"
    for nothing in (b"", raw[:-40], raw.replace(b"split-view", b"identity-fork"), b"\x1b[2J"):
        file.write_bytes(nothing)
        said = fednet("evidence", "check", str(file))
        assert said.code == 3
        assert said.out == ""
        assert "\x1b" not in said.err


def test_evidence_is_listed_shown_and_written(caught: Fednet, network: Network, tmp_path: Path) -> None:
    (row,) = caught("evidence", "list", "--json").lines
    assert (row["kind"], row["name"], row["frozen"], row["verdict"]) == ("split-view", NAME, True, None)
    assert row["held_here"] == network.root().hex()
    assert NAME in caught("evidence", "list").out
    file = tmp_path / "written.evidence"
    said = caught("evidence", "show", NAME, "-o", str(file))
    assert said.code == 0
    assert "held here" in said.out
    assert "fednet evidence resolve" in said.err
    assert caught("evidence", "check", str(file)).code == 0
    assert caught("evidence", "show", row["digest"][:10], "--json").lines == [row]
    assert caught("evidence", "show", "Nobody").code == 1


def test_status_shows_what_is_frozen(caught: Fednet, network: Network) -> None:
    line = next(line for line in caught("status", "--json").lines if not line["own"])
    assert (line["frozen"], line["hint"]) == ("split-view", f"fednet evidence show {network.id}")
    assert "frozen" in caught("status").out


def test_a_frozen_network_is_refused_with_exit_3_and_stays_readable(caught: Fednet, network: Network) -> None:
    home = Home(Path("node"))
    with home.store.writing() as db:
        sources.add_origin(db, feeds.named(db, network.id), "http://127.0.0.1:1")
    home.close()
    said = caught("sync", network.id, "--allow-private-addresses")
    assert said.code == 3
    assert "frozen" in said.err
    assert f"fednet evidence show {network.id}" in said.err
    (hit,) = caught("search", "Example 2", "--json").lines
    assert hit["network"] == network.id and hit["frozen"]
    shown = caught("search", "Example 2")
    assert "frozen" in shown.out and f"{NAME} has signed two things that contradict each other" in shown.err


def test_a_person_decides_and_the_evidence_stays(caught: Fednet, network: Network) -> None:
    assert caught("evidence", "resolve", NAME).code == 2
    assert caught("evidence", "resolve", NAME, "--keep", "--accept", "ab").code == 2
    assert caught("evidence", "resolve", NAME, "--keep").code == 2  # nobody can be asked here
    assert caught("evidence", "resolve", NAME, "--accept", "0" * 16, "--yes").code == 2
    assert caught("evidence", "resolve", NAME, "--keep", "--yes").code == 0
    (row,) = caught("evidence", "list", "--json").lines
    assert (row["frozen"], row["verdict"]) == (False, "went on with what is held here")
    assert next(line for line in caught("status", "--json").lines if not line["own"])["frozen"] is None
    assert caught("evidence", "resolve", NAME, "--keep", "--yes").code == 1


def test_of_a_fork_a_side_is_chosen(node: Fednet) -> None:
    one, other = forks()
    home = Home(Path("node"))
    with home.store.writing() as db:
        feeds.open_feed(db, feeds.pin(db, one.identity, NOW), "public")
    home.close()
    keep(one, proofs.identity_fork(one.identity, other.identity))
    (row,) = node("evidence", "show", one.id, "--json").lines
    assert row["held_here"] == one.identity.current.digest
    wanted = other.identity.current.digest
    assert node("evidence", "resolve", one.id, "--accept", wanted[:16], "--yes").code == 0
    (row,) = node("evidence", "show", one.id, "--json").lines
    assert row["held_here"] == wanted


def test_a_node_without_evidence_says_so(node: Fednet) -> None:
    said = node("evidence", "list")
    assert (said.code, said.out) == (0, "")
    assert "no evidence" in said.err


# --- witnesses and policies


def test_witnesses_are_added_listed_and_removed(node: Fednet) -> None:
    assert "fednet witness add" in node("witness", "list").err
    key = witness().verifier.vkey
    assert node("witness", "add", "https://w.example/prefix/", "--key", key).code == 0
    (row,) = node("witness", "list", "--json").lines
    assert (row["url"], row["key"], row["cosigned"], row["asked_at"]) == ("https://w.example/prefix", key, False, None)
    assert "w.example" in node("witness", "list").out
    assert node("witness", "remove", "https://other.example", "--yes").code == 1
    assert node("witness", "remove", "https://w.example/prefix").code == 2
    assert node("witness", "remove", "https://w.example/prefix", "--yes").code == 0
    assert node("witness", "list", "--json").lines == []
    assert node("witness", "add", "https://w.example", "--key", "nonsense").code == 2


def test_the_own_key_is_a_line_of_a_policy(node: Fednet, network: Network, tmp_path: Path) -> None:
    follow(network)
    line = node("witness", "key").out
    file = tmp_path / "policy.txt"
    file.write_text(line + f"quorum {line.split()[1]}\n")
    assert node("policy", NAME, str(file), "--yes").code == 0
    assert node("policy", NAME).out == file.read_text()
    (shown,) = node("policy", NAME, "--json").lines
    assert shown["policy"] == file.read_text()
    line = next(line for line in node("status", "--json").lines if not line["own"])
    assert line["witnessed"] is False
    assert "waiting for witnesses" in node("status").out
    assert node("policy", NAME, "--none", "--yes").code == 0
    assert node("policy", NAME).out == ""


def test_a_policy_that_is_none_is_refused(node: Fednet, network: Network, tmp_path: Path) -> None:
    follow(network)
    file = tmp_path / "policy.txt"
    file.write_text("quorum nobody\n")
    assert node("policy", NAME, str(file), "--yes").code == 3
    file.write_text("quorum none\n")
    assert node("policy", "Example Network", str(file), "--yes").code == 2  # the node's own
    assert node("policy", NAME, str(file)).code == 2  # nobody can be asked here
