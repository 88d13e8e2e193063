"""The map of the world that pages shade: `make map`, or
`python -m fednet.web.public.worldmap countries-50m.json > world.svg`.

Reads the shapes of countries from the npm package `world-atlas` (TopoJSON 1.0, from Natural Earth at 1:50 million,
public domain) and writes an SVG in which each country of ISO 3166-1 has its two-letter code as id:

```
<svg viewBox="0 0 2000 860"><g id="world"><path id="TH" d="M..."/><g id="SG"><path .../><circle .../></g></g></svg>
```
The projection is Equal Earth (Šavrič, Patterson, Jenny 2018): areas are true, so shading does not deceive. A border
is one arc that both neighbours use, simplified once (Visvalingam, Whyatt 1993) and rounded once. What would be too
small to be seen is a dot.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fednet.errors import MalformedError
from fednet.listing import places

WIDTH = 2_000
MIDDLE = 11.0
"""The meridian in the middle: the map is cut through the Bering Strait, where no country is."""
NORTH, SOUTH = 84.0, -57.0
"""Latitudes of the upper and lower edge."""
FINEST = 1.6
SPECK = 3.0
"""Areas in squares of the map: bends smaller than that are straightened, islands smaller than that left out."""
SMALL = 26.0
"""A country of which less than that is left has a dot, too (some 7,700 square kilometres)."""
DOT = 6

NAMED = {"Somaliland": "SO", "Kosovo": "XK", "N. Cyprus": "CY"}
"""Shapes that Natural Earth gives no number of ISO 3166-1, by the code that people search by."""

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

PARTS: Mapping[str, Mapping[str, Box]] = {
    "FR": {
        "GF": (-55, 2, -51, 6),
        "GP": (-62, 15.8, -60.9, 16.6),
        "MQ": (-61.3, 14.3, -60.7, 15),
        "RE": (55, -21.5, 56, -20.8),
        "YT": (44.9, -13.1, 45.4, -12.6),
    },
    "NO": {"SJ": (-10, 70.5, 36, 81.5), "BV": (3, -55, 4, -54)},
    "NL": {"BQ": (-69, 12, -62.8, 18)},
    "Indian Ocean Ter.": {"CC": (96, -13, 98, -11), "CX": (105, -11, 106, -10)},
}
"""Countries of ISO 3166-1 that Natural Earth draws as part of another: where their shapes lie."""

PLACES = {
    "AQ": (11.0, -56.0),  # its shape is beneath the lower edge
    "BQ": (-68.3, 12.2),
    "BV": (3.4, -54.4),
    "CC": (96.8, -12.2),
    "CX": (105.6, -10.5),
    "GI": (-5.35, 36.14),
    "TK": (-171.8, -9.2),
    "TV": (179.2, -8.5),
    "UM": (-169.5, 16.7),
}
"""Longitude and latitude of what has no shape at this scale."""

Point = tuple[float, float]
Ring = Sequence[Point]


class Map(NamedTuple):
    """Shapes by code, in the squares of the map; "" is land of no code."""

    rings: dict[str, list[list[tuple[int, int]]]]
    dots: dict[str, tuple[int, int]]
    height: int


def main() -> None:
    sys.stdout.write(svg(drawn(msgspec.json.decode(Path(sys.argv[1]).read_bytes()))))


# --- reading ----------------------------------------------------------------------------------------------------------


def drawn(atlas: Mapping[str, Any]) -> Map:
    """The map that an atlas makes. Raises MalformedError when it leaves out a country that we know no place of."""
    arcs = [straightened(arc) for arc in _arcs(atlas)]
    shapes = _by_code(atlas["objects"]["countries"]["geometries"], arcs)
    found: dict[str, list[list[tuple[int, int]]]] = {}
    dots: dict[str, tuple[int, int]] = {}
    for code, polygons in shapes.items():
        rings = [[placed(*point) for point in ring] for ring in _merged(polygons, arcs)]
        kept = [whole(ring) for ring in rings if abs(area(ring)) >= SPECK]
        found[code] = [ring for ring in kept if len(ring) > 2]
        if code and sum(map(area, found[code])) < SMALL:
            dots[code] = _middle(max(rings, key=area))
    missing = {code for code in places.codes() if not found.get(code) and code not in dots}
    if missing - PLACES.keys():
        raise MalformedError(f"the atlas has no shape of {', '.join(sorted(missing - PLACES.keys()))}")
    for code in missing:
        longitude, latitude = PLACES[code]
        dots[code] = _rounded(placed(_beside(longitude, MIDDLE), latitude))
    return Map({code: rings for code, rings in found.items() if rings}, dots, round(placed(MIDDLE, SOUTH)[1]))


def _arcs(atlas: Mapping[str, Any]) -> Iterator[list[Point]]:
    """Arcs in degrees: in TopoJSON they are differences of whole numbers (section 2.1.3)."""
    (wide, high), (west, south) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    for arc in atlas["arcs"]:
        x = y = 0
        points: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((_beside(x * wide + west, points[-1][0] if points else MIDDLE), y * high + south))
        yield points


def _beside(longitude: float, other: float) -> float:
    """The same meridian, less than half the world away from another: what crosses the edge goes on beyond it."""
    return longitude + 360 * round((other - longitude) / 360)


Polygon = list[list[int]]
"""Rings as numbers of arcs; `~n` is arc n from its end to its beginning."""


def _by_code(geometries: Iterable[Mapping[str, Any]], arcs: Sequence[Ring]) -> dict[str, list[Polygon]]:
    found: dict[str, list[Polygon]] = {}
    for shape in geometries:
        name = shape["properties"]["name"]
        code = places.country_code(str(shape["id"])) if shape.get("id") else NAMED.get(name, "")
        if code == "AQ":
            continue
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            found.setdefault(_part(polygon, PARTS.get(code or name, {}), arcs) or code or "", []).append(polygon)
    return found


def _part(polygon: Polygon, parts: Mapping[str, Box], arcs: Sequence[Ring]) -> str | None:
    longitude, latitude = _arc(polygon[0][0], arcs)[0]
    fits = (code for code, (w, s, e, n) in parts.items() if w <= _beside(longitude, w) <= e and s <= latitude <= n)
    return next(fits, None)


def _arc(number: int, arcs: Sequence[Ring]) -> Ring:
    return arcs[number] if number >= 0 else arcs[~number][::-1]


def _merged(polygons: Iterable[Polygon], arcs: Sequence[Ring]) -> Iterator[list[Point]]:
    """The outlines of polygons together: borders between them are no lines."""
    used = Counter(number for polygon in polygons for ring in polygon for number in ring)
    for polygon in polygons:
        for ring in polygon:
            if not any(~number in used for number in ring):
                yield [point for number in ring for point in _arc(number, arcs)[:-1]]
    open_arcs = {
        _arc(number, arcs)[0]: number
        for polygon in polygons
        for ring in polygon
        if any(~other in used for other in ring)
        for number in ring
        if ~number not in used
    }
    while open_arcs:
        start, number = open_arcs.popitem()
        points = list(_arc(number, arcs))
        while points[-1] != start:
            points += _arc(open_arcs.pop(points[-1]), arcs)[1:]
        yield points[:-1]


# --- simplifying ------------------------------------------------------------------------------------------------------


def straightened(arc: Ring) -> list[Point]:
    """An arc without its smaller bends; its ends stay, where others begin. What closes keeps three corners."""
    flat = [placed(*point) for point in arc]
    before, behind = [at - 1 for at in range(len(arc))], [at + 1 for at in range(len(arc))]
    bends = [(_bend(flat, at - 1, at, at + 1), at) for at in range(1, len(arc) - 1)]
    newest = {at: bend for bend, at in bends}
    left = len(arc) - (4 if arc[0] == arc[-1] else 2)
    heapify(bends)
    while bends and left > 0 and bends[0][0] < FINEST:
        bend, at = heappop(bends)
        if newest.get(at) != bend:
            continue
        del newest[at]
        left -= 1
        first, last = before[at], behind[at]
        behind[first], before[last] = last, first
        for beside in (first, last):
            if beside in newest:  # never smaller than the bend that is gone, so that a curve goes in order
                newest[beside] = max(bend, _bend(flat, before[beside], beside, behind[beside]))
                heappush(bends, (newest[beside], beside))
    return [point for at, point in enumerate(arc) if at in newest or at in (0, len(arc) - 1)]


def _bend(flat: Ring, *corners: int) -> float:
    """The area of the triangle that three points make."""
    return abs(area([flat[at] for at in corners]))


def whole(ring: Ring) -> list[tuple[int, int]]:
    """Corners on whole squares, each once, none on a straight line between its neighbours."""
    found: list[tuple[int, int]] = []
    for point in map(_rounded, ring):
        if not found or found[-1] != point:
            found.append(point)
    return found[:-1] if len(found) > 1 and found[0] == found[-1] else found


def area(ring: Ring) -> float:
    """What a ring encloses: more than nothing clockwise (y goes down), less for a hole."""
    around = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x * below - right * y for (x, y), (right, below) in around) / 2


def _middle(ring: Ring) -> tuple[int, int]:
    return _rounded((sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)))


# --- projecting -------------------------------------------------------------------------------------------------------

_A = (1.340264, -0.081106, 0.000893, 0.003796)


def equal_earth(longitude: float, latitude: float) -> Point:
    """Equal Earth of a sphere with radius 1, y upwards; degrees in. https://doi.org/10.1080/13658816.2018.1504949"""
    theta = asin(sqrt(3) / 2 * sin(radians(latitude)))
    two, six = theta**2, theta**6
    slope = 9 * _A[3] * six * two + 7 * _A[2] * six + 3 * _A[1] * two + _A[0]
    x = 2 * sqrt(3) * radians(longitude) * cos(theta) / (3 * slope)
    return x, theta * (_A[3] * six * two + _A[2] * six + _A[1] * two + _A[0])


_SCALE = WIDTH / (2 * equal_earth(180, 0)[0])
_TOP = equal_earth(0, NORTH)[1]


def placed(longitude: float, latitude: float) -> Point:
    """Where a place is on the map: x to the right, y down, in squares."""
    x, y = equal_earth(longitude - MIDDLE, latitude)
    return WIDTH / 2 + x * _SCALE, (_TOP - y) * _SCALE


def _rounded(point: Point) -> tuple[int, int]:
    return round(point[0]), round(point[1])


# --- writing ----------------------------------------------------------------------------------------------------------

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" fill="#999" stroke="#fff">
<!-- Countries by their codes of ISO 3166-1, in the Equal Earth projection; made by fednet/web/public/worldmap.py.
Made with Natural Earth (naturalearthdata.com, public domain), by way of the package world-atlas.
The shapes, and what they say of disputed areas, are Natural Earth's, and no statement of those who show them. -->
<g id="world">
"""


def svg(found: Map) -> str:
    """The file: shapes first, then the dots, which nothing may cover."""
    shapes = [code for code in sorted(found.rings) if code not in found.dots]
    return "".join(
        (
            _HEAD.format(width=WIDTH, height=found.height),
            *(f'<path{_id(code)} d="{_path(found.rings[code])}"/>\n' for code in shapes),
            *(_dotted(code, found) for code in sorted(found.dots)),
            "</g>\n</svg>\n",
        )
    )


def _id(code: str) -> str:
    return f' id="{code}"' if code else ""


def _dotted(code: str, found: Map) -> str:
    x, y = found.dots[code]
    shape = f'<path d="{_path(found.rings[code])}"/>' if code in found.rings else ""
    return f'<g id="{code}">{shape}<circle cx="{x}" cy="{y}" r="{DOT}"/></g>\n'


def _path(rings: Iterable[Sequence[tuple[int, int]]]) -> str:
    """Path data (SVG 2, 9.3): each ring from its first corner, by differences."""
    return "".join(_numbers("M", ring[0]) + _steps(ring) + "z" for ring in rings)


def _steps(ring: Sequence[tuple[int, int]]) -> str:
    steps = [(x - left, y - above) for (left, above), (x, y) in pairwise(ring)]
    return _numbers("l", [part for step in steps for part in step])


def _numbers(command: str, numbers: Sequence[int]) -> str:
    """Numbers with no more between them than they need: a minus parts them, too."""
    parts = [str(number) if number < 0 or not at else f" {number}" for at, number in enumerate(numbers)]
    return command + "".join(parts)


if __name__ == "__main__":
    main()
