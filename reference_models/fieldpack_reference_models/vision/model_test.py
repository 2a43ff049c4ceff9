"""The committed weights: they belong to the card, open without custom objects and reach its accuracy."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fieldpack_reference_models.card import interval
from fieldpack_reference_models.vision import world

HERE = Path(__file__).parent
PICTURES = 240
# Runs in its own process, since TensorFlow is slow to import and keeps threads of its own.
_PREDICT = """
import json, sys
import keras, numpy as np
from fieldpack_reference_models.vision import train
model = keras.models.load_model(sys.argv[1], compile=False)
seen, _ = train.pictures("test", int(sys.argv[2]))
scores = train.predict(model, seen.items)
kinds = sorted({type(layer).__name__ for layer in model.layers})
print(json.dumps({
    "correct": int((scores.argmax(axis=1) == seen.labels).sum()),
    "sums": [float(scores.sum(axis=1).min()), float(scores.sum(axis=1).max())],
    "shapes": [list(model.input_shape), list(model.output_shape)],
    "parameters": model.count_params(),
    "optimizer": getattr(model, "optimizer", None) is not None,
    "kinds": kinds,
}))
"""


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "card.json").read_text(encoding="utf-8"))
    return found


def test_the_card_belongs_to_the_weights(card: dict[str, Any]) -> None:
    model = (HERE / "model.keras").read_bytes()
    assert hashlib.sha256(model).hexdigest() == card["model"]["sha256"]
    assert len(model) == card["model"]["size_bytes"] < 2_000_000
    assert card["training"]["world"] == world.WORLD


def test_labels_are_the_classes() -> None:
    assert (HERE / "labels.txt").read_text(encoding="utf-8").splitlines() == list(world.CLASSES)


def test_both_cards_carry_the_same_accuracy(card: dict[str, Any]) -> None:
    test = card["test"]
    assert test["accuracy"] == round(test["correct"] / test["pictures"], 4)
    assert f"**Test accuracy {test['accuracy']:.4f}** ({test['correct']} of" in (HERE / "card.md").read_text(
        encoding="utf-8"
    )


@pytest.mark.full
def test_the_weights_reach_the_accuracy_of_the_card(card: dict[str, Any]) -> None:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run(
        [sys.executable, "-c", _PREDICT, str(HERE / "model.keras"), str(PICTURES)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    low, high = interval(found["correct"], PICTURES)
    assert low <= card["test"]["accuracy"] <= high
    assert found["sums"] == pytest.approx([1, 1], abs=1e-5)
    assert found["shapes"] == [[None, 96, 96, 3], [None, 12]]
    assert found["parameters"] == card["model"]["parameters"]
    assert not found["optimizer"]
    assert {"BatchNormalization", "DepthwiseConv2D", "ReLU", "GlobalAveragePooling2D", "Dense"} <= set(
        found["kinds"]
    )
