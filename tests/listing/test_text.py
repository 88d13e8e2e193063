"""Folding for the index, and queries that are safe to send to it. FTS5 itself is the judge."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pysqlite3
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fednet.listing.text import TOKENIZER, fold, key, query


class Index:
    """One FTS5 table with the tokenizer that folding is written for; holds one text at a time."""

    def __init__(self) -> None:
        self.connection = pysqlite3.connect(":memory:")
        self.connection.execute(f'CREATE VIRTUAL TABLE search USING fts5 (names, tokenize = "{TOKENIZER}")')

    def finds(self, text: str, words: str) -> bool:
        expression = query(words)
        if expression is None:
            return False
        self.connection.execute("DELETE FROM search")
        self.connection.execute("INSERT INTO search VALUES (?)", (fold(text),))
        return bool(self.connection.execute("SELECT 1 FROM search WHERE search MATCH ?", (expression,)).fetchall())


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    index = Index()
    yield index
    index.connection.close()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Réfugiés à Québec", "refugies quebec"),
        ("refugies a quebec", "Réfugiés QUÉBEC"),
        ("Łódź, Ørsted, Đà Nẵng, Straße", "lodz orsted da nang strasse"),
        ("İstanbul'da ışık", "istanbul isik"),
        ("Αθήνα ΠΡΌΣΦΥΓΕΣ", "αθηνα προσφυγες"),
        ("ещё беженцы", "ЕЩЕ БЕЖЕНЦЫ"),
        ("ＵＮＨＣＲ Tokyo", "unhcr"),
        ("مؤسسة حقوق اللاجئين", "موسسه حقوق اللاجئین"),
        ("إدارة أحمد", "اداره احمد"),
        ("مُؤَسَّسَة", "مؤسسة"),
        ("مـــركز", "مركز"),
        ("می‌خواهم", "میخواهم"),
        ("کودکان", "كودكان"),
        ("١٢٣ ۴۵۶", "123 456"),
        ("人权事务所", "权"),
        ("人权事务所", "事务"),
        ("難民支援協会", "支援"),
        ("カタカナとひらがな", "とひら"),
        ("ရန်ကုန်မြို့", "ကုန်"),
        ("องค์กรผู้ลี้ภัย", "ผู้ลี้"),
        ("ຊາວອົບພະຍົບ", "ອົບ"),
        ("ជនភៀសខ្លួន", "ភៀស"),
        ("བོད་ཡིག", "ཡིག"),
        ("난민인권센터", "인권"),
        ("शरणार्थी सहायता", "सहायता"),
        ("தமிழ் அகதிகள்", "அகதிகள்"),
        ("Bangkok 曼谷 centre", "centre 曼"),
    ],
)
def test_words_are_found_however_they_are_written(index: Index, text: str, words: str) -> None:
    assert index.finds(text, words)


def test_last_word_may_go_on_when_it_has_two_letters(index: Index) -> None:
    assert index.finds("legal aid", "leg")
    assert not index.finds("legal aid", "l")
    assert not index.finds("legal aid", "leg aid")


def test_quoted_words_stand_side_by_side(index: Index) -> None:
    assert index.finds("free legal aid", '"legal aid"')
    assert not index.finds("legal and medical aid", '"legal aid"')
    assert not index.finds("legal aids", '"legal aid"')


def test_a_minus_excludes(index: Index) -> None:
    assert index.finds("legal aid", "legal -detention")
    assert not index.finds("legal aid in detention", "legal -detention")
    assert not index.finds("人权与拘留", "人权 -拘留")


@pytest.mark.parametrize("words", ["", "   ", '"', "-", "...", "-detention", "\0", '""', "!?", "\ud800", "။", "\u200c"])
def test_nothing_to_search_for_is_none(words: str) -> None:
    assert query(words) is None


@pytest.mark.parametrize(
    "words", ["AND", "OR NOT", "NEAR(a b)", "a:b", "x*", "(", "^a", "a + b", "names:x", "{a}", "'"]
)
def test_operators_are_only_words(index: Index, words: str) -> None:
    assert not index.finds("nothing", words)


@given(st.text(max_size=40) | st.text(alphabet="\"-*^():+{}\\\0'AND ORTéกက权", max_size=20))
@settings(max_examples=300)
def test_no_query_is_a_syntax_error(words: str) -> None:
    Index().finds("text", words)


_SCRIPTS = {
    "Han": (0x4E00, 0x9FA5),
    "Han beyond the basic plane": (0x20000, 0x2A6D6),
    "Hiragana and Katakana": (0x3041, 0x30FA),
    "Hangul": (0xAC00, 0xD7A3),
}
_SYLLABLES = {
    "Thai": "ศู นย์ ช่ ว ย เห ลื อ ผู้ ลี้ ภั ย น้ำ ทำ ที่ แม่ ส อ ด ใน ไป เด็ ก โล ก",
    "Lao": "ຊາ ວ ອົ ບ ພະ ຍົ ບ ນ້ຳ ຊ່ ວ ຍ ເຫຼື ອ ເດັ ກ ໂລ ກ",
    "Burmese": "ဒု က္ခ သ ည် ကူ ညီ ရေး အ ဖွဲ့ မြ န် မာ ကျော င်း ရှ မ်း အ င်္ဂ လိ ပ် နို င် ငံ လူ့ များ",
    "Khmer": "ជ ន ភៀ ស ខ្លួ ន អ ង្គ កា រ ច្បា ប់ ស្ត្រី កុ មា រ",
}


@pytest.mark.parametrize("script", _SCRIPTS)
@given(data=st.data())
@settings(max_examples=60)
def test_any_substring_of_an_unspaced_script_is_found(script: str, data: st.DataObject) -> None:
    letters = st.characters(min_codepoint=_SCRIPTS[script][0], max_codepoint=_SCRIPTS[script][1], categories="LM")  # type: ignore[arg-type]
    text = unicodedata.normalize("NFC", data.draw(st.text(letters, min_size=1, max_size=8)))
    first = data.draw(st.integers(0, len(text) - 1))
    words = text[first : data.draw(st.integers(first + 1, len(text)))]
    assume(not words.isspace())
    assert Index().finds(f"abc {text} xyz", words)


@pytest.mark.parametrize("script", _SYLLABLES)
@given(data=st.data())
@settings(max_examples=60)
def test_any_run_of_syllables_is_found(script: str, data: st.DataObject) -> None:
    syllables = data.draw(st.lists(st.sampled_from(_SYLLABLES[script].split()), min_size=1, max_size=8))
    first = data.draw(st.integers(0, len(syllables) - 1))
    words = "".join(syllables[first : data.draw(st.integers(first + 1, len(syllables)))])
    assert Index().finds(f"abc {''.join(syllables)} xyz", words)


@given(st.text(alphabet=st.characters(max_codepoint=127, exclude_characters=".")))
def test_ascii_is_folded_to_itself(text: str) -> None:
    assert fold(text) is text


@given(st.text())
def test_folding_again_changes_no_word(text: str) -> None:
    assert fold(fold(text)).split() == fold(text).split()


def test_keys_ignore_case_accents_and_punctuation() -> None:
    assert key("  Côte d’Ivoire ") == key("COTE D'IVOIRE") == "cote d ivoire"
    assert key("Abris / NFI") == "abris nfi"
    assert key("ไทย") == "ไทย"
    assert key("الأردن") == key("الاردن")
