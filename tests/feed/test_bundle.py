"""A bundle gives back exactly what was put in, says when it was cut, and takes no path that it should not have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, RefusedError, VersionError
from fednet.feed import bundle, wire
from fednet.feed.bundle import Resource, asked_from, check_path, packed, unpacked
from fednet.feed.follow import Followed, advance
from fednet.feed.wire import BEGINNING, Answer, Position
from tests.feed import law
from tests.feed.network import Network

A, B = "a" * 32, "b" * 32
PAGE = f"page/root-{'ab' * 32}"
PARTS = [
    (f"{A}/identity", b"one\n"),
    (f"{A}/public/1/tile/0/000.p/3", bytes(96)),
    (f"{A}/public/{PAGE}", b"resource end 3\nend 1\n"),
    (f"{A}/public/changes?since=1.41", b""),
    ("sealed", b"age-encryption.org/v1\n"),
    (f"{B}/identity", b"two\n"),
    (f"{B}/public/2/checkpoint", b"note\n"),
]


def read(raw: bytes, size: int = 0, *, sealed: bool = False) -> list[tuple[str, bytes]]:
    """What is in a bundle that comes in pieces of this size (0: at once)."""
    pieces = [raw[i : i + size] for i in range(0, len(raw), size)] if size else [raw]
    found: list[tuple[str, bytes]] = []
    for part in unpacked(pieces, sealed=sealed):
        match part:
            case Resource():
                found.append((part.path, b""))
            case _:
                found[-1] = (found[-1][0], found[-1][1] + part)
    return found


def text(parts: list[tuple[str, bytes]] = PARTS) -> bytes:
    return b"".join(packed(parts))


@law
@given(st.lists(st.binary(max_size=600), max_size=5), st.integers(0, 70))
def test_what_is_packed_is_unpacked_whatever_the_pieces(contents: list[bytes], size: int):
    parts = [*PARTS, *((f"{B}/public/1/tile/entries/00{i}", content) for i, content in enumerate(contents))]
    assert read(text(parts), size) == parts


def test_the_text_is_as_the_specification_says():
    assert text(PARTS[:1]) == f"fednet/1 bundle\nresource {A}/identity 4\none\nend 1\n".encode()


@pytest.mark.parametrize("size", [0, 1])
def test_every_cut_shows(size: int):
    whole = text()
    for end in range(len(whole)):
        with pytest.raises(MalformedError):
            read(whole[:end], size)


def test_nothing_follows_the_end():
    for more in (b"\n", b"end 7\n", b"\x00"):
        with pytest.raises(MalformedError, match="follow"):
            read(text() + more)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "sealed/",
        "identity",
        f"{A}",
        f"{A}/",
        f"{A}/identity/",
        f"/{A}/identity",
        f"{A.upper()}/identity",
        f"{A}/../identity",
        f"{A}//identity",
        f"{A}/public",
        f"{A}/public/",
        f"{A}/public/{PAGE}/",
        f"{A}/public/{PAGE.upper()}",
        f"{A}/public/page/../../etc-{'ab' * 32}",
        f"{A}/public/page/root-{'ab' * 31}",
        f"{A}/public/changes",
        f"{A}/public/changes?since=1",
        f"{A}/public/changes?since=01.1",
        f"{A}/public/changes?since=1.1/x",
        f"{A}/public/changes?since=1.1&x=y",
        f"{A}/public/01/checkpoint",
        f"{A}/public/1/checkpoint?after=1.1",
        f"{A}/public/1/tile/0/../000",
        f"{A}/public/1/tile/0/000.p/256",
        f"{A}/public/proof/7e6d8c1e-5f0a-4b1c-9d2e-3f4a5b6c7d8e",
        f"{A}/PUBLIC/1/checkpoint",
        f"{A}/partners/1/checkpoint",
        f"{A}/partners/{PAGE}",
        f"{A}/identity\x00",
        f"{A}/identity\r",
        f"{B}/public/1/checkpoint",
        f"{A}/identity",
    ],
)
def test_no_other_path_is_taken(path: str):
    raw = text([(f"{A}/identity", b""), (path, b"")])
    with pytest.raises(RefusedError):
        read(raw)


def test_restricted_circles_are_in_what_is_sealed_only():
    parts = [(f"{A}/identity", b""), (f"{A}/partners/1/checkpoint", b"x"), (f"{A}/public/1/checkpoint", b"y")]
    with pytest.raises(MalformedError, match="not sealed"):
        read(text(parts))
    assert read(text(parts), sealed=True) == parts
    with pytest.raises(MalformedError, match="nothing sealed"):
        read(text([(f"{A}/identity", b""), ("sealed", b"")]), sealed=True)
    with pytest.raises(MalformedError, match="after an identity"):
        read(text([("sealed", b"")]))


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", MalformedError),
        (b"PK\x03\x04", MalformedError),
        (b"fednet/1 changes\n", MalformedError),
        (b"fednet/2 bundle\nend 0\n", VersionError),
        (b"fednet/01 bundle\nend 0\n", VersionError),
        (b"fednet/1 bundle\r\nend 0\n", MalformedError),
        (b"fednet/1 bundle\nend 0\n", MalformedError),
        (b"fednet/1 bundle\nend 1\n", MalformedError),
        (b"fednet/1 bundle\nend 00\n", MalformedError),
        (b"fednet/1 bundle\nend -0\n", MalformedError),
        (f"fednet/1 bundle\nresource {A}/identity -1\n".encode(), MalformedError),
        (f"fednet/1 bundle\nresource {A}/identity 1_0\n".encode(), MalformedError),
        (f"fednet/1 bundle\nresource {A}/identity 1 \n".encode(), MalformedError),
        (f"fednet/1 bundle\nresource  {A}/identity 1\n".encode(), MalformedError),
        (f"fednet/1 bundle\nresource {A}/identity {bundle.MAX_RESOURCE + 1}\n".encode(), LimitError),
        (f"fednet/1 bundle\nresource {A}/identity {'9' * 19}\n".encode(), LimitError),
        (f"fednet/1 bundle\nresource {'a' * 600}".encode(), MalformedError),
        (b"fednet/1 bundle\nresource \xff/identity 1\n", MalformedError),
    ],
)
def test_other_texts_are_refused_by_name(raw: bytes, refusal: type[FednetError]):
    with pytest.raises(refusal) as refused:
        read(raw)
    assert type(refused.value) is refusal


def test_limits_are_met_before_the_bytes_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundle, "MAX_RESOURCES", 3)
    with pytest.raises(LimitError):
        read(b"fednet/1 bundle\n" + b"".join(f"resource {c * 32}/identity 0\n".encode() for c in "abcd"))
    with pytest.raises(LimitError):
        text()
    monkeypatch.setattr(bundle, "MAX_NETWORKS", 1)
    with pytest.raises(LimitError, match="more than 1 networks"):
        read(b"fednet/1 bundle\n" + b"".join(f"resource {c * 32}/identity 0\n".encode() for c in "ab"))
    monkeypatch.setattr(bundle, "MAX_BUNDLE", 1000)

    def endless():
        yield f"fednet/1 bundle\nresource {A}/identity 60000000\n".encode()
        while True:
            yield bytes(100)

    with pytest.raises(LimitError):
        for _ in unpacked(endless()):
            pass


@law
@given(st.data())
def test_a_changed_bundle_is_refused_or_another_bundle(data: st.DataObject):
    raw = bytearray(text())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(raw))
    except FednetError as error:
        assert isinstance(error, RefusedError) and len(error.detail) < 2_000
    else:
        assert text(found) == raw


# --- an answer from an earlier position -------------------------------------------------------------------------------


def history() -> tuple[Network, list[Followed]]:
    """A network after six editions, and what a follower held before and after each."""
    network = Network()
    held = [network.start()]
    for number in range(6):
        changes = [network.put(number), network.put(0, number + 2)] if number else [network.put(0)]
        if number == 3:
            changes.append(network.drop(1))
        if number == 4:
            changes.append(network.erase(2))
        network.publish(*changes)
        held.append(advance(held[-1], network.identity, network.answer(held[-1])).after)
    return network, held


@pytest.mark.parametrize("skip", [False, True])
def test_an_answer_serves_everybody_on_its_way(skip: bool):
    network, held = history()
    for since in range(1, 7):
        answer = network.answer(held[since], skip=skip)
        for later in range(since, 7):
            asked = asked_from(answer, held[later].position)
            assert asked is not None and asked.since == held[later].position
            step = advance(held[later], network.identity, wire.parse_answer(asked.encoded))
            assert step.after.position == held[6].position and len(step.leaves) == 6 - later


def test_an_answer_serves_nobody_before_or_beyond_it():
    network, held = history()
    answer = network.answer(held[3])
    for position in (BEGINNING, held[2].position, Position(1, 7), Position(2, 7), Position(2, 1)):
        assert asked_from(answer, position) is None
    assert asked_from(network.answer(held[0]), held[2].position) is None
    assert asked_from(network.answer(held[6]), Position(1, 7)) is None
    empty: Answer = network.answer(held[6])
    assert asked_from(empty, held[6].position) is empty


def test_an_answer_into_a_new_epoch_serves_whoever_is_not_beyond_the_close():
    network, held = history()
    network.open_epoch(4)
    network.publish(network.put(9))
    network.publish(network.put(8))
    answer = network.answer(held[2])
    assert answer.epoch == 2
    for at in (2, 3, 4):
        asked = asked_from(answer, held[at].position)
        assert asked is not None
        assert advance(held[at], network.identity, asked).after.position == Position(2, 6)
    for at in (1, 5, 6):
        assert asked_from(answer, held[at].position) is None
    inside = asked_from(answer, Position(2, 5))
    assert inside is not None and len(inside.editions) == 1


def test_paths_of_all_kinds_are_known():
    for path, _ in PARTS:
        if path != "sealed":
            check_path(path, sealed=False)
