"""xarray in and out: a DataArray as a scene, and its map as a Dataset.

The place is read and written as rioxarray and GDAL's netCDF driver do, after the CF conventions: a scalar
coordinate ``spatial_ref`` with ``crs_wkt`` and ``GeoTransform``, which every variable names as its grid
mapping. rioxarray itself is not needed. An array that Dask holds is computed window by window.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.read import Bundle
from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError
from fieldpack.predict import Predictor
from fieldpack.scenes.answering import answer_size, answer_tiles, raster_input
from fieldpack.scenes.bands import MapContent
from fieldpack.scenes.doubts import scene_doubts
from fieldpack.scenes.mapping import begin_mosaic, content_of
from fieldpack.scenes.requirements import band_places, check_resolution, geo_library
from fieldpack.scenes.scene import Affine, Place, Window
from fieldpack.scenes.tiles import plan_tiles, tile_numbers

GRID = "spatial_ref"
ROWS = ("y", "lat", "latitude")
COLUMNS = ("x", "lon", "longitude")
UNEVEN = 1e-4
"""Of a step, by which coordinates may differ from even ones."""


class ArrayScene:
    """A DataArray that fits the contract.

    Parameters
    ----------
    array : xarray.DataArray
        Dimensions (band, y, x), in any order; (y, x) for a single band. Bands have names where the
        coordinate ``band`` holds text, or the attribute ``long_name`` one text a band.
    contract : RasterInput
        What it is held against.

    Raises
    ------
    InputError
        It is no DataArray, has no coordinate reference system or place, or other dimensions, bands or
        pixels.
    MissingDependencyError
        rasterio or xarray is not installed.
    """

    def __init__(self, array: Any, contract: RasterInput) -> None:
        if not isinstance(array, geo_library("xarray").DataArray):
            raise InputError("a scene is a DataArray", came=type(array).__name__, allowed="xarray.DataArray")
        rows, columns, band = _dimensions(array)
        if band is None:
            array, band = array.expand_dims("band"), "band"
        self._array = array.transpose(band, rows, columns)
        self._no_data = _no_data(array)
        names = _band_names(self._array, band)
        self._bands = band_places("the array", contract, names)
        crs = _reference_system(array)
        transform = _transform(self._array, rows, columns)
        _, height, width = self._array.shape
        self.place = Place(height, width, crs.to_wkt(), transform)
        metres = crs.linear_units_factor[1] if crs.is_projected else None
        check_resolution("the array", contract, self.place.resolution, metres)

    def read(self, row: int, column: int, height: int, width: int) -> Window:
        """A window, [bands, height, width]; computed if it is not yet."""
        part = self._array[self._bands, row : row + height, column : column + width]
        values = np.asarray(part.values)
        masked = np.zeros(values.shape[1:], np.bool_)
        if self._no_data is not None:
            masked |= (values == self._no_data).any(axis=0)
        return Window(values, masked)


def map_array(bundle: Bundle, array: Any, *, flavour: str | None = None, precision: str | None = None) -> Any:
    """Answer a DataArray, tile by tile; the map is in memory.

    Parameters
    ----------
    bundle : Bundle
        Takes a raster, and gives estimates.
    array : xarray.DataArray
        The scene; see :class:`ArrayScene`.
    flavour, precision : str, optional
        As for :class:`~fieldpack.predict.Predictor`.

    Returns
    -------
    xarray.Dataset
        One float32 variable [y, x] a band of the map, NaN where there is no answer, with its unit. The same
        numbers as :func:`fieldpack.scenes.mapping.map_scene` writes.

    Warns
    -----
    UserWarning
        What speaks against the scene, see :func:`fieldpack.scenes.doubts.scene_doubts`.

    Raises
    ------
    InputError
        The array does not fit the contract.
    """
    predictor = Predictor(bundle, flavour, precision=precision)
    contract, content = raster_input(predictor), content_of(predictor)
    scene = ArrayScene(array, contract)
    for doubt in scene_doubts(scene, contract):
        warnings.warn(doubt, UserWarning, stacklevel=2)
    tiles = plan_tiles(contract, scene.place.height, scene.place.width, answer_size(predictor))
    place = scene.place.coarser(tiles.factor)
    mosaic = begin_mosaic(contract, tiles, len(content.contract.outputs))
    values = np.full((len(content.bands), place.height, place.width), np.nan, np.float32)
    for row in range(len(tiles.rows.starts)):
        numbers = list(tile_numbers(tiles, row))
        strip = mosaic.add_row(answer_tiles(predictor, contract, scene, tiles, numbers))
        values[:, strip.first : strip.end] = content.made(strip.values)
    return _dataset(content, place, values)


def _dataset(content: MapContent, place: Place, values: NDArray[np.float32]) -> Any:
    xarray, rasterio = geo_library("xarray"), geo_library("rasterio")
    a, b, c, d, e, f = place.transform
    if b or d:
        raise InputError("a map of turned pixels has no coordinates along its axes", came=place.transform)
    crs = rasterio.crs.CRS.from_wkt(place.crs)
    wkt = crs.to_wkt()
    words = {"crs_wkt": wkt, "spatial_ref": wkt, "GeoTransform": f"{c!r} {a!r} {b!r} {f!r} {d!r} {e!r}"}
    axes = {"x": ("projection_x_coordinate", "m"), "y": ("projection_y_coordinate", "m")}
    if crs.is_geographic:
        axes = {"x": ("longitude", "degrees_east"), "y": ("latitude", "degrees_north")}
    ends = {
        "x": c + a * (np.arange(place.width) + 0.5),
        "y": f + e * (np.arange(place.height) + 0.5),
    }
    coords: dict[str, Any] = {GRID: ((), np.int64(0), words)}
    for name, (standard, unit) in axes.items():
        coords[name] = ((name,), ends[name], {"axis": name.upper(), "standard_name": standard, "units": unit})
    variables = {
        band.name: (("y", "x"), values[at], {"units": band.unit, "grid_mapping": GRID})
        for at, band in enumerate(content.bands)
    }
    return xarray.Dataset(variables, coords, {"Conventions": "CF-1.11"})


def _dimensions(array: Any) -> tuple[str, str, str | None]:
    """Names of rows, columns and bands."""
    names = [str(name) for name in array.dims]
    rows = next((name for name in names if name.lower() in ROWS), None)
    columns = next((name for name in names if name.lower() in COLUMNS), None)
    rest = [name for name in names if name not in (rows, columns)]
    if rows is None or columns is None or len(rest) > 1:
        raise InputError(
            "the array has other dimensions than a scene", came=", ".join(names), allowed="band, y, x"
        )
    return rows, columns, rest[0] if rest else None


def _band_names(array: Any, band: str) -> list[str | None]:
    count = array.shape[0]
    stated = array.attrs.get("long_name")
    if band in array.coords and array.coords[band].dtype.kind in "UO":
        return [str(name) for name in array.coords[band].values]
    if isinstance(stated, tuple | list) and len(stated) == count:
        return [str(name) for name in stated]
    return [None] * count


def _reference_system(array: Any) -> Any:
    rasterio = geo_library("rasterio")
    name = array.attrs.get("grid_mapping", array.encoding.get("grid_mapping", GRID))
    words = array.coords[name].attrs if name in array.coords else {}
    text = words.get("crs_wkt") or words.get("spatial_ref")
    if not text:
        raise InputError(
            "the array has no coordinate reference system, so its answers would have no place",
            came=", ".join(str(name) for name in array.coords),
            allowed=f"a coordinate {GRID} with the attribute crs_wkt",
            hint="with rioxarray: array = array.rio.write_crs('EPSG:CODE')",
        )
    try:
        crs = rasterio.crs.CRS.from_user_input(text)
    except rasterio.errors.CRSError as error:
        raise InputError("the coordinate reference system of the array is none", came=text[:200]) from error
    if not (crs.is_projected or crs.is_geographic):
        raise InputError("the array has neither projected nor geographic coordinates", came=text[:200])
    return crs


def _transform(array: Any, rows: str, columns: str) -> Affine:
    """From ``GeoTransform``, else from coordinates of pixel centres."""
    name = array.attrs.get("grid_mapping", array.encoding.get("grid_mapping", GRID))
    stated = array.coords[name].attrs.get("GeoTransform")
    if stated and not (columns in array.coords and rows in array.coords):
        c, a, b, f, d, e = (float(part) for part in str(stated).split())
        return a, b, c, d, e, f
    first, across = _even(array, columns)
    top, down = _even(array, rows)
    return across, 0.0, first - across / 2, 0.0, down, top - down / 2


def _even(array: Any, name: str) -> tuple[float, float]:
    """First coordinate and step of an axis."""
    if name not in array.coords or array.sizes[name] < 2:
        raise InputError(
            f"the array does not say where its pixels lie along {name}",
            allowed="coordinates of at least two pixel centres, or the attribute GeoTransform",
        )
    values = np.asarray(array.coords[name].values, np.float64)
    step = (values[-1] - values[0]) / (len(values) - 1)
    if not step or np.abs(np.diff(values) / step - 1).max() > UNEVEN:
        raise InputError(f"the coordinates of the array along {name} are not even", came=values[:4])
    return float(values[0]), float(step)


def _no_data(array: Any) -> float | None:
    for words in (array.attrs, array.encoding):
        for name in ("_FillValue", "missing_value"):
            if name in words:
                return float(words[name])
    return None
