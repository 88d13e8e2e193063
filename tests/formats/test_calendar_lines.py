from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fednet.formats.calendar_lines import MAX_OCTETS, line, text, uri
from fednet.formats.contentlines import content_line, unescaped


@given(st.text(max_size=400))
def test_a_text_comes_back_whatever_it_is_and_no_line_is_too_long(value: str) -> None:
    written = line("SUMMARY", text(value))
    parts = written.split(b"\r\n")
    assert parts.pop() == b""
    assert all(len(part) <= MAX_OCTETS and b"\n" not in part and b"\r" not in part for part in parts)
    assert all(part.decode("utf-8") is not None for part in parts)  # cut inside no character
    unfolded = written.decode().replace("\r\n ", "").removesuffix("\r\n")
    read = content_line(unfolded)
    assert read is not None and unescaped(read.value) == unescaped(text(value).strip())


def test_scripts_are_folded_between_characters() -> None:
    written = line("SUMMARY", text("ผู้ลี้ภัย" * 20))
    assert len(written.split(b"\r\n ")) == 8 and written.decode().replace("\r\n ", "").count("ผู้ลี้ภัย") == 20


def test_what_ends_a_line_does_not_get_into_one() -> None:
    assert line("URL", uri("https://a.example/\r\nATTENDEE:x")) == b"URL:https://a.example/ATTENDEE:x\r\n"
    assert line("SUMMARY", text("a\r\nATTENDEE:x\x00")) == b"SUMMARY:a\\nATTENDEE:x\r\n"
    assert line("X", "y", CN='A "B": C') == b"X;CN=\"A 'B': C\":y\r\n"
