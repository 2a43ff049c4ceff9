from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.diagnosis.causes.saturated_scores import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing

CLASSES = 6


def scores(path: Path, widest: float, last: str = "SOFTMAX") -> Path:
    """``RELU`` as the last layer, scores of 0 to 10 in a scale that ends at `widest`, then an activation."""
    writer = QuantisedWriter()
    x = writer.activation("x", (1, CLASSES), -10, 10)
    logits = writer.activation("logits", (1, CLASSES), -widest, widest)
    y = writer.tensor("scores", (1, CLASSES), "int8", scale=(1 / 256,), zero_point=(-128,))
    writer.operator("QUANTIZE", (x,), (logits,), options="QuantizeOptions")
    doubled = writer.activation("doubled", (1, CLASSES), -widest, widest)
    writer.operator("RELU", (logits,), (doubled,))
    if last == "SOFTMAX":
        writer.operator("SOFTMAX", (doubled,), (y,), options="SoftmaxOptions", beta=1.0)  # type: ignore[arg-type]
    else:
        writer.operator(last, (doubled,), (y,))
    return writer.write(path, (x,), (y,))


def examples(best: float, second: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    """Ten rows whose best and second scores are given."""
    real = np.full((10, CLASSES), -10.0)
    real[np.arange(10), np.arange(10) % CLASSES] = best
    real[np.arange(10), (np.arange(10) + 1) % CLASSES] = second
    return (np.round(real / (20 / 255)) - 0.5).round().astype(np.int8)


def test_scores_within_their_scale_are_clear(tmp_path: Path) -> None:
    found = examine(subject_of(scores(tmp_path / "m.tflite", 10.0), examples(8.0, 4.0)))
    assert found.standing is Standing.CLEAR
    assert found.looked_at == "2 score tensors, 10 examples"


def test_clipped_scores_are_found_with_the_rule_that_mends_them(tmp_path: Path) -> None:
    found = examine(subject_of(scores(tmp_path / "m.tflite", 5.0), examples(8.0, 3.0)))
    (finding,) = found.findings
    assert finding.figure == 1.0
    assert finding.layer == "RELU 1 (doubled)"
    assert "end of the scale in 100%" in finding.says
    assert 'operators = ["SOFTMAX"]' in finding.fix


def test_clipped_scores_that_tie_are_told_once(tmp_path: Path) -> None:
    found = examine(subject_of(scores(tmp_path / "m.tflite", 5.0), examples(8.0, 7.0)))
    assert {finding.layer for finding in found.findings} == {"RELU 1 (doubled)"}
    assert any("two classes or more share" in finding.says for finding in found.findings)


def test_ties_of_a_sigmoid_name_the_sigmoid(tmp_path: Path) -> None:
    found = examine(subject_of(scores(tmp_path / "m.tflite", 10.0, "LOGISTIC"), examples(9.0, 8.4)))
    (finding,) = found.findings
    assert finding.layer == "LOGISTIC 2 (scores)"
    assert 'operators = ["LOGISTIC"]' in finding.fix


@pytest.mark.parametrize(("clipped", "faulty"), [(0, False), (1, True)])
def test_one_clipped_example_in_ten_is_enough(tmp_path: Path, clipped: int, faulty: bool) -> None:
    rows = np.concatenate([examples(8.0, 3.0)[:clipped], examples(4.0, 2.0)[clipped:]])
    found = examine(subject_of(scores(tmp_path / "m.tflite", 5.0), rows))
    assert bool(found.findings) is faulty


def test_a_sigmoid_that_finds_nothing_is_no_tie(tmp_path: Path) -> None:
    writer = QuantisedWriter()
    x = writer.activation("x", (1, CLASSES), -10, 10)
    y = writer.tensor("scores", (1, CLASSES), "int8", scale=(1 / 256,), zero_point=(-128,))
    writer.operator("LOGISTIC", (x,), (y,))
    path = writer.write(tmp_path / "m.tflite", (x,), (y,))
    assert examine(subject_of(path, examples(-10.0, -10.0))).standing is Standing.CLEAR
    assert examine(subject_of(path, examples(2.0, 2.0))).findings[0].figure == 1.0


def test_without_examples_nothing_is_known(tmp_path: Path) -> None:
    assert examine(subject_of(scores(tmp_path / "m.tflite", 5.0))).standing is Standing.NOT_RUN
