"""Aerial pictures with the heights that a laser measured: Zurich, and two plots of NEON.

Pictures are brought to 0.5 m, heights stand at 1 m: two by two pixels lie on one cell of heights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.requirements import geo_library
from fieldpack.spec import load_spec

FACTOR = 2
"""Pixels of the picture on the side of a cell of heights."""
FOLDER = Path("geo") / "canopy"
PAIRS = {
    "zurich": ("zurich_rgb_0p5m.tif", "zurich_chm_1m.tif"),
    "osbs": ("OSBS_029_rgb_0p1m.tif", "OSBS_029_chm_1m_from_laz.tif"),
    "sjer": ("SJER_052_rgb_0p1m.tif", "SJER_052_chm_1m_from_laz.tif"),
}
QUANTITY = "canopy_height"

Reals = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and what was measured there.

    Attributes
    ----------
    name : str
        Of the place.
    bands : ndarray
        float32 [3, 2 * H, 2 * W], red, green and blue, 0..255, pixels of 0.5 m.
    heights : ndarray
        float32 [H, W], canopy height in metres, cells of 1 m; NaN where it is not known.
    """

    name: str
    bands: Reals
    heights: Reals

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where the height is known, [H, W]."""
        return np.isfinite(self.heights)


def read_scenes(data: Path) -> tuple[Scene, ...]:
    """Read the three scenes below `data`.

    Raises
    ------
    MissingDependencyError
        rasterio is not installed.
    InputError
        A file is missing, or picture and heights do not begin at one corner.
    """
    return tuple(_read(data / FOLDER, name, *files) for name, files in PAIRS.items())


def _read(folder: Path, name: str, picture: str, heights: str) -> Scene:
    rasterio = geo_library("rasterio")
    for file in (picture, heights):
        if not (folder / file).is_file():
            raise InputError(
                f"the scene {name} is not there", came=folder / file, hint="--data FOLDER has geo/canopy/"
            )
    with rasterio.open(folder / picture) as found:
        bands, corner, side = found.read().astype(np.float32), found.bounds, found.res[0]
    with rasterio.open(folder / heights) as found:
        truth = found.read(1).astype(np.float32)
        truth[truth == found.nodata] = np.nan
        apart = max(abs(found.bounds.left - corner.left), abs(found.bounds.top - corner.top))
    if apart > side / 2:
        raise InputError(f"picture and heights of {name} begin at two corners", came=f"{apart} m apart")
    return matched(name, pooled(bands, round(0.5 / side)), truth)


def pooled(bands: Reals, factor: int) -> Reals:
    """The means of `factor` by `factor` pixels; what is over at the far ends is cut off."""
    rows, columns = bands.shape[1] // factor, bands.shape[2] // factor
    cut = bands[:, : rows * factor, : columns * factor]
    parts = cut.reshape(len(bands), rows, factor, columns, factor)
    return np.asarray(parts.mean(axis=(2, 4)), np.float32)


def matched(name: str, bands: Reals, heights: Reals) -> Scene:
    """A scene of the cells that picture and heights share, from their common corner."""
    rows = min(bands.shape[1] // FACTOR, heights.shape[0])
    columns = min(bands.shape[2] // FACTOR, heights.shape[1])
    return Scene(name, bands[:, : rows * FACTOR, : columns * FACTOR], heights[:rows, :columns])


def contract_input() -> RasterInput:
    """The input of ``pack.toml``: what scales the bands in training scales them on the phone."""
    found = load_spec(Path(__file__).with_name("pack.toml")).contract.inputs[0]
    if not isinstance(found, RasterInput):
        raise TypeError(f"the pack.toml of canopy_torch has a {found.kind} input")
    return found


def scaled(bands: Reals, contract: RasterInput) -> Reals:
    """Bands [3, H, W] of any size as the network takes them."""
    pairs = [band.scaling.scale_offset() for band in contract.bands]
    scale, offset = (np.array(part)[:, None, None] for part in zip(*pairs, strict=True))
    return np.asarray(bands * scale + offset, np.float32)


def cells(scenes: Sequence[Scene]) -> int:
    """How many heights are known."""
    return int(sum(scene.known.sum() for scene in scenes))
