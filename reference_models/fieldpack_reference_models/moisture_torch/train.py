"""Train: ``python -m fieldpack_reference_models.moisture_torch.train --data FOLDER --out FILE``.

FOLDER holds ``geo/fuel_moisture/`` and ``models/geo/presto/default_model.pt``. The encoder stays as
published; the head is fitted to the training sites. ``cross_validate.py`` judges ``RECIPE`` on them.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldpack_reference_models.learning.torch_learner import framework, stored
from fieldpack_reference_models.moisture_torch import network
from fieldpack_reference_models.moisture_torch.examples import read_examples
from fieldpack_reference_models.moisture_torch.learning import (
    START,
    HeadRecipe,
    assembled,
    features,
    fit_head,
    predict,
    rmse,
    start_encoder,
)

MODULE = "fieldpack_reference_models.moisture_torch"
LOG = logging.getLogger("fieldpack.train")
RECIPE = HeadRecipe(seed=20264, waves=network.WAVES, nearness=0.5, ridge=0.6, folds=5)


def save(module: Any, path: Path) -> None:
    """The weights as a state dict of float16 tensors."""
    framework().save({name: value.half() for name, value in module.state_dict().items()}, path)


def load(path: Path, recipe: HeadRecipe = RECIPE) -> Any:
    """The network with the weights of :func:`save`, in evaluation."""
    return stored(path, network.build(recipe.waves)).eval()


def train_command(recipe: HeadRecipe, arguments: Sequence[str] | None = None) -> int:
    """Fit the head, store the weights and ``training.json`` beside them."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}.train", description="Trains the model.")
    parser.add_argument("--data", type=Path, required=True, help="folder with geo/ and models/")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    wall, cpu = time.monotonic(), time.process_time()
    examples, encoder = read_examples(options.data, test=False), start_encoder(options.data)
    head = fit_head(features(encoder, examples), examples.moisture, recipe)
    module = assembled(encoder, head)
    found = rmse(examples.moisture, predict(module, examples))
    save(module, options.out)
    record = {
        "schema": "fieldpack-training/1",
        "command": f"python -m {MODULE}.train --data FOLDER --out FILE",
        "start_weights": {
            "file": START.as_posix(),
            "sha256": hashlib.sha256((options.data / START).read_bytes()).hexdigest(),
        },
        "training_examples": len(examples),
        "training_sites": len(set(examples.sites.tolist())),
        "recipe": asdict(recipe),
        "training_rmse": round(found, 2),
        "wall_s": round(time.monotonic() - wall),
        "cpu_s": round(time.process_time() - cpu),
        "processors": os.cpu_count() or 1,
        "versions": {name: importlib.metadata.version(name) for name in ("torch", "numpy")},
    }
    options.out.with_name("training.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    LOG.info("training RMSE %.2f on %d examples, %s", found, len(examples), options.out)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and store; see :func:`train_command`."""
    return train_command(RECIPE, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
