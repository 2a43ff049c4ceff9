"""Scenes as a data set: each pixel of the truth counts once, where a map would answer it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from fieldpack.bundle.read import open_bundle
from fieldpack.contract import Contract
from fieldpack.data import open_data, prepare_data
from fieldpack.errors import FieldpackError, InputError, SpecError
from fieldpack.predict import Predictor
from fieldpack.scenes.testing import (
    QUANTITY,
    SIDE,
    made_scene,
    tile_bundle,
    tile_contract,
    whole_answer,
    write_scene,
)
from fieldpack.spec import SceneData

rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
SIZE = (50, 70)


def write_truth(path: Path, values: np.ndarray, **profile: Any) -> Path:
    return write_scene(path, values[None].astype(np.float32), descriptions=(), **profile)


def pair(folder: Path, factor: int = 1, **profile: Any) -> SceneData:
    """A scene, and as its truth what the tiny model answers to it in one piece."""
    values = made_scene(*SIZE)
    middle = whole_answer(values, tile_contract(), stride=factor)["middle"]
    transform = rasterio.Affine(10.0 * factor, 0, 500_000, 0, -10.0 * factor, 5_200_000)
    scene = write_scene(folder / "s.tif", values)
    truth = write_truth(folder / "t.tif", middle, **{"transform": transform, **profile})
    return stated(scene, truth)


def stated(scene: Path, truth: Path | None = None, **words: Any) -> SceneData:
    told = {"scene": str(scene)} | ({} if truth is None else {"truth": str(truth)})
    base: dict[str, Any] = {"kind": "scenes", "scenes": [told], "block": 32}
    if truth is not None:
        base["quantity"] = QUANTITY
    return SceneData.model_validate({**base, **words})


@pytest.mark.parametrize("factor", [1, 2])
def test_the_truth_lies_where_the_model_answers(factor: int, tmp_path: Path) -> None:
    contract = tile_contract(tiling={"alignment": factor})
    data = prepare_data(pair(tmp_path, factor), contract, None, seed=0)
    with open_bundle(tile_bundle(tmp_path / "tiny", contract, stride=factor)) as bundle:
        answers = Predictor(bundle).run({"tile": data.inputs["tile"]})["middle"].reshape(len(data), -1)
    truth = data.targets[QUANTITY].reshape(len(data), -1)
    known = np.isfinite(truth)
    whole = whole_answer(made_scene(*SIZE), contract, stride=factor)["middle"]
    assert known.sum() == np.isfinite(whole).sum()
    assert np.sort(truth[known]) == pytest.approx(np.sort(whole[np.isfinite(whole)]), abs=1e-4)
    assert answers[known] == pytest.approx(truth[known], abs=1e-3)


def test_blocks_are_groups_and_folds_are_made_of_them(tmp_path: Path) -> None:
    source = pair(tmp_path)
    every = list(open_data(source, 0, tile_contract()))
    parts = [
        list(open_data(source.model_copy(update={"folds": 3, "take": (part,)}), 0, tile_contract()))
        for part in range(3)
    ]
    assert sorted(one.id for part in parts for one in part) == sorted(one.id for one in every)
    groups = [{one.group for one in part} for part in parts]
    assert all(groups)
    assert sum(map(len, groups)) == len({one.group for one in every}) == 6
    assert len(open_data(source.model_copy(update={"limit": 4}), 0, tile_contract())) == 4


def test_scenes_without_truth_calibrate(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", made_scene(9, 9))
    data = prepare_data(stated(scene), tile_contract(), None, seed=0)
    assert data.inputs["tile"].shape == (1, SIDE, SIDE, 2)
    assert data.targets == {}


def test_truth_may_cover_a_part_and_have_tags_and_no_data(tmp_path: Path) -> None:
    scene = write_scene(tmp_path / "s.tif", np.full((2, 40, 40), 300, np.float32))
    heights = np.full((10, 12), 7, np.int16)
    heights[0, 0] = -99
    origin = rasterio.Affine(10.0, 0, 500_200, 0, -10.0, 5_199_950)
    truth = write_scene(tmp_path / "t.tif", heights[None], descriptions=(), transform=origin, nodata=-99)
    with rasterio.open(truth, "r+") as file:
        file.scales, file.offsets = (0.5,), (1.0,)
    values = prepare_data(stated(scene, truth), tile_contract(), None, seed=0).targets[QUANTITY]
    assert np.isfinite(values).sum() == 10 * 12 - 1
    assert set(values[np.isfinite(values)]) == {4.5}


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"crs": "EPSG:32633"}, "other coordinates"),
        ({"crs": None}, "other coordinates"),
        ({"transform": rasterio.Affine(10, 0, 500_004, 0, -10, 5_200_000)}, "not in line"),
        ({"transform": rasterio.Affine(15, 0, 500_000, 0, -15, 5_200_000)}, "not in line"),
        ({"transform": rasterio.Affine(5, 0, 500_000, 0, -5, 5_200_000)}, "not in line"),
        ({"transform": rasterio.Affine(10, 0, 500_000, 0, 10, 5_200_000)}, "not in line"),
        ({"transform": rasterio.Affine(10.02, 0, 500_000, 0, -10.02, 5_200_000)}, "not in line"),
        ({"transform": None}, "not in line"),
        ({"transform": rasterio.Affine(30, 0, 500_000, 0, -30, 5_200_000)}, "cannot be tiled"),
        ({"transform": rasterio.Affine(10, 0, 900_000, 0, -10, 5_200_000)}, "no tile of the scenes is left"),
    ],
)
def test_truth_that_does_not_lie_on_its_scene_is_refused(
    profile: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(FieldpackError, match=words):
        open_data(pair(tmp_path, **profile), 0, tile_contract())


def test_other_files_and_models_are_refused(tmp_path: Path) -> None:
    source = pair(tmp_path)
    two = write_scene(tmp_path / "two.tif", made_scene(*SIZE))
    with pytest.raises(InputError, match="no raster of truth"):
        open_data(stated(tmp_path / "s.tif", two), 0, tile_contract())
    with pytest.raises(InputError, match="cannot be opened"):
        open_data(stated(tmp_path / "s.tif", tmp_path / "absent.tif"), 0, tile_contract())
    place = {"kind": "location", "name": "place", "encoding": "sin_cos_4"}
    scores = {"name": "s", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5}
    other = Contract.model_validate({"inputs": [place], "outputs": [scores]})
    for contract in (None, other):
        with pytest.raises(SpecError, match="one input is a raster"):
            open_data(source, 0, contract)


@pytest.mark.parametrize(
    "words",
    [
        {"quantity": None},
        {"folds": 2, "take": [2]},
        {"folds": 2, "take": [0, 0]},
        {"take": []},
        {"block": 0},
        {"scenes": []},
    ],
)
def test_what_the_table_must_not_say(words: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        stated(tmp_path / "s.tif", tmp_path / "t.tif", **words)
