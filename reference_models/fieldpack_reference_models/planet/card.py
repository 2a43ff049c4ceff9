"""The model card: what the weights are, how they came about and what they reach on the test grid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldpack_reference_models.card import SCHEMA, weights
from fieldpack_reference_models.planet import network, world

COMMAND = "python -m fieldpack_reference_models.planet.train --out DIR"
DATA = (
    "The planet, its kinds and its observers are made by fieldpack_reference_models.planet from a seed; no "
    "place of the earth and no observation of anyone is in it. Splits differ in the seed; the grid of the "
    "test split tells the whole truth of its places, observations only what was seen."
)
LIMITS = (
    "Ranges here are ellipses within bands of height and temperature, on a planet whose every place can be "
    "looked up. The figures show what compression does to this network and to its maps; they say nothing of "
    "any organism on earth, nor how good a range model of one would be."
)


def facts(test: dict[str, Any], parameters: int, training: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Gather the card; `test` is of :func:`~..maps.figures`."""
    return {
        "schema": SCHEMA,
        "name": "fieldpack_planet",
        "licence": "Apache-2.0",
        "data": DATA,
        "limits": LIMITS,
        "classes": list(world.CLASSES),
        "input": f"float32 [N, {network.NUMBERS}], iNaturalist's five numbers of a place",
        "output": f"float32 [N, {len(world.CLASSES)}], sigmoid, order of labels.txt",
        "model": weights(folder / "model.keras", parameters),
        "training": {"command": COMMAND, "world": world.WORLD, **training},
        "test": {"command": COMMAND, "split": "test", **test},
    }


def write(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card), encoding="utf-8")


def page(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    model, training, test = card["model"], card["training"], card["test"]
    versions = ", ".join(f"{name} {number}" for name, number in training["versions"].items())
    rows = [
        f"| {kind} | {100 * row['share_of_planet']:.2f} % "
        f"| {row['average_precision']:.4f} | {row['f1']:.4f} |"
        for kind, row in test["kinds"].items()
    ]
    head = (
        f"**Test mean average precision {test['mean_average_precision']:.4f}**, mean F1 "
        f"{test['mean_f1']:.4f} at thresholds that 5 % of the observations of the calibration split fall "
        f"below, on {test['places']} places of equal area, made by `{test['command']}`."
    )
    trained = (
        f"{training['train_observations']} observations, {training['epochs']} epochs of batch "
        f"{training['batch']} with as many places from anywhere beside them; absence is assumed wherever a "
        f"kind was not seen, presence weighs {training['weight_of_seen']:g} times as much. AdamW, cosine "
        f"decay after a short warm-up, peak rate {training['learning_rate']}, weight decay "
        f"{training['weight_decay']}. {training['wall_s']} s by the clock. {versions}."
    )
    lines = [
        f"# {card['name']}",
        "",
        f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes.",
        "",
        f"SHA-256 of `{model['file']}`: `{model['sha256']}`.",
        "",
        head,
        "",
        f"Input: {card['input']}. Output: {card['output']}.",
        *("", "## Data", "", card["data"], "", card["limits"], ""),
        *("## Training", "", trained, "", "## Kinds", ""),
        *("| kind | share of the planet | average precision | F1 |", "| --- | --- | --- | --- |", *rows),
    ]
    return "\n".join(lines) + "\n"
