"""The map: every country on it once, borders that neighbours share, and shades that do not deceive."""

from __future__ import annotations

import re
from math import pi, radians, sin, sqrt
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fednet.web
from fednet.errors import MalformedError
from fednet.listing import places
from fednet.web.public import choices, worldmap

FILE = Path(fednet.web.__file__).parent / "static" / "world.svg"
SVG = "{http://www.w3.org/2000/svg}"
latitudes, longitudes = st.floats(-89, 89), st.floats(-169, 190)


@pytest.fixture(scope="module")
def world() -> ElementTree.Element:
    return ElementTree.fromstring(FILE.read_bytes())


def test_every_country_that_can_be_asked_for_is_on_the_map_once(world: ElementTree.Element) -> None:
    ids = [one.get("id") for one in world.iter() if one.get("id")]
    assert sorted(ids) == sorted([*places.codes(), "world"])  # type: ignore[type-var]


def test_every_country_can_be_seen(world: ElementTree.Element) -> None:
    for one in world[0]:
        paths = [one.get("d", "")] if one.tag == f"{SVG}path" else [path.get("d", "") for path in one]
        assert one.get("id") is None or covered(paths) >= worldmap.SMALL or one.find(f"{SVG}circle") is not None


def covered(paths: list[str]) -> float:
    return sum(worldmap.area(ring) for path in paths for ring in rings(path))


def rings(path: str) -> list[list[tuple[int, int]]]:
    found = []
    for part in re.findall("M([^z]*)z", path):
        numbers = [int(number) for number in re.findall(r"-?[0-9]+", part)]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        ring = steps[:1]
        for dx, dy in steps[1:]:
            ring.append((ring[-1][0] + dx, ring[-1][1] + dy))
        found.append(ring)
    return found


def test_all_corners_are_whole_numbers_on_the_map(world: ElementTree.Element) -> None:
    width, height = map(int, world.attrib["viewBox"].split()[2:])
    for path in world.iter(f"{SVG}path"):
        assert re.fullmatch(r"(?:M[0-9-][0-9 -]*l[0-9-][0-9 -]*z)+", path.attrib["d"])
        for ring in rings(path.attrib["d"]):
            assert all(0 <= x <= width and -40 <= y <= height for x, y in ring), path.get("id")
    for dot in world.iter(f"{SVG}circle"):
        assert 0 < int(dot.attrib["cx"]) < width and 0 < int(dot.attrib["cy"]) < height


def test_a_path_that_is_written_reads_back() -> None:
    ring = [(10, 20), (15, 20), (15, 9), (10, 8)]
    assert rings(worldmap._path([ring, ring[::-1]])) == [ring, ring[::-1]]


def test_the_file_says_whose_shapes_these_are_and_that_they_are_no_statement() -> None:
    written = FILE.read_text("utf-8")
    assert "Natural Earth" in written and "public domain" in written and "no statement" in written
    assert len(written) < 64 * 1024  # sent in one piece, and so compressed


@given(latitudes, longitudes)
def test_neighbours_on_the_earth_are_neighbours_on_the_map(latitude: float, longitude: float) -> None:
    here, there = worldmap.placed(longitude, latitude), worldmap.placed(longitude + 0.01, latitude + 0.01)
    assert abs(there[0] - here[0]) < 1
    assert 0 < here[1] - there[1] < 1


@given(st.floats(-80, 79), longitudes)
def test_areas_are_true(latitude: float, longitude: float) -> None:
    """A square degree takes as much of the map as of the sphere."""
    corners = [(0, 0), (0, 1), (1, 1), (1, 0)]
    flat = worldmap.area([worldmap.equal_earth(longitude + x, latitude + y) for x, y in corners])
    sphere = radians(1) * (sin(radians(latitude + 1)) - sin(radians(latitude)))
    assert abs(flat) == pytest.approx(sphere, rel=2e-3)


def test_the_whole_sphere_fits() -> None:
    """Equal Earth is 2 sqrt(3) pi / (3 A1) wide to either side at the equator."""
    x, y = worldmap.equal_earth(180, 0)
    assert (x, y) == (pytest.approx(2 * sqrt(3) * pi / (3 * 1.340264)), 0)


@given(st.lists(st.tuples(longitudes, latitudes), min_size=2, max_size=30))
def test_straightened_arcs_keep_their_ends_and_nothing_new(arc: list[tuple[float, float]]) -> None:
    kept = worldmap.straightened(arc)
    assert (kept[0], kept[-1]) == (arc[0], arc[-1])
    left = iter(arc)
    assert all(point in left for point in kept), "in the same order"
    assert worldmap.straightened(arc[::-1])[-1] == arc[0]


def atlas(names: dict[str, Any]) -> dict[str, Any]:
    """Two squares of ten degrees beside each other in Asia, with one border between them, as TopoJSON, clockwise."""
    border = [[0, 0], [0, 10]]
    west = [[0, 10], [-10, 0], [0, -10], [10, 0]]
    east = [[0, 0], [10, 0], [0, 10], [-10, 0]]
    shapes = [
        {"type": "Polygon", "arcs": [[~1, ~0]], **names["west"]},
        {"type": "MultiPolygon", "arcs": [[[~2, 0]]], **names["east"]},
    ]
    return {
        "transform": {"scale": [1, 1], "translate": [90, 20]},
        "arcs": [border, west, east],
        "objects": {"countries": {"geometries": shapes}},
    }


def named(number: str | None, name: str) -> dict[str, Any]:
    return {"id": number, "properties": {"name": name}} if number else {"properties": {"name": name}}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "codes", lambda: ("TH", "LA"))


@pytest.mark.usefixtures("small")
def test_neighbours_share_their_border() -> None:
    found = worldmap.drawn(atlas({"west": named("764", "Thailand"), "east": named("418", "Laos")}))
    (west,), (east,) = found.rings["TH"], found.rings["LA"]
    assert len(set(west) & set(east)) == 2 and not found.dots


@pytest.mark.usefixtures("small")
def test_parts_of_one_country_have_no_border_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "codes", lambda: ("SO",))
    found = worldmap.drawn(atlas({"west": named("706", "Somalia"), "east": named(None, "Somaliland")}))
    ((ring,),) = found.rings.values()
    assert len(ring) == 6  # the border's two ends are corners still


@pytest.mark.usefixtures("small")
def test_an_atlas_that_leaves_a_country_out_is_refused() -> None:
    with pytest.raises(MalformedError, match="LA"):
        worldmap.drawn(atlas({"west": named("764", "Thailand"), "east": named(None, "Atlantis")}))


counts = st.dictionaries(st.sampled_from(places.codes()), st.integers(1, 100_000), min_size=1)


@given(counts)
def test_more_is_never_lighter_and_the_most_is_darkest(found: dict[str, int]) -> None:
    shades = choices.shaded(found)
    ordered = sorted(found, key=found.__getitem__)
    assert [shades[code] for code in ordered] == sorted(shades.values())
    assert shades[ordered[-1]] == choices.SHADES and min(shades.values()) >= 1
    assert len({found[code] for code in found}) == 1 or shades[ordered[0]] < choices.SHADES
