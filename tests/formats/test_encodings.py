"""Bytes of no stated encoding become the text that was meant, and what was guessed is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.formats.encodings import decoded

ARABIC = "الاسم,البلد\nالمجلس النرويجي للاجئين,الأردن\nمنظمة الإغاثة الدولية,لبنان\n"
THAI = "ชื่อ,ประเทศ\nมูลนิธิช่วยเหลือผู้ลี้ภัย,ไทย\nเครือข่ายสิทธิผู้ลี้ภัย,ไทย\n"
FRENCH = "nom,pays\nRéseau d’été,Côte d’Ivoire\nSociété à Genève,Suède\n"
CHINESE = "名称,国家\n难民网络,中国\n法律援助中心,泰国\n"


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        (FRENCH, "cp1252", "Windows-1252"),
        (ARABIC, "cp1256", "Windows-1256 (Arabic)"),
        (THAI, "cp874", "Windows-874 (Thai)"),
        (ARABIC, "utf-16-le", "UTF-16"),
        (CHINESE, "utf-16-be", "UTF-16"),
        (FRENCH, "utf-16-le", "UTF-16"),
    ],
)
def test_a_guessed_encoding_is_right_and_told(text: str, encoding: str, named: str) -> None:
    notes: list[str] = []
    assert decoded(text.encode(encoding), notes) == text
    assert named in notes[0] and "save it as UTF-8" in notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [ARABIC, THAI, FRENCH, CHINESE])
def test_what_needs_no_guess_is_not_spoken_of(text: str, encoding: str) -> None:
    notes: list[str] = []
    assert (decoded(text.encode(encoding), notes), notes) == (text, [])


def test_lines_pasted_in_from_another_encoding_are_read_by_themselves() -> None:
    notes: list[str] = []
    content = FRENCH.encode() * 20 + "Comité d’aide,Égypte\n".encode("cp1252")
    assert decoded(content, notes) == FRENCH * 20 + "Comité d’aide,Égypte\n"
    assert notes[0].startswith("1 lines are not UTF-8 like the others; read as Windows-1252 (Western European): 61;")


@given(st.binary(max_size=400))
def test_no_bytes_fail(content: bytes) -> None:
    decoded(content, [])


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1))
def test_utf_8_is_always_itself(text: str) -> None:
    assert decoded(b"\xef\xbb\xbf" + text.encode(), []) == text


@pytest.mark.parametrize("text", ["name,country\nMaison A\0ster,Tchad\n", "name\nบ้าน\0,x\n", "a\0,b\n"])
def test_a_zero_in_one_cell_does_not_make_a_file_utf_16(text: str) -> None:
    notes: list[str] = []
    assert (decoded(text.encode(), notes), notes) == (text, [])
