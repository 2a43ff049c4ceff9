"""What makes answers to a scene doubtful, though its bands and pixels are what the contract asks for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import Band, RasterInput
from fieldpack.errors import InputError
from fieldpack.preprocess.raster import missing_pixels
from fieldpack.scenes.requirements import geo_library
from fieldpack.scenes.scene import Place, Scene

OUTSIDE = 0.5
"""Share of a band's values beyond one end of its clip range from which a warning is given."""
STRETCH = 0.05
"""Share by which a pixel on the ground may be larger or smaller than asked for; UTM changes 0.001."""
TURN = 10.0
"""Degrees from which a scene is told to be turned; orbits of satellites lean by as much."""
SAMPLES = 3
"""Windows along each axis that are looked at."""
EQUATOR_M, FLATTENING = 6_378_137.0, 1 / 298.257223563


def scene_doubts(scene: Scene, contract: RasterInput) -> tuple[str, ...]:
    """Sentences with figures; none where nothing is doubtful.

    Parameters
    ----------
    scene : Scene
        Open; nine windows of a tile's size at most are read.
    contract : RasterInput
        What it is for.
    """
    stretched = _stretched(scene.place, contract) if contract.resolution_unit == "metre" else ()
    return (*_turned(scene.place), *stretched, *_outside(scene, contract))


def _turned(place: Place) -> Iterator[str]:
    a, b, _, d, e, _ = place.transform
    if a * e - b * d > 0:
        yield "the scene is mirrored, such as by rows that run from south to north; the model sees it so"
    angle = abs(math.degrees(math.atan2(d, a)))
    if angle > TURN:
        yield f"the scene's rows are turned by {angle:.3g} degrees from east; the model sees it so"


def _stretched(place: Place, contract: RasterInput) -> Iterator[str]:
    ground = ground_pixel(place)
    wanted = contract.resolution
    most = max(STRETCH, contract.resolution_tolerance)
    if ground is None or all(abs(side / wanted - 1) <= most for side in ground):
        return
    yield (
        f"a pixel in the middle of the scene is {ground[0]:.3g} by {ground[1]:.3g} m on the ground, the "
        f"model takes {wanted:g} m; its projection stretches distances there, UTM does not"
    )


def ground_pixel(place: Place) -> tuple[float, float] | None:
    """Height and width of the middle pixel on the ellipsoid, metres; None where it has no place on earth."""
    warp, crs = geo_library("rasterio.warp"), geo_library("rasterio.crs")
    a, b, c, d, e, f = place.transform
    middle = place.height / 2, place.width / 2
    ends = [(middle[0] + down, middle[1] + across) for down, across in ((0, 0), (1, 0), (0, 1))]
    xs, ys = ([p * column + q * row + r for row, column in ends] for p, q, r in ((a, b, c), (d, e, f)))
    try:
        longitudes, latitudes = warp.transform(crs.CRS.from_wkt(place.crs), crs.CRS.from_epsg(4326), xs, ys)
    except (geo_library("rasterio.errors").RasterioError, geo_library("rasterio._err").CPLE_BaseError):
        return None
    if not all(map(math.isfinite, (*longitudes, *latitudes))):
        return None
    points = list(zip(latitudes, longitudes, strict=True))
    return _distance(points[0], points[1]), _distance(points[0], points[2])


def _distance(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Metres between two near places (latitude, longitude), degrees."""
    eccentricity = FLATTENING * (2 - FLATTENING)
    latitude = math.radians((one[0] + two[0]) / 2)
    bulge = 1 - eccentricity * math.sin(latitude) ** 2
    turn = (two[1] - one[1] + 180) % 360 - 180
    north = math.radians(two[0] - one[0]) * EQUATOR_M * (1 - eccentricity) / bulge**1.5
    east = math.radians(turn) * EQUATOR_M / math.sqrt(bulge) * math.cos(latitude)
    return math.hypot(north, east)


def _outside(scene: Scene, contract: RasterInput) -> Iterator[str]:
    clipped = [place for place, band in enumerate(contract.bands) if not isinstance(band.clip, str)]
    if not clipped:
        return
    known = _sampled(scene, contract)
    for place in clipped if known.shape[1] else ():
        yield from _beyond(contract.bands[place], known[place])


def _beyond(band: Band, values: NDArray[np.float64]) -> Iterator[str]:
    if isinstance(band.clip, str):
        return
    low, high = band.clip
    for share, end in ((np.mean(values < low), "below"), (np.mean(values > high), "above")):
        if share > OUTSIDE:
            yield (
                f"{share:.0%} of the values of band {band.name} lie {end} the range of the training data, "
                f"{low:g} to {high:g} (median {np.median(values):.4g}); are they in another unit?"
            )


def _sampled(scene: Scene, contract: RasterInput) -> NDArray[np.float64]:
    """Values with data of windows that are spread over the scene, [bands, N]."""
    place = scene.place
    height, width = min(contract.height, place.height), min(contract.width, place.width)
    tops, lefts = _spread(place.height - height), _spread(place.width - width)
    parts = [np.empty((len(contract.bands), 0))]
    for top, left in itertools.product(tops, lefts):
        try:
            window = scene.read(top, left, height, width)
        except InputError:  # damaged, which is an error when its tiles are answered
            continue
        seen = ~missing_pixels(window.values, contract, window.masked)
        parts.append(window.values[:, seen].astype(np.float64))
    return np.concatenate(parts, axis=1)


def _spread(room: int) -> list[int]:
    return sorted({room * step // (SAMPLES - 1) for step in range(SAMPLES)})
