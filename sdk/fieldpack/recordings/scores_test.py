"""Scores against the formulas written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from fieldpack.contract import Output
from fieldpack.errors import ContractError, ConversionError, InputError
from fieldpack.recordings.scores import label_scores


def output(**fields: Any) -> Output:
    return Output.model_validate({"name": "scores", "labels": "labels.txt"} | fields)


BIRDS = {"activation": "logits", "threshold": 0.1, "sensitivity": {"value": 1.0, "limit": 15.0}}
LOGITS = np.array([[-40.0, -2.0, 0.0, 3.0, 40.0]], np.float32)


@pytest.mark.parametrize("sensitivity", [None, 0.5, 1.25])
def test_birdnets_formula(sensitivity: float | None) -> None:
    slope = 1.0 if sensitivity is None else sensitivity
    expected = [1 / (1 + math.exp(-slope * max(-15.0, min(15.0, float(x))))) for x in LOGITS[0]]
    assert label_scores(output(**BIRDS), LOGITS, sensitivity)[0].tolist() == pytest.approx(expected)


def test_logits_without_sensitivity_are_a_softmax_and_probabilities_stay() -> None:
    made = label_scores(output(activation="logits"), LOGITS - 1000)
    assert made.sum() == pytest.approx(1.0)
    assert made[0, 3] / made[0, 2] == pytest.approx(math.exp(3.0))
    given = np.array([[0.25, 0.5]], np.float32)
    assert label_scores(output(activation="sigmoid", threshold=0.5), given).tolist() == [[0.25, 0.5]]


def test_what_is_no_score_is_refused() -> None:
    with pytest.raises(ConversionError, match="NaN"):
        label_scores(output(**BIRDS), np.array([[0.0, np.nan]]))
    with pytest.raises(InputError, match="no sensitivity"):
        label_scores(output(activation="softmax"), LOGITS, 1.2)
    with pytest.raises(ContractError, match="no labels"):
        label_scores(Output.model_validate({"name": "x", "activation": "linear", "unit": "metre"}), LOGITS)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({**BIRDS, "activation": "sigmoid"}, "sigmoid is already scores"),
        ({**BIRDS, "threshold": None}, "needs its threshold"),
        ({**BIRDS, "sensitivity": {"value": 1.0}}, "limit"),
    ],
)
def test_a_sensitivity_without_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        output(**fields)
