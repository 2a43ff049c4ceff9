"""Learning from crops of the scenes, and answers for whole scenes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.canopy_torch import network
from fieldpack_reference_models.canopy_torch.blocks import Masks
from fieldpack_reference_models.canopy_torch.scenes import FACTOR, Reals, Scene, contract_input, scaled
from fieldpack_reference_models.learning.torch_learner import framework

LOG = logging.getLogger("fieldpack.train")
AROUND_M = 32
"""So far a crop may reach over the end of a scene, where the picture is mirrored."""
MIRRORED_PX = 80
"""So far a whole scene is mirrored at its ends."""
LEVELS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class CanopyRecipe:
    """What decides the weights, besides the scenes.

    Attributes
    ----------
    seed : int
        Of every draw.
    steps, batch : int
        Steps, and crops a step.
    crop_m : int
        Side of a crop, metres.
    peak_rate, weight_decay : float
        Of AdamW; the rate rises over a tenth of the steps and falls by a cosine.
    dropped : float
        Share of the channels at 8 m that are left out.
    channels : int
        Of the first stage.
    light, tint : float
        Crops become brighter or darker by up to that share; standard deviation of a shift of each band, of
        scaled values.
    tall : float
        A cell is drawn 1 + min(height, 10 m) * tall times as often as bare ground.
    square : float
        Weight of the squared error of the mean beside the two pinball losses.
    average : float
        How much of the running mean of the weights stays at each step; that mean is the result. 0: the last
        weights are.
    block_m, folds, buffer_m : int
        Side of a block, number of folds, and distance of training cells from other folds.
    validation, calibration : tuple of int
        Folds that the weights are judged on, and that the interval is fitted on.
    together : int
        So many of these folds are judged by one network of the cross-validation, each with an interval that
        is fitted on all the others.
    """

    seed: int
    steps: int
    batch: int
    crop_m: int
    peak_rate: float
    weight_decay: float
    dropped: float
    channels: int
    light: float
    tint: float
    tall: float
    square: float
    average: float
    block_m: int
    folds: int
    buffer_m: int
    validation: tuple[int, ...]
    calibration: tuple[int, ...]
    together: int

    @property
    def held_out(self) -> tuple[int, ...]:
        """The folds that are not learned from, those of `validation` first."""
        return (*self.validation, *self.calibration)

    @property
    def training(self) -> tuple[int, ...]:
        """The folds that are learned from."""
        return tuple(sorted(set(range(self.folds)) - set(self.held_out)))

    def turned(self, by: int) -> CanopyRecipe:
        """The recipe whose validation and calibration folds lie so many folds farther."""
        validation, calibration = (
            tuple((fold + by) % self.folds for fold in folds) for folds in (self.validation, self.calibration)
        )
        return replace(self, validation=validation, calibration=calibration)


@dataclass(frozen=True, slots=True)
class Crops:
    """Crops of scenes as a batch: tiles [N, 3, H, W], heights [N, h, w], and which of them count."""

    tiles: Reals
    heights: Reals
    counts: NDArray[np.bool_]


class Cutter:
    """Cuts crops around training cells, the same ones for the same dice."""

    def __init__(self, scenes: Sequence[Scene], masks: Masks, recipe: CanopyRecipe) -> None:
        contract, around = contract_input(), AROUND_M
        wide = ((0, 0), (FACTOR * around,) * 2, (FACTOR * around,) * 2)
        self._recipe = recipe
        self._tiles = [np.pad(scaled(scene.bands, contract), wide, mode="reflect") for scene in scenes]
        self._heights = [np.pad(np.nan_to_num(scene.heights), around) for scene in scenes]
        self._counts = [np.pad(mask, around) for mask in masks]
        places = [np.argwhere(mask) for mask in self._counts]
        self._scene = np.repeat(np.arange(len(scenes)), [len(found) for found in places])
        self._place = np.concatenate(places)
        tall = np.concatenate([part[mask] for part, mask in zip(self._heights, self._counts, strict=True)])
        weights = 1 + np.minimum(tall, 10.0).astype(np.float64) * recipe.tall
        self._weights = weights / weights.sum()

    def batch(self, dice: np.random.Generator) -> Crops:
        """Crops turned, mirrored and lit by chance."""
        drawn = dice.choice(len(self._place), self._recipe.batch, p=self._weights)
        parts = [self._crop(int(cell), dice) for cell in drawn]
        tiles, heights, counts = (np.stack(part) for part in zip(*parts, strict=True))
        return Crops(tiles.astype(np.float32), heights.astype(np.float32), counts)

    def _crop(self, cell: int, dice: np.random.Generator) -> tuple[Any, Any, Any]:
        scene, side = int(self._scene[cell]), self._recipe.crop_m
        room = np.array(self._heights[scene].shape) - side
        first = self._place[cell] - side // 2 + dice.integers(-side // 6, side // 6, size=2)
        row, column = (int(at) for at in np.clip(first, 0, room))
        fine = np.s_[:, FACTOR * row : FACTOR * (row + side), FACTOR * column : FACTOR * (column + side)]
        coarse = np.s_[row : row + side, column : column + side]
        quarter, mirrored = int(dice.integers(4)), bool(dice.integers(2))
        layers = (self._tiles[scene][fine], self._heights[scene][coarse], self._counts[scene][coarse])
        tile, heights, counts = (_turned(layer, quarter, mirrored) for layer in layers)
        light = dice.uniform(1 - self._recipe.light, 1 + self._recipe.light)
        return tile * light + dice.normal(0, self._recipe.tint, (3, 1, 1)), heights, counts


def _turned(layer: NDArray[Any], quarter: int, mirrored: bool) -> NDArray[Any]:
    turned = np.rot90(layer, quarter, axes=(-2, -1))
    return turned[..., ::-1] if mirrored else turned


def learn(scenes: Sequence[Scene], masks: Masks, recipe: CanopyRecipe) -> Any:
    """Train on the cells of `masks`; returns the packed module with the weights rounded to halves."""
    torch = framework()
    torch.manual_seed(recipe.seed)
    module, dice = network.trainable(recipe.channels, recipe.dropped), np.random.default_rng(recipe.seed)
    cutter = Cutter(scenes, masks, recipe)
    rate = recipe.peak_rate
    optimiser = torch.optim.AdamW(module.parameters(), rate, weight_decay=recipe.weight_decay)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=recipe.steps, pct_start=0.1)
    losses, mean = [], RunningMean(module, recipe.average)
    for step in range(recipe.steps):
        loss = _loss(module, cutter.batch(dice), recipe.square)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 5.0)
        optimiser.step()
        pace.step()
        mean.add(step)
        losses.append(float(loss.detach()))
        if (step + 1) % 100 == 0:
            LOG.info("step %d: loss %.3f", step + 1, np.mean(losses[-100:]))
    return rounded(network.folded(mean.module().eval()))


class RunningMean:
    """The running mean of a module's weights and statistics over the steps (Polyak and Juditsky 1992).

    A share `stays` of it stays at each step, less at the first ones, so that they do not count for long.
    """

    def __init__(self, module: Any, stays: float) -> None:
        self._module, self._stays = module, stays
        self._mean = {
            name: value.detach().clone()
            for name, value in module.state_dict().items()
            if value.is_floating_point()
        }

    def add(self, step: int) -> None:
        """Take in the weights after step number `step`, the first is 0."""
        share = 1 - min(self._stays, (1 + step) / (10 + step))
        now = self._module.state_dict()
        for name, value in self._mean.items():
            value.lerp_(now[name], share)

    def module(self) -> Any:
        """The module, which has the mean from here on."""
        self._module.load_state_dict(self._mean, strict=False)
        return self._module


def _loss(module: Any, crops: Crops, square: float) -> Any:
    """Pinball loss of the quantiles and weighted squared error of the mean, metres, over counted cells."""
    import torch

    truth, counts = torch.from_numpy(crops.heights)[:, None], torch.from_numpy(crops.counts)[:, None]
    low, mean, high = (answer * network.SCALE_M for answer in module(torch.from_numpy(crops.tiles)))
    total = square * (mean - truth) ** 2
    for level, answer in zip(LEVELS, (low, high), strict=True):
        error = truth - answer
        total = total + torch.maximum(level * error, (level - 1) * error)
    return (total * counts).sum() / counts.sum()


def rounded(module: Any) -> Any:
    """The module with every weight as a half stores it."""
    import torch

    with torch.no_grad():
        for value in module.parameters():
            value.copy_(value.half().float())
    return module


def predict(module: Any, scene: Scene) -> dict[str, Reals]:
    """Heights [H, W] in metres of a whole scene by output name, the picture mirrored at its ends."""
    import torch

    height, width = scene.bands.shape[1:]
    edge, stride = MIRRORED_PX, network.STRIDE_PX
    wide = ((0, 0), (edge, edge - height % -stride), (edge, edge - width % -stride))
    tile = np.pad(scaled(scene.bands, contract_input()), wide, mode="reflect")
    with torch.no_grad():
        answers = module(torch.from_numpy(np.ascontiguousarray(tile))[None])
    first, (rows, columns) = edge // FACTOR, scene.heights.shape
    cut = np.s_[first : first + rows, first : first + columns]
    return {name: found[0, 0].numpy()[cut] for name, found in zip(network.OUTPUTS, answers, strict=True)}
