"""The planet: fields without seams, ranges that keep to their niches, data that repeat."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.planet import cells, world
from fieldpack_reference_models.planet.ground import degrees, elevation_m, points, temperature_c
from fieldpack_reference_models.planet.ranges import NICHES, ellipses
from fieldpack_reference_models.planet.world import CLASSES

GOLDEN = "c0094869b75000ee6266dde7b643e553ee6c47867fe3252e9dde2ad2c9b9eac0"
"""SHA-256 of the first twelve test observations, to a thousandth of a degree and a metre."""


def test_places_and_points_turn_into_each_other() -> None:
    latitudes, longitudes = np.array([-89.0, 0.0, 45.5, 89.9]), np.array([-179.5, 0.0, 12.25, 179.5])
    back = degrees(points(latitudes, longitudes))
    assert np.allclose(back, (latitudes, longitudes), atol=1e-9)


def test_the_ground_has_no_seam_at_180_degrees_or_a_pole() -> None:
    latitudes = np.linspace(-80, 80, 33)
    east, west = (elevation_m(points(latitudes, np.full(33, edge))) for edge in (179.9999, -179.9999))
    assert np.abs(east - west).max() <= 1.0
    around = elevation_m(points(np.full(36, 89.9999), np.arange(-180.0, 180.0, 10.0)))
    assert np.ptp(around) <= 1.0


def test_about_a_third_is_land_and_heights_lower_the_temperature() -> None:
    grid = world.grid("validation", 4000)
    assert 0.25 < (grid.elevations > 0).mean() < 0.4
    sphere = points(grid.latitudes, grid.longitudes)
    lower = temperature_c(sphere, grid.elevations) - temperature_c(sphere, grid.elevations + 1000)
    assert np.allclose(lower[grid.elevations > 0], 6.5)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_kind_lives_within_its_niche_and_its_ellipses_and_somewhere(kind: str) -> None:
    grid, niche = world.grid("test", 12_000), NICHES[kind]
    lives = grid.presence[:, CLASSES.index(kind)]
    assert 0.003 < lives.mean() < 0.25
    sphere = points(grid.latitudes, grid.longitudes)
    inside = np.any([part.holds(sphere) for part in ellipses()[kind]], axis=0)
    warmth = temperature_c(sphere, grid.elevations)
    suited = (grid.elevations >= niche.low_m) & (grid.elevations <= niche.high_m)
    suited &= (warmth >= niche.coldest_c) & (warmth <= niche.warmest_c)
    assert np.array_equal(lives, inside & suited)


def test_an_ellipse_holds_its_axes_and_no_more() -> None:
    part = ellipses()["snail"][0]
    for axis, length in ((part.along, part.long_km), (part.across, part.wide_km)):
        for share, held in ((0.98, True), (1.02, False)):
            turn = share * length / 6371.0
            point = np.cos(turn) * part.centre + np.sin(turn) * axis
            assert part.holds(point[None])[0] == held
    assert not part.holds(-part.centre[None])[0]


def test_observations_are_of_kinds_where_they_live_and_fewer_begin_more() -> None:
    many, few = world.observations("test", 60), world.observations("test", 25)
    assert np.array_equal(few.latitudes, many.latitudes[:25])
    assert many.labels.tolist() == [number % 12 for number in range(60)]
    assert many.presence[np.arange(60), many.labels].all()
    others = {world.observations(split, 12).latitudes.tobytes() for split in world.SPLITS}
    assert len(others) == len(world.SPLITS)


def test_people_go_to_some_places_more_than_to_others() -> None:
    grid, seen = world.grid("train", 6000), world.observations("train", 1200)
    share = world.effort(points(grid.latitudes, grid.longitudes))
    assert share.max() / np.median(share) > 4
    fish = CLASSES.index("fish")
    caught, there = seen.labels == fish, share[grid.presence[:, fish]]
    visited = world.effort(points(seen.latitudes[caught], seen.longitudes[caught]))
    wanted = (there**2).sum() / there.sum()  # drawn in proportion to the effort
    assert wanted > 1.1 * there.mean()
    assert visited.mean() == pytest.approx(wanted, rel=0.1)


def test_observations_repeat() -> None:
    seen = world.observations("test", 12)
    rows = np.round(np.stack([seen.latitudes, seen.longitudes, seen.elevations], 1), 3)
    assert hashlib.sha256(str(rows.tolist()).encode()).hexdigest() == GOLDEN


def test_a_dataset_names_its_places_and_a_grid_tells_the_truth() -> None:
    rows = list(world.dataset("calibration", 14))
    assert rows[13][0] == "calibration/bird/0013"
    assert [row[2] for row in rows] == [*CLASSES, "beetle", "bird"]
    assert set(rows[0][3]) == {"zone", "ground"}
    told = list(world.truth("test", 500))
    places = world.grid("test", 500)
    assert np.array_equal(np.stack([row[2] for row in told]), places.presence)
    assert told[7][1] == (places.latitudes[7], places.longitudes[7], places.elevations[7])


@pytest.mark.parametrize(("split", "count"), [("holdout", 3), ("test", 0)])
def test_what_the_planet_lacks_is_refused(split: str, count: int) -> None:
    for made in (world.observations, world.grid):
        with pytest.raises(InputError):
            made(split, count)


def test_the_table_of_heights_is_that_of_the_planet() -> None:
    pytest.importorskip("h3", reason="pip install 'fieldpack[geo]'")
    assert cells.FILE.read_text(encoding="utf-8") == cells.table()
    assert len(cells.table().splitlines()) == 1 + 2 + 120 * 7**2
