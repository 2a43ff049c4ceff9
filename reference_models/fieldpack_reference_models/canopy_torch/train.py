"""Train: ``python -m fieldpack_reference_models.canopy_torch.train --data FOLDER --out FILE``.

FOLDER holds ``geo/canopy/``. Learned from the training folds alone; ``cross_validate.py`` judges ``RECIPE``.
The run takes about a minute, so it keeps no state: a killed one is started anew.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldpack_reference_models.canopy_torch import network
from fieldpack_reference_models.canopy_torch.blocks import make_blocks
from fieldpack_reference_models.canopy_torch.learning import CanopyRecipe, learn
from fieldpack_reference_models.canopy_torch.scenes import read_scenes
from fieldpack_reference_models.learning.torch_learner import framework, stored

MODULE = "fieldpack_reference_models.canopy_torch"
HERE = Path(__file__).parent
LOG = logging.getLogger("fieldpack.train")
RECIPE = CanopyRecipe(
    seed=20263,
    steps=400,
    batch=8,
    crop_m=64,
    peak_rate=2e-3,
    weight_decay=0.01,
    dropped=0.2,
    channels=network.CHANNELS,
    light=0.15,
    tint=0.1,
    tall=0.4,
    square=0.05,
    average=0.99,
    block_m=40,
    folds=10,
    buffer_m=5,
    validation=(0,),
    calibration=(1, 4, 5),
    together=2,
)
PACKAGES = ("torch", "numpy", "rasterio")


def save(module: Any, path: Path) -> None:
    """The weights as a state dict of float16 tensors."""
    framework().save({name: value.half() for name, value in module.state_dict().items()}, path)


def load(path: Path, recipe: CanopyRecipe = RECIPE) -> Any:
    """The network with the weights of :func:`save`, in evaluation."""
    return stored(path, network.build(recipe.channels)).eval()


def train_command(recipe: CanopyRecipe, arguments: Sequence[str] | None = None) -> int:
    """Train, store the weights and ``training.json`` beside them."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}.train", description="Trains the model.")
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/canopy/")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    scenes = read_scenes(options.data)
    blocks = make_blocks(scenes, recipe.block_m, recipe.folds, recipe.seed)
    masks = blocks.apart(recipe.training, recipe.buffer_m)
    wall, cpu = time.monotonic(), time.process_time()
    module = learn(scenes, masks, recipe)
    record = {
        "schema": "fieldpack-training/1",
        "command": f"python -m {MODULE}.train --data FOLDER --out FILE",
        "training_cells": {scene.name: int(mask.sum()) for scene, mask in zip(scenes, masks, strict=True)},
        "blocks": {
            name: sum(fold in folds for fold in blocks.folds.tolist())
            for name, folds in (
                ("training", recipe.training),
                ("calibration", recipe.calibration),
                ("validation", recipe.validation),
            )
        },
        "recipe": listed(recipe),
        "wall_s": round(time.monotonic() - wall),
        "cpu_s": round(time.process_time() - cpu),
        "processors": os.cpu_count() or 1,
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    save(module, options.out)
    options.out.with_name("training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    LOG.info("%d training cells, %s", sum(int(mask.sum()) for mask in masks), options.out)
    return 0


def listed(recipe: CanopyRecipe) -> dict[str, Any]:
    """The recipe as JSON has it."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and store; see :func:`train_command`."""
    return train_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
