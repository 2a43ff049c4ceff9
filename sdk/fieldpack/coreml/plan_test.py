"""Binding a program: blocks inside operations, names, constants computed ahead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml import plan as plan_module
from fieldpack.coreml.conftest import set_type
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import ModelFileError, UnsupportedError

ONE = np.array([1.0], np.float32)


@contextmanager
def inside(handmade: Any, operation: Any, outputs: list[str], inputs: Any = ()) -> Iterator[None]:
    """Operations that are added meanwhile stand in a new block of ``operation``."""
    outer, handmade.block = handmade.block, operation.blocks.add()
    for name, dtype, shape in inputs:
        set_type(handmade.block.inputs.add(name=name).type, dtype, shape)
    yield
    handmade.block.outputs.extend(outputs)
    handmade.block = outer


def conditional(handmade: Any) -> Any:
    """``y = x > 0 ? concat(x, 1) : concat(x, 2)``; both blocks call their constants and tensors alike."""
    handmade.input("x", "float32", (1,))
    handmade.op("greater", "above", "bool", (1,), x="x", y=ONE * 0)
    handmade.op("squeeze", "pred", "bool", (), x="above")
    handmade.op("cond", "y", "float32", (2,), pred="pred")
    operation = handmade.block.operations[-1]
    for number in (1, 2):
        with inside(handmade, operation, ["joined"]):
            handmade.const("number", ONE * number)
            axis = np.array(0, np.int32)
            handmade.op("concat", "joined", "float32", (2,), values=["x", "number"], axis=axis)
    handmade.output("y", "float32", (2,))
    return handmade


def run(handmade: Any, **inputs: Any) -> Any:
    runner = Interpreter(open_package(handmade.save()))
    return runner.run({name: np.asarray(array) for name, array in inputs.items()})


def test_blocks_side_by_side_keep_their_own_constants(handmade: Any) -> None:
    runner = Interpreter(open_package(conditional(handmade).save()))
    for x, expected in ((5.0, [5.0, 1.0]), (-5.0, [-5.0, 2.0]), (3.0, [3.0, 1.0])):
        assert runner.run({"x": ONE * np.float32(x)})["y"].tolist() == expected


def test_what_a_block_computes_is_not_seen_outside(handmade: Any) -> None:
    conditional(handmade)
    handmade.op("relu", "z", "float32", (2,), x="joined")
    with pytest.raises(ModelFileError, match="used before it is computed") as caught:
        run(handmade, x=ONE)
    assert "joined" in str(caught.value)


def test_a_block_must_compute_its_outputs(handmade: Any) -> None:
    conditional(handmade)
    handmade.block.operations[-1].blocks[0].outputs[0] = "nothing"
    with pytest.raises(ModelFileError, match="does not compute its outputs"):
        run(handmade, x=ONE)


def looping(handmade: Any, limit: float) -> Any:
    """Doubles ``x`` while it is below ``limit``, a value from outside."""
    handmade.input("x", "float32", (1,))
    handmade.const("limit", ONE * np.float32(limit))
    handmade.op("while_loop", "y", "float32", (1,), loop_vars=["x"])
    operation = handmade.block.operations[-1]
    carried = [("v", "float32", (1,))]
    with inside(handmade, operation, ["again"], carried):
        handmade.op("less", "below", "bool", (1,), x="v", y="limit")
        handmade.op("squeeze", "again", "bool", (), x="below")
    with inside(handmade, operation, ["next"], carried):
        handmade.op("add", "next", "float32", (1,), x="v", y="v")
    handmade.output("y", "float32", (1,))
    return handmade


def test_a_loop_runs_until_its_condition_is_false(handmade: Any) -> None:
    runner = Interpreter(open_package(looping(handmade, 10.0).save()))
    assert runner.run({"x": ONE})["y"].tolist() == [16.0]
    assert runner.run({"x": ONE * 3})["y"].tolist() == [12.0]
    assert runner.run({"x": ONE * 11})["y"].tolist() == [11.0]


def test_a_loop_without_end_is_stopped(handmade: Any, monkeypatch: Any) -> None:
    from fieldpack.coreml.ops import while_loop

    monkeypatch.setattr(while_loop, "MOST_ROUNDS", 50)
    with pytest.raises(ModelFileError, match="does not end"):
        run(looping(handmade, 10.0), x=ONE * 0)


def test_a_name_that_stands_for_two_tensors_is_refused(handmade: Any) -> None:
    handmade.input("x", "float32", (1,))
    handmade.op("relu", "y", "float32", (1,), x="x")
    handmade.op("abs", "y", "float32", (1,), x="x")
    handmade.output("y", "float32", (1,))
    with pytest.raises(ModelFileError, match="stands for two tensors"):
        run(handmade, x=ONE)


def test_operations_in_a_cycle_are_refused(handmade: Any) -> None:
    handmade.input("x", "float32", (1,))
    handmade.op("add", "a", "float32", (1,), x="x", y="b")
    handmade.op("add", "b", "float32", (1,), x="a", y="x")
    handmade.output("b", "float32", (1,))
    with pytest.raises(ModelFileError, match="used before it is computed") as caught:
        run(handmade, x=ONE)
    assert "cycle" in str(caught.value)


@pytest.mark.parametrize("most", [2**26, 1])
def test_constants_beyond_the_bound_are_computed_at_every_run(
    handmade: Any, monkeypatch: Any, most: Any
) -> None:
    monkeypatch.setattr(plan_module, "MOST_FOLDED", most)
    handmade.input("x", "float32", (2, 3))
    column, row = np.array([[1.0], [2.0]], np.float32), np.array([[1.0, 2.0, 3.0]], np.float32)
    handmade.op("mul", "table", "float32", (2, 3), x=column, y=row)
    handmade.op("add", "y", "float32", (2, 3), x="x", y="table")
    handmade.output("y", "float32", (2, 3))
    runner = Interpreter(open_package(handmade.save()))
    x = np.zeros((2, 3), np.float32)
    assert runner.run({"x": x})["y"].tolist() == [[1, 2, 3], [2, 4, 6]]
    assert ("table" in runner.run_intermediates({"x": x})) == (most == 1)


@pytest.mark.parametrize(
    ("kind", "opset", "words"),
    [
        ("quantum_fold", "CoreML6", ["quantum_fold", "CoreML6 (iOS 16)", "damaged"]),
        ("quantum_fold", "CoreML9", ["CoreML9 (iOS 26)", "operator file is missing"]),
        ("custom_layer", "CoreML7", ["code inside the app"]),
    ],
)
def test_an_unknown_operator_says_where_it_belongs(handmade: Any, kind: Any, opset: Any, words: Any) -> None:
    handmade.input("x", "float32", (1,))
    handmade.op(kind, "y", "float32", (1,), x="x")
    handmade.output("y", "float32", (1,))
    function = handmade.function
    function.block_specializations[opset].CopyFrom(handmade.block)
    function.opset = opset
    with pytest.raises(UnsupportedError, match="is not known") as caught:
        run(handmade, x=ONE)
    assert all(word in str(caught.value) for word in words)


def test_an_operator_of_a_later_set_is_refused(handmade: Any) -> None:
    handmade.input("x", "float32", (1, 2, 3, 4))
    handmade.op("scaled_dot_product_attention", "y", "float32", (1, 2, 3, 4), query="x", key="x", value="x")
    handmade.output("y", "float32", (1, 2, 3, 4))
    with pytest.raises(ModelFileError, match="later operator set") as caught:
        run(handmade, x=np.ones((1, 2, 3, 4), np.float32))
    assert "CoreML6 (iOS 16)" in str(caught.value)
    assert "CoreML8 (iOS 18)" in str(caught.value)
