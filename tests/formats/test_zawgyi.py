"""Burmese in Zawgyi is found in whatever cells it is, converted, and told."""

from __future__ import annotations

from fednet import formats
from fednet.formats.reading import Reading, Told
from fednet.listing import zawgyi

UNICODE = ["မြန်မာ လူ့အခွင့်အရေး", "ဒုက္ခသည်များကို ကူညီသည်"]
ZAWGYI = ["ျမန္မာ လူ႔အခြင့္အေရး", "ဒုကၡသည္မ်ားကို ကူညီသည္"]


def read(*rows: tuple[str, str], keep: bool = False) -> Reading:
    text = "name,description,country\n" + "".join(f"{name},{about},Myanmar\n" for name, about in rows)
    return formats.read_file("members.csv", text.encode(), Told(keep_zawgyi=keep))


def names(reading: Reading) -> list[str]:
    return [entry.fields["names"]["my"] for entry in reading.entries]


def test_the_words_of_this_test_are_what_they_say() -> None:
    assert [zawgyi.is_zawgyi(text) for text in ZAWGYI + UNICODE] == [True, True, False, False]


def test_zawgyi_is_converted_and_told_with_a_count_and_an_example() -> None:
    found = read((ZAWGYI[0], ZAWGYI[1]))
    assert names(found) == [UNICODE[0]]
    assert found.entries[0].fields["description"] == {"my": UNICODE[1]}
    assert found.notes[0].startswith("2 cells were typed in Zawgyi and converted to Unicode: line 2: ")
    assert ZAWGYI[0] in found.notes[0] and UNICODE[0] in found.notes[0]


def test_a_preview_shows_what_was_written_and_what_it_became() -> None:
    seen = read((ZAWGYI[0], "x")).seen[0]
    assert [(one.raw, one.becomes) for one in seen.examples] == [(ZAWGYI[0], UNICODE[0])]


def test_rows_of_both_kinds_in_one_column_are_told_apart() -> None:
    assert names(read((ZAWGYI[0], "x"), (UNICODE[1], "y"))) == UNICODE


def test_unicode_is_left_alone_and_so_is_zawgyi_when_a_person_says_so() -> None:
    found = read((UNICODE[0], UNICODE[1]))
    assert (names(found), found.notes) == ([UNICODE[0]], [])
    assert names(read((ZAWGYI[0], "x"), keep=True)) == [ZAWGYI[0]]


def test_a_file_in_either_is_the_same_list() -> None:
    assert [one.source for one in read((ZAWGYI[0], "x")).entries] == [
        one.source for one in read((UNICODE[0], "x")).entries
    ]


def test_what_nobody_sees_in_a_cell_is_taken_out_and_told() -> None:
    content = "name,phone\n\u200fAster\u00a0House\u200e,+66\u202a2\u202c000\n".encode()
    found = formats.read_file("members.csv", content, Told())
    assert found.entries[0].fields["names"] == {"en": "Aster House"}
    assert "1 rows held non-breaking spaces, direction marks" in found.notes[0]


def test_letters_that_were_lost_before_are_told() -> None:
    found = formats.read_file("members.csv", "name\nR\ufffdseau\n".encode(), Told())
    assert "in 1 rows letters were lost" in found.notes[0]
