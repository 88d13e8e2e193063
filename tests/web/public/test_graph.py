from __future__ import annotations

import re
from html import unescape
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from fednet.directory.connections import Connections, Line, Point
from fednet.web import translation
from fednet.web.public import graph
from fednet.web.show import escaping, fit
from fednet.web.translation import gettext, ngettext

letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
ALPHABETS = (
    "abcdefghimnorstuwz ABEMW-",
    "аежийорст нщю",
    "ابتجحخدرسش عغفقلمنهوي",
    "กขคงจ ทนเแไ่้ิีุู",
    "कखगतनमरलस ािीे्",
    "日本難民支援協会国際",
    "ខគងតន មរលសា្",
)
names = st.one_of(
    st.text(letters, min_size=1, max_size=60),
    *[st.text(st.sampled_from(alphabet), min_size=3, max_size=120) for alphabet in ALPHABETS],
)


@st.composite
def connections(draw: st.DrawFn) -> Connections:
    """Any connections among some points, the first of which is this node's own."""
    called = draw(st.lists(names, min_size=1, max_size=32))
    points = tuple([Point(f"n{at}", name, own=at == 0) for at, name in enumerate(called)])
    ends = st.sampled_from([one.id for one in points])
    lines = st.builds(Line, ends, st.sampled_from(["follows", "witnesses"]), ends)
    found = draw(st.lists(lines.filter(lambda line: line.one != line.other), max_size=60, unique=True))
    return Connections(points, tuple(found))


def star(count: int, name: str = "Network for the Rights of Refugees") -> Connections:
    """This node follows so many networks, the first of which follows and witnesses it, and each witnesses the next."""
    points = tuple([Point(f"n{at}", name, own=at == 0) for at in range(count + 1)])
    back = (Line("n1", "follows", "n0"), Line("n1", "witnesses", "n0"))
    round_about = tuple([Line(f"n{at}", "witnesses", f"n{at + 1}") for at in range(1, min(count, 9))])
    return Connections(points, (*[Line("n0", "follows", one.id) for one in points[1:]], *back, *round_about))


def drawn(found: Connections) -> graph.Drawing:
    picture = graph.drawing(found)
    assert picture
    return picture


def page(found: Connections) -> str:
    environment = escaping()
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(fit=fit, number=str)
    source = '{% import "graph.html" as graph %}{{ graph.connected(drawing) if drawing }}'
    return environment.from_string(source).render(drawing=graph.drawing(found))


def sentences(page: str, pattern: str) -> list[str]:
    return [unescape(re.sub("<[^>]*>", "", found)) for found in re.findall(pattern, page, re.S)]


@settings(deadline=None)
@given(connections())
def test_the_drawing_and_its_sentences_tell_the_same(found: Connections) -> None:
    shown = page(found)
    pictured = sentences(shown, r"<path class=[^>]*><title>(.*?)</title></path>")
    told = sentences(shown.partition('<ul class="plain twin">')[2], r"<li>\n?(.*?)</li>")
    assert pictured == told
    assert len(pictured) <= graph.MAX_LINES


@settings(deadline=None)
@given(connections())
def test_no_line_is_lost_without_a_word_and_none_is_drawn_twice(found: Connections) -> None:
    picture = graph.drawing(found)
    if picture is None:
        assert not found.lines
    else:
        lines = [(arc.one.id, arc.how, arc.other.id) for arc in picture.arcs]
        assert len(set(lines)) == len(lines) and set(lines) <= set(map(tuple, found.lines))
        assert len(lines) + picture.more == len(found.lines)


@settings(deadline=None)
@given(connections())
def test_no_two_boxes_overlap_and_none_leaves_the_picture(found: Connections) -> None:
    picture = graph.drawing(found)
    for one in picture.boxes if picture else []:
        assert picture and one.left >= 0 and one.left + one.width <= picture.width
        assert one.top >= 0 and one.top + one.height <= picture.height
    for one, other in combinations(picture.boxes if picture else [], 2):
        beside = abs(one.x - other.x) >= (one.width + other.width) / 2 + 8
        below = abs(one.y - other.y) >= (one.height + other.height) / 2 + 8
        assert beside or below


@settings(deadline=None)
@given(connections())
def test_each_row_of_a_name_is_in_its_box(found: Connections) -> None:
    picture = graph.drawing(found)
    for box in picture.boxes if picture else []:
        assert 1 <= len(box.rows) <= graph.ROWS
        for row in box.rows:
            assert box.top + 14 <= row.y <= box.top + box.height - 5
            assert graph.units(row.text) * graph.LETTER <= box.width


@settings(deadline=None)
@given(st.lists(st.text("abcdefghinorst", min_size=1, max_size=10), min_size=1, max_size=7))
def test_a_name_of_seven_words_is_whole(words: list[str]) -> None:
    name = " ".join(words)
    found = drawn(Connections((Point("a", name, True), Point("b", "Beta")), (Line("a", "follows", "b"),)))
    assert " ".join(found.boxes[0].label) == name


@settings(deadline=None)
@given(connections())
def test_no_line_leaves_the_picture_and_no_two_lie_on_each_other(found: Connections) -> None:
    picture = graph.drawing(found)
    for arc in picture.arcs if picture else []:
        assert picture and all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in arc.places)
    paths = [arc.path for arc in picture.arcs] if picture else []
    assert len(paths) == len(set(paths))


@settings(deadline=None)
@given(st.integers(1, 29), st.integers(0, 29))
def test_lines_go_round_the_boxes_of_others(count: int, apart: int) -> None:
    found = star(count)
    if apart:
        across = [Line(f"n{at}", "follows", f"n{(at + apart) % count + 1}") for at in range(1, count + 1)]
        fair = [line for line in across if line.one != line.other]
        found = found._replace(lines=tuple(fair))
    picture = graph.drawing(found)
    for arc in picture.arcs if picture else []:
        others = [box for box in picture.boxes if box.point not in (arc.one, arc.other)] if picture else []
        assert not [box.label for box in others for place in arc.places if box.holds(place, 0)]


def test_the_picture_grows_with_the_networks() -> None:
    heights = [drawn(star(count)).height for count in (3, 13, 29)]
    assert heights == sorted(heights) and heights[0] >= 300 and heights[-1] <= 1000


def test_few_networks_are_far_apart() -> None:
    for count in range(1, 6):
        for one, other in combinations(drawn(star(count)).boxes, 2):
            beside = abs(one.x - other.x) - (one.width + other.width) / 2
            below = abs(one.y - other.y) - (one.height + other.height) / 2
            assert max(beside, below) >= 80


def test_the_same_connections_make_the_same_picture_in_any_language() -> None:
    found = Connections((Point("a", "Alpha", True), Point("b", "بيتا")), (Line("a", "follows", "b"),))
    with translation.spoken("ar"):
        arabic = graph.drawing(found)
    assert arabic == graph.drawing(found)


def test_a_name_written_from_the_right_is_drawn_so() -> None:
    found = Connections((Point("a", "Alpha", True), Point("b", "1. بيتا (جاما)")), (Line("a", "follows", "b"),))
    assert [box.rows[0].from_right for box in drawn(found).boxes] == [False, True]
    assert page(found).count('direction="rtl"') == 1


def test_a_hostile_name_is_only_text_in_the_drawing() -> None:
    hostile = '"><script>alert(1)</script>'
    found = Connections((Point("a", hostile, True), Point("b", hostile)), (Line("a", "follows", "b"),))
    assert "<script" not in page(found)
