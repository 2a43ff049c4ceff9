"""The card's figures from a trial small enough to count by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_reference_models.card import Spent, Trial, figures
from fieldpack_reference_models.vision import card, world
from fieldpack_reference_models.vision.train import TrainingRecipe


def _trial() -> Trial:
    labels = np.tile(np.arange(12), 2)
    guesses = labels.copy()
    guesses[[0, 12]] = 10
    guesses[3] = 8
    return Trial(labels, guesses, [{"light": "sun" if row < 12 else "dusk"} for row in range(24)])


def _facts(folder: Path) -> dict[str, Any]:
    (folder / "model.keras").write_bytes(b"weights")
    spent = Spent(wall_s=10.4, cpu_s=20.6, processors=2, versions={"keras": "3.0"})
    return card.facts(_trial(), TrainingRecipe(), spent, parameters=7, model=folder / "model.keras")


def test_accuracy_recall_and_slices_are_counted() -> None:
    found = figures(_trial(), world.CLASSES, card.COMMAND)
    assert (found["correct"], found["pictures"], found["accuracy"]) == (21, 24, 0.875)
    assert (found["recall"]["beetle"], found["recall"]["feather"], found["recall"]["bird"]) == (0.0, 0.5, 1.0)
    assert found["slices"]["light"]["sun"] == {"pictures": 12, "accuracy": 0.8333}
    assert found["slices"]["light"]["dusk"] == {"pictures": 12, "accuracy": 0.9167}


def test_the_most_frequent_mistake_comes_first_and_none_is_invented() -> None:
    assert figures(_trial(), world.CLASSES, card.COMMAND)["confusions"] == [
        {"true": "beetle", "guess": "spider", "pictures": 2},
        {"true": "feather", "guess": "needle_twig", "pictures": 1},
    ]


def test_both_cards_are_written_with_the_same_figures(tmp_path: Path) -> None:
    facts = _facts(tmp_path)
    card.write(facts, tmp_path)
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8")) == facts
    page = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "**Test accuracy 0.8750** (21 of 24 pictures" in page
    assert "10 s by the clock and 21 s of processor time" in page
    assert "on 2 shared processors" in page
    assert "beetle taken for spider (2)" in page
    assert "{" not in page
