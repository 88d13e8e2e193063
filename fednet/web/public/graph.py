"""Who follows and witnesses whom as a drawing: one network in the middle, the others in a ring around it.

Each name stands whole in a box of its own, as many lines as it needs; only what the list would cut as well is cut.
A connection is a curve that leaves one box towards the middle of the picture, ends at the other with a tip, and bows
around whatever stands between. Each has a place of its own on the border of a box, so that there and back, and
following and witnessing, are lines beside each other. The drawing follows from the connections alone: the same lines
make the same picture, in any language, and the same sentences below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import atan2, hypot
from typing import Literal, NamedTuple
from unicodedata import bidirectional, category, east_asian_width

from fednet.directory.connections import Connections, How, Line, Point

MAX_POINTS = 30
MAX_LINES = 40
"""What is drawn and told at most: more would be a thicket, and a heavy page."""

WIDTH = 1088
LETTERS = 22
ROWS = 4
"""How long a line of a name is at most, in narrow letters, and how many lines there are."""
LETTER = 8.4
ROW = 21
"""How wide a narrow letter is, and how far lines are apart, in the 16 px of the sheet."""
PADDING = 9
WIDEST = round(LETTERS * LETTER) + 2 * PADDING
TALLEST = 110
EDGE = 4
"""What stays free at the border of the picture."""
LEAST_HEIGHT, MORE_HEIGHT, ENOUGH_HEIGHT = 240, 25, 700
"""How high the picture is with no other network, by how much more with each, and when that is enough."""
BETWEEN = 86
"""Between the middle and what stands above and below it."""
DIP = 20
"""How far the outer ones of three in a row are nearer to the middle, as on an ellipse."""

SLOT = 18
CORNER = 8
"""Lines end so far apart on the border of a box where there is room, and so far from its corners."""
TIP = 2
"""What stays free between the end of a line and the box."""
CLEAR = 6
"""How far a line keeps from the boxes that it passes."""
ASIDE = (0, 50, -50, 110, -110, 180, -180, 270, -270)
TWISTS = sorted(product(ASIDE, ASIDE), key=lambda both: (abs(both[0] - both[1]) + abs(both[0]), both))
PULLS = (1.0, 0.6, 1.5)
STEPS = 20
"""The ways tried for a line: how far each half bows aside, and how deep; and at how many places one is looked at."""

Side = Literal["top", "right", "bottom", "left"]
Place = tuple[float, float]
Curve = tuple[Place, Place, Place, Place]
INWARD: dict[Side, Place] = {"top": (0, 1), "right": (-1, 0), "bottom": (0, -1), "left": (1, 0)}
"""Where the middle is from a box on that side of the ring."""
ABOVE_AND_BELOW = [(0, 0), (0, 0), (0, 0), (1, 2), (2, 2), (1, 2), (2, 2), (3, 2), (2, 2), *[(3, 3)] * 4]
MOST_ABOVE_AND_BELOW = (2, 2)
"""How many of so many others stand above and below the middle; the rest stand beside it, and so do most of many."""


class Row(NamedTuple):
    """A line of a name, and where its foot stands. `from_right`: its letters run from right to left."""

    text: str
    y: int
    from_right: bool


class Box(NamedTuple):
    """A network on the drawing: the middle of its box, how large that is, and its name. `side`: None in the middle."""

    point: Point
    x: int
    y: int
    width: int
    height: int
    side: Side | None
    label: tuple[str, ...]

    @property
    def left(self) -> int:
        return self.x - self.width // 2

    @property
    def top(self) -> int:
        return self.y - self.height // 2

    @property
    def rows(self) -> list[Row]:
        from_right = _from_right("".join(self.label))
        first = self.y - ROW * (len(self.label) - 1) / 2 + 5
        return [Row(text, round(first + ROW * at), from_right) for at, text in enumerate(self.label)]

    def holds(self, place: Place, room: float) -> bool:
        """Whether a place is in the box, or nearer to it than `room`."""
        return abs(place[0] - self.x) < self.width / 2 + room and abs(place[1] - self.y) < self.height / 2 + room


class Arc(NamedTuple):
    """A line on the drawing: the four points of its curve (cubic), and whom it joins how."""

    one: Point
    how: How
    other: Point
    curve: Curve

    @property
    def path(self) -> str:
        """The way as SVG path data."""
        return "M{} {}C{} {} {} {} {} {}".format(
            *[f"{each:.1f}".removesuffix(".0") for at in self.curve for each in at]
        )

    @property
    def places(self) -> list[Place]:
        """Some places along the way, from its beginning to its end."""
        return _along(self.curve)


class Drawing(NamedTuple):
    """`more`: lines that are neither drawn nor told."""

    width: int
    height: int
    boxes: list[Box]
    arcs: list[Arc]
    more: int


def drawing(found: Connections) -> Drawing | None:
    """The picture of some connections, their first point in the middle; None when there is nothing to draw."""
    points = found.points[:MAX_POINTS]
    if not points or not found.lines:
        return None
    drawn = {point.id for point in points}
    lines = [line for line in found.lines if line.one in drawn and line.other in drawn][:MAX_LINES]
    height, boxes = _ring(points, lines)
    return Drawing(WIDTH, height, boxes, _arcs(lines, boxes, height), len(found.lines) - len(lines))


# Where the boxes stand


def _ring(points: Sequence[Point], lines: Sequence[Line]) -> tuple[int, list[Box]]:
    """The height of the picture, and its boxes: the first in the middle, the others clockwise from above."""
    ends = Counter(end for line in lines for end in (line.one, line.other))
    middle, *others = [_box(point) for point in points]
    middle = _taller(middle, 6 * ends[middle.point.id])
    above, below = ABOVE_AND_BELOW[len(others)] if len(others) < len(ABOVE_AND_BELOW) else MOST_ABOVE_AND_BELOW
    right = (len(others) - above - below + 1) // 2
    top, beside, bottom = others[:above], others[above : above + right], others[above + right :][:below][::-1]
    left = others[above + right + below :][::-1]
    beside, left = ([_taller(box, SLOT * ends[box.point.id]) for box in column] for column in (beside, left))
    height = max(
        min(LEAST_HEIGHT + MORE_HEIGHT * len(others), ENOUGH_HEIGHT),
        middle.height + 2 * (max([0, *[box.height for box in top + bottom]]) + (BETWEEN + EDGE) * bool(others[2:])),
        *[sum(box.height for box in column) + _apart(len(column)) * len(column) for column in (left, beside)],
    )
    inner = WIDEST + EDGE if left or beside else 0
    return height, [
        middle._replace(x=WIDTH // 2, y=height // 2),
        *_across(top, "top", inner, height),
        *_down(beside, "right", height),
        *_across(bottom, "bottom", inner, height)[::-1],
        *_down(left, "left", height)[::-1],
    ]


def _taller(box: Box, height: int) -> Box:
    """A box with room for the lines that end at its side, within reason."""
    return box._replace(height=max(box.height, min(height, TALLEST) // 2 * 2))


def _apart(count: int) -> int:
    """What is free between boxes that stand below each other: the more there are, the less."""
    return max(14, 100 - 11 * count)


def _across(row: Sequence[Box], side: Side, inner: int, height: int) -> list[Box]:
    """Boxes beside each other, between the columns if there are any; outer ones of three are nearer to the middle."""
    room = (WIDTH - 2 * inner) / max(1, len(row))
    found = []
    for at, box in enumerate(row):
        edge = EDGE + box.height // 2 + (DIP if len(row) == 3 and at != 1 else 0)
        y = edge if side == "top" else height - edge
        found.append(box._replace(x=round(inner + room * (at + 0.5)), y=y, side=side))
    return found


def _down(column: Sequence[Box], side: Side, height: int) -> list[Box]:
    """Boxes below each other at one side of the picture, evenly apart."""
    apart = (height - sum(box.height for box in column)) / max(1, len(column))
    found, above = [], apart / 2
    for box in column:
        edge = EDGE + WIDEST // 2
        found.append(
            box._replace(x=edge if side == "left" else WIDTH - edge, y=round(above + box.height / 2), side=side)
        )
        above += box.height + apart
    return found


# Names


def _box(point: Point) -> Box:
    label = _label(point.name)
    width = round(max(map(units, label)) * LETTER) + 2 * PADDING
    return Box(point, 0, 0, min(max(width, 80), WIDEST) // 2 * 2, ROW * len(label) + 14 + len(label) % 2, None, label)


def _label(name: str) -> tuple[str, ...]:
    """A name in as few lines as it takes, none much longer than another; cut after `ROWS` lines."""
    pieces = _pieces(" ".join(name[: 2 * ROWS * LETTERS].split()) or "…")
    rows = _broken(pieces, LETTERS)
    if len(rows) > ROWS or len(name) > 2 * ROWS * LETTERS:
        return (*rows[: ROWS - 1], _shortened(rows[min(len(rows), ROWS) - 1]))
    narrower = (_broken(pieces, letters) for letters in range(6, LETTERS))
    return tuple(next((found for found in narrower if _fits(found, len(rows))), rows))


def _fits(rows: Sequence[str], count: int) -> bool:
    return len(rows) == count and all(units(row) <= LETTERS for row in rows)


def _pieces(name: str) -> list[str]:
    """What a name may be broken into: words, each with the space before it, and parts of those that are too long."""
    found: list[str] = []
    for at, word in enumerate(name.split(" ")):
        space = " " if at else ""
        found += [space + word] if units(word) <= LETTERS and not _wide(word) else _split(space + word)
    return found


def _split(word: str) -> list[str]:
    """The letters of a word that has no better place to break it; what sits on a letter stays with it."""
    found: list[str] = []
    for letter in word:
        if found and (units(letter) == 0 or found[-1].isspace()):
            found[-1] += letter
        else:
            found.append(letter)
    return found


def _broken(pieces: Sequence[str], letters: float) -> list[str]:
    rows = [""]
    for piece in pieces:
        if rows[-1] and units(rows[-1] + piece) > letters:
            rows.append("")
        rows[-1] += piece if rows[-1] else piece.lstrip()
    return rows


def _shortened(row: str) -> str:
    while units(row) > LETTERS - 1:
        row = row[:-1]
    return f"{row.rstrip()}…"


def _wide(text: str) -> bool:
    return any(east_asian_width(letter) in "WF" for letter in text)


def units(text: str) -> float:
    """How much room a text takes, in narrow letters."""
    return sum(map(_unit, text))


def _unit(letter: str) -> float:
    if category(letter) in ("Mn", "Me", "Cf"):
        return 0
    if east_asian_width(letter) in "WF" or letter in "@%":
        return 2
    if letter in "WMmw" or "\u0900" <= letter <= "\u109f" or "\u1200" <= letter <= "\u17ff" or letter > "\uffff":
        return 1.6
    return 1.25 if letter.isupper() else 1


def _from_right(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left (UAX 9, P2)."""
    return next((kind != "L" for kind in map(bidirectional, text) if kind in ("L", "R", "AL")), False)


# Lines


def _arcs(lines: Sequence[Line], boxes: Sequence[Box], height: int) -> list[Arc]:
    by_id = {box.point.id: box for box in boxes}
    rank = {box.point.id: at for at, box in enumerate(boxes)}
    slots: dict[tuple[Line, str], Place] = {}
    for box in boxes:
        for side in INWARD:
            ends = [_End(line, box, other) for line, other in _at(box, side, lines, by_id)]
            ends.sort(key=_order(side, rank))
            for at, end in enumerate(ends):
                slots[end.line, box.point.id] = _slot(box, _outward(box, side), at, len(ends))
    return [_arc(line, by_id[line.one], by_id[line.other], slots, boxes, height) for line in lines]


class _End(NamedTuple):
    """A line where it ends at a box; `other`: the box at its other end."""

    line: Line
    box: Box
    other: Box


def _at(box: Box, side: Side, lines: Sequence[Line], by_id: dict[str, Box]) -> Iterator[tuple[Line, Box]]:
    """The lines that end at one side of a box, each with the box at its other end."""
    for line in lines:
        if box.point.id in (line.one, line.other):
            other = by_id[line.other if line.one == box.point.id else line.one]
            if side == _side(box, other):
                yield line, other


def _side(box: Box, other: Box) -> Side:
    """At which side of the ring a line ends: that of the box; in the middle, that of the other end."""
    return box.side or other.side or "top"


def _outward(box: Box, side: Side) -> Place:
    """The direction in which lines leave a box: towards the middle; from the middle, towards that side."""
    x, y = INWARD[side]
    return (x, y) if box.side else (-x, -y)


def _order(side: Side, rank: dict[str, int]) -> Callable[[_End], tuple[float, int]]:
    """How ends at one side are sorted, from the left or from above: by where they lead, so that few lines cross.

    Lines between the same two boxes keep their order on the way: clockwise at one box is anticlockwise at the other.
    """

    def key(end: _End) -> tuple[float, int]:
        box, other = end.box, end.other
        x, y = _outward(box, side)
        ahead, along = (other.x - box.x) * x + (other.y - box.y) * y, other.y - box.y if x else other.x - box.x
        lane = 2 * (rank[end.line.one] > rank[end.line.other]) + (end.line.how == "witnesses")
        turned = (box.side or other.side) in ("bottom", "left")
        if box.side and other.side:
            turned ^= rank[box.point.id] > rank[other.point.id]
        return atan2(along, ahead), -lane if turned else lane

    return key


def _slot(box: Box, outward: Place, at: int, count: int) -> Place:
    """Where the end number `at` of `count` stands on the border of a box."""
    length = box.height if outward[0] else box.width
    offset = (at - (count - 1) / 2) * min(SLOT, (length - 2 * CORNER) / count)
    if outward[0]:
        return box.x + outward[0] * (box.width / 2 + TIP), box.y + offset
    return box.x + offset, box.y + outward[1] * (box.height / 2 + TIP)


def _arc(
    line: Line, one: Box, other: Box, slots: dict[tuple[Line, str], Place], boxes: Sequence[Box], height: int
) -> Arc:
    """The first way that meets no box and stays in the picture, or the one that comes nearest to that."""
    bounds = [_bounds(box, 0 if box in (one, other) else CLEAR) for box in boxes]
    tried: list[tuple[int, Curve]] = []
    for way in _ways(slots[line, line.one], slots[line, line.other], _leaving(one, other), _leaving(other, one)):
        tried.append((_met(_along(way), bounds, height), way))
        if not tried[-1][0]:
            break
    return Arc(one.point, line.how, other.point, min(tried, key=lambda found: found[0])[1])


def _leaving(box: Box, other: Box) -> Place:
    side = _side(box, other)
    return _outward(box, side)


def _ways(start: Place, end: Place, leaving: Place, arriving: Place) -> Iterator[Curve]:
    """Ways between two places on borders, the plainest first."""
    (x1, y1), (x2, y2), (u1, v1), (u2, v2) = start, end, leaving, arriving
    far = hypot(x2 - x1, y2 - y1) or 1
    across, down = -(y2 - y1) / far, (x2 - x1) / far
    faced = max(0.0, (x2 - x1) * u1 + (y2 - y1) * v1) if (u1, v1) == (-u2, -v2) else far
    for first, second in TWISTS:
        for pull in PULLS:
            deep = pull * max(44.0, min(0.4 * far, 0.6 * faced))
            yield (
                start,
                (x1 + u1 * deep + across * first, y1 + v1 * deep + down * first),
                (x2 + u2 * deep + across * second, y2 + v2 * deep + down * second),
                end,
            )


def _bounds(box: Box, room: float) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a box with some room around it."""
    wide, high = box.width / 2 + room, box.height / 2 + room
    return box.x - wide, box.x + wide, box.y - high, box.y + high


def _met(places: Sequence[Place], bounds: Sequence[tuple[float, float, float, float]], height: int) -> int:
    """How many of the places are in one of the boxes, or out of the picture."""
    out = sum(not (EDGE <= x <= WIDTH - EDGE and EDGE <= y <= height - EDGE) for x, y in places)
    return out + sum(left < x < right and top < y < bottom for left, right, top, bottom in bounds for x, y in places)


def _along(curve: Curve) -> list[Place]:
    """Some places of a cubic Bézier curve, from its beginning to its end."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = curve
    return [(a * x1 + b * x2 + c * x3 + d * x4, a * y1 + b * y2 + c * y3 + d * y4) for a, b, c, d in WEIGHTS]


WEIGHTS = [
    ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in (at / STEPS for at in range(STEPS + 1))
]
