"""Messages: they say what was written, to nobody but their reader, and hostile ones are refused by name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.errors import FednetError, LimitError, MalformedError, RefusedError, SignatureError
from fednet.feed import message, note
from fednet.feed.introduction import MAX_TEXT, Details, Seen, Side, Spoken
from fednet.feed.message import MAX_MESSAGE, MAX_SIDES, Message
from fednet.feed.text import base64_bytes
from tests.feed import law
from tests.feed.make_vectors import BY, READER, WRITER, told
from tests.feed.network import BEGAN, Network, handle, seed

replace = msgspec.structs.replace
TEXTS = st.text(max_size=60)
NUMBERS = st.integers(1, 1_000)


def side(number: int, **said: object) -> Side:
    usual = {"version": 1, "stance": "asked", "about": handle(99), "at": "2026-11-21T18:00:00Z"}
    return msgspec.convert({"introduction": handle(number)} | usual | said, Side)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    numbers = sorted(draw(st.sets(st.integers(0, 30), max_size=8)), key=handle)
    cut = draw(st.integers(0, len(numbers)))
    sides = tuple(
        side(
            number, version=draw(NUMBERS), text=draw(TEXTS),
            own=Spoken(titles=draw(st.dictionaries(st.sampled_from(["en", "ar"]), TEXTS))),
            details=draw(st.none() | st.builds(Details, TEXTS, note=TEXTS)),
        )
        for number in numbers[:cut]
    )  # fmt: skip
    seen = tuple(Seen(handle(number), draw(NUMBERS)) for number in numbers[cut:])
    return Message(WRITER.id, READER.id, BEGAN, sides, seen)


@law
@given(messages())
def test_what_is_written_is_read(made: Message) -> None:
    assert message.read(message.write(made, BY), WRITER.identity, READER.id) == made


@law
@given(st.data())
def test_no_changed_byte_of_a_message_is_believed(data: st.DataObject) -> None:
    raw = bytearray(message.write(told(), BY))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        found = message.read(bytes(raw), WRITER.identity, READER.id)
    except FednetError as error:
        assert isinstance(error, RefusedError)
    else:
        assert found == told()  # base64 of a signature that is not known, or none of this


@law
@given(st.data())
def test_whatever_the_writer_signs_is_read_or_refused(data: st.DataObject) -> None:
    lines = told().text.decode().split("\n")[:-1]
    junk = st.one_of(
        st.sampled_from(lines), st.text(max_size=30), st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")),
        st.sampled_from(['side {"introduction":1}', "side [" * 3_000, "seen x 1", f"seen {handle(1)} 01", "end 9" * 5]),
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 3))):
        lines[data.draw(st.integers(0, len(lines) - 1))] = data.draw(junk)
    text = "".join(f"{line}\n" for line in lines)
    try:
        raw = note.sign(text.encode("utf-8", "surrogatepass"), BY).encoded
        message.read(raw, WRITER.identity, READER.id)
    except FednetError as error:
        assert isinstance(error, RefusedError)


@given(st.binary(max_size=200))
def test_bytes_of_nobody_are_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        message.read(raw, WRITER.identity, READER.id)


def test_a_message_cannot_be_handed_on() -> None:
    raw = message.write(told(), BY)
    with pytest.raises(RefusedError, match="expected one of"):
        message.read(raw, WRITER.identity, Network("Third").id)
    with pytest.raises(SignatureError):
        message.read(raw, READER.identity, WRITER.id)


def test_the_key_of_a_closed_epoch_signs_no_more() -> None:
    later = Network()
    later.open_epoch()
    renewed = message.signer(later.id, seed(f"{later.name} transport 2"))
    with pytest.raises(SignatureError):
        message.read(message.write(told(), BY), later.identity, READER.id)
    assert message.read(message.write(told(), renewed), later.identity, READER.id) == told()
    assert base64_bytes(later.identity.current.transport_key) == renewed.verifier.key


def test_nothing_beyond_the_limits_is_written() -> None:
    numbers = sorted(range(MAX_SIDES + 1), key=handle)
    many = Message(WRITER.id, READER.id, BEGAN, tuple(side(number) for number in numbers))
    for beyond in (many, replace(many, sides=(), seen=tuple(Seen(handle(n), 1) for n in numbers))):
        with pytest.raises(LimitError):
            message.write(beyond, BY)
    long = replace(many, sides=tuple(side(number, text="字" * MAX_TEXT) for number in numbers[: MAX_SIDES // 2]))
    with pytest.raises(LimitError, match=str(MAX_MESSAGE)):
        message.write(long, BY)
    assert len(message.write(replace(long, sides=long.sides[:80]), BY)) < MAX_MESSAGE
    with pytest.raises(MalformedError):
        message.write(replace(many, sides=many.sides[1::-1]), BY)
