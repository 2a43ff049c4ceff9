"""Files as scenes: bands by name or in order, masks, tags, and files that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.preprocess.prepare import prepare
from fieldpack.preprocess.raster import prepare_raster
from fieldpack.scenes.reading import open_scene
from fieldpack.scenes.testing import made_scene, tile_contract, write_scene

pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")


def stated(**fields: object) -> RasterInput:
    found = tile_contract(fields).inputs[0]
    assert isinstance(found, RasterInput)
    return found


def test_a_window_is_what_was_written(tmp_path: Path) -> None:
    values = made_scene(40, 50)
    with open_scene(write_scene(tmp_path / "s.tif", values), stated()) as scene:
        window = scene.read(3, 7, 11, 13)
        assert np.array_equal(window.values, values[:, 3:14, 7:20])
        assert not window.masked.any()
        assert (scene.place.height, scene.place.width, scene.place.resolution) == (40, 50, (10.0, 10.0))


def test_named_bands_come_in_the_contracts_order(tmp_path: Path) -> None:
    values = made_scene(20, 20)
    more = np.stack([values[1], np.zeros_like(values[0]), values[0]])
    path = write_scene(tmp_path / "s.tif", more, descriptions=("nir", "haze", "red"))
    with open_scene(path, stated()) as scene:
        assert np.array_equal(scene.read_all().values, values)


def test_alpha_and_the_files_own_no_data_are_masks(tmp_path: Path, rasterio: Any) -> None:
    values = made_scene(20, 20)
    values[0, 4, 4] = 77
    with open_scene(write_scene(tmp_path / "s.tif", values, nodata=77), stated()) as scene:
        assert np.argwhere(scene.read_all().masked).tolist() == [[4, 4]]
    alpha = np.full((1, 20, 20), 255, np.float32)
    alpha[0, 2, 3] = 0
    meanings = [rasterio.enums.ColorInterp[name] for name in ("gray", "undefined", "alpha")]
    four = np.concatenate([values, alpha])
    path = write_scene(tmp_path / "a.tif", four, descriptions=(), meanings=meanings)
    with open_scene(path, stated()) as scene:
        assert np.argwhere(scene.read_all().masked).tolist() == [[2, 3]]


@pytest.mark.parametrize(("tags", "shift"), [("ignored", 0.0), ("applied", 100.0)])
def test_band_tags_count_where_the_contract_says_so(
    tags: str, shift: float, tmp_path: Path, rasterio: Any
) -> None:
    values = made_scene(20, 20)
    path = write_scene(tmp_path / "s.tif", values)
    with rasterio.open(path, "r+") as file:
        file.offsets = (100.0, 100.0)
    with open_scene(path, stated(band_tags=tags)) as scene:
        assert np.allclose(scene.read_all().values, values + shift)


def test_a_tile_file_is_an_example_and_a_scene_is_none(tmp_path: Path) -> None:
    values = made_scene(16, 16)
    path = write_scene(tmp_path / "tile.tif", values)
    assert np.array_equal(prepare(stated(), path)[0], prepare_raster(values, stated()))
    with pytest.raises(InputError, match="no single tile"):
        prepare(stated(), write_scene(tmp_path / "scene.tif", made_scene(17, 16)))


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"crs": None}, "no coordinate reference system"),
        ({"crs": "EPSG:4326"}, "metre, within 1 %"),
        ({"descriptions": ("red", "green")}, "red, nir once"),
        ({"descriptions": ("red", "red")}, "red, nir once"),
        ({"transform": None}, "does not say where"),
        ({"dtype": "complex64"}, "no real numbers"),
    ],
)
def test_what_does_not_fit_is_refused(profile: dict[str, Any], words: str, tmp_path: Path) -> None:
    values = made_scene(20, 20).astype(profile.get("dtype", np.float32))
    with (
        pytest.raises(InputError) as caught,
        open_scene(write_scene(tmp_path / "s.tif", values, **profile), stated()),
    ):
        pass
    assert words in str(caught.value)


def test_other_pixels_are_refused_with_what_to_do(tmp_path: Path, rasterio: Any) -> None:
    path = write_scene(tmp_path / "s.tif", made_scene(20, 20))
    for wanted, came in ((10.05, None), (10.2, "10 by 10 metre"), (20.0, "10 by 10 metre")):
        contract = stated(resolution=wanted)
        if came is None:
            with open_scene(path, contract):
                continue
        with pytest.raises(InputError, match="another size") as caught, open_scene(path, contract):
            pass
        assert came in str(caught.value)
        assert caught.value.hint is not None
        assert "gdalwarp -tr" in caught.value.hint


def test_a_number_of_unnamed_bands_is_held(tmp_path: Path) -> None:
    path = write_scene(tmp_path / "s.tif", np.zeros((3, 20, 20), np.float32), descriptions=())
    with pytest.raises(InputError, match="another number of bands") as caught, open_scene(path, stated()):
        pass
    assert caught.value.came == "3 bands"


def test_control_points_are_no_transform(tmp_path: Path, rasterio: Any) -> None:
    corners = ((0, 0), (0, 20), (20, 0))
    points = [rasterio.control.GroundControlPoint(row, col, 10.0 * col, -10.0 * row) for row, col in corners]
    path = write_scene(tmp_path / "s.tif", made_scene(20, 20), gcps=points, transform=None)
    with pytest.raises(InputError, match="ground control points"), open_scene(path, stated()):
        pass


def test_a_file_without_a_place_is_refused_in_one_word(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = write_scene(tmp_path / "s.tif", made_scene(20, 20), transform=None)
    recwarn.clear()
    with pytest.raises(InputError, match="does not say where"), open_scene(path, stated()):
        pass
    assert not [item for item in recwarn if "georeferenced" in str(item.message).lower()]


@pytest.mark.parametrize("compress", ["none", "deflate"])
def test_a_file_that_was_cut_off_is_named_with_the_place(compress: str, tmp_path: Path) -> None:
    path = write_scene(tmp_path / "s.tif", made_scene(300, 300), compress=compress, front=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with open_scene(path, stated()) as scene:
        assert scene.read(0, 0, 20, 20).values.shape == (2, 20, 20)
        with pytest.raises(InputError, match="damaged: rows 0 to 299"):
            scene.read_all()


@pytest.mark.parametrize(
    "content", [b"", b"II*\x00", b"no raster", b"II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 40]
)
def test_what_is_no_raster_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.tif").write_bytes(content)
    with pytest.raises(InputError, match="cannot be opened"), open_scene(tmp_path / "s.tif", stated()):
        pass
