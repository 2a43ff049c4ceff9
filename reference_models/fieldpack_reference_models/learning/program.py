"""The command that models train by: examples and start weights in, weights and a record of the run out."""

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

from fieldpack.contract.inputs import Input
from fieldpack.spec import load_spec
from fieldpack_reference_models.learning.checkpoint import Checkpoint
from fieldpack_reference_models.learning.dequantise import Layer, NamedBy, dequantised
from fieldpack_reference_models.learning.loop import Learner, Task, train

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
        How it is trained; of the class that the task takes.
    task : callable
        (model, data folder, digest of the start weights) -> Task of the recipe.
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
    named_by : NamedBy
        Where the published layers' names come from.
    """

    module: str
    folder: Path
    start: str
    recipe: Any
    task: Callable[[Trainable, Path, str], Task[Any]]
    learner: Callable[[Any, int, Sequence[Layer], Any], Learner]
    save: Callable[[Any, Path], None]
    load: Callable[[Path, Any, int, Any], Learner]
    packages: tuple[str, ...]
    architecture: str
    output: str
    named_by: NamedBy = NamedBy.WEIGHTS

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes in output order."""
        return tuple((self.folder / "labels.txt").read_text(encoding="utf-8").split())

    @property
    def contract(self) -> Input:
        """The input of ``pack.toml``: the only place that says how an example becomes an input."""
        return load_spec(self.folder / "pack.toml").contract.inputs[0]


def record_path(weights: Path) -> Path:
    """Where the record of the run that made `weights` lies."""
    return weights.with_name("training.json")


def train_command(model: Trainable, arguments: Sequence[str] | None = None) -> int:
    """Train, store the weights and ``training.json`` beside them; started again, go on where it was."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {model.module}.train",
        description="Trains the model. Started again after a kill, it goes on with the epoch that was lost.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the examples and models/")
    parser.add_argument("--out", type=Path, required=True, help="file for the weights")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    start = options.data / model.start
    contract, classes = model.contract, len(model.labels)
    task = model.task(model, options.data, hashlib.sha256(start.read_bytes()).hexdigest())
    learner = model.learner(contract, classes, dequantised(start, model.named_by), model.recipe)
    checkpoint = options.out.with_name(options.out.name + ".checkpoint.npz")
    done = train(learner, task, model.recipe, checkpoint)
    model.save(learner, options.out)
    share = task.accuracy(model.load(options.out, contract, classes, model.recipe))
    record = _record(model, task, done) | {"validation_accuracy": round(share, 4)}
    record_path(options.out).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    checkpoint.unlink()
    LOG.info("stored weights: validation accuracy %.4f, %s", share, options.out)
    return 0


def _record(model: Trainable, task: Task[Any], done: Checkpoint) -> dict[str, Any]:
    """What ``training.json`` says."""
    return {
        "schema": "fieldpack-training/1",
        "command": f"python -m {model.module}.train --data FOLDER --out FILE",
        "start_weights": {"file": model.start, "sha256": task.start},
        **task.counts(),
        "recipe": asdict(model.recipe),
        "wall_s": round(done.wall_s),
        "cpu_s": round(done.cpu_s),
        "processors": os.cpu_count() or 1,
        "versions": {name: importlib.metadata.version(name) for name in model.packages},
    }
