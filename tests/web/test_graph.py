from __future__ import annotations

import re
from html import unescape
from unicodedata import east_asian_width

from hypothesis import given
from hypothesis import strategies as st

from fednet.directory.connections import Connections, Line, Point
from fednet.web import graph, translation
from fednet.web.show import escaping, fit
from fednet.web.translation import gettext, ngettext

letters = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
names = st.text(letters, min_size=1, max_size=60)


@st.composite
def connections(draw: st.DrawFn) -> Connections:
    """Any connections among some points, the first of which is this node's own."""
    called = draw(st.lists(names, min_size=1, max_size=32))
    points = tuple([Point(f"n{at}", name, own=at == 0) for at, name in enumerate(called)])
    ends = st.sampled_from([one.id for one in points])
    lines = st.builds(Line, ends, st.sampled_from(["follows", "witnesses"]), ends)
    found = draw(st.lists(lines.filter(lambda line: line.one != line.other), max_size=60, unique=True))
    return Connections(points, tuple(found))


def page(found: Connections) -> str:
    environment = escaping()
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(fit=fit, number=str)
    drawn = graph.drawing(found)
    source = '{% import "graph.html" as graph %}{{ graph.connected(drawing) if drawing }}'
    return environment.from_string(source).render(drawing=drawn)


def sentences(page: str, pattern: str) -> list[str]:
    return [unescape(re.sub("<[^>]*>", "", found)) for found in re.findall(pattern, page, re.S)]


@given(connections())
def test_the_drawing_and_its_sentences_tell_the_same(found: Connections) -> None:
    shown = page(found)
    drawn = sentences(shown, r"<path class=[^>]*><title>(.*?)</title></path>")
    told = sentences(shown.partition('<ul class="plain twin">')[2], r"<li>\n?(.*?)</li>")
    assert drawn == told
    assert len(drawn) == min(len(drawn), graph.MAX_LINES)


@given(connections())
def test_no_line_is_lost_without_a_word(found: Connections) -> None:
    drawn = graph.drawing(found)
    if drawn is None:
        assert not found.lines
    else:
        assert len(drawn.arcs) + drawn.more == len(found.lines)


@given(connections())
def test_no_two_names_overlap_and_none_leaves_the_picture(found: Connections) -> None:
    drawn = graph.drawing(found)
    for at, one in enumerate(drawn.dots if drawn else []):
        assert drawn and 0 < one.y < drawn.height and 0 < one.label_y < drawn.height
        wide = graph.LETTER * sum(2 if east_asian_width(letter) in "WF" else 1 for letter in one.label)
        left = one.label_x - wide * {"start": 0, "middle": 0.5, "end": 1}[one.anchor]
        assert left >= 0 and left + wide <= drawn.width
        assert not one.frame or graph.COLUMNS[0] + graph.RADIUS < one.x - one.frame
        for other in drawn.dots[at + 1 :]:
            assert (one.x, one.y) != (other.x, other.y)
            assert one.anchor != other.anchor or abs(one.label_y - other.label_y) >= graph.ROW


@given(connections())
def test_no_two_lines_lie_on_each_other(found: Connections) -> None:
    drawn = graph.drawing(found)
    paths = [arc.path for arc in drawn.arcs] if drawn else []
    assert len(paths) == len(set(paths))


def test_the_same_connections_make_the_same_picture_in_any_language() -> None:
    found = Connections((Point("a", "Alpha", True), Point("b", "بيتا")), (Line("a", "follows", "b"),))
    with translation.spoken("ar"):
        arabic = graph.drawing(found)
    assert arabic == graph.drawing(found)


def test_a_hostile_name_is_only_text_in_the_drawing() -> None:
    hostile = '"><script>alert(1)</script>'
    found = Connections((Point("a", hostile, True), Point("b", hostile)), (Line("a", "follows", "b"),))
    assert "<script" not in page(found)
