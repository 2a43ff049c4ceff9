"""Judge the recipe without the validation fold, by cross-validation.

``python -m fieldpack_reference_models.sound_torch.cross_validate --data FOLDER --out FILE``: each of the
folds 1 to 3 is watched once by a network that learned from the two others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import interval
from fieldpack_reference_models.learning.dequantise import dequantised
from fieldpack_reference_models.learning.loop import train
from fieldpack_reference_models.learning.program import Trainable
from fieldpack_reference_models.sound_torch.sound_task import TRAIN, predictions, task_of
from fieldpack_reference_models.sound_torch.train import MODEL

LOG = logging.getLogger("fieldpack.cross_validate")


def cross_validate_command(model: Trainable, arguments: Sequence[str] | None = None) -> int:
    """Cross-validate the recipe over the training folds and write what came of it."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {model.module}.cross_validate",
        description="Cross-validates the recipe over folds 1 to 3. A killed run goes on where it was.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with sound/ and models/")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    folds = {fold: _right(model, options.data, fold, options.out) for fold in TRAIN}
    correct, count = (sum(part) for part in zip(*folds.values(), strict=True))
    low, high = interval(correct, count)
    found: dict[str, Any] = {
        "command": f"python -m {model.module}.cross_validate --data FOLDER --out FILE",
        "recipe": asdict(model.recipe),
        "folds": {fold: {"recordings": of, "correct": right} for fold, (right, of) in folds.items()},
        "recordings": count,
        "correct": correct,
        "accuracy": round(correct / count, 4),
        "interval_95": [round(low, 4), round(high, 4)],
    }
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    for fold in TRAIN:
        _checkpoint(options.out, fold).unlink()
    LOG.info("%d of %d right, accuracy %.4f, %s", correct, count, correct / count, options.out)
    return 0


def _right(model: Trainable, data: Path, fold: str, out: Path) -> tuple[int, int]:
    """How many recordings of a fold a network names rightly that learned from the others, and of how many."""
    start = data / model.start
    others = [one for one in TRAIN if one != fold]
    task = task_of(model, data, hashlib.sha256(start.read_bytes()).hexdigest(), others, [fold])
    layers = dequantised(start, model.named_by)
    learner = model.learner(model.contract, task.classes, layers, model.recipe)
    train(learner, task, model.recipe, _checkpoint(out, fold))
    right = predictions(learner, task.watched, task.contract) == task.watched.labels
    LOG.info("fold %s: %d of %d right", fold, right.sum(), len(right))
    return int(right.sum()), len(right)


def _checkpoint(out: Path, fold: str) -> Path:
    return out.with_name(f"{out.name}.fold{fold}.npz")


def main(arguments: Sequence[str] | None = None) -> int:
    """Cross-validate; see :func:`cross_validate_command`."""
    return cross_validate_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
