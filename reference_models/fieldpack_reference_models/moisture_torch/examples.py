"""Examples of fuel moisture: what satellites and weather said in three months, and what was weighed.

The measurements as they are published become the four tensors of the contract; a phone does the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack_reference_models.moisture_torch.network import COVERS

FOLDER = Path("geo") / "fuel_moisture"
LEFT_OUT = 10
"""B9 of Sentinel-2, which the encoder does not take."""
ADDED = (25.0, 25.0, *[0.0] * 10, -272.15, 0.0, 0.0, 0.0, 0.0)
DIVIDED = (25.0, 25.0, *[1e4] * 10, 35.0, 0.03, 2000.0, 50.0, 1.0)
"""Of the 17 bands: dB, reflectance times 10,000, kelvin, metres of rain, metres, degrees, NDVI."""
RED, NEAR_INFRARED, NDVI = 4, 8, 16
QUANTITY = "fuel_moisture"

Reals = NDArray[np.float32]
INPUTS = ("bands", "cover", "month", "place")


@dataclass(frozen=True, slots=True)
class Examples:
    """Inputs by name [N, ...], moisture in percent of the dry weight float32 [N], and the site of each."""

    inputs: dict[str, Reals]
    moisture: Reals
    sites: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.moisture)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Examples:
        """Some of them."""
        inputs = {name: values[chosen] for name, values in self.inputs.items()}
        return Examples(inputs, self.moisture[chosen], self.sites[chosen])


def read_examples(data: Path, test: bool) -> Examples:
    """The examples of the training sites, or of the test sites, below `data`.

    Raises
    ------
    InputError
        The folder is missing.
    """
    folder = data / FOLDER
    if not folder.is_dir():
        raise InputError(
            "the measurements of fuel moisture are not there", came=folder, hint="--data FOLDER has geo/"
        )
    names = ("s1_s2_era5_srtm", "dynamic_world", "month", "latlon", "target", "site", "is_test")
    series, cover, month, latlon, target, sites, tested = (np.load(folder / f"{name}.npy") for name in names)
    own = (tested == 1) == test
    inputs = prepared(series[own], cover[own], month[own], latlon[own])
    return Examples(inputs, target[own].astype(np.float32), sites[own])


def dataset(
    split: str, count: int
) -> Iterator[tuple[str, Mapping[str, Reals], Mapping[str, Reals], dict[str, str]]]:
    """Examples of a split for packing: ``FOLDER:train`` or ``FOLDER:test``, FOLDER with ``geo/``.

    A relative FOLDER is looked for from the folder of ``pack.toml``. They come in an order of chance, so that
    the first `count` are of many sites.

    Raises
    ------
    InputError
        The split has another name.
    """
    folder, _, name = split.rpartition(":")
    if name not in ("train", "test") or not folder:
        raise InputError(
            "a split of the fuel moisture is unknown", came=split, allowed="FOLDER:train or FOLDER:test"
        )
    found = read_examples(Path(__file__).parent / folder, test=name == "test")
    for row in np.random.default_rng(0).permutation(len(found))[:count].tolist():
        inputs = {key: values[row] for key, values in found.inputs.items()}
        yield f"{name}-{row}", inputs, {QUANTITY: found.moisture[row : row + 1]}, {"site": found.sites[row]}


def prepared(
    series: NDArray[np.float64],
    cover: NDArray[np.integer],
    month: NDArray[np.integer],
    latlon: NDArray[np.float64],
) -> dict[str, Reals]:
    """The tensors of the contract.

    Parameters
    ----------
    series : ndarray [N, 3, 18]
        S1 VV and VH (dB); S2 B2 to B8, B8A, B9, B11, B12 (reflectance times 10,000); ERA5 temperature (K) and
        precipitation (m); elevation (m) and slope (degrees); NDVI.
    cover : ndarray of int [N, 3]
        Class of Dynamic World, 0..8.
    month : ndarray of int [N, 3]
        0 for January.
    latlon : ndarray [N, 2]
        Latitude and longitude, degrees.

    Returns
    -------
    dict
        bands [N, 3, 17], shifted and divided as in Presto, NDVI computed anew; cover one-hot [N, 3, 9]; sine
        and cosine of the month [N, 3, 2]; place as a unit vector [N, 3]. float32.

    Raises
    ------
    InputError
        A class or a month is unknown, or a value is not finite.
    """
    bands = (np.delete(series, LEFT_OUT, axis=2) + np.array(ADDED)) / np.array(DIVIDED)
    red, near = bands[..., RED], bands[..., NEAR_INFRARED]
    total = red + near
    bands[..., NDVI] = np.where(total > 0, (near - red) / np.where(total > 0, total, 1), 0)
    if not (np.isfinite(bands).all() and np.isfinite(latlon).all()):
        raise InputError("a measurement is no finite number", hint="leave out examples with gaps")
    for name, values, count in (("class of land cover", cover, COVERS), ("month", month, 12)):
        if values.min() < 0 or values.max() >= count:
            raise InputError(
                f"a {name} is unknown", came=f"{values.min()} to {values.max()}", allowed=f"0 to {count - 1}"
            )
    angles = month * (2 * np.pi / 12)
    lat, lon = np.deg2rad(latlon).T
    found = {
        "bands": bands,
        "cover": np.eye(COVERS)[cover],
        "month": np.stack([np.sin(angles), np.cos(angles)], axis=-1),
        "place": np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}
