"""The command that both models train by: photos and start weights in, weights and a record of the run out."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import InputError
from fieldpack.spec import load_spec
from fieldpack_reference_models.nature.checkpoint import Checkpoint
from fieldpack_reference_models.nature.dequantise import Layer, dequantised
from fieldpack_reference_models.nature.photos import Photos, read_split
from fieldpack_reference_models.nature.training import Learner, Recipe, Task, accuracy, train

PHOTOS = "vision"
LOG = logging.getLogger("fieldpack.train")


@dataclass(frozen=True, slots=True)
class Trainable:
    """A model that can be trained.

    Attributes
    ----------
    module : str
        The package of the model, whose folder holds ``pack.toml`` and ``labels.txt``.
    folder : Path
        That folder.
    start : str
        Quantised file with the start weights, below the data folder.
    recipe : Recipe
        How it is trained.
    learner : callable
        (contract, classes, published layers, recipe) -> Learner, seeded.
    save : callable
        (learner, file): the averaged weights as float16.
    load : callable
        (file, contract, classes, recipe) -> Learner with the stored weights, for predictions.
    packages : tuple of str
        Whose versions the record names.
    architecture, output : str
        What the card says of the network and of what it gives.
    """

    module: str
    folder: Path
    start: str
    recipe: Recipe
    learner: Callable[[ImageInput, int, Sequence[Layer], Recipe], Learner]
    save: Callable[[Any, Path], None]
    load: Callable[[Path, ImageInput, int, Recipe], Learner]
    packages: tuple[str, ...]
    architecture: str
    output: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes in output order."""
        return tuple((self.folder / "labels.txt").read_text(encoding="utf-8").split())

    @property
    def contract(self) -> ImageInput:
        """The picture input of ``pack.toml``: the only place that says how a photo becomes an input."""
        found = load_spec(self.folder / "pack.toml").contract.inputs[0]
        if not isinstance(found, ImageInput):
            raise InputError(f"{self.folder}/pack.toml has no picture input", came=found.kind)
        return found


def record_path(weights: Path) -> Path:
    """Where the record of the run that made `weights` lies."""
    return weights.with_name("training.json")


def train_command(model: Trainable, arguments: Sequence[str] | None = None) -> int:
    """Train, store the weights and ``training.json`` beside them; started again, go on where it was."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {model.module}.train",
        description="Trains the model. Started again after a kill, it goes on with the epoch that was lost.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with vision/ and models/")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    start = options.data / model.start
    task = _task(model, options.data / PHOTOS, start)
    learner = model.learner(task.contract, task.classes, dequantised(start), model.recipe)
    checkpoint = options.out.with_name(options.out.name + ".checkpoint.npz")
    done = train(learner, task, model.recipe, checkpoint)
    model.save(learner, options.out)
    stored = model.load(options.out, task.contract, task.classes, model.recipe)
    share = accuracy(stored, task.watched, task.contract)
    record = _record(model, task, done) | {"validation_accuracy": round(share, 4)}
    record_path(options.out).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    checkpoint.unlink()
    LOG.info("stored weights: validation accuracy %.4f, %s", share, options.out)
    return 0


def _task(model: Trainable, photos: Path, start: Path) -> Task:
    splits: dict[str, Photos] = {name: read_split(photos, name, model.labels) for name in ("train", "val")}
    origin = hashlib.sha256(start.read_bytes()).hexdigest()
    return Task(splits["train"], splits["val"], model.contract, len(model.labels), origin)


def _record(model: Trainable, task: Task, done: Checkpoint) -> dict[str, Any]:
    """What ``training.json`` says."""
    return {
        "schema": "fieldpack-training/1",
        "command": f"python -m {model.module}.train --data FOLDER --out FILE",
        "start_weights": {"file": model.start, "sha256": task.start},
        "train_pictures": len(task.train),
        "validation_pictures": len(task.watched),
        "recipe": asdict(model.recipe),
        "wall_s": round(done.wall_s),
        "cpu_s": round(done.cpu_s),
        "processors": os.cpu_count() or 1,
        "versions": {name: importlib.metadata.version(name) for name in model.packages},
    }
