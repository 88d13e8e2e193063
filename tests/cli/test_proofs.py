"""Proofs are made here and checked anywhere."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Fednet


def listed(node: Fednet) -> str:
    handle = node("add", "group", "--json", "-", given='{"names": {"en": "Inland Protection"}}').out.strip()
    assert node("publish").code == 0
    return handle


def test_a_proof_is_checked_where_there_is_no_node(node: Fednet) -> None:
    handle = listed(node)
    assert node("proof", "make", handle, "-o", "group.proof").code == 0
    (here,) = node("proof", "check", "group.proof", "--json").lines
    assert (here["verdict"], here["pinned"], here["name"]) == ("listed", True, "Example Network")
    assert here["fields"]["names"] == {"en": "Inland Protection"}
    (elsewhere,) = node("proof", "check", "group.proof", "--json", node="nowhere").lines
    assert (elsewhere["verdict"], elsewhere["pinned"]) == ("listed", False)
    assert "compare its fingerprint" in node("proof", "check", "group.proof", node="nowhere").err


def test_a_proof_that_not_everybody_may_read_is_for_its_owner_alone(node: Fednet, tmp_path: Path) -> None:
    handle = node("add", "group", "--circle", "partners", "--json", "-", given='{"names": {"en": "G"}}').out.strip()
    node("publish")
    (tmp_path / "closed.proof").touch(mode=0o644)
    assert node("proof", "make", handle, "-o", "closed.proof", "--yes").code == 0
    assert (tmp_path / "closed.proof").stat().st_mode & 0o077 == 0


def test_absence_is_proven_too(node: Fednet) -> None:
    listed(node)
    node("proof", "make", "7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e", "-o", "absent.proof")
    assert node("proof", "check", "absent.proof", "--json").lines[0]["verdict"] == "absent"


def test_a_proof_of_another_network_than_expected_is_refused(node: Fednet) -> None:
    node("proof", "make", listed(node), "-o", "group.proof")
    (verdict,) = node("proof", "check", "group.proof", "--json").lines
    assert node("proof", "check", "group.proof", "--network", verdict["fingerprint"]).code == 0
    said = node("proof", "check", "group.proof", "--network", "aaaa aaaa")
    assert (said.code, said.out) == (3, "")


def test_a_changed_proof_is_refused(node: Fednet, tmp_path: Path) -> None:
    node("proof", "make", listed(node), "-o", "group.proof")
    file = tmp_path / "group.proof"
    file.write_bytes(file.read_bytes().replace(b"Inland", b"Island"))
    said = node("proof", "check", "group.proof")
    assert (said.code, said.out) == (3, "")
    file.write_bytes(b"")
    assert node("proof", "check", "group.proof").code == 3
