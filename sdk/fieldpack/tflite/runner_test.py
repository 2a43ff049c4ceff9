from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import InputError, ModelFileError
from fieldpack.tflite.runner import TfliteRunner

X = np.array([[0.1, -0.2, 0.3, 0.4]], np.float32)


def _expected(dense: SimpleNamespace, x: np.ndarray) -> np.ndarray:
    hidden = x.astype(np.float64) @ dense.weights.astype(np.float64).T + dense.bias
    result: np.ndarray = np.tanh(hidden)
    return result


@pytest.mark.parametrize("xnnpack", [True, False])
def test_run_agrees_with_float64(dense: SimpleNamespace, xnnpack: bool) -> None:
    result = TfliteRunner(dense.data, xnnpack=xnnpack).run({"features": X})
    assert list(result) == ["score"]
    assert result["score"].dtype == np.float32
    np.testing.assert_allclose(result["score"], _expected(dense, X), rtol=1e-5, atol=1e-6)


def test_path_bytes_tensor_names_threads_and_raw_agree(dense: SimpleNamespace, dense_path: Path) -> None:
    from_bytes = TfliteRunner(dense.data).run({"features": X})["score"]
    runner = TfliteRunner(dense_path, threads=2)
    np.testing.assert_array_equal(runner.run({"x": X})["score"], from_bytes)
    np.testing.assert_array_equal(runner.run_raw(X)[0], from_bytes)


def test_specs(dense: SimpleNamespace) -> None:
    runner = TfliteRunner(dense.data)
    (spec,) = runner.inputs
    assert (spec.name, spec.tensor_name, spec.shape, spec.dtype) == ("features", "x", (1, 4), "float32")
    assert (spec.scale, spec.zero_point, spec.shape_signature) == ((), (), (-1, 4))
    assert runner.outputs[0].name == "score"


def test_a_dynamic_axis_follows_the_input_back_and_forth(dense: SimpleNamespace) -> None:
    runner = TfliteRunner(dense.data)
    batch = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    for x in (X, batch, X, batch[:2]):
        np.testing.assert_allclose(
            runner.run({"features": x})["score"], _expected(dense, x), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "names"),
        ({"wrong": X}, "names"),
        ({"features": X, "x": X}, "names"),
        ({"features": X.astype(np.float64)}, "element type"),
        ({"features": X[0]}, "shape"),
        ({"features": X[:, :3]}, "shape"),
        ({"features": X[:0]}, "shape"),
        ({"features": X.tolist()}, "not an array"),
    ],
)
def test_inputs_that_do_not_fit(dense: SimpleNamespace, inputs: dict[str, Any], words: str) -> None:
    runner = TfliteRunner(dense.data)
    with pytest.raises(InputError, match=words):
        runner.run(inputs)
    np.testing.assert_allclose(runner.run({"features": X})["score"], _expected(dense, X), rtol=1e-5)


def test_strided_input_is_read_as_it_looks(dense: SimpleNamespace) -> None:
    wide = np.repeat(X, 2, axis=1)
    strided = wide[:, ::2]
    assert not strided.flags.c_contiguous
    np.testing.assert_allclose(
        TfliteRunner(dense.data).run({"features": strided})["score"], _expected(dense, X), rtol=1e-5
    )


def test_results_are_copies(dense: SimpleNamespace) -> None:
    runner = TfliteRunner(dense.data)
    first = runner.run({"features": X})["score"]
    kept = first.copy()
    runner.run({"features": 2 * X})
    np.testing.assert_array_equal(first, kept)


def test_intermediates(dense: SimpleNamespace) -> None:
    batch = np.repeat(X, 3, axis=0)
    runner = TfliteRunner(dense.data)
    for x in (X, batch):
        layers = runner.run_intermediates({"features": x})
        assert list(layers) == ["x", "h", "y"]
        np.testing.assert_array_equal(layers["x"], x)
        np.testing.assert_allclose(
            layers["h"], x.astype(np.float64) @ dense.weights.T + dense.bias, rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(layers["y"], _expected(dense, x), rtol=1e-5, atol=1e-6)


def test_real_numbers_at_a_quantised_border(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    x = writer.tensor("x", (1, 4), "int8", scale=(0.05,), zero_point=(-3,))
    y = writer.tensor("y", (1, 4), "int8", scale=(0.05,), zero_point=(-3,))
    writer.operator("RELU", (x,), (y,), version=2)
    writer.ends((x,), (y,))
    runner = TfliteRunner(writer.pack())
    assert runner.inputs[0].scale == pytest.approx((0.05,))
    real = np.array([[-1.0, 0.0, 0.52, 2.0]], np.float32)
    np.testing.assert_allclose(runner.run_real({"x": real})["y"], [[0.0, 0.0, 0.5, 2.0]], atol=1e-6)
    with pytest.raises(InputError, match="element type"):
        runner.run({"x": real})


def test_refusal_has_the_words_of_litert(bad_axis_path: Path) -> None:
    with pytest.raises(ModelFileError, match="quantized_dimension must be in range") as caught:
        TfliteRunner(bad_axis_path)
    assert str(bad_axis_path) in str(caught.value)


def test_failing_operators_are_a_model_file_error(new_writer: Callable[[], Any]) -> None:
    writer = new_writer()
    x, z, y = (writer.tensor(name, (2,), "int32") for name in "xzy")
    writer.operator("DIV", (x, z), (y,), options="DivOptions")
    writer.ends((x, z), (y,))
    runner = TfliteRunner(writer.pack())
    ones = np.ones(2, np.int32)
    assert runner.run({"x": 6 * ones, "z": 3 * ones})["y"].tolist() == [2, 2]
    for run in (runner.run, runner.run_intermediates):
        with pytest.raises(ModelFileError, match=r"zero_point was not true|DIV"):
            run({"x": ones, "z": 0 * ones})


def test_threads_are_checked(dense: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="thread"):
        TfliteRunner(dense.data, threads=0)


def test_loading_is_silent(dense: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    TfliteRunner(dense.data).run({"features": np.repeat(X, 2, axis=0)})
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_real_files_run_or_are_refused(model_paths: list[Path]) -> None:
    for path in (path for path in model_paths if path.stat().st_size < 100_000):
        runner = TfliteRunner(path)
        zeros = {spec.name: np.zeros(spec.shape, spec.dtype) for spec in runner.inputs}
        result = runner.run(zeros)
        for spec in runner.outputs:
            assert result[spec.name].shape == spec.shape, path
            assert result[spec.name].dtype == spec.dtype, path
