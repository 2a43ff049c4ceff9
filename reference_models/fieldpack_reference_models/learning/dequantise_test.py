"""Dequantised layers against what LiteRT computes with the file they came from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.learning.dequantise import Layer, LayerKind, dequantised

Array = NDArray[np.float32]
# Writes one network twice: float32, and int8 with per-channel weights. In a process of its own, since
# TensorFlow keeps threads.
_WRITE = """
import sys, keras, numpy as np, tensorflow as tf
keras.utils.set_random_seed(3)
flow = picture = keras.Input((8, 8, 3), batch_size=1)
flow = keras.layers.Conv2D(6, 3, 2, "same", bias_initializer="normal", activation="relu")(flow)
flow = keras.layers.DepthwiseConv2D(3, 1, "same", bias_initializer="normal")(flow)
flow = keras.layers.GlobalAveragePooling2D()(flow)
model = keras.Model(picture, keras.layers.Dense(4, bias_initializer="normal")(flow))
rows = np.random.default_rng(0).normal(size=(64, 1, 8, 8, 3)).astype(np.float32)
for name, quantised in (("float32", False), ("int8", True)):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if quantised:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row] for row in rows)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    open(sys.argv[1] + f"/{name}.tflite", "wb").write(converter.convert())
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("keras", reason="pip install 'fieldpack[keras]'")
    folder = tmp_path_factory.mktemp("models")
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    run = subprocess.run(
        [sys.executable, "-c", _WRITE, str(folder)], capture_output=True, text=True, env=environment
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return folder


def _run(path: Path, picture: Array) -> Array:
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(path), num_threads=1)
    runner.allocate_tensors()
    runner.set_tensor(runner.get_input_details()[0]["index"], picture)
    runner.invoke()
    found: Array = runner.get_tensor(runner.get_output_details()[0]["index"])[0]
    return found


def _windows(picture: Array, stride: int, before: int) -> Array:
    """[H, W, 3, 3, C] windows under a 3 x 3 kernel, padded by `before` and as much as "same" needs after."""
    padded = np.pad(picture, ((before, 1), (before, 1), (0, 0)))
    rows, columns = ((size - 3) // stride + 1 for size in padded.shape[:2])
    windows = [
        [padded[y * stride : y * stride + 3, x * stride : x * stride + 3] for x in range(columns)]
        for y in range(rows)
    ]
    return np.array(windows)


def _forward(layers: tuple[Layer, ...], picture: Array) -> Array:
    first, depthwise, dense = layers
    flow = np.einsum("hwyxi,yxio->hwo", _windows(picture, 2, 0), first.kernel) + first.bias
    flow = np.maximum(flow, 0)
    flow = np.einsum("hwyxc,yxc->hwc", _windows(flow, 1, 1), depthwise.kernel[..., 0]) + depthwise.bias
    scores: Array = flow.mean(axis=(0, 1)) @ dense.kernel + dense.bias
    return scores


@pytest.mark.full
@pytest.mark.parametrize(("name", "tolerance"), [("float32", 1e-5), ("int8", 0.03)])
def test_layers_compute_what_litert_computes(files: Path, name: str, tolerance: float) -> None:
    layers = dequantised(files / f"{name}.tflite")
    assert [layer.kind for layer in layers] == list(LayerKind)
    assert [layer.kernel.shape for layer in layers] == [(3, 3, 3, 6), (3, 3, 6, 1), (6, 4)]
    for seed in range(5):
        picture = np.random.default_rng((9, seed)).normal(size=(8, 8, 3)).astype(np.float32)
        wanted = _run(files / f"{name}.tflite", picture[None])
        assert np.abs(_forward(layers, picture) - wanted).max() <= tolerance


@pytest.mark.full
def test_no_weight_is_off_by_more_than_half_a_step_of_its_channel(files: Path) -> None:
    others = {LayerKind.CONVOLUTION: (0, 1, 2), LayerKind.DEPTHWISE: (0, 1, 3), LayerKind.DENSE: (0,)}
    pairs = zip(dequantised(files / "float32.tflite"), dequantised(files / "int8.tflite"), strict=True)
    for exact, rounded in pairs:
        step = np.abs(exact.kernel).max(axis=others[exact.kind], keepdims=True) / 127
        error = np.abs(exact.kernel - rounded.kernel)
        assert error.max() > 0
        assert (error <= step * 0.5001).all()


def test_a_file_that_is_not_tflite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"not a model")
    with pytest.raises(ModelFileError, match=r"x\.tflite"):
        dequantised(tmp_path / "x.tflite")
