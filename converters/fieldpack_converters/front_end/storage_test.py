"""Half floats in a TFLite file: which matrices take them, what they give, and that the bytes repeat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.manifest import FrontEndWeights
from fieldpack.testing import dense_tflite
from fieldpack.tflite.file import open_model
from fieldpack_converters.front_end.storage import halve_tflite, is_halved
from fieldpack_converters.tflite_graph import TFLiteGraph

HALF, FILTERS, WHOLE = FrontEndWeights.FLOAT16, FrontEndWeights.FILTERS_FLOAT16, FrontEndWeights.FLOAT32
WAVES = np.random.default_rng(5).normal(size=(24, 40)).astype(np.float32)


@pytest.mark.parametrize(
    ("weights", "waves", "filters"), [(HALF, True, True), (FILTERS, False, True), (WHOLE, False, False)]
)
def test_filters_are_what_has_no_negative_weight(
    weights: FrontEndWeights, waves: bool, filters: bool
) -> None:
    assert is_halved(WAVES, weights) is waves
    assert is_halved(np.abs(WAVES), weights) is filters
    assert not is_halved(np.abs(WAVES[0]), weights)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dense layer of waves and one of filters."""
    folder = tmp_path_factory.mktemp("dense")
    for name, matrix in (("waves", WAVES), ("filters", np.abs(WAVES))):
        data = dense_tflite("sound", (1, 40), matrix, np.zeros(24, np.float32), "linear")
        (folder / f"{name}.tflite").write_bytes(data)
    return folder


@pytest.mark.parametrize(("name", "weights"), [("waves", HALF), ("filters", HALF), ("filters", FILTERS)])
def test_a_half_is_smaller_and_computes_in_float32(name: str, weights: FrontEndWeights, files: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    source, targets = files / f"{name}.tflite", [files / f"{name}-{place}.tflite" for place in range(2)]
    assert all(halve_tflite(source, target, weights) for target in targets)
    assert targets[0].read_bytes() == targets[1].read_bytes()
    assert targets[0].stat().st_size < source.stat().st_size - 24 * 40 * 1.5
    assert open_model(targets[0]).op_versions().keys() == {"DEQUANTIZE", "FULLY_CONNECTED"}
    graph = TFLiteGraph.read(targets[0])
    assert {graph.dtype(tensor) for tensor in graph.inputs + graph.outputs} == {"float32"}
    runner = Interpreter(str(targets[0]), num_threads=1)
    runner.allocate_tensors()
    sound = np.random.default_rng(6).normal(size=(1, 40)).astype(np.float32)
    runner.set_tensor(runner.get_input_details()[0]["index"], sound)
    runner.invoke()
    got = runner.get_tensor(runner.get_output_details()[0]["index"])
    matrix = np.abs(WAVES) if name == "filters" else WAVES
    rounded = matrix.astype(np.float16).astype(np.float64)
    assert np.abs(got - sound @ rounded.T).max() < 1e-5
    assert np.abs(got - sound @ matrix.T).max() > 1e-4


def test_waves_alone_leave_nothing_to_halve(files: Path, tmp_path: Path) -> None:
    assert not halve_tflite(files / "waves.tflite", tmp_path / "half.tflite", FILTERS)
    assert not (tmp_path / "half.tflite").exists()
