"""Zawgyi read as what was meant: pairs of real words, as they are typed in either way."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fednet.listing.burmese import ordered
from fednet.listing.text import fold
from fednet.listing.zawgyi import is_zawgyi, probability, to_unicode

PAIRS = [
    line.split()
    for line in """
    ျမန္မာ မြန်မာ
    အဂၤလိပ္ အင်္ဂလိပ်
    စကၤာပူ စင်္ကာပူ
    ဒုကၡသည္ ဒုက္ခသည်
    ေက်ာင္း ကျောင်း
    ရန္ကုန္ၿမိဳ႕ ရန်ကုန်မြို့
    ရန္ကုန္ျမိဳ႕ ရန်ကုန်မြို့
    ကေလးမ်ား ကလေးများ
    အခြင့္အေရး အခွင့်အရေး
    လူ႔အခြင့္အေရး လူ့အခွင့်အရေး
    က်န္းမာေရး ကျန်းမာရေး
    အမ်ိဳးသမီး အမျိုးသမီး
    ယူနီကုဒ္ ယူနီကုဒ်
    သတၱ၀ါ သတ္တဝါ
    ဗုဒၶ ဗုဒ္ဓ
    ကမာၻ ကမ္ဘာ
    ေႏြ နွေ
    ႏိုင္ငံ နိုင်ငံ
    အေရွ႕ အရှေ့
    ေခါင္းေဆာင္ ခေါင်းဆောင်
    ၾကည္႔ ကြည့်
    ေယာက္်ား ယောက်ျား
    ခ်င္းမိုင္ ချင်းမိုင်
    ကုလသမဂၢ ကုလသမဂ္ဂ
    အဖြဲ႕ အဖွဲ့
    ေတာ္ တော်
    ေပၚ ပေါ်
    ပုဂၢိဳလ္ ပုဂ္ဂိုလ်
    မႏၲေလး မန္တလေး
    ရွမ္း ရှမ်း
    ႏွင့္ နှင့်
    စစ္ေၾကာင္း စစ်ကြောင်း
    """.strip().splitlines()
]


@pytest.mark.parametrize(("zawgyi", "unicode"), PAIRS)
def test_a_word_of_zawgyi_is_that_word_of_unicode(zawgyi: str, unicode: str) -> None:
    assert to_unicode(zawgyi) == unicode == ordered(unicode) == unicodedata.normalize("NFC", unicode)


def test_texts_are_told_apart() -> None:
    assert is_zawgyi(" ".join(zawgyi for zawgyi, _ in PAIRS))
    assert not is_zawgyi(" ".join(unicode for _, unicode in PAIRS))
    assert not any(is_zawgyi(unicode) for _, unicode in PAIRS)
    assert sum(is_zawgyi(zawgyi) for zawgyi, _ in PAIRS) >= len(PAIRS) - 3


@pytest.mark.parametrize("text", ["", "Refugee", "ผู้ลี้ภัย", "\ud800", "\0", "၁၂၃"])
def test_what_has_no_burmese_letters_is_no_zawgyi(text: str) -> None:
    assert not is_zawgyi(text)
    assert 0 <= probability(text) < 0.95


def test_names_in_either_encoding_may_stand_one_below_the_other() -> None:
    zawgyi, unicode = PAIRS[5]
    assert fold(f"{zawgyi}\n{unicode}").split() == fold(f"{unicode}\n{unicode}").split()


@given(st.text(st.characters(min_codepoint=0x1000, max_codepoint=0x109F), max_size=12))
def test_ordering_twice_is_ordering_once(text: str) -> None:
    assert ordered(ordered(ordered(text))) == ordered(ordered(text))


@given(st.text(max_size=20) | st.text(st.characters(min_codepoint=0x1000, max_codepoint=0x109F), max_size=20))
def test_any_text_is_converted(text: str) -> None:
    assert isinstance(to_unicode(text), str)
    assert 0 <= probability(text) <= 1
