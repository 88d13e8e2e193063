"""Words that nobody lists as typed: what is taken for them; nobody learns a word by it that they may not read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from fednet.directory.misspelt import near_run, variants
from fednet.directory.search import OPERATOR, Query, search
from fednet.listing.text import fold
from tests.directory.test_search import find, titles
from tests.directory.world import NOW, World, organization

NAMES = [
    "Jesuit Refugee Service",
    "Harbour Clinic",
    "Фонд помощи беженцам",
    "مؤسسة الإغاثة",
    "香港難民權利協會",
    "ศูนย์ช่วยเหลือผู้ลี้ภัย",
    "ဒုက္ခသည်ကူညီရေးအဖွဲ့",
    "난민인권센터",
    "Δίκτυο Αλληλεγγύης",
    "የስደተኞች ድጋፍ",
    "शरणार्थी सहायता",
]


@pytest.mark.parametrize(
    ("asked", "found", "shown"),
    [
        ("jesiut", "Jesuit Refugee Service", "jesuit"),  # two swapped
        ("jesit", "Jesuit Refugee Service", "jesuit"),  # one left out
        ("jesuitt", "Jesuit Refugee Service", "jesuit"),  # one put in
        ("jezuit", "Jesuit Refugee Service", "jesuit"),  # one replaced
        ("Jesuit servce", "Jesuit Refugee Service", "service"),
        ("HARBOUT clinic", "Harbour Clinic", "harbour"),
        ("Hárbor", "Harbour Clinic", "harbour"),
        ("Фонт", "Фонд помощи беженцам", "фонд"),
        ("поммощи", "Фонд помощи беженцам", "помощи"),
        ("الاغثاه", "مؤسسة الإغاثة", "الاغاثه"),
        ("難民権刹協會", "香港難民權利協會", "权利协会"),
        ("ศูนย์ช่วยเหลอ", "ศูนย์ช่วยเหลือผู้ลี้ภัย", "ศูนย์ช่วยเหลือ"),
        ("ကူညီရေအဖွဲ့", "ဒုက္ခသည်ကူညီရေးအဖွဲ့", None),
        ("난민안권센터", "난민인권센터", None),
        ("δικτιο", "Δίκτυο Αλληλεγγύης", "δικτυο"),
        ("ድጋፋ", None, None),
        ("የስደተኞቸ", "የስደተኞች ድጋፍ", "የስደተኞች"),
        ("सहयता", "शरणार्थी सहायता", "सहायता"),
        ("jesuxyz", None, None),
        ("jsrvic", None, None),
    ],
)
def test_a_name_is_found_with_one_letter_off(world: World, asked: str, found: str | None, shown: str | None) -> None:
    world.lists(world.network("A"), *(organization({"und": name}) for name in NAMES))
    answer = find(world, asked)
    assert [hit.title for hit in answer.hits] == ([found] if found else [])
    taken = [word for _, words in answer.understood for word in words]
    assert bool(taken) == bool(found)
    assert shown is None or shown in taken


def test_what_is_listed_as_typed_is_never_replaced(world: World) -> None:
    world.lists(world.network("A"), organization("Harbor Lights"), organization("Harbour Clinic"))
    answer = find(world, "harbor")
    assert ([hit.title for hit in answer.hits], answer.understood) == (["Harbor Lights"], ())


REAL = [
    "Norwegian Refugee Council",
    "Danish Refugee Council",
    "Canadian Council for Refugees",
    "Refuge Network International",
    "Rescue Council",
    "International Rescue Committee",
    "International Research Commission",
    "Save the Children",
    "Lutheran World Federation Rural Programme",
    "Word of Life",
]


@pytest.mark.parametrize(
    ("asked", "found", "taken"),
    [
        ("norwegian refuge council", "Norwegian Refugee Council", {"refuge": ("refugee",)}),
        ("danish refuge council", "Danish Refugee Council", {"refuge": ("refugee",)}),
        (
            "norwegain refuge council",
            "Norwegian Refugee Council",
            {"norwegain": ("norwegian",), "refuge": ("refugee",)},
        ),
        ("refuge council danich", "Danish Refugee Council", {"danich": ("danish",), "refuge": ("refugee",)}),
        ("international rescue comittee", "International Rescue Committee", {"comittee": ("committee",)}),
        ("lutheran word federation rural programme", REAL[8], {"word": ("world",)}),
        ("norwegian rescue children committee", "", {}),
    ],
)
def test_a_slip_that_is_itself_a_word_is_tried_when_the_words_together_find_nothing(
    world: World, asked: str, found: str, taken: dict[str, tuple[str, ...]]
) -> None:
    world.lists(world.network("A"), *map(organization, REAL))
    answer = find(world, asked)
    assert [hit.title for hit in answer.hits] == ([found] if found else [])
    assert dict(answer.understood) == taken


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("legl aid", "Legal aid"), ("aide juridiqe", "Legal aid"), ("Tailand", "Thailand"), ("Burmesse", "Burmese")],
)
def test_a_term_with_a_slip_is_still_a_term(world: World, asked: str, shown: str) -> None:
    listed = organization("House", services=["legal-aid"], countries=["TH"], languages=["my"])
    world.lists(world.network("A"), listed, organization("Other"))
    answer = find(world, asked)
    assert [hit.title for hit in answer.hits] == ["House"]
    assert answer.understood == ((asked, (shown,)),)


@pytest.mark.parametrize("asked", ["Tayland", "Tailândia", "Thái Lan", "mülteciler Tayland"])
def test_names_in_languages_rarely_asked_for_count_when_nothing_else_does(world: World, asked: str) -> None:
    world.lists(world.network("A"), organization("House", countries=["TH"], client_groups=["refugees"]))
    assert titles(world, asked) == ["House"]


@pytest.mark.parametrize("asked", ['"jesiut"', "house -jesiut", "-house", '"jesiut refugee"'])
def test_quoted_and_excluded_words_stay_as_they_are(world: World, asked: str) -> None:
    world.lists(world.network("A"), organization("Jesuit Refugee Service"))
    assert find(world, asked).understood == ()


def test_nobody_learns_a_word_from_a_circle_that_they_may_not_read(world: World) -> None:
    own = world.network("Own", own=True)
    world.lists(own, organization("Harbour House"))
    closed = [organization("Sanctuary"), organization({"ar": "ملاذ آمن"}), organization({"zh": "難民庇護之家"})]
    world.lists(own, *closed, circle="partners")
    for asked in ("sanctuari", "malaz", "難民庇护之象", "Sanctuary"):
        answer = find(world, asked)
        assert (answer.total, answer.understood) == (0, ())
    told = search(world.store, Query(text="sanctuari"), OPERATOR, NOW)
    assert ([hit.title for hit in told.hits], told.understood) == (["Sanctuary"], (("sanctuari", ("sanctuary",)),))


@given(st.text("abcß", min_size=4, max_size=7))
def test_variants_are_all_that_is_one_letter_off(word: str) -> None:
    found = list(variants(word))
    assert len(found) == len(set(found))
    assert all(OSA.distance(word, one) == 1 for one in found)
    for at, (one, other) in enumerate(pairwise(word)):
        swapped = word[:at] + other + one + word[at + 2 :]
        assert swapped == word or swapped in found


@given(st.text("難民權利協會東南", min_size=4, max_size=8), st.text("難民權利協會東南", max_size=12), st.data())
def test_near_runs_are_those_of_a_slow_model(run: str, name: str, data: st.DataObject) -> None:
    run, name = run.strip(), name + data.draw(st.sampled_from(["", run, run[1:], run[:2] + run[3:]]))
    windows = {name[start:end] for start in range(len(name)) for end in range(start + len(run) - 1, len(name) + 1)}
    slow = {window for window in windows if OSA.distance(run, window) <= 1 and len(window) >= len(run) - 1}
    found = set(near_run("".join(fold(run).split()), fold(name)))
    assert found == {"".join(fold(window).split()) for window in slow}
