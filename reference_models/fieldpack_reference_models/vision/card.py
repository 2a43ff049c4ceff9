"""The model card: what the weights are, how they came about and what they reach on the test split.

Written by ``train`` after the one look at the test split, as ``card.json`` for programs and
``card.md`` for people; both hold the same figures.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, Spent, Trial, Words, figures, weights
from fieldpack_reference_models.card import write as write_card
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


def facts(trial: Trial, recipe: Any, spent: Spent, parameters: int, model: Path) -> dict[str, Any]:
    """Gather the card; `recipe` is the ``TrainingRecipe``, `model` the saved archive."""
    return {
        "schema": SCHEMA,
        "name": "fieldpack_vision",
        "licence": LICENCE,
        "data": DATA,
        "limits": LIMITS,
        "classes": list(world.CLASSES),
        "input": f"float32 [N, {network.SIDE_PX}, {network.SIDE_PX}, 3], RGB, pixel / 127.5 - 1, in [-1, 1]",
        "output": f"float32 [N, {len(world.CLASSES)}], softmax, order of labels.txt",
        "model": weights(model, parameters),
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
        "test": figures(trial, world.CLASSES, COMMAND),
    }


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    write_card(card, Words(_training(card["training"]), "generated test split"), folder)


def _training(training: dict[str, Any]) -> str:
    return (
        f"{training['train_pictures']} pictures, {training['epochs']} epochs of batch {training['batch']}, "
        f"{training['optimizer']}, peak rate {training['learning_rate']}, weight decay "
        f"{training['weight_decay']}; {training['augmentation']}. "
        f"{training['wall_s']} s by the clock and {training['cpu_s']} s of processor time, pictures "
        f"included, on {training['processors']} shared processors. "
        + ", ".join(f"{name} {version}" for name, version in training["versions"].items())
        + "."
    )
