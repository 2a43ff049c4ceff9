"""The card of a nature model: the record of its training, and one look at the test split."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, Trial, Words, figures, weights, write
from fieldpack_reference_models.learning.program import Trainable, record_path
from fieldpack_reference_models.nature.photo_task import picture_input

LICENCE = "Apache-2.0"
BRIEF = ("command", "pictures", "correct", "accuracy", "interval_95")
DATA = (
    "2241 photos of forty kinds of living things, the longest side at most 160 pixels: a part of Caltech-101 "
    "(Li, Andreeto, Ranzato, Perona; doi:10.22002/D1.20086, published as CC BY 4.0). Its authors collected "
    "the photos from the web, and single ones cannot be traced; no photo is shipped here. 1631 train, 305 "
    "val, 305 test."
)
LIMITS = (
    "The classes are everyday kinds, such as crab or lotus, not species; the photos are centred and small. "
    "Trained on train only, every choice made on val, test looked at once. The figures say what this network "
    "does with such photos, and nothing about identifying anything in the field."
)


def facts(model: Trainable, trial: Trial, file: Path, parameters: int, validation: Trial) -> dict[str, Any]:
    """Gather the card of the weights in `file` from ``training.json`` beside it and both trials."""
    record = json.loads(record_path(file).read_text(encoding="utf-8"))
    command = f"python -m {model.module}.evaluate --data FOLDER --model FILE --split"
    contract = picture_input(model)
    side = contract.height
    shape = f"[N, {side}, {side}, 3]" if contract.layout == "NHWC" else f"[N, 3, {side}, {side}]"
    watched = figures(validation, model.labels, f"{command} val", "val")
    return {
        "schema": SCHEMA,
        "name": model.module.rpartition(".")[2],
        "licence": LICENCE,
        "data": DATA,
        "limits": LIMITS,
        "classes": list(model.labels),
        "input": f"float32 {shape}, RGB, pixel / 127.5 - 1, in [-1, 1]; the whole photo stretched, bilinear",
        "output": f"float32 [N, {len(model.labels)}], {model.output}, order of labels.txt",
        "model": weights(file, parameters)
        | {"stored": f"float16; opening the file gives float32. {model.architecture}"},
        "training": record,
        "validation": {
            key: watched[key] for key in ("command", "pictures", "correct", "accuracy", "interval_95")
        },
        "test": figures(trial, model.labels, f"{command} test"),
    }


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    write(card, Words(_training(card), "test split"), folder)


def _training(card: dict[str, Any]) -> str:
    record, seen = card["training"], card["validation"]
    low, high = seen["interval_95"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    spent = (
        f"`{record['command']}`: {record['wall_s']} s by the clock, {record['cpu_s']} s of processor time, "
        f"on {record['processors']} shared processors. {versions}."
    )
    watched = (
        f"Validation accuracy {seen['accuracy']:.4f} ({seen['correct']} of {seen['pictures']}; 95 % "
        f"interval {low:.4f} to {high:.4f}); choices were made on it, so it flatters."
    )
    stored = f"Weights are stored as {card['model']['stored']}"
    return "\n\n".join((stored, _start(record), _recipe(record), spent, watched))


def _start(record: dict[str, Any]) -> str:
    start = record["start_weights"]
    return (
        f"Start weights: `{start['file']}` (SHA-256 `{start['sha256']}`), published by the Coral team under "
        "Apache-2.0, trained on ImageNet. Its integers were turned into real numbers; batch normalisation is "
        "folded in. The head is new."
    )


def _recipe(record: dict[str, Any]) -> str:
    recipe = record["recipe"]
    return (
        f"{record['train_pictures']} photos of train, seed {recipe['seed']}. Head first: softmax regression "
        f"on the features, decay {recipe['head_decay']}. Then all layers: {recipe['epochs']} epochs of batch "
        f"{recipe['batch']}, AdamW, one epoch up to a rate of {recipe['peak_rate']}, cosine down to 0, "
        f"weight decay {recipe['weight_decay']}, label smoothing {recipe['smoothing']}, mixup "
        f"{recipe['mixup']}, crops of at least {recipe['smallest_crop']} of the area, mirrored half of the "
        f"time, light and colour varied, moving average of the weights {recipe['average']}."
    )
