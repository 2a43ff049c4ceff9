"""``fieldpack build`` on ONNX sources, from end to end: a picture network NCHW, and one with a state."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main

pytestmark = pytest.mark.full

HEAD = """
schema = 1
[pack]
name = "from-onnx"
version = "1.0.0"
description = "An ONNX model on both phones."
license = "Apache-2.0"
seed = 0
"""
FLAVOURS = """
[[flavours]]
kind = "tflite"
name = "tflite-float32"
method = "float32"
io = "float32"
fold_scaling = {folded}
[[flavours]]
kind = "coreml"
name = "coreml-fp32"
precision = "float32"
method = "float"
minimum_ios = "16"
fold_scaling = {folded}
[budget.every]
max_abs_error = 0.001
"""
PICTURES = """
[source]
kind = "onnx"
path = "net.onnx"
[[contract.inputs]]
name = "picture"
kind = "image"
height = 96
width = 96
color_order = "rgb"
layout = "NCHW"
normalization = { kind = "range", low = -1.0, high = 1.0 }
resize = { method = "bilinear", fit = { kind = "center_crop", fraction = 1.0 } }
[[contract.outputs]]
name = "probabilities"
activation = "softmax"
labels = "labels.txt"
[data]
golden = 4
[data.evaluation]
kind = "provider"
provider = "fieldpack_reference_models.vision.world:dataset"
split = "test"
count = 40
"""
STATES = """
[source]
kind = "onnx"
path = "net.onnx"
constants = { rate = 16000 }
[[contract.inputs]]
name = "chunk"
kind = "tensor"
shape = [1, 8]
low = -4.0
high = 4.0
meaning = "samples of sound"
[[contract.inputs]]
name = "before"
kind = "tensor"
shape = [1, 1, 5]
low = -1.0
high = 1.0
meaning = "what the network remembers"
[[contract.outputs]]
name = "levels"
activation = "linear"
unit = "none"
[[contract.outputs]]
name = "after"
activation = "linear"
unit = "none"
[data]
golden = 4
[data.evaluation]
kind = "arrays"
inputs = { chunk = "chunk.npy", before = "before.npy" }
"""
PICTURE_NET = """<ir_version: 8, opset_import: ["" : 17]>
net (float[n, 3, 96, 96] picture) => (float[n, 12] probabilities) {
    a = Conv <strides = [4, 4], pads = [2, 2, 1, 1]> (picture, w1, b1)
    b = HardSwish (a)
    c = Conv <group = 8, auto_pad = "SAME_UPPER"> (b, w2)
    d = Relu (c)
    e = GlobalAveragePool (d)
    f = Flatten (e)
    g = Gemm <transB = 1> (f, w3, b3)
    probabilities = Softmax (g)
}"""
STATE_NET = """<ir_version: 8, opset_import: ["" : 17]>
net (float[1, n, 8] chunk, float[1, n, 5] before, int64 rate)
=> (float[1, n, 5] levels, float[1, n, 5] after) {
    known = Constant <value = int64 {16000}> ()
    right = Equal (rate, known)
    x = If (right) <
        then_branch = same () => (float[1, n, 8] u) { u = Identity (chunk) },
        else_branch = twice () => (float[1, n, 8] v) { v = Add (chunk, chunk) }
    >
    y, after = GRU <hidden_size = 5, linear_before_reset = 1> (x, w, r, b, "", before)
    axes = Constant <value_ints = [1]> ()
    levels = Squeeze (y, axes)
}"""


def save(folder: Path, text: str, weights: dict[str, tuple[int, ...]]) -> None:
    """The network with seeded weights as ``net.onnx``."""
    import onnx
    import onnx.parser

    model = onnx.parser.parse_model(text.replace('"", before', ", before"))
    generator = np.random.default_rng(6)
    for name, shape in weights.items():
        values = (generator.standard_normal(shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    onnx.save(model, folder / "net.onnx")


def build(folder: Path, text: str, folded: bool) -> Path:
    """The bundle of a spec in `folder`."""
    (folder / "pack.toml").write_text(HEAD + text + FLAVOURS.format(folded=str(folded).lower()))
    assert main(["build", str(folder / "pack.toml"), "--out", str(folder / "bundle")]) == 0
    return folder / "bundle"


def test_a_picture_network_is_packed_with_its_scaling_folded_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"w1": (8, 3, 7, 7), "b1": (8,), "w2": (8, 1, 3, 3), "w3": (12, 8), "b3": (12,)}
    save(tmp_path, PICTURE_NET, sizes)
    (tmp_path / "labels.txt").write_text("\n".join(f"kind {index}" for index in range(12)))
    bundle = build(tmp_path, PICTURES, folded=True)
    assert main(["verify", str(bundle)]) == 0
    capsys.readouterr()
    assert main(["gate", str(bundle), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    with open_bundle(bundle) as opened:
        golden = opened.golden_outputs()["probabilities"]
        for name in ("tflite-float32", "coreml-fp32"):
            assert np.abs(golden - opened.flavour_golden(name)["probabilities"]).max() < 1e-4
        assert "onnx" in json.dumps(opened.manifest.model_dump(mode="json"))
    assert np.allclose(golden.sum(axis=1), 1.0, atol=1e-5)


def test_a_network_with_a_state_and_a_constant_is_packed(tmp_path: Path) -> None:
    save(tmp_path, STATE_NET, {"w": (1, 15, 8), "r": (1, 15, 5), "b": (1, 30)})
    generator = np.random.default_rng(1)
    np.save(tmp_path / "chunk.npy", generator.standard_normal((12, 1, 8)).astype(np.float32).clip(-4, 4))
    np.save(tmp_path / "before.npy", generator.uniform(-1, 1, (12, 1, 1, 5)).astype(np.float32))
    bundle = build(tmp_path, STATES, folded=False)
    with open_bundle(bundle) as opened:
        golden = opened.golden_outputs()
        for name in ("tflite-float32", "coreml-fp32"):
            for output, values in opened.flavour_golden(name).items():
                assert np.abs(golden[output].reshape(values.shape) - values).max() < 1e-4
