"""Heads in the bits that the quantiser wrote: rows of them alone give what the whole file gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.testing import layered_tflite
from fieldpack.tflite.head import split_head
from fieldpack.tflite.runner import TfliteRunner
from fieldpack_converters.quantize_tflite import quantize

pytest.importorskip("ai_edge_quantizer", reason="pip install 'fieldpack[keras]'")
GENERATOR = np.random.default_rng(1)
LAYERS = [GENERATOR.standard_normal(shape).astype(np.float32) for shape in ((16, 4), (33, 16), (501, 33))]
VECTORS = GENERATOR.standard_normal((6, 4)).astype(np.float32)


def answers(runner: TfliteRunner) -> np.ndarray:
    (name,) = (spec.name for spec in runner.inputs)
    rows = [next(iter(runner.run({name: vector[None]}).values()))[0] for vector in VECTORS]
    return np.asarray(rows, np.float32)


@pytest.mark.parametrize(
    ("method", "dtype"), [("float16", "float16"), ("weight_int8", "int8"), ("weight_int4", "int8")]
)
def test_rows_alone_are_rows_of_the_whole(tmp_path: Path, method: str, dtype: str) -> None:
    (tmp_path / "float.tflite").write_bytes(layered_tflite("x", LAYERS))
    rules = [{"method": method, "layers": "scores|values2"}]
    quantize(str(tmp_path / "float.tflite"), str(tmp_path / "small.tflite"), "float16", rules=rules)
    found = split_head(tmp_path / "small.tflite")
    assert found is not None
    trunk, head = found
    assert head.weights.dtype == dtype
    chosen = [500, 0, 7, 333]
    got = head.answers(answers(TfliteRunner(trunk)), chosen)
    assert np.abs(got - answers(TfliteRunner(tmp_path / "small.tflite"))[:, chosen]).max() < 2e-6


@pytest.mark.parametrize("method", ["dynamic_int8", "dynamic_int4"])
def test_a_head_that_rounds_its_features_is_left_whole(tmp_path: Path, method: str) -> None:
    (tmp_path / "float.tflite").write_bytes(layered_tflite("x", LAYERS))
    quantize(str(tmp_path / "float.tflite"), str(tmp_path / "small.tflite"), method)
    assert split_head(tmp_path / "small.tflite") is None
