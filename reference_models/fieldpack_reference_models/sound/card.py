"""The model card: what the weights are, how they came about and what they reach on the test split.

Written by ``train`` after the one look at the test split, as ``card.json`` for programs and ``card.md`` for
people; both hold the same figures.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, Spent, Trial, Words, figures, weights
from fieldpack_reference_models.card import write as write_card
from fieldpack_reference_models.sound import world
from fieldpack_reference_models.sound.calls import CLASSES
from fieldpack_reference_models.sound.front_end import contract

COMMAND = "python -m fieldpack_reference_models.sound.train --out DIR"
UNIT = "clips"
DATA = (
    "Every clip is made by fieldpack_reference_models.sound.world from a seed; no recording of anyone is in "
    "it. Splits differ in the seed. Place, distance, company and level are drawn independently of the class."
)
LIMITS = (
    "The classes are sketches of calls, not species. The figures show what compression and a front-end do to "
    "this network; they say nothing about recordings and nothing about identifying anything in the field."
)


def facts(trial: Trial, recipe: Any, spent: Spent, parameters: int, model: Path) -> dict[str, Any]:
    """Gather the card; `recipe` is the ``TrainingRecipe``, `model` the saved archive."""
    shape = ", ".join(str(size) for size in contract().shape)
    return {
        "schema": SCHEMA,
        "name": "fieldpack_sound",
        "licence": "Apache-2.0",
        "data": DATA,
        "limits": LIMITS,
        "classes": list(CLASSES),
        "input": f"float32 [N, {shape}], band, frame, channel, by the front-end of pack.toml",
        "output": f"float32 [N, {len(CLASSES)}], softmax, order of labels.txt",
        "model": weights(model, parameters),
        "training": {
            "command": COMMAND,
            "world": world.WORLD,
            **asdict(recipe),
            "optimizer": "AdamW, cosine decay after a short warm-up",
            "augmentation": "louder or quieter, moved in time, a band and a stretch of time masked",
            "wall_s": round(spent.wall_s),
            "cpu_s": round(spent.cpu_s),
            "processors": spent.processors,
            "versions": spent.versions,
        },
        "test": figures(trial, CLASSES, COMMAND, unit=UNIT),
    }


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    words = Words(_training(card["training"]), "generated test split", unit=UNIT)
    write_card(card, words, folder)


def _training(training: dict[str, Any]) -> str:
    return (
        f"{training['train_clips']} clips, {training['epochs']} epochs of batch {training['batch']}, "
        f"{training['optimizer']}, peak rate {training['learning_rate']}, weight decay "
        f"{training['weight_decay']}; {training['augmentation']}. "
        f"{training['wall_s']} s by the clock and {training['cpu_s']} s of processor time, clips included, "
        f"on {training['processors']} shared processors. "
        + ", ".join(f"{name} {version}" for name, version in training["versions"].items())
        + "."
    )
