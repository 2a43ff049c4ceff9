"""Tiles for packing: each has a block in its middle, and truth there alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError
from fieldpack_reference_models.canopy_torch.blocks import make_blocks
from fieldpack_reference_models.canopy_torch.learning import CanopyRecipe
from fieldpack_reference_models.canopy_torch.scenes import (
    FACTOR,
    QUANTITY,
    Reals,
    Scene,
    contract_input,
    read_scenes,
)
from fieldpack_reference_models.canopy_torch.train import RECIPE

Item = tuple[str, Reals, Mapping[str, NDArray[np.float32]], dict[str, str]]


def dataset(split: str, count: int) -> Iterator[Item]:
    """Tiles of a split: ``FOLDER:calibration`` or ``FOLDER:validation``, FOLDER with ``geo/canopy/``.

    Both are halves of the folds that the weights have not learned from: what packing costs is told from the
    two models' answers on the same ground, and needs as much of it as there is.

    A relative FOLDER is looked for from the folder of ``pack.toml``.

    Yields
    ------
    (str, float32 [3, 352, 352], {quantity: float32 [176, 176]}, slices)
        Truth is NaN outside the block, whose number and scene are the slices.

    Raises
    ------
    InputError
        The split has another name.
    """
    folder, _, name = split.rpartition(":")
    unseen = (*RECIPE.validation, *RECIPE.calibration)
    half = len(unseen) // 2
    folds = {"validation": unseen[:half], "calibration": unseen[half:]}.get(name)
    if folds is None or not folder:
        raise InputError(
            "a split of the canopy scenes is unknown", came=split, allowed="FOLDER:calibration or :validation"
        )
    scenes = read_scenes(Path(__file__).parent / folder)
    for number, item in enumerate(cut_tiles(scenes, RECIPE, folds)):
        if number == count:
            return
        yield item


def cut_tiles(scenes: tuple[Scene, ...], recipe: CanopyRecipe, folds: tuple[int, ...]) -> Iterator[Item]:
    """A tile for each block of some folds, the picture mirrored beyond its ends."""
    side = contract_input().height // FACTOR
    edge = (side - recipe.block_m) // 2
    blocks = make_blocks(scenes, recipe.block_m, recipe.folds, recipe.seed)
    for number, (place, row, column) in enumerate(blocks.corners):
        if blocks.folds[number] not in folds:
            continue
        scene = scenes[place]
        truth = np.where(blocks.numbers[place] == number, scene.heights, np.float32(np.nan))
        bands = _window(scene.bands, FACTOR * (row - edge), FACTOR * (column - edge), FACTOR * side, "mirror")
        heights = _window(truth[None], row - edge, column - edge, side, "nothing")[0]
        name = f"{scene.name}-{row}-{column}"
        yield name, bands, {QUANTITY: heights}, {"block": str(number), "scene": scene.name}


def _window(layers: Reals, top: int, left: int, side: int, beyond: str) -> Reals:
    """[C, side, side] from a corner that may lie outside; beyond the ends mirrored, or NaN."""
    height, width = layers.shape[1:]
    mode: dict[str, Any] = {"mode": "reflect"}
    if beyond == "nothing":
        mode = {"mode": "constant", "constant_values": np.nan}
    above, before = max(-top, 0), max(-left, 0)
    below, behind = max(top + side - height, 0), max(left + side - width, 0)
    wide = np.pad(layers, ((0, 0), (above, below), (before, behind)), **mode)
    return wide[:, top + above : top + above + side, left + before : left + before + side]
