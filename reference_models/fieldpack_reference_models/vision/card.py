"""The model card: what the weights are, how they came about and what they reach on the test split.

Written by ``train`` after the one look at the test split, as ``card.json`` for programs and
``card.md`` for people; both hold the same figures.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.vision import network, world

COMMAND = "python -m fieldpack_reference_models.vision.train --out DIR"
LICENCE = "Apache-2.0"
DATA = (
    "Every picture is drawn by fieldpack_reference_models.vision.world from a seed; no photograph, person, "
    "place or third party's work is in it. Splits differ in the seed. Ground, light, cover and size are "
    "drawn independently of the class."
)
LIMITS = (
    "The classes are drawings of living things, not species. The figures show what compression does to this "
    "network; they say nothing about photographs and nothing about identifying anything in the field."
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Time that making the training pictures and training took, and what they ran on."""

    wall_s: float
    cpu_s: float
    processors: int
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """One look at the test split: true and guessed labels int64 [N], and each picture's slices."""

    labels: NDArray[np.int64]
    guesses: NDArray[np.int64]
    slices: Sequence[dict[str, str]]


def interval(correct: int, count: int) -> tuple[float, float]:
    """Two-sided 95 % Wilson score interval of a share (Wilson 1927)."""
    z = 1.959964
    share = correct / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def facts(trial: Trial, recipe: Any, spent: Spent, parameters: int, model: Path) -> dict[str, Any]:
    """Gather the card; `recipe` is the ``TrainingRecipe``, `model` the saved archive."""
    return {
        "schema": "fieldpack-card/1",
        "name": "fieldpack_vision",
        "licence": LICENCE,
        "data": DATA,
        "limits": LIMITS,
        "classes": list(world.CLASSES),
        "input": f"float32 [N, {network.SIDE_PX}, {network.SIDE_PX}, 3], RGB, pixel / 127.5 - 1, in [-1, 1]",
        "output": f"float32 [N, {len(world.CLASSES)}], softmax, order of labels.txt",
        "model": {
            "file": model.name,
            "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
            "size_bytes": model.stat().st_size,
            "parameters": parameters,
        },
        "training": {
            "command": COMMAND,
            "world": world.WORLD,
            **asdict(recipe),
            "optimizer": "AdamW, cosine decay after a short warm-up",
            "augmentation": "mirrored half of the time; quarter turns of the classes that lie any way round",
            "wall_s": round(spent.wall_s),
            "cpu_s": round(spent.cpu_s),
            "processors": spent.processors,
            "versions": spent.versions,
        },
        "test": figures(trial),
    }


def figures(trial: Trial) -> dict[str, Any]:
    """Accuracy with its interval, recall by class, accuracy by slice, and the commonest mistakes."""
    right = trial.guesses == trial.labels
    correct, count = int(right.sum()), len(right)
    low, high = interval(correct, count)
    return {
        "command": COMMAND,
        "split": "test",
        "pictures": count,
        "correct": correct,
        "accuracy": round(correct / count, 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "recall": {
            name: round(float(right[trial.labels == label].mean()), 4)
            for label, name in enumerate(world.CLASSES)
        },
        "slices": {
            key: _by_slice(right, [row[key] for row in trial.slices]) for key in sorted(trial.slices[0])
        },
        "confusions": _confusions(trial),
    }


def _by_slice(right: NDArray[np.bool_], values: list[str]) -> dict[str, dict[str, float]]:
    named = np.array(values)
    return {
        value: {
            "pictures": int((named == value).sum()),
            "accuracy": round(float(right[named == value].mean()), 4),
        }
        for value in sorted(set(values))
    }


def _confusions(trial: Trial, most: int = 8) -> list[dict[str, Any]]:
    """The most frequent mistakes, as true class, guess and count."""
    table = np.zeros((len(world.CLASSES), len(world.CLASSES)), dtype=np.int64)
    np.add.at(table, (trial.labels, trial.guesses), 1)
    np.fill_diagonal(table, 0)
    order = np.argsort(-table, axis=None, kind="stable")[:most]
    pairs = [divmod(int(cell), len(world.CLASSES)) for cell in order]
    return [
        {"true": world.CLASSES[a], "guess": world.CLASSES[b], "pictures": int(table[a, b])}
        for a, b in pairs
        if table[a, b]
    ]


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(_page(card), encoding="utf-8")


def _page(card: dict[str, Any]) -> str:
    model, training, test = card["model"], card["training"], card["test"]
    low, high = test["interval_95"]
    lines = [
        f"# {card['name']}",
        "",
        f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes.",
        "",
        f"SHA-256 of `{model['file']}`: `{model['sha256']}`.",
        "",
        f"**Test accuracy {test['accuracy']:.4f}** ({test['correct']} of {test['pictures']} pictures of the",
        f"generated test split; 95 % interval {low:.4f} to {high:.4f}), made by `{test['command']}`.",
        "",
        f"Input: {card['input']}. Output: {card['output']}.",
        "",
        "## Data",
        "",
        card["data"],
        "",
        card["limits"],
        "",
        "## Training",
        "",
        f"{training['train_pictures']} pictures, {training['epochs']} epochs of batch {training['batch']}, "
        f"{training['optimizer']}, peak rate {training['learning_rate']}, weight decay "
        f"{training['weight_decay']}; {training['augmentation']}. "
        f"{training['wall_s']} s by the clock and {training['cpu_s']} s of processor time, pictures "
        f"included, on {training['processors']} shared processors. "
        + ", ".join(f"{name} {version}" for name, version in training["versions"].items())
        + ".",
        "",
        "## Test split",
        "",
        "| class | recall |",
        "| --- | --- |",
        *(f"| {name} | {share:.4f} |" for name, share in test["recall"].items()),
        "",
        "| slice | value | pictures | accuracy |",
        "| --- | --- | --- | --- |",
    ]
    for key, values in test["slices"].items():
        lines.extend(
            f"| {key} | {value} | {row['pictures']} | {row['accuracy']:.4f} |"
            for value, row in values.items()
        )
    lines.extend(["", "Most frequent mistakes: " + _sentence(test["confusions"])])
    return "\n".join(lines) + "\n"


def _sentence(confusions: list[dict[str, Any]]) -> str:
    return (
        "; ".join(f"{row['true']} taken for {row['guess']} ({row['pictures']})" for row in confusions) + "."
    )
