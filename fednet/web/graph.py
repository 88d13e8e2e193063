"""Who follows and witnesses whom as a drawing: one network in the middle, the others in two columns beside it.

Each name has a row of its own outside the columns, so that no two overlap; lines bend, so that no two lie on each
other. The drawing follows from the connections alone: the same lines make the same picture, and the same sentences below it.
"""

from __future__ import annotations

from math import hypot
from typing import NamedTuple
from unicodedata import east_asian_width

from fednet.directory.connections import Connections, How, Line, Point

MAX_POINTS = 24
MAX_LINES = 40
"""What is drawn and told at most: more would be a thicket, and a heavy page."""

WIDTH = 880
ROW = 46
COLUMNS = (300, 580)
RADIUS = 9
GAP = 16
"""Between a point and its name."""
LETTERS = 36
"""Narrow letters that have room outside a column; wide ones take two."""
BENDS: dict[How, float] = {"follows": 0.12, "witnesses": 0.26}
"""How far a line leaves the straight way, as a part of it; to its left, so that there and back are two lines."""
INWARD: dict[How, int] = {"follows": 40, "witnesses": 74}
"""The same between two points of a column, towards the middle."""


class Dot(NamedTuple):
    """A point on the drawing: where it stands, its name as far as there is room, and where that stands."""

    point: Point
    x: int
    y: int
    label: str
    label_x: int
    label_y: int
    anchor: str


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
    found = [Dot(middle, WIDTH // 2, height // 2, _fitted(middle.name), WIDTH // 2, height // 2 - GAP - RADIUS, "middle")]
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
    left = LETTERS
    for at, letter in enumerate(name):
        left -= 2 if east_asian_width(letter) in "WF" else 1
        if left < 0:
            return name[: at - 1].rstrip() + "…"
    return name


def _arc(line: Line, places: dict[str, Dot]) -> Arc:
    one, other = places[line.one], places[line.other]
    bend_x, bend_y = _bend(one, other, line.how)
    start = _towards(one, bend_x, bend_y, RADIUS)
    end = _towards(other, bend_x, bend_y, RADIUS + 3)  # room for the head of the arrow
    path = "M{:.0f} {:.0f}Q{:.0f} {:.0f} {:.0f} {:.0f}".format(*start, bend_x, bend_y, *end)
    return Arc(one.point, line.how, other.point, path)


def _bend(one: Dot, other: Dot, how: How) -> tuple[float, float]:
    """The point that draws a line aside (the control point of a quadratic curve)."""
    x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
    if one.x == other.x:
        inward = INWARD[how] + abs(one.y - other.y) / 5 + (12 if other.y < one.y else 0)
        return x + (inward if one.x < WIDTH / 2 else -inward), y
    return x + (other.y - one.y) * BENDS[how], y - (other.x - one.x) * BENDS[how]


def _towards(dot: Dot, x: float, y: float, distance: float) -> tuple[float, float]:
    """A place so far from a point, on the way to another."""
    length = hypot(x - dot.x, y - dot.y) or 1
    return dot.x + (x - dot.x) * distance / length, dot.y + (y - dot.y) * distance / length
