"""The committed weights: they belong to the card and, with the contract's front-end, reach its accuracy."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fieldpack import worker
from fieldpack_reference_models.card import interval
from fieldpack_reference_models.sound import world
from fieldpack_reference_models.sound.calls import CLASSES

HERE = Path(__file__).parent
CLIPS = 240


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "card.json").read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights(card: dict[str, Any]) -> None:
    model = (HERE / "model.keras").read_bytes()
    assert hashlib.sha256(model).hexdigest() == card["model"]["sha256"]
    assert len(model) == card["model"]["size_bytes"] < 300_000
    assert card["training"]["world"] == world.WORLD


def test_labels_are_the_classes() -> None:
    assert (HERE / "labels.txt").read_text(encoding="utf-8").split() == list(CLASSES)


def test_both_cards_carry_the_same_accuracy(card: dict[str, Any]) -> None:
    test = card["test"]
    assert test["accuracy"] == round(test["correct"] / test["clips"], 4)
    page = (HERE / "card.md").read_text(encoding="utf-8")
    assert f"**Test accuracy {test['accuracy']:.4f}** ({test['correct']} of {test['clips']} clips" in page


@pytest.mark.full
def test_the_weights_reach_the_accuracy_of_the_card(card: dict[str, Any]) -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    # In a process of its own, since TensorFlow is slow to import and keeps threads of its own.
    target = "fieldpack_reference_models.sound.train:measured"
    found = worker.run(target, {"file": str(HERE / "model.keras"), "split": "test", "total": CLIPS})
    low, high = interval(found["correct"], CLIPS)
    assert low <= card["test"]["accuracy"] <= high
    assert found["parameters"] == card["model"]["parameters"]
