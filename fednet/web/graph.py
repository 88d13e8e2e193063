"""Who follows and witnesses whom as a drawing: one network in the middle, the others in two columns beside it.

The name in the middle stands in a frame at which lines end; each other name has a row of its own outside the columns,
so that no two overlap. Lines bend, so that no two lie on each other. The drawing follows from the connections alone:
the same lines make the same picture, and the same sentences below it.
"""

from __future__ import annotations

from math import hypot
from typing import NamedTuple
from unicodedata import east_asian_width

from fednet.directory.connections import Connections, How, Line, Point

MAX_POINTS = 24
MAX_LINES = 40
"""What is drawn and told at most: more would be a thicket, and a heavy page."""

WIDTH = 1060
ROW = 46
COLUMNS = (330, 730)
RADIUS = 9
GAP = 16
"""Between a point and its name."""
LETTERS = 36
LETTER = 8.6
"""Narrow letters of a name that have room, wide ones take two; and how wide a narrow one is at most."""
FRAME = 17  # half the height of the frame
BENDS: dict[How, float] = {"follows": 0.12, "witnesses": 0.26}
"""How far a line leaves the straight way, as a part of it; to its left, so that there and back are two lines."""
INWARD: dict[How, int] = {"follows": 40, "witnesses": 74}
"""The same between two points of a column, towards the middle."""


class Dot(NamedTuple):
    """A point on the drawing: where it stands, its name as far as there is room, and where that stands.

    `frame`: half the width of the frame around the name in the middle, 0 for a dot.
    """

    point: Point
    x: int
    y: int
    label: str
    label_x: int
    label_y: int
    anchor: str
    frame: int = 0


class Arc(NamedTuple):
    """A line on the drawing: its way (SVG path data), and whom it joins how."""

    one: Point
    how: How
    other: Point
    path: str


class Drawing(NamedTuple):
    """`more`: lines that are neither drawn nor told."""

    width: int
    height: int
    dots: list[Dot]
    arcs: list[Arc]
    more: int


def drawing(found: Connections) -> Drawing | None:
    """The picture of some connections, their first point in the middle; None when there is nothing to draw."""
    points = found.points[:MAX_POINTS]
    if not points or not found.lines:
        return None
    drawn = {point.id for point in points}
    lines = [line for line in found.lines if line.one in drawn and line.other in drawn][:MAX_LINES]
    height = ROW * max(3, len(points) // 2)
    dots = _dots(points, height)
    places = {dot.point.id: dot for dot in dots}
    arcs = [_arc(line, places) for line in lines]
    return Drawing(WIDTH, height, dots, arcs, len(found.lines) - len(lines))


def _dots(points: tuple[Point, ...], height: int) -> list[Dot]:
    middle, *rest = points
    half = (len(rest) + 1) // 2
    x, y, label = WIDTH // 2, height // 2, _fitted(middle.name)
    found = [Dot(middle, x, y, label, x, y + 5, "middle", round(_units(label) * LETTER / 2) + 14)]
    for x, column, side, anchor in (
        (COLUMNS[0], rest[:half], -1, "end"),
        (COLUMNS[1], rest[half:], 1, "start"),
    ):
        above = (height - ROW * len(column)) // 2 + ROW // 2
        for at, point in enumerate(column):
            y = above + ROW * at
            found.append(Dot(point, x, y, _fitted(point.name), x + side * GAP, y + 5, anchor))
    return found


def _fitted(name: str) -> str:
    """As much of a name as there is room for."""
    return next(cut for at in range(len(name) + 1) if _units(cut := _cut(name, len(name) - at)) <= LETTERS)


def _cut(name: str, length: int) -> str:
    return name if length == len(name) else f"{name[:length].rstrip()}…"


def _units(text: str) -> int:
    """How much room a text takes, in narrow letters."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _arc(line: Line, places: dict[str, Dot]) -> Arc:
    one, other = places[line.one], places[line.other]
    bend_x, bend_y = _bend(one, other, line.how)
    start, end = _edge(one, bend_x, bend_y), _edge(other, bend_x, bend_y)
    path = "M{:.0f} {:.0f}Q{:.0f} {:.0f} {:.0f} {:.0f}".format(*start, bend_x, bend_y, *end)
    return Arc(one.point, line.how, other.point, path)


def _bend(one: Dot, other: Dot, how: How) -> tuple[float, float]:
    """The point that draws a line aside (the control point of a quadratic curve)."""
    x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
    if one.x == other.x:
        inward = INWARD[how] + abs(one.y - other.y) / 5 + (12 if other.y < one.y else 0)
        return x + (inward if one.x < WIDTH / 2 else -inward), y
    return x + (other.y - one.y) * BENDS[how], y - (other.x - one.x) * BENDS[how]


def _edge(dot: Dot, x: float, y: float) -> tuple[float, float]:
    """Where the way from a point to another place leaves its dot or frame, with a little room."""
    dx, dy = x - dot.x, y - dot.y
    if dot.frame:
        reach = min((dot.frame + 3) / (abs(dx) or 0.01), (FRAME + 3) / (abs(dy) or 0.01), 1.0)
    else:
        reach = (RADIUS + 3) / (hypot(dx, dy) or 1)
    return dot.x + dx * reach, dot.y + dy * reach
