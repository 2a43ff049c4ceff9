"""The parts of the study that need no framework: the world, the tables, the figures."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fieldpack.spec import load_spec
from fieldpack_benchmarks.rounds.range_world import FEWEST_CELLS, GRID, World, world_of
from fieldpack_benchmarks.studies import geo_range
from fieldpack_benchmarks.studies.geo_range import mean_average_precision, packings, write_spec


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid of 5 degrees in the form of the real one."""
    folder = tmp_path_factory.mktemp("data")
    rows = [f"{lat},{lon},{abs(lat) * 20}" for lat in range(-85, 90, 5) for lon in range(-180, 180, 5)]
    path = folder / GRID
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(("lat,lon,elevation_m\n" + "\n".join(rows) + "\n").encode()))
    return folder


@pytest.fixture(scope="module")
def world(root: Path) -> World:
    return world_of(root, 12)


def test_the_world_is_the_same_each_time(root: Path, world: World) -> None:
    again = world_of(root, 12)
    assert (again.presence == world.presence).all()
    assert world.presence.sum(axis=0).min() >= FEWEST_CELLS
    assert 0.4 < world.judged.mean() < 0.6
    assert len(world_of(root, 2, cells=500).latitudes) == 500


def test_ranges_hang_together(world: World) -> None:
    """Most cells of a species have a neighbour of the same species."""
    pairs = zip(world.latitudes, world.longitudes, strict=True)
    places = {pair: number for number, pair in enumerate(pairs)}
    near = together = 0
    for number in np.flatnonzero(world.presence[:, 0]):
        east = places.get((world.latitudes[number], world.longitudes[number] + 5))
        if east is not None:
            near += 1
            together += bool(world.presence[east, 0])
    assert together > near / 2


def test_blocks_are_ten_degrees(world: World) -> None:
    for block in np.unique(world.blocks)[:20]:
        chosen = world.blocks == block
        assert np.ptp(world.latitudes[chosen]) < 10
        assert np.ptp(world.longitudes[chosen]) < 10


def test_average_precision_by_hand() -> None:
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    truth = np.array([[1, 0], [0, 0], [1, 0]], np.bool_)
    assert mean_average_precision(scores, truth) == pytest.approx((1 + 2 / 3) / 2)


def test_every_packing_is_a_spec(tmp_path: Path) -> None:
    for number, packing in enumerate(packings()):
        spec = load_spec(write_spec(packing, tmp_path, number))
        assert len(spec.flavours) == len(packing.flavours)
        assert spec.contract.outputs[0].refit == "lpt_5"
        assert getattr(spec.data.evaluation, "limit", None) == packing.most_cells


def test_a_quick_run_holds_no_bar_of_the_whole_size() -> None:
    rows = [{"name": f"{geo_range.HEAD8}, x", "iou": 1.0, "iou_smallest": 1.0, "evidence": "host"}]
    assert all(bar.value is None for bar in geo_range._map_bars(rows, quick=True))  # type: ignore[arg-type]
    assert all(bar.holds for bar in geo_range._map_bars(rows, quick=False))  # type: ignore[arg-type]
