"""The interpreter on programs made by hand: results, precision, refusals."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.package import open_package
from fieldpack.errors import InputError, MissingDependencyError, ModelFileError, UnsupportedError


def interpreter(handmade: Any, precision: Any = Precision.FP32, threads: Any = None) -> Any:
    return Interpreter(open_package(handmade.save()), precision, threads)


def quantised_linear(handmade: Any) -> Any:
    codes = np.array([[1, -2, 3, 100], [0, 50, -128, 127]], np.int8)
    handmade.input("x", "float32", (1, 4))
    handmade.weight("codes", "int8", (2, 4), codes.tobytes())
    handmade.weight("scale", "float16", (2,), np.array([0.5, 0.25], np.float16).tobytes())
    zero = np.array([3, -1], np.int8)
    handmade.op(
        "constexpr_affine_dequantize", "w", "float16", (2, 4),
        quantized_data="codes", zero_point=zero, scale="scale", axis=np.array(0, np.int32),
    )  # fmt: skip
    handmade.op("linear", "y", "float32", (1, 2), x="x", weight="w", bias=np.array([1.0, -1.0], np.float32))
    handmade.output("y", "float32", (1, 2))
    weight = (codes.astype(float) - zero.astype(float)[:, None]) * np.array([[0.5], [0.25]])
    return weight, np.array([1.0, -1.0])


def test_stored_weights_are_unpacked_and_used(handmade: Any) -> None:
    weight, bias = quantised_linear(handmade)
    x = np.array([[0.5, -1.25, 2.0, 3.0]], np.float32)
    outputs = interpreter(handmade).run({"x": x})
    assert list(outputs) == ["y"]
    assert outputs["y"].dtype == np.float32
    np.testing.assert_array_equal(outputs["y"], (x @ weight.T + bias).astype(np.float32))


def test_fp16_rounds_each_declared_tensor_and_fp32_none(handmade: Any) -> None:
    handmade.input("x", "float32", (2,))
    handmade.op("cast", "h", "float16", (2,), x="x", dtype="=fp16")
    handmade.op("add", "s", "float16", (2,), x="h", y=np.array([2048.0, 1.0], np.float16))
    handmade.op("sub", "d", "float16", (2,), x="s", y=np.array([2048.0, 1.0], np.float16))
    handmade.op("cast", "y", "float32", (2,), x="d", dtype="=fp32")
    handmade.output("y", "float32", (2,))
    package = open_package(handmade.save())
    x = np.array([0.75, 0.0004], np.float32)
    assert Interpreter(package).run({"x": x})["y"].tolist() == pytest.approx([0.75, 0.0004], abs=1e-7)
    half = np.float16
    expected = [half(half(half(v) + half(c)) - half(c)) for v, c in zip(x, (2048.0, 1.0), strict=True)]
    rounded = Interpreter(package, Precision.FP16)
    assert rounded.run({"x": x})["y"].tolist() == [float(v) for v in expected] == [0.0, 0.0]
    assert rounded.run_intermediates({"x": x}, ["h", "s"])["s"].tolist() == [2048.0, 1.0]


def test_integers_and_shapes_flow_through(handmade: Any) -> None:
    handmade.input("x", "float32", (2, 3))
    handmade.op("shape", "sizes", "int32", (2,), x="x")
    handmade.op("gather", "rows", "int32", (1,), x="sizes", indices=np.array([0], np.int32))
    handmade.const("rest", np.array([-1], np.int32))
    axis = np.array(0, np.int32)
    handmade.op("concat", "target", "int32", (2,), values=["rows", "rest"], axis=axis)
    handmade.op("reduce_argmax", "best", "int32", (2,), x="x", axis=np.array(1, np.int32))
    handmade.op("reshape", "y", "float32", (2, 3), x="x", shape="target")
    handmade.output("y", "float32", (2, 3))
    handmade.output("best", "int32", (2,))
    x = np.array([[1, 5, 2], [7, 7, 0]], np.float32)
    outputs = interpreter(handmade).run({"x": x})
    np.testing.assert_array_equal(outputs["y"], x)
    assert outputs["best"].dtype == np.int32
    assert outputs["best"].tolist() == [1, 0]


def test_intermediates_by_name_and_all(handmade: Any) -> None:
    quantised_linear(handmade)
    runner = interpreter(handmade)
    x = {"x": np.ones((1, 4), np.float32)}
    everything = runner.run_intermediates(x)
    assert list(everything) == ["y"]
    picked = runner.run_intermediates(x, ["w", "x"])
    assert picked["w"].shape == (2, 4)
    picked["w"][:] = 0
    assert runner.run_intermediates(x, ["w"])["w"].any()
    with pytest.raises(InputError, match="no such tensor"):
        runner.run_intermediates(x, ["nothing"])


def test_a_classifier_gives_label_and_probabilities(handmade: Any) -> None:
    handmade.input("x", "float32", (1, 3))
    labels = ["Ara macao", "Pica pica", "Corvus corax"]
    handmade.const("classes", labels)
    op = handmade.block.operations.add(type="classify")
    op.inputs["probabilities"].arguments.add(name="x")
    op.inputs["classes"].arguments.add(name="classes")
    op.outputs.add(name="label")
    op.outputs.add(name="probs")
    description = handmade.model.description
    for name in ("label", "probs"):
        handmade.block.outputs.append(name)
        description.output.add(name=name)
    description.output[0].type.stringType.SetInParent()
    description.output[1].type.dictionaryType.stringKeyType.SetInParent()
    description.predictedFeatureName = "label"
    package = open_package(handmade.save())
    assert package.labels == tuple(labels)
    assert package.label_feature == "label"
    outputs = Interpreter(package).run({"x": np.array([[0.2, 0.5, 0.3]], np.float32)})
    assert outputs["label"].item() == "Pica pica"
    np.testing.assert_allclose(outputs["probs"], [0.2, 0.5, 0.3], rtol=1e-7)


@pytest.mark.parametrize(
    "inputs", [{}, {"y": np.ones((1, 4), np.float32)}, {"x": np.ones((1, 4), np.float32), "z": np.ones(1)}]
)
def test_other_input_names_are_refused(handmade: Any, inputs: Any) -> None:
    quantised_linear(handmade)
    with pytest.raises(InputError, match="not those of the model"):
        interpreter(handmade).run(inputs)


def test_optional_inputs_take_their_default(handmade: Any) -> None:
    handmade.input("x", "float32", (2,))
    kind = handmade.model.description.input[0].type
    kind.isOptional = True
    kind.multiArrayType.floatDefaultValue = -3.0
    handmade.op("abs", "y", "float32", (2,), x="x")
    handmade.output("y", "float32", (2,))
    assert interpreter(handmade).run({})["y"].tolist() == [3.0, 3.0]


def test_unknown_operators_are_named_with_what_there_is(handmade: Any) -> None:
    handmade.input("x", "float32", (1,))
    handmade.op("quantum_fold", "y", "float32", (1,), x="x")
    handmade.output("y", "float32", (1,))
    with pytest.raises(UnsupportedError, match="quantum_fold") as caught:
        interpreter(handmade)
    assert "CoreML6" in str(caught.value)
    assert "batch_norm" in str(caught.value)


def one_op(handmade: Any, kind: Any, shape: Any, **inputs: Any) -> Any:
    handmade.input("x", "float32", (1, 4))
    handmade.op(kind, "y", "float32", shape, x="x", **inputs)
    handmade.output("y", "float32", shape)
    return handmade


@pytest.mark.parametrize(
    ("kind", "shape", "inputs", "word"),
    [
        ("relu", (1, 5), {}, "another shape than declared"),
        ("relu", (1, 4), {"slope": np.array(1.0, np.float32)}, "not known"),
        ("clip", (1, 4), {"alpha": np.array(1.0, np.float32)}, "missing"),
        ("reshape", (1, 3), {"shape": np.array([1, 3], np.int32)}, "cannot be computed"),
        ("relu", (1, 4), {"x": ["x", "x"]}, "number of values"),
        ("softmax", (1, 4), {"axis": "=last"}, "another form"),
        ("add", (1, 4), {"y": "later"}, "before it is computed"),
    ],
)
def test_contradictions_are_refused_with_the_name_of_the_operation(
    handmade: Any, kind: Any, shape: Any, inputs: Any, word: Any
) -> None:
    handmade.input("x", "float32", (1, 4))
    handmade.op(kind, "y", "float32", shape, **{"x": "x"} | inputs)
    handmade.output("y", "float32", shape)
    with pytest.raises(ModelFileError, match=word) as caught:
        interpreter(handmade).run({"x": np.ones((1, 4), np.float32)})
    assert kind in str(caught.value)


def test_outputs_that_nobody_computes_are_refused(handmade: Any) -> None:
    one_op(handmade, "relu", (1, 4)).output("z", "float32", (1,))
    with pytest.raises(ModelFileError, match="does not compute its outputs"):
        interpreter(handmade)


def test_inputs_that_nobody_describes_are_refused(handmade: Any) -> None:
    one_op(handmade, "relu", (1, 4)).function.inputs.add(name="more")
    with pytest.raises(ModelFileError, match="not those of its program"):
        interpreter(handmade)


def test_threads_are_put_back(handmade: Any) -> None:
    import torch

    before = torch.get_num_threads()
    runner = interpreter(one_op(handmade, "relu", (1, 4)), threads=before + 1)
    runner.run({"x": np.ones((1, 4), np.float32)})
    assert torch.get_num_threads() == before


def test_without_torch_the_extra_is_named(handmade: Any, monkeypatch: Any) -> None:
    package = open_package(one_op(handmade, "relu", (1, 4)).save())
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match="needs torch") as caught:
        Interpreter(package)
    assert 'pip install "fieldpack[coreml-reference]"' in str(caught.value)


def test_opening_a_package_does_not_import_torch(handmade: Any) -> None:
    import subprocess

    path = one_op(handmade, "relu", (1, 4)).save()
    code = (
        "import sys; from pathlib import Path; import fieldpack.coreml.interpreter;"
        "from fieldpack.coreml.package import open_package; open_package(Path(sys.argv[1]));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == 0
