"""Train: ``python -m fieldpack_reference_models.species_keras.train --data FOLDER --out FILE``.

FOLDER holds ``geo/species_disdat``. Only presence-only records and random background are read. The recipe is
the first that was written down; nothing was chosen on the surveys.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_reference_models import keras_archive, world_training
from fieldpack_reference_models.species_keras import network
from fieldpack_reference_models.species_keras.features import Vectors, measure_features
from fieldpack_reference_models.species_keras.regions import REGIONS, read_region
from fieldpack_reference_models.species_keras.training_set import TrainingSet, training_set

LOG = logging.getLogger("fieldpack.train")
COMMAND = "python -m fieldpack_reference_models.species_keras.train --data FOLDER --out FILE"
PACKAGES = ("tensorflow", "keras", "numpy")
SPECIES_AT_ONCE = 40.0
"""The summed loss is divided by it, about the number of species of a region."""


@dataclass(frozen=True, slots=True)
class TrainingRecipe:
    """What decides the weights, besides the data and the network."""

    seed: int = 20_263
    epochs: int = 30
    batch: int = 1024
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    target_group: float = 0.8


RECIPE = TrainingRecipe()


def train(seen: TrainingSet, membership: Vectors, recipe: TrainingRecipe) -> Any:
    """Train and return the ``keras.Model``; the same recipe, data and versions give the same weights."""
    world_training.begin(recipe.seed)
    import keras

    model, logits = network.build(membership)
    steps = recipe.epochs * (len(seen.vectors) // recipe.batch)
    pace = keras.optimizers.schedules.CosineDecay(
        4e-5, steps * 9 // 10, warmup_target=recipe.learning_rate, warmup_steps=steps // 10
    )
    logits.compile(keras.optimizers.AdamW(pace, weight_decay=recipe.weight_decay), _loss)
    dice = np.random.default_rng(recipe.seed)
    for epoch in range(recipe.epochs):
        order = dice.permutation(len(seen.vectors))
        losses = []
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            rows = np.sort(order[start : start + recipe.batch])
            weights = np.concatenate([seen.present[rows], seen.absent[rows]], axis=1)
            losses.append(float(logits.train_on_batch(seen.vectors[rows], weights)))
            logits.reset_metrics()
        LOG.info("epoch %d: loss %.4f", epoch + 1, np.mean(losses))
    return model


def _loss(weights: Any, logits: Any) -> Any:
    """Weighted binary cross-entropy; `weights` [N, 2 species] hold those as presence, then as absence."""
    import keras

    present, absent = keras.ops.split(weights, 2, axis=1)
    costs = present * keras.ops.softplus(-logits) + absent * keras.ops.softplus(logits)
    return keras.ops.mean(keras.ops.sum(costs, axis=1)) / SPECIES_AT_ONCE


def save(model: Any, path: Path) -> None:
    """A ``.keras`` archive whose weights are float16."""
    import keras

    loose = path.with_suffix(".loose.keras")
    keras.saving.save_model(model, loose)
    path.write_bytes(keras_archive.settled(keras_archive.halved(loose.read_bytes())))
    loose.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; store the weights, and beside them features, labels and the record of the run."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.species_keras.train")
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/species_disdat")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out: Path = options.out
    out.parent.mkdir(parents=True, exist_ok=True)
    regions = [read_region(options.data, name) for name in REGIONS]
    features = measure_features(regions)
    seen = training_set(regions, features, RECIPE.target_group)
    begun = time.monotonic()
    model = train(seen, features.membership(), RECIPE)
    record = {
        "schema": "fieldpack-training/1",
        "command": COMMAND,
        "records": sum(len(region.recorded) for region in regions),
        "background_places": sum(len(region.background) for region in regions),
        "recipe": asdict(RECIPE),
        "wall_s": round(time.monotonic() - begun),
        "processors": os.cpu_count() or 1,
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    save(model, out)
    out.with_name("features.json").write_text(features.text(), encoding="utf-8")
    labels = [label for region in regions for label in region.species]
    out.with_name("labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
    out.with_name("training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    LOG.info("weights in %s", out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
