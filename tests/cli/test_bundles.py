"""Bundles, sites, addresses and blocks, as a person gives the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Fednet, Said

HOUSE = '{"names": {"en": "Aster House"}, "seat": {"country": "TH"}}'


@pytest.fixture
def other(node: Fednet) -> Callable[..., Said]:
    """Another node, of `Peer Network`, that lists Aster House."""
    node("init", "--name", "Peer Network", node="peer")
    node("add", "organization", "--json", "-", given=HOUSE, node="peer")
    node("publish", node="peer")
    return lambda *arguments, given="": node(*arguments, given=given, node="peer")


def fingerprint(node: Fednet) -> str:
    """That of the one network that the node does not follow yet, as a bundle tells it."""
    (line,) = node("bundle", "read", "b.fednet", "--json").lines
    return str(line["hint"]).split('"')[1]


def test_a_directory_travels_in_a_file(node: Fednet, other: Fednet) -> None:
    said = other("bundle", "write", "b.fednet", "--json")
    (written,) = said.lines
    assert said.code == 0 and [feed["name"] for feed in written["feeds"]] == ["Peer Network"]
    told = node("bundle", "read", "b.fednet")
    assert told.code == 2 and "--fingerprint" in told.err and "not followed" in told.out
    assert node("search", "aster", "--json").lines == []
    (read,) = node("bundle", "read", "b.fednet", "--fingerprint", fingerprint(node), "--json").lines
    assert (read["outcome"], read["circle"], read["records"], read["changed"]) == ("advanced", "public", 1, 1)
    (hit,) = node("search", "aster", "--json").lines
    assert hit["network_name"] == "Peer Network"
    again = node("bundle", "read", "b.fednet")
    assert again.code == 0 and "nothing new" in again.out
    assert [line["name"] for line in node("peers", "--json").lines] == ["Peer Network"]
    other("withdraw", hit["handle"], "--yes")
    other("publish")
    assert other("bundle", "write", "news.fednet", "--since", "1.1").code == 0
    assert "verified" in node("bundle", "read", "news.fednet").out
    assert node("search", "aster", "--json").lines == []
    late = node("bundle", "read", "b.fednet")
    assert late.code == 0 and "older than what is held" in late.out
    assert node("verify").code == 0


def test_a_wrong_fingerprint_and_a_wrong_file_are_refused(node: Fednet, other: Fednet, tmp_path: Path) -> None:
    other("bundle", "write", "b.fednet")
    assert node("bundle", "read", "b.fednet", "--fingerprint", "a" * 32).code == 3
    assert node("bundle", "read", "b.fednet", "--fingerprint", "nonsense").code == 2
    (tmp_path / "letter.txt").write_text("Dear friends")
    said = node("bundle", "read", "letter.txt")
    assert said.code == 3 and "not a bundle" in said.err
    assert node("bundle", "read", "nowhere.fednet").code == 2
    assert node("peers", "--json").lines == []


def test_slips_in_writing_are_matters_of_usage(node: Fednet, other: Fednet, tmp_path: Path) -> None:
    assert node("bundle", "write", "b.fednet").code == 1
    assert not (tmp_path / "b.fednet").exists()
    for slip in (["--since", "yesterday"], ["--since", "1.9"], ["--for", "Peer Network"], ["--for", ""]):
        assert other("bundle", "write", "b.fednet", *slip).code == 2
    assert other("bundle", "write", "b.fednet", "--for", "Nobody").code == 1
    assert other("bundle", "write", "b.fednet").code == 0
    assert other("bundle", "write", "b.fednet").code == 2
    assert other("bundle", "write", "b.fednet", "--yes").code == 0


def test_nothing_that_a_command_writes_lands_in_the_home_or_on_what_is_no_file(other: Fednet, tmp_path: Path) -> None:
    (handle,) = (line["handle"] for line in other("search", "aster", "--json").lines)
    (tmp_path / "by-another-path").symlink_to(tmp_path / "peer")
    (tmp_path / "elsewhere.csv").write_text("theirs")
    (tmp_path / "link.csv").symlink_to("elsewhere.csv")
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    before = {path: path.read_bytes() for path in (tmp_path / "peer").glob("*.*")}
    for place in (
        "peer/keys.json",
        "by-another-path/keys.json",
        "peer/new.csv",
        "link.csv",
        "dangling.csv",
        "/dev/null",
        "",
    ):
        for command in (
            ("bundle", "write", place, "--yes"),
            ("proof", "make", handle, "-o", place, "--yes"),
            ("backup", place, "--yes"),
            *([("export", place, "--yes")] if place.endswith(".csv") else []),
        ):
            said = other(*command)
            assert said.code == 2 and "mistake" not in said.err, (command, said.err)
    assert other("site", "peer/site").code == 2
    assert before.items() <= {path: path.read_bytes() for path in (tmp_path / "peer").glob("*.*")}.items()
    assert not (tmp_path / "peer" / "new.csv").exists() and not (tmp_path / "nowhere").exists()
    assert (tmp_path / "elsewhere.csv").read_text() == "theirs" and Path("/dev/null").is_char_device()


def test_what_partners_read_travels_sealed(node: Fednet, other: Fednet, tmp_path: Path) -> None:
    node("publish")
    other("bundle", "write", "b.fednet")
    node("bundle", "read", "b.fednet", "--yes")
    (hit,) = node("search", "aster", "--json").lines
    node("bundle", "write", "ours.fednet")
    other("bundle", "read", "ours.fednet", "--yes")
    contact = f'{{"organization": "{hit["handle"]}", "emails": ["zyxwolfram@example.org"]}}'
    other("add", "contact", "--json", "-", given=contact)
    other("publish")
    other("partner", "Example Network", "--yes")
    assert other("bundle", "write", "sealed.fednet", "--for", "Example Network").code == 0
    assert b"partners" not in (tmp_path / "sealed.fednet").read_bytes()
    said = node("bundle", "read", "sealed.fednet")
    assert "not a partner" in said.out and "fednet partner" in said.err
    node("partner", "Peer Network", "--yes")
    outcomes = {line["circle"]: line["outcome"] for line in node("bundle", "read", "sealed.fednet", "--json").lines}
    assert outcomes == {"public": "unchanged", "partners": "advanced"}


def test_a_site_is_written_and_renewed(node: Fednet, other: Fednet, tmp_path: Path) -> None:
    (first,) = other("site", "public", "--json").lines
    assert first["networks"] == ["Peer Network"] and first["written"] > 4
    assert (tmp_path / "public" / ".well-known" / "fednet").exists()
    assert "0 files written" in other("site", "public").err
    assert other("site", ".").code == 2
    assert node("site", "elsewhere").code == 1


def test_addresses_are_added_listed_and_removed(node: Fednet, other: Fednet) -> None:
    other("bundle", "write", "b.fednet")
    node("bundle", "read", "b.fednet", "--yes")
    assert node("source", "list", "--json").lines == []
    assert node("source", "add", "Peer", "https://mirror.example.org/").code == 0
    assert node("source", "add", "Peer", "https://peer.example.org", "--origin").code == 0
    assert [(one["kind"], one["url"]) for one in node("source", "list", "--json").lines] == [
        ("origin", "https://peer.example.org"),
        ("mirror", "https://mirror.example.org"),
    ]
    assert node("source", "remove", "Peer", "https://peer.example.org").code == 0
    assert node("source", "remove", "Peer", "https://peer.example.org").code == 1
    assert node("source", "remove", "Peer", "https://mirror.example.org").code == 2
    assert node("source", "remove", "Peer", "https://mirror.example.org", "--yes").code == 0
    assert node("source", "add", "Example Network", "https://x.example").code == 2
    for slip in ("ftp://x.example", " ", "https://x.example/a b", "https://x\u202e.example"):
        assert node("source", "add", "Peer", slip).code == 2


def test_a_network_is_blocked_by_name_or_by_fingerprint(node: Fednet, other: Fednet) -> None:
    other("bundle", "write", "b.fednet")
    known = fingerprint(node)
    assert node("block", known).code == 2
    assert node("block", known, "--yes").code == 0
    assert node("bundle", "read", "b.fednet", "--fingerprint", known, "--json").lines[0]["outcome"] == "blocked"
    assert [(one["fingerprint"], one["blocked"]) for one in node("peers", "--json").lines] == [(known, True)]
    assert node("block", known, "--undo").code == 0
    assert node("block", known, "--undo").code == 1
    node("bundle", "read", "b.fednet", "--fingerprint", known)
    assert node("block", "Peer Network", "--yes").code == 0
    assert node("search", "aster", "--json").lines == []
    assert node("bundle", "read", "b.fednet", "--json").lines[0]["outcome"] == "blocked"
    assert node("block", "Peer Network", "--undo").code == 0
    assert node("bundle", "read", "b.fednet", "--json").lines[0]["outcome"] == "advanced"
    assert node("block", "Nobody", "--yes").code == 1
    assert node("block", "Example Network", "--yes").code == 2
