"""DataArrays in, Datasets out: the same numbers as files give, and arrays that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.arrays import ArrayScene, map_array
from fieldpack.scenes.mapping import map_scene
from fieldpack.scenes.testing import EPSG, made_scene, tile_contract, write_scene

rasterio = pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")
xarray = pytest.importorskip("xarray", reason="pip install 'fieldpack[geo]'")

WKT = rasterio.crs.CRS.from_epsg(EPSG).to_wkt()


def array_of(values: np.ndarray, **changes: Any) -> Any:
    """As rioxarray opens the file that ``write_scene`` writes."""
    _, height, width = values.shape
    coords: dict[str, Any] = {
        "band": ["red", "nir"],
        "y": 5_200_000 - 10 * (np.arange(height) + 0.5),
        "x": 500_000 + 10 * (np.arange(width) + 0.5),
        "spatial_ref": ((), 0, {"crs_wkt": WKT}),
        **changes,
    }
    return xarray.DataArray(
        values, {name: item for name, item in coords.items() if item is not None}, ("band", "y", "x")
    )


def stated() -> RasterInput:
    found = tile_contract().inputs[0]
    assert isinstance(found, RasterInput)
    return found


@pytest.mark.parametrize("size", [(61, 83), (9, 40)])
def test_an_array_gives_what_its_file_gives(
    size: tuple[int, int], tiles_bundle: Path, tmp_path: Path
) -> None:
    values = made_scene(*size)
    scene = write_scene(tmp_path / "s.tif", values)
    with open_bundle(tiles_bundle) as bundle:
        map_scene(bundle, scene, tmp_path / "m.tif")
        found = map_array(bundle, array_of(values))
    with rasterio.open(tmp_path / "m.tif") as file:
        wanted, transform = file.read(), file.transform
    assert list(found.data_vars) == ["low", "middle", "high"]
    assert np.array_equal(np.stack([found[name].values for name in found.data_vars]), wanted, equal_nan=True)
    assert found["middle"].attrs == {"units": "metre", "grid_mapping": "spatial_ref"}
    numbers = [float(part) for part in found.spatial_ref.attrs["GeoTransform"].split()]
    assert rasterio.Affine.from_gdal(*numbers) == transform
    assert rasterio.crs.CRS.from_wkt(found.spatial_ref.attrs["crs_wkt"]).to_epsg() == EPSG
    assert found.x.values[0] == 500_005


def test_a_map_survives_a_file(tiles_bundle: Path, tmp_path: Path) -> None:
    with open_bundle(tiles_bundle) as bundle:
        found = map_array(bundle, array_of(made_scene(20, 30)))
    found.to_netcdf(tmp_path / "m.nc", engine="scipy")
    again = xarray.open_dataset(tmp_path / "m.nc", engine="scipy", decode_coords="all")
    assert "crs_wkt" in again.coords["spatial_ref"].attrs
    assert np.allclose(again["middle"].values, found["middle"].values, equal_nan=True)


def test_dimensions_and_names_come_in_any_order() -> None:
    values = made_scene(20, 30)
    turned = array_of(values[::-1], band=["nir", "red"]).transpose("x", "band", "y")
    scene = ArrayScene(turned, stated())
    assert np.array_equal(scene.read(2, 3, 4, 5).values, values[:, 2:6, 3:8])
    named = array_of(values, band=None)
    named.attrs["long_name"] = ("red", "nir")
    assert np.array_equal(ArrayScene(named, stated()).read(0, 0, 2, 2).values, values[:, :2, :2])


def test_lazy_arrays_are_computed_by_window() -> None:
    dask = pytest.importorskip("dask.array", reason="pip install 'fieldpack[dask]'")
    values, computed = made_scene(64, 64), []

    def block(part: np.ndarray) -> np.ndarray:
        computed.append(part.shape)
        return part

    lazy = dask.from_array(values, chunks=(2, 16, 16)).map_blocks(block, dtype=values.dtype, meta=values[:0])
    scene = ArrayScene(array_of(values).copy(data=lazy), stated())
    assert not computed
    assert np.array_equal(scene.read(1, 1, 10, 10).values, values[:, 1:11, 1:11])
    assert len(computed) == 1


def test_the_fill_value_is_a_mask() -> None:
    values = made_scene(20, 20)
    values[1, 3, 4] = 77
    array = array_of(values)
    array.encoding["_FillValue"] = 77.0
    assert np.argwhere(ArrayScene(array, stated()).read(0, 0, 20, 20).masked).tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spatial_ref": None}, "no coordinate reference system"),
        ({"spatial_ref": ((), 0, {"crs_wkt": "nonsense"})}, "is none"),
        ({"x": None}, "where its pixels lie along x"),
        ({"x": np.arange(30.0) ** 2}, "not even"),
        ({"band": ["red", "green"]}, "does not have the bands"),
        ({"y": 20 * np.arange(20)}, "another size"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        ArrayScene(array_of(made_scene(20, 30), **changes), stated())
    assert words in str(caught.value)


def test_other_dimensions_are_refused() -> None:
    cube = array_of(made_scene(20, 30)).expand_dims("time")
    with pytest.raises(InputError, match="other dimensions"):
        ArrayScene(cube, stated())
    with pytest.raises(InputError, match="another number of bands"):
        ArrayScene(array_of(made_scene(20, 30)).isel(band=0, drop=True), stated())


def test_what_is_no_array_of_xarray_is_refused() -> None:
    for thing in (array_of(made_scene(20, 20)).to_dataset(name="scene"), made_scene(20, 20), None):
        with pytest.raises(InputError, match="is a DataArray"):
            ArrayScene(thing, stated())


def test_an_array_from_south_to_north_is_doubted(tiles_bundle: Path) -> None:
    array = array_of(made_scene(20, 20)).isel(y=slice(None, None, -1))
    with open_bundle(tiles_bundle) as bundle, pytest.warns(UserWarning, match="is mirrored"):
        found = map_array(bundle, array)
    assert np.array_equal(found.y, array.y)
