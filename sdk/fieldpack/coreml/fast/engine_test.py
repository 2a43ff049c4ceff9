"""The fast engine on programs made by hand: precision, borders, refusals, damaged programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.fast.engine import FastEngine
from fieldpack.coreml.fast.translate import translate
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import InputError, ModelFileError, UnsupportedError


def engine(handmade: Any, precision: Any = Precision.FP32) -> Any:
    return FastEngine(open_package(handmade.save()), precision, threads=1)


def half_sums(handmade: Any) -> Any:
    handmade.input("x", "float32", (2,))
    handmade.op("cast", "h", "float16", (2,), x="x", dtype="=fp16")
    handmade.op("add", "s", "float16", (2,), x="h", y=np.array([2048.0, 1.0], np.float16))
    handmade.op("sub", "d", "float16", (2,), x="s", y=np.array([2048.0, 1.0], np.float16))
    handmade.op("cast", "y", "float32", (2,), x="d", dtype="=fp32")
    handmade.output("y", "float32", (2,))
    return open_package(handmade.save())


def test_fp16_rounds_each_declared_tensor_and_fp32_none(handmade: Any) -> None:
    package = half_sums(handmade)
    x = {"x": np.array([0.75, 0.0004], np.float32)}
    assert FastEngine(package).run(x)["y"].tolist() == pytest.approx([0.75, 0.0004], abs=1e-7)
    rounded = FastEngine(package, Precision.FP16)
    assert rounded.run(x)["y"].tolist() == [0.0, 0.0]
    seen = rounded.run_intermediates(x, ["h", "s", "x"])
    assert seen["s"].tolist() == [2048.0, 1.0]
    assert seen["h"].tolist() == [0.75, float(np.float16(0.0004))]
    assert seen["x"].tolist() == x["x"].tolist()


def test_moved_elements_are_not_rounded_twice(handmade: Any) -> None:
    """Only the nodes that a rounding needs are added."""
    handmade.input("x", "float16", (2, 3))
    handmade.op("transpose", "t", "float16", (3, 2), x="x", perm=np.array([1, 0], np.int32))
    handmade.op("relu", "r", "float16", (3, 2), x="t")
    handmade.op("exp", "y", "float16", (3, 2), x="r")
    handmade.output("y", "float16", (3, 2))
    package = open_package(handmade.save())
    import onnx

    def casts(precision: Precision) -> int:
        graph = onnx.load_from_string(translate(package, precision).model).graph
        return sum(node.op_type == "Cast" for node in graph.node)

    assert casts(Precision.FP32) == 1  # the input, which comes as float16
    assert casts(Precision.FP16) == 3
    x = {"x": np.array([[0.1, 9.0, -3.0], [2.5, 12.0, 0.0]], np.float16)}
    for precision in Precision:
        mine = FastEngine(package, precision).run(x)["y"]
        theirs = Interpreter(package, precision).run(x)["y"]
        assert mine.dtype == np.float16
        np.testing.assert_array_equal(mine, theirs)


def test_float16_inputs_that_overflow_are_refused_at_the_border(handmade: Any) -> None:
    handmade.input("x", "float16", (1,))
    handmade.op("relu", "y", "float16", (1,), x="x")
    handmade.output("y", "float16", (1,))
    made = engine(handmade)
    with pytest.raises(InputError, match="outside its type"):
        made.run({"x": np.array([1e6], np.float32)})
    with pytest.raises(InputError, match="not those of the model"):
        made.run({"z": np.array([1.0], np.float32)})
    with pytest.raises(InputError, match="another shape"):
        made.run({"x": np.ones(2, np.float32)})


def test_inputs_and_constants_may_be_results(handmade: Any) -> None:
    handmade.input("x", "float32", (2,))
    handmade.const("c", np.array([3.0, 4.0], np.float32))
    handmade.op("identity", "y", "float32", (2,), x="x")
    handmade.output("y", "float32", (2,))
    handmade.output("c", "float32", (2,))
    found = engine(handmade).run({"x": np.array([1.0, 2.0], np.float32)})
    assert {name: value.tolist() for name, value in found.items()} == {"y": [1.0, 2.0], "c": [3.0, 4.0]}


def test_a_result_of_another_shape_than_declared_is_an_error(handmade: Any) -> None:
    handmade.input("x", "float32", (2, 3))
    handmade.op("transpose", "y", "float32", (2, 3), x="x", perm=np.array([1, 0], np.int32))
    handmade.output("y", "float32", (2, 3))
    with pytest.raises(ModelFileError, match="transpose 'y': a result has another shape") as caught:
        engine(handmade)
    assert (caught.value.came, caught.value.allowed) == ("[3, 2]", "[2, 3]")


def test_an_index_outside_is_an_error_of_the_program(handmade: Any) -> None:
    handmade.input("x", "float32", (3,))
    handmade.op("gather", "y", "float32", (1,), x="x", indices=np.array([7], np.int32), axis=np.array(0))
    handmade.output("y", "float32", (1,))
    with pytest.raises((ModelFileError, UnsupportedError)):
        engine(handmade).run({"x": np.ones(3, np.float32)})


def test_sizes_of_a_run_are_refused(handmade: Any) -> None:
    handmade.input("x", "float32", (1, 4))
    handmade.op("relu", "y", "float32", (1, None), x="x")
    handmade.output("y", "float32", (1, 4))
    with pytest.raises(UnsupportedError, match="known at run time only") as caught:
        engine(handmade)
    assert caught.value.came == "y"


def test_a_used_but_undefined_tensor_is_named(handmade: Any) -> None:
    handmade.input("x", "float32", (1,))
    handmade.op("add", "y", "float32", (1,), x="x", y="nowhere")
    handmade.output("y", "float32", (1,))
    with pytest.raises(ModelFileError, match="used before it is computed") as caught:
        engine(handmade)
    assert caught.value.came == "nowhere"


@pytest.mark.parametrize("exact", [True, False])
def test_hard_swish_is_put_together_again_only_where_it_is_one(handmade: Any, exact: bool) -> None:
    alpha = np.float32(1 / 6) if exact else np.float32(0.2)
    handmade.input("x", "float32", (9,))
    handmade.op("thresholded_relu", "t", "float32", (9,), x="x", alpha=np.array(-3.0, np.float32))
    handmade.op(
        "sigmoid_hard", "g", "float32", (9,), x="t", alpha=np.array(alpha), beta=np.array(0.5, np.float32)
    )
    handmade.op("mul", "y", "float32", (9,), x="t", y="g")
    handmade.output("y", "float32", (9,))
    package = open_package(handmade.save())
    assert (b"HardSwish" in translate(package, Precision.FP32).model) is exact
    x = np.array([-9, -3.0001, -3, -2.9999, -1, 0, 2, 3, 8], np.float32)
    kept = np.where(x >= -3, x, 0).astype(np.float64)
    wanted = kept * np.clip(kept * float(alpha) + 0.5, 0, 1)
    found = FastEngine(package).run({"x": x})["y"]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    seen = FastEngine(package).run_intermediates({"x": x}, ["g"])["g"]
    np.testing.assert_allclose(seen, np.clip(kept * float(alpha) + 0.5, 0, 1), rtol=1e-6, atol=1e-6)


def test_quantised_activations_round_as_the_interpreter(handmade: Any) -> None:
    scales, zeros = np.array([0.5, 0.25, 2.0], np.float32), np.array([1, -2, 3], np.int8)
    handmade.input("x", "float32", (2, 3))
    axis = np.array(1, np.int32)
    handmade.op(
        "quantize",
        "q",
        "int8",
        (2, 3),
        input="x",
        scale=scales,
        zero_point=zeros,
        axis=axis,
        output_dtype="=int8",
    )
    handmade.op("dequantize", "y", "float32", (2, 3), input="q", scale=scales, zero_point=zeros, axis=axis)
    handmade.output("y", "float32", (2, 3))
    x = np.array([[0.25, -20.0, 30.0], [0.75, 100.0, -300.0]], np.float32)
    codes = np.clip(np.rint(x / scales) + zeros, -128, 127)
    np.testing.assert_array_equal(engine(handmade).run({"x": x})["y"], (codes - zeros) * scales)


def test_a_classifier_gives_label_and_scores(handmade: Any) -> None:
    handmade.input("x", "float32", (1, 3))
    handmade.op("softmax", "p", "float32", (1, 3), x="x", axis=np.array(-1, np.int32))
    names = handmade.const("names", ["ara", "pica", "corvus"])
    op = handmade.block.operations.add(type="classify")
    op.inputs["probabilities"].arguments.add(name="p")
    op.inputs["classes"].arguments.add(name=names)
    op.outputs.add(name="label").type.tensorType.dataType = 2
    handmade.op("identity", "q", "float32", (1, 3), x="p")
    from fieldpack.coreml.conftest import set_type

    set_type(op.outputs.add(name="scores").type, "float32", (3,))
    description = handmade.model.description
    description.predictedFeatureName = "label"
    description.predictedProbabilitiesName = "scores"
    for name, kind in (("label", "stringType"), ("scores", "dictionaryType")):
        handmade.block.outputs.append(name)
        getattr(description.output.add(name=name).type, kind).SetInParent()
    description.output[1].type.dictionaryType.stringKeyType.SetInParent()
    package = open_package(handmade.save())
    x = {"x": np.array([[0.1, 2.0, -1.0]], np.float32)}
    mine, theirs = FastEngine(package).run(x), Interpreter(package).run(x)
    assert mine["label"].item() == theirs["label"].item() == "pica"
    np.testing.assert_allclose(mine["scores"], theirs["scores"], rtol=1e-6)


def test_inputs_that_the_program_does_not_take_are_refused(handmade: Any) -> None:
    handmade.input("x", "float32", (2,))
    handmade.op("relu", "y", "float32", (2,), x="x")
    handmade.output("y", "float32", (2,))
    handmade.model.description.input[0].name = "z"
    with pytest.raises(ModelFileError, match="not those of its program"):
        FastEngine(open_package(handmade.save()))


@pytest.mark.parametrize(("dtype", "wanted"), [("int16", [-2, 0, 30000]), ("uint16", [0, 7, 60000])])
def test_sixteen_bit_integers_are_carried(handmade: Any, dtype: str, wanted: Any) -> None:
    """Converters give the indices of ``topk`` so; a cast cuts fractions."""
    handmade.input("x", "float32", (3,))
    handmade.op("cast", "i", dtype, (3,), x="x", dtype=f"={dtype}")
    handmade.op("cast", "y", "int32", (3,), x="i", dtype="=int32")
    handmade.output("y", "int32", (3,))
    package = open_package(handmade.save())
    x = {"x": (np.array(wanted) + 0.5 * np.sign(wanted)).astype(np.float32)}
    assert FastEngine(package).run(x)["y"].tolist() == wanted
    assert Interpreter(package).run(x)["y"].tolist() == wanted
