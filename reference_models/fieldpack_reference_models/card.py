"""Model cards: what weights are, how they came about and what they reach on a test split.

Each model states its own facts; the figures of a trial and the page for people are made here.
``card.json`` is for programs, ``card.md`` for people; both hold the same figures.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SCHEMA = "fieldpack-card/1"


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


@dataclass(frozen=True, slots=True)
class Words:
    """What only the page for people says.

    Attributes
    ----------
    training : str
        How the weights came about, in sentences.
    split : str
        What the split is, such as "generated test split".
    section : str
        The card's entry with the figures of the page.
    unit : str
        What is counted.
    """

    training: str
    split: str
    section: str = "test"
    unit: str = "pictures"


def weights(file: Path, parameters: int) -> dict[str, Any]:
    """The card's facts of a weights file."""
    return {
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "size_bytes": file.stat().st_size,
        "parameters": parameters,
    }


def figures(
    trial: Trial, classes: Sequence[str], command: str, split: str = "test", unit: str = "pictures"
) -> dict[str, Any]:
    """Accuracy with its interval, recall by class, accuracy by slice, and the commonest mistakes.

    Parameters
    ----------
    trial : Trial
        Labels and guesses.
    classes : sequence of str
        Names in output order.
    command : str
        What the reader runs to get the same figures.
    split : str
        Which pictures these are.
    unit : str
        What they are, where they are no pictures.

    Returns
    -------
    dict
        What ``card.json`` says of the split.
    """
    right = trial.guesses == trial.labels
    correct, count = int(right.sum()), len(right)
    low, high = interval(correct, count)
    return {
        "command": command,
        "split": split,
        unit: count,
        "correct": correct,
        "accuracy": round(correct / count, 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "recall": {
            name: round(float(right[trial.labels == label].mean()), 4) for label, name in enumerate(classes)
        },
        "slices": {
            key: _by_slice(right, [row[key] for row in trial.slices])
            for key in sorted(trial.slices[0] if trial.slices else ())
        },
        "confusions": _confusions(trial, classes, unit),
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


def _confusions(trial: Trial, classes: Sequence[str], unit: str, most: int = 8) -> list[dict[str, Any]]:
    """The most frequent mistakes, as true class, guess and count."""
    table = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(table, (trial.labels, trial.guesses), 1)
    np.fill_diagonal(table, 0)
    order = np.argsort(-table, axis=None, kind="stable")[:most]
    pairs = [divmod(int(cell), len(classes)) for cell in order]
    return [
        {"true": classes[a], "guess": classes[b], unit: int(table[a, b])} for a, b in pairs if table[a, b]
    ]


def write(card: dict[str, Any], words: Words, folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card, words), encoding="utf-8")


def page(card: dict[str, Any], words: Words) -> str:
    """The card as Markdown."""
    sections = [_head(card, words), ["## Data", "", card["data"], "", card["limits"], ""]]
    sections.append(["## Training", "", words.training, ""])
    sections.append(_tables(card[words.section], words))
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(card: dict[str, Any], words: Words) -> list[str]:
    model, test = card["model"], card[words.section]
    count = f"{test['correct']} of {test[words.unit]} {words.unit}"
    low, high = test["interval_95"]
    return [
        f"# {card['name']}",
        "",
        f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes.",
        "",
        f"SHA-256 of `{model['file']}`: `{model['sha256']}`.",
        "",
        f"**{words.section.capitalize()} accuracy {test['accuracy']:.4f}** ({count} of the",
        f"{words.split}; 95 % interval {low:.4f} to {high:.4f}), made by `{test['command']}`.",
        "",
        f"Input: {card['input']}. Output: {card['output']}.",
        "",
    ]


def _tables(figures: dict[str, Any], words: Words) -> list[str]:
    lines = [f"## {words.section.capitalize()} split", "", *_recall(figures, words.unit), ""]
    if figures["slices"]:
        lines += ["| slice | value | pictures | accuracy |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {key} | {value} | {row['pictures']} | {row['accuracy']:.4f} |"
            for key, values in figures["slices"].items()
            for value, row in values.items()
        ]
        lines.append("")
    return [*lines, "Most frequent mistakes: " + _sentence(figures["confusions"], words.unit)]


def _recall(figures: dict[str, Any], unit: str) -> list[str]:
    """The table of recall, with the number of each class where the figures have it."""
    shares, counts = figures["recall"], figures.get("of")
    if counts is None:
        rows = [f"| {name} | {share:.4f} |" for name, share in shares.items()]
        return ["| class | recall |", "| --- | --- |", *rows]
    rows = [f"| {name} | {share:.4f} | {counts[name]} |" for name, share in shares.items()]
    return [f"| class | recall | {unit} |", "| --- | --- | --- |", *rows]


def _sentence(confusions: list[dict[str, Any]], unit: str) -> str:
    return "; ".join(f"{row['true']} taken for {row['guess']} ({row[unit]})" for row in confusions) + "."
