"""What a contract asks of a scene: its bands and the size of its pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fieldpack.contract.raster import RasterInput
from fieldpack.errors import InputError, MissingDependencyError


def geo_library(name: str) -> Any:
    """rasterio or xarray, or a module of theirs.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = name.partition(".")[0]
        raise MissingDependencyError(f"scenes need {missing}", hint='pip install "fieldpack[geo]"') from error


def band_places(where: str, contract: RasterInput, names: Sequence[str | None]) -> list[int]:
    """The place of each band of the contract among a scene's, from 0.

    By name where every band of the scene has one, else in order; names that only some bands have must not
    speak against that order.

    Parameters
    ----------
    where : str
        The scene, for messages.
    contract : RasterInput
        Its bands.
    names : sequence
        One a band of the scene; None or "" for a band without a name.

    Raises
    ------
    InputError
        A band is missing or named twice, or their number differs where they have no names, or some names
        stand elsewhere than in order.
    """
    wanted = [band.name for band in contract.bands]
    if names and all(names):
        found = [str(name) for name in names]
        if any(found.count(name) != 1 for name in wanted):
            raise InputError(
                f"{where} does not have the bands of input {contract.name!r}",
                came=", ".join(found),
                allowed=f"each of {', '.join(wanted)} once, in any order, others beside them",
                hint=f"the model was trained on {contract.sensor}",
            )
        return [found.index(name) for name in wanted]
    if len(names) != len(wanted):
        raise InputError(
            f"{where} has another number of bands than input {contract.name!r}, and does not name them all",
            came=f"{len(names)} bands",
            allowed=f"{len(wanted)}: {', '.join(wanted)}",
            hint="take these bands, or give each band its name as its description",
        )
    astray = [name for place, name in enumerate(names) if name in wanted and wanted[place] != name]
    if astray:
        raise InputError(
            f"{where} names only some bands, and they stand in another order than in input {contract.name!r}",
            came=", ".join(str(name or "no name") for name in names),
            allowed=", ".join(wanted),
            hint="give each band its name as its description",
        )
    return list(range(len(wanted)))


def check_resolution(
    where: str, contract: RasterInput, resolution: tuple[float, float], metres_per_unit: float | None
) -> None:
    """Refuse pixels of another size on the ground.

    Parameters
    ----------
    resolution : (float, float)
        Height and width of a pixel, in the unit of the coordinates.
    metres_per_unit : float or None
        Of projected coordinates; None for coordinates in degrees.

    Raises
    ------
    InputError
        The unit is another, or a side differs by more than the contract tolerates.
    """
    unit = "degree" if metres_per_unit is None else "metre"
    sides = [side * (metres_per_unit or 1.0) for side in resolution]
    wanted, tolerance = contract.resolution, contract.resolution_tolerance
    fits = all(abs(side / wanted - 1) <= tolerance + 1e-9 for side in sides)
    if unit == contract.resolution_unit and fits and all(map(math.isfinite, sides)):
        return
    raise InputError(
        f"the pixels of {where} have another size than input {contract.name!r} takes",
        came=f"{sides[0]:.6g} by {sides[1]:.6g} {unit}",
        allowed=f"{wanted:g} {contract.resolution_unit}, within {100 * tolerance:g} %",
        hint=f"resample it first: gdalwarp -tr {wanted:g} {wanted:g} -r bilinear IN OUT"
        + ("" if unit == contract.resolution_unit else f", in coordinates in {contract.resolution_unit}s"),
    )
