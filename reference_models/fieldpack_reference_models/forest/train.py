"""Train the embedded raster model: ``python -m fieldpack_reference_models.forest.train --out DIR``.

Everything is seeded. The loss is the pinball loss of the three quantiles over pixels whose height is known.
The validation split serves for choices; the test split is looked at once, for the card.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract import RasterInput
from fieldpack.preprocess.raster import prepare_raster
from fieldpack.spec import load_spec
from fieldpack_reference_models import world_training
from fieldpack_reference_models.forest import card, network, world

SEED = 20_261
LOG = logging.getLogger("fieldpack.train")
SPEC = Path(__file__).with_name("pack.toml")
VERSIONS = ("tensorflow", "keras", "numpy")


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """What decides the weights, besides the world and the network."""

    train_tiles: int = 320
    validation_tiles: int = 48
    test_tiles: int = 240
    epochs: int = 10
    batch: int = 8
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4


@dataclass(frozen=True, slots=True)
class Known:
    """Tiles as the network takes them [N, H, W, 4] and heights [N, H, W] in metres, NaN where unknown."""

    tiles: NDArray[np.float32]
    heights: NDArray[np.float32]


def contract_input() -> RasterInput:
    """The input of ``pack.toml``: what scales the bands in training scales them on the phone."""
    found = load_spec(SPEC).contract.inputs[0]
    if not isinstance(found, RasterInput):
        raise TypeError(f"the forest's pack.toml has a {found.kind} input")
    return found


def known(split: str, count: int) -> Known:
    """The first `count` tiles of a split, prepared by the contract."""
    stated = contract_input()
    bands, heights = world.tiles(split, count)
    return Known(np.stack([prepare_raster(item, stated) for item in bands]), heights)


def train(recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe and versions give the same weights."""
    world_training.begin(SEED)
    import keras

    seen, watched = known("train", recipe.train_tiles), known("validation", recipe.validation_tiles)
    LOG.info("generated %d tiles", recipe.train_tiles + recipe.validation_tiles)
    model = network.build()
    steps = recipe.epochs * (len(seen.tiles) // recipe.batch)
    pace = keras.optimizers.schedules.CosineDecay(
        1e-4, steps * 19 // 20, warmup_target=recipe.learning_rate, warmup_steps=steps // 20
    )
    losses = {name: _pinball(level) for name, level in network.LEVELS.items()}
    model.compile(keras.optimizers.AdamW(pace, weight_decay=recipe.weight_decay), losses)
    dice = np.random.default_rng(SEED)
    for epoch in range(recipe.epochs):
        loss = _epoch(model, seen, recipe.batch, dice)
        found = predict(model, watched.tiles, network.SCALE_M)
        LOG.info("epoch %d: loss %.4f, validation %s", epoch + 1, loss, card.errors(found, watched.heights))
    return model


def _pinball(level: float) -> Any:
    """Mean of max(level * error, (level - 1) * error) over pixels with a truth; NaN marks those without."""

    def loss(truth: Any, guess: Any) -> Any:
        import keras

        unknown = keras.ops.isnan(truth)
        error = keras.ops.where(unknown, 0.0, truth - guess)
        costs = keras.ops.maximum(level * error, (level - 1) * error)
        count = keras.ops.sum(keras.ops.cast(~unknown, "float32"))
        return keras.ops.sum(costs) / keras.ops.maximum(count, 1.0)

    return loss


def _epoch(model: Any, seen: Known, batch: int, dice: np.random.Generator) -> float:
    """One pass in a fresh order, tiles turned and mirrored by chance; returns the mean loss."""
    order = dice.permutation(len(seen.tiles))
    losses = []
    for start in range(0, len(order) - batch + 1, batch):
        rows = order[start : start + batch]
        quarter, mirrored = int(dice.integers(4)), bool(dice.integers(2))
        tiles, heights = (
            np.rot90(part[rows], quarter, axes=(1, 2))
            for part in (seen.tiles, seen.heights / network.SCALE_M)
        )
        if mirrored:
            tiles, heights = tiles[:, :, ::-1], heights[:, :, ::-1]
        truth = np.ascontiguousarray(heights)[..., None]
        losses.append(model.train_on_batch(np.ascontiguousarray(tiles), [truth] * len(network.LEVELS))[0])
        model.reset_metrics()
    return float(np.mean(losses))


def predict(model: Any, tiles: NDArray[np.float32], scale_m: float = 1.0) -> dict[str, NDArray[np.float32]]:
    """Heights [N, H, W] in metres by output name."""
    parts = [model.predict_on_batch(tiles[start : start + 16]) for start in range(0, len(tiles), 16)]
    return {
        name: np.concatenate([np.asarray(part[place])[..., 0] for part in parts]) * np.float32(scale_m)
        for place, name in enumerate(network.LEVELS)
    }


def in_metres(model: Any) -> None:
    """Multiply the heads, so that the model answers in metres."""
    for name in network.LEVELS:
        layer = model.get_layer(name)
        layer.set_weights([part * network.SCALE_M for part in layer.get_weights()])


def main(arguments: list[str] | None = None) -> int:
    """Train, save ``model.keras``, look at the test split once, write ``card.json`` and ``card.md``."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.forest.train")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and the card")
    out: Path = parser.parse_args(arguments).out
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    recipe, begun = TrainingRecipe(), time.monotonic()
    model = train(recipe)
    spent = time.monotonic() - begun
    in_metres(model)
    world_training.save(model, network.build(), out / "model.keras")
    test = known("test", recipe.test_tiles)
    versions = {name: importlib.metadata.version(name) for name in VERSIONS}
    training = {**asdict(recipe), "wall_s": round(spent), "versions": versions}
    facts = card.facts(predict(model, test.tiles), test.heights, model.count_params(), training, out)
    card.write(facts, out)
    LOG.info("test %s; card in %s", facts["test"], out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
