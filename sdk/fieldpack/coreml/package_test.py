"""Opening packages: what they say about themselves, and damaged ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import set_value
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import OperationRow, open_package
from fieldpack.coreml.schema import message
from fieldpack.errors import InputError, ModelFileError, UnsupportedError


def small(handmade: Any) -> Any:
    """A linear layer with an int8 weight and a float16 scale, used once more by a product."""
    handmade.input("x", "float32", (1, 4))
    handmade.weight("codes", "int8", (2, 4), bytes(range(8)))
    handmade.weight("scale", "float16", (2,), np.array([0.5, 2.0], np.float16).tobytes())
    handmade.weight("factor", "float32", (2,), np.array([1.0, 10.0], np.float32).tobytes())
    zero, axis = np.array([0, 0], np.int8), np.array(0, np.int32)
    handmade.op(
        "constexpr_affine_dequantize", "w", "float32", (2, 4),
        quantized_data="codes", zero_point=zero, scale="scale", axis=axis,
    )  # fmt: skip
    handmade.op("linear", "a", "float32", (1, 2), x="x", weight="w")
    handmade.op("mul", "b", "float32", (1, 2), x="a", y="factor")
    handmade.op("mul", "y", "float32", (1, 2), x="b", y="factor")
    handmade.output("y", "float32", (1, 2))
    return handmade


def test_a_package_describes_itself(handmade: Any) -> None:
    package = open_package(small(handmade).save())
    assert (package.specification_version, package.opset, package.minimum_ios) == (7, "CoreML6", "16")
    assert [(f.name, f.kind, f.shape, f.dtype, f.color) for f in package.inputs] == [
        ("x", "multiarray", (1, 4), "float32", None)
    ]
    assert [f.name for f in package.outputs] == ["y"]
    assert package.weight_storage == {"float16": 4, "float32": 8, "int8": 8}
    assert package.weight_bytes == 20
    assert package.labels is None
    assert package.operations() == [
        OperationRow("constexpr_affine_dequantize", "w", 0),
        OperationRow("linear", "a", 12),
        OperationRow("mul", "b", 8),
        OperationRow("mul", "y", 0),
    ]
    assert package.op_histogram() == {"constexpr_affine_dequantize": 1, "linear": 1, "mul": 2}


@pytest.mark.parametrize(
    ("specification", "opset", "ios"),
    [
        (6, "CoreML5", "15"),
        (7, "CoreML5", "16"),
        (9, "CoreML8", "18"),
        (8, "CoreML8", "18"),
        (10, "CoreML9", "26"),
    ],
)
def test_the_later_of_specification_and_operator_set_decides(
    tmp_path: Any, handmade: Any, specification: Any, opset: Any, ios: Any
) -> None:
    handmade.model.specificationVersion = specification
    block = handmade.function.block_specializations["CoreML6"]
    handmade.function.block_specializations[opset].CopyFrom(block)
    handmade.function.opset = opset
    assert open_package(handmade.save()).minimum_ios == ios


def test_unknown_versions_are_not_guessed(handmade: Any) -> None:
    handmade.model.specificationVersion = 99
    package = open_package(handmade.save())
    with pytest.raises(UnsupportedError, match="not known"):
        _ = package.minimum_ios


def test_truncated_files_are_refused_at_opening(handmade: Any) -> None:
    path = small(handmade).save()
    weights = path / "Data/com.apple.CoreML/weights/weight.bin"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) - 64])
    with pytest.raises(ModelFileError, match=r"weight\.bin"):
        open_package(path)
    weights.write_bytes(whole)
    model = path / "Data/com.apple.CoreML/model.mlmodel"
    model.write_bytes(model.read_bytes()[:-3])
    with pytest.raises(ModelFileError, match="not a Core ML protobuf"):
        open_package(path)
    model.write_bytes(b"")
    with pytest.raises(ModelFileError, match="holds no model"):
        open_package(path)


@pytest.mark.parametrize(
    "name",
    [
        "@model_path/../../../secret",
        "/etc/passwd",
        "weights/weight.bin",
        "@model_path/weights/none.bin",
        "@model_path/" + "a" * 5000,
        "@model_path/",
    ],
)
def test_weight_files_outside_the_package_are_refused(handmade: Any, name: Any) -> None:
    small(handmade)
    for op in handmade.block.operations:
        if op.outputs[0].name == "codes":
            op.attributes["val"].blobFileValue.fileName = name
    path = handmade.save()
    (path.parent / "secret").write_bytes(b"x" * 512)
    with pytest.raises(ModelFileError, match="not in the package"):
        open_package(path)


def test_a_function_without_its_block_is_refused(handmade: Any) -> None:
    handmade.function.opset = "CoreML7"
    with pytest.raises(ModelFileError, match="no block"):
        open_package(handmade.save())


def test_the_default_function_must_exist(handmade: Any) -> None:
    handmade.model.description.defaultFunctionName = "other"
    with pytest.raises(ModelFileError, match="lacks the function"):
        open_package(handmade.save())


def two_functions(handmade: Any) -> Any:
    """``main`` doubles, ``negate`` changes the sign of another input; ``main`` is the default."""
    model = handmade.model
    handmade.input("x", "float32", (2,))
    handmade.op("add", "y", "float32", (2,), x="x", y="x")
    handmade.output("y", "float32", (2,))
    model.mlProgram.functions["negate"].CopyFrom(model.mlProgram.functions["main"])
    other = model.mlProgram.functions["negate"]
    block = other.block_specializations[other.opset]
    other.inputs[0].name = "a"
    block.operations[0].type = "sub"
    block.operations[0].inputs["x"].arguments[0].name = "zero"
    block.operations[0].inputs["y"].arguments[0].name = "a"
    zero = message("MILSpec.Operation")
    zero.type = "const"
    set_value(zero.attributes["val"], np.zeros(2, np.float32))
    zero.outputs.add(name="zero").type.CopyFrom(zero.attributes["val"].type)
    block.operations.insert(0, zero)
    description = model.description
    for name, given in (("main", "x"), ("negate", "a")):
        entry = description.functions.add(name=name)
        entry.input.add().CopyFrom(description.input[0])
        entry.input[0].name = given
        entry.output.add().CopyFrom(description.output[0])
    description.defaultFunctionName = "main"
    del description.input[:], description.output[:]
    return handmade


def test_a_function_is_opened_by_name(handmade: Any) -> None:
    path = two_functions(handmade).save()
    x = np.array([1.0, -3.0], np.float32)
    default = open_package(path)
    assert (default.function, default.functions) == ("main", ("main", "negate"))
    assert Interpreter(default).run({"x": x})["y"].tolist() == [2.0, -6.0]
    chosen = open_package(path, "negate")
    assert [feature.name for feature in chosen.inputs] == ["a"]
    assert Interpreter(chosen).run({"a": x})["y"].tolist() == [-1.0, 3.0]


def test_a_function_that_is_not_there_is_refused_with_those_that_are(handmade: Any) -> None:
    with pytest.raises(InputError, match="no such function") as caught:
        open_package(two_functions(handmade).save(), "encode")
    assert "main, negate" in str(caught.value)


def test_weights_inside_blocks_count(handmade: Any) -> None:
    small(handmade)
    outer = handmade.block.operations.add(type="cond")
    inner = outer.blocks.add()
    inner.operations.extend(
        op for op in handmade.block.operations if op.outputs and op.outputs[0].name == "factor"
    )
    kept = [op for op in handmade.block.operations if not op.outputs or op.outputs[0].name != "factor"]
    del handmade.block.operations[:]
    handmade.block.operations.extend(kept)
    package = open_package(handmade.save())
    assert package.weight_bytes == 20
    assert [row.type for row in package.operations()][-1] == "cond"


def test_other_model_kinds_open_but_do_not_run(handmade: Any) -> None:
    handmade.model.treeEnsembleClassifier = b"\x08\x01"
    package = open_package(handmade.save())
    assert (package.model_type, package.opset) == ("treeEnsembleClassifier", "")
    with pytest.raises(UnsupportedError, match="ML Programs"):
        package.operations()
