from __future__ import annotations

from pathlib import Path

from fieldpack.diagnosis.causes.unmatched_rule import examine
from fieldpack.diagnosis.conftest import QuantisedWriter, subject_of
from fieldpack.diagnosis.finding import Standing
from fieldpack.diagnosis.subject import Made
from fieldpack.recipe import Method, Rule
from fieldpack.testing import tiny_tflite

EVERY = Rule(method=Method.STATIC_INT8, layers=".*")
HEAD = Rule(method=Method.FLOAT32, layers="head", operators=("CONV_2D",))


def quantised(path: Path) -> Path:
    writer = QuantisedWriter()
    x, y = (writer.activation(name, (1, 4), -1, 1) for name in "xy")
    writer.operator("RELU", (x,), (y,))
    return writer.write(path, (x,), (y,))


def test_a_rule_that_matched_nothing_is_named_with_its_words(tmp_path: Path) -> None:
    path = quantised(tmp_path / "m.tflite")
    found = examine(subject_of(path, made=Made((EVERY, HEAD), (1, 0), 1)))
    assert [finding.layer for finding in found.findings] == ["rule 1"]
    assert "float32 on layers 'head' and operators CONV_2D" in found.findings[0].says


def test_rules_that_matched_are_clear(tmp_path: Path) -> None:
    path = quantised(tmp_path / "m.tflite")
    found = examine(subject_of(path, made=Made((EVERY, HEAD), (1, 1), 1)))
    assert found.standing is Standing.CLEAR


def test_static_int8_that_left_every_activation_float_is_found(tmp_path: Path) -> None:
    path = tmp_path / "float.tflite"
    path.write_bytes(tiny_tflite())
    found = examine(subject_of(path, made=Made((EVERY,), (2,), 2)))
    assert "every activation of the file is float" in found.findings[0].says


def test_a_bare_file_does_not_say(tmp_path: Path) -> None:
    found = examine(subject_of(quantised(tmp_path / "m.tflite")))
    assert found.standing is Standing.NOT_RUN
    assert "bundle" in found.not_run
