"""What a contract asks for that generated sources do not do, told with every export of sources."""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.bundle.manifest import Manifest
from fieldpack.contract import Input, LocationInput, SoundInput
from fieldpack.contract.raster import RasterInput
from fieldpack.contract.resampling import SoxrHq


def left_to_apps(manifest: Manifest) -> tuple[str, ...]:
    """Sentences, one for each thing that the app must do by itself."""
    found = [note for item in manifest.contract.inputs for note in _of_input(item)]
    if manifest.contract.intervals:
        found.append("prediction intervals stand in contract.json; the sources do not compute them")
    return tuple(found)


def _of_input(contract: Input) -> Iterator[str]:
    if isinstance(contract, LocationInput):
        yield from _of_place(contract)
    if isinstance(contract, SoundInput) and isinstance(contract.front_end.resampler, SoxrHq):
        rate = contract.front_end.sample_rate_hz
        yield f"{contract.name}: the contract resamples by soxr, so hand over sounds of {rate} Hz"
    if isinstance(contract, RasterInput):
        yield f"{contract.name}: the sources take tiles; cutting scenes and joining maps is the app's"


def _of_place(contract: LocationInput) -> Iterator[str]:
    name = contract.name
    if contract.snap_resolution is not None:
        yield f"{name}: hand over the centre of the H3 cell of resolution {contract.snap_resolution}"
    if contract.elevation_table is not None:
        yield f"{name}: hand over the elevation that the table of cells has"
    if contract.features is not None:
        yield f"{name}: hand over the features that the table of cells has"
