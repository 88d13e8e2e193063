"""Hostile bytes: whatever arrives, every parser gives a value or raises a FednetError that refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, RefusedError
from fednet.feed import checkpoint, edition, identity, note, proof, record, text, tlog, wire
from fednet.feed.follow import advance
from fednet.feed.tree import Node
from tests.feed import law
from tests.feed.network import Network, handle, witness

NETWORK = Network()
NETWORK.publish(*map(NETWORK.put, range(8)))
NETWORK.publish(NETWORK.erase(1), NETWORK.drop(2))
START = NETWORK.start()
ROOT = wire.adds_up_to(NETWORK.page())
assert isinstance(ROOT, Node)


def taken(raw: bytes) -> object:
    return advance(START, NETWORK.identity, wire.parse_answer(raw))


def proven(raw: bytes) -> object:
    return proof.check(proof.parse_proof(raw))


PARSERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "note": (note.parse, NETWORK.checkpoint(None, witness()).encoded),
    "checkpoint": (checkpoint.parse_checkpoint, NETWORK.checkpoint().text),
    "policy": (checkpoint.parse_policy, b"witness a %s\nquorum a\n" % witness().verifier.vkey.encode()),
    "identity": (identity.parse_identity, NETWORK.identity.encoded),
    "statement": (identity.parse_statement, NETWORK.identity.current.text),
    "edition": (edition.parse_edition, NETWORK.lines[-1]),
    "changes": (taken, NETWORK.answer(START).encoded),
    "changes that skip": (taken, NETWORK.answer(START, skip=True).encoded),
    "changes alone": (
        lambda raw: wire.parse_changes(raw, NETWORK.feed),
        b"".join(map(wire.change_line, NETWORK.answer(START).changes)),
    ),
    "records page": (lambda raw: wire.parse_page(raw, "", ROOT, NETWORK.feed), NETWORK.page().encoded),
    "entries page": (lambda raw: wire.parse_page(raw, "", ROOT, NETWORK.feed), NETWORK.page(form="entries").encoded),
    "proof": (proven, NETWORK.proof(3).encoded),
    "entries": (lambda raw: tlog.parse_entries(tlog.Tile(-1, 0, 2), raw), tlog.entries_bytes(NETWORK.lines)),
    "tile": (lambda raw: tlog.parse_tile(tlog.Tile(0, 0, 2), raw), b"".join(NETWORK.leaves)),
    "body": (record.check_body, NETWORK.put(1).body),
    "base64": (text.base64_bytes, b"AAAA"),
}

TEXT_PARSERS: dict[str, tuple[Callable[[str], object], str]] = {
    "number": (text.number, "12"),
    "base64": (text.base64_bytes, "AAAA"),
    "hexadecimal": (text.hex_bytes, "00ff"),
    "time": (text.utc_time, "2026-11-21T18:00:00Z"),
    "verifier key": (note.parse_vkey, witness().verifier.vkey),
    "tile path": (tlog.parse_tile_path, "tile/0/x001/067.p/3"),
    "page name": (wire.parse_page_name, "root-" + "ab" * 32),
    "position": (wire.parse_position, "1.42"),
    "entry": (wire.parse_entry, f"leaf {'ab' * 32} {'cd' * 32}"),
    "handle": (record.check_handle, handle(1)),
    "circle": (checkpoint.check_circle, "public"),
    "network": (checkpoint.check_network, NETWORK.id),
}

NASTY = [
    b"",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\n\n",
    b" ",
    b"-1",
    b"1e9",
    b"9" * 400,
    "१".encode(),
    b"[" * 3000,
    b'{"a":' * 3000,
    b"=",
    b"\\ud800",
    b"true",
    b"null",
    b'"',
    "— ".encode(),
]


def mutated(draw: st.DrawFn, raw: bytes) -> bytes:
    """A valid input with a few pieces cut, doubled, or replaced by something nasty."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw)))
        end = min(len(raw), at + draw(st.sampled_from([0, 1, 1, 2, 5, 40])))
        raw = (
            raw[:at]
            + draw(st.one_of(st.sampled_from(NASTY), st.binary(max_size=4), st.just(raw[at:end] * 2)))
            + raw[end:]
        )
    return raw


def only_refuses(parser: Callable[[Any], object], raw: bytes | str) -> None:
    try:
        parser(raw)
    except FednetError as error:
        assert isinstance(error, RefusedError)
        assert len(error.detail) < 2_000
        error.detail.encode()


@pytest.mark.parametrize("name", PARSERS)
@law
@given(st.data())
def test_mutated_and_random_bytes_raise_nothing_else(name: str, data: st.DataObject):
    parser, valid = PARSERS[name]
    only_refuses(parser, mutated(data.draw, valid))
    only_refuses(parser, data.draw(st.one_of(st.binary(max_size=60), st.text(max_size=30).map(str.encode))))


@pytest.mark.parametrize("name", TEXT_PARSERS)
@law
@given(st.data())
def test_any_text_even_with_surrogates_raises_nothing_else(name: str, data: st.DataObject):
    parser, valid = TEXT_PARSERS[name]
    anything = st.text(st.characters(exclude_categories=()), max_size=30)
    at = data.draw(st.integers(0, len(valid)))
    only_refuses(parser, valid[:at] + data.draw(anything) + valid[at + data.draw(st.integers(0, 3)) :])
    only_refuses(parser, data.draw(anything))


@pytest.mark.parametrize("name", PARSERS)
def test_nasty_bytes_at_every_seam_raise_nothing_else(name: str):
    parser, valid = PARSERS[name]
    parser(valid)
    for nasty in NASTY:
        only_refuses(parser, nasty)
        for seam in (b"\n", b" ", b":", b","):
            only_refuses(parser, valid.replace(seam, seam + nasty, 1))
            only_refuses(parser, nasty.join(valid.rsplit(seam, 1)))


@pytest.mark.parametrize("name", PARSERS)
def test_a_flood_is_refused_and_shown_briefly(name: str):
    parser, _ = PARSERS[name]
    for flood in (b"x" * 5_000_000, b"\n" * 2_000_000, b"\n\n" * 100_000, b"AAAA\n" * 500_000):
        only_refuses(parser, flood)
