"""The raster study on the tiny bundle: what it measures, what it would miss, and the plain loop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.errors import InputError
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import made_scene, tile_bundle, tile_contract, write_scene
from fieldpack.spec import load_spec
from fieldpack_benchmarks.bare_scene import main, map_bare
from fieldpack_benchmarks.studies import geo_raster, raster_scene
from fieldpack_benchmarks.studies.geo_raster import QUICK, figures_row, smaller, study_of
from fieldpack_benchmarks.studies.raster_scene import OtherOrder, turned, write_large_scene
from fieldpack_benchmarks.study import load_study

pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
TINY = replace(QUICK, side=70, small=50, executors=("local", "processes:2"), cluster=False)
FIGURES = [
    {"name": "source_rmse", "value": 4.0, "low": 3.9, "high": 4.1, "evidence": "host"},
    {"name": "flavour_rmse", "value": 4.1, "low": 4.0, "high": 4.2, "evidence": "host"},
    {"name": "rmse_rise", "value": 0.025, "low": 0.02, "high": 0.03, "evidence": "host"},
    {"name": "coverage_change", "value": 0.002, "low": 0.0, "high": 0.004, "evidence": "host"},
]


def nothing(stage: str, done: float) -> None:
    """Progress that nobody reads."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tile_bundle(tmp_path_factory.mktemp("tiles") / "tiny-raster")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of the tiny bundle's bands, and figures as a build would have written them."""

    def scene(path: Path, side: int, block: int, folder: Path) -> Path:
        return write_scene(path, made_scene(side, side))

    def figures(case: str, bundle: Path) -> Any:
        row = figures_row(f"{case}, tflite-int8", FIGURES)
        return geo_raster._Part((row,), tuple(geo_raster._figure_bars(row)))

    monkeypatch.setattr(geo_raster, "write_large_scene", scene)
    monkeypatch.setattr(geo_raster, "_figures", figures)


@pytest.mark.usefixtures("tiny")
def test_the_study_maps_measures_and_compares(bundle: Path, tmp_path: Path) -> None:
    study = study_of({"tiny": bundle}, TINY, True, nothing)
    parts = [str(row["part"]) for row in study.rows]
    assert parts == ["figures", "map", *["workers"] * 3, "scene", "scene"]
    assert len({row["digest"] for row in study.rows if row["part"] == "workers"}) == 1
    assert [row["tiles"] for row in study.rows if row["part"] == "scene"] == [36, 36]
    missed = [bar.name for bar in study.bars if not bar.holds]
    assert missed == ["tiny, tflite-int8: RMSE over the source's"]
    path = tmp_path / "study.json"
    path.write_text(json.dumps(study.as_dict()))
    assert load_study(path).bars == study.bars


def test_a_map_that_hangs_on_who_answers_misses_its_bar(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(OtherOrder):
        def answers(self, jobs: Any) -> Any:
            return (
                [replace(item, values=item.values + 1) for item in answer]
                for answer in OtherOrder().answers(jobs)
            )

    monkeypatch.setattr(raster_scene, "OtherOrder", Wrong)
    scene = write_scene(tmp_path / "s.tif", made_scene(50, 50))
    part = geo_raster._workers(bundle, scene, tmp_path, replace(TINY, executors=("local",)))
    assert part.bars[0].value == 2
    assert not part.bars[0].holds


@pytest.mark.full
def test_a_dask_cluster_gives_the_same_map(bundle: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="pip install 'fieldpack[dask]'")
    scene = write_scene(tmp_path / "s.tif", made_scene(50, 50))
    found = raster_scene.digests(bundle, "tflite-float32", scene, tmp_path, ("local",), cluster=True)
    assert list(found) == ["local", "other order", "Dask cluster"]
    assert len(set(found.values())) == 1


def test_a_missing_seam_does_not_hold(bundle: Path, tmp_path: Path) -> None:
    part = geo_raster._maps("one", bundle, write_scene(tmp_path / "s.tif", made_scene(14, 14)), tmp_path)
    assert part.bars[0].value is None
    assert not part.bars[0].holds


@pytest.mark.parametrize("beyond", ["mirror", "fill"])
def test_the_plain_loop_gives_the_same_map(beyond: str, tmp_path: Path) -> None:
    import rasterio

    bundle = tile_bundle(tmp_path / "bundle", tile_contract(tiling={"beyond": beyond}))
    scene = write_scene(tmp_path / "s.tif", made_scene(61, 83))
    assert main([str(bundle), "tflite-float32", str(scene), str(tmp_path / "bare.raw")]) == 0
    with open_bundle(bundle) as opened:
        map_scene(opened, scene, tmp_path / "m.tif", flavour="tflite-float32")
    with rasterio.open(tmp_path / "m.tif") as file:
        values = file.read().transpose(1, 2, 0)
    bare = np.fromfile(tmp_path / "bare.raw", np.float32).reshape(values.shape)
    known = np.isfinite(values)  # the plain loop has numbers near pixels without data, too
    assert np.isfinite(bare[known]).all()
    assert known.mean() > 0.9
    assert np.abs(bare[known] - values[known]).max() < 1e-4


def test_the_plain_loop_refuses_what_takes_no_tiles(tmp_path: Path) -> None:
    from fieldpack.testing import tiny_bundle

    scene = write_scene(tmp_path / "s.tif", made_scene(61, 83))
    other = tiny_bundle(tmp_path / "pictures")
    with pytest.raises(InputError, match="takes tiles"):
        map_bare(other, "tflite-float32", scene, tmp_path / "bare.raw")


def test_a_large_scene_is_made_of_turned_landscapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rasterio

    pytest.importorskip("fieldpack_reference_models", reason="run from a clone")
    monkeypatch.setattr(raster_scene, "LANDSCAPES", 2)
    path = write_large_scene(tmp_path / "large.tif", 50, 20, tmp_path)
    with rasterio.open(path) as file:
        assert file.descriptions == ("green", "red", "nir", "swir")
        assert (file.count, file.shape, file.nodata) == (4, (50, 50), 0)
        values = file.read()
    first = values[:, :20, :20]
    assert np.array_equal(values[:, 20:40, 20:40], first[:, ::-1, ::-1])  # the fifth block
    assert not np.array_equal(first, values[:, :20, 20:40])
    assert [item.name for item in tmp_path.iterdir()] == ["large.tif"]


def test_a_square_has_eight_positions() -> None:
    square = np.arange(18).reshape(2, 3, 3)
    assert len({turned(square, number).tobytes() for number in range(8)}) == 8
    assert np.array_equal(turned(square, 8), square)


def test_the_quick_study_builds_few_tiles(tmp_path: Path) -> None:
    pytest.importorskip("fieldpack_reference_models", reason="run from a clone")
    (case,) = geo_raster._cases(tmp_path, quick=True)
    spec = load_spec(case.spec)
    assert [item.kind for item in spec.flavours] == ["tflite", "tflite"]
    assert (spec.data.evaluation.count, spec.data.calibration.count) == (12, 12)  # type: ignore[union-attr]
    assert smaller(spec) == spec
